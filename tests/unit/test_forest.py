"""The forest plot shows the comparisons of the findings, and where they are."""

import dataclasses
from pathlib import Path

import in_memory
import numpy as np
import pytest
from made_up import made_up_study
from matplotlib.axes import Axes

from initstudy.analysis.findings import find
from initstudy.drawing.forest import forest, limits
from initstudy.drawing.style import DECISION_COLORS, save
from initstudy.results.study import StudyResults

SEEDS = 10


def of(**means: float) -> StudyResults:
    """A study whose variants differ from the baseline by these means, in every seed alike."""
    generator = np.random.default_rng(0)
    base = 0.9 + generator.normal(0, 0.002, SEEDS)
    accuracies = {"baseline": base}
    for name, mean in means.items():
        own = base + mean + generator.normal(0, 0.002, SEEDS)
        accuracies[name.replace("_", "-", 1)] = own
    results = in_memory.study(accuracies)
    results.__dict__["findings"] = find(results)
    results.__dict__["best"] = {
        f"{role}_initializer": {"name": name}
        for role, name in zip(
            ("kernel", "bias"), results.study.initializers["baseline"], strict=True
        )
    }
    return results


def rows(axes: Axes) -> dict[str, float]:
    """The height of each row by its label."""
    ticks = zip(axes.get_yticklabels(), axes.get_yticks(), strict=True)
    return {label.get_text(): float(height) for label, height in ticks}


def test_rows_are_grouped_and_ordered_and_show_the_findings() -> None:
    results = of(kernel_good=0.02, kernel_bad=-0.03, kernel_same=0.0, bias_good=0.01)
    figure = forest(results, "T")
    axes = figure.axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["good", "same", "bad", "good"]
    headings = [text.get_text() for text in axes.texts]
    assert headings[:2] == ["Kernels, n = 10 seeds", "Biases, n = 10 seeds"]
    bars = [line.get_xdata() for line in axes.lines if line.get_linewidth() == 3.2]
    thin = [line.get_xdata() for line in axes.lines if line.get_linewidth() == 1.0]
    names = ["kernel-good", "kernel-same", "kernel-bad", "bias-good"]
    found = [results.findings.variant(name).comparison for name in names]
    np.testing.assert_allclose(bars, [(one.low, one.high) for one in found if one])
    np.testing.assert_allclose(thin, [(one.decided_low, one.decided_high) for one in found if one])
    for dots, name in zip(axes.collections, names, strict=True):
        differences = results.scores(name) - results.scores("baseline")
        np.testing.assert_allclose(dots.get_offsets()[:, 0], differences)


def test_a_seed_beyond_the_axis_is_a_triangle_at_its_edge() -> None:
    far = np.zeros(10)
    far[3] = -0.4
    results = of(kernel_good=0.02, kernel_far=far)
    axes = forest(results, "T").axes[0]
    low, high = axes.get_xlim()
    drawn = [dots.get_offsets()[:, 0] for dots in axes.collections]
    assert sum(map(len, drawn)) == 20
    edges = [places for places in drawn if np.allclose(places, low) or np.allclose(places, high)]
    beyond = [
        value
        for name in ("kernel-good", "kernel-far")
        for value in results.scores(name) - results.scores("baseline")
        if not low <= value <= high
    ]
    assert sum(map(len, edges)) == len(beyond) > 0


def test_decisions_are_words_in_their_colours() -> None:
    figure = forest(of(kernel_good=0.02, kernel_bad=-0.03, kernel_same=0.0001), "T")
    words = {
        label.get_text(): label.get_color()
        for axis in figure.axes[0].child_axes
        for label in axis.get_yticklabels()
    }
    for decision in ("better", "worse"):
        assert words[decision] == DECISION_COLORS[decision]


def test_what_lies_far_off_is_a_number_at_the_edge() -> None:
    results = of(kernel_good=0.02, kernel_bad=-0.53, bias_same=0.001, bias_other=-0.01)
    axes = forest(results, "T").axes[0]
    low, high = axes.get_xlim()
    assert low > -0.1 < high < 0.1
    (mark,) = (text for text in axes.texts if text.get_text().startswith("◄ −"))
    difference = results.findings.variant("kernel-bad").comparison
    assert difference is not None
    assert mark.get_text() == f"◄ −{-100 * difference.difference:.1f}"
    assert mark.xy == (low, rows(axes)["bad"])


@pytest.mark.parametrize(
    ("reaches", "expected"),
    [
        ([(-0.01, 0.02), (-0.02, 0.01)], (-0.02, 0.02)),
        ([(-0.01, 0.02), (-0.02, 0.01), (-0.5, -0.4)], (-0.02, 0.02)),
        # Half of them are far off: then nothing is.
        ([(-0.01, 0.02), (-0.5, -0.4)], (-0.5, 0.02)),
        ([], (-0.0075, 0.0075)),
    ],
)
def test_the_axis_ends_where_most_rows_do(
    reaches: list[tuple[float, float]], expected: tuple[float, float]
) -> None:
    low, high = limits(reaches, 0.005)
    room = 0.05 * (expected[1] - expected[0])
    assert (low, high) == pytest.approx((expected[0] - room, expected[1] + room))


def test_of_many_rows_the_best_and_the_worst_are_drawn(tmp_path: Path) -> None:
    means = {f"kernel_v{number:03d}": 0.008 * number - 0.85 for number in range(100)}
    figure = forest(of(**means), "T")
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == [f"v{n:03d}" for n in [*range(99, 87, -1), *range(11, -1, -1)]]
    assert "the best and the worst 12 of 100" in figure.axes[0].texts[0].get_text()
    save(figure, tmp_path / "a.png")


def test_variants_that_stopped_early_say_on_how_many_seeds(tmp_path: Path) -> None:
    results = made_up_study(tmp_path / "s")
    findings = results.findings
    results.__dict__["findings"] = dataclasses.replace(
        findings,
        variants=[
            dataclasses.replace(one, seeds=3) if one.name == "kernel-ones" else one
            for one in findings.variants
        ],
    )
    labels = [label.get_text() for label in forest(results, "T").axes[0].get_yticklabels()]
    assert "ones (n = 3)" in labels


def test_what_is_infinite_stands_at_the_edge(tmp_path: Path) -> None:
    results = made_up_study(tmp_path / "s", judge_by="epochs_to_target")
    for narrow in (False, True):
        figure = forest(results, "T", narrow)
        save(figure, tmp_path / f"{narrow}.png")
        assert np.isfinite(figure.axes[0].get_xlim()).all()
