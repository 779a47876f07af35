"""Networks and optimizers as a run makes them, of short specs."""

from collections.abc import Callable, Sequence
from typing import Any

from specs import keras_object

from initstudy.engine.models import Network, Networks, dense_model, user_model
from initstudy.engine.optimizers import make_optimizer
from initstudy.engine.trainer import Trainer

Spec = dict[str, Any]
HE, ZEROS, ADAM = keras_object("he_normal"), keras_object("zeros"), keras_object("adam")


def dense(
    features: int,
    hidden_units: Sequence[int],
    activation: str,
    classes: int,
    kernel: Spec = HE,
    bias: Spec = ZEROS,
) -> Networks:
    """A multilayer perceptron of each seed."""
    make = dense_model(features, hidden_units, activation, classes)
    return Networks(make, {"kernel": kernel, "bias": bias})


def own(
    build: str, shape: Sequence[int], classes: int, kernel: Spec = HE, bias: Spec = ZEROS
) -> Networks:
    """A user's network of each seed."""
    return Networks(user_model(build, shape, classes), {"kernel": kernel, "bias": bias})


def optimizing(optimizer: Spec) -> Callable[[Any], Any]:
    """What makes the optimizer of a model."""
    return lambda model: make_optimizer(optimizer, model)


def trained(trainer: Trainer, replicate: int, epochs: int) -> list[tuple[float, ...]]:
    """What each epoch gave, but for its time."""
    return [epoch[:4] for epoch in trainer.train(replicate, epochs)]


def kernels(network: Network) -> list[Any]:
    """The kernels that a study draws, in the order of the layers."""
    drawn = [w for w in network.weights if w.index in network.rules and w.role == "kernel"]
    return [network.model.variables[weight.index] for weight in drawn]


def shadowed(trainer: Trainer) -> list[str]:
    """The paths of the weights that are trained transposed."""
    pairs = zip(trainer.network.model.variables, trainer.shadows.variables, strict=True)
    return [variable.path for variable, shadow in pairs if variable is not shadow]
