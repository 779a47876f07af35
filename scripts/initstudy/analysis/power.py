"""How many seeds it takes to decide a difference, by what is known of how seeds differ."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from initstudy.analysis.levels import LEVEL
from initstudy.results.findings import Comparison, Needed

# How often a true difference is to be decided.
POWER = 0.8
# More seeds than this nobody runs.
MOST_SEEDS = 10_000
# What ranks are worth beside means, where differences are normal: 3/pi.
EFFICIENCY_OF_RANKS = 3 / np.pi


def power(size: float, sd: float, seeds: int, level: float, efficiency: float = 1.0) -> float:
    """Compute how often so many seeds decide a true difference of this size.

    Args:
        size: true difference.
        sd: standard deviation of the paired differences.
        seeds: of the study to come.
        level: of the comparison, two-sided, after correction for their number.
        efficiency: of the test beside one of means.

    Reference:
        Lehmann and Romano, 2005, Testing Statistical Hypotheses, section 5.3: Student's t with a
        noncentral distribution. Later comparisons are moderated, so their power is rather higher.
    """
    worth = efficiency * seeds
    shift = abs(size) * np.sqrt(worth) / sd
    bound = float(stats.t.isf(level / 2, seeds - 1))
    if seeds > 200:
        return float(stats.norm.sf(bound - shift) + stats.norm.cdf(-bound - shift))
    found = stats.nct.sf(bound, seeds - 1, shift) + stats.nct.cdf(-bound, seeds - 1, shift)
    # Far in the tail the distribution cannot be computed, and the power is 1.
    return float(found) if np.isfinite(found) else float(shift > bound)


def smallest(size: float, sd: float, level: float, fewest: int, efficiency: float = 1.0) -> float:
    """Find the smallest number of seeds with enough power; inf if it is too large.

    It is found by halving, from `fewest` on. The other arguments are those of `power`.
    """

    def enough(seeds: int) -> bool:
        return power(size, sd, seeds, level, efficiency) >= POWER

    if not size or not enough(MOST_SEEDS):
        return float("inf")
    few, many = fewest - 1, MOST_SEEDS
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if enough(middle) else (middle, many)
    return many


def needed(found: Comparison, margin: float | None, fewest: int, ranked: bool) -> Needed:
    """Find how many seeds it takes to decide a difference.

    Args:
        found: the comparison; its interval must be finite.
        margin: the difference, above 0. None for one such as was seen, which may be 0 as long as
            the comparison is inconclusive: then no number of seeds is known to suffice.
        fewest: with which anything can be decided.
        ranked: whether scores are compared by ranks.
    """
    sd = _sd(found)
    if not sd:
        return Needed()
    if margin is None:
        far, near = max(abs(found.low), abs(found.high)), 0.0
        if found.low > 0 or found.high < 0:
            near = min(abs(found.low), abs(found.high))
        cases = [(size, sd) for size in (found.difference, far, near)]
    else:
        # Half of the interval cuts off above, half below.
        chi = stats.chi2.ppf([(1 + LEVEL) / 2, (1 - LEVEL) / 2], found.freedom)
        cases = [(margin, sd * factor) for factor in (1.0, *np.sqrt(found.freedom / chi))]
    asked = 1 - found.confidence, fewest, EFFICIENCY_OF_RANKS if ranked else 1.0
    return Needed(*(smallest(size, spread, *asked) for size, spread in cases))


def _sd(found: Comparison) -> float:
    """Return the standard deviation of the differences that their interval implies; 0 if none."""
    half = (found.high - found.low) / 2
    if not np.isfinite(half):
        return 0.0
    return float(half / stats.t.isf((1 - LEVEL) / 2, found.freedom) * np.sqrt(found.seeds))


def plan(
    comparisons: Sequence[Comparison], sizes: Sequence[float], seeds: Sequence[int], ranked: bool
) -> pd.DataFrame:
    """Compute the power of studies of several sizes, from the comparisons of a pilot study.

    Args:
        comparisons: of each variant with the baseline.
        sizes: true differences.
        seeds: of the study to come.
        ranked: see `needed`.

    Returns:
        variant, size, and for each number of seeds a column with the power.
    """
    efficiency = EFFICIENCY_OF_RANKS if ranked else 1.0
    rows = [
        (
            found.first,
            size,
            *(power(size, _sd(found), n, 1 - found.confidence, efficiency) for n in seeds),
        )
        for found in comparisons
        for size in sizes
    ]
    return pd.DataFrame(rows, columns=["variant", "size", *map(str, seeds)])
