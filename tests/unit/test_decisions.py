"""The one test of the project: by itself, and in studies whose truth is known."""

import numpy as np
import pytest
from scipy import optimize, special, stats
from simulated import WORLDS, decided, rates, studies

from initstudy.analysis import comparisons
from initstudy.analysis.comparisons import Family, OfMeans, compare, fewest_seeds, moderate
from initstudy.analysis.decisions import Decisions, Rules, analyse, shares
from initstudy.analysis.evidence import Evidence
from initstudy.analysis.examples import FEWEST_DISCORDANT
from initstudy.analysis.measures import ACCURACY, measure
from initstudy.results.findings import BETTER, EQUIVALENT, INCONCLUSIVE, WORSE

RANKED = measure("loss")
# More than 5 % is wrong in these, by how much is in docs/validation.md.
TOO_OFTEN = {
    "every other variant spreads 4 times as widely": 0.08,
    "the baseline spreads 4 times as widely": 0.08,
}
SEEDS_AND_VARIANTS = [(5, 2), (5, 3), (6, 13), (10, 6)]


def made(seeds: int = 8, variants: int = 6) -> np.ndarray:
    return np.random.default_rng(3).standard_normal((seeds, variants)) + np.arange(variants) / 2


def test_two_variants_are_compared_by_students_paired_test() -> None:
    scores = made(variants=2)
    found = compare(scores, ACCURACY)
    known = stats.ttest_rel(scores[:, 0], scores[:, 1])
    low, high = found.intervals(0.9)
    assert found.p_values()[0, 1] == pytest.approx(known.pvalue, rel=1e-9)
    assert (low[0, 1], high[0, 1]) == pytest.approx([*known.confidence_interval(0.9)], rel=1e-9)


def test_ranks_are_compared_by_wilcoxons_exact_test() -> None:
    scores = made(variants=2)
    found = compare(scores, RANKED)
    known = stats.wilcoxon(scores[:, 0] - scores[:, 1], method="exact")
    assert found.p_values()[0, 1] == pytest.approx(known.pvalue, rel=1e-9)
    # The interval by its definition: all shifts that the test does not reject.
    low, high = found.intervals(0.9)
    grid = np.linspace(-4, 4, 801)
    kept = [
        shift
        for shift in grid
        if stats.wilcoxon(scores[:, 0] - scores[:, 1] - shift, method="exact").pvalue > 0.1
    ]
    assert (low[0, 1], high[0, 1]) == pytest.approx((min(kept), max(kept)), abs=0.011)


@pytest.mark.parametrize("spread", [0.0, 2.0])
def test_the_page_has_the_formulas_by_which_variances_are_moderated(spread: float) -> None:
    """docs/moderation.md, by SciPy alone: variances that differ, and some that do not."""
    variants, degrees = 5, 9
    chance = np.random.default_rng(1)
    true = np.exp(spread * chance.normal(size=10))
    observed = true * chance.chisquare(400 if spread == 0 else degrees, 10)
    z = np.log(observed)
    excess = z.var(ddof=1) - special.polygamma(1, degrees / 2)
    most = degrees * (variants - 2) / 4
    if excess > 0:
        prior = 2 * optimize.brentq(lambda x: special.polygamma(1, x) - excess, 1e-3, 1e6)
        center = z.mean() - special.digamma(degrees / 2) + np.log(degrees / 2)
        center = np.exp(center + special.digamma(prior / 2) - np.log(prior / 2))
    else:
        prior, center = most, observed.mean()
    assert (excess > 0) == (spread > 0)
    prior = min(prior, most)
    moderated, freedom = moderate(observed, degrees, variants - 1)
    assert freedom == pytest.approx(prior + degrees)
    expected = (prior * center + degrees * observed) / (prior + degrees)
    np.testing.assert_allclose(moderated, expected, rtol=1e-8)


def test_variances_are_moderated_as_they_came_about() -> None:
    chance = np.random.default_rng(0)
    true = 2.0 * 12 / chance.chisquare(12, 40_000)
    observed = true * chance.chisquare(4, 40_000) / 4
    moderated, freedom = moderate(observed, 4, 40_000)
    assert freedom == pytest.approx(16, rel=0.05)
    expected = (12 * 2.0 + 4 * observed) / 16
    assert expected == pytest.approx(moderated, rel=0.05)
    # Where all are equal, and few, the prior counts for a quarter of what they are worth.
    alike, few = moderate(np.full(12, 3.0), 5, 12)
    assert alike == pytest.approx(np.full(12, 3.0))
    assert few == pytest.approx(5 + 5 * 11 / 4)
    assert comparisons.inverse_trigamma(float(np.pi**2 / 6)) == pytest.approx(1)


@pytest.mark.parametrize("measure", [ACCURACY, RANKED], ids=["means", "ranks"])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.999])
def test_intervals_and_p_values_are_the_same_statement(measure, confidence: float) -> None:
    for scores in (made(), np.round(made()), made(12, 3)):
        found = compare(scores, measure)
        low, high = found.intervals(confidence)
        others = ~np.eye(scores.shape[1], dtype=bool)
        for shift in (0.0, 0.5, -1.0):
            outside = (low > shift) | (high < shift)
            assert (outside == (found.p_values(shift) <= 1 - confidence))[others].all()
        within = (low > -1.5) & (high < 1.5)
        assert (within == (found.equivalence_p_values(1.5) <= 1 - confidence))[others].all()
        assert (low == -high.T).all()


@pytest.mark.parametrize("measure", [ACCURACY, RANKED], ids=["means", "ranks"])
def test_no_order_of_the_seeds_changes_a_digit(measure) -> None:
    scores = made(10, 7)
    first = compare(scores, measure)
    for seed in range(5):
        other = compare(np.random.default_rng(seed).permutation(scores), measure)
        assert (first.p_values() == other.p_values()).all()
        assert all(
            (a == b).all()
            for a, b in zip(first.intervals(0.95), other.intervals(0.95), strict=True)
        )


def test_accuracies_of_few_examples_are_not_surer_than_their_rounding() -> None:
    # One more of 30 is right on each of five seeds.
    scores = np.tile([27 / 30, 28 / 30], (5, 1))
    found = compare(scores, ACCURACY)
    assert isinstance(found, OfMeans)
    assert found.errors[0, 1] == pytest.approx(1 / 30 / np.sqrt(6 * 5))
    assert 0.001 < found.p_values()[0, 1] < 0.05
    same = compare(np.full((5, 3), 0.9), ACCURACY)
    assert (same.p_values() == 1).all()


def test_the_fewest_seeds_are_five_and_more_for_ranks() -> None:
    assert [fewest_seeds(ACCURACY, level) for level in (0.05, 0.05 / 100)] == [5, 5]
    assert [fewest_seeds(RANKED, level) for level in (0.05, 0.05 / 12)] == [6, 9]


def test_families() -> None:
    one, others = Rules(ACCURACY, None, False, 13).families()
    assert (one.size, others.size) == (12, 66)
    assert Rules(ACCURACY, None, True, 13).families() == (Family(78), Family(78))
    assert one.confidence == pytest.approx(1 - 0.05 / 12)
    assert one.adjusted(0.01) == pytest.approx(0.12)
    assert np.isnan(one.adjusted(float("nan")))
    assert Family(12, 0.25).adjusted(0.001) == pytest.approx(0.048)


def of(**scores: np.ndarray) -> dict[str, np.ndarray]:
    return {name.replace("_", "-"): values for name, values in scores.items()}


def around(mean: float, seeds: int = 10, seed: int = 0, sd: float = 0.001) -> np.ndarray:
    noise = np.random.default_rng([seed, int(1000 * mean)]).standard_normal(seeds)
    return mean + sd * (noise - noise.mean()) / noise.std()


def test_the_four_decisions() -> None:
    scores = of(
        baseline=around(0.9),
        kernel_a=around(0.93, seed=1),
        kernel_b=around(0.85, seed=2),
        kernel_c=around(0.9005, seed=3),
        kernel_d=around(0.904, seed=4, sd=0.01),
    )
    found = analyse(scores, Evidence(), Rules(ACCURACY, 0.005, False, 5))
    decisions = [found.decision(name, "baseline") for name in scores]
    assert decisions == [INCONCLUSIVE, BETTER, WORSE, EQUIVALENT, INCONCLUSIVE]
    assert found.decision("baseline", "kernel-a") == WORSE
    one = found.comparison("kernel-a", "baseline")
    assert one.decided_low < one.low < one.difference < one.high < one.decided_high
    assert one.wins == 10
    assert Decisions([found]).may_be_best == ["kernel-a"]
    # A loss is better if it is less, and shown as it is.
    loss = analyse(
        {name: -values for name, values in scores.items()},
        Evidence(),
        Rules(RANKED, None, False, 5),
    ).comparison("kernel-b", "baseline")
    assert loss.decision == BETTER
    assert loss.difference < 0
    assert loss.low <= loss.difference <= loss.high


def test_what_never_learned_neither_wins_nor_is_equivalent() -> None:
    scores = of(baseline=around(0.1), kernel_a=around(0.1001, seed=1), kernel_b=around(0.2, seed=2))
    known = Evidence(never_learned={"kernel-a", "kernel-b"})
    found = analyse(scores, known, Rules(ACCURACY, 0.05, False, 3))
    assert {found.decision(name, "baseline") for name in ("kernel-a", "kernel-b")} == {INCONCLUSIVE}
    assert Decisions([found], known.never_learned).may_be_best == ["baseline"]
    # Nor does another one become the best by that.
    assert Decisions([found]).better_than("baseline") == []


def test_one_run_is_compared_with_nothing() -> None:
    scores = of(baseline=around(0.9), kernel_a=np.full(10, 0.99))
    found = analyse(scores, Evidence(one_run={"kernel-a"}), Rules(ACCURACY, 0.05, False, 2))
    one = found.comparison("kernel-a", "baseline")
    assert (one.decision, one.tested) == (INCONCLUSIVE, False)
    assert np.isnan([one.low, one.p_value, one.decided_high, one.p_value_adjusted]).all()


def test_equivalent_is_so_for_other_examples_too() -> None:
    """Of so few examples that differ, it is not known; nor where they differ too much."""
    chance = np.random.default_rng(0)

    def asked(discordant: int, examples: int) -> str:
        base = np.ones((10, examples), bool)
        base[:, : examples // 10] = False
        other = base.copy()
        # As many are right in place of others, so that the accuracies are about the same.
        other[:, :discordant] = True
        other[:, examples // 10 : examples // 10 + discordant] = False
        for rows in (base, other):
            rows[np.arange(10), chance.integers(examples // 2, examples // 2 + 3, 10)] = False
        correct = {"baseline": base, "kernel-a": other}
        scores = {name: rows.mean(axis=1) for name, rows in correct.items()}
        rules = Rules(ACCURACY, 0.005, False, 2)
        assert analyse(scores, Evidence(), rules).decision("kernel-a", "baseline") == EQUIVALENT
        return analyse(scores, Evidence(), rules, examples=correct).decision("kernel-a", "baseline")

    assert asked(20, 10_000) == EQUIVALENT
    assert asked(500, 10_000) == INCONCLUSIVE
    assert asked(1, 10_000) == INCONCLUSIVE
    assert FEWEST_DISCORDANT > 2


def test_shares_of_the_error_grow_and_sum_to_one() -> None:
    found = shares([10, 20, 40])
    assert found == pytest.approx([1 / 16, 3 / 16, 12 / 16])


def test_what_was_decided_stays_and_the_rest_goes_on() -> None:
    scores = np.column_stack(
        [around(0.0, 40, sd=1), around(8.0, 40, 1, sd=1), around(0.1, 40, 2, sd=1)]
    )
    found = decided(scores, looks=[10, 40])
    assert len(found.analyses) == 2
    assert found.comparison("kernel-1").seeds == 10
    assert found.comparison("kernel-2").seeds == 40
    assert list(found.analyses[1].names) == ["baseline", "kernel-2"]
    # Many differ at once: nothing is left to ask.
    assert len(decided(scores[:, :2], looks=[10, 40]).analyses) == 1


@pytest.mark.simulation
@pytest.mark.parametrize("name", list(WORLDS))
@pytest.mark.parametrize(("seeds", "variants"), SEEDS_AND_VARIANTS)
def test_five_percent_bound_what_is_decided_wrongly(
    name: str, seeds: int, variants: int, times: int
) -> None:
    number = 40 * times
    for differ in (0, variants // 3):
        effects = np.zeros(variants)
        effects[variants - differ :] = 3.0
        found = rates(WORLDS[name], seeds, effects, number)
        print(
            f"\n{name}: {seeds} seeds, {variants - 1} comparisons, {differ} differ: {found}", end=""
        )
        bound = TOO_OFTEN.get(name, 0.06) + 4 * np.sqrt(0.05 * 0.95 / number)
        assert found.wrong <= bound
        assert found.wrong_others <= bound
        # Where all are equally good, either family may rule one of them out.
        assert found.lost <= bound + (0.05 if differ == 0 else 0.0)


@pytest.mark.simulation
@pytest.mark.parametrize("shared", [0.0, 0.8])
def test_the_power_that_was_aimed_at(shared: float, times: int) -> None:
    world = WORLDS["normal, seeds correlated by 0.8" if shared else "normal"]
    twelve, one = np.zeros(13), np.array([0.0, 3.0])
    twelve[-4:] = 3.0
    number = 40 * times
    found = [rates(world, 6, twelve, number).found, rates(world, 5, one, number).found]
    print(
        f"\npower, correlation {shared}: twelve comparisons of 6 seeds, one of 5: {found}", end=""
    )
    assert found[0] > 0.8
    assert found[1] > 0.9 - 3 * np.sqrt(0.09 / number)


@pytest.mark.simulation
@pytest.mark.parametrize("name", ["normal", "skewed", "one seed in ten fails", "30 test examples"])
@pytest.mark.parametrize("looks", [[5, 9], [10, 20, 40]])
def test_five_percent_bound_all_interim_analyses(name: str, looks: list[int], times: int) -> None:
    number = 40 * times
    for differ in (0, 3):
        effects = np.zeros(7)
        effects[7 - differ :] = 1.5
        found = rates(WORLDS[name], looks[-1], effects, number, looks)
        print(f"\n{name}: analyses at {looks}, {differ} of 6 differ: {found}", end="")
        bound = 0.05 + 4 * np.sqrt(0.05 * 0.95 / number)
        assert max(found.wrong, found.wrong_others) <= bound
        assert found.lost <= bound + (0.05 if differ == 0 else 0.0)


@pytest.mark.simulation
@pytest.mark.parametrize("name", ["normal", "skewed", "normal, seeds correlated by 0.8"])
def test_a_difference_of_the_margin_is_seldom_equivalent(name: str, times: int) -> None:
    number = 100 * times
    effects = np.array([0.0, 1.0, 1.0, 1.0])
    found = rates(WORLDS[name], 20, effects, number, margin=1.0)
    print(f"\n{name}: 20 seeds, 3 at the margin: {found}", end="")
    assert found.wrong <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / number)


@pytest.mark.simulation
def test_adding_seeds_costs_error_and_planning_them_does_not(times: int) -> None:
    """Who looks at 10 seeds, and adds 30 to what is inconclusive, errs more often than planned."""
    number = 150 * times
    added = planned = 0
    for scores in studies(WORLDS["normal"], 40, np.zeros(4), number):
        first = decided(scores[:10])
        wrong = (first.analyses[0].decisions == BETTER).any()
        again = (decided(scores).analyses[0].decisions == BETTER).any()
        added += bool(wrong or again)
        looks = decided(scores, looks=[10, 40])
        planned += any((one.decisions == BETTER).any() for one in looks.analyses)
    print(
        f"\nseeds added after a look: {added / number:.3f}, planned: {planned / number:.3f}", end=""
    )
    # Two families, of which each may err.
    assert planned / number <= 0.1 + 4 * np.sqrt(0.1 / number)
    assert added >= planned
