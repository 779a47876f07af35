"""Tries an initializer on kernels or biases of many shapes, and says in words what it found."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.engine.backend import keras
from initstudy.engine.initializers import Role, weight_seed
from initstudy.engine.spec import is_custom
from initstudy.errors import StudyError
from initstudy.training.initializer_checks import Shape, Spec, drawn, refusal, unknown

DENSE = ((784, 16), (16, 16), (16, 10), (64, 256), (256, 64))
CONVOLUTIONS = ((5, 5, 1, 6), (3, 3, 8, 16), (3, 3, 1, 8), (3, 4, 8))
BIASES = ((16,), (10,))
# Through so many layers of so many units a signal is sent.
DEPTH, WIDTH = 30, 128

Made = Mapping[Shape, npt.NDArray[Any]]


@dataclass(frozen=True)
class Tried:
    """What was found of an initializer.

    Attributes:
        name: as it was given.
        problems: for which it cannot be used, or its results cannot be trusted.
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
    """Run the checks that the initializers of this project pass.

    Args:
        class_name: an initializer as in a configuration: `my_file.py:name`, or one of Keras or of
            the literature.
        role: "kernel" or "bias".
        config: its parameters, without the seed.

    Returns:
        What was found, in words if it is printed.

    Raises:
        StudyError: if there is no such initializer, or if Keras refuses its parameters.

    Examples:
        >>> print(check_initializer("my_initializers.py:narrow"))
    """
    spec = {"class_name": class_name, "config": config or {}}
    if not is_custom(class_name) and (found := unknown(spec)):
        raise StudyError(found[1])
    shapes: Sequence[Shape] = (*DENSE, *CONVOLUTIONS) if role == "kernel" else BIASES
    reasons = {shape: refusal(spec, shape) for shape in shapes}
    problems, notes = [], []
    for why in dict.fromkeys(filter(None, reasons.values())):
        mine = [shape for shape in shapes if reasons[shape] == why]
        text = f"it makes no {role} of shape {', '.join(map(str, mine))}: {why}."
        # A network without convolutions needs no kernels of them.
        if {*mine} <= {*CONVOLUTIONS}:
            notes.append(f"For dense layers only: {text}")
        else:
            problems.append(f"{text[0].upper()}{text[1:]}")
    if problems:
        return Tried(class_name, problems, notes)
    made = {shape: drawn(spec, shape) for shape in shapes if not reasons[shape]}
    if all(np.array_equal(values, drawn(spec, shape, 1)) for shape, values in made.items()):
        notes.append(
            "It is a deterministic initializer: it makes the same values from every seed. Its "
            "runs differ by the order of the examples alone."
        )
    if role == "kernel":
        notes += [_scales(made), *_copies(made), _signals(spec)]
    return Tried(class_name, problems, notes)


def _scales(kernels: Made) -> str:
    """Return how large the weights are, as a factor of the size that keeps a signal's."""
    factors = {
        shape: np.sqrt(np.mean(np.square(values, dtype=np.float64)) * shape[0])
        for shape, values in kernels.items()
        if shape in DENSE
    }
    listed = ", ".join(f"{factor:.2f} for {shape}" for shape, factor in factors.items())
    return (
        "Scale by layer, as the root mean square of the weights times the root of their number of "
        f"inputs: {listed}. (1 keeps the size of a signal without an activation, LeCun's; 1.41 "
        "with ReLU, He's.)"
    )


def _copies(kernels: Made) -> Iterator[str]:
    found = []
    for shape, values in kernels.items():
        units = values.reshape(-1, shape[-1])
        # More units than inputs may have to repeat some.
        copies = shape[-1] - len(np.unique(units, axis=1).T)
        if copies:
            found.append(f"{copies} of {shape[-1]} units of shape {shape}")
    if found:
        yield (
            f"Units are copies of others: {'; '.join(found)}. Such units learn the same until "
            "something makes them differ."
        )


def _signals(spec: Spec) -> str:
    """Return what becomes of a signal on its way through many layers."""
    sizes = []
    kernels = [drawn(spec, (WIDTH, WIDTH), weight_seed(0, layer, 0)) for layer in range(DEPTH)]
    inputs = np.random.default_rng(0).normal(size=(200, WIDTH)).astype("float32")
    for name in ("relu", "tanh"):
        activation, x, size = keras.activations.get(name), inputs, 0.0
        for kernel in kernels:
            with np.errstate(over="ignore", invalid="ignore"):
                entering = x @ kernel
                size = float(np.std(entering, dtype=np.float64))
            x = keras.ops.convert_to_numpy(activation(keras.ops.convert_to_tensor(entering)))
        large = f"{size:.2g} times as large" if math.isfinite(size) else "overflows"
        sizes.append(f"{large} ({name})")
    return (
        f"A signal that enters {DEPTH} layers of {WIDTH} units enters the last one "
        f"{' and '.join(sizes)}."
    )
