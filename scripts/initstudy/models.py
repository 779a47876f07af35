"""The networks that are trained, as Keras models and optimizers."""

import math
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from initstudy.backend import keras
from initstudy.initializers import Role, make_initializer, weight_seed
from initstudy.literature import LSUV
from initstudy.names import PER_LAYER


class TransposedDense(keras.layers.Layer):  # type: ignore[misc]
    """A `keras.layers.Dense` that stores its kernel as (units, fan_in).

    The values are those Keras would draw for (fan_in, units), and the outputs are the same to the
    last bit. What changes is the gradient of the kernel: it becomes gᵀx, which XLA compiles for a
    CPU far better than xᵀg.

    Args:
        units: number of outputs.
        activation: a Keras identifier.
        kernel_initializer: called with the shape (fan_in, units).
        bias_initializer: called with the shape (units,).
    """

    def __init__(
        self, units: int, activation: str, kernel_initializer: Any, bias_initializer: Any
    ) -> None:
        super().__init__()
        self.units = units
        self.activation = keras.activations.get(activation)
        self.kernel_initializer = kernel_initializer
        self.bias_initializer = bias_initializer

    def build(self, input_shape: Sequence[int]) -> None:
        """Draws the weights, for inputs of shape (batch, fan_in)."""

        def transposed(shape: Sequence[int], dtype: Any = None) -> Any:
            return keras.ops.transpose(self.kernel_initializer(shape[::-1], dtype=dtype))

        self.kernel = self.add_weight(
            shape=(self.units, input_shape[-1]), initializer=transposed, name="kernel"
        )
        self.bias = self.add_weight(
            shape=(self.units,), initializer=self.bias_initializer, name="bias"
        )

    def linear(self, inputs: Any) -> Any:
        """What enters the activation, (batch, units), for inputs (batch, fan_in)."""
        outputs = keras.ops.matmul(inputs, keras.ops.transpose(self.kernel))
        return keras.ops.add(outputs, self.bias)

    def call(self, inputs: Any) -> Any:
        """Maps (batch, fan_in) to (batch, units)."""
        return self.activation(self.linear(inputs))


def build_model(
    features: int,
    hidden_units: Sequence[int],
    activation: str,
    classes: int,
    kernel_initializer: Mapping[str, Any],
    bias_initializer: Mapping[str, Any],
    replicate: int,
) -> Any:
    """A multilayer perceptron with a softmax at its end, as one replicate starts it.

    Args:
        features: numbers per input.
        hidden_units: units of each hidden layer.
        activation: of the hidden layers, a Keras identifier.
        classes: numbers per output.
        kernel_initializer: {class_name, config}, for all layers; or the class_name `layers` with
            the config {layers: [one for each layer, from the input on]}.
        bias_initializer: likewise.
        replicate: decides the random numbers, see `initializers.weight_seed`.

    Returns:
        A built `keras.Sequential`.
    """

    def initializer(spec: Mapping[str, Any], layer: int, role: Role) -> Any:
        mine = spec["config"]["layers"][layer] if spec["class_name"] == PER_LAYER else spec
        seed = weight_seed(replicate, layer, role)
        return make_initializer(mine["class_name"], mine["config"], seed)

    sizes = [*hidden_units, classes]
    activations = [activation] * len(hidden_units) + ["softmax"]
    return keras.Sequential(
        [
            keras.Input((features,)),
            *(
                TransposedDense(
                    units,
                    function,
                    initializer(kernel_initializer, layer, "kernel"),
                    initializer(bias_initializer, layer, "bias"),
                )
                for layer, (units, function) in enumerate(zip(sizes, activations, strict=True))
            ),
        ]
    )


def adapt(model: Any, inputs: Any) -> None:
    """Scales the kernels whose initializer looks at data (`literature.LSUV`), from the input on.

    Args:
        model: from `build_model`, freshly drawn.
        inputs: a batch of what it will be trained on, float32 (images, features).

    Raises:
        ValueError: if a layer's outputs do not vary at all, so that no scale helps.
    """
    for layer in model.layers:
        rule = layer.kernel_initializer
        if isinstance(rule, LSUV):
            for _ in range(rule.steps):
                variance = float(keras.ops.var(layer.linear(inputs)))
                if not 0 < variance < math.inf:
                    raise ValueError(f"LSUV: the outputs of a layer have the variance {variance}")
                if abs(variance - 1) < rule.tolerance:
                    break
                layer.kernel.assign(layer.kernel / math.sqrt(variance))
        inputs = layer(inputs)


def build_optimizer(optimizer: Mapping[str, Any], variables: Sequence[Any]) -> Any:
    """A fresh Keras optimizer whose slots are made for these variables.

    Args:
        optimizer: {class_name, config}.
        variables: a model's trainable variables.

    Raises:
        ValueError: from Keras, if it refuses the name or the parameters.
    """
    built = keras.optimizers.get(deepcopy(dict(optimizer)))  # get() changes what it is given
    built.build(variables)
    return built
