"""What is known of a data set before it is there, or loaded."""

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from initstudy.data.catalog import SPECS
from initstudy.data.checks import check_inputs, header
from initstudy.data.datasets import NAMES, file_sha256, input_shape, labels, opened
from initstudy.errors import StudyError


@dataclass(frozen=True)
class Facts:
    """What the other stages need to know of a data set.

    Attributes:
        images: for training, held-out ones among them.
        shape: of one input; images have their channels last.
        classes: how many labels there are.
        chance: see `catalog.DatasetSpec`.
        sha256: of its decoded arrays, or of a person's own file: another one is another data set.
        bytes: that its inputs take in memory.
        notes: what is worth saying of it before a run, a sentence each.
    """

    images: int
    shape: tuple[int, ...]
    classes: int
    chance: float
    sha256: str
    bytes: int
    notes: tuple[str, ...] = ()


def facts(dataset: str) -> Facts:
    """What is known of a data set before it is there, or loaded.

    Args:
        dataset: a name of SPECS, or the path of a .npz, which is looked through.

    Raises:
        StudyError: if that file is not what it must be.
    """
    if dataset in SPECS:
        spec = SPECS[dataset]
        return Facts(
            spec.shapes["x_train"][0],
            input_shape(spec.shapes["x_train"]),
            spec.classes,
            spec.chance,
            spec.sha256,
            spec.itemsize * sum(math.prod(spec.shapes[name]) for name in ("x_train", "x_test")),
        )
    opened(dataset).close()
    return _own(dataset, file_sha256(dataset))


@functools.lru_cache
def _own(path: str, sha256: str) -> Facts:
    """Those of a user's file, which is looked through once for each content that it has."""
    shapes, size = {}, 0
    for name in NAMES:
        shapes[name], dtype = header(path, name)
        if name.startswith("x_"):
            # What is not of bytes is float32 in memory.
            size += math.prod(shapes[name]) * (1 if dtype == np.uint8 else 4)
    for part in ("train", "test"):
        _check_shapes(path, part, shapes[f"x_{part}"], shapes[f"y_{part}"])
    train, test = shapes["x_train"][1:], shapes["x_test"][1:]
    _check(path, "x_test", train == test, f"has inputs of shape {test}, x_train of {train}.")
    counts = _classes(path, shapes["y_train"][0])
    for name in ("x_train", "x_test"):
        check_inputs(path, name)
    return Facts(
        images=shapes["x_train"][0],
        shape=input_shape(shapes["x_train"]),
        classes=len(counts),
        chance=float(counts.max() / counts.sum()),
        sha256=sha256,
        bytes=size,
        notes=tuple(_notes(path, counts)),
    )


def _check_shapes(path: str, part: str, x: tuple[int, ...], y: tuple[int, ...]) -> None:
    name, wanted = f"y_{part}", "one label for each input"
    column = f"; of one feature save x_{part}.reshape(-1, 1)" if len(x) == 1 and 0 not in x else ""
    _check(path, f"x_{part}", len(x) >= 2 and 0 not in x, f"has the shape {x}{column}.")
    flat = math.prod(y) == x[0]
    if len(y) != 1 and flat and y[:1] != x[:1]:
        _check(path, name, False, f"has the shape {y}, not {wanted}: save {name}.ravel().")
    one_hot = f": of one-hot labels save {name}.argmax(axis=1)" if len(y) == 2 else ""
    _check(path, name, len(y) == 1 or flat, f"has the shape {y}, not {wanted}{one_hot}.")
    _check(path, name, y[0] == x[0], f"has {y[0]} labels for {x[0]} inputs.")


def _classes(path: str, training: int) -> npt.NDArray[np.int64]:
    """How many test examples there are of each class."""
    # As many classes as examples at most: all of them are there.
    train = labels(path, "y_train", training)
    counts = np.bincount(train)
    missing = np.flatnonzero(counts == 0)
    first = int(train.min())
    shifted = f"; yours begin at {first}: subtract it from y_train and y_test" if first else ""
    _check(
        path,
        "y_train",
        len(counts) >= 2 and not len(missing),
        f"must have each label from 0 to {max(1, len(counts) - 1)}; it lacks "
        f"{missing[:5].tolist() if len(missing) else [1]}{shifted}.",
    )
    test = labels(path, "y_test")
    largest = int(test.argmax())
    _check(
        path,
        "y_test",
        test[largest] < len(counts),
        f"has the label {test[largest]} at {largest}, which y_train does not have. Leave these "
        "examples out, or add some to the training examples.",
    )
    _check(
        path,
        "y_test",
        test.min() != test.max(),
        f"has the label {test[0]} alone, so a constant prediction is always right, and accuracies "
        "mean nothing. Add test examples of another class.",
    )
    return np.bincount(test, minlength=len(counts))


def _notes(path: str, tested: npt.NDArray[np.int64]) -> Iterator[str]:
    with opened(path) as archive:
        others = [name.removesuffix(".npy") for name in archive.namelist()]
    unread = ", ".join(sorted({*others} - {*NAMES}))
    if unread:
        yield (
            f"{path} also holds {unread}, which initstudy does not read: the key validation names "
            "the validation set, the test set or held-out training examples."
        )
    missing = np.flatnonzero(tested == 0)
    if len(missing):
        yield (
            f"{path}: y_test lacks the labels {missing[:5].tolist()}, so the accuracy on these is "
            "not measured."
        )


def _check(path: str, name: str, right: bool, what: str) -> None:
    if not right:
        raise StudyError(f"{path}: {name} {what}")
