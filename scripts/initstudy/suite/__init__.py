"""What several studies show together."""
