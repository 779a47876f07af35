"""Statistics of single runs and of the runs of one variant: pure functions over arrays."""

from collections.abc import Collection, Iterable, Sequence

import numpy as np
import numpy.typing as npt
from scipy import stats

from initstudy.analysis.levels import Floats
from initstudy.study import Study


def interquartile_mean(values: Floats) -> float:
    """Take the mean of the middle half of the values, float64 (n,).

    A quarter of them, rounded down, is cut off at either end: more robust than the mean, more
    efficient than the median.

    Reference:
        Agarwal, Schwarzer, Castro, Courville and Bellemare, 2021, Deep Reinforcement Learning at
        the Edge of the Statistical Precipice, section 4.3.
    """
    return float(stats.trim_mean(values, 0.25))


def probability_of_improvement(values: Floats, baseline: Floats) -> float:
    """Find the share of seeds on which a variant beats the baseline; a tie counts half. Both are
    float64 (n,), of the same seeds.

    Reference:
        The paired form of P(X > Y) in Agarwal et al., 2021, section 4.3.
    """
    return float(np.mean((values > baseline) + 0.5 * (values == baseline)))


def not_learned(values: Floats, study: Study) -> npt.NDArray[np.bool_]:
    """Find which runs diverged or never learned.

    That is: they got no further than 5 % of the way from the best constant answer to one that is
    always right.

    Args:
        values: final ones of the study's metric, as `histories.bounded` has them, float64 (n,).
        study: that they belong to.
    """
    least = study.constant + 0.05 * (study.perfect - study.constant)
    return study.sign * (values - least) <= 0


def collapsed(values: Floats, study: Study) -> npt.NDArray[np.bool_]:
    """Find which runs of a variant end far behind its others, as networks that failed do.

    That is: behind their median by five points of accuracy, or 5 % of the constant answer's error,
    and by five times their spread, estimated by the median of the distances from the median, which
    up to half of the runs cannot hide.

    Args:
        values: final ones of the study's metric, as `histories.bounded` has them, float64 (n,).
        study: that they belong to.

    Reference:
        Rousseeuw and Croux, 1993, Alternatives to the Median Absolute Deviation, Journal of the
        American Statistical Association 88 (424), section 1, for the factor 1.4826.
    """
    behind = study.sign * (np.median(values) - values)
    spread = 1.4826 * np.median(np.abs(behind))
    far: npt.NDArray[np.bool_] = behind > max(0.05 * study.unit, 5 * spread)
    return far


def letters(names: Sequence[str], different: Iterable[Collection[str]]) -> dict[str, str]:
    """Make a compact letter display: two variants share a letter unless one is better.

    Args:
        names: of the variants, from the best on; letters are given in this order.
        different: pairs of names.

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
