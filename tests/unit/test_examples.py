"""Intervals for other seeds and other test examples cover what they should."""

import numpy as np
import pytest
from scipy import stats

from initstudy.analysis.examples import FEWEST_DISCORDANT, crossed

SIMULATIONS = 75


def draw(
    generator: np.random.Generator, by_seed: float, by_example: float, seeds: int, examples: int
) -> tuple[np.ndarray, np.ndarray]:
    """What two variants get right, whose chances are the same on average."""
    seed = generator.normal(0, by_seed, (seeds, 1))
    example = generator.normal(0, by_example, (1, examples))
    common = generator.uniform(0.3, 0.9, (1, examples))
    chance = (
        np.clip(common + 0.5 * (seed + example), 0, 1),
        np.clip(common - 0.5 * (seed + example), 0, 1),
    )
    correct, base = (generator.random((seeds, examples)) < one for one in chance)
    return correct, base


@pytest.mark.simulation
@pytest.mark.parametrize(
    ("by_seed", "by_example"), [(0.02, 0.0), (0.02, 0.1), (0.005, 0.1), (0.0, 0.0)]
)
def test_the_interval_for_other_seeds_and_examples_covers(
    by_seed: float, by_example: float, times: int
) -> None:
    generator = np.random.default_rng(0)
    covered, studies = 0, SIMULATIONS * times
    for _ in range(studies):
        low, high = crossed(*draw(generator, by_seed, by_example, 10, 400)).interval()
        covered += low <= 0 <= high
    rate = covered / studies
    print(f"\nOther seeds and examples, sd {by_seed} and {by_example}: covered in {rate:.1%}")
    assert rate >= 0.93 - 3 * np.sqrt(0.95 * 0.05 / studies)


def test_it_is_the_analysis_of_variance_of_definition() -> None:
    correct, base = draw(np.random.default_rng(1), 0.2, 0.8, 4, 40)
    found = crossed(correct, base)
    d = correct.astype(float) - base
    a, b, m = d.mean(axis=1, keepdims=True), d.mean(axis=0, keepdims=True), d.mean()
    seeds, examples = 40 * a.var(ddof=1), 4 * b.var(ddof=1)
    rest = ((d - a - b + m) ** 2).sum() / (3 * 39)
    assert found.difference == pytest.approx(m)
    assert found.by_seeds == pytest.approx(seeds / 160)
    assert found.by_examples == pytest.approx(examples / 160)
    variance = (seeds + examples - rest) / 160
    assert seeds + examples - rest > seeds
    parts = np.array([seeds, examples, rest]) / 160
    freedom = variance**2 / np.sum(parts**2 / [3, 39, 117])
    assert found.freedom == pytest.approx(freedom)
    for confidence in (0.95, 0.99):
        half = stats.t.ppf((1 + confidence) / 2, freedom) * np.sqrt(variance)
        assert found.interval(confidence) == pytest.approx((m - half, m + half))
    assert found.discordant == sum(column.any() and column.sum() != 0 for column in d.T)


def test_what_is_the_same_has_no_width() -> None:
    right = np.ones((3, 5), bool)
    found = crossed(right, right)
    assert found.interval() == (0, 0)
    # It says nothing of other examples, since these do not differ in any.
    assert found.discordant == 0
    assert not found.within(0.5, 0.95)


def test_what_is_known_of_other_examples_needs_some_on_which_the_two_differ() -> None:
    """Each of some examples is right on all seeds of one variant alone, half of them of each."""
    for discordant, known in ((FEWEST_DISCORDANT - 2, False), (FEWEST_DISCORDANT, True)):
        correct, base = (np.zeros((5, 2000), bool) for _ in range(2))
        correct[:, : discordant // 2] = base[:, discordant // 2 : discordant] = True
        found = crossed(correct, base)
        assert found.discordant == discordant
        assert found.difference == 0
        assert found.within(0.01, 0.95) is known
        low, high = found.interval()
        assert not found.within(high, 0.95)
        assert low == -high
    # On the same examples in any order, nothing changes.
    order = np.random.default_rng(0).permutation(2000)
    assert crossed(correct[:, order], base[:, order]) == found
