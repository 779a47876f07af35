"""The error that is meant for the person who runs a study."""


class StudyError(Exception):
    """A mistake that the user can correct: its text has the place, the fault and the remedy.

    It is shown without a traceback.
    """
