"""What a form of users' data is read as, before its targets are looked at."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.errors import StudyError

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Made:
    """The arrays of a table, of pictures or of a function.

    Attributes:
        arrays: x_train and y_train, (examples, ...); x_test and y_test, x_val and y_val if there
            are some.
        notes: what is worth saying of how they were read, a sentence each.
        names: of the classes, by their numbers; of several labels or numbers, by their columns.
        columns: names of the inputs, of a table.
        split: whether x_test was chosen at random, see `divided`.
    """

    arrays: Arrays
    notes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    split: bool = False


def divided(made: Made, place: str, share: float, seed: int, by_class: bool) -> Made:
    """Keep some training examples for testing: always the same ones by the same seed.

    Args:
        made: without x_test and y_test.
        place: what a message calls the data.
        share: of the examples, that are kept.
        seed: decides which.
        by_class: whether each class has that share, as far as its examples can be divided.

    Raises:
        StudyError: if that leaves no example to train or to test on.
    """
    x, y = made.arrays["x_train"], made.arrays["y_train"]
    classes = by_class and y.size == len(y)
    test = _chosen(y.ravel() if classes else np.zeros(len(y), np.int8), share, seed)
    if test.all() or not test.any():
        raise StudyError(
            f"{place} has {len(y)} examples, of which test_share: {share:g} leaves none to "
            f"{'train' if test.all() else 'test'} on."
        )
    parts = {"x_train": x[~test], "y_train": y[~test], "x_test": x[test], "y_test": y[test]}
    note = (
        f"{place}: {int(test.sum())} of its {len(y)} examples are the test set, chosen at random"
        f"{' within each class' if classes else ''} (test_share: {share:g}, split_seed: {seed})."
    )
    return replace(made, arrays={**made.arrays, **parts}, notes=(*made.notes, note), split=True)


def _chosen(classes: npt.NDArray[Any], share: float, seed: int) -> npt.NDArray[np.bool_]:
    """Return which examples are tested on: the first ones of each class, in a random order."""
    count = len(classes)
    order = np.random.default_rng(seed).permutation(count)
    _, number, sizes = np.unique(classes[order], return_inverse=True, return_counts=True)
    by_class = np.argsort(number, kind="stable")
    rank = np.empty(count)
    rank[by_class] = np.arange(count) - (np.cumsum(sizes) - sizes)[number[by_class]]
    # How far down in its class each is: so all classes are cut at the same height.
    height = (rank + 0.5) / sizes[number]
    first = np.argsort(height, kind="stable")[: round(share * count)]
    test = np.zeros(count, np.bool_)
    test[order[first]] = True
    return test
