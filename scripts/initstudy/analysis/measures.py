"""The metrics that variants may be judged by.

All tests take scores (`results.scores`), of which the largest is the best, whatever the metric;
tables and figures show the values that these stand for.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from initstudy.analysis.levels import LEVEL, Floats
from initstudy.config import names
from initstudy.results.scores import SIGNS
from initstudy.study import Study


@dataclass(frozen=True)
class Measure:
    """A measure whose values are shares of 1: means are compared.

    Attributes:
        name: value of the key `judge_by`.
        file_key: its name in a file's key, of the validation set.
        scale: what a value is multiplied by where it is shown.
        unit: of what is shown then; and of differences.
        unit_of_difference: of a difference of what is shown.
        middle: what the centre of the replicates is called.
    """

    name: str
    file_key: str
    scale: float
    unit: str
    unit_of_difference: str
    middle: str = "mean"

    @property
    def words(self) -> str:
        """What it is called."""
        return names.MEASURES[self.name]

    @property
    def sign(self) -> int:
        """1 if more is better, -1 if less is."""
        return SIGNS[self.name]

    @property
    def share(self) -> bool:
        """Whether values are shares of 1, which are shown in percent."""
        return self.scale == 100

    def center(self, scores: Floats) -> float:
        """Of the scores of one variant, float64 (n,)."""
        return mean(scores)

    def interval(self, scores: Floats) -> tuple[float, float]:
        """Return the 95 % interval of their centre; nan for fewer than it takes."""
        low, high = np.clip(mean_interval(scores), 0, 1)
        return float(low), float(high)

    def shown(self, *scores: float) -> tuple[float, ...]:
        """Return the values of scores, from the lowest to the highest if these are bounds."""
        return tuple(self.sign * score + 0.0 for score in scores[:: self.sign])


@dataclass(frozen=True)
class RankedMeasure(Measure):
    """A measure that may be infinite: medians and ranks are compared, infinite ones are equal."""

    middle: str = "median"

    def center(self, scores: Floats) -> float:
        """Return the median."""
        below, above = np.sort(scores)[[(len(scores) - 1) // 2, len(scores) // 2]]
        return float(below if below == above else (below + above) / 2)

    def interval(self, scores: Floats) -> tuple[float, float]:
        """Return the interval of the median by order statistics.

        Reference:
            Conover, 1999, Practical Nonparametric Statistics, section 3.2.
        """
        cut = int(stats.binom.ppf((1 - LEVEL) / 2, len(scores), 0.5))
        if not cut:
            return float("nan"), float("nan")
        ordered = np.sort(scores)
        return float(ordered[cut - 1]), float(ordered[-cut])


ACCURACY = Measure("accuracy", "final_validation_accuracy", 100, " %", " pp")
MEASURES = {
    measure.name: measure
    for measure in (
        ACCURACY,
        RankedMeasure("loss", "final_validation_loss", 1, "", ""),
        RankedMeasure("epochs_to_target", "epochs_to_target", 1, " epochs", " epochs"),
        Measure("area_under_curve", "area_under_curve", 100, " %", " pp"),
    )
}


def measure_of(study: Study) -> Measure:
    """Return the primary metric of a study."""
    return MEASURES[study.judge_by]


def differences(scores: Floats, base: Floats) -> Floats:
    """Scores less others; of two infinite ones of a kind nothing is left."""
    scores, base = np.broadcast_arrays(scores, base)
    found = np.zeros(scores.shape)
    np.subtract(scores, base, out=found, where=scores != base)
    return found


def mean(values: Floats) -> float:
    """Take the mean, such that the order of the values does not change its last digit."""
    return float(np.sort(values).mean())


def mean_interval(values: Floats) -> tuple[float, float]:
    """Bound the mean of float64 (n,) by Student's t, with 95 % confidence; nan for a single value.

    Reference:
        Student, 1908, The Probable Error of a Mean, Biometrika 6 (1).
    """
    n = len(values)
    if n < 2:
        return float("nan"), float("nan")
    half = stats.t.isf((1 - LEVEL) / 2, n - 1) * np.sort(values).std(ddof=1) / np.sqrt(n)
    return mean(values) - float(half), mean(values) + float(half)
