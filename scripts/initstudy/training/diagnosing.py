"""What goes through a network, layer by layer: measured at the measurement epochs."""

import functools
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.engine.backend import keras, tf
from initstudy.engine.calls import Call, noted
from initstudy.engine.layers import layers_of, with_own_variables
from initstudy.engine.models import Network
from initstudy.engine.trainer import Trainer
from initstudy.engine.weights import Weight

# Training examples that are sent through the network.
EXAMPLES = 1000
# Outputs that differ by less than this part of the largest are equal but for float32's rounding.
ROUNDING = 1e-5
# Layers and operations of TensorFlow's that are an activation, and layers that may come before one.
kl = keras.layers
ACTIVATING = (kl.Activation, kl.ReLU, kl.LeakyReLU, kl.PReLU, kl.ELU, kl.Softmax)
ACTIVATIONS = {
    *("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Tanh", "Sigmoid", "Softplus", "Softsign"),
}
NORMALIZING = (
    *(kl.BatchNormalization, kl.LayerNormalization, kl.GroupNormalization, kl.RMSNormalization),
    *(kl.UnitNormalization,),
)


def measuring(trainer: Trainer) -> Callable[[], list[tuple[Any, ...]]]:
    """Return a function that measures each kernel of a trainer's network, as it is then.

    They are in the order in which the examples meet their layers. Of each the signal is measured
    where it leaves the layer, and behind the activation that follows, be it a layer of its own
    behind a normalization; of what is called in a loop, as the cell of a recurrent layer, where it
    leaves the layer around it. A convolution's units are its channels, each at all places.

    Returns:
        A function that leaves network and optimizer as they are, and returns for each kernel the
        name of its layer, the layer's units and `contracts.MEASURES`.
    """

    @functools.lru_cache(maxsize=1)
    def signals(compilation: int) -> _Signals:
        return _Signals(trainer)

    return lambda: signals(trainer.compilations).measure()


class _Signals:
    """Measures the network that a trainer has compiled last."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._names: list[str] = []
        self._run = tf.function(self._signals, autograph=False)

    def measure(self) -> list[tuple[Any, ...]]:
        layers = [[part.numpy() for part in layer] for layer in self._run()]
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
            for name, (activations, gradients, kernel, update) in zip(
                self._names, layers, strict=True
            )
        ]

    def _signals(self) -> Any:
        trainer = self._trainer
        model, optimizer, shadows = trainer.network.model, trainer.optimizer, trainer.shadows
        weights, variables = shadows.trained, [*shadows.variables, *optimizer.variables]
        # Calling the model in training changes it, too: dropout, normalization.
        before = [tf.identity(variable) for variable in variables]
        with tf.GradientTape() as tape, noted(model) as calls:
            loss = tf.reduce_mean(trainer.sample_losses(EXAMPLES))
        sites = _sites(trainer.network, calls)
        self._names[:] = [site.name for site in sites]
        sums = [site.call.sums for site in sites]
        gradients, by_weight = tape.gradient(loss, (sums, [v.value for v in weights]))
        kernels = [shadows.of(site.kernel) for site in sites]
        values = [tf.identity(kernel) for kernel in kernels]
        optimizer.apply(by_weight, weights)
        updates = [kernel - value for kernel, value in zip(kernels, values, strict=True)]
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
        # What leaves a softmax is bounded, whatever the network does; what enters it is not.
        leaving = [*(site.activations for site in sites[:-1]), sums[-1]]
        dense = [
            tf.zeros_like(signal) if gradient is None else tf.convert_to_tensor(gradient)
            for signal, gradient in zip(leaving, gradients, strict=True)
        ]
        measured = zip(leaving, dense, values, updates, strict=True)
        return [[tf.cast(part, tf.float32) for part in site] for site in measured]


@dataclass(frozen=True)
class _Site:
    """Where the signal of a kernel is measured: its name, a call, what the activation gives."""

    name: str
    kernel: Any
    call: Call
    activations: Any


def _sites(network: Network, calls: Sequence[Call]) -> list[_Site]:
    """Return the kernels of a network, and what else is drawn, for each call of their layers."""
    model, drawn = network.model, network.rules
    measured = [w for w in network.weights if w.role == "kernel" or w.index in drawn]
    owners = [layer for layer, _ in with_own_variables(model)]
    by_owner: dict[int, list[Weight]] = {}
    for weight in (w for w in measured if len(w.shape) > 1 and w.role != "bias"):
        by_owner.setdefault(weight.owner, []).append(weight)
    seen = {owner: _seen(model, owners[owner], calls) for owner in by_owner}
    return [
        _Site(
            _named(model, owners[owner], weight, len(weights) > 1),
            model.variables[weight.index],
            call,
            _behind(call.leaving, calls),
        )
        for call in calls
        for owner, weights in by_owner.items()
        if call.layer is seen[owner]
        for weight in weights
    ]


def _seen(model: Any, layer: Any, calls: Sequence[Call]) -> Any:
    """Return the layer at which a kernel's signal is seen: its own, or the closest around it."""
    called = {id(call.layer) for call in calls}
    recurrent = [part for part in layers_of(model) if isinstance(part, keras.layers.RNN)]
    around = next((part for part in recurrent if layer in layers_of(part)), None)
    if around is None and id(layer) in called:
        return layer
    holding = [part for part in layers_of(model) if layer in layers_of(part) and id(part) in called]
    return around if around in holding else min(holding, key=lambda part: len(layers_of(part)))


def _behind(signal: Any, calls: Sequence[Call]) -> Any:
    """Return the output of an activation behind a signal, also behind a normalization."""
    followed = signal
    while True:
        for operation in followed.consumers():
            if operation.type in ACTIVATIONS:
                return operation.outputs[0]
        layers = [call for call in calls if call.entering is followed]
        for call in layers:
            if isinstance(call.layer, ACTIVATING):
                return call.leaving
        normal = [call for call in layers if isinstance(call.layer, NORMALIZING)]
        if not normal:
            return signal
        followed = normal[0].leaving


def _named(model: Any, layer: Any, weight: Weight, several: bool) -> str:
    """Return what a model calls a layer, by its path; what it is, if Keras has named it."""
    around, _, name = weight.path.rpartition("/")
    path = around.removeprefix(f"{model.name}/").split("/")[:-1]
    kind = type(layer).__name__
    plain = re.sub(r"_\d+$", "", layer.name).replace("_", "")
    shown = kind if plain == kind.lower() else str(layer.name)
    return "/".join([*path, shown, *([name] if several else [])])


def _moments(values: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Mean and standard deviation, nan if some value is not finite."""
    if not np.isfinite(values).all():
        return np.nan, np.nan
    return float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))


def _idle_units(outputs: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Return the share of units that are dead, and of those that only repeat another one.

    Args:
        outputs: (examples, units).
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
