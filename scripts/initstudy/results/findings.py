"""What a study finds, as data: one frozen object without a sentence in it.

The verdict, the report and the log say it in words (`templates/`), `findings.json` keeps it, and
`initstudy.load(...).findings` gives it to a notebook. Numbers are those of `summary.csv`: nan where
there is none, shares as fractions of 1, differences in the unit of what variants are judged by.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pydantic

from initstudy.engine.spec import METRIC
from initstudy.errors import StudyError

NAN = float("nan")
# Of a variant beside another.
BETTER, WORSE, EQUIVALENT, INCONCLUSIVE = "better", "worse", "equivalent", "inconclusive"
DECISIONS = BETTER, WORSE, EQUIVALENT, INCONCLUSIVE
# What may set a network apart, the plainest first.
OVERFLOW, COPIES, DEAD_UNITS = "overflow", "copies", "dead_units"
ACTIVATIONS, GRADIENTS = "activations", "gradients"
KINDS = OVERFLOW, COPIES, DEAD_UNITS, ACTIVATIONS, GRADIENTS
# What to do: run the study with what it lacks, keep the baseline, or start from another pair.
ADVICE = NOTHING, TRIAL, STAY, START = "nothing", "trial", "stay", "start"


@dataclass(frozen=True)
class NewExamples:
    """A difference of the metric for other seeds and other test examples of the same kinds.

    Attributes:
        low, high: its 95 % interval.
        by_seeds, by_examples: variance of the mean difference by the one alone, the other held.
        discordant: test examples on which the two variants differ, in the mean over the seeds.
    """

    low: float
    high: float
    by_seeds: float
    by_examples: float
    discordant: int


@dataclass(frozen=True)
class Comparison:
    """Two variants on the same seeds: what was decided, and all numbers that belong to it.

    Attributes:
        first, second: the variants. Differences are of the first less the second, in the unit of
            the primary metric.
        seeds: on how many they were compared.
        decision: of the first beside the second, one of DECISIONS.
        difference: of the means, or the shift between them, if they are compared by ranks.
        low, high: the usual interval, with 95 % confidence for this comparison alone.
        decided_low, decided_high: the interval that decided. With 95 % confidence all of these of
            a study hold together. Infinite if so few seeds cannot decide.
        confidence: of the latter, for this comparison alone.
        p_value, p_value_adjusted: for no difference, alone and among all of them.
        p_value_equivalence, p_value_equivalence_adjusted: for the margin or more; nan without one.
        wins, ties: on how many seeds the first is ahead, or neither.
        tested: whether the seeds could be compared at all, see `Evidence`. If not, the intervals
            and p-values are nan.
        freedom: degrees of freedom of the spread of the differences: one less than the seeds, and
            more where those of other pairs count as well.
        new_examples: the same difference for other seeds and other test examples; None where
            examples are not known one by one, or if the metric is not what variants are judged by.
    """

    first: str
    second: str
    seeds: int
    decision: str
    difference: float
    low: float
    high: float
    decided_low: float
    decided_high: float
    confidence: float
    p_value: float
    p_value_adjusted: float
    p_value_equivalence: float
    p_value_equivalence_adjusted: float
    wins: int
    ties: int
    tested: bool
    freedom: float
    new_examples: NewExamples | None = None


@dataclass(frozen=True)
class Needed:
    """How many seeds it takes, with a power of POWER.

    Attributes:
        seeds: by the difference and the standard deviation that were seen; inf above MOST_SEEDS.
        low, high: with those at the ends of their 95 % intervals.
    """

    seeds: float = NAN
    low: float = NAN
    high: float = NAN


@dataclass(frozen=True)
class Reason:
    """One thing that sets a variant's networks apart from the baseline's.

    Attributes:
        kind: one of KINDS.
        epoch: after which it was measured; 0 at the start.
        own, base: the variant's and the baseline's: a share of the hidden units, or the decimal
            logarithm of how many times a signal changes over the depth (-inf if it vanishes).
        own_at_start, base_at_start: shares of dead units before training.
        rank, p_value, seeds: Spearman's rank correlation of dead units and lost performance, both
            beside the baseline's on the same seed; nan where one of them does not vary.
        wider: how many times as widely as the baseline's the inputs of the last activation are
            spread at the start; nan if they are not significantly wider.
        depth: number of layers.
    """

    kind: str
    epoch: int = 0
    own: float = NAN
    base: float = NAN
    own_at_start: float = NAN
    base_at_start: float = NAN
    rank: float = NAN
    p_value: float = NAN
    seeds: int = 0
    wider: float = NAN
    depth: int = 0


@dataclass(frozen=True)
class Why:
    """What sets a variant that loses apart; without a reason, nothing that was measured does."""

    variant: str
    reasons: Sequence[Reason]


@dataclass(frozen=True)
class Failures:
    """Whether a variant learns, and how well it does when it does.

    Attributes:
        failed: runs that diverged, never learned, or ended far below the others.
        diverged, not_learned: how many of all runs did these.
        mean: metric of those that failed, nan if none did.
        mean_learned: metric of the others.
        p_value: for failing as often as the baseline (Fisher's exact test, of this comparison
            alone); nan of the baseline itself.
        difference, low, high, seeds: from the baseline on the seeds where neither failed, with its
            95 % interval; nan where there are fewer than two.
    """

    failed: int
    diverged: int
    not_learned: int
    mean: float
    mean_learned: float
    p_value: float
    difference: float
    low: float
    high: float
    seeds: int


@dataclass(frozen=True)
class Peak:
    """A mean learning curve that rises and then falls by more than the margin.

    Attributes:
        epoch: in the middle of the best few epochs.
        value: mean of the metric on validation examples then.
        lost: by how much worse it is in the last few epochs.
    """

    epoch: int
    value: float
    lost: float


@dataclass(frozen=True)
class Published:
    """A published result of the same pair of initializers.

    Attributes:
        accuracy, loss: as published, of one run.
        within: whether the accuracy lies in the range of this study's runs.
        implied: by its order and that of the published baseline, one of DECISIONS; empty of the
            baseline itself, or if that was not published.
        survives: whether this study decides the same; None where it decides nothing.
    """

    accuracy: float
    loss: float
    within: bool
    implied: str
    survives: bool | None


@dataclass(frozen=True)
class Variant:
    """What was found of one variant.

    Attributes:
        name: of the variant.
        kernel, bias: names of its initializers.
        differs: the roles in which these are not the baseline's: kernel, bias, or both.
        seeds: on how many it is judged.
        one_run: whether all of them are one and the same run, so that n is 1.
        deterministic: whether its runs start from the same weights, and differ by the order alone.
        never_learned: whether no run of it learned anything.
        value, low, high: mean or median of the primary metric, with its 95 % interval.
        metric, metric_low, metric_high: mean of the metric at the end, with its 95 % interval.
        metric_min, metric_max: of single runs.
        training_metric: mean of the metric of training examples in the last epoch.
        comparison: with the baseline on the same seeds; None of the baseline itself.
        may_be_best: whether it is not worse than any other; None if that is not asked of it.
        beaten_by: the best of the variants that are better than it; empty if none is.
        to_decide, to_show: seeds that decide a difference of the size that was seen, and one of
            the margin, if it is inconclusive.
        failures: of its runs; None if none failed.
        peak: of its learning curve; None if it does not fall.
        published: None if there is no such result.
    """

    name: str
    kernel: str
    bias: str
    differs: Sequence[str]
    seeds: int
    one_run: bool
    deterministic: bool
    never_learned: bool
    value: float
    low: float
    high: float
    metric: float
    metric_low: float
    metric_high: float
    metric_min: float
    metric_max: float
    training_metric: float
    comparison: Comparison | None
    may_be_best: bool | None
    beaten_by: str
    to_decide: Needed
    to_show: Needed
    failures: Failures | None
    peak: Peak | None
    published: Published | None

    @property
    def decision(self) -> str:
        """One of DECISIONS; empty of the baseline itself."""
        return self.comparison.decision if self.comparison else ""


@dataclass(frozen=True)
class Advice:
    """What to start from.

    Attributes:
        action: one of ADVICE.
        variant: to start from; the baseline to stay with; empty where there is no advice.
        leader: the one with the best mean or median; it need not be the advice.
        tied: other variants that may be the best.
        ruled_out: those that are worse than some other, or never learned.
        unconfirmed: the variant that was better, and was refuted by its new seeds; empty if none.
        reason: why nothing is concluded, one of `evidence.REASONS`; empty if something is.
        fewest_seeds: with which a comparison can be decided.
    """

    action: str
    variant: str
    leader: str
    tied: Sequence[str]
    ruled_out: Sequence[str]
    unconfirmed: str
    reason: str
    fewest_seeds: int


@dataclass(frozen=True)
class Role:
    """Whether it matters which initializer the kernels, or the biases, have.

    Attributes:
        role: kernel or bias.
        matters: True if some is better or worse than the baseline's, False if all are equivalent,
            else None.
        decisions: names of the variants by their decision.
    """

    role: str
    matters: bool | None
    decisions: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Confirmation:
    """The pair that was chosen, on new seeds.

    Attributes:
        kernel, bias: of the pair.
        chosen_from: the variant that it is; empty if the two were not run together before.
        promised: by how much it was ahead where it was chosen.
        comparison: with the baseline on the new seeds, as one comparison with its own 5 %.
        possible: whether there are new seeds enough to decide anything.
    """

    kernel: str
    bias: str
    chosen_from: str
    promised: float
    comparison: Comparison
    possible: bool


@dataclass(frozen=True)
class Interim:
    """One analysis of a study that grew.

    Attributes:
        seeds: that each variant had by then.
        variants: how many came so far.
        decided: names of those that were decided by then, and not before.
        went_on: how many were run on more seeds.
        share: of the 5 % that was spent.
    """

    seeds: int
    variants: int
    decided: Sequence[str]
    went_on: int
    share: float


@dataclass(frozen=True)
class LearningRates:
    """The learning rates that the variants were given.

    Attributes:
        chosen: the rate of each variant.
        within_two_errors: variants of which another rate is within two standard errors.
        at_edge: variants whose rate is the smallest or the largest that was tried.
    """

    chosen: Mapping[str, float]
    within_two_errors: Sequence[str]
    at_edge: Sequence[str]


@dataclass(frozen=True)
class Interaction:
    """Kernel and bias together, in a factorial design.

    Attributes:
        shares: of the variance between pairs: kernel, bias, interaction.
        sds: standard deviations that these make.
        low, high: of the interaction's, with 95 % confidence.
        p_value: that there is no interaction.
        one_at_a_time: the variant with the best kernel and the best bias, chosen separately.
        best: the one with the best mean of all.
        lost: by how much the former is behind.
    """

    shares: Mapping[str, float]
    sds: Mapping[str, float]
    low: float
    high: float
    p_value: float
    one_at_a_time: str
    best: str
    lost: float


@dataclass(frozen=True)
class Findings:
    """All that a study finds.

    Attributes:
        study: its name.
        scope: what it holds for, in the study's own terms.
        judge_by: what variants are judged by.
        metric: by which networks are measured; what variants are judged by, or a part of it.
        margin: the smallest difference that matters; None if any does.
        comparisons: in the family of those with the baseline.
        all_pairs: whether all pairs are one family instead.
        advice: what to start from.
        variants: the baseline first, `best` last.
        roles: kernel and bias, if some variant differs in it alone.
        confirmation: None if the choice fell on the baseline itself.
        interims: none if all seeds were analysed at once.
        rates: None if no learning rates were compared.
        interaction: None if the design is not factorial.
        variance: rows of variance.csv; none if that is not asked.
        held_out: training examples that choices were made on; x_val if the data had some of their
            own for it, and 0 if the test examples served.
        runs: how many there were.
        constant: what the best constant answer has on the test examples.
        published_as: name of the published results; empty if there are none.
        why: what sets those that lose apart.
        counted: what an accuracy is a share of: examples, labels or steps.
    """

    study: str
    scope: str
    judge_by: str
    metric: str
    margin: float | None
    comparisons: int
    all_pairs: bool
    advice: Advice
    variants: Sequence[Variant]
    roles: Sequence[Role]
    confirmation: Confirmation | None
    interims: Sequence[Interim]
    rates: LearningRates | None
    interaction: Interaction | None
    variance: Sequence[Mapping[str, float | str]]
    held_out: int | str
    runs: int
    constant: float
    published_as: str
    why: Sequence[Why]
    counted: str = "examples"

    @property
    def perfect(self) -> float:
        """What an answer that is always right has: 1 of an accuracy, 0 of an error."""
        return float(self.metric == METRIC)

    @property
    def unit(self) -> float:
        """What amounts of the metric are large or small beside, see `Study.unit`."""
        return 1.0 if self.perfect else self.constant

    def variant(self, name: str) -> Variant:
        """One of them by its name; a KeyError if there is none."""
        return {one.name: one for one in self.variants}[name]

    @property
    def baseline(self) -> Variant:
        """What all are compared with."""
        return self.variants[0]

    @property
    def compared(self) -> list[Variant]:
        """All but the baseline and `best`."""
        return [one for one in self.variants[1:] if one.name != "best"]


_TYPE = pydantic.TypeAdapter(Findings)


def dump(findings: Findings) -> str:
    """Write findings as JSON, of which `read` makes them again.

    Numbers that are none, or infinite, are strings, since JSON has no others: NaN, Infinity.
    """
    return json.dumps(_plain(asdict(findings)), indent=1, allow_nan=False) + "\n"


def read(path: str | Path) -> Findings:
    """Read the findings of a study.

    Raises:
        StudyError: if they are not what was written.
    """
    try:
        return _TYPE.validate_json(Path(path).read_bytes())
    except OSError as error:
        raise StudyError(f"{path} cannot be read ({error}); run the study again.") from None
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        wrong = ": ".join([".".join(map(str, first["loc"])), first["msg"]]).removeprefix(": ")
        raise StudyError(f"{path} cannot be read ({wrong}); run the study again.") from None


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
