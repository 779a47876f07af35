"""What the results say: pure functions."""
