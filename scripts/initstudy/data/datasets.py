"""Data sets: what is known of one before it is loaded, and its arrays in memory."""

import functools
import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.data import npz
from initstudy.data.catalog import SPECS
from initstudy.data.checks import check_inputs, check_pair, class_counts, labels, numbers
from initstudy.data.forms import Arrays
from initstudy.data.npz import NAMES
from initstudy.errors import StudyError


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a data set before it is there, or loaded.

    Attributes:
        examples: for training, held-out ones among them.
        shape: of one input; images have their channels last.
        classes: how many labels there are.
        majority_accuracy: that of always naming the label that most test examples have.
        sha256: of its decoded arrays, or of a user's own file: another one is another data set.
        bytes: that its inputs take in memory.
        notes: what is worth saying of it before a run, a sentence each.
    """

    examples: int
    shape: tuple[int, ...]
    classes: int
    majority_accuracy: float
    sha256: str
    bytes: int
    notes: tuple[str, ...] = ()


def dataset_info(dataset: str) -> DatasetInfo:
    """Return what is known of a data set before it is there, or loaded.

    Args:
        dataset: a name of SPECS, or the path of a .npz, which is looked through.

    Raises:
        StudyError: if that file is not what it must be.
    """
    if dataset in SPECS:
        spec = SPECS[dataset]
        return DatasetInfo(
            spec.shapes["x_train"][0],
            input_shape(spec.shapes["x_train"]),
            spec.classes,
            spec.majority_accuracy,
            spec.sha256,
            spec.itemsize * sum(math.prod(spec.shapes[name]) for name in ("x_train", "x_test")),
        )
    npz.names(dataset)
    return _own(dataset, file_sha256(dataset))


@functools.lru_cache
def _own(path: str, sha256: str) -> DatasetInfo:
    """Look through a user's file, once for each content that it has."""
    found = {name: numbers(path, name) for name in NAMES}
    shapes = {name: shape for name, (shape, _) in found.items()}
    for part in ("train", "test"):
        check_pair(path, part, shapes[f"x_{part}"], shapes[f"y_{part}"])
    train, test = shapes["x_train"][1:], shapes["x_test"][1:]
    if train != test:
        raise StudyError(f"{path}: x_test has inputs of shape {test}, x_train of {train}.")
    counts = class_counts(path, shapes["y_train"][0])
    for name in ("x_train", "x_test"):
        check_inputs(path, name)
    return DatasetInfo(
        examples=shapes["x_train"][0],
        shape=input_shape(shapes["x_train"]),
        classes=len(counts),
        majority_accuracy=float(counts.max() / counts.sum()),
        sha256=sha256,
        # What is not of bytes is float32 in memory.
        bytes=sum(
            math.prod(shape) * (1 if dtype == np.uint8 else 4)
            for name, (shape, dtype) in found.items()
            if name.startswith("x_")
        ),
        notes=tuple(_notes(path, counts)),
    )


def _notes(path: str, tested: npt.NDArray[np.int64]) -> Iterator[str]:
    if unread := ", ".join(sorted({*npz.names(path)} - {*NAMES})):
        yield (
            f"{path} also holds {unread}, which initstudy does not read: the key validation names "
            "the validation set, the test set or held-out training examples."
        )
    if missing := np.flatnonzero(tested == 0)[:5].tolist():
        yield (
            f"{path}: y_test lacks the labels {missing}, so the accuracy on these is not measured."
        )


def read(path: str | Path, name: str, sha256: str) -> Arrays:
    """Read the arrays of a data set, as they are stored; images get their channels last.

    Args:
        path: of a .npz, a user's own if `name` ends so.
        name: of the data set.
        sha256: that it must have, see `DatasetInfo`.

    Raises:
        StudyError: if the file is not what it must be.
    """
    if name.endswith(".npz"):
        if file_sha256(path) != sha256:
            raise StudyError(f"{path} was changed since this run began; start it again.")
        arrays = {name: npz.array(path, name) for name in ("x_train", "x_test")}
        arrays |= {name: labels(path, name) for name in ("y_train", "y_test")}
    else:
        arrays = _downloaded(path, sha256)
    for part in ("x_train", "x_test"):
        array = arrays[part]
        arrays[part] = array.reshape(len(array), *input_shape(array.shape))
    return arrays


def _downloaded(path: str | Path, sha256: str) -> Arrays:
    try:
        arrays: Arrays = {name: npz.array(path, name) for name in NAMES}
    except StudyError as error:
        raise StudyError(f"{path} cannot be read ({error}); delete it and run again.") from None
    if digest(arrays) != sha256:
        raise StudyError(f"{path} does not hold the right arrays; delete it and run again.")
    return arrays


def input_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of one input: (rows, columns, 1) of an image that has no channels."""
    return (*shape[1:], 1) if len(shape) == 3 else tuple(shape[1:])


def digest(arrays: Mapping[str, npt.NDArray[Any]]) -> str:
    """Return the SHA-256 of decoded arrays: of name, type, shape and bytes of each, by name."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name} {array.dtype} {array.shape}\n".encode())
        total.update(array.data)
    return total.hexdigest()


def file_sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
