"""What an error says to people."""

import traceback
from pathlib import Path

from initstudy.engine.spec import is_custom
from initstudy.errors import reason


def raised(error: Exception, name: str) -> str:
    """Return what was raised; by a user's own code with the line of it."""
    if not is_custom(name):
        return reason(error)
    file = name.rpartition(":")[0]
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).resolve() == Path(file).resolve()
    ]
    if isinstance(error, SyntaxError):
        lines.append(error.lineno)
    where = f"{file}, line {lines[-1]}" if lines else file
    return f"{type(error).__name__} in {where}: {reason(error)}"
