"""What a study decides of its variants: one decision for every two, from which all else follows.

A study is analysed once, when all of its seeds were run, or several times while it grows. Each
analysis compares every two of the variants that came so far (`comparisons.compare`). What is
inconclusive is compared again, as long as there are seeds to come; a decision is final.
"""

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from initstudy.analysis.comparisons import Comparisons, Family, compare, fewest_seeds
from initstudy.analysis.evidence import Evidence, find
from initstudy.analysis.examples import Crossed, crossed
from initstudy.analysis.levels import LEVEL, Floats
from initstudy.analysis.measures import Measure, differences, measure_of
from initstudy.results import histories
from initstudy.results.findings import (
    BETTER,
    EQUIVALENT,
    INCONCLUSIVE,
    NAN,
    WORSE,
    Comparison,
    NewExamples,
)
from initstudy.results.scores import scored
from initstudy.study import MOST_COMPARED, Study

BASELINE = "baseline"
# What each run makes of each test example, (seeds, examples), by variant: see `examples.linear`.
Examples = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Rules:
    """By what a study decides.

    Attributes:
        measure: the primary metric.
        margin: the equivalence margin; None if any difference matters.
        all_pairs: whether all pairs are one family. If not, comparisons with the baseline are one
            family, those of all other pairs another one, each with its own 5 %.
        variants: how many there are at first.
    """

    measure: Measure
    margin: float | None
    all_pairs: bool
    variants: int

    def families(self, share: float = 1.0) -> tuple[Family, Family]:
        """Return the comparisons with the baseline, and those of all others."""
        pairs = self.variants * (self.variants - 1) // 2
        if self.all_pairs:
            return Family(pairs, share), Family(pairs, share)
        return Family(self.variants - 1, share), Family(pairs - self.variants + 1, share)

    def fewest_seeds(self, share: float = 1.0) -> int:
        """With which a comparison with the baseline can be decided."""
        return fewest_seeds(self.measure, self.families(share)[0].level)


@dataclass(frozen=True)
class Analysis:
    """One analysis of a study: every two of the variants that came so far.

    Attributes:
        names: of the variants, the baseline among them.
        scores: of each on the seeds so far, float64 (seeds, variants).
        share: of the error that is spent here.
        tested: which two can be compared, bool (variants, variants).
        comparisons: of all of them.
        decisions: of each row's variant beside each column's, one of DECISIONS.
        rules: by what it was decided.
        examples: None if that is not known, or not what is compared.
    """

    names: Sequence[str]
    scores: Floats
    share: float
    tested: npt.NDArray[np.bool_]
    comparisons: Comparisons
    decisions: npt.NDArray[np.str_]
    rules: Rules
    examples: Examples | None = None

    def decision(self, first: str, second: str) -> str:
        """Of the first beside the second."""
        return str(self.decisions[self.names.index(first), self.names.index(second)])

    def comparison(self, first: str, second: str) -> Comparison:
        """All numbers of two variants."""
        at = self.names.index(first), self.names.index(second)
        family = self.rules.families(self.share)[BASELINE not in (first, second)]
        tested, found = bool(self.tested[at]), self.comparisons.pair(*at)
        sign, margin = self.rules.measure.sign, self.rules.margin

        def bounds(confidence: float) -> tuple[float, float]:
            if not tested:
                return NAN, NAN
            low, high = sorted(sign * float(bound[0, 0]) for bound in found.intervals(confidence))
            return low, high

        p_value = float(found.p_values()[0, 0]) if tested else NAN
        equivalence = NAN
        if tested and margin is not None:
            equivalence = float(found.equivalence_p_values(margin)[0, 0])
        ahead = differences(self.scores[:, at[0]], self.scores[:, at[1]])
        low, high = bounds(LEVEL)
        decided_low, decided_high = bounds(family.confidence)
        adjusted, adjusted_equivalence = family.adjusted(p_value), family.adjusted(equivalence)
        if tested and len(self.scores) < self.rules.fewest_seeds(self.share):
            # So few seeds decide nothing, whatever they are.
            decided_low, decided_high, adjusted = -np.inf, np.inf, 1.0
            adjusted_equivalence = NAN if margin is None else 1.0
        new = self.crossed(first, second) if tested else None
        return Comparison(
            first=first,
            second=second,
            seeds=len(self.scores),
            decision=str(self.decisions[at]),
            difference=sign * float(found.estimates[0, 0]) + 0.0,
            low=low,
            high=high,
            decided_low=decided_low,
            decided_high=decided_high,
            confidence=family.confidence,
            p_value=p_value,
            p_value_adjusted=adjusted,
            p_value_equivalence=equivalence,
            p_value_equivalence_adjusted=adjusted_equivalence,
            wins=int((ahead > 0).sum()),
            ties=int((ahead == 0).sum()),
            tested=tested,
            freedom=found.freedom,
            new_examples=NewExamples(*new.interval(), new.by_seeds, new.by_examples, new.discordant)
            if new
            else None,
        )

    def crossed(self, first: str, second: str) -> Crossed | None:
        """Return the difference for other seeds and other test examples, if it is known."""
        if self.examples is None or len(self.scores) < 2:
            return None
        one, other = (self.examples[name][: len(self.scores)] for name in (first, second))
        return crossed(one, other) if one.shape[1] > 1 else None


def analyse(
    scores: Mapping[str, Floats],
    evidence: Evidence,
    rules: Rules,
    share: float = 1.0,
    examples: Examples | None = None,
) -> Analysis:
    """Compare every two variants, and decide by the intervals that hold together.

    The first is better than the second if its interval lies above 0, worse if below, equivalent if
    it lies within the margin; else it is inconclusive. What cannot be tested is inconclusive, and
    so is a variant of which no run learned, but where it is worse.

    Args:
        scores: of each variant on the same seeds, float64 (seeds,).
        evidence: what their runs are evidence of.
        rules: by what it is decided.
        share: of the error that may be spent here.
        examples: what each run makes of each test example, see `examples.linear`; if it is known,
            what is equivalent must be so for other test examples, too.
    """
    names = list(scores)
    values = np.array(list(scores.values())).T
    found = compare(values, rules.measure)
    varies = np.array([evidence.compares(name, name) for name in names])
    tested = np.outer(varies, varies) & ~np.eye(len(names), dtype=bool)
    learned = np.array([name not in evidence.never_learned for name in names])
    decisions = np.full(tested.shape, INCONCLUSIVE, dtype="<U12")
    equivalent = np.zeros(tested.shape, bool)
    if len(values) >= rules.fewest_seeds(share):
        is_baseline = np.array([name == BASELINE for name in names])
        with_baseline = is_baseline[:, None] | is_baseline
        families = zip(rules.families(share), (with_baseline, ~with_baseline), strict=True)
        for family, pairs in families:
            low, high = found.intervals(family.confidence)
            asked = tested & pairs
            decisions[asked & (low > 0) & learned[:, None]] = BETTER
            decisions[asked & (high < 0) & learned] = WORSE
            if rules.margin is not None:
                within = (-rules.margin < low) & (high < rules.margin)
                equivalent |= asked & within & np.outer(learned, learned)
    decided = Analysis(names, values, share, tested, found, decisions, rules, examples)
    if examples is not None:
        equivalent = _for_other_examples(decided, equivalent)
    # What surely differs, but by less than the margin, is equivalent all the same.
    return replace(decided, decisions=np.where(equivalent, EQUIVALENT, decisions))


def _for_other_examples(
    analysis: Analysis, equivalent: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Find which pairs that are equivalent on these test examples are so on others, too."""
    rules, kept = analysis.rules, np.zeros_like(equivalent)
    many = len(analysis.names) > MOST_COMPARED
    for row, column in np.argwhere(np.triu(equivalent)):
        first, second = analysis.names[row], analysis.names[column]
        others = BASELINE not in (first, second)
        # Of more variants than are shown beside each other, only the baseline's pairs are asked.
        found = None if many and others else analysis.crossed(first, second)
        confidence = rules.families(analysis.share)[others].confidence
        if found and rules.margin is not None and found.within(rules.margin, confidence):
            kept[row, column] = kept[column, row] = True
    return kept


@dataclass(frozen=True)
class Decisions:
    """What a study decides, after one analysis or several.

    Attributes:
        analyses: in the order of their seeds.
        never_learned: the variants of which no run learned.
    """

    analyses: Sequence[Analysis]
    never_learned: Collection[str] = ()

    @property
    def names(self) -> Sequence[str]:
        """Of all variants."""
        return self.analyses[0].names

    def comparison(self, first: str, second: str = BASELINE) -> Comparison:
        """Compare two at the analysis that decided, or else at the last one that has both."""
        both = [one for one in self.analyses if {first, second} <= {*one.names}]
        decided = [one for one in both if one.decision(first, second) != INCONCLUSIVE]
        return (decided or both[-1:])[0].comparison(first, second)

    @functools.cached_property
    def may_be_best(self) -> list[str]:
        """Name the variants that are not worse than any other.

        With 95 % confidence the truly best one is among them. What never learned is not, unless
        nothing did.

        Reference:
            Hsu, 1984, Constrained Simultaneous Confidence Intervals for Multiple Comparisons with
            the Best, Annals of Statistics 12 (3); here it follows from the decisions.
        """
        out = {*self.never_learned} if {*self.never_learned} < {*self.names} else set()
        return [name for name in self.names if name not in out and not self.better_than(name)]

    def better_than(self, name: str) -> list[str]:
        """Name the variants that are better than this one."""
        ahead = self._better[:, self.names.index(name)]
        return [other for other, is_ahead in zip(self.names, ahead, strict=True) if is_ahead]

    def leader(self, names: Collection[str]) -> str:
        """Name the best of these by its mean, or median; of equal ones the first; empty of none."""
        asked = (name for name in self.names if name in names)
        return max(asked, key=self._centers.__getitem__, default="")

    @functools.cached_property
    def _better(self) -> npt.NDArray[np.bool_]:
        """Whether each row's variant is better than each column's, by some analysis."""
        found = np.zeros((len(self.names), len(self.names)), bool)
        for analysis in self.analyses:
            own = pd.Index(self.names).get_indexer(pd.Index(analysis.names))
            found[np.ix_(own, own)] |= analysis.decisions == BETTER
        return found

    @functools.cached_property
    def _centers(self) -> dict[str, float]:
        """The mean, or median, of all scores that each variant came to have."""
        return {
            name: round(analysis.rules.measure.center(scores), 9)
            for analysis in self.analyses
            for name, scores in zip(analysis.names, analysis.scores.T, strict=True)
        }

    def goes_on(self) -> list[str]:
        """Name the variants that more seeds may decide, and the baseline with them; none if no two
        of them can be compared.
        """
        others = [name for name in self.analyses[-1].names if name != BASELINE]
        open_ = {name for name in others if self.comparison(name).decision == INCONCLUSIVE}
        if not self.analyses[-1].tested.any():
            return []
        if len(self.may_be_best) > 1:
            open_ |= {*self.may_be_best}
        return [name for name in self.names if name in open_ or (open_ and name == BASELINE)]


def shares(seeds: Sequence[int]) -> list[float]:
    """How much of the error is spent at each interim analysis, by its seeds: little at first.

    By the k-th one the share of (seeds by then / all seeds)² is spent.

    Reference:
        Kim and DeMets, 1987, Design and Analysis of Group Sequential Tests Based on the Type I
        Error Spending Rate Function, Biometrika 74 (1): the power family, here of 2, between
        Pocock's and O'Brien and Fleming's.
    """
    spent = [(count / seeds[-1]) ** 2 for count in seeds]
    return [now - before for before, now in zip([0.0, *spent], spent, strict=False)]


def decide(
    study: Study,
    table: pd.DataFrame,
    final: pd.DataFrame,
    examples: Examples | None,
    interims: Mapping[int, Sequence[str]],
    until: int | None = None,
) -> Decisions:
    """Analyse a study at each of its interim analyses, and at the end.

    Args:
        study: that is analysed.
        table: `contracts.HISTORIES`.
        final: how its runs ended, see `histories.final`.
        examples: what each run makes of each test example, if that is compared.
        interims: which variants went on, after how many seeds.
        until: the number of seeds of the last analysis; None if nothing is left to come.
    """
    measure, names = measure_of(study), list(study.variants)
    rules = Rules(measure, study.margin, study.all_pairs, len(names))
    finals = histories.by_variant(scored(final, table, study))
    analyses: list[Analysis] = []
    for seeds, share in zip(study.analyses, shares(study.analyses), strict=True):
        runs = (
            rows[rows["variant"].isin(names) & (rows["seed"] < seeds)] for rows in (table, final)
        )
        scores = {name: histories.ends(finals, name, range(seeds), "score") for name in names}
        mine = {name: examples[name][:seeds] for name in names} if examples else None
        analyses.append(analyse(scores, find(study, *runs), rules, share, mine))
        names = list(interims.get(seeds, []))
        if seeds == until or not names:
            break
    never_learned = find(study, table, final).never_learned
    return Decisions(analyses, {*never_learned} & {*study.variants})
