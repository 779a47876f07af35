"""Data sets: what is known of one before it is loaded, and its arrays in memory."""

import functools
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.data import npz
from initstudy.data.catalog import SPECS
from initstudy.data.checks import check_inputs, check_pair, numbers
from initstudy.data.npz import NAMES
from initstudy.data.targets import Arrays, Target, read_targets
from initstudy.errors import StudyError


@dataclass(frozen=True)
class Reading:
    """How a study reads a data set.

    Attributes:
        metric: see `targets.read_targets`.
        inputs: their scale, see `engine.data.scaled`.
    """

    metric: str = "accuracy"
    inputs: str = "raw"


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a data set before it is there, or loaded.

    Attributes:
        examples: for training, held-out ones among them.
        shape: of one input; images have their channels last.
        target: what an example is to be given.
        sha256: of its decoded arrays, or of a user's own file: another one is another data set.
        bytes: that its inputs take in memory.
        notes: what is worth saying of it before a run, a sentence each.
        validation: examples that it has for validation, beside those for training and testing.
        wide: whether its inputs are of numbers that float32 does not hold.
    """

    examples: int
    shape: tuple[int, ...]
    target: Target
    sha256: str
    bytes: int
    notes: tuple[str, ...] = ()
    validation: int = 0
    wide: bool = False


def dataset_info(dataset: str, reading: Reading = Reading()) -> DatasetInfo:
    """Return what is known of a data set before it is there, or loaded.

    Args:
        dataset: a name of SPECS, or the path of a .npz, which is looked through.
        reading: how the study reads it.

    Raises:
        StudyError: if that file is not what it must be.
    """
    if dataset in SPECS:
        spec = SPECS[dataset]
        if reading.metric not in spec.target.constant:
            raise StudyError(
                f"{dataset} has {spec.target.kind}, of which {reading.metric} is not measured; "
                f"metric may be {' or '.join(spec.target.constant)}"
            )
        return DatasetInfo(
            spec.shapes["x_train"][0],
            _shape_of(dataset, spec.shapes["x_train"]),
            spec.target,
            spec.sha256,
            spec.itemsize * sum(math.prod(spec.shapes[name]) for name in ("x_train", "x_test")),
        )
    npz.names(dataset)
    return _own(dataset, file_sha256(dataset), reading)


@functools.lru_cache
def _own(path: str, sha256: str, reading: Reading) -> DatasetInfo:
    """Look through a user's file, once for each content that it has."""
    parts = parts_of(path)
    found = {part: numbers(path, f"x_{part}") for part in parts}
    targets = {f"y_{part}": npz.array(path, f"y_{part}") for part in parts}
    for part, (shape, _) in found.items():
        check_pair(path, part, shape, targets[f"y_{part}"].shape)
        first = found["train"][0][1:]
        if shape[1:] != first:
            raise StudyError(
                f"{path}: x_{part} has inputs of shape {shape[1:]}, x_train of {first}."
            )
    target, _, notes = read_targets(path, targets, reading.metric)
    for part in parts:
        check_inputs(path, f"x_{part}")
    read = {f"{axis}_{part}" for part in parts for axis in "xy"}
    if unread := ", ".join(sorted({*npz.names(path)} - read)):
        notes.insert(0, f"{path} also holds {unread}, which initstudy does not read.")
    return DatasetInfo(
        examples=found["train"][0][0],
        shape=input_shape(found["train"][0]),
        target=target,
        sha256=sha256,
        # What is not of bytes is float32 in memory.
        bytes=sum(
            math.prod(shape) * (1 if dtype == np.uint8 else 4) for shape, dtype in found.values()
        ),
        notes=tuple(notes),
        validation=found["val"][0][0] if "val" in found else 0,
        wide=any(not np.can_cast(dtype, np.float32) for _, dtype in found.values()),
    )


def parts_of(path: str) -> list[str]:
    """Name the parts of a user's file: train, test, and val if it has x_val and y_val."""
    own = {"x_val", "y_val"} <= {*npz.names(path)}
    return ["train", "test", *(["val"] if own else [])]


def read(path: str | Path, name: str, sha256: str, metric: str = "accuracy") -> Arrays:
    """Read the arrays of a data set; images get their channels last.

    Args:
        path: of a .npz, a user's own if `name` ends so.
        name: of the data set.
        sha256: that it must have, see `DatasetInfo`.
        metric: see `targets.read_targets`.

    Returns:
        x_train, x_test and, if it is there, x_val as they are stored; y_train and so on as they are
        learned.

    Raises:
        StudyError: if the file is not what it must be.
    """
    if name.endswith(".npz"):
        if file_sha256(path) != sha256:
            raise StudyError(f"{path} was changed since this run began; start it again.")
        parts = parts_of(str(path))
        arrays = {f"x_{part}": npz.array(path, f"x_{part}") for part in parts}
        targets = {f"y_{part}": npz.array(path, f"y_{part}") for part in parts}
        arrays |= read_targets(str(path), targets, metric)[1]
    else:
        arrays = _downloaded(path, sha256)
    for part in [axis for axis in arrays if axis.startswith("x_")]:
        array = arrays[part]
        arrays[part] = array.reshape(len(array), *_shape_of(name, array.shape))
    return arrays


def _downloaded(path: str | Path, sha256: str) -> Arrays:
    try:
        arrays: Arrays = {name: npz.array(path, name) for name in NAMES}
    except StudyError as error:
        raise StudyError(f"{path} cannot be read ({error}); delete it and run again.") from None
    if digest(arrays) != sha256:
        raise StudyError(f"{path} does not hold the right arrays; delete it and run again.")
    return arrays


def _shape_of(dataset: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of one input of a data set, whose inputs are stored in this shape."""
    sequence = dataset in SPECS and SPECS[dataset].sequence
    return tuple(shape[1:]) if sequence else input_shape(shape)


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
