"""The data of a run, as it is trained on: what is learned from, validated on and tested on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

# First parts of the spawn keys of the streams that choose what is held out and learned from; the
# others are in `initializers`.
HELD_OUT, LEARNED = 2, 4


@dataclass(frozen=True)
class Dataset:
    """Inputs and labels in memory.

    Attributes:
        x_train, x_val, x_test: uint8 or float32 of shape (examples, features).
        y_train, y_val, y_test: int32 of shape (examples,), from 0.
        shape: of one input; pictures have their channels last.
        classes: how many labels there are.
    """

    x_train: npt.NDArray[Any]
    y_train: npt.NDArray[np.int32]
    x_val: npt.NDArray[Any]
    y_val: npt.NDArray[np.int32]
    x_test: npt.NDArray[Any]
    y_test: npt.NDArray[np.int32]
    shape: tuple[int, ...]
    classes: int


def from_arrays(arrays: Mapping[str, npt.NDArray[Any]]) -> Dataset:
    """Make a data set whose test examples are its validation examples, see `hold_out`.

    Args:
        arrays: x_train and x_test, (examples, ...): bytes stay bytes, all else becomes float32;
            y_train and y_test, (examples,), whole numbers from 0.
    """
    x = {part: _numbers(arrays[f"x_{part}"]) for part in ("train", "test")}
    y = {part: arrays[f"y_{part}"].astype(np.int32) for part in ("train", "test")}
    return Dataset(
        x_train=x["train"],
        y_train=y["train"],
        x_val=x["test"],
        y_val=y["test"],
        x_test=x["test"],
        y_test=y["test"],
        shape=arrays["x_train"].shape[1:],
        classes=int(y["train"].max()) + 1,
    )


def hold_out(dataset: Dataset, examples: int) -> Dataset:
    """Keep training examples for validation: always the same ones, chosen at random.

    Args:
        dataset: from `from_arrays`.
        examples: how many; fewer than there are.
    """
    order = _order(HELD_OUT, len(dataset.y_train))
    held, kept = np.sort(order[:examples]), np.sort(order[examples:])
    return replace(
        dataset,
        x_train=dataset.x_train[kept],
        y_train=dataset.y_train[kept],
        x_val=dataset.x_train[held],
        y_val=dataset.y_train[held],
    )


def learn_from(dataset: Dataset, examples: int) -> Dataset:
    """Leave so many training examples: always the same ones, chosen at random.

    Args:
        dataset: from `from_arrays` or `hold_out`.
        examples: how many; at most as many as there are.
    """
    kept = np.sort(_order(LEARNED, len(dataset.y_train))[:examples])
    return replace(dataset, x_train=dataset.x_train[kept], y_train=dataset.y_train[kept])


def _numbers(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    flat = array.reshape(len(array), -1)
    return flat if flat.dtype == np.uint8 else flat.astype(np.float32)


def _order(stream: int, examples: int) -> npt.NDArray[np.int64]:
    sequence = np.random.SeedSequence(0, spawn_key=(stream,))
    return np.random.default_rng(sequence).permutation(examples)
