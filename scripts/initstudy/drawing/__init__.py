"""Figures and the explorer, in one style."""
