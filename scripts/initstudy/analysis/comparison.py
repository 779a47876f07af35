"""Compare two variants, or two runs of a suite: the difference, and whether it is real."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from initstudy.analysis.comparisons import Family
from initstudy.analysis.comparisons import compare as compare_all
from initstudy.analysis.evidence import beats_constant, one_run
from initstudy.analysis.levels import ALPHA, LEVEL, Floats
from initstudy.analysis.measures import ACCURACY
from initstudy.config.problems import count
from initstudy.errors import StudyError
from initstudy.results.findings import NAN
from initstudy.results.study import Replicates, StudyResults
from initstudy.results.suite import SuiteResults


@dataclass(frozen=True)
class Comparison:
    """The difference of two variants by their runs.

    Attributes:
        first, second: which variant of which study.
        first_values, second_values: of the test examples after the last epoch, float64
            (n,), by seed; only of shared seeds, if they are paired.
        paired: whether one of each belongs to one of the other, by its seed.
        difference: of the means, the first less the second.
        low, high: its 95 % confidence interval; nan for a single run.
        p_value: two-sided, for no difference, of this comparison alone: of several, correct each
            for their number.
        nothing: why nothing can be concluded, with a p-value of 1; empty if something can.
    """

    first: str
    second: str
    first_values: Floats
    second_values: Floats
    paired: bool
    difference: float
    low: float
    high: float
    p_value: float
    nothing: str = ""

    @property
    def counts(self) -> tuple[int, int]:
        """Numbers of the runs that are compared."""
        return len(self.first_values), len(self.second_values)

    def __str__(self) -> str:
        """Say it in words."""
        sides = (self.first, self.first_values), (self.second, self.second_values)
        means = [f"{name}: {100 * values.mean():.2f} %" for name, values in sides]
        one, other = self.counts
        how = f"n = {one} shared seeds, paired" if self.paired else f"n = {one} and {other}"
        bounds = f" [{100 * self.low:+.2f}, {100 * self.high:+.2f}]" if self.low == self.low else ""
        text = f"{means[0]}\n{means[1]}\ndifference: {100 * self.difference:+.2f}{bounds} pp"
        if self.nothing:
            return f"{text}. Nothing is concluded: {self.nothing}."
        return f"{text}, p = {self.p_value:.2g} of this comparison alone ({how})"


@dataclass(frozen=True)
class SuiteComparison:
    """The comparison of two runs of a suite, such as one on another machine.

    Attributes:
        first, second: their folders.
        table: a row for each study and variant that both have: study, variant, seeds (that both
            have), equal (whether all of their accuracies are the same in every digit), same_digest,
            difference (of the means, the first less the second), p_value and p_value_adjusted, by
            `comparisons.compare` of the shared seeds, corrected for the number of rows.
    """

    first: str
    second: str
    table: pd.DataFrame

    def __str__(self) -> str:
        """Say it in words."""
        table = self.table
        other = table[~table["equal"]]
        text = (
            f"{self.first} and {self.second} share {count(len(table), 'variant')} of "
            f"{count(table['study'].nunique(), 'study', 'studies')}, "
            f"{int(table['same_digest'].sum())} with the same digest. Accuracies are equal in "
            f"every digit for {int(table['equal'].sum())}"
        )
        if other.empty:
            return f"{text}."
        differ = other[other["p_value_adjusted"] < ALPHA]
        largest = other.sort_values("difference", key=abs).iloc[-1]
        text += (
            f" of these. The largest difference of the others' means is "
            f"{100 * abs(largest['difference']):.2f} pp ({largest['variant']} of "
            f"{largest['study']}); significant differences: {len(differ)}"
        )
        names = ", ".join(differ["variant"] + " of " + differ["study"])
        return f"{text} ({names})." if names else f"{text}."


def compare_suites(first: SuiteResults, second: SuiteResults) -> SuiteComparison:
    """Compare two runs of a suite, study by study and variant by variant.

    Raises:
        StudyError: if tables cannot be read, or have nothing in common.
    """
    keys = ["study", "variant"]
    both = first.scores.merge(second.scores, on=[*keys, "seed"], suffixes=("_1", "_2"))
    if both.empty:
        raise StudyError(f"{first.folder} and {second.folder} share no variant of any study.")
    digests = [
        side.trainings.groupby(keys)["digest"].agg(frozenset).to_dict() for side in (first, second)
    ]
    rows = []
    for key, found in both.groupby(keys, sort=False):
        one, other = (found[f"accuracy_{side}"].to_numpy() for side in (1, 2))
        same = key in digests[0] and digests[0][key] == digests[1].get(key)
        equal = bool((one == other).all())
        p_value = paired(one, other)[2]
        rows.append((*key, len(found), equal, same, float((one - other).mean()), p_value))
    columns = [*keys, "seeds", "equal", "same_digest", "difference", "p_value"]
    table = pd.DataFrame(rows, columns=columns)
    family = Family(len(table))
    table["p_value_adjusted"] = [family.adjusted(p_value) for p_value in table["p_value"]]
    return SuiteComparison(str(first.folder), str(second.folder), table)


Side = Replicates | StudyResults
# The bounds and the p-value of a difference of which nothing is known.
UNKNOWN = NAN, NAN, 1.0


def compare(
    first: Side | SuiteResults, second: Side | SuiteResults
) -> Comparison | SuiteComparison:
    """Compare two variants, of one study or of two, by how their runs ended; or two suites.

    Where all seeds of one are among the other's, they are compared in pairs, since runs of one
    seed share their random numbers: see `comparisons.compare`. Otherwise, as for `best` and the
    variant of the choice, all runs of both are compared: see `welch`. Diverged runs count as
    `histories.bounded` has them. If all seeds of one of them are one and the same run, or no run of
    either learned, nothing can be concluded, see `evidence.find`.

    Args:
        first: a variant, from `results.variant(name)`; of a whole study it is the baseline. Or a
            suite, from `load`.
        second: what it is compared with, in the same form.

    Raises:
        TypeError: if one is neither.
        StudyError: if results cannot be read.

    Examples:
        >>> notebook = load("results/notebook")
        >>> print(compare(notebook.variant("kernel-he_uniform"), notebook.variant("baseline")))
        >>> print(compare(load("results/deep_relu"), load("results/normalized")))
        >>> print(compare(load("results/suite"), load("docs/benchmark")))
    """
    if isinstance(first, SuiteResults) and isinstance(second, SuiteResults):
        return compare_suites(first, second)
    one, other = _variant(first), _variant(second)
    shared = sorted(one.ends.keys() & other.ends.keys())
    nothing = _nothing(one, other)
    in_pairs = len(shared) > 1 and len(shared) == min(len(one.ends), len(other.ends))
    values, base = (
        np.array([side.ends[seed] for seed in (shared if in_pairs else sorted(side.ends))])
        for side in (one, other)
    )
    low, high, p_value = UNKNOWN if nothing else (paired if in_pairs else welch)(values, base)
    if one.of is None or one.of.perfect:
        low, high = np.clip((low, high), -1, 1).tolist()
    difference = float(values.mean() - base.mean())
    found = difference, low, high, p_value, nothing
    return Comparison(one.label, other.label, values, base, in_pairs, *found)


def _nothing(one: Replicates, other: Replicates) -> str:
    """Say why nothing can be concluded from two variants; "" if something can."""
    for side in (one, other):
        if side.histories is not None and side.variant in one_run(side.histories, side.of):
            return f"all seeds of {side.label} are one and the same run, so n is 1"
    studies = {side.of.metric for side in (one, other) if side.of}
    if len(studies) > 1:
        return f"one is measured by {', the other by '.join(sorted(studies))}"
    if all(side.of and not _learned(side) for side in (one, other)):
        return "no run of either variant is better than the best constant answer"
    return ""


def _learned(side: Replicates) -> bool:
    """Whether some run of a variant is better than the best constant answer."""
    assert side.of is not None
    return bool(beats_constant(pd.Series(side.ends), side.of).any())


def _variant(side: Side | SuiteResults) -> Replicates:
    if isinstance(side, SuiteResults):
        raise TypeError(f"{side.folder} is a suite, which can be compared with a suite alone")
    if not isinstance(side, Replicates | StudyResults):
        raise TypeError(
            f"{side!r} is neither a variant nor a study: compare(load('results/notebook')"
            ".variant('best'), ...)"
        )
    return side.variant("baseline") if isinstance(side, StudyResults) else side


def paired(values: Floats, base: Floats) -> tuple[float, float, float]:
    """Compare two variants on shared seeds, as every comparison of a study is made; see `welch`."""
    if len(values) < 2:
        return UNKNOWN
    found = compare_all(np.column_stack([values, base]), ACCURACY)
    low, high = found.intervals(LEVEL)
    return float(low[0, 1]), float(high[0, 1]), float(found.p_values()[0, 1])


def welch(values: Floats, base: Floats) -> tuple[float, float, float]:
    """Return a 95 % interval and the two-sided p-value of the difference of independent runs.

    Both are Welch's, which takes neither the variances nor the numbers to be equal. A permutation
    test errs more often where only the means are equal: of six runs each, one group of four times
    the other's spread, 8.8 % against 7.1 % (tests/unit/test_comparison.py).

    Args:
        values: float64 (n,).
        base: what they are compared with, float64 (m,).

    Returns:
        The bounds of the mean of the values less that of the base, and the p-value; UNKNOWN if
        either is a single value. If neither varies, the interval has no width, and the p-value is
        the share of all ways to deal the runs out to two groups that separate them like this.

    Reference:
        Welch, 1947, The Generalization of `Student's' Problem When Several Different Population
        Variances Are Involved, Biometrika 34 (1/2).
    """
    if min(len(values), len(base)) < 2:
        return UNKNOWN
    if max(np.ptp(values), np.ptp(base)) < 1e-12:
        difference = float(values.mean() - base.mean())
        ways = math.comb(len(values) + len(base), len(base))
        return difference, difference, 2 / ways if abs(difference) > 1e-12 else 1.0
    found = stats.ttest_ind(values, base, equal_var=False)
    bounds = found.confidence_interval(LEVEL)
    return float(bounds.low), float(bounds.high), float(found.pvalue)
