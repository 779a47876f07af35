"""Friedman's regressions, drawn here: a source of data without a download.

Reference:
    Friedman, 1991, Multivariate Adaptive Regression Splines, The Annals of Statistics 19(1), 1-67:
    the simulated examples of section 4.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
# Ranges of ten inputs; and of resistance, frequency, inductance and capacitance of the alternating
# current series circuit, in ohms, radians a second, henries and microfarads.
UNIT = ((0.0, 1.0),) * 10
CIRCUIT = ((0, 100), (40 * np.pi, 560 * np.pi), (0, 1), (1, 11))


def interaction(x: Floats) -> Floats:
    """Return 10 sin(π x₁ x₂) + 20 (x₃ - 1/2)² + 10 x₄ + 5 x₅.

    Args:
        x: (examples, 10), from 0 to 1; the last five columns do not count.
    """
    value: Floats = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2
    return value + 10 * x[:, 3] + 5 * x[:, 4]


def impedance(x: Floats) -> Floats:
    """Return Z = [R² + (ωL - 1/ωC)²]^½ of a circuit, in ohms.

    Args:
        x: R, ω, L and C, (examples, 4), in the units of CIRCUIT. Others leave out that C is in
            microfarads (scikit-learn, mlbench), so that it hardly counts there.
    """
    value: Floats = np.hypot(x[:, 0], _reactance(x))
    return value


def phase(x: Floats) -> Floats:
    """Return φ = arctan[(ωL - 1/ωC) / R] of a circuit, in radians; x as in `impedance`."""
    value: Floats = np.arctan(_reactance(x) / x[:, 0])
    return value


def _reactance(x: Floats) -> Floats:
    value: Floats = x[:, 1] * x[:, 2] - 1 / (x[:, 1] * x[:, 3] * 1e-6)
    return value


@dataclass(frozen=True)
class Simulation:
    """A source that draws a table: inputs, uniform in their ranges, and a function with noise.

    Attributes:
        function: of the inputs, float64 (examples, inputs) -> (examples,).
        ranges: of each input.
        seed: of the numbers.
        noise: standard deviation of the normal noise; None for a third of the function's own, the
            ratio of signal to noise of the paper's circuits.
        examples: how many.
    """

    function: Callable[[Floats], Floats]
    ranges: tuple[tuple[float, float], ...]
    seed: int
    noise: float | None = None
    examples: int = 5000

    def __str__(self) -> str:
        return f"Friedman's {self.function.__name__}, drawn by NumPy"

    def read(self, file: str, limit: int, scratch: Path) -> bytes:
        """Return the table as text, see `sources.Source.read`."""
        # NumPy keeps the numbers of this generator as they are for ever, and so the digest.
        generator = np.random.RandomState(self.seed)
        low, high = np.transpose(self.ranges)
        x = generator.uniform(low, high, (self.examples, len(self.ranges)))
        value = self.function(x)
        noise = value.std() / 3 if self.noise is None else self.noise
        y = value + noise * generator.standard_normal(self.examples)
        # Six digits, so that the last bits of a processor's sine do not matter.
        lines = [" ".join(f"{number:.6g}" for number in row) for row in np.column_stack([x, y])]
        return "\n".join(lines).encode()
