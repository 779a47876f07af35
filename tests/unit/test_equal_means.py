"""Equal means of runs that are not alike: there, five percent do not bound the error."""

from collections.abc import Callable

import numpy as np
import pytest
from simulated import WORLDS, decided, studies

from initstudy.results.findings import EQUIVALENT, INCONCLUSIVE

SEEDS, VARIANTS, SPREADS = 10, 6, np.array([1, 7] * 3)
Draw = Callable[[np.random.Generator], np.ndarray]


def skewed(chance: np.random.Generator) -> np.ndarray:
    return -(chance.gamma(3, size=(SEEDS, VARIANTS)) - 3) * SPREADS


def very_skewed(chance: np.random.Generator) -> np.ndarray:
    return (1 - chance.exponential(size=(SEEDS, VARIANTS))) * SPREADS


def failing(chance: np.random.Generator, lost: float) -> np.ndarray:
    """Every other variant fails in one seed of ten, and makes up for it in all others."""
    failed = (chance.random((SEEDS, VARIANTS)) < 0.1) & (SPREADS > 1)
    return chance.standard_normal((SEEDS, VARIANTS)) + lost * (0.1 * (SPREADS > 1) - failed)


def failing_by_ten(chance: np.random.Generator) -> np.ndarray:
    return failing(chance, 10.0)


def failing_by_forty(chance: np.random.Generator) -> np.ndarray:
    return failing(chance, 40.0)


@pytest.mark.simulation
@pytest.mark.parametrize(
    ("draw", "most"),
    [(skewed, 0.10), (very_skewed, 0.25), (failing_by_ten, 0.25), (failing_by_forty, 0.80)],
)
def test_how_often_equal_means_of_unequal_shapes_are_decided(
    draw: Draw, most: float, times: int
) -> None:
    number, wrong = 100 * times, np.zeros(2)
    for study in range(number):
        decisions = decided(draw(np.random.default_rng([1, study]))).analyses[0].decisions
        called = np.tril(decisions != INCONCLUSIVE, -1)
        wrong += called[:, 0].any(), called[:, 1:].any()
    baseline, others = wrong / number
    print(
        f"\n{draw.__name__}, means equal: decided of the baseline {baseline:.1%}, "
        f"of others {others:.1%}, {number} studies",
        end="",
    )
    assert max(baseline, others) < most


@pytest.mark.simulation
@pytest.mark.parametrize(("sd", "most"), [(1.0, 0.15), (0.25, 0.45)])
def test_how_often_a_difference_of_the_margin_that_single_seeds_make_is_equivalent(
    sd: float, most: float, times: int
) -> None:
    """One seed in ten is ahead by five margins: 35 % of all studies of ten seeds have none such."""
    number, wrong = 100 * times, 0
    for study in range(number):
        chance = np.random.default_rng([2, study])
        ahead = 0.5 + 5.0 * (chance.random(SEEDS) < 0.1) + sd * chance.standard_normal(SEEDS)
        found = decided(np.column_stack([np.zeros(SEEDS), ahead]), margin=1.0)
        wrong += found.comparison("kernel-1").decision == EQUIVALENT
    print(
        f"\nsingle seeds make the margin, sd {sd}: equivalent in {wrong / number:.1%} of {number}",
        end="",
    )
    assert wrong / number < most


@pytest.mark.simulation
@pytest.mark.parametrize("name", ["normal", "every other variant spreads 4 times as widely"])
@pytest.mark.parametrize(("seeds", "variants"), [(5, 3), (10, 6)])
def test_any_single_one_of_the_best_is_seldom_ruled_out(
    name: str, seeds: int, variants: int, times: int
) -> None:
    number, out, none_left = 250 * times, np.zeros(variants), 0
    for scores in studies(WORLDS[name], seeds, np.zeros(variants), number):
        decisions = decided(scores)
        gone = np.array([one not in decisions.may_be_best for one in decisions.names])
        out += gone
        none_left += gone.all()
    print(
        f"\n{name}: {seeds} seeds, {variants} equal variants: each ruled out in "
        f"{', '.join(f'{rate:.1%}' for rate in out / number)}, all {none_left} times of {number}",
        end="",
    )
    assert max(out / number) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / number)
    assert not none_left
