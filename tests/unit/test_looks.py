"""A study that grows only where it must errs no more often than one that does not."""

from collections.abc import Callable

import numpy as np
import pytest

from initstudy.analysis.looks import Look, decided, shares, take
from initstudy.analysis.statistics import BETTER, EQUIVALENT, UNDECIDED, WORSE

LOOKS = [8, 12, 16]
SIMULATIONS = 50
Draw = Callable[[np.random.Generator, int, int], np.ndarray]


def run(
    table: np.ndarray, margin: float | None = None, looks: list[int] = LOOKS
) -> tuple[list[Look], list[str]]:
    """All looks at final accuracies, (seeds, variants); the first variant is the baseline."""
    names = ["baseline", *(f"v{number}" for number in range(1, table.shape[1]))]
    found: list[Look] = []
    here = names
    for seeds in looks:
        values = {name: table[:seeds, names.index(name)] for name in here}
        found.append(take(values, names, looks, found, margin))
        here = list(found[-1].goes_on)
        if not here:
            break
    return found, names


def normal(generator: np.random.Generator, seeds: int, variants: int) -> np.ndarray:
    return generator.normal(size=(seeds, variants))


def skewed(generator: np.random.Generator, seeds: int, variants: int) -> np.ndarray:
    return -generator.gamma(3, size=(seeds, variants))


def one_bad_in_ten(generator: np.random.Generator, seeds: int, variants: int) -> np.ndarray:
    shape = (seeds, variants)
    return generator.normal(size=shape) - 10 * (generator.random(shape) < 0.1)


def test_the_error_is_spent_once_and_little_at_first() -> None:
    spent = shares([10, 20, 40])
    assert spent == [1 / 16, 3 / 16, 3 / 4]
    assert shares([10]) == [1.0]


@pytest.mark.simulation
@pytest.mark.parametrize("draw", [normal, skewed, one_bad_in_ten])
def test_no_difference_is_called_one_seldom(draw: Draw, times: int) -> None:
    """Over all looks and variants, where none differs, and where half of them do."""
    generator, studies = np.random.default_rng(0), SIMULATIONS * times
    for effects in ([0.0] * 6, [0.0, 0.0, 0.0, 3.0, -3.0, 3.0]):
        wrong = 0
        for _ in range(studies):
            table = draw(generator, LOOKS[-1], 7) + np.array([0.0, *effects])
            settled = decided(run(table)[0])
            wrong += any(
                settled[f"v{number}"][1].decision in (BETTER, WORSE)
                for number, effect in enumerate(effects, 1)
                if effect == 0 and f"v{number}" in settled
            )
        print(f"\nLooks, {draw.__name__}, {effects}: wrong in {wrong / studies:.1%}")
        assert wrong <= studies * 0.05 + 3 * np.sqrt(studies * 0.05 * 0.95)


@pytest.mark.simulation
def test_the_best_stays_among_those_that_may_be(times: int) -> None:
    generator, studies = np.random.default_rng(1), SIMULATIONS * times
    lost = 0
    for _ in range(studies):
        table = skewed(generator, LOOKS[-1], 6) + np.array([0, 0.5, 0.5, 0.4, 0, -1])
        looks, _ = run(table)
        here = [look.best["v1"] for look in looks if "v1" in look.best]
        lost += here[-1] < 0.05
    print(f"\nLooks: the best is lost in {lost / studies:.1%}")
    assert lost <= studies * 0.05 + 3 * np.sqrt(studies * 0.05 * 0.95)


@pytest.mark.simulation
@pytest.mark.parametrize(("size", "most"), [(2.0, 28), (1.5, 34), (1.0, 40)])
def test_looks_find_nearly_as_much_as_all_seeds_for_fewer(
    size: float, most: float, times: int
) -> None:
    """Of twelve variants two are better, two worse, and eight make no difference.

    Sizes are in standard deviations of the replicates of a variant, and so is the margin.
    """
    effects = size * np.array([0.0, 1, 1, -1, -1, *[0.0] * 8])
    right = [BETTER, BETTER, WORSE, WORSE, *[EQUIVALENT] * 8]
    generator, studies = np.random.default_rng(3), 3 * times
    told: dict[str, list[list[bool]]] = {"different": [], "none": []}
    trained = []
    for _ in range(studies):
        table = normal(generator, 40, 13) + effects
        powers = []
        for looks in ([10, 20, 40], [40]):
            found, names = run(table, size, looks)
            settled = decided(found)
            powers.append(
                [
                    name in settled and settled[name][1].decision == decision
                    for name, decision in zip(names[1:], right, strict=True)
                ]
            )
            if len(looks) > 1:
                ends = [0, *(look.seeds for look in found)]
                here = [len(look.best) for look in found]
                trained.append(sum(n * s for n, s in zip(here, np.diff(ends), strict=True)) / 13)
        for what, part in (("different", slice(4)), ("none", slice(4, None))):
            told[what].append([float(np.mean(one[part])) for one in powers])
    rates = {what: np.mean(rows, axis=0) for what, rows in told.items()}
    print(f"\nLooks [10, 20, 40], effects of {size}: {np.mean(trained):.1f} seeds each, not 40")
    for what, (growing, fixed) in rates.items():
        print(f"  {what}: told in {growing:.1%}, with 40 seeds for all in {fixed:.1%}")
        assert growing > fixed - 0.1
    assert np.mean(trained) <= most


def test_what_is_clear_at_first_does_not_go_on() -> None:
    generator = np.random.default_rng(2)
    base = generator.normal(size=40)
    table = np.column_stack(
        [
            base,
            base + 5 + 0.1 * generator.normal(size=40),  # the winner
            base - 5 + 0.1 * generator.normal(size=40),  # the loser
            base + 0.02 * generator.normal(size=40),  # as good as the baseline
            base + 1.5 + 2 * generator.normal(size=40),  # better, which shows later
        ]
    )
    looks, _ = run(table, margin=0.1, looks=[10, 20, 40])
    assert looks[0].told["v1"].decision == BETTER
    assert looks[0].told["v2"].decision == WORSE
    # Ten seeds are too few for Holm's correction at the first look.
    assert looks[0].told["v3"].decision == UNDECIDED
    # The winner is the only one that may be the best, so it is done, too.
    assert looks[0].best["v4"] < 0.05
    assert looks[0].goes_on == ["baseline", "v3", "v4"]
    assert looks[1].told["v3"].decision == EQUIVALENT
    settled = decided(looks)
    assert settled["v1"][0] == settled["v2"][0] == 10
    assert settled["v3"][0] == 20
    assert settled["v4"][1].decision == BETTER


def test_those_that_may_be_best_go_on_though_they_are_better() -> None:
    generator = np.random.default_rng(3)
    base = generator.normal(size=40)
    two = base[:, None] + 5 + 0.1 * generator.normal(size=(40, 2))
    looks, _ = run(np.column_stack([base, two]), looks=[10, 20, 40])
    assert [look.told for look in looks[1:]] == [{}, {}]
    assert looks[0].goes_on == looks[1].goes_on == ["baseline", "v1", "v2"]
    assert looks[2].goes_on == []


def test_nothing_goes_on_where_all_is_settled() -> None:
    base = np.random.default_rng(4).normal(size=40)
    looks, _ = run(np.column_stack([base, base + 1, base - 1]), looks=[10, 20, 40])
    assert len(looks) == 1


def test_a_baseline_alone_has_nothing_to_settle() -> None:
    looks, _ = run(np.ones((16, 1)))
    assert len(looks) == 1
    assert (looks[0].told, looks[0].goes_on) == ({}, [])


def test_a_look_is_read_as_it_was_written() -> None:
    looks, _ = run(normal(np.random.default_rng(5), 16, 4), margin=0.3)
    for look in looks:
        assert Look.read(look.plain()) == look
