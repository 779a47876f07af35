"""Calls a user's function for its data, as a process of its own, and keeps the arrays.

    python -m initstudy.training.calling file.py:name arrays.npz

What is wrong is written to the file `said` beside the arrays, and the exit code is 1.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from initstudy.engine.user_code import load
from initstudy.errors import StudyError
from initstudy.training.raised import raised

PAIRS = ("train", "test")
FORM = (
    "a dict of x_train, y_train, x_test, y_test (and x_val, y_val), or ((x_train, y_train), "
    "(x_test, y_test)) as keras.datasets returns it"
)


def returned(name: str) -> dict[str, Any]:
    """Return the arrays of a user's function, by their names.

    Args:
        name: `file.py:name`.

    Raises:
        StudyError: with the user's line if the function fails, or what it returns is not right.
    """
    try:
        function = load(name)
        found = function()
    except Exception as error:  # noqa: BLE001 - a user's own code raises what it likes
        raise StudyError(f"{name}: {raised(error, name)}.") from None
    except SystemExit as error:
        raise StudyError(f"{name} has called exit ({error.code}).") from None
    arrays = {key: _array(name, key, value) for key, value in _by_name(name, found).items()}
    if missing := [key for key in ("x_train", "y_train") if key not in arrays]:
        raise StudyError(f"{name} returns no {missing[0]}; it must return {FORM}.")
    return arrays


def _by_name(name: str, found: Any) -> dict[str, Any]:
    if isinstance(found, Mapping):
        return {str(key): value for key, value in found.items()}
    pairs = isinstance(found, Sequence) and len(found) == len(PAIRS)
    if not pairs or not all(isinstance(one, Sequence) and len(one) == 2 for one in found):
        raise StudyError(f"{name} returns {_shown(found)}; it must return {FORM}.")
    return {
        f"{axis}_{part}": value
        for part, pair in zip(PAIRS, found, strict=True)
        for axis, value in zip("xy", pair, strict=True)
    }


def _shown(found: Any) -> str:
    if isinstance(found, Sequence) and not isinstance(found, str):
        return f"a {type(found).__name__} of {len(found)}"
    return "nothing" if found is None else f"a {type(found).__name__}"


def _array(name: str, key: str, value: Any) -> Any:
    """Return what may be a list, a table of pandas or a tensor as an array without objects."""
    try:
        array = np.asarray(value)
        if array.dtype.hasobject:  # Text, of pandas for instance.
            array = np.array(array.tolist())
    except Exception as error:  # noqa: BLE001 - whatever stands for an array raises what it likes
        text = f"{name}: {key} is {_shown(value)}, which is not an array ({error})."
        raise StudyError(text) from None
    if array.dtype.hasobject:
        raise StudyError(f"{name}: {key} holds objects, not numbers or text.")
    return array


def main(name: str, file: str) -> int:
    """Call a function, and keep its arrays in a file."""
    try:
        np.savez(file, **returned(name))
    except StudyError as error:
        Path(file).with_name("said").write_text(str(error), encoding="utf-8")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
