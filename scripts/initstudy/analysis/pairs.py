"""All variants against each other: which may be the best, and which differ from which.

Each seed's values are compared at once for all pairs, by flipping the signs of all of its
differences together: if no two variants differ, these have the other signs as probably. So the
comparisons' dependence, as on a baseline that they share, is in the distribution that they are
judged by, instead of being guarded against.
"""

import itertools
from collections.abc import Collection, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from initstudy.analysis.levels import Floats
from initstudy.analysis.measures import ACCURACY, Measure, differences

# Up to so many seeds all sign flips are counted, above so many are sampled.
MOST_FOR_EXACT = 13
SAMPLES = 10_000


def joint_p_values(differences: Floats) -> Floats:
    """Two-sided p-values of paired differences, adjusted so that 5 % bounds the family-wise error.

    The statistic of a comparison is the sum of its differences by the root of their sum of squares,
    which orders sign flips as Student's t does. The largest is compared with the largest of all
    comparisons under each flip of whole seeds, the next one with the largest of those that are
    left, and so on. Exact if the differences of the true hypotheses are jointly symmetric about
    zero; docs/statistics.md has the error where they are not.

    Args:
        differences: float64 (seeds, comparisons).

    Returns:
        float64 (comparisons,).

    Reference:
        Westfall and Young, 1993, Resampling-Based Multiple Testing, section 2.6 (step-down max T).
        Romano and Wolf, 2005, Exact and Approximate Stepdown Methods for Multiple Hypothesis
        Testing, Journal of the American Statistical Association 100 (469), section 3.
    """
    flipped = np.abs(_flips(len(differences)) @ _scaled(differences))
    order = np.argsort(-flipped[0], kind="stable")
    largest = np.maximum.accumulate(flipped[:, order[::-1]], axis=1)[:, ::-1]
    steps = _share_as_large(largest, flipped[0, order])
    p_values = np.empty(len(order))
    p_values[order] = np.maximum.accumulate(steps)
    return p_values


def may_be_best(
    values: Floats,
    measure: Measure = ACCURACY,
    constant: npt.NDArray[np.bool_] | None = None,
) -> Floats:
    """For each variant the p-value of its being the best, or one of the best, in the mean.

    It is that of the variant which beats it most clearly, among all others at once: one-sided, by
    the joint sign flips of `joint_p_values`. If the truly best one is tested, none beats it, so it
    is excluded with a probability of 5 % at most: those with a p-value above contain it with 95 %.

    Args:
        values: scores, float64 (seeds, variants), paired by seed.
        measure: of which they are.
        constant: bool (variants,), those that are not compared with each other, see
            `Evidence.constant`; None if all are.

    Returns:
        float64 (variants,).

    Reference:
        Hsu, 1984, Constrained Simultaneous Confidence Intervals for Multiple Comparisons with the
        Best, Annals of Statistics 12 (3): that excluding needs no correction for all pairs.
    """
    flips = _flips(len(values))
    flips = np.concatenate([flips, -flips])
    constant = np.zeros(values.shape[1], bool) if constant is None else constant
    p_values = []
    for mine, mine_constant in zip(values.T, constant, strict=True):
        found = differences(values, mine[:, None])
        # What is nowhere ahead excludes nothing.
        compared = measure.tested(np.where(constant & mine_constant, 0.0, found))
        ahead = (flips @ _scaled(compared)).max(axis=1, keepdims=True)
        p_values.append(_share_as_large(ahead, ahead[0])[0])
    return np.array(p_values)


def all_pairs(variants: int) -> npt.NDArray[np.int64]:
    """The numbers of two variants, int64 (pairs, 2), each pair once."""
    return np.array(list(itertools.combinations(range(variants), 2)), np.int64).reshape(-1, 2)


def letters(names: Sequence[str], different: Iterable[Collection[str]]) -> dict[str, str]:
    """A compact letter display: two variants share a letter unless they are told to be different.

    Args:
        names: of the variants, from the best on; letters are given in this order.
        different: pairs of names.

    Returns:
        The letters of each.

    Reference:
        Piepho, 2004, An Algorithm for a Letter-Based Representation of All-Pairwise Comparisons,
        Journal of Computational and Graphical Statistics 13 (2): insert and absorb.
    """
    groups = [frozenset(names)]
    for pair in different:
        split = [group - {name} for group in groups if group >= set(pair) for name in pair]
        whole = [group for group in groups if not group >= set(pair)]
        candidates = dict.fromkeys([*whole, *split])
        groups = [one for one in candidates if not any(one < other for other in candidates)]
    place = {name: number for number, name in enumerate(names)}
    groups.sort(key=lambda group: sorted(place[name] for name in group))
    shown = dict.fromkeys(names, "")
    for number, group in enumerate(groups):
        for name in group:
            shown[name] += _letter(number)
    return shown


def _letter(number: int) -> str:
    """One of the letters a to z, then of a1 to z1, and so on."""
    return chr(ord("a") + number % 26) + (str(number // 26) if number >= 26 else "")


def _flips(seeds: int) -> Floats:
    """Signs for each seed, float64 (flips, seeds), first all of them plus.

    All ways up to the sign of the whole, or a sample of them from a fixed seed.
    """
    if seeds <= MOST_FOR_EXACT:
        rest = list(itertools.product([1.0, -1.0], repeat=seeds - 1))
        return np.hstack([np.ones((len(rest), 1)), np.array(rest).reshape(len(rest), -1)])
    signs = np.random.default_rng(0).choice(np.array([1.0, -1.0]), (SAMPLES, seeds))
    signs[0] = 1
    return signs


def _scaled(differences: Floats) -> Floats:
    """Each comparison's differences by the root of their sum of squares; zeros stay."""
    norm: Floats = np.sqrt(np.sum(differences**2, axis=0))
    # Differences of rounding alone are none.
    scaled = np.zeros_like(differences)
    np.divide(differences, norm, out=scaled, where=norm > 1e-12)
    return scaled


def _share_as_large(flipped: Floats, observed: Floats) -> Floats:
    """The share of flips at least as large as what was observed, which is one of them."""
    shares: Floats = np.mean(flipped >= observed - 1e-9, axis=0)
    return shares
