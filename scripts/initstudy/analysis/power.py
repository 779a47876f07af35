"""How many seeds it takes to tell a difference, from the scatter of those that there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from initstudy.analysis.levels import ALPHA, LEVEL, Floats
from initstudy.analysis.measures import ACCURACY, Measure
from initstudy.errors import StudyError

# What a difference is to be told with, of a true one.
POWER = 0.8
# More seeds than this nobody trains.
MOST_SEEDS = 10_000
RESAMPLES = 2_000
# Of studies with more seeds than this nothing needs to be drawn.
MOST_RESAMPLED = 80
# Fewer replicates say too little of their scatter.
FEWEST_FOR_SCATTER = 5


@dataclass(frozen=True)
class Needed:
    """How many seeds it takes.

    Attributes:
        seeds: with the scatter that was seen; None if more than MOST_SEEDS.
        low, high: with the least and the largest scatter that it is compatible with, at 95 %.
    """

    seeds: int | None
    low: int | None
    high: int | None

    def __str__(self) -> str:
        """In words, as in `22 seeds (14 to 50)`."""
        if self.seeds is None:
            return f"more than {MOST_SEEDS} seeds"
        high = f"more than {MOST_SEEDS}" if self.high is None else str(self.high)
        return f"{self.seeds} seeds ({self.low} to {high})"


def power(differences: Floats, size: float, seeds: int, level: float) -> float:
    """How often so many seeds would tell a true difference of this size.

    Studies are drawn from the paired differences that were seen, moved so that their mean is the
    size, and tested. The exact sign-flip test is stood for by Student's, which it comes to, except
    that it cannot go below 2/2^seeds.

    Args:
        differences: paired, of a variant and what it is compared with, float64 (n,), n > 1.
        size: true difference.
        seeds: of the study to come.
        level: two-sided, after correction for the number of comparisons.

    Reference:
        Efron and Tibshirani, 1993, An Introduction to the Bootstrap, section 25.4.
    """
    if 2.0 ** (1 - seeds) > level:
        return 0.0
    if seeds > MOST_RESAMPLED:
        # The mean of so many is normal, whatever single differences are.
        bound = float(stats.norm.ppf(1 - level / 2))
        shift = size * np.sqrt(seeds) / float(differences.std(ddof=1))
        return float(stats.norm.sf(bound - shift) + stats.norm.cdf(-bound - shift))
    scaled = (differences - differences.mean()) * np.sqrt(len(differences) / (len(differences) - 1))
    drawn = size + np.random.default_rng(0).choice(scaled, (RESAMPLES, seeds))
    error = drawn.std(axis=1, ddof=1) / np.sqrt(seeds)
    bound = float(stats.t.ppf(1 - level / 2, seeds - 1))
    return float(np.mean(np.abs(drawn.mean(axis=1)) > bound * error))


def seeds_to_tell(differences: Floats, size: float, level: float) -> Needed:
    """How many seeds tell a true difference of this size in POWER of all studies.

    Args:
        differences: see `power`.
        size: likewise, not 0.
        level: likewise.
    """
    n = len(differences)
    # Half of it cuts off above, half below.
    chi = stats.chi2.ppf([(1 + LEVEL) / 2, (1 - LEVEL) / 2], n - 1)
    low, high = np.sqrt((n - 1) / chi)
    found = [_smallest(differences, size / factor, level) for factor in (1.0, low, high)]
    return Needed(*found)


def plan(
    differences: Mapping[str, Floats], sizes: Sequence[float], seeds: Sequence[int], level: float
) -> pd.DataFrame:
    """The power of studies of several sizes, from the differences of a pilot study.

    Args:
        differences: of each variant from the baseline, see `power`.
        sizes: true differences.
        seeds: of the study to come.
        level: see `power`.

    Returns:
        variant, size, and for each number of seeds a column with the power.
    """
    return pd.DataFrame(
        [
            {"variant": name, "size": size}
            | {str(count): power(values, size, count, level) for count in seeds}
            for name, values in differences.items()
            for size in sizes
        ]
    )


def plan_page(
    study: str,
    differences: Mapping[str, Floats],
    margin: float | None,
    measure: Measure = ACCURACY,
) -> str:
    """The power of larger studies as Markdown.

    Args:
        study: the name of the pilot study.
        differences: see `plan`.
        margin: the smallest difference that would matter; None for half a point.
        measure: of which the differences are.

    Raises:
        StudyError: if the pilot has too few seeds, or infinite values.
    """
    count = len(next(iter(differences.values()), []))
    if count < FEWEST_FOR_SCATTER:
        raise StudyError(
            f"{study} has {count} seeds for each comparison, which say too little of their "
            f"scatter: {FEWEST_FOR_SCATTER} are the fewest to plan with."
        )
    infinite = [name for name, values in differences.items() if not np.isfinite(values).all()]
    if infinite:
        raise StudyError(
            f"{', '.join(infinite)}: the {measure.words} of some seeds is infinite, with which no "
            "number of seeds can be planned."
        )
    if margin is None and not measure.share:
        raise StudyError(
            f"{study} has no margin, of which the plan takes multiples; set one, in the unit of "
            f"the {measure.words}."
        )
    smallest = margin or 0.005
    table = plan(
        differences,
        [smallest, 2 * smallest, 4 * smallest],
        [10, 20, 40, 80, 160],
        level_of(len(differences)),
    )
    unit = f",{measure.unit_of_difference}" if measure.unit_of_difference else ""
    shown = table.assign(size=[f"{measure.scale * size:g}" for size in table["size"]]).rename(
        columns={"size": f"true difference{unit}"}
    )
    for seeds in shown.columns[2:]:
        shown[seeds] = [f"{share:.0%}" for share in shown[seeds]]
    return (
        f"# How many seeds, planned from `{study}`\n\n"
        f"How often a study with so many seeds would tell a difference from the baseline "
        f"({measure.words}) that is truly there, by the scatter of the {count} seeds of the pilot, "
        f"corrected for {len(differences)} comparisons. The scatter itself is known from "
        f"{count} seeds only: of the number that is needed, take the upper end (the verdict tells "
        "it).\n\n" + shown.to_markdown(index=False, disable_numparse=True) + "\n"
    )


def level_of(comparisons: int) -> float:
    """The level of one of several comparisons, with which Holm's correction begins."""
    return ALPHA / max(1, comparisons)


def _smallest(differences: Floats, size: float, level: float) -> int | None:
    """The smallest number of seeds with enough power, by halving."""
    few, many = 2, 4
    while power(differences, size, many, level) < POWER:
        few, many = many, 2 * many
        if many > MOST_SEEDS:
            return None
    while many - few > 1:
        middle = (few + many) // 2
        if power(differences, size, middle, level) < POWER:
            few = middle
        else:
            many = middle
    return many
