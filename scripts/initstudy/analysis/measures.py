"""The metrics that variants may be judged by.

All tests take scores (`results.scores`), of which the largest is the best, whatever the metric;
tables and figures show the values that these stand for.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from initstudy.analysis.levels import LEVEL, Floats
from initstudy.config import names
from initstudy.engine.spec import METRIC
from initstudy.results.findings import Findings
from initstudy.study import Study


@dataclass(frozen=True)
class Measure:
    """A measure of which means are compared.

    Attributes:
        name: value of the key `judge_by`, or the metric's.
        sign: 1 if more is better, -1 if less is.
        scale: what a value is multiplied by where it is shown.
        unit: of what is shown then.
        unit_of_difference: of a difference of what is shown.
        places: decimals that are shown of a difference at least.
        middle: what the centre of the replicates is called.
        counted: what an accuracy is a share of: examples, labels or steps.
    """

    name: str
    sign: int = 1
    scale: float = 1
    unit: str = ""
    unit_of_difference: str = ""
    places: int = 3
    middle: str = "mean"
    counted: str = "examples"

    @property
    def words(self) -> str:
        """What it is called."""
        return names.MEASURES[self.name]

    @property
    def file_key(self) -> str:
        """Its name in a file's key, of the validation set."""
        own = self.name in ("epochs_to_target", "area_under_curve")
        return self.name if own else f"final_validation_{self.name}"

    @property
    def share(self) -> bool:
        """Whether values are shares of 1, which are shown in percent."""
        return self.scale == 100

    @property
    def direction(self) -> str:
        """Say whether more is better."""
        return "higher is better" if self.sign > 0 else "lower is better"

    def center(self, scores: Floats) -> float:
        """Of the scores of one variant, float64 (n,)."""
        return mean(scores)

    def interval(self, scores: Floats) -> tuple[float, float]:
        """Return the 95 % interval of their centre; nan for fewer than it takes."""
        low, high = mean_interval(scores)
        if self.share:
            low, high = np.clip((low, high), 0, 1).tolist()
        return low, high

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


ACCURACY = Measure("accuracy", 1, 100, " %", " pp", 1)


def measure(judge_by: str, metric: str = METRIC, constant: float = 1.0) -> Measure:
    """Return what variants are judged by.

    Args:
        judge_by: the metric, or loss, epochs_to_target or area_under_curve.
        metric: of the study.
        constant: what the best constant answer has of it; an amount of it is small beside that.
    """
    if judge_by == "loss":
        return RankedMeasure("loss", -1)
    if judge_by == "epochs_to_target":
        return RankedMeasure("epochs_to_target", -1, 1, " epochs", " epochs", 0)
    found = ACCURACY
    if metric != METRIC:
        # A thousandth of the constant answer's is to be seen.
        places = 3 - math.floor(math.log10(constant)) if constant > 0 else 3
        found = Measure(metric, -1, places=max(0, places))
    return found if judge_by == metric else replace(found, name="area_under_curve")


def measure_of(study: Study | Findings) -> Measure:
    """Return the primary metric of a study, or of what it has found."""
    found = measure(study.judge_by, study.metric, study.constant)
    return replace(found, counted=study.counted)


def metric_of(study: Study | Findings) -> Measure:
    """Return what the networks of a study are measured by."""
    found = measure(study.metric, study.metric, study.constant)
    return replace(found, counted=study.counted)


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
