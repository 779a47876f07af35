"""Initializers of the literature that Keras lacks: those that look at the shape of a kernel alone.

Those that look at the network or at data are in `adaptive`.
"""

import math
from typing import Any

import numpy as np

from initstudy.training.backend import keras


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
        """A kernel of shape (fan_in, units), or of a convolution (..., channels, units)."""
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
        """It has no parameters."""
        return {}


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
        """A kernel of shape (fan_in, units), or of a convolution (..., channels, units)."""
        fan_in, units = fans(self, shape)
        generator = np.random.default_rng(self.seed)
        chosen = np.argsort(generator.random((fan_in, units)), axis=0) < self.connections
        values = chosen * generator.normal(0, self.stddev, (fan_in, units))
        return keras.ops.convert_to_tensor(values.reshape(shape), dtype=dtype or "float32")

    def get_config(self) -> dict[str, Any]:
        """Its parameters."""
        return {"connections": self.connections, "stddev": self.stddev, "seed": self.seed}


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
        """A kernel of shape (fan_in, units), or of a convolution (..., channels, units)."""
        fan_in, _ = fans(self, shape)
        draw = keras.initializers.RandomNormal(
            stddev=math.sqrt(self._variance / fan_in), seed=self.seed
        )
        return draw(shape, dtype=dtype or "float32")

    def get_config(self) -> dict[str, Any]:
        """Its parameters."""
        return {"activation": self.activation, "seed": self.seed}


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
        """A kernel of shape (fan_in, units), or of a convolution (..., channels, units)."""
        fan_in, units = fans(self, shape)
        places = 2 * math.pi * (np.arange(fan_in)[:, None] / fan_in + 1 / units)
        waves = np.sin(places * np.arange(1, units + 1))
        waves *= self.gain / math.sqrt(fan_in * np.var(waves, ddof=1))
        channels_first = waves.reshape(shape[-2], *shape[:-2], units)
        values = np.moveaxis(channels_first, 0, -2)
        return keras.ops.convert_to_tensor(values, dtype=dtype or "float32")

    def get_config(self) -> dict[str, Any]:
        """Its parameters."""
        return {"gain": self.gain}


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
        """A kernel of shape (fan_in, units), or of a convolution (..., channels, units)."""
        fan_in, units = fans(self, shape)
        drawn = np.random.default_rng(self.seed).normal(size=(fan_in, units))
        values = np.eye(fan_in, units) if units <= fan_in else padded_identity(fan_in, units)
        values = values + self.noise / math.sqrt(fan_in) * drawn
        return keras.ops.convert_to_tensor(values.reshape(shape), dtype=dtype or "float32")

    def get_config(self) -> dict[str, Any]:
        """Its parameters."""
        return {"noise": self.noise, "seed": self.seed}


class DeltaOrthogonal(keras.initializers.Initializer):  # type: ignore[misc]
    """A convolution that applies an orthogonal matrix to each point; zeros but for its centre.

    With it a network of convolutions keeps the size of every signal, whatever its frequency, which
    let 10,000 layers of tanh be trained. A dense kernel is orthogonal.

    Args:
        gain: factor of the matrix.
        seed: of the random numbers.

    Reference:
        Xiao, Bahri, Sohl-Dickstein, Schoenholz and Pennington, 2018, "Dynamical Isometry and a Mean
        Field Theory of CNNs: How to Train 10,000-Layer Vanilla Convolutional Neural Networks",
        ICML, algorithm 1. It wants no fewer units than channels; here, too, columns are orthogonal
        if there are fewer.
    """

    def __init__(self, gain: float = 1.0, seed: int = 0) -> None:
        self.gain, self.seed = gain, seed

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """A kernel of shape (fan_in, units), or of a convolution (..., channels, units)."""
        fans(self, shape)
        draw = keras.initializers.Orthogonal(gain=self.gain, seed=self.seed)
        values = keras.ops.convert_to_numpy(draw(tuple(shape[-2:])))
        return keras.ops.convert_to_tensor(at_centre(values, shape), dtype=dtype or "float32")

    def get_config(self) -> dict[str, Any]:
        """Its parameters."""
        return {"gain": self.gain, "seed": self.seed}


def padded_identity(fan_in: int, units: int) -> Any:
    """Ones where the numbers of input and unit are the same up to multiples of the smaller one."""
    smaller = min(fan_in, units)
    same = np.arange(fan_in)[:, None] % smaller == np.arange(units) % smaller
    return same.astype(float)


def second_moment(activation: Any, points: int = 100) -> float:
    """E[f(z)²] of a standard normal z, by Gauss-Hermite quadrature.

    Args:
        activation: f, from and to tensors.
        points: of the quadrature.
    """
    places, weights = np.polynomial.hermite_e.hermegauss(points)
    values = keras.ops.convert_to_numpy(activation(keras.ops.convert_to_tensor(places, "float32")))
    return float(np.sum(weights * values.astype(np.float64) ** 2) / math.sqrt(2 * math.pi))


def fans(initializer: Any, shape: tuple[int, ...]) -> tuple[int, int]:
    """How many inputs each unit of a kernel has, and how many units it has.

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
    """A convolution that applies a matrix to each point by itself: zeros but for its centre.

    Args:
        values: (channels, units).
        shape: of the kernel, (..., channels, units).
    """
    kernel = np.zeros(shape)
    kernel[tuple(size // 2 for size in shape[:-2])] = values
    return kernel
