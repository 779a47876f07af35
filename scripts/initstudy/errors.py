"""The error that is meant for the person who runs a study."""


class StudyError(Exception):
    """Something the user can mend: its text says what is wrong, where, and what would be right.

    It is shown without a traceback.
    """
