"""All variants against each other."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from initstudy.analysis.pairs import all_pairs, joint_p_values, letters, may_be_best
from initstudy.analysis.statistics import sign_flip_p_value


def test_one_comparison_is_the_sign_flip_test() -> None:
    generator = np.random.default_rng(0)
    for n in (2, 5, 9):
        differences = generator.normal(0.5, 1, (n, 1))
        assert joint_p_values(differences)[0] == pytest.approx(sign_flip_p_value(differences))


def test_joint_p_values_are_those_of_counting_every_flip() -> None:
    """The definition, by loops."""
    generator = np.random.default_rng(0)
    differences = generator.normal(0, 1, (6, 4)) + np.array([0.0, 2.0, 0.7, 0.0])
    scale = np.sqrt((differences**2).sum(axis=0))
    observed = np.abs(differences.sum(axis=0)) / scale
    order = np.argsort(-observed)
    expected, largest = np.zeros(4), 0.0
    for step, which in enumerate(order):
        left = order[step:]
        count = sum(
            max(abs(np.dot(signs, differences[:, j])) / scale[j] for j in left)
            >= observed[which] - 1e-9
            for signs in itertools.product([1, -1], repeat=6)
        )
        largest = max(largest, count / 64)
        expected[which] = largest
    np.testing.assert_allclose(joint_p_values(differences), expected)
    assert expected.argmin() == 1


def test_many_seeds_are_sampled_and_say_nearly_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    differences = generator.normal(0.3, 1, (12, 5))
    exact = joint_p_values(differences)
    monkeypatch.setattr("initstudy.analysis.pairs.MOST_FOR_EXACT", 11)
    sampled = joint_p_values(differences)
    np.testing.assert_allclose(sampled, exact, atol=0.02)
    assert (sampled > 0).all()


def test_what_does_not_differ_at_all_is_not_told_apart() -> None:
    same = np.zeros((10, 3))
    same[:, 2] = 1
    np.testing.assert_array_equal(joint_p_values(same), [1, 1, 2 / 2**10])


def test_those_that_may_be_best() -> None:
    """Of a winner, one as good, one that is worse on most seeds and one that is on all."""
    generator = np.random.default_rng(0)
    base = generator.normal(0, 1, 10)
    slightly = generator.normal(0, 0.05, 10)
    values = np.column_stack(
        [base + 1, base + 1 + slightly, base + 0.2 * generator.normal(size=10)]
    )
    p_values = may_be_best(values)
    assert (p_values[:2] > 0.05).all()
    # All ten seeds agree: one of 2^10 flips is as far, for each of the two that are ahead.
    assert 1 / 2**10 <= p_values[2] <= 2 / 2**10
    # One-sided: being behind says nothing against being best.
    assert may_be_best(values[:, [0, 2]])[0] == 1


@pytest.mark.simulation
def test_the_best_is_among_those_that_may_be(times: int) -> None:
    """With two equally good, skewed, and three just behind; excluded by chance in 5 % at most."""
    generator = np.random.default_rng(0)
    excluded, studies = 0, 150 * times
    for _ in range(studies):
        values = np.exp(generator.normal(size=(8, 5))) + np.array([0.5, 0.5, 0.45, 0.4, 0.0])
        excluded += may_be_best(values)[0] <= 0.05
    print(f"\nThe best is excluded in {excluded / studies:.1%}")
    assert excluded <= studies * 0.05 + 3 * np.sqrt(studies * 0.05)


@pytest.mark.simulation
@pytest.mark.parametrize(
    ("name", "draw"),
    [
        ("normal", lambda chance: chance.normal(size=(8, 6))),
        ("skewed", lambda chance: -chance.gamma(3, size=(8, 6))),
        (
            "one bad seed in ten",
            lambda chance: chance.normal(size=(8, 6)) - 10 * (chance.random((8, 6)) < 0.1),
        ),
        ("spread", lambda chance: chance.normal(size=(8, 6)) * np.exp(np.linspace(-1, 1, 6))),
    ],
)
def test_pairs_are_told_apart_only_as_often_as_allowed(
    name: str, draw: Callable[[np.random.Generator], np.ndarray], times: int
) -> None:
    """Where none differ, and where three of six do."""
    generator = np.random.default_rng(0)
    pairs, studies = all_pairs(6), 150 * times
    for effects in (np.zeros(6), np.array([0, 0, 0, 4, 4, -4])):
        same = effects[pairs[:, 0]] == effects[pairs[:, 1]]
        wrong = 0
        for _ in range(studies):
            values = draw(generator) + effects
            p_values = joint_p_values(values[:, pairs[:, 0]] - values[:, pairs[:, 1]])
            wrong += p_values[same].min() <= 0.05
        print(f"\nAll pairs, {name}, {effects}: wrong in {wrong / studies:.1%}")
        assert wrong <= studies * 0.05 + 3 * np.sqrt(studies * 0.05)


@pytest.mark.simulation
@pytest.mark.parametrize(
    ("name", "draw", "most"),
    [
        (
            "skewed, of a spread that differs by 7",
            lambda chance, scale: (3 - chance.gamma(3, size=(10, 6))) * scale,
            0.09,
        ),
        (
            "exponential, of a spread that differs by 7",
            lambda chance, scale: (1 - chance.exponential(size=(10, 6))) * scale,
            0.17,
        ),
        (
            "one seed in ten fails by ten, in half of them",
            lambda chance, scale: (
                chance.normal(size=(10, 6))
                - (np.arange(6) < 3) * (10.0 * (chance.random((10, 6)) < 0.1) - 1)
            ),
            0.35,
        ),
    ],
)
def test_equal_means_of_other_shapes_are_told_apart_too_often(
    name: str,
    draw: Callable[[np.random.Generator, np.ndarray], np.ndarray],
    most: float,
    times: int,
) -> None:
    """What the tests rest on is symmetry; docs/statistics.md tells how far its lack goes."""
    generator, pairs, studies = np.random.default_rng(0), all_pairs(6), 50 * times
    wrong = 0
    for _ in range(studies):
        values = draw(generator, np.exp(np.linspace(-1, 1, 6)))
        wrong += joint_p_values(values[:, pairs[:, 0]] - values[:, pairs[:, 1]]).min() <= 0.05
    print(f"\nAll pairs of equal means, {name}: told apart in {wrong / studies:.1%}")
    assert wrong <= studies * most + 3 * np.sqrt(studies * most)


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
