"""What a suite finds, as data: frozen objects without a sentence in them."""

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from initstudy.analysis.decisions import BASELINE
from initstudy.results.findings import Comparison
from initstudy.suite.entry import Workload


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
        kind: its tag.
        workloads: that are of it.
        ratios: geometric mean of the error over the baseline's, by method.
    """

    kind: str
    workloads: Sequence[str]
    ratios: Mapping[str, float]


@dataclass(frozen=True)
class Rate:
    """The learning rate that was chosen for a variant in a study.

    Attributes:
        study: in which.
        variant: for which.
        learning_rate: that was chosen.
        lowest, highest: that were tried.
        within_two_errors: whether the next best one is within two standard errors of it, so that
            other seeds might have chosen another.
    """

    study: str
    variant: str
    learning_rate: float
    lowest: float
    highest: float
    within_two_errors: bool

    @property
    def at_edge(self) -> bool:
        """Whether it is the lowest or the highest one, so that one beyond might be better."""
        return self.learning_rate in (self.lowest, self.highest)


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
        budgets: of each variant the mean score by how many learning rates are tried, from 1; none
            without such studies.
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
        """Return one by its name."""
        return next(method for method in self.methods if method.name == name)

    def plain(self) -> dict[str, Any]:
        """Make it a tree of what JSON can hold; numbers have nine digits, what is none is None."""
        found: dict[str, Any] = _plain(dataclasses.asdict(self))
        return found


def label(variant: str) -> str:
    """Name a variant as a method: by its kernel initializer, if that is what it is."""
    return variant.removeprefix("kernel-")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        # As many digits as tables have: the others depend on the processor.
        return float(f"{value:.9g}") if math.isfinite(value) else None
    return value
