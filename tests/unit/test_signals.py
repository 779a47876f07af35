"""The picture of signals by depth shows what it is given, zeros and diverged networks too."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from initstudy.drawing.figures import save
from initstudy.drawing.signals import PANELS, Signals, signals_by_depth, signals_of
from initstudy.results.contracts import DIAGNOSTICS

NAMES = [panel.measure for panel in PANELS]


def signals(
    label: str,
    seeds: int = 3,
    epochs: int = 2,
    layers: int = 4,
    accuracy: float = 0.9,
    name: str = "Dense",
) -> Signals:
    generator = np.random.default_rng(len(label))
    values = generator.uniform(0.1, 0.9, (len(NAMES), seeds, epochs, layers))
    units = np.arange(layers, 0.0, -1)
    return Signals(label, accuracy, dict(zip(NAMES, values, strict=True)), units, [name] * layers)


def test_rows_are_put_where_they_belong_and_what_is_missing_is_nan() -> None:
    rows = [
        {
            "seed": seed,
            "epoch": epoch,
            "layer": layer,
            "name": f"layer_{layer}",
            "units": 8 * layer,
            "dead_units": seed + epoch / 10 + layer / 100,
        }
        for seed in (4, 5, 6)
        for epoch in (0, 1, 7)
        for layer in (1, 2)
        if (seed, epoch) != (6, 7)
    ]
    frame = pd.DataFrame(rows, columns=DIAGNOSTICS.names)
    found = signals_of("x", 0.9, frame, [0, 1, 7], range(5, 7))
    assert found.units.tolist() == [8, 16]
    assert found.names == ["layer_1", "layer_2"]
    values = found.measures["dead_units"]
    assert values.shape == (2, 3, 2)
    np.testing.assert_allclose(values[0, 2], [5.71, 5.72])
    np.testing.assert_allclose(values[1, 0], [6.01, 6.02])
    assert np.isnan(values[1, 2]).all()


def test_lines_are_means_and_bands_reach_from_seed_to_seed() -> None:
    variants = [signals("baseline", epochs=3), signals("x", epochs=3)]
    figure = signals_by_depth("T", [0, 1, 9], variants)
    assert len(figure.axes) == 9
    for place, axes in enumerate(figure.axes[:6]):
        moment = [0, 2][place // 3]
        measure = NAMES[place % 3]
        for variant, line, band in zip(variants, axes.lines, axes.collections, strict=True):
            values = variant.measures[measure][:, moment]
            np.testing.assert_allclose(line.get_ydata(), values.mean(axis=0))
            np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3, 4])
            corners = band.get_paths()[0].vertices
            ends = sorted(set(corners[corners[:, 0] == 2][:, 1]))
            np.testing.assert_allclose(ends, [values[:, 1].min(), values[:, 1].max()])
    assert [axes.get_ylabel().strip() for axes in figure.axes[::3]] == [
        "at the start",
        "after epoch 9",
        "by epoch",
    ]
    assert "n = 3 seeds" in figure.get_supxlabel()


def test_by_epoch_are_all_units_the_first_layers_gradient_and_the_last_ones_signal() -> None:
    variants = [signals("baseline", epochs=4), signals("x", epochs=4)]
    figure = signals_by_depth("T", [0, 1, 2, 4], variants)
    for variant, *lines in zip(variants, *(axes.lines for axes in figure.axes[6:]), strict=True):
        dead, gradient, activation = (variant.measures[name].mean(axis=0) for name in NAMES)
        # Layers of 4, 3, 2 and 1 units.
        expected = [dead @ [0.4, 0.3, 0.2, 0.1], gradient[:, 0], activation[:, -1]]
        for line, values in zip(lines, expected, strict=True):
            np.testing.assert_allclose(line.get_ydata(), values)
    ticks = [text.get_text() for text in figure.axes[6].get_xticklabels()]
    assert sorted(ticks) == ["0", "1", "2", "4"]


def test_of_many_epochs_some_are_labelled_and_the_last_is() -> None:
    epochs = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 1500]
    figure = signals_by_depth("T", epochs, [signals("baseline", epochs=len(epochs))])
    ticks = {int(text.get_text()) for text in figure.axes[6].get_xticklabels()}
    assert 1500 in ticks
    assert ticks < {*epochs}


def test_layers_are_told_by_name_with_their_units() -> None:
    variant = signals("baseline", layers=5)

    def told(names: list[str], units: list[int]) -> list[str]:
        shown = replace(variant, names=names, units=np.array(units, float))
        return signals_by_depth("T", [0, 1], [shown]).get_supxlabel().split("\n")[1:]

    lenet = ["Conv2D", "Conv2D", "Dense", "Dense", "Dense"]
    assert told(lenet, [6, 16, 16, 16, 10]) == [
        "layers (units): 1 Conv2D (6), 2 Conv2D (16), 3 to 4 Dense (16), 5 Dense (10)"
    ]
    assert told([""] * 5, [8, 8, 8, 8, 10]) == ["layers (units): 1 to 4 (8), 5 (10)"]
    long = told(
        [f"stage_{n}_of_a_network_with_blocks_and_long_names" * 2 for n in range(5)], [9] * 5
    )
    assert len(long) == 3
    assert long[-1].endswith(", see diagnostics.csv")


def test_labels_do_not_overlap_and_stay_in_the_picture() -> None:
    names = ["baseline", *(f"initializer_{i}" for i in range(8))]
    figure = signals_by_depth("T", [0, 1], [signals(name) for name in names])
    figure.draw_without_rendering()
    for axes in figure.axes[2::3]:
        assert [text.get_text() for text in axes.texts] == names
        for text in axes.texts:
            text.arrowprops = text.arrow_patch = None  # leader lines may cross
        boxes = [text.get_window_extent() for text in axes.texts]
        for index, box in enumerate(boxes):
            assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
            assert not any(box.overlaps(other) for other in boxes[index + 1 :])


@pytest.mark.filterwarnings("error")
def test_zeros_and_diverged_networks_can_be_drawn(tmp_path: Path) -> None:
    zeros, gone = signals("zeros"), signals("gone")
    for name in NAMES:
        zeros.measures[name][:] = 0
        gone.measures[name][:, 1] = np.nan
    figure = signals_by_depth("T", [0, 1], [signals("baseline"), zeros, gone])
    assert "gone: diverged" in [text.get_text() for text in figure.axes[5].texts]
    bottom, _ = figure.axes[4].get_ylim()
    np.testing.assert_allclose(figure.axes[4].lines[1].get_ydata(), bottom)
    save(figure, tmp_path / "a.png", tmp_path / "a.svg")


@pytest.mark.parametrize(("seeds", "epochs", "layers"), [(1, 1, 1), (1, 2, 30)])
def test_one_seed_one_moment_or_one_layer_can_be_drawn(
    tmp_path: Path, seeds: int, epochs: int, layers: int
) -> None:
    figure = signals_by_depth(
        "T", list(range(epochs)), [signals("baseline", seeds, epochs, layers)]
    )
    assert len(figure.axes) == 3 * epochs  # a row by epoch comes with a third one
    save(figure, tmp_path / "a.png")


def test_of_many_lines_the_best_and_the_worst_are_drawn() -> None:
    variants = [signals(f"v{i:03d}", accuracy=(i * 37 % 101) / 101) for i in range(101)]
    variants.append(signals("baseline", accuracy=0.5))
    figure = signals_by_depth("T", [0, 1], variants)
    ranked = sorted(variants, key=lambda variant: variant.accuracy)
    expected = {variant.label for variant in [*ranked[:5], *ranked[-5:]]} | {"baseline"}
    assert {text.get_text() for text in figure.axes[2].texts} == expected
    assert "all 102" in figure.get_supxlabel()
