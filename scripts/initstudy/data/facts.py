"""What can be told of a data set before it is there, or loaded."""

import math
from dataclasses import dataclass

import numpy as np

from initstudy.data.catalog import SPECS
from initstudy.data.datasets import NAMES, file_sha256, input_shape, labels, member, opened
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
    """

    images: int
    shape: tuple[int, ...]
    classes: int
    chance: float
    sha256: str
    bytes: int


def facts(dataset: str) -> Facts:
    """What can be told of a data set before it is there, or loaded.

    Args:
        dataset: a name of SPECS, or the path of a .npz, of which only headers and labels are read.

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
    shapes, size = {}, 0
    with opened(dataset) as archive:
        for name in NAMES:
            with member(dataset, archive, name) as array:
                version = np.lib.format.read_magic(array)
                read = np.lib.format.read_array_header_1_0
                if version != (1, 0):
                    read = np.lib.format.read_array_header_2_0
                shapes[name], _, dtype = read(array)
                _check(dataset, name, dtype.kind in "uif", f"holds {dtype}, not numbers")
                if name.startswith("x_"):
                    # What is not of bytes is float32 in memory.
                    size += math.prod(shapes[name]) * (1 if dtype == np.uint8 else 4)
    for part in ("train", "test"):
        x, y = shapes[f"x_{part}"], shapes[f"y_{part}"]
        _check(dataset, f"x_{part}", len(x) >= 2 and 0 not in x, f"has the shape {x}")
        _check(
            dataset, f"y_{part}", len(y) == 1, f"has the shape {y}, not one label for each input"
        )
        _check(dataset, f"y_{part}", x[0] == y[0], f"has {y[0]} labels for {x[0]} inputs")
    train, test = shapes["x_train"][1:], shapes["x_test"][1:]
    _check(dataset, "x_test", train == test, f"has inputs of shape {test}, x_train of {train}")
    found = {part: labels(dataset, f"y_{part}") for part in ("train", "test")}
    classes = int(found["train"].max()) + 1
    counts = np.bincount(found["train"], minlength=classes)
    missing = np.flatnonzero(counts == 0)
    first = int(found["train"].min())
    shifted = f"; yours begin at {first}: subtract it from y_train and y_test" if first else ""
    _check(
        dataset,
        "y_train",
        classes >= 2 and not len(missing),
        f"must have each label from 0 to {max(1, classes - 1)}; it lacks {missing[:5].tolist()}"
        f"{shifted}",
    )
    _check(
        dataset,
        "y_test",
        found["test"].max() < classes,
        f"has the label {found['test'].max()}, which y_train does not have",
    )
    chance = np.bincount(found["test"]).max() / len(found["test"])
    return Facts(
        images=shapes["x_train"][0],
        shape=input_shape(shapes["x_train"]),
        classes=classes,
        chance=float(chance),
        sha256=file_sha256(dataset),
        bytes=size,
    )


def _check(path: str, name: str, right: bool, what: str) -> None:
    if not right:
        raise StudyError(f"{path}: {name} {what}.")
