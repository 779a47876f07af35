"""ZerO: zeros and ones only."""

import math
from typing import Any

import numpy as np

from initstudy.engine.backend import keras
from initstudy.engine.literature.shapes import at_centre, fans


class ZerO(keras.initializers.Initializer):  # type: ignore[misc]
    """Zeros and ones only, up to a scale: the (partial) identity, or a Hadamard transform.

    Nothing is drawn. A kernel that makes no more outputs than it has inputs passes the first inputs
    on; one that makes more mixes them by a Hadamard matrix, without which the hidden kernels could
    never learn more than as many directions as the network has inputs. A convolution does so at its
    centre, and has zeros elsewhere.

    Examples:
        >>> ZerO()((2, 2))  # the identity

    Reference:
        Zhao, Schäfer and Anandkumar, 2022, "ZerO Initialization: Initializing Neural Networks with
        only Zeros and Ones", Transactions on Machine Learning Research, algorithm 1.
    """

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """Make a kernel of shape (fan_in, units), or of a convolution (..., channels, units)."""
        _, units = fans(self, shape)
        fan_in = int(shape[-2])
        if units <= fan_in:
            values = np.eye(fan_in, units)
        else:
            size = 2 ** math.ceil(math.log2(units))
            # c = 2^{-(m-1)/2} with m = log2 of the size.
            scale = 2 ** (-(math.log2(size) - 1) / 2)
            # Sylvester's construction: the sign is the parity of the ones that i and j share.
            rows, columns = np.arange(fan_in)[:, None], np.arange(units)[None, :]
            values = scale * (1.0 - 2.0 * (np.bitwise_count(rows & columns) % 2))
        return keras.ops.convert_to_tensor(at_centre(values, shape), dtype=dtype or "float32")

    def get_config(self) -> dict[str, Any]:
        """Return nothing: it has no parameters."""
        return {}
