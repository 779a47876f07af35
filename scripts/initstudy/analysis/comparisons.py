"""The test of the project: every two variants of a study compared, seed by seed.

Of any two variants there is one estimate of their difference. Its p-value, and its interval at
whatever confidence, come from the same distribution, so they never disagree: an interval leaves a
value out just where the p-value of this value is below one minus its confidence.
"""

import abc
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from initstudy.analysis.levels import ALPHA, Floats
from initstudy.analysis.measures import Measure, RankedMeasure, differences

# Fewer say too little of how far seeds differ, whatever is assumed.
FEWEST_SEEDS = 5
# What the variances of other pairs may add, as a share of what they would if all were equal.
SHARE_OF_PRIOR = 4


@dataclass(frozen=True)
class Comparisons(abc.ABC):
    """Every two of some variants, on the seeds that they share.

    Attributes:
        estimates: the row's variant less the column's, float64 (variants, variants).
        freedom: degrees of freedom with which the spread of the differences is known.
    """

    estimates: Floats
    freedom: float

    @abc.abstractmethod
    def p_values(self, difference: float = 0.0) -> Floats:
        """Test that each true difference is this one, two-sided: float64 (variants, variants), nan
        of a single seed.
        """

    @abc.abstractmethod
    def intervals(self, confidence: float) -> tuple[Floats, Floats]:
        """Bound each difference from below and above; float64 (variants, variants) each.

        Of means the bounds are nan for a single seed, of ranks infinite for too few.
        """

    @abc.abstractmethod
    def pair(self, row: int, column: int) -> "Comparisons":
        """Take one pair out, so that not all are computed for it; of shape (1, 1)."""

    def equivalence_p_values(self, margin: float) -> Floats:
        """Test that each true difference is at least a margin above 0 from 0.

        It is below a level just where the interval of this level lies within the margin.

        Reference:
            Schuirmann, 1987, A Comparison of the Two One-Sided Tests Procedure and the Power
            Approach for Assessing the Equivalence of Average Bioavailability, Journal of
            Pharmacokinetics and Biopharmaceutics 15 (6); here at half the level on each side, so
            that one interval serves for both questions.
        """
        either = np.maximum(self.p_values(margin), self.p_values(-margin))
        within = np.abs(self.estimates) < margin
        return np.where(within | np.isnan(either), either, 1.0)


@dataclass(frozen=True)
class OfMeans(Comparisons):
    """Differences of means, by moderated paired t statistics.

    Attributes:
        errors: standard error of each difference, float64 (variants, variants).
    """

    errors: Floats

    def p_values(self, difference: float = 0.0) -> Floats:
        """See `Comparisons.p_values`."""
        away = np.where(np.isnan(self.errors), np.nan, np.abs(self.estimates - difference))
        # Where nothing varies, any difference is beyond doubt, and none is none.
        t = np.divide(away, self.errors, out=np.where(away > 0, np.inf, 0.0), where=self.errors > 0)
        return np.asarray(2 * stats.t.sf(t, self.freedom))

    def intervals(self, confidence: float) -> tuple[Floats, Floats]:
        """See `Comparisons.intervals`."""
        half = float(stats.t.isf((1 - confidence) / 2, self.freedom)) * self.errors
        return self.estimates - half, self.estimates + half

    def pair(self, row: int, column: int) -> "OfMeans":
        """See `Comparisons.pair`."""
        one = np.ix_([row], [column])
        return OfMeans(self.estimates[one], self.freedom, self.errors[one])


@dataclass(frozen=True)
class OfRanks(Comparisons):
    """Shifts of paired differences that may be infinite, by Wilcoxon's signed-rank statistic.

    They are computed row by row, since the means of any two differences are many.

    Attributes:
        scores: of the rows' variants and of the columns', float64 (seeds, variants) each.
        below: probability that at most so many of the means of any two differences lie on a given
            side of the true shift, float64 (n + 1,).

    Reference:
        Hollander, Wolfe and Chicken, 2014, Nonparametric Statistical Methods, sections 3.1 to 3.3:
        the test, the Hodges-Lehmann estimate, and the interval that belongs to both. What equals
        the value that is tested counts against rejecting it.
    """

    scores: tuple[Floats, Floats]
    below: Floats

    def p_values(self, difference: float = 0.0) -> Floats:
        """See `Comparisons.p_values`."""
        few = [
            np.minimum((means <= difference).sum(0), (means >= difference).sum(0))
            for means in _means_of_two(*self.scores)
        ]
        return np.asarray(np.minimum(1.0, 2 * self.below[np.array(few)]))

    def intervals(self, confidence: float) -> tuple[Floats, Floats]:
        """See `Comparisons.intervals`; infinite where there are too few seeds."""
        cut = int(np.searchsorted(self.below, (1 - confidence) / 2, side="right"))
        if not cut:
            return np.full_like(self.estimates, -np.inf), np.full_like(self.estimates, np.inf)
        ends = [(means[cut - 1], means[-cut]) for means in _means_of_two(*self.scores)]
        low, high = np.array(ends).transpose(1, 0, 2)
        return low, high

    def pair(self, row: int, column: int) -> "OfRanks":
        """See `Comparisons.pair`."""
        scores = self.scores[0][:, [row]], self.scores[1][:, [column]]
        return OfRanks(self.estimates[np.ix_([row], [column])], self.freedom, scores, self.below)


def compare(scores: Floats, measure: Measure) -> Comparisons:
    """Compare every two variants on the seeds that they share.

    Means are compared by a paired t test. With five seeds the variance of a single pair is hardly
    known, so it is moderated by those of all pairs, but never below itself, since a variant that
    fails at times differs more than others. Scores that may be infinite are compared by ranks.

    Args:
        scores: float64 (seeds, variants); the largest is the best.
        measure: of which they are.

    Reference:
        Student, 1908, The Probable Error of a Mean, Biometrika 6 (1); Smyth, 2004, Linear Models
        and Empirical Bayes Methods for Assessing Differential Expression in Microarray
        Experiments, Statistical Applications in Genetics and Molecular Biology 3 (1).
    """
    seeds, variants = scores.shape
    if isinstance(measure, RankedMeasure):
        estimates = np.array([_middle(means) for means in _means_of_two(scores, scores)])
        below = signed_rank_probabilities(seeds)
        return OfRanks(estimates, seeds - 1, (scores, scores), below)
    estimates, variances = (np.zeros((variants, variants)) for _ in range(2))
    for row, mine in enumerate(scores.T):
        # Sorted, so that the order of the seeds does not change the last digit of a sum.
        found = np.sort(mine[:, None] - scores, axis=0)
        estimates[row] = found.mean(axis=0)
        variances[row] = found.var(axis=0, ddof=1) if seeds > 1 else np.nan
    # Of a difference of x, and of one of -x, the last digits may differ.
    estimates = (estimates - estimates.T) / 2
    variances = (variances + variances.T) / 2
    upper = np.triu_indices(variants, 1)
    least = np.maximum(variances[upper], rounding(scores))
    moderated, freedom = moderate(variances[upper], seeds - 1, variants - 1)
    variances[upper] = variances.T[upper] = np.maximum(moderated, least)
    return OfMeans(estimates, freedom, np.sqrt(variances / seeds))


def moderate(variances: Floats, freedom: int, independent: int) -> tuple[Floats, float]:
    """Moderate the variances of several differences by each other.

    The true variances are taken for a sample of an inverse gamma distribution, which is fitted to
    the logarithms of those that were observed. Each becomes a mean of its own and of that prior,
    by their degrees of freedom. Those of the prior, which few differences hardly show, count at
    most as a quarter of what the other independent ones would give if all had one variance.

    Args:
        variances: float64 (n,).
        freedom: degrees of freedom of each.
        independent: how many of the differences are independent of each other.

    Returns:
        The moderated variances, float64 (n,), and their degrees of freedom.

    Reference:
        Smyth, 2004, section 6.2, equations 6 to 8. The bound is ours: docs/validation.md has the
        rates with which the test errs.
    """
    # What is constant has no variance to learn from, but for rounding.
    observed = variances[variances > 1e-12 * np.max(variances, initial=0.0)]
    if independent < 2 or len(observed) < 2 or freedom < 1:
        return variances, float(max(freedom, 1))
    logs = np.sort(np.log(observed)) - special.digamma(freedom / 2) + np.log(freedom / 2)
    excess = float(logs.var(ddof=1)) - float(special.polygamma(1, freedom / 2))
    most = freedom * (independent - 1) / SHARE_OF_PRIOR
    if excess > 0:
        prior_freedom = 2 * inverse_trigamma(excess)
        center = float(logs.mean()) + float(special.digamma(prior_freedom / 2))
        prior = float(np.exp(center - np.log(prior_freedom / 2)))
        prior_freedom = min(prior_freedom, most)
    else:
        prior, prior_freedom = float(np.sort(observed).mean()), most
    total = prior_freedom + freedom
    moderated = (prior_freedom * prior + freedom * variances) / total
    return moderated, float(total)


def inverse_trigamma(value: float) -> float:
    """Find the number whose trigamma function is this one, by Newton's method.

    Reference:
        Smyth, 2004, appendix.
    """
    if value > 1e7:
        return float(1 / np.sqrt(value))
    if value < 1e-6:
        return 1 / value
    found = 0.5 + 1 / value
    for _ in range(50):
        trigamma = float(special.polygamma(1, found))
        step = trigamma * (1 - trigamma / value) / float(special.polygamma(2, found))
        found += step
        if abs(step) < 1e-10 * found:
            break
    return found


def rounding(scores: Floats) -> float:
    """Find the variance that rounding gives a difference of two scores.

    Accuracies of 30 test examples are multiples of 1/30. The unit is the smallest gap between two
    of the scores; of measurements with many digits it is next to nothing.

    Reference:
        Sheppard, 1898, On the Calculation of the Most Probable Values of Frequency-Constants,
        Proceedings of the London Mathematical Society 29: a twelfth of the unit's square for each.
    """
    gaps = np.diff(np.unique(scores))
    # Tables have nine digits.
    gaps = gaps[gaps > 1e-8]
    return float(gaps.min()) ** 2 / 6 if gaps.size else 0.0


def signed_rank_probabilities(n: int) -> Floats:
    """How probable it is that at most so many of n (n + 1) / 2 Walsh averages lie on one side of
    the centre.

    Reference:
        Wilcoxon, 1945, Individual Comparisons by Ranking Methods, Biometrics Bulletin 1 (6).
    """
    ways = np.ones(1)
    for rank in range(1, n + 1):
        more = np.concatenate([np.zeros(rank), ways])
        more[: len(ways)] += ways
        ways = more / 2
    return np.minimum(1.0, np.cumsum(ways))


def fewest_seeds(measure: Measure, level: float) -> int:
    """Find the fewest seeds that decide any difference, however large, at the level of one."""
    seeds = FEWEST_SEEDS
    while isinstance(measure, RankedMeasure) and 2.0 ** (1 - seeds) > level:
        seeds += 1
    return seeds


@dataclass(frozen=True)
class Family:
    """Comparisons that are made together, so that all of them hold with 95 % confidence.

    Attributes:
        size: how many they are.
        share: of the error that they may spend now; the rest is for other interim analyses.

    Reference:
        Dunn, 1961, Multiple Comparisons among Means, Journal of the American Statistical
        Association 56 (293): Bonferroni's inequality, for intervals that hold together.
    """

    size: int
    share: float = 1.0

    @property
    def level(self) -> float:
        """The error of each comparison."""
        return ALPHA * self.share / max(1, self.size)

    @property
    def confidence(self) -> float:
        """Of each interval, so that all of them hold together."""
        return 1 - self.level

    def adjusted(self, p_value: float) -> float:
        """Adjust a p-value, so that 5 % bounds the error of all of them together; nan stays."""
        return float(np.minimum(1.0, p_value * max(1, self.size) / self.share))


def _means_of_two(rows: Floats, columns: Floats) -> Iterator[Floats]:
    """Take the means of any two of a pair's differences, of each with itself too (Walsh, 1949).

    Args:
        rows: scores, float64 (seeds, variants).
        columns: those that they are compared with, in the same form.

    Yields:
        Of each row's variant float64 (means, variants), sorted.
    """
    one, other = np.triu_indices(len(rows))
    for mine in rows.T:
        found = differences(mine[:, None], columns)
        first, second = found[one], found[other]
        sums = np.zeros(first.shape)
        # Of plus and minus infinity nothing is left.
        np.add(first, second, out=sums, where=first != -second)
        yield np.sort(sums / 2, axis=0)


def _middle(ordered: Floats) -> Floats:
    """Return the medians of sorted columns; of two equal infinite ones in the middle it is they."""
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return np.asarray(np.where(low == high, low, (low + high) / 2))
