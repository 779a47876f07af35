"""Two variants compared by their final accuracies: the difference, and whether it is real."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from initstudy.analysis.statistics import LEVEL, Floats, mean_interval, sign_flip_p_value
from initstudy.results.study import Replicates, StudyResults

# Up to this number all ways to deal the replicates out anew are counted, above they are sampled.
MOST_DEALS = 100_000


@dataclass(frozen=True)
class Comparison:
    """What the replicates of two variants say of their difference.

    Attributes:
        first, second: which variant of which study.
        first_accuracies, second_accuracies: of the test images after the last epoch, float64
            (n,), by seed; only of shared seeds, if they are paired.
        paired: whether one of each belongs to one of the other, by its seed.
        difference: of the means, the first less the second.
        low, high: its 95 % confidence interval; nan where a single replicate tells nothing.
        p_value: two-sided, of there being no difference; of this comparison alone, so where many
            are made, it must be corrected for their number (`statistics.holm`).
    """

    first: str
    second: str
    first_accuracies: Floats
    second_accuracies: Floats
    paired: bool
    difference: float
    low: float
    high: float
    p_value: float

    @property
    def counts(self) -> tuple[int, int]:
        """How many replicates of each are compared."""
        return len(self.first_accuracies), len(self.second_accuracies)

    def __str__(self) -> str:
        """In words."""
        sides = (self.first, self.first_accuracies), (self.second, self.second_accuracies)
        means = [f"{name}: {100 * values.mean():.2f} %" for name, values in sides]
        one, other = self.counts
        how = f"n = {one} shared seeds, paired" if self.paired else f"n = {one} and {other}"
        bounds = f" [{100 * self.low:+.2f}, {100 * self.high:+.2f}]" if self.low == self.low else ""
        return (
            f"{means[0]}\n{means[1]}\ndifference: {100 * self.difference:+.2f}{bounds} percentage "
            f"points, p = {self.p_value:.2g} ({how})"
        )


def compare(first: Replicates | StudyResults, second: Replicates | StudyResults) -> Comparison:
    """Compares two variants, of one study or of two, by their final accuracies.

    Where they share two seeds or more, these are compared in pairs, since replicates of one seed
    share their random numbers: the interval is `statistics.mean_interval`, the p-value that of
    `statistics.sign_flip_p_value`. Otherwise, as for `best` and a variant that it was chosen from,
    whose seeds are others, all of them are compared: see `independent_interval` and
    `permutation_p_value`. A diverged replicate counts as an accuracy of 0.

    Args:
        first: a variant, from `results.variant(name)`; of a whole study it is the baseline.
        second: what it is compared with, likewise.

    Raises:
        StudyError: if results cannot be read.

    Example:
        >>> notebook = load("results/notebook")
        >>> print(compare(notebook.variant("kernel-he_uniform"), notebook.variant("baseline")))
        >>> print(compare(load("results/deep_relu"), load("results/normalized")))
    """
    one, other = (
        side.variant("baseline") if isinstance(side, StudyResults) else side
        for side in (first, second)
    )
    shared = sorted(one.accuracies.keys() & other.accuracies.keys())
    paired = len(shared) > 1
    values, base = (
        np.array(
            [side.accuracies[seed] for seed in (shared if paired else sorted(side.accuracies))]
        )
        for side in (one, other)
    )
    if paired:
        low, high = mean_interval(values - base)
        p_value = sign_flip_p_value(values - base)
    else:
        low, high = independent_interval(values, base)
        p_value = permutation_p_value(values, base)
    low, high = (float(bound) for bound in np.clip((low, high), -1, 1))
    difference = float(values.mean() - base.mean())
    return Comparison(one.label, other.label, values, base, paired, difference, low, high, p_value)


def independent_interval(values: Floats, base: Floats) -> tuple[float, float]:
    """A 95 % confidence interval of the difference of two means of independent replicates.

    It is Welch's, which does not take the variances to be equal. Of skewed accuracies it covered
    the truth as often as a bootstrap-t interval did: see tests/unit/test_comparison.py.

    Args:
        values: float64 (n,).
        base: what they are compared with, float64 (m,).

    Returns:
        The lower and the upper bound; nan if either is a single value.

    Reference:
        Welch, 1947, The Generalization of `Student's' Problem When Several Different Population
        Variances Are Involved, Biometrika 34 (1/2).
    """
    if min(len(values), len(base)) < 2:
        return float("nan"), float("nan")
    if max(np.ptp(values), np.ptp(base)) < 1e-12:
        difference = float(values.mean() - base.mean())
        return difference, difference
    interval = stats.ttest_ind(values, base, equal_var=False).confidence_interval(LEVEL)
    return float(interval.low), float(interval.high)


def permutation_p_value(values: Floats, base: Floats) -> float:
    """The two-sided p-value of independent replicates being of one distribution.

    If they are, each might as well belong to the other group. It is twice the share of all ways to
    deal them out that give a Welch statistic at least as far to the observed one's side; above
    MOST_DEALS of them, of as many that are drawn from a fixed seed, and the observed one. With that
    statistic it holds in the limit, too, where means are equal and only variances differ, which
    with the difference of the means it would not.

    Args:
        values: float64 (n,).
        base: float64 (m,).

    Returns:
        The p-value; 1 if either is a single value.

    Reference:
        Chung and Romano, 2013, Exact and Asymptotically Robust Permutation Tests, Annals of
        Statistics 41 (2).
    """
    spread = float(np.ptp([*values, *base]))
    if spread < 1e-12 or min(len(values), len(base)) < 2:
        return 1.0
    # Standardized and rounded, so that what differs by rounding alone counts as equal.
    groups = [np.round(group / spread, 12) for group in (values, base)]
    test = stats.permutation_test(
        groups, _welch, vectorized=True, n_resamples=MOST_DEALS, batch=10_000, rng=0
    )
    return float(test.pvalue)


def _welch(one: Floats, other: Floats, axis: int) -> Floats:
    variances = [part.var(axis=axis, ddof=1) / part.shape[axis] for part in (one, other)]
    # Where neither varies, the difference is as good as infinitely many errors.
    errors = np.maximum(np.sqrt(variances[0] + variances[1]), 1e-9)
    return np.asarray(np.round((one.mean(axis=axis) - other.mean(axis=axis)) / errors, 9))
