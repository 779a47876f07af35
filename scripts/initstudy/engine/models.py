"""The networks that are trained, as Keras models and optimizers."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from initstudy.engine.backend import keras, tf
from initstudy.engine.initializers import Role, make_initializer, other_seed, weight_seed
from initstudy.engine.spec import PER_LAYER
from initstudy.engine.user_code import load


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
        use_bias: whether there are biases.
        name: of the layer.
    """

    def __init__(
        self,
        units: int,
        activation: Any,
        kernel_initializer: Any,
        bias_initializer: Any,
        use_bias: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.units = units
        self.activation = keras.activations.get(activation)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.use_bias = use_bias

    def build(self, input_shape: Sequence[int]) -> None:
        """Draws the weights, for inputs of shape (batch, fan_in)."""
        self.kernel = self.add_weight(
            shape=(self.units, input_shape[-1]),
            initializer=transposed(self.kernel_initializer),
            name="kernel",
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(self.units,), initializer=converted(self.bias_initializer), name="bias"
            )

    def call(self, inputs: Any) -> Any:
        """Maps (batch, ..., fan_in) to (batch, ..., units)."""
        outputs = keras.ops.matmul(inputs, keras.ops.transpose(self.kernel))
        if self.bias is not None:
            outputs = keras.ops.add(outputs, self.bias)
        return self.activation(outputs)

    def compute_output_shape(self, input_shape: Sequence[int]) -> tuple[int, ...]:
        """(batch, ..., units) for (batch, ..., fan_in)."""
        return (*input_shape[:-1], self.units)


class FusedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]
    """A `keras.layers.BatchNormalization` over the last axis of images, as one operation.

    Keras computes it, in training, by some thirty small operations of TensorFlow's, which take
    a third of a small residual network's time. It needs four axes, `scale` and `center`.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalizes float32 (batch, rows, columns, channels)."""
        if not training or mask is not None:
            return super().call(inputs, training, mask)
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, self.gamma, self.beta, epsilon=self.epsilon, is_training=True
        )
        # TensorFlow tells that of what the batch is a sample of, Keras keeps that of the batch.
        places = tf.cast(tf.size(inputs) / inputs.shape[-1], tf.float32)
        variance *= (places - 1) / places
        for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + now * (1 - self.momentum))
        return outputs


# Layers of which XLA makes at least as fast code for a CPU as TensorFlow has.
kl = keras.layers
FOR_XLA = {
    TransposedDense,
    *(kl.InputLayer, kl.Dense, kl.Flatten, kl.Reshape, kl.Identity, kl.Rescaling),
    *(kl.Activation, kl.ReLU, kl.LeakyReLU, kl.PReLU, kl.ELU, kl.Softmax),
    *(kl.Dropout, kl.AlphaDropout, kl.GaussianDropout, kl.GaussianNoise, kl.ActivityRegularization),
    *(kl.BatchNormalization, kl.LayerNormalization, kl.UnitNormalization),
    *(kl.Add, kl.Subtract, kl.Multiply, kl.Average, kl.Concatenate),
}


# Each of their units sees one channel alone.
DEPTHWISE = (kl.DepthwiseConv1D, kl.DepthwiseConv2D)


def converted(initializer: Any) -> Any:
    """What draws as the initializer does, with tensors of the dtype that is asked for: a user's own
    may return what NumPy has drawn, in float64.
    """

    def draw(shape: Sequence[int], dtype: Any = None) -> Any:
        return keras.ops.convert_to_tensor(initializer(tuple(shape), dtype=dtype), dtype=dtype)

    return draw


def depthwise(initializer: Any) -> Any:
    """What draws (..., channels, multiplier) as the initializer does for units that see one."""

    def draw(shape: Sequence[int], dtype: Any = None) -> Any:
        *places, channels, multiplier = shape
        values = converted(initializer)((*places, 1, channels * multiplier), dtype=dtype)
        return keras.ops.reshape(values, tuple(shape))

    return draw


def transposed(initializer: Any) -> Any:
    """What draws (units, fan_in) as the initializer draws (fan_in, units)."""

    def draw(shape: Sequence[int], dtype: Any = None) -> Any:
        return keras.ops.transpose(converted(initializer)(tuple(shape)[::-1], dtype=dtype))

    return draw


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
        kernel_initializer: {class_name, config}, for all layers; or with the class_name `layers`
            and as config {layers: [one for each layer, from the input on]} or {hidden, output}.
        bias_initializer: likewise.
        replicate: decides the random numbers, see `initializers.weight_seed`.

    Returns:
        A built `keras.Sequential`.
    """
    sizes = [*hidden_units, classes]
    activations = [activation] * len(hidden_units) + ["softmax"]
    return keras.Sequential(
        [
            keras.Input((features,)),
            *(
                TransposedDense(
                    units,
                    function,
                    layer_initializer(kernel_initializer, layer, len(sizes), "kernel", replicate),
                    layer_initializer(bias_initializer, layer, len(sizes), "bias", replicate),
                )
                for layer, (units, function) in enumerate(zip(sizes, activations, strict=True))
            ),
        ]
    )


def build_own_model(
    build: str,
    shape: Sequence[int],
    classes: int,
    kernel_initializer: Mapping[str, Any],
    bias_initializer: Mapping[str, Any],
    replicate: int,
) -> Any:
    """A person's own model, as one replicate starts it.

    Every layer that has a kernel is drawn anew from the initializers, whatever the person's code
    chose for it; all other weights start as that code says. Dense layers are replaced by
    `TransposedDense`.

    Args:
        build: `file.py:name` of a function that is called with the shape of an input, (rows,
            columns, channels) of images, and the number of classes.
        shape: of an input.
        classes: numbers per output.
        kernel_initializer: see `build_model`.
        bias_initializer: likewise.
        replicate: likewise.

    Raises:
        TypeError: if it returns no Keras model.
        ValueError: if that is neither a `keras.Sequential` nor a functional model, or if no layer
            of it has a kernel.
        Exception: whatever the person's code raises.
    """
    made = returned_model(build, shape, classes, replicate)
    return model_to_train(made, kernel_initializer, bias_initializer, replicate)


def returned_model(build: str, shape: Sequence[int], classes: int, replicate: int) -> Any:
    """Calls a person's own function for the model that one replicate starts from.

    Args:
        build: see `build_own_model`.
        shape: likewise.
        classes: likewise.
        replicate: likewise.

    Returns:
        That model, as the function returned it.

    Raises:
        TypeError: if it is no Keras model.
        ValueError: if it is neither a `keras.Sequential` nor a functional model.
        Exception: whatever the person's code raises.
    """
    # For what else is random: other layers' weights, dropout.
    keras.utils.set_random_seed(other_seed(replicate))
    made = load(build)(tuple(shape), classes)
    if not isinstance(made, keras.Model):
        raise TypeError(f"it returns {made!r}, which is no Keras model")
    if not getattr(made, "inputs", None):
        raise ValueError("its model is neither functional nor a keras.Sequential with an Input")
    return made


def model_to_train(
    made: Any,
    kernel_initializer: Mapping[str, Any],
    bias_initializer: Mapping[str, Any],
    replicate: int,
) -> Any:
    """Copies a model as it is trained: faster layers, and kernels and biases from the initializers.

    Args:
        made: as a person's own function returned it.
        kernel_initializer: see `build_own_model`.
        bias_initializer: likewise.
        replicate: likewise.

    Raises:
        ValueError: if no layer of it has a kernel.
        Exception: whatever Keras raises of a layer that cannot be copied.
    """
    # What it is compiled with is not used, and Keras cannot copy a loss of a person's own.
    made.compiled = False
    model = keras.models.clone_model(made, clone_function=_faster)
    layers = kernel_layers(model)
    if not layers:
        raise ValueError("no layer of its model has a kernel, so there is nothing to initialize")
    for number, layer in enumerate(layers):
        layer.kernel_initializer = layer_initializer(
            kernel_initializer, number, len(layers), "kernel", replicate
        )
        draw = converted(layer.kernel_initializer)
        if isinstance(layer, TransposedDense):
            draw = transposed(layer.kernel_initializer)
        elif isinstance(layer, DEPTHWISE):
            draw = depthwise(layer.kernel_initializer)
        layer.kernel.assign(draw(layer.kernel.shape, dtype=layer.kernel.dtype))
        if layer.bias is not None:
            draw = layer_initializer(bias_initializer, number, len(layers), "bias", replicate)
            layer.bias.assign(converted(draw)(layer.bias.shape, dtype=layer.bias.dtype))
    return model


def kernel_layers(model: Any) -> list[Any]:
    """The layers of a model that have a kernel, from the input on; not those inside of others."""
    return [
        layer
        for layer in model.layers
        if isinstance(getattr(layer, "kernel", None), keras.Variable)
    ]


def suits_xla(model: Any) -> bool:
    """Whether XLA trains a model at least as fast on a CPU as TensorFlow's own kernels do.

    It does so, or nearly, for dense layers, with whatever works on each unit by itself; but it has
    no fast convolution, pooling or attention, and of a layer of a person's own nothing is known.
    Measured by `make bench`, see docs/performance.md.
    """
    # Of a functional model these are its calls of functions of keras.ops, too.
    parts = getattr(model, "operations", model.layers)
    return all(
        suits_xla(part) if isinstance(part, keras.Model) else type(part) in FOR_XLA
        for part in parts
    )


def layer_initializer(
    spec: Mapping[str, Any], layer: int, layers: int, role: Role, replicate: int
) -> Any:
    """The initializer of one layer, see `build_model`.

    Args:
        spec: of the network.
        layer: its number, from 0 at the input.
        layers: how many there are.
        role: "kernel" or "bias".
        replicate: decides the random numbers.
    """
    if spec["class_name"] == PER_LAYER:
        parts = spec["config"]
        if "layers" in parts:
            spec = parts["layers"][layer]
        else:
            spec = parts["output" if layer == layers - 1 else "hidden"]
    return make_initializer(spec["class_name"], spec["config"], weight_seed(replicate, layer, role))


def adapt(model: Any, inputs: Any) -> None:
    """Lets those initializers that look at more than a kernel's shape see the network and data.

    An initializer that has a method `adapt(model, layers, inputs)` is one: of each such class, the
    method of its first layer is called once, with all layers that it has drawn.

    Args:
        model: freshly drawn.
        inputs: a batch of what it will be trained on, float32 (images, ...).

    Raises:
        EngineError: if one cannot do with this network what it is to do.
    """
    layers: dict[tuple[str, str], list[Any]] = {}
    for layer in kernel_layers(model):
        if hasattr(layer.kernel_initializer, "adapt"):
            # By its name, since a person's own file is run anew for each layer.
            kind = type(layer.kernel_initializer)
            layers.setdefault((kind.__module__, kind.__qualname__), []).append(layer)
    for drawn in layers.values():
        drawn[0].kernel_initializer.adapt(model, drawn, inputs)


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


def _faster(layer: Any) -> Any:
    """A layer as it is, freshly made; by one of ours that computes the same faster, if one does."""
    if (
        type(layer) is keras.layers.Dense
        and not layer.kernel_regularizer
        and not layer.kernel_constraint
    ):
        return TransposedDense(
            *(layer.units, layer.activation, "zeros", "zeros"),
            use_bias=layer.use_bias,
            name=layer.name,
        )
    kind = type(layer)
    if (
        kind is keras.layers.BatchNormalization
        and (layer.input_spec.ndim, layer.axis) in ((4, -1), (4, 3))
        and layer.scale
        and layer.center
        and layer.trainable
        and not layer.renorm
    ):
        kind = FusedBatchNormalization
    return kind.from_config(layer.get_config())
