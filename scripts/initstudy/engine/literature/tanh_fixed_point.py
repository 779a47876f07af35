"""An identity with noise, for tanh networks."""

import math
from typing import Any

import numpy as np

from initstudy.engine.backend import keras
from initstudy.engine.literature.shapes import fans, padded_identity


class TanhFixedPoint(keras.initializers.Initializer):  # type: ignore[misc]
    """A padded identity with a little noise, for tanh networks, deep and narrow ones too.

    The noise is such that what passes through many layers neither dies out nor saturates: where the
    weight w of tanh(w x) is above 1, x is drawn to a fixed point other than 0.

    Args:
        noise: standard deviation of the noise times the root of the number of inputs.
        seed: of the random numbers.

    Reference:
        Lee, Choi and Kim, 2025, "Robust Weight Initialization for Tanh Neural Networks with Fixed
        Point Analysis", ICLR, section 3. The root is of the number of inputs there, and of that of
        units in the code that they published; hidden layers of one width have both alike.
    """

    def __init__(self, noise: float = 0.085, seed: int = 0) -> None:
        self.noise, self.seed = noise, seed

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """Make a kernel of shape (fan_in, units), or of a convolution (..., channels, units)."""
        fan_in, units = fans(self, shape)
        drawn = np.random.default_rng(self.seed).normal(size=(fan_in, units))
        values = np.eye(fan_in, units) if units <= fan_in else padded_identity(fan_in, units)
        values = values + self.noise / math.sqrt(fan_in) * drawn
        return keras.ops.convert_to_tensor(values.reshape(shape), dtype=dtype or "float32")

    def get_config(self) -> dict[str, Any]:
        """Return its parameters."""
        return {"noise": self.noise, "seed": self.seed}
