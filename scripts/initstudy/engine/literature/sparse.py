"""Sparse initialization."""

from typing import Any

import numpy as np

from initstudy.engine.backend import keras
from initstudy.engine.literature.shapes import fans


class Sparse(keras.initializers.Initializer):  # type: ignore[misc]
    """Each unit has the same small number of incoming weights that are not zero.

    So the size of a unit's input does not grow with the number of its inputs, and the units stay
    different from each other.

    Args:
        connections: weights of each unit that are not zero; all, if it has fewer inputs.
        stddev: standard deviation of the normal distribution that these are drawn from.
        seed: of the random numbers.

    Reference:
        Martens, 2010, "Deep learning via Hessian-free optimization", ICML, section 5.
    """

    def __init__(self, connections: int = 15, stddev: float = 1.0, seed: int = 0) -> None:
        if connections < 1:
            raise ValueError(f"connections must be 1 or more, not {connections}")
        self.connections, self.stddev, self.seed = connections, stddev, seed

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """Make a kernel of shape (fan_in, units), or of a convolution (..., channels, units)."""
        fan_in, units = fans(self, shape)
        generator = np.random.default_rng(self.seed)
        chosen = np.argsort(generator.random((fan_in, units)), axis=0) < self.connections
        values = chosen * generator.normal(0, self.stddev, (fan_in, units))
        return keras.ops.convert_to_tensor(values.reshape(shape), dtype=dtype or "float32")

    def get_config(self) -> dict[str, Any]:
        """Return its parameters."""
        return {"connections": self.connections, "stddev": self.stddev, "seed": self.seed}
