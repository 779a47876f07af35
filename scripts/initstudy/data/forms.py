"""How the files of a data set hold its arrays: as .npz, as IDX, as a table of text."""

import gzip
import io
import math
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
import numpy.typing as npt

from initstudy.data.sources import SourceError

Arrays = dict[str, npt.NDArray[Any]]
Shapes = Mapping[str, tuple[int, ...]]
# What the inputs of a table are: numbers; categories, each column one-hot by itself; or steps of a
# sequence, one-hot by the categories of all of them.
Columns = Literal["numbers", "categories", "steps"]
# One of so many rows of a table is for testing, of each class by itself.
TEST_EVERY = 5
# By it the rows for testing are drawn.
SEED = 1


class Form(Protocol):
    """How files hold arrays.

    Attributes:
        number_bytes: that a number takes in these files at most; nothing larger is read.
    """

    number_bytes: ClassVar[int]

    @property
    def files(self) -> Sequence[str]:
        """Name the files that are needed."""

    def arrays(self, contents: Mapping[str, bytes], shapes: Shapes) -> Arrays:
        """Decode the contents of the files, by name, to arrays of these shapes, by name.

        Nothing that is larger is unpacked; whether they are the right arrays is seen afterwards.

        Raises:
            SourceError: if they cannot be decoded.
        """


@dataclass(frozen=True)
class Npz:
    """Arrays in one .npz, as NumPy writes it: whole numbers from 0 to 255, or float32.

    Attributes:
        file: its name.
    """

    number_bytes: ClassVar[int] = 4
    file: str

    @property
    def files(self) -> Sequence[str]:
        """See `Form.files`."""
        return [self.file]

    def arrays(self, contents: Mapping[str, bytes], shapes: Shapes) -> Arrays:
        """See `Form.arrays`. Pickled objects are refused, and other members are not looked at."""
        try:
            with zipfile.ZipFile(io.BytesIO(contents[self.file])) as archive:
                return {name: _member(archive, name, shape) for name, shape in shapes.items()}
        except zipfile.BadZipFile as error:
            raise SourceError(f"it is not an .npz file ({error})") from None


@dataclass(frozen=True)
class Idx:
    """An IDX file of unsigned bytes for each array, with or without gzip around it.

    Attributes:
        by_array: the name of the file of each array.
    """

    number_bytes: ClassVar[int] = 1
    by_array: Mapping[str, str]

    @property
    def files(self) -> Sequence[str]:
        """See `Form.files`."""
        return [*self.by_array.values()]

    def arrays(self, contents: Mapping[str, bytes], shapes: Shapes) -> Arrays:
        """See `Form.arrays`."""
        return {
            name: decode_idx(contents[file], math.prod(shapes[name]))
            for name, file in self.by_array.items()
        }


@dataclass(frozen=True)
class Table:
    """A table of text without a header, with or without gzip around it.

    Columns are separated by commas or spaces; the last one is the target. Inputs become uint8 if
    all of them can be, else float32; classes become uint8, in the order of their numbers or names;
    numbers become float32.

    Attributes:
        files: one, or several whose columns stand side by side.
        columns: what the inputs are, see `Columns`.
        target: what the last column holds.
        test_every: so many rows, of which the last one is for testing; if it is not given, a fifth
            of each class is, see `_drawn`.
    """

    number_bytes: ClassVar[int] = 32
    files: Sequence[str]
    columns: Columns = "numbers"
    target: Literal["classes", "numbers"] = "classes"
    test_every: int | None = None

    def arrays(self, contents: Mapping[str, bytes], shapes: Shapes) -> Arrays:
        """See `Form.arrays`."""
        limit = self.number_bytes * sum(map(math.prod, shapes.values()))
        parts = [_cells(contents[file], limit) for file in self.files]
        cells = np.concatenate(parts, axis=1)
        inputs, targets = cells[:, :-1], cells[:, -1]
        x = self._inputs(inputs).reshape(-1, *shapes["x_train"][1:])
        classes = np.zeros(len(targets), np.uint8)
        if self.target == "classes":
            y = classes = _codes(targets).astype(np.uint8)
        else:
            y = targets.astype(np.float64).astype(np.float32)
        if self.test_every:
            test = np.arange(len(y)) % self.test_every == self.test_every - 1
        else:
            test = _drawn(inputs, classes)
        return {"x_train": x[~test], "y_train": y[~test], "x_test": x[test], "y_test": y[test]}

    def _inputs(self, cells: npt.NDArray[np.str_]) -> npt.NDArray[Any]:
        """Return text (rows, columns) as uint8 or float32 (rows, ...)."""
        if self.columns == "numbers":
            numbers = cells.astype(np.float64)
            as_bytes = np.clip(numbers, 0, 255).astype(np.uint8)
            return as_bytes if (as_bytes == numbers).all() else numbers.astype(np.float32)
        if self.columns == "steps":
            return _one_hot(cells)
        return np.concatenate([_one_hot(column) for column in cells.T], axis=1)


def decode_idx(data: bytes, values: int) -> npt.NDArray[np.uint8]:
    """Decode an IDX file of unsigned bytes (LeCun, Cortes and Burges, the MNIST database).

    Two zero bytes, the type (8: unsigned byte), the number of dimensions, each of them as a
    big-endian 32-bit number, then the values in C order; gzip around it is undone. No more values
    are unpacked than it must hold.

    Raises:
        SourceError: if it is not such a file.
    """
    data = _unpacked(data, values + 64)
    if data[:3] != b"\0\0\x08":
        raise SourceError(f"an IDX file of bytes begins with 00 00 08, not {data[:3].hex(' ')}")
    shape = tuple(np.frombuffer(data, ">u4", count=data[3], offset=4).tolist())
    found = np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])
    if found.size != math.prod(shape):
        raise SourceError(f"an IDX file of shape {shape} holds {found.size} values")
    return found.reshape(shape)


def _unpacked(data: bytes, limit: int) -> bytes:
    """Return data without gzip around it, so many bytes of it at most."""
    if data[:2] != b"\x1f\x8b":
        return data
    with gzip.open(io.BytesIO(data)) as file:
        return file.read(limit)


def _member(archive: zipfile.ZipFile, name: str, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    try:
        member = archive.getinfo(f"{name}.npy")
    except KeyError:
        raise SourceError(f"it has no array {name}") from None
    # The largest type that NumPy would load without pickle, and its header.
    if member.file_size > math.prod(shape) * 8 + 4096:
        raise SourceError(f"{name} would unpack to {member.file_size} bytes")
    with archive.open(member) as file:
        array = np.lib.format.read_array(file, allow_pickle=False)
    if array.dtype == np.float32:
        return array
    if array.dtype.kind not in "ui" or array.min() < 0 or array.max() > 255:
        raise SourceError(f"{name} holds neither whole numbers from 0 to 255 nor float32")
    return array.astype(np.uint8)


def _cells(data: bytes, limit: int) -> npt.NDArray[np.str_]:
    """Return the text of each cell of a table, (rows, columns)."""
    lines = _unpacked(data, limit).decode("ascii").splitlines()
    rows = [line.replace(",", " ").split() for line in lines]
    if len({*map(len, rows)}) != 1:
        raise SourceError("the rows of the table are not of one length")
    return np.array(rows)


def _codes(column: npt.NDArray[np.str_]) -> npt.NDArray[np.intp]:
    """Number what a column holds, from 0: numbers by size, names by the alphabet."""
    try:
        values: npt.NDArray[Any] = column.astype(np.float64)
    except ValueError:
        values = column
    return np.unique(values, return_inverse=True)[1]


def _one_hot(cells: npt.NDArray[np.str_]) -> npt.NDArray[np.uint8]:
    """Return a 1 in the place of the category of each cell: (..., categories)."""
    found = np.unique(cells)
    hot: npt.NDArray[np.uint8] = (cells[..., None] == found).astype(np.uint8)
    return hot


def _drawn(cells: npt.NDArray[np.str_], classes: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Draw the rows for testing: of each class a fifth of those whose inputs differ.

    Equal inputs are all for testing, or all for training, so that none of a test is learned from.

    Args:
        cells: the inputs, (rows, columns).
        classes: of the rows, by number.
    """
    _, first, group = np.unique(cells, axis=0, return_index=True, return_inverse=True)
    # NumPy keeps the numbers of this generator as they are for ever, and so the digests.
    order = np.random.RandomState(SEED).permutation(len(first))
    test = np.zeros(len(first), bool)
    for one in np.unique(classes):
        own = order[classes[first[order]] == one]
        test[own[::TEST_EVERY]] = True
    found: npt.NDArray[np.bool_] = test[group.reshape(-1)]
    return found
