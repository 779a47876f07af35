"""Performance profiles: how many runs of a suite get how far."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from initstudy.analysis.levels import LEVEL, Floats


def profiles(scores: Sequence[Floats], taus: Floats) -> tuple[Floats, Floats, Floats]:
    """Find the share of runs with a score above each tau, with pointwise 95 % bounds.

    The bounds are those of the bootstrap that draws as many seeds of each study as it has. The
    number of runs above tau is a sum of binomial numbers then, whose distribution is computed
    without drawing any. It is one of seeds: other studies would have other shares.

    Args:
        scores: of each study, float64 (seeds, variants).
        taus: where to look, float64 (taus,).

    Returns:
        The shares and their bounds, each float64 (taus, variants). The bounds are nan if a study
        has a single seed.

    Reference:
        Agarwal, Schwarzer, Castro, Courville and Bellemare, 2021, Deep Reinforcement Learning at
        the Edge of the Statistical Precipice, equation 2 and section 4.1.
    """
    runs = sum(len(study) for study in scores)
    above = [(study[None] > taus[:, None, None]).sum(axis=1) for study in scores]
    shares = np.sum(above, axis=0) / runs
    if min(len(study) for study in scores) < 2:
        return shares, np.full_like(shares, np.nan), np.full_like(shares, np.nan)
    # How probable each number of runs is: float64 (numbers, taus, variants).
    probable = np.ones((1, *shares.shape))
    for study, number in zip(scores, above, strict=True):
        n = len(study)
        own = stats.binom.pmf(np.arange(n + 1)[:, None, None], n, number / n)
        wider = np.zeros((len(probable) + n, *shares.shape))
        for more in range(n + 1):
            wider[more : more + len(probable)] += own[more] * probable
        probable = wider
    cumulative = np.cumsum(probable, axis=0)
    low, high = (
        # Rounding must not move a bound by one run.
        (cumulative < share - 1e-12).sum(axis=0) / runs
        for share in ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
    )
    return shares, low, high
