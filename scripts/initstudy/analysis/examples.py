"""Whether a difference holds for other test examples than those that were classified."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from initstudy.analysis.levels import LEVEL

# With fewer examples on which two variants differ, it is not known how other examples would differ.
FEWEST_DISCORDANT = 10


@dataclass(frozen=True)
class Crossed:
    """A mean difference of accuracies, where seeds and examples are both samples of more.

    Attributes:
        difference: as a fraction of 1.
        by_seeds, by_examples: variance of the mean difference by the one alone, the other held.
        error: standard error for other seeds and other examples of the same kinds.
        freedom: degrees of freedom of that.
        discordant: examples on which the two differ, in the mean over the seeds.
    """

    difference: float
    by_seeds: float
    by_examples: float
    error: float
    freedom: float
    discordant: int

    def interval(self, confidence: float = LEVEL) -> tuple[float, float]:
        """Bound the difference for other seeds and other examples."""
        half = 0.0
        if self.error:
            half = float(stats.t.isf((1 - confidence) / 2, self.freedom)) * self.error
        return max(-1.0, self.difference - half), min(1.0, self.difference + half)

    def within(self, margin: float, confidence: float) -> bool:
        """Whether the difference is known to be within a margin for other examples, too."""
        low, high = self.interval(confidence)
        return self.discordant >= FEWEST_DISCORDANT and -margin < low and high < margin


def crossed(correct: npt.NDArray[np.bool_], base: npt.NDArray[np.bool_]) -> Crossed:
    """Compare two variants on the same seeds and examples.

    A random effect of the seed, one of the example, and what is left of both: all crossed. The
    variance of the mean is made of their mean squares, and its degrees of freedom are
    Satterthwaite's.

    Args:
        correct: which examples each run gets right, bool (seeds, examples), at least two each.
        base: of what it is compared with, in the same form.

    Reference:
        Searle, Casella and McCulloch, 1992, Variance Components, sections 4.4 and 4.5 (two-way
        crossed, random model); Satterthwaite, 1946, Biometrics Bulletin 2 (6). That both count:
        Bouthillier et al., 2021, Accounting for Variance in Machine Learning Benchmarks; Jordan,
        2023, On the Variance of Neural Network Training with Respect to Test Sets and
        Distributions.
    """
    differences = correct.astype(np.int8) - base.astype(np.int8)
    seeds, examples = differences.shape
    mean = float(np.sort(differences.mean(axis=1)).mean())
    degrees = np.array([seeds - 1, examples - 1, (seeds - 1) * (examples - 1)], float)
    parts = np.array(mean_squares(differences)) / (seeds * examples) * np.array([1, 1, -1])
    # Below what the seeds alone make of it, an estimate can only be too small.
    variance = max(float(parts.sum()), float(parts[0]))
    freedom = variance**2 / float(np.sum(parts**2 / degrees)) if variance > 0 else np.inf
    discordant = int(np.count_nonzero(differences.sum(axis=0, dtype=np.int64)))
    return Crossed(
        mean, float(parts[0]), float(parts[1]), float(np.sqrt(variance)), freedom, discordant
    )


def mean_squares(values: npt.NDArray[np.int8]) -> tuple[float, float, float]:
    """Take the mean squares of rows, of columns, and of what is left: of int8 (rows, columns), at
    least two each.
    """
    rows, columns = values.shape
    by_row, by_column = np.sort(values.mean(axis=1)), values.mean(axis=0)
    mean = float(by_row.mean())
    of_rows = columns * float(np.sum((by_row - mean) ** 2))
    of_columns = rows * float(np.sum((by_column - mean) ** 2))
    total = float(np.sum(values.astype(np.int64) ** 2)) - rows * columns * mean**2
    rest = max(0.0, total - of_rows - of_columns)
    return of_rows / (rows - 1), of_columns / (columns - 1), rest / ((rows - 1) * (columns - 1))
