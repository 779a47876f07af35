"""What the arrays of users must hold, as far as it can be read before anything is trained.

Each check raises a StudyError that names the file, the array, what was found and what to save.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.data.npz import blocks, header
from initstudy.errors import StudyError

# Of bytes and of true and false, every value is right.
ALWAYS_RIGHT = (np.dtype(np.uint8), np.dtype(np.bool_))
# A column with fewer steps of float32 between its smallest and its largest number loses half a
# percent of its range or more to rounding, where it is stored, and again where it is scaled. The
# range counts, not the spread, so that a column that hardly ever varies is right.
FEWEST_STEPS = 100
# So many units in the last place of a constant that was computed may be noise.
NOISE = 100
FLOAT32 = np.finfo(np.float32)
# What to save instead of an array of another kind than numbers.
REMEDIES = {
    "O": "Save {0}.astype('float32'); rows of different lengths must be made equal before.",
    "c": "Save {0}.real and {0}.imag side by side.",
    "M": "Save ({0} - x_train.min(axis=0)) / numpy.timedelta64(1, 's').",
    "m": "Save {0} / numpy.timedelta64(1, 's').",
    "V": "Save numpy.lib.recfunctions.structured_to_unstructured({0}).",
}
TEXT = "Save {0}.astype('float32') if it is numbers as text, or one column for each value."


def numbers(path: str | Path, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return shape and dtype of an array, which must hold numbers."""
    shape, dtype = header(path, name)
    if dtype.kind not in "buif":
        remedy = REMEDIES.get(dtype.kind, TEXT)
        raise StudyError(f"{path}: {name} holds {dtype}, not numbers. {remedy.format(name)}")
    return shape, dtype


def check_pair(path: str, part: str, x: tuple[int, ...], y: tuple[int, ...]) -> None:
    """Check that inputs of shape x have a target each, of shape y; the part is train, test, val."""
    name, wanted = f"y_{part}", "one target for each input"
    if len(x) < 2 or 0 in x:
        column = f"; of one feature save x_{part}.reshape(-1, 1)" if len(x) == 1 and x[0] else ""
        raise StudyError(f"{path}: x_{part} has the shape {x}{column}.")
    if y[:1] != x[:1] and len(y) != 1 and math.prod(y) == x[0]:
        raise StudyError(f"{path}: {name} has the shape {y}, not {wanted}: save {name}.ravel().")
    if len(y) == 0 or 0 in y:
        raise StudyError(f"{path}: {name} has the shape {y}, not {wanted}.")
    if y[0] != x[0]:
        raise StudyError(f"{path}: {name} has {y[0]} targets for {x[0]} inputs.")


def check_inputs(path: str | Path, name: str) -> None:
    """Check that float32, in which networks compute, can hold the inputs.

    They must be finite and not too large, and no column may lie so far from zero that float32 does
    not resolve it; columns that do not vary are right.
    """
    shape, dtype = header(path, name)
    if dtype in ALWAYS_RIGHT:
        return
    low = high = None
    for start, rows in blocks(path, name):
        _check_sizes(f"{path}: {name}", shape, start, rows)
        lowest, highest = rows.min(axis=0), rows.max(axis=0)
        low = lowest if low is None else np.minimum(low, lowest)
        high = highest if high is None else np.maximum(high, highest)
    assert low is not None
    assert high is not None
    unresolved = np.flatnonzero(_unresolved(low, high))
    if len(unresolved):
        _refuse_column(path, name, shape, unresolved.tolist())


def _check_sizes(label: str, shape: tuple[int, ...], start: int, rows: npt.NDArray[Any]) -> None:
    finite = np.isfinite(rows)
    wrong = ~finite
    if rows.dtype.itemsize > 4 and rows.dtype.kind == "f":
        wrong |= np.abs(rows) > FLOAT32.max
    if not wrong.any():
        return
    row, column = (int(index) for index in np.argwhere(wrong)[0])
    place = (start + row, *(int(index) for index in np.unravel_index(column, shape[1:])))
    text = "it must be finite. Fill in missing numbers, or leave these examples out"
    if finite[row, column]:
        text = f"float32, in which networks compute, ends at {FLOAT32.max:.3g}. Divide this column"
    raise StudyError(f"{label} holds {rows[row, column]} at {place}; {text}.")


def _unresolved(low: npt.NDArray[Any], high: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return which columns of these smallest and largest numbers float32 does not resolve."""
    wide = low.astype(np.float64), high.astype(np.float64)
    largest = np.maximum(*np.abs(wide))
    whole = (low % 1 == 0) & (high % 1 == 0)
    # Whole numbers differ by 1 at least, whatever float64 makes of them.
    spread = np.where(whole & (low != high), np.maximum(wide[1] - wide[0], 1), wide[1] - wide[0])
    steps = spread / np.maximum(_step(largest), FLOAT32.tiny)
    noise = np.zeros(len(low), bool)
    if low.dtype.kind == "f":
        noise = ~whole & (spread <= NOISE * np.finfo(low.dtype).eps * largest)
    found: npt.NDArray[np.bool_] = (spread > 0) & (steps < FEWEST_STEPS) & ~noise
    return found


def _step(sizes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how far float32's numbers of these sizes lie apart."""
    found: npt.NDArray[np.float64] = np.ldexp(1.0, np.frexp(sizes)[1] - FLOAT32.nmant - 1)
    return found


def _refuse_column(path: str | Path, name: str, shape: tuple[int, ...], columns: list[int]) -> None:
    column = columns[0]
    values = np.concatenate([rows[:, column].copy() for _, rows in blocks(path, name)])
    different = np.unique(values)
    left = len(np.unique(different.astype(np.float32)))
    place = ", ".join(map(str, [":", *np.unravel_index(column, shape[1:])]))
    step = float(_step(np.abs(different.astype(np.float64)).max(keepdims=True))[0])
    lost = f"of its {len(different)} different values {left} {'is' if left == 1 else 'are'} left"
    if left == len(different):
        lost = "they are lost when inputs are scaled"
    others = f" (and {len(columns) - 1} more like it)" if len(columns) > 1 else ""
    text = f"{path}: {name}[{place}]{others} lies between {different[0]} and {different[-1]}, "
    if step < FLOAT32.tiny:
        raise StudyError(
            f"{text}too near zero for float32, in which networks compute. Multiply it by a large "
            "number in x_train and x_test before you save them."
        )
    signed = ".astype('int64')" if values.dtype.kind == "u" else ""
    raise StudyError(
        f"{text}where float32, in which networks compute, has steps of {step:g}: {lost}. Subtract "
        f"x_train{signed}.min(axis=0) from x_train and x_test before you save them."
    )
