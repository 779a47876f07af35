"""Initializers by their names, one fresh instance for every layer, role and seed."""

import contextlib
import importlib
import inspect
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from initstudy.engine.backend import keras
from initstudy.engine.literature import PLACES
from initstudy.engine.spec import is_custom
from initstudy.engine.user_code import load

Role = Literal["kernel", "bias"]
ROLES: tuple[Role, Role] = ("kernel", "bias")

# First part of the spawn key of every random stream, so that no two can ever be the same one; the
# others are in `data`.
WEIGHTS, OTHERS = 0, 3


class FromFunction(keras.initializers.Initializer):  # type: ignore[misc]
    """A user-defined function of shape, dtype and seed as an initializer.

    Args:
        function: returns an array of the shape.
        config: its further arguments.
        seed: of the random numbers.
    """

    def __init__(self, function: Any, config: Mapping[str, Any], seed: int) -> None:
        self.function, self.config, self.seed = function, dict(config), seed

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """Return what the function returns for that shape."""
        dtype = dtype or "float32"
        values = self.function(shape=tuple(shape), dtype=dtype, seed=self.seed, **self.config)
        return keras.ops.convert_to_tensor(values, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        """Return all that it was made of."""
        return {"function": self.function, "config": self.config, "seed": self.seed}


def known_initializers() -> dict[str, type[Any]]:
    """Return the classes of Keras' initializers and of ours by name (`he_normal`, `HeNormal`)."""

    def ours(place: str) -> type[Any]:
        module, _, name = place.partition(":")
        imported = importlib.import_module(f"initstudy.engine.literature.{module}")
        found: type[Any] = getattr(imported, name)
        return found

    return {name: ours(place) for name, place in PLACES.items()} | {
        name: value
        for name, value in vars(keras.initializers).items()
        if inspect.isclass(value)
        and issubclass(value, keras.initializers.Initializer)
        and value is not keras.initializers.Initializer
    }


def weight_seed(seed: int, *key: int) -> int:
    """Return the seed of one weight in a run.

    It does not depend on the variant, so variants are compared in pairs that share their random
    numbers (common random numbers: Law, 2015, Simulation Modeling and Analysis, section 11.2).

    Args:
        seed: of the run, from 0.
        key: the number of the layer, from 0 at the input; 0 for its kernel, 1 for its bias; and a
            third number if the layer has several of these, from the second one on.

    Returns:
        A whole number in [0, 2**31), as TensorFlow's stateless generators take it.
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(WEIGHTS, *key))
    return int(sequence.generate_state(1)[0] >> 1)


def other_seed(seed: int) -> int:
    """Return the seed of all that a user's model draws besides kernels and biases; see above."""
    sequence = np.random.SeedSequence(seed, spawn_key=(OTHERS,))
    return int(sequence.generate_state(1)[0] >> 1)


def make_initializer(class_name: str, config: Mapping[str, Any], seed: int) -> Any:
    """Return a fresh Keras initializer.

    Keras gives two layers of the same shape the same weights if they share an instance, seeded or
    not: hence one instance for each use.

    Args:
        class_name: a name from `known_initializers`, or `file.py:name` of a user's own class or
            function.
        config: its parameters, without `seed`.
        seed: used if the class takes one, by name or among others (constants do not).

    Raises:
        KeyError: if there is no such initializer.
        TypeError, ValueError: from Keras, if it refuses the parameters.
        Exception: whatever a user's own code raises.
    """
    cls: Any = _custom(class_name) if is_custom(class_name) else known_initializers()[class_name]
    if not inspect.isclass(cls):
        return FromFunction(cls, config, seed)
    parameters = inspect.signature(cls).parameters
    make: Any = cls
    given: dict[str, Any] = {"seed": seed} if "seed" in parameters else {}
    if not given and any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        # It may pass on what it is given.
        with contextlib.suppress(TypeError):
            return make(**config, seed=seed)
    return make(**config, **given)


def _custom(class_name: str) -> Any:
    """Return a user's own Keras initializer or function."""
    found = load(class_name)
    if inspect.isclass(found) and issubclass(found, keras.initializers.Initializer):
        return found
    name = class_name.rpartition(":")[2]
    if isinstance(found, keras.initializers.Initializer):
        kind = type(found).__name__
        raise TypeError(f"{name!r} is one {kind}, not a class: name the class, {kind}")
    if inspect.isclass(found) or not callable(found):
        raise TypeError(f"{name!r} is neither a keras.initializers.Initializer nor a function")
    return found
