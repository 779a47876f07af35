"""Normal kernels with the gain of any activation."""

import math
from typing import Any

import numpy as np

from initstudy.engine.backend import keras
from initstudy.engine.literature.shapes import fans


class GainCorrected(keras.initializers.Initializer):  # type: ignore[misc]
    """Normal kernels that keep the second moment of what enters each layer, for any activation.

    The variance is 1 / (fan_in E[f(z)²]) with z standard normal: with it, pre-activations of
    variance 1 give pre-activations of variance 1 in the layer above. For ReLU that is 2/fan_in, as
    in He's, for tanh 2.54/fan_in, for the identity 1/fan_in, as in LeCun's. Where that balance is
    stable, it holds through many layers: thirty of 256 units change the size of pre-activations by
    factors of 0.7 to 1.5 (ReLU, tanh, ELU, SELU; tests/unit/test_literature.py). Where it is not, a
    small deviation grows: 5 to 12 for GELU, 60 to 130 for SiLU, while from LeCun's they vanish.

    Args:
        activation: f, a Keras identifier.
        seed: of the random numbers.

    Reference:
        He, Zhang, Ren and Sun, 2015, "Delving deep into rectifiers", ICCV, equations 7 to 10, with
        E[f(z)²] in place of the 1/2 of ReLU; it is computed by Gauss-Hermite quadrature.
    """

    def __init__(self, activation: str = "relu", seed: int = 0) -> None:
        self.activation, self.seed = activation, seed
        moment = second_moment(keras.activations.get(activation))
        if not 0 < moment < math.inf:
            raise ValueError(f"{activation!r} has the second moment {moment:g}")
        self._variance = 1 / moment

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """Make a kernel of shape (fan_in, units), or of a convolution (..., channels, units)."""
        fan_in, _ = fans(self, shape)
        draw = keras.initializers.RandomNormal(
            stddev=math.sqrt(self._variance / fan_in), seed=self.seed
        )
        return draw(shape, dtype=dtype or "float32")

    def get_config(self) -> dict[str, Any]:
        """Return its parameters."""
        return {"activation": self.activation, "seed": self.seed}


def second_moment(activation: Any, points: int = 100) -> float:
    """E[f(z)²] of a standard normal z, by Gauss-Hermite quadrature.

    Args:
        activation: f, from and to tensors.
        points: of the quadrature.
    """
    places, weights = np.polynomial.hermite_e.hermegauss(points)
    values = keras.ops.convert_to_numpy(activation(keras.ops.convert_to_tensor(places, "float32")))
    return float(np.sum(weights * values.astype(np.float64) ** 2) / math.sqrt(2 * math.pi))
