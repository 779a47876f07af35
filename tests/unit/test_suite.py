"""Each statistic of a suite against SciPy, its definition, the literature, or a simulation."""

import itertools
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy import stats

from initstudy.analysis import learning_rates, statistics
from initstudy.analysis.measures import MEASURES
from initstudy.drawing.figures import save
from initstudy.errors import StudyError
from initstudy.suite import figures as suite_figures
from initstudy.suite import findings as suite
from initstudy.suite import pages as suite_report


def some_scores(studies: int = 5, seeds: int = 10, variants: int = 4) -> list[np.ndarray]:
    """Studies of different numbers of seeds; each variant is a little worse than the one before."""
    generator = np.random.default_rng(0)
    return [
        generator.normal(0.9 - 0.02 * np.arange(variants), 0.03, (seeds + study, variants))
        for study in range(studies)
    ]


def tuned(variants: list[str], best: int = 1, seeds: int = 2) -> pd.DataFrame:
    """Learning rates that were tried, of which the one at that place is the best for all."""
    rows = [
        (name, rate, seed, 1.0, accuracy := 0.9 - 0.1 * abs(place - best) - 0.01 * number, accuracy)
        for number, name in enumerate(variants)
        for place, rate in enumerate((0.001, 0.01, 0.1))
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows, columns=learning_rates.COLUMNS)


def entry(
    study: str, accuracies: np.ndarray, names: list[str] | None = None, **changes: object
) -> suite.Entry:
    names = names or [f"v{i}" for i in range(accuracies.shape[1])]
    arguments = {
        "epochs_to_target": np.where(accuracies > 0.85, 5.0, np.inf),
        "epochs": 10,
        "chance": 0.1,
        "target": 0.9,
        "rates": tuned(names),
        **changes,
    }
    return suite.Entry(study, accuracies, **arguments)


def names_of(variants: int) -> list[str]:
    return ["baseline", *(f"kernel-number_{i}" for i in range(1, variants))]


def found(variants: int = 7, studies: int = 5, **changes: object) -> suite.Findings:
    names = names_of(variants)
    entries = [
        entry(f"study{i}", scores, names, kinds=["even" if i % 2 == 0 else "odd"])
        for i, scores in enumerate(some_scores(studies, variants=variants))
    ]
    arguments = {
        "variants": names,
        "entries": entries,
        "left_out": {"bias-x": "not in study3", "bias-y": "not in study3"},
        **changes,
    }
    return suite.find(**arguments)


def test_scores_go_from_chance_to_the_target_whoever_takes_part() -> None:
    accuracies = np.array([[0.5, 0.1, 0.0], [0.7, 0.1, 0.2]])
    scores = suite.normalized(accuracies, chance=0.1, target=0.6)
    np.testing.assert_allclose(scores, [[0.8, 0, -0.2], [1.2, 0, 0.2]])
    np.testing.assert_array_equal(suite.normalized(accuracies[:, 1:], 0.1, 0.6), scores[:, 1:])
    with pytest.raises(StudyError, match=r"target_accuracy of 60.00 % is not above chance, 70.00"):
        suite.normalized(accuracies, chance=0.7, target=0.6)
    with pytest.raises(StudyError, match=r"^x: its target_accuracy of"):
        suite.find(["baseline"], [entry("x", accuracies[:, :1], chance=0.9)], {})


def test_the_interquartile_mean_is_that_of_all_replicates_together() -> None:
    first, second = (
        np.array([[0.0, 1], [8, 1], [1, 1]]),
        np.array([[2.0, 2], [3, 2], [9, 3], [4, 9]]),
    )
    # By hand: of seven, int(7 / 4) = 1 is cut off at either end.
    np.testing.assert_allclose(
        suite.iqm([first, second]), [(1 + 2 + 3 + 4 + 8) / 5, (1 + 1 + 2 + 2 + 3) / 5]
    )
    scores = some_scores()
    pooled = np.concatenate(scores)
    for variant in range(4):
        expected = stats.trim_mean(pooled[:, variant], 0.25)
        assert suite.iqm(scores)[variant] == pytest.approx(expected)


def test_a_resample_has_the_seeds_of_each_study_and_the_same_for_all_variants() -> None:
    """If all seeds of a study score the same, no resample differs; if a column is another one plus
    a constant, so it is in each resample.
    """
    flat = [np.tile([[0.1, 0.2]], (3, 1)), np.tile([[0.9, 0.8]], (5, 1))]
    np.testing.assert_allclose(suite.resampled_iqms(flat), np.tile(suite.iqm(flat), (10_000, 1)))
    one = np.random.default_rng(1).normal(size=(12, 1))
    resampled = suite.resampled_iqms([np.hstack([one, one + 0.5])] * 2)
    np.testing.assert_allclose(resampled[:, 1] - resampled[:, 0], 0.5)
    assert resampled[:, 0].std() > 0.05


def test_the_interval_is_that_of_a_plain_loop_over_resamples() -> None:
    scores = some_scores(studies=3, seeds=6, variants=2)
    generator = np.random.default_rng(99)
    differences = []
    for _ in range(3000):
        drawn = np.concatenate(
            [study[generator.choice(len(study), len(study))] for study in scores]
        )
        means = stats.trim_mean(drawn, 0.25, axis=0)
        differences.append(means[1] - means[0])
    summary = suite.summarize(["baseline", "x"], scores, scores).set_index("variant")
    low, high = summary.loc["x", ["difference_ci_low", "difference_ci_high"]]
    expected = np.quantile(differences, [0.025, 0.975])
    assert (low, high) == pytest.approx(expected, abs=0.08 * np.ptp(expected))


@pytest.mark.simulation
@pytest.mark.parametrize("seeds", [5, 10])
def test_intervals_cover_the_interquartile_mean(
    seeds: int, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Simulated suites of five studies, whose variants share half of their scatter.

    Percentile intervals of few values are a little narrow: they cover 92 % at ten seeds, 90 % at
    five.
    """
    monkeypatch.setattr(suite, "RESAMPLES", 500)
    generator = np.random.default_rng(20261122)
    centers = np.array([0.5, 0.8, 0.9, 0.95, 1.0])

    def draw(seeds: int) -> list[np.ndarray]:
        return [
            center
            + 0.05 * (generator.normal(size=(seeds, 1)) - generator.gamma(2, size=(seeds, 2)))
            for center in centers
        ]

    truth = suite.iqm(draw(200_000))
    covered, differences = 0, 0
    studies = 100 * times
    for _ in range(studies):
        scores = draw(seeds)
        resampled = suite.resampled_iqms(scores)
        low, high = suite.interval(resampled, scores)
        covered += low[0] <= truth[0] <= high[0]
        low, high = suite.interval(resampled[:, 1] - resampled[:, 0], scores)
        differences += low <= truth[1] - truth[0] <= high
    rates = covered / studies, differences / studies
    print(f"\nSuite, {seeds} seeds: means covered in {rates[0]:.1%}, differences in {rates[1]:.1%}")
    for rate in rates:
        assert abs(rate - 0.92) < 0.03 + 3 * np.sqrt(0.08 * 0.92 / studies)


def test_a_single_seed_has_no_interval() -> None:
    scores = [np.array([[0.5, 0.6]]), np.array([[0.7, 0.9], [0.8, 0.9]])]
    summary = suite.summarize(["baseline", "x"], scores, scores)
    assert summary.filter(like="_ci_").isna().all(axis=None)
    assert summary["iqm"].notna().all()
    names = names_of(2)
    words = suite_report.verdict("s", found(2, entries=[entry("a", scores[0], names)]))
    assert "no intervals" in words


def test_a_profile_is_the_share_of_replicates_above() -> None:
    scores = [np.array([[0.2, 0.9], [0.4, 0.9]]), np.array([[0.6, 0.9], [0.8, 0.9]])]
    shares, low, high = suite.profiles(scores, np.array([0.0, 0.2, 0.5, 0.85, 1.0]))
    np.testing.assert_allclose(shares, [[1, 1], [0.75, 1], [0.5, 1], [0, 1], [0, 0]])
    np.testing.assert_allclose(low[[0, 4]], shares[[0, 4]])
    # Above 0.5 are all seeds of the second study and none of the first: in every resample.
    np.testing.assert_allclose(high[2], [0.5, 1])
    # Above 0.2 is one of two in the first study: both, one or none of a resample.
    np.testing.assert_allclose([low[1, 0], high[1, 0]], [0.5, 1])


def test_the_band_of_a_profile_is_binomial() -> None:
    scores = [np.random.default_rng(2).random((40, 1))]
    shares, low, high = suite.profiles(scores, np.array([0.5]))
    expected = stats.binom(40, shares[0, 0]).ppf([0.025, 0.975]) / 40
    np.testing.assert_allclose([low[0, 0], high[0, 0]], expected, atol=1 / 40 + 1e-9)


def test_ranks_are_averaged_over_studies_and_ties_shared() -> None:
    means = np.array([[0.9, 0.8, 0.8, 0.1], [0.5, 0.7, 0.6 + 1e-12, 0.6]])
    np.testing.assert_allclose(suite.mean_ranks(means), [2.5, 1.75, 2.5, 3.25])


# Demsar, 2006, table 6: AUC of C4.5, with m, with cf, and with both, on 14 data sets.
DEMSAR = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.975],
        [0.957, 0.978, 0.946, 0.970],
    ]
)


def test_demsars_examples_come_out() -> None:
    """His mean ranks, his Friedman statistic of 9.28, and the signed ranks of his table 2."""
    np.testing.assert_allclose(suite.mean_ranks(DEMSAR), [3.143, 2.000, 2.893, 1.964], atol=5e-4)
    tests = suite.over_studies(["c45", "m", "cf", "both"], DEMSAR)
    ranks = suite.mean_ranks(DEMSAR)
    statistic = 12 * 14 / (4 * 5) * (np.sum(ranks**2) - 4 * 5**2 / 4)
    assert statistic == pytest.approx(9.28, abs=0.005)
    # SciPy corrects for ties, he does not.
    ties = sum(
        count**3 - count for row in DEMSAR for count in np.unique(row, return_counts=True)[1]
    )
    corrected = statistic / (1 - ties / (14 * 4 * (4**2 - 1)))
    assert tests.friedman == pytest.approx(stats.chi2.sf(corrected, 3))
    # C4.5 against C4.5 with m: sums of ranks of 12 and 93; 21 or less is told at 0.05.
    differences = DEMSAR[:, 1] - DEMSAR[:, 0]
    order = stats.rankdata(abs(differences))
    halves = order[differences == 0].sum() / 2
    assert order[differences < 0].sum() + halves == pytest.approx(12)
    row = tests.table.iloc[0]
    assert (row["variant_1"], row["variant_2"]) == ("c45", "m")
    assert (row["studies_better"], row["studies_worse"]) == (2, 10)
    assert row["p_value"] == pytest.approx(
        stats.wilcoxon(differences[differences != 0], method="approx").pvalue, abs=0.01
    )
    assert row["p_value"] < 0.05
    np.testing.assert_allclose(tests.table["p_holm"], statistics.holm(tests.table["p_value"]))
    np.testing.assert_allclose(tests.pairs, tests.pairs.T)
    assert tests.pairs[0, 1] == row["p_holm"]


def test_too_few_studies_or_variants_are_not_tested_over_studies() -> None:
    names = list("abcd")
    assert suite.over_studies(names, DEMSAR[:2]) is None
    assert suite.over_studies(names[:2], DEMSAR[:, :2]) is None
    assert suite.over_studies(names[:3], DEMSAR[:3, :3]) is not None
    alike = suite.over_studies(names, np.full((5, 4), 0.5))
    assert alike.friedman == 1
    assert (alike.pairs == 1).all()


@pytest.mark.parametrize("equal", [True, False])
def test_studies_tell_pairs_apart_as_often_as_they_should(equal: bool) -> None:
    """Suites of twelve studies and four variants: where all are equal some pair is told in at most
    5 %; where one is better in most studies it is, more often than by Nemenyi's mean ranks.
    """
    generator = np.random.default_rng(0)
    told = nemenyi = 0
    suites = 300
    for _ in range(suites):
        means = generator.normal(0, 1, (12, 4)) * generator.exponential(1, (12, 1))
        means[:, 0] += (
            0 if equal else 1.5 * np.abs(means).max(axis=1) * (generator.random(12) < 0.9)
        )
        tests = suite.over_studies(list("abcd"), means)
        told += (tests.pairs[0, 1:] < 0.05).all() if not equal else (tests.pairs < 0.05).any()
        ranks = suite.mean_ranks(means)
        far = 2.569 * np.sqrt(4 * 5 / (6 * 12))
        nemenyi += (ranks[1:] - ranks[0] > far).all()
    if equal:
        assert told / suites < 0.08
    else:
        assert told > nemenyi
        assert told / suites > 0.5


def test_a_place_is_told_without_each_study() -> None:
    scores = [np.array([[1.0, 0.5, 0.0]]), np.array([[1.0, 0.5, 0.0]]), np.array([[0.0, 0.9, 0.5]])]
    by_hand = [
        stats.rankdata(-np.mean([scores[j][0] for j in range(3) if j != i], axis=0), "min")
        for i in range(3)
    ]
    np.testing.assert_array_equal(suite.places_without(scores), by_hand)
    np.testing.assert_array_equal(suite.places_without(scores[:1]), [[1, 2, 3]])


def test_kinds_are_told_by_their_own_studies() -> None:
    scores = some_scores(5, variants=3)
    kinds = [["deep", "all"], ["all"], ["deep", "all"], ["all"], ["rare", "all"]]
    table = suite.by_kind(["a", "baseline", "b"], scores, kinds)
    # One study is no kind, and a kind that all are of tells nothing that all do not.
    assert set(table["kind"]) == {"deep"}
    own = [scores[0], scores[2]]
    np.testing.assert_allclose(table["iqm"], suite.iqm(own))
    np.testing.assert_allclose(
        table["difference"], suite.iqm(own) - suite.iqm(own)[1] * np.array([1, np.nan, 1])
    )
    assert table["studies"].tolist() == [2, 2, 2]
    assert suite.by_kind(["a", "baseline", "b"], scores, [[]] * 5).empty


def test_chosen_rates_tell_which_lie_at_an_edge() -> None:
    names = ["baseline", "kernel-a"]
    scores = np.full((2, 2), 0.9)
    entries = [
        entry("inner", scores, names),
        entry("outer", scores, names, rates=tuned(names, best=2)),
        entry("untuned", scores, names, rates=None),
    ]
    table = suite.chosen_rates(entries, names)
    assert table["study"].tolist() == ["inner", "inner", "outer", "outer"]
    assert table["learning_rate"].tolist() == [0.01, 0.01, 0.1, 0.1]
    assert table["at_edge"].tolist() == [False, False, True, True]
    worth = suite.budgets(entries, names)
    # Of accuracies 0.9, 0.8 and 0.8 by rate, and 0.9, 0.8 and 0.7: the mean, then the best.
    np.testing.assert_allclose(worth.loc["baseline"].iloc[-1], 1)
    one = (np.mean([0.9, 0.8, 0.8]) + np.mean([0.9, 0.8, 0.7])) / 2
    np.testing.assert_allclose(worth.loc["baseline", 1], (one - 0.1) / 0.8)
    assert suite.budgets(entries[2:], names).shape == (2, 0)
    # Of a single replicate nothing is left to judge by: no figure, and none is drawn.
    single = [entry("single", scores, names, rates=tuned(names, seeds=1)), *entries[:1]]
    assert suite.find(names, single, {}).size == (2, 2, 1)
    assert "budgets" in suite_figures.draw(suite.find(names, single, {}))
    assert "budgets" not in suite_figures.draw(suite.find(names, single[:1], {}))
    assert suite_report.verdict("s", suite.find(names, single[:1], {}))


def test_everything_is_in_the_order_of_the_interquartile_means() -> None:
    names = ["kernel-a", "baseline", "kernel-b"]
    accuracies = {
        "x": np.array([[0.5, 0.7, 0.9], [0.52, 0.72, 0.88]]),
        "y": np.array([[0.5, 0.6, 0.7], [0.51, 0.61, 0.71], [0.52, 0.62, 0.72]]),
        "z": np.array([[0.3, 0.2, 0.8]] * 2),
    }
    times = {name: np.where(values > 0.65, 3.0, np.inf) for name, values in accuracies.items()}
    entries = [
        entry(name, values, names, epochs_to_target=times[name], chance=0.2 if name == "y" else 0.1)
        for name, values in accuracies.items()
    ]
    findings = suite.find(names, entries, {})
    assert findings.variants == ["kernel-b", "baseline", "kernel-a"]
    table = suite.score_table(findings).set_index(["study", "variant", "seed"])
    assert len(table) == 7 * 3
    row = table.loc[("y", "kernel-a", 2)]
    assert row["accuracy"] == 0.52
    assert row["score"] == pytest.approx(0.32 / 0.7)
    assert row["epochs_to_target"] == np.inf
    assert table.loc[("x", "kernel-b", 0), "epochs_to_target"] == 3
    row = findings.summary.set_index("variant").loc["kernel-a"]
    scores = table["score"].groupby("variant")
    assert row["iqm"] == pytest.approx(stats.trim_mean(scores.get_group("kernel-a"), 0.25))
    assert row["difference"] == pytest.approx(
        row["iqm"] - stats.trim_mean(scores.get_group("baseline"), 0.25)
    )
    assert row["mean_rank"] == pytest.approx((3 + 3 + 2) / 3)
    assert findings.summary["difference"].isna().tolist() == [False, True, False]
    # The target: of kernel-b in all replicates, of the baseline in those of x.
    assert findings.summary["reached"].tolist() == pytest.approx([1, 1 / 3, 0])
    assert findings.summary["median_time"].tolist() == [0.3, np.inf, np.inf]


def test_the_verdict_says_what_the_numbers_support() -> None:
    findings = found()
    summary = findings.summary.set_index("variant")
    words = suite_report.verdict("s", findings)
    assert f"**{summary.index[0]}** has the highest" in words
    told = words.split("exclude zero:")[1].split("Not told")[0]
    for name, row in summary.drop("baseline").iterrows():
        clear = row["difference_ci_low"] > 0 or row["difference_ci_high"] < 0
        assert (f"**{name}** scores" in told) == clear
        assert (f"**{name}** scores better" in told) == (clear and row["difference"] > 0)
    assert "With 5 studies none could: the smallest p-value is 0.062." in words
    assert "Not compared, since not in study3: bias-x, bias-y." in words
    for study, means in zip(findings.studies, findings.means, strict=True):
        assert f"**{findings.variants[means.argmax()]}** in {study}" in words


@pytest.mark.parametrize(
    ("studies", "words"), [(2, "not tested"), (3, "none could"), (12, "Of all 3 pairs")]
)
def test_the_power_over_studies_is_told(studies: int, words: str) -> None:
    text = suite_report.verdict("s", found(3, studies)).split("## Over studies")[1]
    for other in ("not tested", "none could", "Of all 3 pairs"):
        assert (other in text) == (other == words)


def test_who_is_told_from_the_baseline_over_studies_stands_in_the_verdict() -> None:
    findings = found(4, 12)
    words = suite_report.verdict("s", findings)
    lines = re.findall(r"- \*\*(\S+)\*\* scores (better|worse) than the baseline: p", words)
    rows = findings.summary.set_index("variant")
    told = rows[rows["p_value_joint"] < 0.05]
    assert {name for name, _ in lines} == {*told.index}
    assert len(told) > 0
    for name, how in lines:
        assert how == ("better" if rows.loc[name, "iqm"] > rows.loc["baseline", "iqm"] else "worse")


def test_the_baseline_is_compared_jointly_and_the_studies_that_it_takes_are_told() -> None:
    generator = np.random.default_rng(0)
    means = generator.normal(0, 1, (15, 4))
    means[:, 1] = means[:, 0] + generator.normal(0.2, 0.4, 15)
    means[:, 2] = means[:, 0] + np.abs(generator.normal(1, 0.1, 15))
    p_values, needed = suite.against_baseline(means, 0)
    assert np.isnan([p_values[0], needed[0]]).all()
    # Better in each of 15 studies: of all sign flips two are as extreme.
    assert p_values[2] < 0.001
    assert p_values[1] > stats.wilcoxon(means[:, 1] - means[:, 0]).pvalue
    # Ten that are all positive: p = 0.006 of the normal approximation, below 0.05 / 3.
    assert needed[2] == 10
    assert needed[1] > 20
    alike = suite.against_baseline(np.zeros((15, 3)), 0)
    assert alike[0][1:].tolist() == [1, 1]
    assert alike[1][1:].tolist() == [np.inf, np.inf]


@pytest.mark.simulation
def test_some_variant_is_told_from_an_equal_baseline_in_five_percent_of_suites(
    times: int,
) -> None:
    generator = np.random.default_rng(0)
    told = 0
    suites = 200 * times
    for _ in range(suites):
        means = generator.normal(0, 1, (12, 5)) * generator.exponential(1, (12, 1))
        others = means[:, 1:] - means[:, [0]]
        told += suite.joint_p_values(MEASURES["loss"].tested(others)).min() < 0.05
    assert told / suites < 0.05 + 3 * (0.05 * 0.95 / suites) ** 0.5


def test_the_verdict_tells_of_kinds_time_and_tuning() -> None:
    words = suite_report.verdict("s", found())
    assert "- even (3 studies): **" in words
    assert "## Time to the target" in words
    # Of the middle one of three rates there is none at an edge.
    assert "0 of 35 choices (0 %) lie at an edge of what was tried." in words
    names = names_of(3)
    edge = [entry("x", some_scores(1, variants=3)[0], names, rates=tuned(names, best=0))]
    words = suite_report.verdict("s", suite.find(names, edge, {}))
    assert "3 of 3 choices (100 %) lie at an edge" in words
    assert "a wider range might give" in words
    untuned = [entry("x", some_scores(1, variants=3)[0], names, rates=None)]
    assert "Tuning" not in suite_report.verdict("s", suite.find(names, untuned, {}))
    assert suite_report.rates_table(suite.find(names, edge, {})).count("**0.001**") == 3


def test_the_table_has_every_variant_and_study() -> None:
    findings = found()
    lines = suite_report.table(findings).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == findings.variants
    assert f"| {findings.means[4, 2]:.3f}" in lines[4]


def no_overlaps(figure: Figure) -> None:
    figure.draw_without_rendering()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            boxes = [
                tick.label1.get_window_extent()
                for tick in axis.get_major_ticks()
                if tick.label1.get_visible() and tick.label1.get_text()
            ]
            for one, other in itertools.combinations(boxes, 2):
                assert not one.overlaps(other)
        # Of an annotation without its arrow.
        boxes = [Text.get_window_extent(text) for text in axes.texts]
        for one, other in itertools.combinations(boxes, 2):
            assert not one.overlaps(other)
        for box in boxes:
            assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
            assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1


@pytest.mark.parametrize("variants", [3, 13])
def test_labels_of_the_figures_do_not_overlap(variants: int, tmp_path: Path) -> None:
    findings = found(variants)
    for name, figure in suite_figures.draw(findings).items():
        no_overlaps(figure)
        save(figure, tmp_path / f"{name}.svg")
        text = " ".join(ElementTree.parse(tmp_path / f"{name}.svg").getroot().itertext())
        for variant in findings.variants:
            assert variant in text or (name == "profiles" and variant == "baseline")


def test_the_figures_show_what_they_are_given() -> None:
    findings = found(4)
    figures = suite_figures.draw(findings)
    summary = findings.summary.iloc[::-1]
    left, right = figures["intervals"].axes
    bars = [line.get_xdata() for line in left.lines if len(line.get_xdata()) == 2]
    np.testing.assert_allclose(bars, summary[["iqm_ci_low", "iqm_ci_high"]])
    dots = next(line for line in right.lines if line.get_marker() == "o")
    np.testing.assert_allclose(dots.get_xdata(), summary["difference"])
    low, high = right.get_xlim()
    assert low < summary["difference_ci_low"].min() < summary["difference_ci_high"].max() < high
    shares, _, _ = suite.profiles(findings.scores, suite_figures.TAUS)
    reached = [
        np.concatenate([study <= share for study in findings.times]).mean(axis=0)
        for share in suite_figures.SHARES
    ]
    others = [index for index, name in enumerate(findings.variants) if name != "baseline"]
    for axes, index in zip(figures["profiles"].axes, others, strict=True):
        assert axes.get_title(loc="left") == findings.variants[index]
        np.testing.assert_allclose(axes.lines[1].get_ydata(), shares[:, index])
    for axes, index in zip(figures["times"].axes, others, strict=True):
        np.testing.assert_allclose(axes.lines[1].get_ydata(), np.array(reached)[:, index])
    lines = [line.get_ydata() for line in figures["budgets"].axes[0].lines]
    for row in findings.budgets.to_numpy():
        assert any(len(line) == len(row) and np.allclose(line, row) for line in lines)
    image = figures["heat_map"].axes[0].images[0]
    np.testing.assert_allclose(image.get_array(), findings.means.T)
    diagram = figures["ranks"].axes[0]
    places = sorted(dots.get_offsets()[0, 0] for dots in diagram.collections)
    np.testing.assert_allclose(places, np.sort(findings.summary["mean_rank"]))


def test_one_study_and_one_seed_can_be_drawn(tmp_path: Path) -> None:
    names = names_of(2)
    only = entry("a", np.array([[0.5, 0.9]]), names, rates=None)
    findings = found(2, entries=[only])
    figures = suite_figures.draw(findings)
    assert set(figures) == {"intervals", "heat_map", "profiles", "times"}
    for name, figure in figures.items():
        save(figure, tmp_path / f"{name}.png")
    assert isinstance(findings.summary, pd.DataFrame)


@pytest.mark.parametrize("variants", [2, 4])
def test_the_report_shows_every_figure_that_there_is(variants: int, tmp_path: Path) -> None:
    findings = found(variants)
    figures = suite_figures.draw(findings)
    assert ("ranks" in figures) == (variants > 2) == (findings.tests is not None)
    for name in figures:
        (tmp_path / f"{name}.svg").write_text("<svg/>")
    page = suite_report.report("s", findings, "What is said.", [], tmp_path, "<p>curves</p>")
    assert re.findall(r'<figure id="(\w+)-figure">', page) == list(figures)
    sections = re.findall(r'<section id="([\w-]+)"', page)
    assert re.findall(r'<a href="#([\w-]+)">', page) == sections
    assert ("ranks" in sections) == (variants > 2)
