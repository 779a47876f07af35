"""Tables of numbers with a column of labels, as data sets."""

import gzip
import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import rdata

Arrays = dict[str, npt.NDArray[Any]]


def from_r(data: bytes, name: str, label: str, train: int) -> Arrays:
    """A table of R's.

    Args:
        data: the file (.rda); it must be known that it is a good one.
        name: of the table in it.
        label: its column of labels, a factor.
        train: so many rows, the first ones, are for training.
    """
    parsed = rdata.parser.parse_data(data)
    # R did not tell the encoding of names at that time; they are ASCII.
    frame = rdata.conversion.convert(parsed, default_encoding="ascii")[name]
    labels = frame[label].cat.codes.to_numpy()
    x = _smallest(frame.drop(columns=label).to_numpy(dtype=np.float64))
    return _parts(x, labels, np.arange(len(x)) >= train)


def from_csv(data: bytes, test_every: int, shape: tuple[int, ...]) -> Arrays:
    """A table as CSV, without a header, compressed with gzip; its last column are the labels.

    Args:
        data: the file; it must be known that it is a good one.
        test_every: one row of so many is for testing, the last of them.
        shape: of an input.
    """
    frame = pd.read_csv(io.BytesIO(gzip.decompress(data)), header=None)
    values = frame.to_numpy(dtype=np.float64)
    x = _smallest(values[:, :-1]).reshape(-1, *shape)
    return _parts(x, values[:, -1], np.arange(len(x)) % test_every == test_every - 1)


def _parts(x: npt.NDArray[Any], y: npt.NDArray[Any], test: npt.NDArray[np.bool_]) -> Arrays:
    labels = y.astype(np.uint8)
    return {
        "x_train": x[~test],
        "y_train": labels[~test],
        "x_test": x[test],
        "y_test": labels[test],
    }


def _smallest(values: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    """As bytes, if they can be."""
    as_bytes = values.astype(np.uint8)
    return as_bytes if np.array_equal(as_bytes, values) else values.astype(np.float32)
