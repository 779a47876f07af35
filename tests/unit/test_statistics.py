"""Each statistic of single runs and of one variant against SciPy, or against its definition."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from made_up import configured
from scipy import stats

from initstudy.analysis import statistics
from initstudy.analysis.measures import mean_interval
from initstudy.analysis.statistics import letters

# Simulated studies for each coverage; the bounds below are 3 standard errors.
SIMULATIONS = 1000


def test_the_interquartile_mean_is_that_of_the_middle_half() -> None:
    assert statistics.interquartile_mean(np.array([0, 0, 1, 2, 3, 4, 99, 99.0])) == 2.5
    values = np.random.default_rng(0).normal(size=101)
    ordered = np.sort(values)
    assert statistics.interquartile_mean(values) == pytest.approx(ordered[25:-25].mean())


def test_the_interval_of_few_values_is_students() -> None:
    values = np.array([1.0, 2.0, 4.0])
    expected = stats.t.interval(0.95, 2, loc=values.mean(), scale=stats.sem(values))
    assert mean_interval(values) == pytest.approx(expected)


def test_an_interval_is_where_its_values_are() -> None:
    values = np.random.default_rng(1).normal(size=8)
    low, high = mean_interval(values)
    assert low < values.mean() < high
    # The order of the seeds does not change a digit.
    assert mean_interval(values[::-1]) == mean_interval(np.roll(values, 3)) == (low, high)
    shifted = mean_interval(10 * values + 3)
    assert shifted == pytest.approx((10 * low + 3, 10 * high + 3))
    assert mean_interval(np.full(9, 0.7)) == pytest.approx((0.7, 0.7))
    assert np.isnan(mean_interval(np.array([0.5]))).all()


@pytest.mark.simulation
@pytest.mark.parametrize(
    ("name", "draw", "truth", "worst"),
    [
        ("normal", lambda generator: generator.normal(size=10), 0, 0.95),
        ("skewed", lambda generator: -generator.gamma(3, size=10), -3, 0.925),
        ("very skewed", lambda generator: -generator.exponential(size=10), -1, 0.90),
    ],
    ids=["normal", "skewed", "very skewed"],
)
def test_intervals_cover_the_mean_of_ten_seeds(
    name: str,
    draw: Callable[[np.random.Generator], np.ndarray],
    truth: float,
    worst: float,
    times: int,
) -> None:
    """Nearly, of skewed values: a reversed gamma distribution of shape 3, or of shape 1."""
    generator = np.random.default_rng(20261122)
    covered, studies = 0, SIMULATIONS * times
    for _ in range(studies):
        low, high = mean_interval(draw(generator))
        covered += low <= truth <= high
    error = np.sqrt(0.95 * 0.05 / studies)
    print(f"\nMean of ten, {name}: covered in {covered / studies:.1%}")
    assert worst - 3 * error < covered / studies < 0.95 + 3 * error


def test_replicates_that_end_far_below_the_others_have_collapsed() -> None:
    found = statistics.collapsed(
        np.array([0.91, 0.92, 0.30, 0.93, 0.92, 0.11, 0.915]), configured()
    )
    assert found.tolist() == [False, False, True, False, False, True, False]
    # A wide spread is none, nor is a small step.
    assert not statistics.collapsed(np.array([0.2, 0.35, 0.5, 0.65, 0.8]), configured()).any()
    assert not statistics.collapsed(np.array([0.90, 0.9001, 0.9002, 0.87]), configured()).any()


def test_the_probability_of_improvement_counts_ties_half() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0])
    assert statistics.probability_of_improvement(values, np.array([0.0, 2.0, 4.0, 3.0])) == 0.625


def test_what_guesses_the_commonest_label_has_not_learned() -> None:
    accuracies = np.array([0.0, 0.0980, 0.1135, 0.155, 0.16, 0.9])
    assert statistics.not_learned(accuracies, configured(0.1135)).sum() == 4


@pytest.mark.parametrize(
    ("different", "expected"),
    [
        ([], {"a": "a", "b": "a", "c": "a", "d": "a"}),
        (["ad"], {"a": "a", "b": "ab", "c": "ab", "d": "b"}),
        (["ac", "ad", "bc", "bd"], {"a": "a", "b": "a", "c": "b", "d": "b"}),
        # b and c differ from each other, but not from a or d.
        (["bc"], {"a": "ab", "b": "a", "c": "b", "d": "ab"}),
    ],
)
def test_letters(different: list[str], expected: dict[str, str]) -> None:
    assert letters("abcd", [tuple(pair) for pair in different]) == expected


def test_letters_are_shared_exactly_by_those_that_are_not_different() -> None:
    generator = np.random.default_rng(0)
    names = [f"v{number}" for number in range(9)]
    for share in (0.2, 0.5, 0.8):
        pairs = list(itertools.combinations(names, 2))
        different = {pair for pair in pairs if generator.random() < share}
        shown = letters(names, different)
        for one, other in pairs:
            shared = {*shown[one]} & {*shown[other]}
            assert bool(shared) != ((one, other) in different)
