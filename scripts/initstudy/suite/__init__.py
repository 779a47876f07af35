"""What several studies say together."""
