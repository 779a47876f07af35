"""Orthogonal convolutions."""

from typing import Any

from initstudy.engine.backend import keras
from initstudy.engine.literature.shapes import at_centre, fans


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
        """Make a kernel of shape (fan_in, units), or of a convolution (..., channels, units)."""
        fans(self, shape)
        draw = keras.initializers.Orthogonal(gain=self.gain, seed=self.seed)
        values = keras.ops.convert_to_numpy(draw(tuple(shape[-2:])))
        return keras.ops.convert_to_tensor(at_centre(values, shape), dtype=dtype or "float32")

    def get_config(self) -> dict[str, Any]:
        """Return its parameters."""
        return {"gain": self.gain, "seed": self.seed}
