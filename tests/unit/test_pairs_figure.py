"""The heat map shows the means and interactions it is given, whatever one pair did."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from initstudy.analysis.interaction import Layout, effects
from initstudy.analysis.measures import ACCURACY
from initstudy.drawing.pairs import DIVERGING, SEQUENTIAL, draw_pairs
from initstudy.drawing.style import save


def layout(kernels: int, biases: int, seeds: int = 4) -> Layout:
    generator = np.random.default_rng(0)
    values = generator.uniform(0.90, 0.95, (seeds, kernels, biases))
    names = [f"kernel_{i}" for i in range(kernels)], [f"bias_{i}" for i in range(biases)]
    return Layout(*names, values)


def names(axes: Axes) -> tuple[list[str], list[str]]:
    texts = axes.get_yticklabels(), axes.get_xticklabels()
    return tuple([text.get_text() for text in labels] for labels in texts)


def shown(axes: Axes) -> np.ndarray:
    return np.asarray(axes.images[0].get_array())


def test_cells_are_means_and_interactions_from_the_best_to_the_worst() -> None:
    given = layout(3, 4)
    figure = draw_pairs("T", given, ACCURACY)
    means, beyond = given.ends.mean(0), effects(given.ends)["interaction"].mean(0)
    rows, columns = names(figure.axes[0])
    for row, kernel in enumerate(rows):
        for column, bias in enumerate(columns):
            cell = given.kernels.index(kernel), given.biases.index(bias)
            assert shown(figure.axes[0])[row, column] == means[cell]
            assert shown(figure.axes[1])[row, column] == beyond[cell]
    assert (np.diff(shown(figure.axes[0]).mean(axis=1)) <= 0).all()
    assert (np.diff(shown(figure.axes[0]).mean(axis=0)) <= 0).all()
    written = [text.get_text() for text in figure.axes[0].texts]
    spreads = given.ends.std(axis=0, ddof=1)
    assert f"{100 * means[0, 0]:.1f}\n±{100 * spreads[0, 0]:.1f}" in written
    frame = next(patch for patch in figure.axes[1].patches if isinstance(patch, Rectangle))
    column, row = (int(place + 0.5) for place in frame.get_xy())
    assert (rows[row], columns[column]) == ("kernel_0", "bias_0")


def test_one_diverged_pair_does_not_make_the_others_alike() -> None:
    given = layout(5, 5)
    given.ends[:, 2, 3] = 0
    figure = draw_pairs("T", given, ACCURACY)
    image = figure.axes[0].images[0]
    others = shown(figure.axes[0])[shown(figure.axes[0]) > 0]
    colors = image.norm(np.array([others.min(), others.max()]))
    assert colors[1] - colors[0] > 0.5
    assert image.norm(0.0) <= 0
    effect = figure.axes[1].images[0]
    assert effect.norm.vmax == -effect.norm.vmin < np.abs(shown(figure.axes[1])).max()


@pytest.mark.parametrize("shape", [(7, 7), (4, 4)])
def test_numbers_and_names_do_not_overlap(shape: tuple[int, int]) -> None:
    figure = draw_pairs("T", layout(*shape), ACCURACY)
    figure.draw_without_rendering()
    for axes in figure.axes[:2]:
        assert len(axes.texts) == shape[0] * shape[1]
        boxes = [text.get_window_extent() for text in axes.texts]
        for index, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[index + 1 :])
    for bar in figure.axes[2:]:
        ticks = [text for text in bar.get_xticklabels() if text.get_text()]
        low, high = bar.get_xlim()
        boxes = [t.get_window_extent() for t in ticks if low <= t.get_position()[0] <= high]
        assert len(boxes) > 2
        for index, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[index + 1 :])


def test_many_pairs_have_no_numbers_and_too_many_not_all_names() -> None:
    figure = draw_pairs("T", layout(30, 30), ACCURACY)
    assert all(not axes.texts for axes in figure.axes)
    assert [len(labels) for labels in names(figure.axes[0])] == [30, 30]
    assert [
        len(labels) for labels in names(draw_pairs("T", layout(100, 60), ACCURACY).axes[0])
    ] == [34, 30]


@pytest.mark.parametrize(
    "accuracies", [np.zeros((1, 1, 1)), np.zeros((3, 2, 1)), np.ones((3, 1, 2))]
)
def test_what_all_came_out_alike_can_be_drawn(tmp_path: Path, accuracies: np.ndarray) -> None:
    _, kernels, biases = accuracies.shape
    figure = draw_pairs(
        "T", Layout(["a", "b"][:kernels], ["c", "d"][:biases], accuracies), ACCURACY
    )
    save(figure, tmp_path / "a.svg", tmp_path / "a.png")


def test_colours_keep_their_order_in_grey() -> None:
    def light(name: str, values: np.ndarray) -> np.ndarray:
        return np.asarray(matplotlib.colormaps[name](values))[:, :3] @ [0.299, 0.587, 0.114]

    assert (np.diff(light(SEQUENTIAL, np.linspace(0, 1, 20))) > 0).all()
    assert (np.diff(light(DIVERGING, np.linspace(0.5, 1, 20))) < 0).all()
    assert (np.diff(light(DIVERGING, np.linspace(0.5, 0, 20))) < 0).all()


def test_pairs_that_fail_are_marked() -> None:
    accuracies = np.full((3, 2, 2), 0.9)
    accuracies[:, 1, 0] = 0.1
    given = Layout(["a", "b"], ["c", "d"], accuracies)
    figure = draw_pairs("T", given, ACCURACY, failing={("b", "c")})
    axes = figure.axes[0]
    kernels, biases = (
        [t.get_text() for t in axis.get_ticklabels()] for axis in (axes.yaxis, axes.xaxis)
    )
    (mark,) = axes.lines
    x, y = mark.get_xdata()[0], mark.get_ydata()[0]
    assert (kernels[round(y)], biases[round(x)]) == ("b", "c")
    assert "×: half of the runs fail, or more." in figure.get_supxlabel()
    assert "×" not in draw_pairs("T", given, ACCURACY).get_supxlabel()
