"""How the files of a data set hold its arrays: as .npz, as IDX, as a table.

Libraries that only one form needs are imported by it, since planning imports all of them.
"""

import gzip
import io
import math
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.data.sources import SourceError

Arrays = dict[str, npt.NDArray[Any]]
Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Form:
    """How files hold arrays.

    Attributes:
        files: that it needs.
        arrays: decodes their contents, by name, to arrays of these shapes, by name. Nothing that is
            larger is unpacked; whether they are the right arrays is seen afterwards. It raises a
            SourceError if they cannot be decoded.
    """

    files: Sequence[str]
    arrays: Callable[[Mapping[str, bytes], Shapes], Arrays]


def npz(file: str) -> Form:
    """Return arrays of whole numbers from 0 to 255 in one .npz, as NumPy writes it."""

    def arrays(contents: Mapping[str, bytes], shapes: Shapes) -> Arrays:
        # Pickled objects are refused, and other members are not looked at.
        try:
            with zipfile.ZipFile(io.BytesIO(contents[file])) as archive:
                return {name: _member(archive, name, shape) for name, shape in shapes.items()}
        except zipfile.BadZipFile as error:
            raise SourceError(f"it is not an .npz file ({error})") from None

    return Form([file], arrays)


def idx(files: Mapping[str, str]) -> Form:
    """Return an IDX file of unsigned bytes for each array, with or without gzip around it."""
    return Form(
        [*files.values()],
        lambda contents, shapes: {
            name: decode_idx(contents[file], math.prod(shapes[name]))
            for name, file in files.items()
        },
    )


def csv(file: str, test_every: int) -> Form:
    """Return a known table without a header in gzip; its last column holds the labels.

    The last of so many rows is for testing.
    """

    def arrays(contents: Mapping[str, bytes], shapes: Shapes) -> Arrays:
        import pandas as pd

        table = io.BytesIO(gzip.decompress(contents[file]))
        values = pd.read_csv(table, header=None).to_numpy(dtype=np.float64)
        test = np.arange(len(values)) % test_every == test_every - 1
        return _divided(values[:, :-1].reshape(-1, *shapes["x_train"][1:]), values[:, -1], test)

    return Form([file], arrays)


def r_table(name: str, label: str, train: int) -> Form:
    """Return a known table in a file of R's, with labels that are a factor.

    The first rows are for training, so many.
    """
    file = f"{name}.rda"

    def arrays(contents: Mapping[str, bytes], shapes: Shapes) -> Arrays:
        import rdata

        parsed = rdata.parser.parse_data(contents[file])
        # R did not note the encoding of names at that time; they are ASCII.
        frame = rdata.conversion.convert(parsed, default_encoding="ascii")[name]
        labels = frame[label].cat.codes.to_numpy()
        x = frame.drop(columns=label).to_numpy(dtype=np.float64)
        return _divided(x, labels, np.arange(len(x)) >= train)

    return Form([file], arrays)


def decode_idx(data: bytes, values: int) -> npt.NDArray[np.uint8]:
    """Decode an IDX file of unsigned bytes (LeCun, Cortes and Burges, the MNIST database).

    Two zero bytes, the type (8: unsigned byte), the number of dimensions, each of them as a
    big-endian 32-bit number, then the values in C order; gzip around it is undone. No more values
    are unpacked than it must hold.

    Raises:
        SourceError: if it is not such a file.
    """
    if data[:2] == b"\x1f\x8b":
        with gzip.open(io.BytesIO(data)) as file:
            data = file.read(values + 64)
    if data[:3] != b"\0\0\x08":
        raise SourceError(f"an IDX file of bytes begins with 00 00 08, not {data[:3].hex(' ')}")
    shape = tuple(np.frombuffer(data, ">u4", count=data[3], offset=4).tolist())
    found = np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])
    if found.size != math.prod(shape):
        raise SourceError(f"an IDX file of shape {shape} holds {found.size} values")
    return found.reshape(shape)


def _member(archive: zipfile.ZipFile, name: str, shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    try:
        member = archive.getinfo(f"{name}.npy")
    except KeyError:
        raise SourceError(f"it has no array {name}") from None
    # The largest type that NumPy would load without pickle, and its header.
    if member.file_size > math.prod(shape) * 8 + 4096:
        raise SourceError(f"{name} would unpack to {member.file_size} bytes")
    with archive.open(member) as file:
        array = np.lib.format.read_array(file, allow_pickle=False)
    if array.dtype.kind not in "ui" or array.min() < 0 or array.max() > 255:
        raise SourceError(f"{name} does not hold whole numbers from 0 to 255")
    return array.astype(np.uint8)


def _divided(x: npt.NDArray[Any], y: npt.NDArray[Any], test: npt.NDArray[np.bool_]) -> Arrays:
    """Return the arrays of a table; its inputs as bytes if they can be, else as float32."""
    as_bytes = x.astype(np.uint8)
    x = as_bytes if np.array_equal(as_bytes, x) else x.astype(np.float32)
    labels = y.astype(np.uint8)
    return {
        "x_train": x[~test],
        "y_train": labels[~test],
        "x_test": x[test],
        "y_test": labels[test],
    }
