"""Each statistic of a suite against SciPy, its definition, the literature, or a simulation."""

import itertools
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import stats

from initstudy.analysis import statistics
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


def found(variants: int = 7, **changes: object) -> suite.Findings:
    names = ["baseline", *(f"kernel-number_{i}" for i in range(1, variants))]
    accuracies = {f"study{i}": scores for i, scores in enumerate(some_scores(variants=variants))}
    arguments = {
        "variants": names,
        "accuracies": accuracies,
        "chances": dict.fromkeys(accuracies, 0.1),
        "left_out": {"bias-x": "not in study3", "bias-y": "not in study3"},
        **changes,
    }
    return suite.find(**arguments)


def test_scores_go_from_chance_to_the_best_mean() -> None:
    accuracies = np.array([[0.5, 0.1, 0.0], [0.7, 0.1, 0.2]])
    scores = suite.normalized(accuracies, chance=0.1)
    np.testing.assert_allclose(scores, [[0.8, 0, -0.2], [1.2, 0, 0.2]])
    with pytest.raises(StudyError, match=r"above chance \(70.00 %; the best has 60.00 %\)"):
        suite.normalized(accuracies, chance=0.7)


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
    summary = suite.summarize(["baseline", "x"], scores).set_index("variant")
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
    summary = suite.summarize(["baseline", "x"], scores)
    assert summary.filter(like="_ci_").isna().all(axis=None)
    assert summary["iqm"].notna().all()
    words = suite_report.verdict("s", found(2, accuracies={"a": scores[0]}, chances={"a": 0.1}))
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


@pytest.mark.parametrize(
    ("variants", "q"), [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (7, 2.949), (10, 3.164)]
)
def test_the_critical_difference_is_demsars(variants: int, q: float) -> None:
    """Demsar, 2006, table 5a, and his example: 1.25 for 4 classifiers on 14 data sets."""
    expected = q * np.sqrt(variants * (variants + 1) / (6 * 14))
    assert suite.critical_difference(14, variants) == pytest.approx(expected, abs=6e-4)
    assert suite.critical_difference(14, 4) == pytest.approx(1.25, abs=0.005)


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


def test_demsars_example_comes_out() -> None:
    """His mean ranks, his Friedman statistic of 9.28, and what he tells apart by Nemenyi's test."""
    np.testing.assert_allclose(suite.mean_ranks(DEMSAR), [3.143, 2.000, 2.893, 1.964], atol=5e-4)
    tests = suite.rank_tests(DEMSAR)
    ranks = suite.mean_ranks(DEMSAR)
    statistic = 12 * 14 / (4 * 5) * (np.sum(ranks**2) - 4 * 5**2 / 4)
    assert statistic == pytest.approx(9.28, abs=0.005)
    # SciPy corrects for ties, he does not.
    ties = sum(
        count**3 - count for row in DEMSAR for count in np.unique(row, return_counts=True)[1]
    )
    corrected = statistic / (1 - ties / (14 * 4 * (4**2 - 1)))
    assert tests.friedman == pytest.approx(stats.chi2.sf(corrected, 3))
    for one, other in itertools.combinations(range(4), 2):
        apart = abs(ranks[one] - ranks[other]) > tests.critical_difference
        assert apart == (tests.nemenyi[one, other] < statistics.ALPHA)
    np.testing.assert_allclose(tests.nemenyi, tests.nemenyi.T)


def test_too_few_studies_or_variants_are_not_ranked_by_a_test() -> None:
    assert suite.rank_tests(DEMSAR[:2]) is None
    assert suite.rank_tests(DEMSAR[:, :2]) is None
    assert suite.rank_tests(DEMSAR[:3, :3]) is not None
    assert suite.rank_tests(np.full((5, 4), 0.5)).friedman == 1


def test_everything_is_in_the_order_of_the_interquartile_means() -> None:
    names = ["kernel-a", "baseline", "kernel-b"]
    accuracies = {
        "x": np.array([[0.5, 0.7, 0.9], [0.52, 0.72, 0.88]]),
        "y": np.array([[0.5, 0.6, 0.7], [0.51, 0.61, 0.71], [0.52, 0.62, 0.72]]),
        "z": np.array([[0.3, 0.2, 0.8]] * 2),
    }
    findings = suite.find(names, accuracies, {"x": 0.1, "y": 0.2, "z": 0.1}, {})
    assert findings.variants == ["kernel-b", "baseline", "kernel-a"]
    np.testing.assert_allclose(findings.means[:, 0], 1)
    table = suite.score_table(findings).set_index(["study", "variant", "seed"])
    assert len(table) == 7 * 3
    assert table.loc[("y", "kernel-a", 2), "accuracy"] == 0.52
    assert table.loc[("y", "kernel-a", 2), "score"] == pytest.approx(0.32 / 0.51)
    row = findings.summary.set_index("variant").loc["kernel-a"]
    scores = table["score"].groupby("variant")
    assert row["iqm"] == pytest.approx(stats.trim_mean(scores.get_group("kernel-a"), 0.25))
    assert row["difference"] == pytest.approx(
        row["iqm"] - stats.trim_mean(scores.get_group("baseline"), 0.25)
    )
    assert row["mean_rank"] == pytest.approx((3 + 3 + 2) / 3)
    assert findings.summary["difference"].isna().tolist() == [False, True, False]


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
    assert "With 5 studies it has little power" in words
    assert f"more than {findings.tests.critical_difference:.2f} apart" in words
    assert "Not compared, since not in study3: bias-x, bias-y." in words
    for study, means in zip(findings.studies, findings.means, strict=True):
        assert f"**{findings.variants[means.argmax()]}** in {study}" in words


@pytest.mark.parametrize(("studies", "words"), [(2, "not tested"), (3, "little power"), (12, "")])
def test_the_power_of_ranks_is_told(studies: int, words: str) -> None:
    scores = {f"s{i}": study for i, study in enumerate(some_scores(studies, variants=3))}
    findings = found(3, accuracies=scores, chances=dict.fromkeys(scores, 0.1))
    text = suite_report.verdict("s", findings).split("## Ranks")[1]
    for other in ("not tested", "little power"):
        assert (other in text) == (other == words)


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
        boxes = [text.get_window_extent() for text in axes.texts]
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
    others = [index for index, name in enumerate(findings.variants) if name != "baseline"]
    for axes, index in zip(figures["profiles"].axes, others, strict=True):
        assert axes.get_title(loc="left") == findings.variants[index]
        np.testing.assert_allclose(axes.lines[1].get_ydata(), shares[:, index])
    image = figures["heat_map"].axes[0].images[0]
    np.testing.assert_allclose(image.get_array(), findings.means.T)
    diagram = figures["ranks"].axes[0]
    places = sorted(dots.get_offsets()[0, 0] for dots in diagram.collections)
    np.testing.assert_allclose(places, np.sort(findings.summary["mean_rank"]))


def test_one_study_and_one_seed_can_be_drawn(tmp_path: Path) -> None:
    findings = found(2, accuracies={"a": np.array([[0.5, 0.9]])}, chances={"a": 0.1})
    figures = suite_figures.draw(findings)
    assert set(figures) == {"intervals", "heat_map", "profiles"}
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
    page = suite_report.report("s", findings, [], tmp_path)
    assert re.findall(r'<figure id="(\w+)-figure">', page) == list(figures)
    sections = re.findall(r'<section id="([\w-]+)"', page)
    assert re.findall(r'<a href="#([\w-]+)">', page) == sections
    assert ("ranks" in sections) == (variants > 2)
