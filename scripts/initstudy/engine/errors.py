"""The error of the engine."""


class EngineError(Exception):
    """Something the user can mend: the text says what is wrong, and what would be right."""
