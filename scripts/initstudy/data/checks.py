"""What a user's own arrays must hold, as far as it can be read before anything is trained."""

import math
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.data.datasets import member, opened
from initstudy.errors import StudyError

# Of bytes and of true and false, every value is right.
ALWAYS_RIGHT = (np.dtype(np.uint8), np.dtype(np.bool_))
# A column with fewer steps of float32 between its smallest and its largest number loses half a
# percent of its range or more to rounding, where it is stored, and again where it is scaled. The
# range is looked at, not the scatter, so that a column that hardly ever varies is right.
FEWEST_STEPS = 100
# So many units in the last place of a constant that was computed may be noise.
NOISE = 100
BLOCK = 2**24  # bytes that are looked at together
FLOAT32 = np.finfo(np.float32)


@contextmanager
def array(
    path: str | Path, name: str
) -> Iterator[tuple[tuple[int, ...], bool, np.dtype[Any], Any]]:
    """One array of a .npz: its shape, whether it lies column by column, its dtype, and its bytes.

    Raises:
        StudyError: if the file has no such array, or it cannot be read.
    """
    try:
        with opened(path) as archive, member(path, archive, name) as file:
            version = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0
            if version != (1, 0):
                read = np.lib.format.read_array_header_2_0
            yield (*read(file), file)
    # Of a damaged file, or one that is packed or locked in a way that Python does not know.
    except (
        *(OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error),
        *(NotImplementedError, RuntimeError),
    ) as error:
        raise StudyError(
            f"{path}: {name} cannot be read ({error}). Save the arrays again with numpy.savez."
        ) from None


def header(path: str | Path, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and dtype of an array of numbers.

    Raises:
        StudyError: if there is none, or it holds something else.
    """
    with array(path, name) as (shape, _, dtype, _):
        pass
    if dtype.kind not in "buif":
        raise StudyError(f"{path}: {name} holds {dtype}, not numbers. {_remedy(name, dtype)}")
    return shape, dtype


def _remedy(name: str, dtype: np.dtype[Any]) -> str:
    if name.startswith("y_"):
        return f"Save numpy.unique({name}, return_inverse=True)[1], if each value is a class."
    known = {
        "O": f"Save {name}.astype('float32'); rows of different lengths must be made equal before.",
        "c": f"Save {name}.real and {name}.imag side by side.",
        "M": f"Save ({name} - x_train.min(axis=0)) / numpy.timedelta64(1, 's').",
        "m": f"Save {name} / numpy.timedelta64(1, 's').",
        "V": f"Save numpy.lib.recfunctions.structured_to_unstructured({name}).",
    }
    text = f"Save {name}.astype('float32') if it is numbers as text, or one column for each value."
    return known.get(dtype.kind, text)


def check_inputs(path: str | Path, name: str) -> None:
    """Check that float32, in which networks compute, can hold the inputs.

    Raises:
        StudyError: if some are not finite or too large, or if a column lies so far from zero that
            float32 does not resolve it; columns that do not vary are right.
    """
    shape, dtype = header(path, name)
    if dtype in ALWAYS_RIGHT:
        return
    columns = math.prod(shape[1:])
    low, high = np.empty(columns, dtype), np.empty(columns, dtype)
    begun = False
    for start, rows in _blocks(path, name):
        _check_sizes(path, name, shape, start, rows)
        lowest, highest = rows.min(axis=0), rows.max(axis=0)
        low = np.minimum(low, lowest) if begun else lowest
        high = np.maximum(high, highest) if begun else highest
        begun = True
    unresolved = np.flatnonzero(_unresolved(low, high))
    if len(unresolved):
        _refuse_column(path, name, shape, int(unresolved[0]), len(unresolved))


def _blocks(path: str | Path, name: str) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    """The rows of an array, (some, columns), with the number of the first of them."""
    with array(path, name) as (shape, by_columns, dtype, file):
        columns = math.prod(shape[1:])
        if by_columns:
            whole = np.frombuffer(_bytes(file, shape[0] * columns * dtype.itemsize), dtype)
            yield 0, whole.reshape(shape[::-1]).T.reshape(shape[0], columns)
            return
        step = max(1, BLOCK // (columns * dtype.itemsize))
        for start in range(0, shape[0], step):
            count = min(step, shape[0] - start)
            read = np.frombuffer(_bytes(file, count * columns * dtype.itemsize), dtype)
            yield start, read.reshape(count, columns)


def _bytes(file: Any, count: int) -> bytes:
    found: bytes = file.read(count)
    if len(found) < count:
        raise EOFError("it ends too early")
    return found


def _check_sizes(
    path: str | Path, name: str, shape: tuple[int, ...], start: int, rows: npt.NDArray[Any]
) -> None:
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
    raise StudyError(f"{path}: {name} holds {rows[row, column]} at {place}; {text}.")


def _unresolved(low: npt.NDArray[Any], high: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Which columns of these smallest and largest numbers float32 does not resolve."""
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
    """How far float32's numbers of these sizes lie apart."""
    found: npt.NDArray[np.float64] = np.ldexp(1.0, np.frexp(sizes)[1] - FLOAT32.nmant - 1)
    return found


def _refuse_column(
    path: str | Path, name: str, shape: tuple[int, ...], column: int, columns: int
) -> None:
    values = np.concatenate([rows[:, column].copy() for _, rows in _blocks(path, name)])
    different = np.unique(values)
    left = len(np.unique(different.astype(np.float32)))
    place = ", ".join(map(str, [":", *np.unravel_index(column, shape[1:])]))
    step = float(_step(np.abs(different.astype(np.float64)).max(keepdims=True))[0])
    lost = f"of its {len(different)} different values {left} {'is' if left == 1 else 'are'} left"
    if left == len(different):
        lost = "they are lost when inputs are scaled"
    others = f" (and {columns - 1} more like it)" if columns > 1 else ""
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
