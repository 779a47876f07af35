"""Two variants are compared in pairs where they share seeds, and soundly where they do not."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from made_up import CONFIRMATION, SEEDS, made_up_study
from scipy import stats

from initstudy.analysis.comparison import compare, independent_interval, permutation_p_value
from initstudy.analysis.statistics import mean_interval
from initstudy.errors import StudyError
from initstudy.results.study import Replicates

SIMULATIONS = 400


def of(accuracies: dict[int, float]) -> Replicates:
    return Replicates("s", "v", accuracies)


def test_shared_seeds_are_compared_in_pairs_and_others_left_out() -> None:
    generator = np.random.default_rng(0)
    base = dict(enumerate(generator.uniform(0.5, 0.9, 8).tolist()))
    # Backwards, with two seeds that the other has not.
    own = {seed: base.get(seed, 0.1) + 0.01 + seed / 1000 for seed in range(9, 2, -1)}
    found = compare(of(own), of(base))
    assert found.paired
    assert found.counts == (5, 5)
    differences = np.array([own[seed] - base[seed] for seed in range(3, 8)])
    assert found.difference == pytest.approx(differences.mean())
    assert (found.low, found.high) == pytest.approx(mean_interval(differences))
    assert found.p_value == 2 / 2**5
    assert "n = 5 shared seeds, paired" in str(found)
    other = compare(of(base), of(own))
    assert (other.difference, other.p_value) == pytest.approx((-found.difference, found.p_value))


def test_without_shared_seeds_all_ways_to_deal_them_out_are_counted() -> None:
    # Of so different spreads that the difference of the means alone gives another p-value.
    one, other = [0.95, 0.88, 0.99, 0.81], [0.86, 0.865, 0.855, 0.87, 0.85]
    found = compare(of(dict(enumerate(one))), of(dict(enumerate(other, 10))))
    assert not found.paired
    assert "(n = 4 and 5)" in str(found)

    def welch(first: list[float], second: list[float]) -> float:
        return float(stats.ttest_ind(first, second, equal_var=False).statistic)

    everything, seen = [*one, *other], welch(one, other)
    dealt = [
        welch(
            [everything[i] for i in chosen],
            [everything[i] for i in range(9) if i not in chosen],
        )
        for chosen in itertools.combinations(range(9), 4)
    ]
    assert found.p_value == pytest.approx(2 * np.mean(np.array(dealt) >= seen - 1e-9))
    # Welch, 1947: the degrees of freedom are Satterthwaite's.
    errors = [np.var(part, ddof=1) / len(part) for part in (one, other)]
    freedom = sum(errors) ** 2 / (errors[0] ** 2 / 3 + errors[1] ** 2 / 4)
    half = stats.t.ppf(0.975, freedom) * np.sqrt(sum(errors))
    assert found.difference == pytest.approx(np.mean(one) - np.mean(other))
    assert (found.low, found.high) == pytest.approx(
        (found.difference - half, found.difference + half)
    )


@pytest.mark.parametrize("scale", [1, 4])
def test_independent_replicates_differ_by_chance_no_more_often_than_they_may(scale: float) -> None:
    """Also where only the variances differ; the bounds are three standard errors."""
    generator = np.random.default_rng(1)
    wrong = np.mean(
        [
            permutation_p_value(generator.normal(0, 1, 6), generator.normal(0, scale, 6)) <= 0.05
            for _ in range(SIMULATIONS)
        ]
    )
    print(f"errors at scale {scale}: {wrong:.3f}")
    # In the limit only: with six values each and four times the spread it errs a little more often.
    assert 0.01 < wrong < (0.05 if scale == 1 else 0.07) + 3 * np.sqrt(0.05 * 0.95 / SIMULATIONS)


def test_intervals_cover_the_difference_of_skewed_accuracies() -> None:
    generator = np.random.default_rng(0)
    covered = 0
    for _ in range(SIMULATIONS):
        one, other = (-generator.gamma(3, 1, 10) for _ in range(2))
        low, high = independent_interval(one, other)
        covered += low <= 0 <= high
    rate = covered / SIMULATIONS
    print(f"covered: {rate:.3f}")
    assert abs(rate - 0.95) < 3 * np.sqrt(0.05 * 0.95 / SIMULATIONS)


def test_what_does_not_vary_or_stands_alone_gives_no_nonsense() -> None:
    failed, learned = np.zeros(5), np.full(5, 0.9)
    assert permutation_p_value(failed, learned) == pytest.approx(2 / 252)
    assert independent_interval(failed, learned) == (-0.9, -0.9)
    assert permutation_p_value(learned, learned) == 1
    one = compare(of({0: 0.5}), of({0: 0.6}))
    assert np.isnan([one.low, one.high]).all()
    assert one.p_value == 1
    assert "-10.00 percentage points" in str(one)


def test_variants_and_studies_of_real_folders_are_compared(tmp_path: Path) -> None:
    results = made_up_study(tmp_path / "one")
    own = compare(results.variant("kernel-ones"), results.variant("baseline"))
    expected = results.summary.set_index("variant")["difference"]
    assert own.difference == pytest.approx(expected["kernel-ones"])
    assert own.first == "kernel-ones of one"
    assert own.counts == (SEEDS, SEEDS)
    best = compare(results.variant("best"), results.variant("baseline"))
    assert best.difference == pytest.approx(
        results.summary.set_index("variant")["difference"]["best"]
    )
    assert not compare(results.variant("best"), results.variant("kernel-ones")).paired
    other = made_up_study(tmp_path / "two", held_out=5)
    both = compare(results, other)
    assert both.counts == (SEEDS + CONFIRMATION, SEEDS + CONFIRMATION)
    # The same trainings, but on test images that are one point harder.
    assert both.difference == pytest.approx(0.01)
    with pytest.raises(StudyError, match="no variant 'kernel-one'; did you mean 'kernel-ones'"):
        results.variant("kernel-one")
