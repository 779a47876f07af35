"""The networks that are trained, as Keras models with the weights that each seed starts from."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from initstudy.engine.backend import keras, tf
from initstudy.engine.errors import EngineError
from initstudy.engine.initializers import Role, other_seed
from initstudy.engine.layers import layers_of, with_own_variables
from initstudy.engine.losses import Objective, objective_of, usual_objective
from initstudy.engine.spec import RunSpec, last_layer
from initstudy.engine.user_code import load
from initstudy.engine.weights import Weight, draw, weights_of

kl = keras.layers
# Layers of which XLA makes at least as fast code for a CPU as TensorFlow has.
FOR_XLA = {
    *(kl.InputLayer, kl.Dense, kl.Flatten, kl.Reshape, kl.Identity, kl.Rescaling),
    *(kl.Activation, kl.ReLU, kl.LeakyReLU, kl.PReLU, kl.ELU, kl.Softmax),
    *(kl.Dropout, kl.AlphaDropout, kl.GaussianDropout, kl.GaussianNoise, kl.ActivityRegularization),
    *(kl.BatchNormalization, kl.LayerNormalization, kl.UnitNormalization),
    *(kl.Add, kl.Subtract, kl.Multiply, kl.Average, kl.Concatenate),
    *(kl.LSTM, kl.GRU, kl.SimpleRNN),
}
# A number of a seed that no study has: of models that are made to be compared with another one.
ANOTHER = 2**31 - 1


@dataclass(frozen=True)
class Network:
    """A model as one seed starts it.

    Attributes:
        model: of Keras.
        weights: all of it, see `weights.weights_of`.
        rules: by the index of a weight, the initializer of the study that has drawn it.
        objective: what it is trained for.
    """

    model: Any
    weights: Sequence[Weight]
    rules: Mapping[int, Any]
    objective: Objective = field(default_factory=usual_objective)


class Networks:
    """Makes the network of each seed: what a function returns, with what a study draws of it.

    Args:
        make: returns the model of a seed, which decides all that it draws.
        initializers: of each role, see `weights.assigned`.
        make_objective: what a model is trained for.
    """

    def __init__(
        self,
        make: Callable[[int], Any],
        initializers: Mapping[Role, Mapping[str, Any]],
        make_objective: Callable[[Any], Objective] = usual_objective,
    ) -> None:
        self._make, self._make_objective = make, make_objective
        self._initializers = initializers
        # Which weights are drawn is seen at the first model, and holds for all that are like it.
        self._known: dict[tuple[Any, ...], Sequence[Weight]] = {}

    def __call__(self, seed: int) -> Network:
        """Return the network of a seed.

        Raises:
            EngineError: if the initializers are not for such a network.
            Exception: whatever the user's code raises.
        """
        model = self._make(seed)
        kind = tuple((variable.path, tuple(variable.shape)) for variable in model.variables)
        if kind not in self._known:
            self._known[kind] = weights_of(model, self._make(ANOTHER))
        weights = self._known[kind]
        rules = draw(model, weights, self._initializers, seed)
        return Network(model, weights, rules, self._make_objective(model))


def networks_of(spec: RunSpec, shape: Sequence[int], outputs: int, one_of: bool = True) -> Networks:
    """Return what makes the network of each seed of a run.

    Args:
        spec: of the run.
        shape: of an input.
        outputs: how many classes, labels or numbers there are.
        one_of: whether an example is of one of several classes.
    """
    model = spec.model
    if "build" in model:
        make = user_model(model["build"], shape, outputs)
    else:
        last = last_layer(spec.loss, spec.metric, outputs, one_of)
        make = dense_model(math.prod(shape), model["hidden_units"], model["activation"], *last)
    initializers: dict[Role, Mapping[str, Any]] = {
        "kernel": spec.kernel_initializer,
        "bias": spec.bias_initializer,
    }
    return Networks(make, initializers, lambda model: objective_of(spec, model))


def dense_model(
    features: int,
    hidden_units: Sequence[int],
    activation: str,
    outputs: int,
    last: str | None = "softmax",
) -> Callable[[int], Any]:
    """Return what makes a multilayer perceptron.

    Args:
        features: numbers per input.
        hidden_units: units of each hidden layer.
        activation: of the hidden layers, a Keras identifier.
        outputs: units of the last layer.
        last: its activation.
    """
    sizes = [*((units, activation) for units in hidden_units), (outputs, last)]
    # The names that Keras would give them in a new session. To begin one, as `user_model` must,
    # makes TensorFlow prepare all that it has compiled again, which takes longer than an epoch.
    names = ["dense", *(f"dense_{number}" for number in range(1, len(sizes)))]

    def make(seed: int) -> Any:
        layers = [
            keras.layers.Dense(*size, name=name) for size, name in zip(sizes, names, strict=True)
        ]
        return keras.Sequential([keras.Input((features,)), *layers], name="sequential")

    return make


def user_model(build: str, shape: Sequence[int], outputs: int) -> Callable[[int], Any]:
    """Return what makes a user's own model.

    Args:
        build: `file.py:name` of a function that is called with the shape of an input, (rows,
            columns, channels) of images, and the number of classes, labels or numbers.
        shape: of an input.
        outputs: that number.
    """

    def make(seed: int) -> Any:
        return returned_model(build, shape, outputs, seed)

    return make


def returned_model(
    build: str, shape: Sequence[int], outputs: int, seed: int, faster: bool = True
) -> Any:
    """Call a user's own function for the model that a seed starts from.

    Args:
        build: see `user_model`.
        shape: of an input, see `user_model`.
        outputs: how many classes, labels or numbers there are.
        seed: decides all that the code draws.
        faster: whether normalizations by batch may compute in a faster way.

    Returns:
        That model, as the function returned it, with all variables that it has.

    Raises:
        TypeError: if it is not a Keras model.
        EngineError: if it cannot be called, takes other inputs, or sets what all of Keras depends
            on.
        Exception: whatever the user's code raises.
    """
    # Names are then the same each time, and paths with them.
    keras.utils.clear_session(free_memory=False)
    # For what else is random: other layers' weights, dropout.
    keras.utils.set_random_seed(other_seed(seed))
    with own_settings():
        made = load(build)(tuple(shape), outputs)
        if not isinstance(made, keras.Model):
            raise TypeError(f"it returns {made!r}, which is not a Keras model")
        if type(made).call is keras.Model.call:
            raise EngineError(f"its class {type(made).__name__} has no method call; write one")
        if len(getattr(made, "inputs", None) or [None]) > 1:
            raise EngineError(f"its model has {len(made.inputs)} inputs; give it one")
        taken = tuple(made.inputs[0].shape[1:]) if getattr(made, "inputs", None) else (None,)
        if None not in taken and math.prod(taken) != math.prod(shape):
            raise EngineError(
                f"its model takes inputs of the shape {taken}, but those of the data set have "
                f"{tuple(shape)}. Write keras.Input(shape) with the shape that the function gets"
            )
        # Some layers make variables only when they are called.
        made(as_input(made, keras.ops.zeros((batch_of(made) or 2, math.prod(shape))), shape))
    for layer in layers_of(made) if faster else []:
        _fuse(layer)
    return made


@contextmanager
def own_settings() -> Iterator[None]:
    """Keep what a user's code sets for all of Keras from all else in this process.

    Raises:
        EngineError: if it sets what also decides how Keras computes a loss.
    """
    config = keras.config
    policy, floatx = config.dtype_policy(), config.floatx()
    others = config.image_data_format(), config.epsilon()
    try:
        yield
        if config.floatx() != floatx or config.epsilon() != others[1]:
            what = f"floatx to {config.floatx()}" if config.floatx() != floatx else "epsilon"
            raise EngineError(
                f"it sets {what} for all of Keras, which decides how losses are computed, too. "
                "Remove that line; give layers a dtype instead, or set a dtype policy."
            )
    finally:
        config.set_floatx(floatx)
        config.set_dtype_policy(policy)
        config.set_image_data_format(others[0])
        config.set_epsilon(others[1])


def batch_of(model: Any) -> int | None:
    """Return the number of inputs that a model takes at once; None if it takes any."""
    inputs = getattr(model, "inputs", None)
    return inputs[0].shape[0] if inputs else None


def as_input(model: Any, x: Any, shape: Sequence[int]) -> Any:
    """Return rows of numbers in the shape that a model takes.

    Args:
        model: that takes them.
        x: (examples, features).
        shape: of an example, which a model without inputs takes.
    """
    inputs = getattr(model, "inputs", None)
    taken = tuple(inputs[0].shape[1:]) if inputs else tuple(shape)
    if None in taken and math.prod(shape) == math.prod(x.shape[1:]):
        taken = tuple(shape)
    return x if len(taken) == 1 else keras.ops.reshape(x, (-1, *taken))


def suits_xla(model: Any) -> bool:
    """Return whether XLA trains a model at least as fast on a CPU as TensorFlow's own kernels do.

    It does so, or nearly, for dense and recurrent layers, with whatever works on each unit by
    itself; but it has no fast convolution, pooling or attention, and of a layer of a user's own
    nothing is known. Measured by `make bench`, see docs/performance.md.
    """
    if not getattr(model, "inputs", None):
        return False
    if any(layer.compute_dtype != "float32" for layer in layers_of(model)):
        return False
    # Of a functional model these are its calls of functions of keras.ops, too.
    parts = getattr(model, "operations", model.layers)
    return all(
        suits_xla(part) if isinstance(part, keras.Model) else type(part) in FOR_XLA
        for part in parts
    )


def adapt(network: Network, inputs: Any) -> None:
    """Let those initializers that look at more than a kernel's shape see the network and data.

    An initializer that has a method `adapt(model, layers, inputs)` is one: of each such class, the
    method of its first layer is called once, with all layers that it has drawn.

    Args:
        network: freshly drawn.
        inputs: a batch of what it will be trained on, as the model takes it.

    Raises:
        EngineError: if one cannot do with this network what it is to do.
    """
    owned = [layer for layer, _ in with_own_variables(network.model)]
    drawn: dict[tuple[str, str], list[Any]] = {}
    for weight in network.weights:
        rule = network.rules.get(weight.index)
        if hasattr(rule, "adapt"):
            layer = owned[weight.owner]
            if getattr(layer, "kernel", None) is not network.model.variables[weight.index]:
                raise EngineError(
                    f"{type(rule).__name__} looks at the kernel of each layer, but {weight.path} "
                    "is not the attribute kernel of its layer."
                )
            layer.kernel_initializer = rule
            # By its name, since a user's file is run again for each layer.
            kind = type(rule)
            drawn.setdefault((kind.__module__, kind.__qualname__), []).append(layer)
    for layers in drawn.values():
        layers[0].kernel_initializer.adapt(network.model, layers, inputs)


def _fuse(layer: Any) -> None:
    """Have Keras' normalization by batch over images compute as one operation, which is faster.

    Keras computes it, in training, by some thirty small operations of TensorFlow's, which take a
    third of a small residual network's time.
    """
    if not (
        type(layer) is kl.BatchNormalization
        and (layer.input_spec.ndim, layer.axis) in ((4, -1), (4, 3))
        and layer.scale
        and layer.center
        and layer.trainable
        and not layer.renorm
        and (layer.compute_dtype, layer.variable_dtype) == ("float32", "float32")
    ):
        return
    usual = layer.call

    def call(inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if not training or mask is not None:
            return usual(inputs, training, mask)
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, layer.gamma.value, layer.beta.value, epsilon=layer.epsilon, is_training=True
        )
        # TensorFlow gives that of what the batch is a sample of, Keras keeps that of the batch.
        places = tf.cast(tf.size(inputs) / inputs.shape[-1], tf.float32)
        variance *= (places - 1) / places
        for moving, now in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
            moving.assign(moving * layer.momentum + now * (1 - layer.momentum))
        return outputs

    layer.call = call
