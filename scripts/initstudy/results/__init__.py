"""The files of a study: their contracts, and how they are written."""
