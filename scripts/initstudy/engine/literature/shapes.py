"""What initializers read off the shape of a kernel."""

import math
from typing import Any

import numpy as np


def padded_identity(fan_in: int, units: int) -> Any:
    """Ones where the numbers of input and unit are the same up to multiples of the smaller one."""
    smaller = min(fan_in, units)
    same = np.arange(fan_in)[:, None] % smaller == np.arange(units) % smaller
    return same.astype(float)


def fans(initializer: Any, shape: tuple[int, ...]) -> tuple[int, int]:
    """Return how many inputs each unit of a kernel has, and how many units it has.

    Args:
        initializer: that makes it.
        shape: (fan_in, units), or of a convolution (..., channels, units).

    Raises:
        ValueError: if it is not the shape of a kernel.
    """
    if len(shape) < 2:
        name = type(initializer).__name__
        raise ValueError(
            f"{name} makes kernels of shape (fan_in, units), or (..., channels, units), not "
            f"{tuple(shape)}"
        )
    return math.prod(shape[:-1]), int(shape[-1])


def at_centre(values: Any, shape: tuple[int, ...]) -> Any:
    """Return a convolution that applies a matrix to each point by itself: zeros but for its centre.

    Args:
        values: (channels, units).
        shape: of the kernel, (..., channels, units).
    """
    kernel = np.zeros(shape)
    kernel[tuple(size // 2 for size in shape[:-2])] = values
    return kernel
