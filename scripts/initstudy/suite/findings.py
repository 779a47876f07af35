"""What a suite finds, as data: pure functions, and one frozen object without a sentence in it.

In each workload its own seeds decide, as they do in its study (`decisions.analyse`). Over the
workloads each of them is one observation: the logarithm of the error over the baseline's. Methods
are compared by the same paired t test (`comparisons.compare`), in which a workload is what a seed
is in a study, and corrected for the number of methods by Bonferroni's inequality.
"""

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import stats

from initstudy.analysis.comparisons import FEWEST_SEEDS, Family, OfMeans, compare
from initstudy.analysis.decisions import BASELINE, Analysis, Rules, analyse
from initstudy.analysis.levels import LEVEL, Floats
from initstudy.analysis.measures import ACCURACY
from initstudy.results.findings import (
    BETTER,
    EQUIVALENT,
    INCONCLUSIVE,
    NAN,
    WORSE,
    Comparison,
)
from initstudy.suite.entry import FAILED, Entry, Workload
from initstudy.suite.tuning import Rate, budgets, chosen_rates

# Of fewer workloads of a kind nothing is reported.
FEWEST_OF_A_KIND = 2
# With fewer workloads nothing is decided over them, as with fewer seeds in a study.
FEWEST_WORKLOADS = FEWEST_SEEDS


@dataclass(frozen=True)
class Within:
    """A method in one workload, beside the baseline on the same seeds.

    Attributes:
        workload: its name.
        comparison: what its seeds decide of the accuracies.
        ratio: mean error over the baseline's.
        failed: seeds that end nearer to chance than to the target.
        fails: whether half of the seeds do, or more.
    """

    workload: str
    comparison: Comparison
    ratio: float
    failed: int
    fails: bool


@dataclass(frozen=True)
class Counts:
    """In how many workloads a method is what. Those in which it fails are counted twice."""

    better: int
    equivalent: int
    inconclusive: int
    worse: int
    fails: int


@dataclass(frozen=True)
class Over:
    """A method over all workloads: the geometric mean of its error over the baseline's.

    Attributes:
        workloads: how many.
        decision: one of `decisions.DECISIONS`.
        ratio: geometric mean over the workloads; below 1 is better.
        low, high: the usual interval, with 95 % confidence for this method alone.
        decided_low, decided_high: the interval that decided. With 95 % confidence those of all
            methods hold together.
        confidence: of the latter, for this method alone.
        p_value, p_value_adjusted: that the geometric mean is 1, alone and among all methods.
        new_low, new_high: between these a new workload's ratio lies with 95 % probability, if it is
            another one of the same population.
    """

    workloads: int
    decision: str
    ratio: float
    low: float
    high: float
    decided_low: float
    decided_high: float
    confidence: float
    p_value: float
    p_value_adjusted: float
    new_low: float
    new_high: float


@dataclass(frozen=True)
class Without:
    """What becomes of a method's geometric mean if one workload is left out.

    Attributes:
        low, high: its smallest and its largest value.
        turns: workloads without which the decision is another one.
        turns_alone: workloads without which the usual interval excludes 1 and does not with them,
            or the other way round.
    """

    low: float
    high: float
    turns: Sequence[str]
    turns_alone: Sequence[str]


@dataclass(frozen=True)
class Method:
    """What was found of a variant.

    Attributes:
        name: of the variant.
        counts: of its decisions.
        over: the workloads together.
        without: one workload at a time; None if there are fewer than three.
        worst: the workload in which its error is the largest beside the baseline's.
        within: each workload.
    """

    name: str
    counts: Counts
    over: Over
    without: Without | None
    worst: Within
    within: Sequence[Within]


@dataclass(frozen=True)
class Kind:
    """The workloads of a kind: a description, for which nothing is tested.

    Attributes:
        kind: its word.
        workloads: that are of it.
        ratios: geometric mean of the error over the baseline's, by method.
    """

    kind: str
    workloads: Sequence[str]
    ratios: Mapping[str, float]


@dataclass(frozen=True)
class Findings:
    """What a suite finds.

    Attributes:
        workloads: its studies.
        seeds: of each of them.
        runs: that are judged in all.
        methods: from the smallest geometric mean to the largest; of these the baseline is none.
        baseline_fails: workloads in which half of the baseline's seeds fail, or more.
        start: what to start from: a method that is better over workloads, or the baseline.
        candidates: methods that are better in some workload and worse or failing in none, if the
            advice is to stay with the baseline; the one that is better most often first.
        kinds: of workloads.
        rates: learning rates that were chosen.
        budgets: see `tuning.budgets`.
        left_out: variants that are not compared, with the studies that lack them; of none, if
            their initializers are not the same in all.
        no_evidence: studies that are left out, with the reason (`evidence.REASONS`).
    """

    workloads: Sequence[Workload]
    seeds: Sequence[int]
    runs: int
    methods: Sequence[Method]
    baseline_fails: Sequence[str]
    start: str
    candidates: Sequence[str]
    kinds: Sequence[Kind]
    rates: Sequence[Rate]
    budgets: Mapping[str, Sequence[float]]
    left_out: Mapping[str, Sequence[str]] = field(default_factory=dict)
    no_evidence: Mapping[str, str] = field(default_factory=dict)

    @property
    def studies(self) -> list[str]:
        """Names of the workloads."""
        return [workload.study for workload in self.workloads]

    @property
    def variants(self) -> list[str]:
        """Names of the methods in their order, and of the baseline, whose ratio is 1."""
        names = [(method.over.ratio, method.name) for method in self.methods]
        return [name for _, name in sorted([*names, (1.0, BASELINE)], key=lambda pair: pair[0])]

    @property
    def datasets(self) -> list[tuple[str, int]]:
        """Data sets and how many workloads use them, the most frequent one first."""
        return Counter(workload.dataset for workload in self.workloads).most_common()

    @property
    def tuned(self) -> list[str]:
        """Names of the studies whose learning rates were chosen."""
        return list(dict.fromkeys(rate.study for rate in self.rates))

    def method(self, name: str) -> Method:
        """Look one up by its name."""
        return next(method for method in self.methods if method.name == name)

    def plain(self) -> dict[str, Any]:
        """Make it a tree of what JSON can hold; numbers have nine digits, what is none is None."""
        found: dict[str, Any] = _plain(dataclasses.asdict(self))
        return found


def label(variant: str) -> str:
    """Name a variant as a method: by its kernel initializer, if that is what it is."""
    return variant.removeprefix("kernel-")


def find(
    variants: Sequence[str],
    entries: Sequence[Entry],
    left_out: Mapping[str, Sequence[str]] | None = None,
    no_evidence: Mapping[str, str] | None = None,
) -> Findings:
    """Find everything that the runs of a suite's studies decide.

    Args:
        variants: names of those that are compared, the baseline among them.
        entries: of the studies.
        left_out: see `Findings`.
        no_evidence: likewise.

    Raises:
        StudyError: if the target of a study is not above chance.
    """
    names = [name for name in variants if name != BASELINE]
    base = list(variants).index(BASELINE)
    errors = np.array([entry.errors for entry in entries])
    ratios = errors / errors[:, [base]]
    failing = [_failed(entry) for entry in entries]
    in_each = [
        _within(entry, variants, row, failed)
        for entry, row, failed in zip(entries, ratios, failing, strict=True)
    ]
    studies = [entry.workload.study for entry in entries]
    over = over_workloads(variants, errors)
    without = leave_one_out(variants, errors, studies)
    methods = sorted(
        (
            _method(name, over[name], without.get(name), [found[name] for found in in_each])
            for name in names
        ),
        key=lambda method: method.over.ratio,
    )
    start = _start(methods)
    return Findings(
        workloads=[entry.workload for entry in entries],
        seeds=[len(entry.accuracies) for entry in entries],
        runs=sum(entry.accuracies.size for entry in entries),
        methods=methods,
        baseline_fails=[
            study
            for study, entry, failed in zip(studies, entries, failing, strict=True)
            if _fails(int(failed[base]), len(entry.accuracies))
        ],
        start=start,
        candidates=_candidates(methods) if start == BASELINE else [],
        kinds=by_kind(variants, [entry.workload for entry in entries], ratios),
        rates=chosen_rates(entries, variants),
        budgets=budgets(entries, variants),
        left_out=left_out or {},
        no_evidence=no_evidence or {},
    )


def in_workload(entry: Entry, variants: Sequence[str]) -> Analysis:
    """Compare every two variants in one workload, by its own seeds.

    The methods are one family beside the baseline, all other pairs another one.

    Args:
        entry: of the study.
        variants: names of its columns, the baseline among them.
    """
    rules = Rules(ACCURACY, entry.workload.margin, all_pairs=False, variants=len(variants))
    scores = dict(zip(variants, entry.accuracies.T, strict=True))
    correct = {
        name: rows[: len(entry.accuracies)]
        for name, rows in entry.correct.items()
        if len(rows) >= len(entry.accuracies)
    }
    known = len({rows.shape for rows in correct.values()}) == 1 and {*variants} <= {*correct}
    evidence = entry.evidence(variants)
    return analyse(scores, evidence, rules, correct=correct if known else None)


def over_workloads(variants: Sequence[str], errors: Floats) -> dict[str, Over]:
    """Compare each method with the baseline, each workload being one observation.

    Args:
        variants: names of the columns, the baseline among them.
        errors: above 0, float64 (workloads, variants).

    Returns:
        Of each method; without intervals if there is a single workload.

    Reference:
        Fleming and Wallace, 1986, How Not to Lie with Statistics: The Correct Way to Summarize
        Benchmark Results, Communications of the ACM 29 (3): ratios to a baseline have a geometric
        mean. Hahn and Meeker, 1991, Statistical Intervals, section 4.7: of a new observation.
    """
    count, base = len(errors), list(variants).index(BASELINE)
    # Of logarithms; the largest score is the best.
    found = compare(-np.log(errors), ACCURACY)
    assert isinstance(found, OfMeans)  # as of all measures that are not compared by ranks
    family = Family(len(variants) - 1)
    low, high = found.intervals(LEVEL)
    decided_low, decided_high = found.intervals(family.confidence)
    new = stats.t.isf((1 - LEVEL) / 2, found.freedom) * found.errors * math.sqrt(count + 1)
    p_values = found.p_values()
    result = {}
    for place, name in enumerate(variants):
        if name == BASELINE:
            continue
        at = place, base
        decision = INCONCLUSIVE
        if count >= FEWEST_WORKLOADS and decided_low[at] > 0:
            decision = BETTER
        elif count >= FEWEST_WORKLOADS and decided_high[at] < 0:
            decision = WORSE
        p_value = float(p_values[at]) if count > 1 else NAN
        middle = found.estimates[at]
        # The largest difference of scores is the smallest ratio of errors.
        ends = (high, low, decided_high, decided_low, middle + new, middle - new)
        bounds = [math.exp(-end[at]) for end in ends]
        result[name] = Over(
            workloads=count,
            decision=decision,
            ratio=math.exp(-middle),
            low=bounds[0],
            high=bounds[1],
            decided_low=bounds[2],
            decided_high=bounds[3],
            confidence=family.confidence,
            p_value=p_value,
            p_value_adjusted=family.adjusted(p_value),
            new_low=bounds[4],
            new_high=bounds[5],
        )
    return result


def leave_one_out(
    variants: Sequence[str], errors: Floats, studies: Sequence[str]
) -> dict[str, Without]:
    """Compare each method with the baseline without each of the workloads.

    Args:
        variants: see `over_workloads`.
        errors: likewise.
        studies: names of the workloads.

    Returns:
        Of each method; of none if there are fewer than three workloads.
    """
    if len(studies) < 3:
        return {}
    whole = over_workloads(variants, errors)
    parts = [over_workloads(variants, np.delete(errors, row, axis=0)) for row in range(len(errors))]
    found = {}
    for name, over in whole.items():
        without = [part[name] for part in parts]
        pairs = list(zip(studies, without, strict=True))
        found[name] = Without(
            min(one.ratio for one in without),
            max(one.ratio for one in without),
            [study for study, one in pairs if one.decision != over.decision],
            [study for study, one in pairs if _excludes_1(one) != _excludes_1(over)],
        )
    return found


def by_kind(
    variants: Sequence[str], workloads: Sequence[Workload], ratios: Floats
) -> Sequence[Kind]:
    """Find the geometric means over the workloads of each kind.

    Args:
        variants: names of the columns, the baseline among them.
        workloads: of the suite.
        ratios: of their errors over the baseline's, float64 (workloads, variants).

    Returns:
        Of each kind that FEWEST_OF_A_KIND workloads or more are of, but not all of them.
    """
    found = []
    for kind in dict.fromkeys(word for workload in workloads for word in workload.kinds):
        own = np.array([kind in workload.kinds for workload in workloads])
        if FEWEST_OF_A_KIND <= own.sum() < len(own):
            means = np.exp(np.log(ratios[own]).mean(axis=0))
            of_each = zip(variants, means, strict=True)
            found.append(
                Kind(
                    kind,
                    [workload.study for workload in workloads if kind in workload.kinds],
                    {name: float(mean) for name, mean in of_each if name != BASELINE},
                )
            )
    return found


def _within(
    entry: Entry, variants: Sequence[str], ratios: Floats, failed: Floats
) -> dict[str, Within]:
    """Decide of each method in one workload, by its own seeds."""
    seeds, analysis = len(entry.accuracies), in_workload(entry, variants)
    return {
        name: Within(
            workload=entry.workload.study,
            comparison=analysis.comparison(name, BASELINE),
            ratio=float(ratio),
            failed=int(number),
            fails=_fails(int(number), seeds),
        )
        for name, ratio, number in zip(variants, ratios, failed, strict=True)
        if name != BASELINE
    }


def _method(name: str, over: Over, without: Without | None, within: Sequence[Within]) -> Method:
    decided = Counter(one.comparison.decision for one in within)
    counts = Counts(
        better=decided[BETTER],
        equivalent=decided[EQUIVALENT],
        inconclusive=decided[INCONCLUSIVE],
        worse=decided[WORSE],
        fails=sum(one.fails for one in within),
    )
    return Method(name, counts, over, without, max(within, key=lambda one: one.ratio), within)


def _start(methods: Sequence[Method]) -> str:
    better = [method for method in methods if method.over.decision == BETTER]
    if not better:
        return BASELINE
    return min(better, key=lambda method: (method.counts.fails, method.over.ratio)).name


def _candidates(methods: Sequence[Method]) -> Sequence[str]:
    found = [
        method
        for method in methods
        if method.counts.better
        and not method.counts.worse
        and not method.counts.fails
        and method.over.decision != WORSE
    ]
    found.sort(key=lambda method: (-method.counts.better, method.over.ratio))
    return [method.name for method in found]


def _failed(entry: Entry) -> Floats:
    """How many seeds of each variant fail, (variants,)."""
    return np.asarray((entry.scores < FAILED).sum(axis=0))


def _fails(failed: int, seeds: int) -> bool:
    return 2 * failed >= seeds


def _excludes_1(over: Over) -> bool:
    return over.high < 1 or over.low > 1


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        # As many digits as tables have: the others depend on the processor.
        return float(f"{value:.9g}") if math.isfinite(value) else None
    return value
