"""The picture of signals by depth shows what it is given, zeros and diverged networks too."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from initstudy.drawing.signals import PANELS, draw_signals
from initstudy.drawing.style import save

NAMES = [panel.column for panel in PANELS]


def signals(
    label: str, seeds: int = 3, epochs: Sequence[int] = (0, 1), layers: int = 4
) -> pd.DataFrame:
    """The diagnostics of a variant, whose layers have as many units as follow from the end."""
    generator = np.random.default_rng(len(label))
    places = pd.MultiIndex.from_product(
        [[label], range(seeds), epochs, range(1, layers + 1)],
        names=["variant", "seed", "epoch", "layer"],
    )
    table = places.to_frame(index=False)
    table = table.assign(name="Dense", units=layers + 1 - table["layer"])
    return table.assign(**{name: generator.uniform(0.1, 0.9, len(table)) for name in NAMES})


def drawn(*tables: pd.DataFrame, accuracies: Sequence[float] | None = None) -> Figure:
    """The picture of variants that end with these accuracies."""
    labels = [table["variant"].iloc[0] for table in tables]
    found = pd.Series(accuracies or [0.9] * len(labels), index=labels)
    return draw_signals("T", pd.concat(tables), found)


def array(table: pd.DataFrame, name: str) -> np.ndarray:
    """A column as float64 (seeds, epochs, layers)."""
    shape = [table[key].nunique() for key in ("seed", "epoch", "layer")]
    return table[name].to_numpy().reshape(shape)


def test_lines_are_means_and_bands_reach_from_seed_to_seed() -> None:
    variants = [signals("baseline", epochs=[0, 1, 9]), signals("x", epochs=[0, 1, 9])]
    figure = drawn(*variants)
    assert len(figure.axes) == 9
    for place, axes in enumerate(figure.axes[:6]):
        epoch = [0, 2][place // 3]
        for variant, line, band in zip(variants, axes.lines, axes.collections, strict=True):
            values = array(variant, NAMES[place % 3])[:, epoch]
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
    variants = [signals("baseline", epochs=[0, 1, 2, 4]), signals("x", epochs=[0, 1, 2, 4])]
    figure = drawn(*variants)
    for variant, *lines in zip(variants, *(axes.lines for axes in figure.axes[6:]), strict=True):
        dead, gradient, activation = (array(variant, name).mean(axis=0) for name in NAMES)
        # Layers of 4, 3, 2 and 1 units.
        expected = [dead @ [0.4, 0.3, 0.2, 0.1], gradient[:, 0], activation[:, -1]]
        for line, values in zip(lines, expected, strict=True):
            np.testing.assert_allclose(line.get_ydata(), values)
    ticks = [text.get_text() for text in figure.axes[6].get_xticklabels()]
    assert sorted(ticks) == ["0", "1", "2", "4"]


def test_of_many_epochs_some_are_labelled_and_the_last_is() -> None:
    epochs = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 1500]
    figure = drawn(signals("baseline", epochs=epochs))
    ticks = {int(text.get_text()) for text in figure.axes[6].get_xticklabels()}
    assert 1500 in ticks
    assert ticks < {*epochs}


def test_layers_are_listed_by_name_with_their_units() -> None:
    variant = signals("baseline", layers=5)

    def listed(names: list[str], units: list[int]) -> list[str]:
        layer = variant["layer"] - 1
        shown = variant.assign(name=np.array(names)[layer], units=np.array(units)[layer])
        return drawn(shown).get_supxlabel().split("\n")[1:]

    lenet = ["Conv2D", "Conv2D", "Dense", "Dense", "Dense"]
    assert listed(lenet, [6, 16, 16, 16, 10]) == [
        "layers (units): 1 Conv2D (6), 2 Conv2D (16), 3 to 4 Dense (16), 5 Dense (10)"
    ]
    assert listed([""] * 5, [8, 8, 8, 8, 10]) == ["layers (units): 1 to 4 (8), 5 (10)"]
    long = listed(
        [f"stage_{n}_of_a_network_with_blocks_and_long_names" * 2 for n in range(5)], [9] * 5
    )
    assert len(long) == 3
    assert long[-1].endswith(", see diagnostics.csv")


def test_labels_do_not_overlap_and_stay_in_the_picture() -> None:
    names = ["baseline", *(f"initializer_{i}" for i in range(8))]
    figure = drawn(*map(signals, names))
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
    zeros[NAMES] = 0.0
    # As if it had diverged on all seeds; one of the runs has no rows from then on.
    gone.loc[gone["epoch"] == 1, NAMES] = np.nan
    gone = gone[(gone["epoch"] == 0) | (gone["seed"] < 2)]
    figure = drawn(signals("baseline"), zeros, gone)
    assert "gone: diverged" in [text.get_text() for text in figure.axes[5].texts]
    bottom, _ = figure.axes[4].get_ylim()
    np.testing.assert_allclose(figure.axes[4].lines[1].get_ydata(), bottom)
    save(figure, tmp_path / "a.png", tmp_path / "a.svg")


def test_what_is_missing_is_left_out_of_the_means() -> None:
    """A run that diverged has no rows afterwards, or rows of nan."""
    table = signals("x", epochs=[0, 1, 7])
    expected = table[(table["epoch"] == 7) & (table["seed"] < 2)].groupby("layer")[NAMES].mean()
    lacking = table[(table["epoch"] < 7) | (table["seed"] < 2)]
    nan = table.copy()
    nan.loc[(table["epoch"] == 7) & (table["seed"] == 2), NAMES] = np.nan
    for given in (lacking, nan):
        figure = drawn(given)
        for axes, name in zip(figure.axes[3:6], NAMES, strict=True):
            np.testing.assert_allclose(axes.lines[0].get_ydata(), expected[name])


@pytest.mark.filterwarnings("error")
def test_a_variant_without_rows_in_the_end_has_diverged() -> None:
    gone = signals("gone")
    figure = drawn(signals("baseline"), gone[gone["epoch"] == 0], signals("x"))
    assert [text.get_text() for text in figure.axes[5].texts] == ["baseline", "gone: diverged", "x"]


@pytest.mark.parametrize(("seeds", "epochs", "layers"), [(1, 1, 1), (1, 2, 30)])
def test_one_seed_one_epoch_or_one_layer_can_be_drawn(
    tmp_path: Path, seeds: int, epochs: int, layers: int
) -> None:
    figure = drawn(signals("baseline", seeds, range(epochs), layers))
    assert len(figure.axes) == 3 * epochs  # a row by epoch comes with a third one
    save(figure, tmp_path / "a.png")


def test_of_many_lines_the_best_and_the_worst_are_drawn() -> None:
    labels = [*(f"v{i:03d}" for i in range(101)), "baseline"]
    accuracies = [*((i * 37 % 101) / 101 for i in range(101)), 0.5]
    figure = drawn(*map(signals, labels), accuracies=accuracies)
    ranked = [label for _, label in sorted(zip(accuracies, labels, strict=True))]
    assert {text.get_text() for text in figure.axes[2].texts} == {
        *ranked[:5],
        *ranked[-5:],
        "baseline",
    }
    assert "all 102" in figure.get_supxlabel()
