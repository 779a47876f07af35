"""What variants are judged by: their accuracy, or another measure that the user cares for.

All tests take scores (`results.scores`), of which the largest is the best, whatever the measure;
tables and figures show the values that these stand for.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from initstudy.analysis.levels import LEVEL, Floats
from initstudy.results.scores import SIGNS
from initstudy.study import names
from initstudy.study.description import Description

RESAMPLES = 10_000
# With fewer values a bootstrap has too few different samples to draw.
FEWEST_FOR_BOOTSTRAP = 5
# From so many on, the mean lies hardly ever beyond all values. An interval that does so, as a
# bootstrap's where few seeds fail, says less than is known.
FEWEST_FOR_RANGE = 7


@dataclass(frozen=True)
class Measure:
    """A measure whose values are shares of 1: means are compared.

    Attributes:
        name: value of the key `judge_by`.
        told: what it is called in a file's key, of the validation images.
        scale: what a value is multiplied by where it is shown.
        unit: of what is shown then; and of differences.
        unit_of_difference: likewise.
        middle: what the centre of the replicates is called.
    """

    name: str
    told: str
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
        return float(np.mean(scores))

    def interval(self, scores: Floats) -> tuple[float, float]:
        """The 95 % interval of their centre; nan for fewer than it takes."""
        low, high = np.clip(mean_interval(scores), 0, 1)
        return float(low), float(high)

    def shift(self, differences: Floats) -> float:
        """The centre of paired differences, float64 (n,)."""
        return float(np.mean(differences))

    def shift_interval(self, differences: Floats) -> tuple[float, float]:
        """Its 95 % interval; nan for fewer than it takes."""
        low, high = np.clip(mean_interval(differences), -1, 1)
        return float(low), float(high)

    def tested(self, differences: Floats) -> Floats:
        """What of paired differences a sign-flip test adds up, float64 (n,) or (n, m)."""
        return differences

    def shown(self, *scores: float) -> tuple[float, ...]:
        """The values that scores stand for, from the lowest to the highest if these are bounds."""
        return tuple(self.sign * score + 0.0 for score in scores[:: self.sign])


@dataclass(frozen=True)
class RankedMeasure(Measure):
    """A measure that may be infinite, as for what never learned: medians and ranks are compared.

    An infinite value is the worst there is, and two of them are equal.
    """

    middle: str = "median"

    def center(self, scores: Floats) -> float:
        """The median."""
        below, above = np.sort(scores)[[(len(scores) - 1) // 2, len(scores) // 2]]
        return float(below if below == above else (below + above) / 2)

    def interval(self, scores: Floats) -> tuple[float, float]:
        """The interval of the median by order statistics.

        Reference:
            Conover, 1999, Practical Nonparametric Statistics, section 3.2.
        """
        return _between(scores, int(stats.binom.ppf((1 - LEVEL) / 2, len(scores), 0.5)))

    def shift(self, differences: Floats) -> float:
        """The Hodges-Lehmann estimate: the median of the means of all pairs of differences.

        Reference:
            Hodges and Lehmann, 1963, Estimates of Location Based on Rank Tests, Annals of
            Mathematical Statistics 34 (2).
        """
        return self.center(_walsh(differences))

    def shift_interval(self, differences: Floats) -> tuple[float, float]:
        """Its interval, by inversion of the signed-rank test.

        Reference:
            Hollander, Wolfe and Chicken, 2014, Nonparametric Statistical Methods, section 3.3.
        """
        ways = np.ones(1)
        for rank in range(1, len(differences) + 1):
            more = np.concatenate([np.zeros(rank), ways])
            more[: len(ways)] += ways
            ways = more / 2
        below = int(np.searchsorted(np.cumsum(ways), (1 - LEVEL) / 2, side="right"))
        return _between(_walsh(differences), below)

    def tested(self, differences: Floats) -> Floats:
        """The signed ranks of the differences, so that the test is Wilcoxon's.

        Reference:
            Wilcoxon, 1945, Individual Comparisons by Ranking Methods, Biometrics Bulletin 1 (6);
            Pratt, 1959, Remarks on Zeros and Ties in the Wilcoxon Signed Rank Procedures.
        """
        ranks: Floats = stats.rankdata(np.abs(differences), axis=0) * np.sign(differences)
        return ranks


ACCURACY = Measure("accuracy", "final_validation_accuracy", 100, " %", " points")
MEASURES = {
    measure.name: measure
    for measure in (
        ACCURACY,
        RankedMeasure("loss", "final_validation_loss", 1, "", ""),
        RankedMeasure("epochs_to_target", "epochs_to_target", 1, " epochs", " epochs"),
        Measure("area_under_curve", "area_under_curve", 100, " %", " points"),
    )
}


def measure_of(study: Description) -> Measure:
    """That a study is judged by."""
    return MEASURES[study.judge_by]


def differences(scores: Floats, base: Floats) -> Floats:
    """Scores less others; of two infinite ones of a kind nothing is left."""
    scores, base = np.broadcast_arrays(scores, base)
    found = np.zeros(scores.shape)
    np.subtract(scores, base, out=found, where=scores != base)
    return found


def mean_interval(values: Floats) -> tuple[float, float]:
    """A 95 % confidence interval of the mean: bootstrap-t, or Student's t below five values.

    Of each resample it takes the t statistic about the observed mean, and bounds the mean with the
    quantiles of these instead of Student's. It is used instead of the BCa interval because that
    covers too seldom at ten values: see tests/unit/test_statistics.py and docs/statistics.md.

    Args:
        values: float64 (n,).

    Returns:
        The lower and the upper bound; nan for a single value. Of 7 values or more they lie within
        the values, which hardly costs any coverage. The resamples are drawn from a fixed seed, so
        the same values always have the same interval.

    Reference:
        Efron and Tibshirani, 1993, An Introduction to the Bootstrap, section 12.5.
        Hall, 1988, Theoretical Comparison of Bootstrap Confidence Intervals, Annals of Statistics
        16 (3), shows that its coverage is second-order accurate, as that of BCa is.
    """
    n, mean = len(values), float(np.mean(values))
    if n < 2:
        return float("nan"), float("nan")
    error = float(np.std(values, ddof=1)) / np.sqrt(n)
    if n < FEWEST_FOR_BOOTSTRAP:
        upper = float(stats.t.ppf((1 + LEVEL) / 2, n - 1))
        lower = -upper
    else:
        # Standardized, so that values which differ by rounding alone do not look different.
        spread = float(np.ptp(values))
        if spread < 1e-12:
            return mean, mean
        resamples = np.random.default_rng(0).choice((values - mean) / spread, (RESAMPLES, n))
        errors = resamples.std(axis=1, ddof=1) / np.sqrt(n)
        usable = errors > 1e-9
        t = resamples.mean(axis=1)[usable] / errors[usable]
        lower, upper = np.quantile(t, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    low, high = mean - float(upper) * error, mean - float(lower) * error
    if n >= FEWEST_FOR_RANGE:
        low, high = max(low, float(values.min())), min(high, float(values.max()))
    return low, high


def _between(values: Floats, cut: int) -> tuple[float, float]:
    """The smallest and the largest of the values that are left if so many are cut off each end."""
    if cut == 0:
        return float("nan"), float("nan")
    ordered = np.sort(values)
    return float(ordered[cut - 1]), float(ordered[-cut])


def _walsh(differences: Floats) -> Floats:
    """The means of all pairs of differences, of each with itself too."""
    one, other = np.triu_indices(len(differences))
    sums = np.zeros(len(one))
    first, second = differences[one], differences[other]
    np.add(first, second, out=sums, where=first != -second)
    return sums / 2
