"""Keras initializers, one fresh instance for every layer, role and replicate."""

import inspect
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from initstudy.backend import keras

Role = Literal["kernel", "bias"]
ROLES: tuple[Role, Role] = ("kernel", "bias")

# First part of the spawn key of every random stream, so that no two can ever be the same one.
WEIGHTS, DATA_ORDER = 0, 1


def known_initializers() -> dict[str, type[Any]]:
    """All names Keras has for its initializers (`he_normal`, `HeNormal`), with their classes."""
    return {
        name: value
        for name, value in vars(keras.initializers).items()
        if inspect.isclass(value)
        and issubclass(value, keras.initializers.Initializer)
        and value is not keras.initializers.Initializer
    }


def weight_seed(replicate: int, layer: int, role: Role) -> int:
    """The seed of one layer's kernel or bias in one replicate.

    It does not depend on the variant, so variants are compared in pairs that share their random
    numbers (common random numbers: Law, 2015, Simulation Modeling and Analysis, section 11.2).

    Args:
        replicate: number of the replicate, from 0.
        layer: number of the layer, from 0 at the input.
        role: "kernel" or "bias".

    Returns:
        A whole number in [0, 2**31), as TensorFlow's stateless generators take it.
    """
    sequence = np.random.SeedSequence(replicate, spawn_key=(WEIGHTS, layer, ROLES.index(role)))
    return int(sequence.generate_state(1)[0] >> 1)


def make_initializer(class_name: str, config: Mapping[str, Any], seed: int) -> Any:
    """A fresh Keras initializer.

    Keras gives two layers of the same shape the same weights if they share an instance, seeded or
    not: hence one instance for each use.

    Args:
        class_name: a name from `known_initializers`.
        config: its parameters, without `seed`.
        seed: used if the class takes one (constants do not).

    Raises:
        KeyError: if Keras has no such initializer.
        TypeError, ValueError: from Keras, if it refuses the parameters.
    """
    cls = known_initializers()[class_name]
    if "seed" in inspect.signature(cls).parameters:
        return cls(**config, seed=seed)
    return cls(**config)
