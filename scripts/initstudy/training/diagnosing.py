"""What goes through a network, layer by layer: measured at chosen moments of its training."""

import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.engine.backend import tf
from initstudy.engine.models import kernel_layers
from initstudy.engine.trainer import Trainer

# Training images that are sent through the network.
IMAGES = 1000
# Outputs that differ by less than this part of the largest are equal but for float32's rounding.
ROUNDING = 1e-5


def measuring(trainer: Trainer) -> Callable[[], list[tuple[Any, ...]]]:
    """What measures each layer of the trainer's network, made once for all replicates.

    The layers are those with a kernel and an activation, in the order in which the images meet
    them; if an activation is a layer of its own, it is not part of them. A convolution's units are
    its channels, each at all places.

    Args:
        trainer: of the variant.

    Returns:
        A function that measures the network as it is at that moment, and leaves it and its
        optimizer so. It returns for each layer its name, its units and `diagnostics.MEASURES`.
    """
    model, optimizer = trainer.model, trainer.optimizer
    weights, variables = model.trainable_variables, [*model.variables, *optimizer.variables]
    names: list[str] = []

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def signals() -> Any:
        # Calling the model in training changes it, too: dropout, normalization.
        before = [tf.identity(variable) for variable in variables]
        with tf.GradientTape() as tape, _noted(model) as noted:
            loss = tf.reduce_mean(trainer.sample_losses(IMAGES))
        layers, sums, outputs = zip(*noted, strict=True)
        names[:] = [_named(layer) for layer in layers]
        gradients, by_weight = tape.gradient(loss, (list(sums), weights))
        kernels = [tf.identity(layer.kernel) for layer in layers]
        optimizer.apply(by_weight, weights)
        updates = [layer.kernel - kernel for layer, kernel in zip(layers, kernels, strict=True)]
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
        # What leaves a softmax is bounded, whatever the network does; what enters it is not.
        activations = [*outputs[:-1], sums[-1]]
        return list(zip(activations, gradients, kernels, updates, strict=True))

    def measure() -> list[tuple[Any, ...]]:
        layers = [[part.numpy() for part in layer] for layer in signals()]
        return [
            (
                name,
                activations.shape[-1],
                *_moments(activations),
                *_moments(gradients),
                *_idle_units(activations.reshape(-1, activations.shape[-1])),
                _norm(kernel),
                _norm(update),
            )
            for name, (activations, gradients, kernel, update) in zip(names, layers, strict=True)
        ]

    return measure


@contextmanager
def _noted(model: Any) -> Iterator[list[tuple[Any, Any, Any]]]:
    """Notes what enters and what leaves each layer's activation, while the model is called."""
    passed: list[tuple[Any, Any, Any]] = []

    def noting(layer: Any, activation: Any) -> Any:
        def call(sums: Any) -> Any:
            passed.append((layer, sums, activation(sums)))
            return passed[-1][-1]

        return call

    layers = [layer for layer in kernel_layers(model) if hasattr(layer, "activation")]
    own = [layer.activation for layer in layers]
    try:
        for layer, activation in zip(layers, own, strict=True):
            layer.activation = noting(layer, activation)
        yield passed
    finally:
        for layer, activation in zip(layers, own, strict=True):
            layer.activation = activation


def _named(layer: Any) -> str:
    """What a model calls a layer; what it is, if Keras has named it."""
    kind = type(layer).__name__.removeprefix("Transposed")
    plain = re.sub(r"_\d+$", "", layer.name).replace("_", "").removeprefix("transposed")
    return kind if plain == kind.lower() else str(layer.name)


def _moments(values: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Mean and standard deviation, nan if some value is not finite."""
    if not np.isfinite(values).all():
        return np.nan, np.nan
    return float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))


def _idle_units(outputs: npt.NDArray[np.float32]) -> tuple[float, float]:
    """The share of units that are dead, and of those that only repeat another one.

    Args:
        outputs: (images, units).
    """
    units = outputs.shape[1]
    if not np.isfinite(outputs).all():
        return np.nan, np.nan
    sizes = np.abs(outputs).max(axis=0)
    alive = np.ptp(outputs, axis=0) > ROUNDING * sizes
    # Units that put out the same have the same mean, so they are neighbours in this order.
    order = np.argsort(outputs.mean(axis=0, dtype=np.float64)[alive], kind="stable")
    ordered = outputs[:, alive][:, order]
    apart = np.abs(np.diff(ordered, axis=1)).max(axis=0) > ROUNDING * sizes[alive][order][1:]
    distinct = int(apart.sum()) + 1 if alive.any() else 0
    return 1 - float(alive.mean()), (int(alive.sum()) - distinct) / units


def _norm(values: npt.NDArray[np.float32]) -> float:
    # numpy.linalg.norm would wake all cores for it.
    norm = math.sqrt(np.square(values, dtype=np.float64).sum())
    return norm if math.isfinite(norm) else np.nan
