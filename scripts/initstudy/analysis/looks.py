"""Looks at a study while it grows: what is settled by then, and what goes on to more seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from initstudy.analysis.evidence import Evidence, of
from initstudy.analysis.levels import ALPHA, Floats
from initstudy.analysis.measures import ACCURACY, Measure, differences, measure_of
from initstudy.analysis.pairs import joint_p_values, may_be_best
from initstudy.analysis.statistics import (
    BETTER,
    EQUIVALENT,
    UNDECIDED,
    WORSE,
    decide,
    equivalence_p_value,
    holm,
    one_sided_p_value,
    sign_flip_p_value,
)
from initstudy.results.study import StudyResults

BASELINE = "baseline"


@dataclass(frozen=True)
class Told:
    """What one look tells of a variant and the baseline.

    Attributes:
        decision: one of `statistics.DECISIONS`.
        p_value, p_value_equivalent: adjusted for all comparisons and all looks, so that 5 % is the
            bound of both; the second nan if there is no margin.
    """

    decision: str
    p_value: float
    p_value_equivalent: float


NOTHING = Told(UNDECIDED, float("nan"), float("nan"))


@dataclass(frozen=True)
class Look:
    """One look.

    Attributes:
        seeds: on so many of them, the first ones.
        told: of each variant that had come so far, but the baseline.
        best: the p-value of each variant that had come so far of being one of the best, adjusted
            likewise.
        goes_on: the variants to be trained on the seeds of the next look.
    """

    seeds: int
    told: Mapping[str, Told]
    best: Mapping[str, float]
    goes_on: Sequence[str] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """As plain values, of which `read` makes it again."""
        return asdict(self)

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> "Look":
        """What `plain` gave."""
        told = {name: Told(**one) for name, one in plain["told"].items()}
        return cls(plain["seeds"], told, plain["best"], plain["goes_on"])


def shares(looks: Sequence[int]) -> list[float]:
    """How much of the error is spent at each look: little at first.

    By the k-th look the share of (seeds by then / all seeds)² is spent.

    Args:
        looks: seeds at each, growing.

    Reference:
        Kim and DeMets, 1987, Design and Analysis of Group Sequential Tests Based on the Type I
        Error Spending Rate Function, Biometrika 74 (1): the power family, here of 2, between
        Pocock's and O'Brien and Fleming's.
    """
    spent = [(seeds / looks[-1]) ** 2 for seeds in looks]
    return [now - before for before, now in zip([0.0, *spent], spent, strict=False)]


def take(
    values: Mapping[str, Floats],
    variants: Sequence[str],
    looks: Sequence[int],
    earlier: Sequence[Look],
    margin: float | None,
    measure: Measure = ACCURACY,
    evidence: Evidence | None = None,
) -> Look:
    """Takes the next look.

    At the first one all are tested at once (`pairs`), from the second on by themselves with Holm's
    correction for the whole family, but for what was rejected before. So with the error that each
    look may spend, what is called different, or equivalent, or not the best, is so wrongly with a
    probability of 5 % at most, each of the three for itself, over all looks and variants: by
    Bonferroni's inequality, whatever decided who went on. What cannot be tested stays undecided;
    where nothing can be, nothing goes on.

    Args:
        values: scores by variant, on the seeds of this look, float64 (seeds,): of the baseline and
            of all others that were to go on.
        variants: all that were there at first, the baseline among them.
        looks: seeds at each.
        earlier: the looks before this one.
        margin: the smallest difference that would matter; None if any would.
        measure: of which the scores are.
        evidence: what the runs so far are evidence of; None if any two can be tested.
    """
    evidence = evidence or Evidence()
    number = len(earlier)
    share = shares(looks)[number]
    others = [name for name in variants if name != BASELINE]
    known = {name: told for look in earlier for name, told in look.told.items()}
    open_ = [n for n in others if n in values and n not in decided(earlier)]
    tested = [name for name in open_ if evidence.compares(name, BASELINE)]
    compared = [differences(values[name], values[BASELINE]) for name in tested]
    first = number == 0
    if first and tested:
        p_values = joint_p_values(measure.tested(np.array(compared).T)).tolist()
    else:
        rejected = sum(told.decision in (BETTER, WORSE) for told in known.values())
        own = [sign_flip_p_value(measure.tested(one)) for one in compared]
        p_values = holm(own, len(others) - rejected)
    p_values_equivalent = [float("nan")] * len(tested)
    if margin is not None:
        rejected = sum(told.decision == EQUIVALENT for told in known.values())
        p_values_equivalent = holm(
            [equivalence_p_value(one, margin, measure) for one in compared],
            len(others) - rejected,
        )
    told = dict.fromkeys(open_, NOTHING) | {
        name: _told(measure.shift(one), p_value / share, p_value_equivalent / share)
        for name, one, p_value, p_value_equivalent in zip(
            tested, compared, p_values, p_values_equivalent, strict=True
        )
    }
    best = _best(values, len(variants), first, measure, evidence)
    best = {name: min(1.0, p_value / share) for name, p_value in best.items()}
    for look in earlier:
        best = {name: min(p, look.best.get(name, 1.0)) for name, p in best.items()}
    leading = [name for name, p_value in best.items() if p_value >= ALPHA]
    goes_on = [name for name, one in told.items() if one.decision == UNDECIDED]
    if len(leading) > 1:
        goes_on += leading
    if goes_on:
        goes_on.append(BASELINE)
    ends = number == len(looks) - 1 or bool(evidence.reason)
    return Look(
        looks[number], told, best, [] if ends else [name for name in variants if name in goes_on]
    )


def all_looks(results: StudyResults) -> list[Look]:
    """The looks of a study, with the last one, if anything went on to it."""
    study = results.description
    earlier = [Look.read(look) for look in results.looks]
    if earlier and not earlier[-1].goes_on:
        return earlier
    names = earlier[-1].goes_on if earlier else study.variants
    values = {name: results.scores(name) for name in names}
    asked = study.margin, measure_of(study), of(results)
    return [*earlier, take(values, list(study.variants), study.looks, earlier, *asked)]


def settled(looks: Sequence[Look]) -> dict[str, tuple[Told, int, float]]:
    """What the looks tell of each variant in the end, with how many seeds that was told of, and
    its p-value of being the best.
    """
    told: dict[str, tuple[Told, int]] = {}
    for look in looks:
        # Who goes on though settled is not told of again.
        told |= {name: (one, look.seeds) for name, one in look.told.items()}
    best = {name: p_value for look in looks for name, p_value in look.best.items()}
    return {name: (*told.get(name, (NOTHING, 0)), p_value) for name, p_value in best.items()}


def decided(looks: Sequence[Look]) -> dict[str, tuple[int, Told]]:
    """The number of seeds at which each variant was settled, and what was told of it then."""
    return {
        name: (look.seeds, told)
        for look in looks
        for name, told in look.told.items()
        if told.decision != UNDECIDED
    }


def _told(difference: float, p_value: float, p_value_equivalent: float) -> Told:
    p_value, p_value_equivalent = min(1.0, p_value), np.minimum(1.0, p_value_equivalent)
    decision = decide(difference, p_value, float(p_value_equivalent))
    return Told(decision, p_value, float(p_value_equivalent))


def _best(
    values: Mapping[str, Floats], variants: int, first: bool, measure: Measure, evidence: Evidence
) -> dict[str, float]:
    """The p-value of each being one of the best."""
    if first:
        constant = evidence.constant([*values])
        p_values = may_be_best(np.array(list(values.values())).T, measure, constant)
        return dict(zip(values, p_values.tolist(), strict=True))
    return {
        name: min(
            1.0,
            (variants - 1)
            * min(
                (
                    one_sided_p_value(measure.tested(differences(other, mine)))
                    for key, other in values.items()
                    if key != name and evidence.compares(key, name)
                ),
                default=1.0,
            ),
        )
        for name, mine in values.items()
    }
