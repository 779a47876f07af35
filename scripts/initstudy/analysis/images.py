"""Whether a difference holds on other images than those that were classified."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from initstudy.analysis.levels import LEVEL


@dataclass(frozen=True)
class Crossed:
    """A mean difference of accuracies over seeds and images, both a sample of more.

    Attributes:
        difference: as a fraction of 1.
        low, high: its 95 % interval for other seeds and other images of the same kinds.
        by_seeds, by_images: variance of the mean difference by the one alone, the other held.
    """

    difference: float
    low: float
    high: float
    by_seeds: float
    by_images: float


def crossed(hits: npt.NDArray[np.bool_], base: npt.NDArray[np.bool_]) -> Crossed:
    """The difference of two variants on the same seeds and images.

    A random effect of the seed, one of the image, and what is left of both: all crossed. The
    variance of the mean is made of their mean squares, and its degrees of freedom are
    Satterthwaite's.

    Args:
        hits: which images each replicate of a variant gets right, bool (seeds, images), of at least
            two each.
        base: of what it is compared with, likewise.

    Reference:
        Searle, Casella and McCulloch, 1992, Variance Components, sections 4.4 and 4.5 (two-way
        crossed, random model); Satterthwaite, 1946, Biometrics Bulletin 2 (6). That both count:
        Bouthillier et al., 2021, Accounting for Variance in Machine Learning Benchmarks; Jordan,
        2023, On the Variance of Neural Network Training with Respect to Test Sets and
        Distributions.
    """
    differences = hits.astype(np.int8) - base.astype(np.int8)
    seeds, images = differences.shape
    mean = float(differences.mean(axis=1).mean())
    degrees = np.array([seeds - 1, images - 1, (seeds - 1) * (images - 1)], float)
    parts = np.array(mean_squares(differences)) / (seeds * images) * np.array([1, 1, -1])
    # Below what the seeds alone make of it, an estimate can only be too small.
    variance = max(float(parts.sum()), float(parts[0]))
    bound = 0.0
    if variance > 0:
        freedom = variance**2 / float(np.sum(parts**2 / degrees))
        bound = float(stats.t.ppf((1 + LEVEL) / 2, freedom)) * np.sqrt(variance)
    return Crossed(mean, mean - bound, mean + bound, float(parts[0]), float(parts[1]))


def mean_squares(values: npt.NDArray[np.int8]) -> tuple[float, float, float]:
    """The mean squares of rows, of columns, and of what is left of both.

    Args:
        values: int8 (rows, columns), at least two each.
    """
    rows, columns = values.shape
    by_row, by_column = values.mean(axis=1), values.mean(axis=0)
    mean = float(by_row.mean())
    of_rows = columns * float(np.sum((by_row - mean) ** 2))
    of_columns = rows * float(np.sum((by_column - mean) ** 2))
    total = float(np.sum(values.astype(np.int64) ** 2)) - rows * columns * mean**2
    rest = max(0.0, total - of_rows - of_columns)
    return of_rows / (rows - 1), of_columns / (columns - 1), rest / ((rows - 1) * (columns - 1))
