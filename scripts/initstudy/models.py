"""The networks that are trained, as Keras models and optimizers."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from initstudy.backend import keras
from initstudy.initializers import make_initializer, weight_seed


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

    def call(self, inputs: Any) -> Any:
        """Maps (batch, fan_in) to (batch, units)."""
        outputs = keras.ops.matmul(inputs, keras.ops.transpose(self.kernel))
        return self.activation(keras.ops.add(outputs, self.bias))


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
        kernel_initializer: {class_name, config}, for all layers.
        bias_initializer: {class_name, config}, for all layers.
        replicate: decides the random numbers, see `initializers.weight_seed`.

    Returns:
        A built `keras.Sequential`.
    """

    def initializer(spec: Mapping[str, Any], seed: int) -> Any:
        return make_initializer(spec["class_name"], spec["config"], seed)

    sizes = [*hidden_units, classes]
    activations = [activation] * len(hidden_units) + ["softmax"]
    return keras.Sequential(
        [
            keras.Input((features,)),
            *(
                TransposedDense(
                    units,
                    function,
                    initializer(kernel_initializer, weight_seed(replicate, layer, "kernel")),
                    initializer(bias_initializer, weight_seed(replicate, layer, "bias")),
                )
                for layer, (units, function) in enumerate(zip(sizes, activations, strict=True))
            ),
        ]
    )


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
