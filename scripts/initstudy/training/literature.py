"""Initializers of the literature that Keras lacks."""

import math
from typing import Any

import numpy as np

from initstudy.training.backend import keras


class ZerO(keras.initializers.Initializer):  # type: ignore[misc]
    """Zeros and ones only, up to a scale: the (partial) identity, or a Hadamard transform.

    Nothing is drawn. A kernel that makes no more outputs than it has inputs passes the first inputs
    on; one that makes more mixes them by a Hadamard matrix, without which the hidden kernels could
    never learn more than as many directions as the network has inputs.

    Example:
        >>> ZerO()((2, 2))  # the identity

    Reference:
        Zhao, Schäfer and Anandkumar, 2022, "ZerO Initialization: Initializing Neural Networks with
        only Zeros and Ones", Transactions on Machine Learning Research, algorithm 1.
    """

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """A kernel of shape (fan_in, units)."""
        fan_in, units = _kernel_shape(self, shape)
        if units <= fan_in:
            values = np.eye(fan_in, units)
        else:
            size = 2 ** math.ceil(math.log2(units))
            # c = 2^{-(m-1)/2} with m = log2 of the size.
            scale = 2 ** (-(math.log2(size) - 1) / 2)
            # Sylvester's construction: the sign is the parity of the ones that i and j share.
            rows, columns = np.arange(fan_in)[:, None], np.arange(units)[None, :]
            values = scale * (1.0 - 2.0 * (np.bitwise_count(rows & columns) % 2))
        return keras.ops.convert_to_tensor(values, dtype=dtype or "float32")

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
        """A kernel of shape (fan_in, units)."""
        fan_in, units = _kernel_shape(self, shape)
        generator = np.random.default_rng(self.seed)
        chosen = np.argsort(generator.random((fan_in, units)), axis=0) < self.connections
        values = chosen * generator.normal(0, self.stddev, (fan_in, units))
        return keras.ops.convert_to_tensor(values, dtype=dtype or "float32")

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
        """A kernel of shape (fan_in, units)."""
        fan_in, _ = _kernel_shape(self, shape)
        draw = keras.initializers.RandomNormal(
            stddev=math.sqrt(self._variance / fan_in), seed=self.seed
        )
        return draw(shape, dtype=dtype or "float32")

    def get_config(self) -> dict[str, Any]:
        """Its parameters."""
        return {"activation": self.activation, "seed": self.seed}


class LSUV(keras.initializers.Orthogonal):  # type: ignore[misc]
    """Orthogonal kernels, scaled layer by layer until their outputs have the variance 1 on data.

    Called as any initializer it is orthogonal; `initstudy.models.adapt` scales the kernels once the
    network is there.

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

    def get_config(self) -> dict[str, Any]:
        """Its parameters."""
        return {"tolerance": self.tolerance, "steps": self.steps, "seed": self.seed}


def second_moment(activation: Any, points: int = 100) -> float:
    """E[f(z)²] of a standard normal z, by Gauss-Hermite quadrature.

    Args:
        activation: f, from and to tensors.
        points: of the quadrature.
    """
    places, weights = np.polynomial.hermite_e.hermegauss(points)
    values = keras.ops.convert_to_numpy(activation(keras.ops.convert_to_tensor(places, "float32")))
    return float(np.sum(weights * values.astype(np.float64) ** 2) / math.sqrt(2 * math.pi))


def _kernel_shape(initializer: Any, shape: tuple[int, ...]) -> tuple[int, int]:
    if len(shape) != 2:
        name = type(initializer).__name__
        raise ValueError(f"{name} makes kernels of shape (fan_in, units), not {tuple(shape)}")
    return int(shape[0]), int(shape[1])
