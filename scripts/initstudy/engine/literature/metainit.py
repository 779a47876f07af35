"""MetaInit: kernels whose gradient changes little along itself."""

import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

from initstudy.engine.backend import keras, tf
from initstudy.engine.literature.shapes import fans
from initstudy.engine.shadows import Shadows, called

# The gradient of what no signal goes back to.
UNSEEN = tf.UnconnectedGradients.ZERO


class MetaInit(keras.initializers.HeNormal):  # type: ignore[misc]
    """He's kernels, whose sizes are changed until the gradient changes little along itself.

    The gradient quotient, mean |(g - Hg) / (g + ε) - 1| over all kernels, with g the gradient of
    the loss and H its Hessian, is how much a step of gradient descent changes the gradient. It
    is made small by the signs of its derivatives by the norms of the kernels, on Gaussian inputs
    and labels that are drawn: no image is looked at. No norm falls below a hundredth of what it was
    (ours: one of zero cannot be scaled).

    Args:
        steps: of that descent.
        rate: what it changes a norm by in a step.
        momentum: of that descent.
        batch: inputs that are drawn again for each step.
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
        """Make a kernel of shape (fan_in, units), or of a convolution (..., channels, units)."""
        fans(self, shape)
        return super().__call__(shape, dtype=dtype)

    def adapt(self, model: Any, layers: Sequence[Any], inputs: Any) -> None:
        """Scales the kernels of these layers.

        Args:
            model: the network.
            layers: of it.
            inputs: of which only the shape is looked at.
        """
        shadows = Shadows(model, transposing=True)
        kernels = [shadows.of(layer.kernel) for layer in layers]
        shape, classes = inputs.shape[1:], model(inputs[:1]).shape[-1]
        speeds = [tf.Variable(0.0) for _ in kernels]
        least = [0.01 * tf.norm(kernel) for kernel in kernels]

        def step(number: Any) -> None:
            seeds = [tf.stack([self.seed, 2 * number + part]) for part in (0, 1)]
            x = tf.random.stateless_normal((self.batch, *shape), seeds[0])
            y = tf.random.stateless_uniform((self.batch,), seeds[1], 0, classes, tf.int32)
            with tf.GradientTape() as tape:
                quotient = gradient_quotient(model, kernels, x, y, shadows.seen)
            sources = [kernel.value for kernel in kernels]
            slopes = tape.gradient(quotient, sources, unconnected_gradients=UNSEEN)
            for kernel, slope, speed, low in zip(kernels, slopes, speeds, least, strict=True):
                norm = tf.norm(kernel)
                speed.assign(
                    self.momentum * speed - self.rate * tf.sign(tf.reduce_sum(slope * kernel))
                )
                kernel.assign(kernel * tf.maximum(norm + speed, low) / norm)

        compiled = tf.function(step, autograph=False)
        for number in range(self.steps):
            compiled(tf.constant(number))
        shadows.write()

    def get_config(self) -> dict[str, Any]:
        """Return its parameters."""
        return {
            "steps": self.steps,
            "rate": self.rate,
            "momentum": self.momentum,
            "batch": self.batch,
            "seed": self.seed,
        }


def gradient_quotient(
    model: Any, kernels: Sequence[Any], x: Any, y: Any, seen: Callable[[], Any] = nullcontext
) -> Any:
    """Return how much a step of gradient descent changes the gradient, see `MetaInit`.

    Args:
        model: ends in a softmax.
        kernels: the variables that it is of.
        x: inputs.
        y: labels, int32 (inputs,).
        seen: has the model see its kernels as these variables, see `shadows.Shadows`.

    Returns:
        float32, differentiable; 0 if the loss is linear in the kernels.
    """
    sources = [kernel.value for kernel in kernels]
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            with seen():
                outputs = tf.cast(called(model, x, training=False), tf.float32)
            losses = keras.losses.sparse_categorical_crossentropy(y, outputs)
            loss = tf.reduce_mean(losses)
        gradients = inner.gradient(loss, sources, unconnected_gradients=UNSEEN)
        half = 0.5 * tf.add_n([tf.reduce_sum(g**2) for g in gradients])
    products = outer.gradient(half, sources, unconnected_gradients=UNSEEN)
    total = tf.add_n(
        [
            tf.reduce_sum(tf.abs((g - p) / (g + tf.where(g >= 0, 1e-5, -1e-5)) - 1))
            for g, p in zip(gradients, products, strict=True)
        ]
    )
    return total / sum(math.prod(kernel.shape) for kernel in kernels)
