"""Sinusoidal initialization."""

import math
from typing import Any

import numpy as np

from initstudy.engine.backend import keras
from initstudy.engine.literature.shapes import fans


class Sinusoidal(keras.initializers.Initializer):  # type: ignore[misc]
    """Each unit's incoming weights are a sine of another frequency, from one period on.

    Nothing is drawn. Since whole periods add up to zero, no unit begins with a bias towards either
    sign, as units of random weights do.

    Args:
        gain: the weights have the variance gain² / fan_in.

    Reference:
        Fernandez-Hernandez, Mestre, Dolz, Duato and Quintana-Orti, 2025, "Sinusoidal
        Initialization, Time for a New Start", NeurIPS, section 3, with the gain, and the order of a
        convolution's weights (by channel, then by place), of their published code.
    """

    def __init__(self, gain: float = math.sqrt(2)) -> None:
        self.gain = gain

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """Make a kernel of shape (fan_in, units), or of a convolution (..., channels, units)."""
        fan_in, units = fans(self, shape)
        places = 2 * math.pi * (np.arange(fan_in)[:, None] / fan_in + 1 / units)
        waves = np.sin(places * np.arange(1, units + 1))
        waves *= self.gain / math.sqrt(fan_in * np.var(waves, ddof=1))
        channels_first = waves.reshape(shape[-2], *shape[:-2], units)
        values = np.moveaxis(channels_first, 0, -2)
        return keras.ops.convert_to_tensor(values, dtype=dtype or "float32")

    def get_config(self) -> dict[str, Any]:
        """Return its parameters."""
        return {"gain": self.gain}
