"""Two variants are compared in pairs where they share seeds, and soundly where they do not."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up import CONFIRMATION, SEEDS, made_up_study
from scipy import stats

from initstudy.analysis.comparison import compare, welch
from initstudy.analysis.measures import mean_interval
from initstudy.errors import StudyError
from initstudy.results.study import Replicates, load
from initstudy.results.suite import SCORES, TRAININGS

SIMULATIONS = 100


def of(accuracies: dict[int, float]) -> Replicates:
    return Replicates("s", "v", accuracies)


def test_variants_are_compared_in_pairs_where_all_seeds_of_one_are_shared() -> None:
    generator = np.random.default_rng(0)
    base = dict(enumerate(generator.uniform(0.5, 0.9, 8).tolist()))
    # Backwards, and fewer than the other has.
    own = {seed: base[seed] + 0.1 + seed**3 / 1000 for seed in range(7, 2, -1)}
    found = compare(of(own), of(base))
    assert found.paired
    assert found.counts == (5, 5)
    differences = np.array([own[seed] - base[seed] for seed in range(3, 8)])
    assert found.difference == pytest.approx(differences.mean())
    assert (found.low, found.high) == pytest.approx(mean_interval(differences))
    assert found.p_value == pytest.approx(stats.ttest_1samp(differences, 0).pvalue)
    assert "n = 5 shared seeds, paired" in str(found)
    other = compare(of(base), of(own))
    assert (other.difference, other.p_value) == pytest.approx((-found.difference, found.p_value))


def test_a_few_shared_seeds_do_not_leave_out_all_the_others() -> None:
    generator = np.random.default_rng(0)
    base = dict(enumerate(generator.uniform(0.5, 0.9, 8).tolist()))
    own = {seed: float(generator.uniform(0.5, 0.9)) for seed in range(6, 16)}
    found = compare(of(own), of(base))
    assert not found.paired
    assert found.counts == (10, 8)
    expected = stats.ttest_ind(list(own.values()), list(base.values()), equal_var=False)
    assert found.p_value == pytest.approx(expected.pvalue)


def test_without_shared_seeds_all_are_compared_as_welch_did() -> None:
    one, other = [0.95, 0.88, 0.99, 0.81], [0.86, 0.865, 0.855, 0.87, 0.85]
    found = compare(of(dict(enumerate(one))), of(dict(enumerate(other, 10))))
    assert not found.paired
    assert "(n = 4 and 5)" in str(found)
    # A single pair would tell nothing.
    assert compare(of(dict(enumerate(one))), of(dict(enumerate(other, 3)))).counts == (4, 5)
    expected = stats.ttest_ind(one, other, equal_var=False)
    interval = expected.confidence_interval(0.95)
    assert found.difference == pytest.approx(np.mean(one) - np.mean(other))
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.p_value == pytest.approx(expected.pvalue)


# Skewness of the study's own accuracies: about -1.1, see docs/statistics.md.
@pytest.mark.simulation
@pytest.mark.parametrize("sizes", [(6, 6), (10, 10), (10, 5)])
@pytest.mark.parametrize("scale", [1, 4])
def test_it_errs_as_often_as_it_says(sizes: tuple[int, int], scale: float, times: int) -> None:
    """Means are equal here, though accuracies are skewed and one side may spread more widely."""
    generator = np.random.default_rng(0)
    wrong, studies = 0, SIMULATIONS * times
    for _ in range(studies):
        one, other = (3 - generator.gamma(3, 1, size) for size in sizes)
        low, high, p_value = welch(one, scale * other)
        assert (p_value < 0.05) == (not low <= 0 <= high)
        wrong += p_value < 0.05
    rate = wrong / studies
    print(f"\nWelch, n = {sizes}, spreads 1 and {scale}: {rate:.3f}")
    # Three standard errors; with spreads that differ this much it errs a little more often.
    bound = 0.05 if scale == 1 else 0.085
    assert 0.01 < rate < bound + 3 * np.sqrt(0.05 * 0.95 / studies)


def test_what_does_not_vary_or_stands_alone_gives_no_nonsense() -> None:
    failed, learned = np.zeros(5), np.full(5, 0.9)
    assert welch(failed, learned) == pytest.approx((-0.9, -0.9, 2 / 252))
    assert welch(learned, learned) == (0, 0, 1)
    one = compare(of({0: 0.5}), of({0: 0.6}))
    assert np.isnan([one.low, one.high]).all()
    assert one.p_value == 1
    assert "difference: -10.00 pp" in str(one)


def some_suite(folder: Path, accuracies: dict[tuple[str, str], list[float]], digest: str) -> Path:
    """The tables of a suite, as `compare` reads them."""
    folder.mkdir()
    rows = [
        (study, variant, seed, accuracy, 1.0, float("inf"))
        for (study, variant), values in accuracies.items()
        for seed, accuracy in enumerate(values)
    ]
    pd.DataFrame(rows, columns=SCORES).to_csv(folder / "scores.csv", index=False)
    digests = [(study, variant, digest, 5, False) for study, variant in accuracies]
    pd.DataFrame(digests, columns=TRAININGS).to_csv(folder / "trainings.csv", index=False)
    return folder


def test_two_runs_of_a_suite_are_compared_variant_by_variant(tmp_path: Path) -> None:
    base = {
        ("a", "same"): [0.1 + 0.2, 0.5] * 5,
        ("a", "near"): [0.5, 0.6] * 5,
        ("b", "far"): [0.5, 0.51] * 5,
        ("b", "alone"): [0.5] * 10,
    }
    other = {
        ("a", "same"): [0.1 + 0.2, 0.5] * 5,
        ("a", "near"): [0.51, 0.59] * 5,
        ("b", "far"): [0.7, 0.72] * 5,
    }
    one, two = (
        load(some_suite(tmp_path / name, accuracies, "0123"))
        for name, accuracies in (("one", base), ("two", other))
    )
    found = compare(one, two)
    rows = found.table.set_index("variant")
    assert rows.index.tolist() == ["same", "near", "far"]
    assert rows["equal"].tolist() == [True, False, False]
    assert rows["same_digest"].all()
    assert rows.loc["far", "difference"] == pytest.approx(-0.205)
    for name, key in (("near", ("a", "near")), ("far", ("b", "far"))):
        expected = stats.ttest_rel(base[key], other[key]).pvalue
        assert rows.loc[name, "p_value"] == pytest.approx(expected)
        assert rows.loc[name, "p_value_adjusted"] == pytest.approx(min(1, 3 * expected))
    assert rows.loc["same", "p_value"] == 1
    words = str(found)
    assert (
        "share 3 variants of 2 studies, 3 with the same digest. Accuracies are equal in every "
        "digit for 1 of these. The largest difference of the others' means is 20.50 pp (far of b); "
        "significant differences: 1 (far of b)."
    ) in words
    assert str(compare(one, one)).endswith("Accuracies are equal in every digit for 4.")
    with pytest.raises(TypeError, match="is a suite, which can be compared with a suite alone"):
        compare(one, 3)
    alone = load(some_suite(tmp_path / "three", {("c", "x"): [0.5]}, "4567"))
    with pytest.raises(StudyError, match="share no variant"):
        compare(one, alone)
    assert (
        not compare(one, load(some_suite(tmp_path / "four", base, "89"))).table["same_digest"].any()
    )


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
