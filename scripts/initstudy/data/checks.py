"""What the arrays of users must hold, as far as it can be read before anything is trained.

Each check raises a StudyError that names the file, the array, what was found and what to save.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.data.npz import Held, Inputs
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


def check_numbers(inputs: Inputs) -> None:
    """Check that an array holds numbers."""
    if inputs.dtype.kind not in "buif":
        name = inputs.name
        remedy = REMEDIES.get(inputs.dtype.kind, TEXT)
        raise StudyError(
            f"{inputs.place}: {name} holds {inputs.dtype}, not numbers. {remedy.format(name)}"
        )


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


def check_inputs(inputs: Inputs, scale: str = "raw") -> list[str]:
    """Check that float32, in which networks compute, can hold the inputs as they are scaled.

    They must be finite and not too large, and no column may lie so far from zero that float32 does
    not resolve it; columns that do not vary are right.

    Args:
        inputs: to train on, or, if they are not scaled, any.
        scale: raw, unit, standardized or features, see `engine.data.scaled`: what float32 does not
            hold is scaled in float64, and may lie anywhere before.

    Returns:
        What is worth saying of them, a sentence each.
    """
    if inputs.dtype in ALWAYS_RIGHT and inputs.name != "x_train":
        return []
    if np.can_cast(inputs.dtype, np.float32):
        scale = "raw"  # float32 has them before they are scaled.
    low, high = _ends(inputs)
    if inputs.name == "x_train":
        if (low == high).all():
            raise StudyError(
                f"{inputs.place}: all examples of x_train have the same inputs, so nothing can be "
                "learned from them."
            )
    elif scale != "raw":
        return []  # The training examples decide on the scale.
    if inputs.dtype not in ALWAYS_RIGHT:
        lost = _lost_by_float64(low, high) if scale == "features" else None
        if lost is None:
            lost = unresolved(low, high, *_scale(inputs, low, high, scale))
        if lost.any():
            _refuse_column(inputs, np.flatnonzero(lost).tolist(), scale)
    same = np.flatnonzero(low == high).tolist() if inputs.name == "x_train" else []
    return list(_constant(inputs, same))


def unresolved(
    low: npt.NDArray[Any], high: npt.NDArray[Any], offset: float = 0.0, factor: float = 1.0
) -> npt.NDArray[np.bool_]:
    """Return which columns float32 does not resolve once they are `(x + offset) * factor`.

    Args:
        low: the smallest number of each column, (columns,).
        high: the largest one.
        offset: of the scale, which is applied in float64.
        factor: of the scale.
    """
    wide = low.astype(np.float64), high.astype(np.float64)
    spread, noise = _spread(low, high)
    largest = np.maximum(*(np.abs((one + offset) * factor) for one in wide))
    steps = spread * factor / np.maximum(_step(largest), FLOAT32.tiny)
    found: npt.NDArray[np.bool_] = (spread > 0) & (steps < FEWEST_STEPS) & ~noise
    return found


def _lost_by_float64(low: npt.NDArray[Any], high: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return which columns even float64, in which they are scaled, does not resolve."""
    spread, noise = _spread(low, high)
    largest = np.maximum(np.abs(low.astype(np.float64)), np.abs(high.astype(np.float64)))
    steps = spread / np.maximum(np.finfo(np.float64).eps * largest, np.finfo(np.float64).tiny)
    found: npt.NDArray[np.bool_] = (spread > 0) & (steps < FEWEST_STEPS) & ~noise
    return found


def _spread(
    low: npt.NDArray[Any], high: npt.NDArray[Any]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return how far each column reaches, and whether that may be the noise of a constant."""
    wide = low.astype(np.float64), high.astype(np.float64)
    whole = (low % 1 == 0) & (high % 1 == 0)
    # Whole numbers differ by 1 at least, whatever float64 makes of them.
    spread = np.where(whole & (low != high), np.maximum(wide[1] - wide[0], 1), wide[1] - wide[0])
    noise = np.zeros(len(low), bool)
    if low.dtype.kind == "f":
        largest = np.maximum(np.abs(wide[0]), np.abs(wide[1]))
        noise = ~whole & (spread <= NOISE * np.finfo(low.dtype).eps * largest)
    return spread, noise


def _scale(
    inputs: Inputs, low: npt.NDArray[Any], high: npt.NDArray[Any], scale: str
) -> tuple[float, float]:
    """Return what is added to all inputs, and what they are multiplied by then."""
    if scale == "unit":
        least, most = float(low.min()), float(high.max())
        return -least, 1 / (most - least)
    if scale == "standardized":
        mean, deviation = _moments(inputs)
        return -mean, 1 / deviation
    return 0.0, 1.0


def _moments(inputs: Inputs) -> tuple[float, float]:
    """Return mean and standard deviation of all inputs, which are not all the same."""
    count, mean, squares = 0, 0.0, 0.0
    for _, rows in inputs.blocks():
        wide = rows.astype(np.float64)
        own, size = float(wide.mean()), wide.size
        squares += float(((wide - own) ** 2).sum())
        squares += (own - mean) ** 2 * count * size / (count + size)
        mean += (own - mean) * size / (count + size)
        count += size
    return mean, math.sqrt(squares / count)


def _ends(inputs: Inputs) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the smallest and the largest number of each column; all must be finite."""
    low = high = None
    for start, rows in inputs.blocks():
        if inputs.dtype not in ALWAYS_RIGHT:
            _check_sizes(inputs, start, rows)
        lowest, highest = rows.min(axis=0), rows.max(axis=0)
        low = lowest if low is None else np.minimum(low, lowest)
        high = highest if high is None else np.maximum(high, highest)
    assert low is not None
    assert high is not None
    return low, high


def _check_sizes(inputs: Inputs, start: int, rows: npt.NDArray[Any]) -> None:
    finite = np.isfinite(rows)
    wrong = ~finite
    if rows.dtype.itemsize > 4 and rows.dtype.kind == "f":
        wrong |= np.abs(rows) > FLOAT32.max
    if not wrong.any():
        return
    row, column = (int(index) for index in np.argwhere(wrong)[0])
    place = (start + row, *(int(index) for index in np.unravel_index(column, inputs.shape[1:])))
    text = "it must be finite. Fill in missing numbers, or leave these examples out"
    if finite[row, column]:
        text = f"float32, in which networks compute, ends at {FLOAT32.max:.3g}. Divide this column"
    where = f"{inputs.name} holds {rows[row, column]} at {place}"
    if isinstance(inputs, Held) and inputs.columns:
        where = f"{_column(inputs, column)} holds {rows[row, column]}"
    raise StudyError(f"{inputs.place}: {where}; {text}.")


def _constant(inputs: Inputs, columns: list[int]) -> Iterator[str]:
    """Say which columns of a table never vary; of pictures and sequences some never do."""
    if len(inputs.shape) == 2 and columns:
        others = f" (and {len(columns) - 1} more)" if len(columns) > 1 else ""
        yield f"{inputs.place}: {_column(inputs, columns[0])}{others} is the same in all examples."


def _column(inputs: Inputs, index: int) -> str:
    """Say which column one is."""
    if isinstance(inputs, Held) and inputs.columns:
        return f"the column {inputs.columns[index]}"
    where = ", ".join(map(str, [":", *np.unravel_index(index, inputs.shape[1:])]))
    return f"{inputs.name}[{where}]"


def _step(sizes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how far float32's numbers of these sizes lie apart."""
    found: npt.NDArray[np.float64] = np.ldexp(1.0, np.frexp(sizes)[1] - FLOAT32.nmant - 1)
    return found


def _refuse_column(inputs: Inputs, columns: list[int], scale: str) -> None:
    column = columns[0]
    values = np.concatenate([rows[:, column].copy() for _, rows in inputs.blocks()])
    different = np.unique(values)
    left = len(np.unique(different.astype(np.float32)))
    step = float(_step(np.abs(different.astype(np.float64)).max(keepdims=True))[0])
    lost = f"of its {len(different)} different values {left} {'is' if left == 1 else 'are'} left"
    if left == len(different):
        lost = "they are lost when inputs are scaled"
    others = f" (and {len(columns) - 1} more like it)" if len(columns) > 1 else ""
    text = f"{inputs.place}: {_column(inputs, column)}{others} lies between {different[0]} and "
    text += f"{different[-1]}, "
    itself = "Set inputs: features, which scales each column by itself in float64"
    if np.can_cast(inputs.dtype, np.float32):
        itself = f"Save them as float64, not {inputs.dtype}, and set inputs: features"
    subtract = _subtraction(inputs)
    if scale == "raw" and step < FLOAT32.tiny:
        text += f"too near zero for float32, in which networks compute. {itself}."
    elif scale == "raw":
        text += f"where float32, in which networks compute, has steps of {step:g}: {lost}. "
        text += f"{itself}; or {subtract}."
    elif scale == "features":
        text += "where float64, in which it is scaled, has steps of "
        text += f"{np.spacing(float(different[-1])):g}. {subtract[0].upper()}{subtract[1:]}."
    else:
        text += "which float32 does not resolve once all columns are scaled together (inputs: "
        text += f"{scale}). {itself}."
    raise StudyError(text)


def _subtraction(inputs: Inputs) -> str:
    """Say how a column is moved near to zero."""
    if isinstance(inputs, Held) and inputs.columns:
        return "subtract its smallest value"
    signed = ".astype('int64')" if inputs.dtype.kind == "u" else ""
    return f"subtract x_train{signed}.min(axis=0) from x_train and x_test before you save them"
