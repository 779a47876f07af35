"""The error that is meant for the person who runs a study, and what other errors say."""

import difflib
import os
import re
from collections.abc import Iterable
from pathlib import Path


class StudyError(Exception):
    """A mistake that the user can correct: its text has the place, the fault and the remedy.

    It is shown without a traceback.

    Attributes:
        key: of the configuration, that it is about; empty if whoever catches it knows.
    """

    def __init__(self, text: str, key: str = "") -> None:
        super().__init__(text)
        self.key = key


def reason(error: Exception) -> str:
    """Return what an error says, in one line of at most 300 characters; its class if nothing."""
    # Keras prints some in bold.
    text = re.sub(r"\x1b\[[0-9;]*m", "", " ".join(str(error).split())) or type(error).__name__
    if isinstance(error, KeyError):
        text = f"it needs {text}"
    return text if len(text) <= 300 else text[:297] + "..."


def suggest(name: object, known: Iterable[str]) -> str:
    """Return the end of an error message: `; did you mean 'epochs'?`, or the names there are."""
    names = list(dict.fromkeys(known))
    lowered = {other.lower(): other for other in reversed(names)}
    near = difflib.get_close_matches(str(name).lower(), lowered, n=1)
    if near:
        return f"; did you mean {lowered[near[0]]!r}?"
    return "; known are " + ", ".join(names) if names else ""


def forbidden(error: PermissionError) -> str:
    """Say whose folder it is into which a user may not write, and what to do."""
    path = Path(error.filename or ".").absolute()
    # What lies in a folder that may not be looked into is not there, either.
    while not os.access(path, os.F_OK) and path != path.parent:
        path = path.parent
    return (
        f"You may not write to {path}, which belongs to {_owner(path)}. Run your study in a clone "
        "or a folder (--directory) that belongs to you, or let your group write here: "
        "docs/cluster-jobs.md, A group of users."
    )


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except (KeyError, OSError):
        return "another user"
