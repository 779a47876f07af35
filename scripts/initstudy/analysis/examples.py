"""Whether a difference holds for other test examples than those that were tested."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from initstudy.analysis.levels import LEVEL
from initstudy.results.study import StudyResults
from initstudy.study import Study

# With fewer examples on which two variants differ, it is not known how other examples would differ.
FEWEST_DISCORDANT = 10


@dataclass(frozen=True)
class Crossed:
    """A mean difference of the metric, where seeds and examples are both samples of more.

    Attributes:
        difference: in the unit of the metric.
        by_seeds, by_examples: variance of the mean difference by the one alone, the other held.
        error: standard error for other seeds and other examples of the same kinds.
        freedom: degrees of freedom of that.
        discordant: examples on which the two differ, in the mean over the seeds.
        most: that a difference can be.
    """

    difference: float
    by_seeds: float
    by_examples: float
    error: float
    freedom: float
    discordant: int
    most: float

    def interval(self, confidence: float = LEVEL) -> tuple[float, float]:
        """Bound the difference for other seeds and other examples."""
        half = 0.0
        if self.error:
            half = float(stats.t.isf((1 - confidence) / 2, self.freedom)) * self.error
        return max(-self.most, self.difference - half), min(self.most, self.difference + half)

    def within(self, margin: float, confidence: float) -> bool:
        """Whether the difference is known to be within a margin for other examples, too."""
        low, high = self.interval(confidence)
        return self.discordant >= FEWEST_DISCORDANT and -margin < low and high < margin


def linear(arrays: Mapping[str, npt.NDArray[Any]], study: Study) -> dict[str, npt.NDArray[Any]]:
    """Return numbers of examples, of which the metric of a run is the mean.

    That of a root mean square is linearized: what one example adds to it. A run that learned
    nothing has what `histories.bounded` makes of it, on each example.

    Args:
        arrays: see `results.examples.by_variant`.
        study: that they are of.

    Returns:
        bool or float64 (seeds, examples) of each variant.
    """
    if study.perfect:
        return {name: np.nan_to_num(array) for name, array in arrays.items()}
    found = {}
    for name, array in arrays.items():
        values = array.astype(np.float64)
        metric = means = values.mean(axis=1, keepdims=True)
        if study.metric == "root_mean_squared_error":
            metric = np.sqrt(means)
            halves = np.where(metric > 0, 2 * metric, 1.0)
            values = metric + (values - means) / halves
        found[name] = np.where(metric < study.constant, values, study.constant)
    return found


def by_example(results: StudyResults, variant: str) -> npt.NDArray[Any]:
    """Return what the runs of a variant make of each test example, see `linear`."""
    return linear({variant: results.by_example[variant]}, results.study)[variant]


def crossed(ours: npt.NDArray[Any], base: npt.NDArray[Any]) -> Crossed:
    """Compare two variants on the same seeds and examples.

    A random effect of the seed, one of the example, and what is left of both: all crossed. The
    variance of the mean is made of their mean squares, and its degrees of freedom are
    Satterthwaite's.

    Args:
        ours: what each run makes of each example, (seeds, examples), at least two each; bool if it
            is right or wrong, else numbers whose mean is the metric.
        base: of what it is compared with, in the same form.

    Reference:
        Searle, Casella and McCulloch, 1992, Variance Components, sections 4.4 and 4.5 (two-way
        crossed, random model); Satterthwaite, 1946, Biometrics Bulletin 2 (6). That both count:
        Bouthillier et al., 2021, Accounting for Variance in Machine Learning Benchmarks; Jordan,
        2023, On the Variance of Neural Network Training with Respect to Test Sets and
        Distributions.
    """
    whole = ours.dtype == np.bool_
    kind = np.int8 if whole else np.float64
    differences = ours.astype(kind) - base.astype(kind)
    seeds, examples = differences.shape
    mean = float(np.sort(differences.mean(axis=1)).mean())
    degrees = np.array([seeds - 1, examples - 1, (seeds - 1) * (examples - 1)], float)
    parts = np.array(mean_squares(differences)) / (seeds * examples) * np.array([1, 1, -1])
    # Below what the seeds alone make of it, an estimate can only be too small.
    variance = max(float(parts.sum()), float(parts[0]))
    freedom = variance**2 / float(np.sum(parts**2 / degrees)) if variance > 0 else np.inf
    sums = differences.sum(axis=0, dtype=np.int64 if whole else np.float64)
    return Crossed(
        difference=mean,
        by_seeds=float(parts[0]),
        by_examples=float(parts[1]),
        error=float(np.sqrt(variance)),
        freedom=freedom,
        discordant=int(np.count_nonzero(sums)),
        most=1.0 if whole else np.inf,
    )


def mean_squares(values: npt.NDArray[Any]) -> tuple[float, float, float]:
    """Take the mean squares of rows, of columns, and of what is left: of (rows, columns), at least
    two each.
    """
    rows, columns = values.shape
    by_row, by_column = np.sort(values.mean(axis=1)), values.mean(axis=0)
    mean = float(by_row.mean())
    of_rows = columns * float(np.sum((by_row - mean) ** 2))
    of_columns = rows * float(np.sum((by_column - mean) ** 2))
    wide = values.astype(np.float64 if values.dtype.kind == "f" else np.int64)
    total = float(np.sum(wide**2)) - rows * columns * mean**2
    rest = max(0.0, total - of_rows - of_columns)
    return of_rows / (rows - 1), of_columns / (columns - 1), rest / ((rows - 1) * (columns - 1))
