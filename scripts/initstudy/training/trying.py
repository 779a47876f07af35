"""Tries an initializer of a person's own as ours are tried, and says in words what it found."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.config.problems import suggest
from initstudy.engine.backend import keras
from initstudy.engine.initializers import (
    Role,
    known_initializers,
    make_initializer,
    weight_seed,
)
from initstudy.engine.spec import is_custom
from initstudy.engine.weights import converted
from initstudy.errors import StudyError

DENSE = ((784, 16), (16, 16), (16, 10), (64, 256), (256, 64))
CONVOLUTIONS = ((5, 5, 1, 6), (3, 3, 8, 16), (3, 3, 1, 8), (3, 4, 8))
BIASES = ((16,), (10,))
# Through so many layers of so many units a signal is sent.
DEPTH, WIDTH = 30, 128


@dataclass(frozen=True)
class Tried:
    """What was found of an initializer.

    Attributes:
        name: as it was given.
        problems: for which it cannot be trained, or its results cannot be trusted.
        notes: what else is worth knowing.
    """

    name: str
    problems: Sequence[str]
    notes: Sequence[str]

    def __str__(self) -> str:
        text = "can be used." if not self.problems else "cannot be used as it is."
        lines = [f"{self.name} {text}"]
        lines += [f"- PROBLEM: {problem}" for problem in self.problems]
        return "\n".join([*lines, *(f"- {note}" for note in self.notes)])


def check_initializer(
    class_name: str, role: Role = "kernel", config: Mapping[str, Any] | None = None
) -> Tried:
    """Runs the checks that the initializers of this project pass.

    Args:
        class_name: an initializer as in a configuration: `my_file.py:name`, or one of Keras or of
            the literature.
        role: "kernel" or "bias".
        config: its parameters, without the seed.

    Returns:
        What was found, in words if it is printed.

    Raises:
        StudyError: if there is no such initializer.

    Examples:
        >>> print(check_initializer("my_initializers.py:narrow"))
    """
    config = config or {}
    if not is_custom(class_name) and class_name not in known_initializers():
        hint = suggest(class_name, [name for name in known_initializers() if name.islower()])
        raise StudyError(f"{class_name!r} is not an initializer of Keras{hint}")
    problems: list[str] = []
    notes: list[str] = []
    shapes: Sequence[tuple[int, ...]] = (*DENSE, *CONVOLUTIONS) if role == "kernel" else BIASES

    def draw(shape: tuple[int, ...], seed: int, dtype: str = "float32") -> npt.NDArray[Any]:
        # As a run has it, which casts what NumPy has drawn.
        values = converted(make_initializer(class_name, config, seed), shape, dtype)
        return np.asarray(keras.ops.convert_to_numpy(values))

    made: dict[tuple[int, ...], npt.NDArray[Any]] = {}
    refused: dict[tuple[int, ...], str] = {}
    for shape in shapes:
        try:
            made[shape] = draw(shape, 0)
        except Exception as error:  # noqa: BLE001 - own code raises of many kinds
            refused[shape] = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    for shape, reason in refused.items():
        text = f"it makes no {role} of shape {shape} ({reason})"
        # Whoever has no convolutions need not make kernels for them.
        if shape in CONVOLUTIONS:
            notes.append(f"For dense layers only: {text}.")
        else:
            problems.append(f"{text[0].upper()}{text[1:]}.")
    for shape, values in made.items():
        if values.shape != shape:
            problems.append(f"Asked for the shape {shape}, it returns {values.shape}.")
        elif not np.isfinite(values).all():
            problems.append(f"Some of its values of shape {shape} are not finite numbers.")
    whole = {shape: values for shape, values in made.items() if values.shape == shape}
    if problems or not whole:
        return Tried(class_name, problems, notes)

    again = {shape: draw(shape, 0) for shape in whole}
    others = {shape: draw(shape, 1) for shape in whole}
    if any(not np.array_equal(values, again[shape]) for shape, values in whole.items()):
        problems.append(
            "With the same seed it gives other values each time: draw all that is random from the "
            "seed, or no run can be repeated, and variants are not compared in pairs."
        )
    elif all(np.array_equal(values, others[shape]) for shape, values in whole.items()):
        notes.append(
            "It is a deterministic initializer: it makes the same values from every seed. Its "
            "runs differ by the order of the examples alone."
        )
    if role == "kernel":
        notes += _scales({shape: values for shape, values in whole.items() if shape in DENSE})
        notes += _copies(whole)
        notes += _signals(draw)
    return Tried(class_name, problems, notes)


def _scales(kernels: Mapping[tuple[int, ...], npt.NDArray[Any]]) -> list[str]:
    """How large the weights are, as a factor of what keeps a signal's size."""
    factors = {
        shape: float(np.sqrt(np.mean(np.square(values, dtype=np.float64)) * shape[0]))
        for shape, values in kernels.items()
    }
    told = ", ".join(f"{factor:.2f} for {shape}" for shape, factor in factors.items())
    return [
        "Scale by layer, as the root mean square of the weights times the root of their number of "
        f"inputs: {told}. (1 keeps the size of a signal without an activation, LeCun's; 1.41 with "
        "ReLU, He's.)"
    ]


def _copies(kernels: Mapping[tuple[int, ...], npt.NDArray[Any]]) -> list[str]:
    found = []
    for shape, values in kernels.items():
        units = values.reshape(-1, shape[-1])
        # More units than inputs may have to repeat some.
        copies = shape[-1] - len(np.unique(units, axis=1).T)
        if copies:
            found.append(f"{copies} of {shape[-1]} units of shape {shape}")
    if not found:
        return []
    return [
        f"Units are copies of others: {'; '.join(found)}. Such units learn the same until "
        "something makes them differ."
    ]


def _signals(draw: Any) -> list[str]:
    """What becomes of a signal on its way through many layers."""
    told = []
    kernels = [draw((WIDTH, WIDTH), weight_seed(0, layer, 0)) for layer in range(DEPTH)]
    inputs = np.random.default_rng(0).normal(size=(200, WIDTH)).astype("float32")
    for name in ("relu", "tanh"):
        activation, x = keras.activations.get(name), inputs
        for kernel in kernels:
            with np.errstate(over="ignore", invalid="ignore"):
                entering = x @ kernel
                size = float(np.std(entering, dtype=np.float64))
            x = keras.ops.convert_to_numpy(activation(keras.ops.convert_to_tensor(entering)))
        if not math.isfinite(size):
            told.append(f"overflows ({name})")
        else:
            told.append(f"{size:.2g} times as large ({name})")
    return [
        f"A signal that enters {DEPTH} layers of {WIDTH} units enters the last one "
        f"{' and '.join(told)}."
    ]
