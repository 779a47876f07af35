"""The error that is meant for the person who runs a study, and what other errors say."""

import re


class StudyError(Exception):
    """A mistake that the user can correct: its text has the place, the fault and the remedy.

    It is shown without a traceback.
    """


def reason(error: Exception) -> str:
    """Return what an error says, in one line of at most 300 characters; its class if nothing."""
    # Keras prints some in bold.
    text = re.sub(r"\x1b\[[0-9;]*m", "", " ".join(str(error).split())) or type(error).__name__
    if isinstance(error, KeyError):
        text = f"it needs {text}"
    return text if len(text) <= 300 else text[:297] + "..."
