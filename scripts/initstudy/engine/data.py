"""The data of a run, as it is trained on: what is learned from, validated on and tested on."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.engine.errors import EngineError
from initstudy.engine.spec import OWN_VALIDATION, WIDE, RunSpec

# First parts of the spawn keys of the streams that order the examples, and that choose what is held
# out and learned from; the others are in `initializers`.
DATA_ORDER, HELD_OUT, LEARNED = 1, 2, 4
# So many units in the last place of a constant that was computed may be noise.
NOISE = 100


@dataclass(frozen=True)
class Dataset:
    """Inputs and targets in memory.

    Attributes:
        x_train, x_val, x_test: of shape (examples, features), uint8 or float32; before they are
            scaled of any type.
        y_train, y_val, y_test: int32 of classes, from 0, or float32 of labels and numbers, of shape
            (examples, ...).
        shape: of one input; images have their channels last.
        outputs: how many classes, labels or numbers there are.
        scale, offset: what a network takes is `x * scale + offset`: two numbers, or float32
            (features,) each.
    """

    x_train: npt.NDArray[Any]
    y_train: npt.NDArray[Any]
    x_val: npt.NDArray[Any]
    y_val: npt.NDArray[Any]
    x_test: npt.NDArray[Any]
    y_test: npt.NDArray[Any]
    shape: tuple[int, ...]
    outputs: int
    scale: Any = 1.0
    offset: Any = 0.0

    @property
    def one_of(self) -> bool:
        """Whether an example, or a step of it, is of one of several classes."""
        return self.y_train.dtype == np.int32


def dataset_of(spec: RunSpec, arrays: Mapping[str, npt.NDArray[Any]]) -> Dataset:
    """Return the data of a run.

    Args:
        spec: of the run.
        arrays: of its data set, see `from_arrays`.

    Raises:
        EngineError: if the inputs cannot be scaled as the spec asks.
    """
    inputs, wide = spec.inputs.removesuffix(WIDE), spec.inputs.endswith(WIDE)
    dataset = from_arrays(arrays, wide)
    if spec.held_out == OWN_VALIDATION:
        x_val, y_val = _numbers(arrays["x_val"], wide), _targets(arrays["y_val"])
        dataset = replace(dataset, x_val=x_val, y_val=y_val)
    elif spec.held_out:
        dataset = hold_out(dataset, int(spec.held_out))
    if spec.training_images:
        dataset = learn_from(dataset, spec.training_images)
    return scaled(dataset, inputs)


def from_arrays(arrays: Mapping[str, npt.NDArray[Any]], wide: bool = False) -> Dataset:
    """Make a data set whose test examples are its validation examples, see `hold_out`.

    Args:
        arrays: x_train and x_test, (examples, ...); y_train and y_test, (examples, ...): whole
            numbers from 0 of classes, floating-point ones of labels and numbers.
        wide: whether inputs stay as they are until they are scaled; else bytes stay bytes, and all
            else becomes float32.
    """
    x = {part: _numbers(arrays[f"x_{part}"], wide) for part in ("train", "test")}
    y = {part: _targets(arrays[f"y_{part}"]) for part in ("train", "test")}
    return Dataset(
        x_train=x["train"],
        y_train=y["train"],
        x_val=x["test"],
        y_val=y["test"],
        x_test=x["test"],
        y_test=y["test"],
        shape=arrays["x_train"].shape[1:],
        outputs=_outputs(y["train"]),
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

    Returns:
        The data with their scale, unless float32 does not hold the inputs: these are scaled here,
        in float64, and become float32 afterwards.

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
        if not _fits(x):
            # In float64 what a constant was computed with is more than nothing.
            low, high = (part.astype(np.float64) for part in (x.min(axis=0), x.max(axis=0)))
            noise = NOISE * np.finfo(np.float64).eps * np.maximum(np.abs(low), np.abs(high))
            varied = high - low > noise
        _check_varied(0.0, float(varied.sum()))
        scales = np.divide(1, deviations, out=np.zeros_like(deviations), where=varied)
        scale, offset = scales, -means * scales
        if _fits(x):
            scale, offset = scale.astype(np.float32), offset.astype(np.float32)
    elif inputs != "raw":
        raise ValueError(f"inputs must be raw, unit, standardized or features, not {inputs!r}")
    made = replace(dataset, scale=scale, offset=offset)
    return made if _fits(x) else _as_float32(made)


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


def _numbers(array: npt.NDArray[Any], wide: bool) -> npt.NDArray[Any]:
    flat = array.reshape(len(array), -1)
    return flat if wide or flat.dtype == np.uint8 else flat.astype(np.float32)


def _fits(x: npt.NDArray[Any]) -> bool:
    """Whether float32, in which networks compute, holds the inputs."""
    return x.dtype in (np.uint8, np.float32)


def _targets(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return array.astype(np.float32 if array.dtype.kind == "f" else np.int32)


def _outputs(targets: npt.NDArray[Any]) -> int:
    """Return how many classes, labels or numbers there are."""
    if targets.dtype == np.int32:
        return int(targets.max()) + 1
    return int(targets.shape[-1]) if targets.ndim > 1 else 1


def _as_float32(dataset: Dataset) -> Dataset:
    """Scale inputs in float64, of which each number is then one of float32."""
    parts = {
        name: (getattr(dataset, name).astype(np.float64) * dataset.scale + dataset.offset).astype(
            np.float32
        )
        for name in ("x_train", "x_val", "x_test")
    }
    if dataset.x_val is dataset.x_test:
        parts["x_val"] = parts["x_test"]
    return replace(dataset, scale=1.0, offset=0.0, **parts)


def _order(stream: int, examples: int) -> npt.NDArray[np.int64]:
    sequence = np.random.SeedSequence(0, spawn_key=(stream,))
    return np.random.default_rng(sequence).permutation(examples)
