"""The data of a run, as it is trained on: what is learned from, validated on and tested on."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.engine.errors import EngineError
from initstudy.engine.spec import RunSpec

# First parts of the spawn keys of the streams that order the examples, and that choose what is held
# out and learned from; the others are in `initializers`.
DATA_ORDER, HELD_OUT, LEARNED = 1, 2, 4


@dataclass(frozen=True)
class Dataset:
    """Inputs and labels in memory.

    Attributes:
        x_train, x_val, x_test: uint8 or float32 of shape (examples, features).
        y_train, y_val, y_test: int32 of shape (examples,), from 0.
        shape: of one input; images have their channels last.
        classes: how many labels there are.
        scale, offset: what a network takes is `x * scale + offset`: two numbers, or float32
            (features,) each.
    """

    x_train: npt.NDArray[Any]
    y_train: npt.NDArray[np.int32]
    x_val: npt.NDArray[Any]
    y_val: npt.NDArray[np.int32]
    x_test: npt.NDArray[Any]
    y_test: npt.NDArray[np.int32]
    shape: tuple[int, ...]
    classes: int
    scale: Any = 1.0
    offset: Any = 0.0


def dataset_of(spec: RunSpec, arrays: Mapping[str, npt.NDArray[Any]]) -> Dataset:
    """Return the data of a run.

    Args:
        spec: of the run.
        arrays: of its data set, see `from_arrays`.

    Raises:
        EngineError: if the inputs cannot be scaled as the spec asks.
    """
    dataset = from_arrays(arrays)
    if spec.held_out:
        dataset = hold_out(dataset, spec.held_out)
    if spec.training_images:
        dataset = learn_from(dataset, spec.training_images)
    return scaled(dataset, spec.inputs)


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


def scaled(dataset: Dataset, inputs: str) -> Dataset:
    """Have a network take scaled inputs.

    Args:
        dataset: from `from_arrays`, `hold_out` or `learn_from`; the training examples decide.
        inputs: "raw" (as they are), "unit" (0..1: of bytes from 0..255, of other numbers from their
            smallest and largest), "standardized" (mean 0, variance 1 over all of them) or
            "features" (mean 0, variance 1 of each by itself; those that never vary become 0).

    Raises:
        EngineError: if they are all the same, and so cannot be scaled.
    """
    x = dataset.x_train
    scale: Any = 1.0
    offset: Any = 0.0
    if inputs == "unit" and x.dtype == np.uint8:
        scale = 1 / 255
    elif inputs == "unit":
        low, high = float(x.min()), float(x.max())
        _check_varied(low, high)
        scale, offset = 1 / (high - low), -low / (high - low)
    elif inputs == "standardized":
        mean, deviation = float(x.mean()), float(x.std())
        _check_varied(0.0, deviation)
        scale, offset = 1 / deviation, -mean / deviation
    elif inputs == "features":
        means = x.mean(axis=0, dtype=np.float64)
        deviations = x.std(axis=0, dtype=np.float64)
        varied = deviations > 0
        _check_varied(0.0, float(varied.sum()))
        scales = np.divide(1, deviations, out=np.zeros_like(deviations), where=varied)
        scale, offset = scales.astype(np.float32), (-means * scales).astype(np.float32)
    elif inputs != "raw":
        raise ValueError(f"inputs must be raw, unit, standardized or features, not {inputs!r}")
    return replace(dataset, scale=scale, offset=offset)


def data_order(seed: int, examples: int) -> Iterator[npt.NDArray[np.int32]]:
    """Yield the order in which a run meets the training examples, epoch after epoch, without end.

    It depends on the seed alone, so all variants share it.

    Args:
        seed: of the run, from 0.
        examples: how many there are for training.

    Yields:
        A permutation of 0 .. examples-1, int32.
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(DATA_ORDER,))
    generator = np.random.default_rng(sequence)
    while True:
        yield generator.permutation(examples).astype(np.int32)


def _check_varied(low: float, high: float) -> None:
    if not low < high:
        raise EngineError("All numbers of x_train are the same, so that inputs can only be raw.")
    if not high < math.inf:
        raise EngineError(
            "The numbers of x_train are so large that their variance overflows: divide them before "
            "you save them, or take inputs: features or raw."
        )


def _numbers(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    flat = array.reshape(len(array), -1)
    return flat if flat.dtype == np.uint8 else flat.astype(np.float32)


def _order(stream: int, examples: int) -> npt.NDArray[np.int64]:
    sequence = np.random.SeedSequence(0, spawn_key=(stream,))
    return np.random.default_rng(sequence).permutation(examples)
