"""Initializers of the literature that look at the network or at data, once it is drawn.

Called as any initializer they draw kernels by shape; `models.adapt` then calls their `adapt`.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from initstudy.errors import StudyError
from initstudy.training.backend import keras, tf
from initstudy.training.literature import fans, padded_identity

# What an operation does to the moments of a signal is told from so many numbers.
SAMPLES = 200_000
# Layers that are called with one list of tensors; others take them one by one.
kl = keras.layers
TAKE_LISTS = (
    *(kl.Add, kl.Subtract, kl.Multiply, kl.Average, kl.Maximum, kl.Minimum, kl.Concatenate),
    *(kl.Dot, kl.Attention, kl.AdditiveAttention),
)


class LSUV(keras.initializers.Orthogonal):  # type: ignore[misc]
    """Orthogonal kernels, scaled layer by layer until their outputs have the variance 1 on data.

    Args:
        tolerance: how far from 1 a variance may be.
        steps: scalings of a layer at most.
        seed: of the random numbers.

    Reference:
        Mishkin and Matas, 2016, "All you need is a good init", ICLR, algorithm 1.
    """

    def __init__(self, tolerance: float = 0.1, steps: int = 10, seed: int = 0) -> None:
        if not tolerance > 0:
            raise ValueError(f"tolerance must be above 0, not {tolerance}")
        super().__init__(gain=1.0, seed=seed)
        self.tolerance, self.steps = tolerance, steps

    def adapt(self, model: Any, layers: Sequence[Any], inputs: Any) -> None:
        """Scales the kernels of these layers, from the input on.

        Args:
            model: the network.
            layers: of it.
            inputs: float32 (images, ...).

        Raises:
            StudyError: if a layer's outputs do not vary at all, so that no scale helps.
        """
        for layer in layers:
            # What enters the activation: the layer's outputs without it.
            activation, layer.activation = layer.activation, keras.activations.linear
            outputs = keras.Model(model.inputs[0], layer.output)
            rule = layer.kernel_initializer
            for _ in range(rule.steps):
                variance = float(keras.ops.var(outputs(inputs, training=False)))
                if not 0 < variance < math.inf:
                    raise StudyError(
                        f"LSUV cannot scale the layer {layer.name}: its outputs have the variance "
                        f"{variance}."
                    )
                if abs(variance - 1) < rule.tolerance:
                    break
                layer.kernel.assign(layer.kernel / math.sqrt(variance))
            layer.activation = activation

    def get_config(self) -> dict[str, Any]:
        """Its parameters."""
        return {"tolerance": self.tolerance, "steps": self.steps, "seed": self.seed}


class AutoInit(keras.initializers.VarianceScaling):  # type: ignore[misc]
    """Truncated normal kernels of the variance 1 / (fan_in E[x²]), whatever layers there are.

    Mean and variance of the signal are followed from the inputs on: what leaves a kernel has mean 0
    and variance 1 then, and what any other operation makes of them is told from Gaussian numbers
    of these moments, independent of each other, that are sent through it. Normalization over the
    batch gives mean 0 and variance 1, and dropout counts as it does in training. No image is looked
    at but for the mean and the variance of all inputs.

    The paper integrates activations; we draw for them, too, which is right to about 1 %.

    Args:
        seed: of the random numbers.

    Reference:
        Bingham and Miikkulainen, 2023, "AutoInit: Analytic Signal-Preserving Weight Initialization
        for Neural Networks", AAAI, section 3; what dropout and pooling do as in their code.
    """

    def __init__(self, seed: int = 0) -> None:
        super().__init__(scale=1.0, mode="fan_in", distribution="truncated_normal", seed=seed)

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """A kernel of shape (fan_in, units), or of a convolution (..., channels, units)."""
        fans(self, shape)
        return super().__call__(shape, dtype=dtype)

    def adapt(self, model: Any, layers: Sequence[Any], inputs: Any) -> None:
        """Scales the kernels of these layers.

        Args:
            model: the network.
            layers: of it.
            inputs: float32 (images, ...).

        Raises:
            StudyError: if a layer is used more than once, or nothing but zeros enters one.
        """
        values = keras.ops.convert_to_numpy(inputs).astype(np.float64)
        moments = {id(model.inputs[0]): (float(values.mean()), float(values.var()))}
        own = {id(layer) for layer in layers}
        for step in steps_of(model):
            entering = [moments[id(tensor)] for tensor in step.inputs]
            if isinstance(getattr(step.operation, "kernel", None), keras.Variable):
                if id(step.operation) in own:
                    mean, variance = entering[0]
                    if not mean**2 + variance > 0:
                        raise StudyError(
                            f"AutoInit cannot scale the layer {step.operation.name}: nothing but "
                            "zeros enters it."
                        )
                    kernel = step.operation.kernel
                    kernel.assign(kernel / math.sqrt(mean**2 + variance))
                leaving = _through(step.operation.activation, [(0.0, 1.0)], [step.output.shape])
            else:
                shapes = [tensor.shape for tensor in step.inputs]
                leaving = _leaving(step.operation, entering, shapes)
            moments[id(step.output)] = leaving

    def get_config(self) -> dict[str, Any]:
        """Its parameters."""
        return {"seed": self.seed}


def _leaving(
    operation: Any, entering: Sequence[tuple[float, float]], shapes: Sequence[Any]
) -> tuple[float, float]:
    """Mean and variance of what leaves an operation without a kernel, in training."""
    # Called in training, these would change their own state.
    if isinstance(operation, keras.layers.BatchNormalization):
        return 0.0, 1.0
    if isinstance(operation, keras.layers.Dropout):
        mean, variance = entering[0]
        return mean, variance / (1 - operation.rate)
    return _through(operation, entering, shapes)


def _through(
    function: Any, entering: Sequence[tuple[float, float]], shapes: Sequence[Any]
) -> tuple[float, float]:
    """Mean and variance of what a function makes of Gaussian numbers of these moments."""
    generator = np.random.default_rng(0)
    images = max(2, SAMPLES // max(math.prod(shape[1:]) for shape in shapes))
    drawn = [
        generator.normal(mean, math.sqrt(variance), (images, *shape[1:])).astype(np.float32)
        for (mean, variance), shape in zip(entering, shapes, strict=True)
    ]
    tensors = [keras.ops.convert_to_tensor(numbers) for numbers in drawn]
    made = function(tensors) if isinstance(function, TAKE_LISTS) else function(*tensors)
    values = keras.ops.convert_to_numpy(made)
    return float(values.mean(dtype=np.float64)), float(values.var(dtype=np.float64))


class Fixup(keras.initializers.HeNormal):  # type: ignore[misc]
    """He's kernels, made so small in residual branches that these add nothing at the start.

    Of the L branches of a network, each of m kernels, the last kernel is zero, and the others are
    multiplied by L^(-1 / (2m - 2)); the kernel of the output layer is zero, too. A branch is what
    of several that an `Add` layer adds has the most kernels of its own. A network without branches
    has He's kernels, and zeros in its output layer.

    The paper adds scalar biases and a multiplier to each branch. These are of the network, not of
    its start: here they are not added.

    Args:
        seed: of the random numbers.

    Reference:
        Zhang, Dauphin and Ma, 2019, "Fixup Initialization: Residual Learning Without
        Normalization", ICLR, section 3, rules 1 and 2.
    """

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed=seed)

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """A kernel of shape (fan_in, units), or of a convolution (..., channels, units)."""
        fans(self, shape)
        return super().__call__(shape, dtype=dtype)

    def adapt(self, model: Any, layers: Sequence[Any], inputs: Any) -> None:
        """Scales the kernels of these layers.

        Args:
            model: the network.
            layers: of it.
            inputs: not looked at.

        Raises:
            StudyError: if a layer is used more than once.
        """
        own = {id(layer) for layer in layers}
        steps = list(steps_of(model))
        branches = residual_branches(steps)
        scales: dict[int, tuple[Any, float]] = {}
        for branch in branches:
            *first, last = branch
            for layer in first:
                factor = len(branches) ** (-1 / (2 * len(branch) - 2))
                # One that is in a branch of a branch is made smaller by both.
                scales[id(layer)] = layer, scales.get(id(layer), (layer, 1.0))[1] * factor
            scales[id(last)] = last, 0.0
        output = [step.operation for step in steps if _has_kernel(step.operation)][-1]
        scales[id(output)] = output, 0.0
        for layer, scale in scales.values():
            if id(layer) in own:
                layer.kernel.assign(scale * layer.kernel)

    def get_config(self) -> dict[str, Any]:
        """Its parameters."""
        return {"seed": self.seed}


class IDInit(keras.initializers.Initializer):  # type: ignore[misc]
    """The identity, repeated until each unit has an input and each input a unit.

    Nothing is drawn. Where a kernel is not square, the partial identity would pass some inputs on
    never, or leave some units without any; so it begins again from the first one (a padded
    identity). A convolution is taken as the matrix of all that it sees, which shifts each channel
    by another place.

    The last layer of each residual branch is nearly zero, so that these begin as the identity.

    We could read its abstract, its overview and what others say of it, but not its formulas: that a
    unit of fewer than there are inputs adds several of them up, and that nothing is scaled for it,
    is our reading. It also loosens the identity by a little noise; there is none here.

    Args:
        scale: of the ones; the paper's tau.
        last: what the last kernel of a residual branch (see `Fixup`) is multiplied by; the paper's
            epsilon.

    Examples:
        >>> IDInit()((2, 4))  # [[1, 0, 1, 0], [0, 1, 0, 1]]

    Reference:
        Pan, Wang, Wu, Wang, Zhang and Xu, 2025, "IDInit: A Universal and Stable Initialization
        Method for Neural Network Training", ICLR, section 3.
    """

    def __init__(self, scale: float = 1.0, last: float = 1e-6) -> None:
        self.scale, self.last = scale, last

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """A kernel of shape (fan_in, units), or of a convolution (..., channels, units)."""
        fan_in, units = fans(self, shape)
        values = self.scale * padded_identity(fan_in, units).reshape(shape)
        return keras.ops.convert_to_tensor(values, dtype=dtype or "float32")

    def adapt(self, model: Any, layers: Sequence[Any], inputs: Any) -> None:
        """Scales the last kernel of each residual branch, if it is one of these layers.

        Args:
            model: the network.
            layers: of it.
            inputs: not looked at.

        Raises:
            StudyError: if a layer is used more than once, or makes several tensors.
        """
        own = {id(layer) for layer in layers}
        for *_, last in residual_branches(list(steps_of(model))):
            if id(last) in own:
                last.kernel.assign(self.last * last.kernel)

    def get_config(self) -> dict[str, Any]:
        """Its parameters."""
        return {"scale": self.scale, "last": self.last}


class MetaInit(keras.initializers.HeNormal):  # type: ignore[misc]
    """He's kernels, whose sizes are changed until the gradient changes little along itself.

    The gradient quotient, mean |(g - Hg) / (g + ε) - 1| over all kernels, with g the gradient of
    the loss and H its Hessian, tells how much a step of gradient descent changes the gradient. It
    is made small by the signs of its derivatives by the norms of the kernels, on Gaussian inputs
    and labels that are drawn: no image is looked at. No norm falls below a hundredth of what it was
    (ours: one of zero cannot be scaled).

    Args:
        steps: of that descent.
        rate: what it changes a norm by in a step.
        momentum: of that descent.
        batch: inputs that are drawn anew for each step.
        seed: of the random numbers.

    Reference:
        Dauphin and Schoenholz, 2019, "MetaInit: Initializing learning by learning to initialize",
        NeurIPS, equation 1 and section 3. Rate, steps and ε as in code that others published from
        the paper, the momentum as in that of init2winit; we could not read which kernels it begins
        with.
    """

    def __init__(
        self,
        steps: int = 500,
        rate: float = 0.1,
        momentum: float = 0.5,
        batch: int = 128,
        seed: int = 0,
    ) -> None:
        super().__init__(seed=seed)
        self.steps, self.rate, self.momentum, self.batch = steps, rate, momentum, batch

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """A kernel of shape (fan_in, units), or of a convolution (..., channels, units)."""
        fans(self, shape)
        return super().__call__(shape, dtype=dtype)

    def adapt(self, model: Any, layers: Sequence[Any], inputs: Any) -> None:
        """Scales the kernels of these layers.

        Args:
            model: the network.
            layers: of it.
            inputs: not looked at.
        """
        kernels = [layer.kernel for layer in layers]
        shape, classes = model.input_shape[1:], model.output_shape[-1]
        speeds = [tf.Variable(0.0) for _ in kernels]
        least = [0.01 * tf.norm(kernel) for kernel in kernels]

        def step(number: Any) -> None:
            seeds = [tf.stack([self.seed, 2 * number + part]) for part in (0, 1)]
            x = tf.random.stateless_normal((self.batch, *shape), seeds[0])
            y = tf.random.stateless_uniform((self.batch,), seeds[1], 0, classes, tf.int32)
            with tf.GradientTape() as tape:
                quotient = gradient_quotient(model, kernels, x, y)
            slopes = tape.gradient(quotient, kernels)
            for kernel, slope, speed, low in zip(kernels, slopes, speeds, least, strict=True):
                norm = tf.norm(kernel)
                speed.assign(
                    self.momentum * speed - self.rate * tf.sign(tf.reduce_sum(slope * kernel))
                )
                kernel.assign(kernel * tf.maximum(norm + speed, low) / norm)

        compiled = tf.function(step, autograph=False)
        for number in range(self.steps):
            compiled(tf.constant(number))

    def get_config(self) -> dict[str, Any]:
        """Its parameters."""
        return {
            "steps": self.steps,
            "rate": self.rate,
            "momentum": self.momentum,
            "batch": self.batch,
            "seed": self.seed,
        }


def gradient_quotient(model: Any, kernels: Sequence[Any], x: Any, y: Any) -> Any:
    """How much a step of gradient descent changes the gradient, see `MetaInit`.

    Args:
        model: ends in a softmax.
        kernels: the variables that it is of.
        x: inputs.
        y: labels, int32 (inputs,).

    Returns:
        float32, differentiable; 0 if the loss is linear in the kernels.
    """
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            outputs = model(x, training=False)
            losses = keras.losses.sparse_categorical_crossentropy(y, outputs)
            loss = tf.reduce_mean(losses)
        gradients = inner.gradient(loss, kernels)
        half = 0.5 * tf.add_n([tf.reduce_sum(g**2) for g in gradients])
    products = outer.gradient(half, kernels)
    total = tf.add_n(
        [
            tf.reduce_sum(tf.abs((g - p) / (g + tf.where(g >= 0, 1e-5, -1e-5)) - 1))
            for g, p in zip(gradients, products, strict=True)
        ]
    )
    return total / sum(math.prod(kernel.shape) for kernel in kernels)


@dataclass(frozen=True)
class Step:
    """An operation of a network, with what enters and leaves it as Keras' symbolic tensors."""

    operation: Any
    inputs: Sequence[Any]
    output: Any


def steps_of(model: Any) -> Iterator[Step]:
    """The operations of a network without its input, each after those that it needs.

    Raises:
        StudyError: if one is used more than once, or makes several tensors.
    """
    known = {id(tensor) for tensor in model.inputs}
    for operation in getattr(model, "operations", model.layers):
        if isinstance(operation, keras.layers.InputLayer):
            continue
        # Keras tells of the first use alone: what comes of another one is not known here.
        inputs, output = operation.input, operation.output
        step = Step(operation, inputs if isinstance(inputs, list) else [inputs], output)
        if not known.issuperset(map(id, step.inputs)):
            raise StudyError(
                f"The signal cannot be followed to {operation.name}: a layer before it is used "
                "more than once, or makes several tensors."
            )
        known.add(id(output))
        yield step


def residual_branches(steps: Sequence[Step]) -> list[list[Any]]:
    """The layers with kernels of each residual branch of a network, see `Fixup`."""
    # The layers with kernels that a tensor depends on, in the order of the network.
    before: dict[int, Mapping[int, Any]] = {}
    found = []
    for step in steps:
        entering = [before.get(id(tensor), {}) for tensor in step.inputs]
        merged = {key: layer for part in entering for key, layer in part.items()}
        if _has_kernel(step.operation):
            merged[id(step.operation)] = step.operation
        before[id(step.output)] = merged
        # The layer, the function of keras.ops, or a + b.
        if type(step.operation).__name__ == "Add":
            shared = set.intersection(*(set(part) for part in entering))
            branch = max(
                ([layer for key, layer in part.items() if key not in shared] for part in entering),
                key=len,
            )
            if branch:
                found.append(branch)
    return found


def _has_kernel(operation: Any) -> bool:
    return isinstance(getattr(operation, "kernel", None), keras.Variable)
