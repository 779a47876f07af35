"""The arrays of users, in a .npz or in memory: shapes and types at a glance, in parts or whole.

All raise a StudyError if there is no such array, or it cannot be read.
"""

import functools
import math
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.errors import StudyError

NAMES = ("x_train", "y_train", "x_test", "y_test")
BLOCK = 2**24  # bytes that are looked at together


@dataclass(frozen=True)
class Stored:
    """An array in a .npz, of which no more is in memory than is looked at.

    Attributes:
        place: the path of the file.
        name: of the array.
    """

    place: str
    name: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""
        return self._header[0]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Its type, which may be that of objects."""
        return self._header[1]

    def blocks(self) -> Iterator[tuple[int, npt.NDArray[Any]]]:
        """Yield its rows in parts, (some, columns), with the number of the first row."""
        with _member(self.place, self.name) as file:
            shape, by_columns, dtype = _header(file)
            columns = math.prod(shape[1:])
            if by_columns:
                whole = np.frombuffer(_bytes(file, shape[0] * columns * dtype.itemsize), dtype)
                yield 0, whole.reshape(shape[::-1]).T.reshape(shape[0], columns)
                return
            for start, count in _steps(shape[0], columns * dtype.itemsize):
                rows = np.frombuffer(_bytes(file, count * columns * dtype.itemsize), dtype)
                yield start, rows.reshape(count, columns)

    @functools.cached_property
    def _header(self) -> tuple[tuple[int, ...], np.dtype[Any]]:
        with _member(self.place, self.name) as file:
            shape, _, dtype = _header(file)
        return shape, dtype


@dataclass(frozen=True)
class Held:
    """An array in memory, which is looked at as one that is stored.

    Attributes:
        place: where it comes from, for messages.
        name: of the array.
        array: (examples, ...).
        columns: their names, if the array is a table.
    """

    place: str
    name: str
    array: npt.NDArray[Any]
    columns: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Its type."""
        return self.array.dtype

    def blocks(self) -> Iterator[tuple[int, npt.NDArray[Any]]]:
        """Yield its rows in parts, (some, columns), with the number of the first row."""
        rows = self.array.reshape(len(self.array), -1)
        for start, count in _steps(len(rows), rows.shape[1] * rows.itemsize):
            yield start, rows[start : start + count]


Inputs = Stored | Held


def names(path: str | Path) -> list[str]:
    """Return the names of the arrays of a .npz."""
    with _archive(path) as archive:
        return [name.removesuffix(".npy") for name in archive.namelist()]


def array(path: str | Path, name: str) -> npt.NDArray[Any]:
    """Return an array, which must not hold objects."""
    if Stored(str(path), name).dtype.hasobject:
        raise StudyError(
            f"{path}: {name} holds objects. Save {name}.astype(str) of text, and "
            f"{name}.astype('float64') of numbers."
        )
    with _member(path, name) as file:
        found: npt.NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    return found


def _steps(rows: int, row_bytes: int) -> Iterator[tuple[int, int]]:
    """Yield the first row of each part, and how many it has."""
    step = max(1, BLOCK // max(1, row_bytes))
    for start in range(0, rows, step):
        yield start, min(step, rows - start)


def _archive(path: str | Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise StudyError(f"{path} is not an .npz file ({error}); numpy.savez makes one.") from None


@contextmanager
def _member(path: str | Path, name: str) -> Iterator[Any]:
    """One array of a file, to be read."""
    with _archive(path) as archive:
        found = sorted(member.removesuffix(".npy") for member in archive.namelist())
        if name not in found:
            raise StudyError(
                f"{path} has no array {name}; it needs {', '.join(NAMES)}, and has "
                f"{', '.join(found) or 'nothing'}."
            )
        try:
            with archive.open(f"{name}.npy") as file:
                yield file
        # Of a damaged file, or one that is packed or locked in a way that Python does not know.
        except (
            *(OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error),
            *(NotImplementedError, RuntimeError),
        ) as error:
            raise StudyError(
                f"{path}: {name} cannot be read ({error}). Save the arrays again with numpy.savez."
            ) from None


def _header(file: Any) -> Any:
    """Return shape, whether it lies column by column, and dtype."""
    first = np.lib.format.read_magic(file) == (1, 0)
    form = np.lib.format
    return (form.read_array_header_1_0 if first else form.read_array_header_2_0)(file)


def _bytes(file: Any, count: int) -> bytes:
    found: bytes = file.read(count)
    if len(found) < count:
        raise EOFError("it ends too early")
    return found
