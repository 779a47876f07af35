"""AutoInit: kernels by the moments of the signal."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from initstudy.engine.backend import keras
from initstudy.engine.errors import EngineError
from initstudy.engine.literature.network import Step, steps_of
from initstudy.engine.literature.shapes import fans

# The effect of an operation on the moments of a signal is estimated from so many numbers.
SAMPLES = 200_000


class AutoInit(keras.initializers.VarianceScaling):  # type: ignore[misc]
    """Truncated normal kernels of the variance 1 / (fan_in E[x²]), whatever layers there are.

    Mean and variance of the signal are followed from the inputs on: what leaves a kernel has mean 0
    and variance 1 then, and what any other operation makes of them is found from Gaussian numbers
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
        """Make a kernel of shape (fan_in, units), or of a convolution (..., channels, units)."""
        fans(self, shape)
        return super().__call__(shape, dtype=dtype)

    def adapt(self, model: Any, layers: Sequence[Any], inputs: Any) -> None:
        """Scales the kernels of these layers.

        Args:
            model: the network.
            layers: of it.
            inputs: float32 (images, ...).

        Raises:
            EngineError: if the signal cannot be followed, or nothing but zeros enters a layer.
        """
        steps = list(steps_of(model, self))
        values = keras.ops.convert_to_numpy(inputs).astype(np.float64)
        moments = {id(model.inputs[0]): (float(values.mean()), float(values.var()))}
        own = {id(layer) for layer in layers}
        for step in steps:
            entering = [moments[id(tensor)] for tensor in step.inputs]
            if isinstance(getattr(step.operation, "kernel", None), keras.Variable):
                if id(step.operation) in own:
                    mean, variance = entering[0]
                    if not mean**2 + variance > 0:
                        raise EngineError(
                            f"AutoInit cannot scale the layer {step.operation.name}: nothing but "
                            "zeros enters it."
                        )
                    kernel = step.operation.kernel
                    kernel.assign(kernel / math.sqrt(mean**2 + variance))
                leaving = _activated(step)
            else:
                leaving = _leaving(step, entering)
            moments[id(step.output)] = leaving

    def get_config(self) -> dict[str, Any]:
        """Return its parameters."""
        return {"seed": self.seed}


def _activated(step: Step) -> tuple[float, float]:
    """Mean and variance of what leaves a layer with a kernel."""
    activation = getattr(step.operation, "activation", None)
    if not callable(activation):
        name, kind = step.operation.name, type(step.operation).__name__
        raise EngineError(
            f"AutoInit cannot follow the signal through {name} ({kind}): it has a kernel, but no "
            "attribute activation."
        )
    return _through(lambda values: activation(*values), [(0.0, 1.0)], [step.output.shape])


def _leaving(step: Step, entering: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Mean and variance of what leaves an operation without a kernel, in training."""
    # Called in training, these would change their own state.
    if isinstance(step.operation, keras.layers.BatchNormalization):
        return 0.0, 1.0
    if isinstance(step.operation, keras.layers.Dropout):
        mean, variance = entering[0]
        return mean, variance / (1 - step.operation.rate)
    return _through(step.of, entering, [tensor.shape for tensor in step.inputs])


def _through(
    function: Callable[[Sequence[Any]], Any],
    entering: Sequence[tuple[float, float]],
    shapes: Sequence[Any],
) -> tuple[float, float]:
    """Mean and variance of what a function makes of Gaussian numbers of these moments."""
    generator = np.random.default_rng(0)
    images = max(2, SAMPLES // max(math.prod(shape[1:]) for shape in shapes))
    drawn = [
        generator.normal(mean, math.sqrt(variance), (images, *shape[1:])).astype(np.float32)
        for (mean, variance), shape in zip(entering, shapes, strict=True)
    ]
    made = function([keras.ops.convert_to_tensor(numbers) for numbers in drawn])
    values = keras.ops.convert_to_numpy(made)
    return float(values.mean(dtype=np.float64)), float(values.var(dtype=np.float64))
