"""A study that grows only where it must errs no more often than one that does not."""

from collections.abc import Callable

import numpy as np
import pytest

from initstudy.analysis.comparisons import compare
from initstudy.analysis.decisions import Decisions, Rules, analyse, shares
from initstudy.analysis.evidence import Evidence
from initstudy.analysis.measures import ACCURACY
from initstudy.results.findings import BETTER, EQUIVALENT, INCONCLUSIVE, WORSE

SEEDS = [8, 12, 16]
SIMULATIONS = 100
Draw = Callable[[np.random.Generator, int, int], np.ndarray]


def run(table: np.ndarray, margin: float | None = None, seeds: list[int] = SEEDS) -> Decisions:
    """All analyses of final accuracies, (seeds, variants); the first variant is the baseline."""
    names = ["baseline", *(f"v{number}" for number in range(1, table.shape[1]))]
    rules = Rules(ACCURACY, margin, all_pairs=False, variants=len(names))
    decisions, here = Decisions([]), names
    for count, share in zip(seeds, shares(seeds), strict=True):
        scores = {name: table[:count, names.index(name)] for name in here}
        decisions = Decisions([*decisions.analyses, analyse(scores, Evidence(), rules, share)])
        here = decisions.goes_on()
        if not here:
            break
    return decisions


def decided(decisions: Decisions) -> dict[str, tuple[int, str]]:
    """With how many seeds each variant was decided, or compared last, and how."""
    found = {name: decisions.comparison(name) for name in decisions.names if name != "baseline"}
    return {name: (one.seeds, one.decision) for name, one in found.items()}


def normal(generator: np.random.Generator, seeds: int, variants: int) -> np.ndarray:
    return generator.normal(size=(seeds, variants))


def skewed(generator: np.random.Generator, seeds: int, variants: int) -> np.ndarray:
    return -generator.gamma(3, size=(seeds, variants))


def test_the_error_is_spent_once_and_little_at_first() -> None:
    assert shares([10, 20, 40]) == [1 / 16, 3 / 16, 3 / 4]
    assert shares([10]) == [1.0]
    assert sum(shares([5, 7, 9, 30])) == pytest.approx(1)


def test_each_analysis_decides_by_its_share_of_the_error() -> None:
    """The intervals that decide are those of 5 % by share and by comparison."""
    generator = np.random.default_rng(0)
    table = generator.normal(size=(16, 4)) + np.array([0, 0, 0.3, 0.2])
    decisions = run(table)
    for number, (analysis, share) in enumerate(zip(decisions.analyses, shares(SEEDS), strict=True)):
        places = [int(name[1:] or 0) if name != "baseline" else 0 for name in analysis.names]
        scores = table[: SEEDS[number], places]
        low, high = compare(scores, ACCURACY).intervals(1 - 0.05 * share / 3)
        found = analysis.comparison(analysis.names[1], "baseline")
        assert found.confidence == pytest.approx(1 - 0.05 * share / 3)
        assert (found.decided_low, found.decided_high) == pytest.approx((low[1, 0], high[1, 0]))
        assert found.p_value_adjusted == pytest.approx(min(1, found.p_value * 3 / share))


@pytest.mark.simulation
@pytest.mark.parametrize("draw", [normal, skewed])
def test_no_difference_is_called_one_seldom(draw: Draw, times: int) -> None:
    """Over all analyses and variants, where none differs, and where half of them do."""
    generator, studies = np.random.default_rng(0), SIMULATIONS * times
    for effects in ([0.0] * 6, [0.0, 0.0, 0.0, 3.0, -3.0, 3.0]):
        wrong = 0
        for _ in range(studies):
            table = draw(generator, SEEDS[-1], 7) + np.array([0.0, *effects])
            found = decided(run(table))
            wrong += any(
                found[f"v{number}"][1] in (BETTER, WORSE)
                for number, effect in enumerate(effects, 1)
                if effect == 0
            )
        print(f"\nInterim analyses, {draw.__name__}, {effects}: wrong in {wrong / studies:.1%}")
        assert wrong <= studies * 0.05 + 3 * np.sqrt(studies * 0.05 * 0.95)


@pytest.mark.simulation
def test_the_best_stays_among_those_that_may_be(times: int) -> None:
    generator, studies = np.random.default_rng(1), SIMULATIONS * times
    lost = 0
    for _ in range(studies):
        table = skewed(generator, SEEDS[-1], 6) + np.array([0, 0.5, 0.5, 0.4, 0, -1])
        lost += "v1" not in run(table).may_be_best
    print(f"\nInterim analyses: the best is lost in {lost / studies:.1%}")
    assert lost <= studies * 0.05 + 3 * np.sqrt(studies * 0.05 * 0.95)


@pytest.mark.simulation
@pytest.mark.parametrize(("size", "most"), [(2.0, 28), (1.5, 34)])
def test_interim_analyses_find_nearly_as_much_as_all_seeds_for_fewer(
    size: float, most: float, times: int
) -> None:
    """Of twelve variants two are better, two worse, and eight make no difference.

    Sizes are in standard deviations of the runs of a variant, and so is the margin.
    """
    effects = size * np.array([0.0, 1, 1, -1, -1, *[0.0] * 8])
    right = [BETTER, BETTER, WORSE, WORSE, *[EQUIVALENT] * 8]
    generator, studies = np.random.default_rng(3), 10 * times
    rates: dict[bool, list[list[float]]] = {True: [], False: []}
    seeds = []
    for _ in range(studies):
        table = normal(generator, 40, 13) + effects
        for growing in (True, False):
            decisions = run(table, size, [10, 20, 40] if growing else [40])
            hit = [
                one == want
                for (_, one), want in zip(decided(decisions).values(), right, strict=True)
            ]
            rates[growing].append([float(np.mean(hit[:4])), float(np.mean(hit[4:]))])
            if growing:
                ends = [len(one.scores) for one in decisions.analyses]
                here = [len(one.names) for one in decisions.analyses]
                seeds.append(float(np.diff([0, *ends]) @ here) / 13)
    growing_, fixed = (np.mean(rates[which], axis=0) for which in (True, False))
    print(f"\nInterim analyses, effects of {size}: {np.mean(seeds):.1f} seeds each, not 40")
    print(f"  decided {growing_}, with 40 seeds for all {fixed} (different, equivalent)")
    assert (growing_ > fixed - 0.1).all()
    assert np.mean(seeds) <= most


def test_what_is_clear_at_first_does_not_go_on() -> None:
    generator = np.random.default_rng(2)
    base = generator.normal(size=40)
    table = np.column_stack(
        [
            base,
            base + 5 + 0.1 * generator.normal(size=40),  # the winner
            base - 5 + 0.1 * generator.normal(size=40),  # the loser
            base + 0.15 * generator.normal(size=40),  # as good as the baseline, for 20 seeds
            base + 1.5 + 2 * generator.normal(size=40),  # better, which shows late
        ]
    )
    decisions = run(table, margin=0.14, seeds=[10, 20, 40])
    assert [list(one.names) for one in decisions.analyses] == [
        ["baseline", "v1", "v2", "v3", "v4"],
        ["baseline", "v3", "v4"],
        ["baseline", "v4"],
    ]
    assert decided(decisions) == {
        "v1": (10, BETTER),
        "v2": (10, WORSE),
        "v3": (20, EQUIVALENT),
        "v4": (40, BETTER),
    }
    assert decisions.may_be_best == ["v1"]


def test_a_decision_stands_whatever_comes_after() -> None:
    """Two winners go on, since either may be the best, and then both are behind."""
    base = np.random.default_rng(3).normal(size=16)
    two = base[:, None] + 5 + 0.1 * np.random.default_rng(4).normal(size=(16, 2))
    two[8:] -= 20
    decisions = run(np.column_stack([base, two]), seeds=[8, 16])
    assert len(decisions.analyses) == 2
    assert decisions.analyses[1].decision("v1", "baseline") != BETTER
    assert decided(decisions) == {"v1": (8, BETTER), "v2": (8, BETTER)}
    assert "baseline" not in decisions.may_be_best


def test_those_that_may_be_best_go_on_though_they_are_better() -> None:
    generator = np.random.default_rng(3)
    base = generator.normal(size=40)
    two = base[:, None] + 5 + 0.1 * generator.normal(size=(40, 2))
    decisions = run(np.column_stack([base, two]), seeds=[10, 20, 40])
    assert [list(one.names) for one in decisions.analyses] == [["baseline", "v1", "v2"]] * 3
    assert decided(decisions) == {"v1": (10, BETTER), "v2": (10, BETTER)}


def test_nothing_goes_on_where_all_is_decided() -> None:
    base = np.random.default_rng(4).normal(size=40)
    decisions = run(np.column_stack([base, base + 1, base - 1]), seeds=[10, 20, 40])
    assert len(decisions.analyses) == 1
    assert decisions.goes_on() == []


def test_a_baseline_alone_has_nothing_to_decide() -> None:
    decisions = run(np.ones((16, 1)))
    assert len(decisions.analyses) == 1
    assert decisions.may_be_best == ["baseline"]


def test_too_few_seeds_decide_nothing_and_all_go_on() -> None:
    """However large the difference is."""
    base = np.random.default_rng(4).normal(size=10)
    decisions = run(np.column_stack([base, base + 100]), seeds=[3, 10])
    assert decisions.analyses[0].decision("v1", "baseline") == INCONCLUSIVE
    assert decided(decisions) == {"v1": (10, BETTER)}
