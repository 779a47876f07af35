"""The pictures show what they are given, and their labels do not overlap."""

import itertools
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from initstudy.analysis.measures import ACCURACY
from initstudy.drawing.curves import Curves, learning_curves
from initstudy.drawing.style import COLORS, DECISION_COLORS, INK, line_styles, save, variant_styles
from initstudy.results.findings import Peak

NAMES = ["baseline", "glorot_normal", "ones", "random_uniform", "random_normal", "he_uniform"]


def some_curves(names: list[str], epochs: int = 20, seeds: int = 4) -> list[Curves]:
    generator = np.random.default_rng(0)
    return [
        Curves(name, *generator.uniform(0.90, 0.92, size=(2, seeds, epochs)), style)
        for name, style in zip(names, line_styles(names), strict=True)
    ]


def level(name: str, values: np.ndarray) -> Curves:
    """Curves of the same values in training and validation, float64 (2, seeds, epochs)."""
    return Curves(name, *values, line_styles([name])[0])


def test_lines_are_means_and_bands_are_standard_deviations() -> None:
    curves = some_curves(["baseline", "x"])
    figure = learning_curves("T", curves, ACCURACY)
    for axes, attribute in zip(figure.axes, ("training", "validation"), strict=True):
        for line, band, curve in zip(axes.lines, axes.collections, curves, strict=True):
            values = getattr(curve, attribute)
            np.testing.assert_allclose(line.get_ydata(), values.mean(0))
            np.testing.assert_array_equal(line.get_xdata(), np.arange(1, 21))
            corners = band.get_paths()[0].vertices
            at_five = sorted(set(corners[corners[:, 0] == 5][:, 1]))
            half = values.std(0, ddof=1)[4]
            expected = values.mean(0)[4] + np.array([-half, half])
            seeds = values[:, 4]
            np.testing.assert_allclose(at_five, expected.clip(seeds.min(), seeds.max()))
    # No further than a seed came, which above 99 % is a long way on the scale.
    one_low = np.full((2, 10, 3), 0.99)
    one_low[:, 0] = 0.6
    (band,) = learning_curves("T", [level("x", one_low)], ACCURACY).axes[0].collections
    assert band.get_paths()[0].vertices[:, 1].max() == 0.99
    assert "n = 4 seeds" in figure.axes[0].get_ylabel()


def test_every_line_has_a_label_of_its_own_that_overlaps_no_other() -> None:
    figure = learning_curves("T", some_curves([*NAMES, "he_normal"]), ACCURACY)
    figure.draw_without_rendering()
    texts = figure.axes[1].texts
    assert [text.get_text().split()[0] for text in texts] == [*NAMES, "he_normal"]
    for text in texts:
        text.arrowprops = text.arrow_patch = None  # leader lines may cross
    boxes = [text.get_window_extent() for text in texts]
    for index, box in enumerate(boxes):
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1
        assert not any(box.overlaps(other) for other in boxes[index + 1 :])
    assert len({line.get_color() for line in figure.axes[0].lines}) == 7


@pytest.mark.parametrize("value", [0.02, 0.5, 0.998])
def test_labels_of_lines_that_end_together_stay_beside_the_panel(value: float) -> None:
    curves = [level(f"v{i}", np.full((2, 2, 5), value)) for i in range(7)]
    curves += [level(f"w{end}", np.full((2, 2, 5), end)) for end in (0.01, 0.999)]
    figure = learning_curves("T", curves, ACCURACY)
    heights = sorted(text.get_position()[1] for text in figure.axes[1].texts)
    assert heights[0] >= 0
    assert heights[-1] <= 1
    assert min(np.diff(heights)) >= 0.055 - 1e-9


def test_more_variants_than_colours_differ_in_their_dashes() -> None:
    figure = learning_curves("T", some_curves([f"v{i}" for i in range(12)]), ACCURACY)
    styles = {(line.get_color(), line.get_linestyle()) for line in figure.axes[0].lines}
    assert len(styles) == 12


@pytest.mark.parametrize("matrix", ["deuteranomaly", "protanomaly", "tritanomaly"])
def test_colours_differ_in_lightness_or_hue_for_the_colour_blind(matrix: str) -> None:
    """Simulated as by Machado, Oliveira and Fernandes, 2009, table 1, severity 1.0."""
    simulate = np.array(
        {
            "protanomaly": [
                [0.152286, 1.052583, -0.204868],
                [0.114503, 0.786281, 0.099216],
                [-0.003882, -0.048116, 1.051998],
            ],
            "deuteranomaly": [
                [0.367322, 0.860646, -0.227968],
                [0.280085, 0.672501, 0.047413],
                [-0.011820, 0.042940, 0.968881],
            ],
            "tritanomaly": [
                [1.255528, -0.076749, -0.178779],
                [-0.078411, 0.930809, 0.147602],
                [0.004733, 0.691367, 0.303900],
            ],
        }[matrix]
    )
    seen = [simulate @ np.array(to_rgb(color)) for color in ["black", *COLORS]]
    distances = [np.linalg.norm(one - two) for i, one in enumerate(seen) for two in seen[i + 1 :]]
    assert min(distances) > 0.12


def test_files_are_light_and_the_same_every_time(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.svg", "a.png", "b.svg", "b.png")]
    for pair in (paths[:2], paths[2:]):
        save(learning_curves("T & Co", some_curves(NAMES, epochs=100), ACCURACY), *pair)
    for one, two in zip(paths[:2], paths[2:], strict=True):
        assert one.read_bytes() == two.read_bytes()
    assert paths[0].stat().st_size < 200_000
    text = " ".join(ElementTree.parse(paths[0]).getroot().itertext())
    for name in [*NAMES, "T & Co", "Validation accuracy", "epoch"]:
        assert name in text


@pytest.mark.parametrize(("seeds", "epochs"), [(1, 1), (1, 5), (3, 1)])
def test_one_seed_or_one_epoch_can_be_drawn(tmp_path: Path, seeds: int, epochs: int) -> None:
    figure = learning_curves("T", some_curves(["baseline"], epochs, seeds), ACCURACY)
    save(figure, tmp_path / "a.png")
    assert bool(figure.axes[0].collections) == (seeds > 1)


def no_overlaps(figure: Figure) -> None:
    figure.draw_without_rendering()
    for index, axes in enumerate(figure.axes):
        # The second panel has no labels of its own on the axis that it shares.
        for axis in (axes.xaxis, axes.yaxis)[: 2 - index]:
            low, high = sorted(axis.get_view_interval())
            boxes = [
                tick.label1.get_window_extent()
                for tick in axis.get_major_ticks()
                if low <= tick.get_loc() <= high and tick.label1.get_visible()
            ]
            assert len(boxes) > 1
            for one, other in itertools.combinations(boxes, 2):
                assert not one.overlaps(other)


def test_a_peak_before_a_fall_is_marked_where_it_is() -> None:
    one, other = some_curves(["baseline", "x"])
    axes = learning_curves("T", [one, replace(other, peak=Peak(7, 0.915, 0.02))], ACCURACY).axes[1]
    (mark,) = (line for line in axes.lines if line.get_marker() == "v")
    assert (mark.get_xdata()[0], mark.get_ydata()[0]) == (7, 0.915)


def test_bands_are_drawn_where_they_are_wanted() -> None:
    one, other = some_curves(["baseline", "x"])
    for axes in learning_curves("T", [one, replace(other, band=False)], ACCURACY).axes:
        assert len(axes.collections) == 1


def test_one_initializer_has_one_colour_in_all_roles() -> None:
    styles = variant_styles(
        {
            "baseline": ("glorot_uniform", "zeros"),
            "kernel-ones": ("ones", "zeros"),
            "kernel-he_normal": ("he_normal", "zeros"),
            "bias-he_normal": ("glorot_uniform", "he_normal"),
            "bias-ones": ("glorot_uniform", "ones"),
            "best": ("he_normal", "ones"),
        }
    )
    assert styles["kernel-ones"] == styles["bias-ones"] != styles["kernel-he_normal"]
    assert styles["best"] == styles["kernel-he_normal"] == styles["bias-he_normal"]
    assert styles["baseline"]["color"] == "black"


def test_words_in_figures_are_dark() -> None:
    """A contrast of 4.5 with white (Web Content Accessibility Guidelines 2.1, 1.4.3)."""
    for color in (INK, *DECISION_COLORS.values()):
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)
        ]
        luminance = float(np.dot(linear, [0.2126, 0.7152, 0.0722]))
        assert 1.05 / (luminance + 0.05) >= 4.5
    figure = learning_curves("T", some_curves(NAMES), ACCURACY)
    assert {text.get_color() for text in figure.axes[1].texts} == {INK}


@pytest.mark.parametrize(
    "means", [(0.92, 0.95, 0.4), (0.2, 0.9, 0.99), (0.95, 0.951, 0.949), (0.1, 0.1, 0.1)]
)
def test_tick_labels_never_overlap(means: tuple[float, ...]) -> None:
    curves = [
        level(f"v{mean}", np.full((2, 3, 20), mean) + np.linspace(-0.09, 0, 20)) for mean in means
    ]
    no_overlaps(learning_curves("T", curves, ACCURACY))


def test_of_many_lines_the_best_the_worst_and_the_spread_are_drawn() -> None:
    levels = np.linspace(0.5, 0.9, 101)
    names = ["baseline", *(f"v{i:03d}" for i in range(100))]
    curves = [
        level(name, np.full((2, 3, 4), height)) for name, height in zip(names, levels, strict=True)
    ]
    figure = learning_curves("T", curves, ACCURACY)
    labels = {text.get_text().split()[0] for text in figure.axes[1].texts}
    # The baseline is the worst of all here.
    ends = [f"v{i:03d}" for i in (0, 1, 2, 3, 95, 96, 97, 98, 99)]
    assert labels == {"baseline", *ends}
    wide, narrow = (band.get_paths()[0].vertices[:, 1] for band in figure.axes[0].collections)
    np.testing.assert_allclose([wide.min(), wide.max()], [0.52, 0.88])
    np.testing.assert_allclose([narrow.min(), narrow.max()], [0.6, 0.8])
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), 0.7)
    assert "all 101" in figure.get_supxlabel()
