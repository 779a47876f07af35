"""What is known of a data set of the catalogue before it is there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from initstudy.data.forms import Form
from initstudy.data.sources import Source
from initstudy.data.targets import Target
from initstudy.engine.spec import OF_NUMBERS


@dataclass(frozen=True)
class Place:
    """Where a data set can be had: the source of its files, and the form that they have."""

    source: Source
    form: Form


@dataclass(frozen=True)
class DatasetSpec:
    """What a data set must be, and where it can be had.

    Attributes:
        shapes: of its arrays, by name.
        sha256: of the decoded arrays, see `datasets.digest`.
        target: what an example is to be given.
        places: where it can be had, the first ones first.
        itemsize: bytes of each number of its inputs: 1 of uint8, 4 of float32.
        sequence: whether an input is steps of some numbers each, and not the rows of an image.
        reference: who made it, and what it is.
        licence: as those who give it away say.
    """

    shapes: Mapping[str, tuple[int, ...]]
    sha256: str
    target: Target
    places: Sequence[Place] = field(repr=False)
    itemsize: int = 1
    sequence: bool = False
    reference: str = ""
    licence: str = ""


def classes(names: int | Sequence[str], accuracy: float, log_loss: float) -> Target:
    """Return classes, by name or by number, and what the best constant answer has of the test."""
    count, known = (names, ()) if isinstance(names, int) else (len(names), tuple(names))
    constant = {"accuracy": accuracy, "log_loss": log_loss}
    return Target("classes", count, (), constant, known)


def numbers(absolute: float, squared: float, root: float) -> Target:
    """Return one number, and the errors that the best constant answer has on the test examples."""
    errors = dict(zip(OF_NUMBERS, (absolute, squared, root), strict=True))
    return Target("numbers", 1, (), errors)


def shapes(train: int, test: int, *of_input: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the arrays of a data set, by name."""
    return {
        "x_train": (train, *of_input),
        "y_train": (train,),
        "x_test": (test, *of_input),
        "y_test": (test,),
    }
