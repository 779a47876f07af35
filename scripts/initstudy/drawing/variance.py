"""The sources of variance: how widely seeds differ by what varies, and the share of each."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from initstudy.analysis.measures import Measure, metric_of
from initstudy.analysis.variance import BOTH, IMAGES, TOGETHER
from initstudy.drawing.style import COLORS, canvas, legend
from initstudy.engine.spec import ORDER, WEIGHTS
from initstudy.results.study import StudyResults

MARKS: dict[str, Any] = {
    BOTH: {"color": "black", "marker": "o", "label": "both (left), both together (right)"},
    WEIGHTS: {"color": COLORS[0], "marker": "s", "label": "weights"},
    ORDER: {"color": COLORS[4], "marker": "^", "label": "order of the examples"},
    IMAGES: {
        "color": COLORS[3],
        "marker": "D",
        "fillstyle": "none",
        "label": "luck with these test examples, of all of it",
    },
}
MARKS[TOGETHER] = MARKS[BOTH]
# How far the marks of one row are apart, in rows.
STEP = 0.2
# More rows than this are not read.
MOST_ROWS = 40


def variance(results: StudyResults, title: str) -> Figure:
    """Draw what the variance of each variant's seeds is made of."""
    return draw_variance(title, results.variance, metric_of(results.study))


def draw_variance(title: str, table: pd.DataFrame, metric: Measure) -> Figure:
    """Draw standard deviations by what seeds vary by, and the shares of the variance.

    Args:
        title: of the figure.
        table: see `analysis.variance.table`. Of more than MOST_ROWS, those that vary most.
        metric: of which the standard deviations are.
    """
    rows = table.sort_values("sd_both", kind="stable").tail(MOST_ROWS)
    size = 10, 1.9 + 0.5 * len(rows)
    with canvas(title, size, (1, 2), sharey=True) as (figure, (left, right)):
        _panel(left, rows, "sd", (BOTH, WEIGHTS, ORDER), metric.scale)
        left.set_xlim(left=-0.02 * left.get_xlim()[1])
        left.set_yticks(range(len(rows)), rows["variant"])
        left.set_ylim(-0.6, len(rows) - 0.4)
        counts = rows["replicates"].iloc[-1], rows["replicates_alone"].iloc[-1]
        left.set_xlabel(
            f"standard deviation of the final {metric.words}"
            f"{', percentage points' * metric.share}\n"
            f"(both: n = {counts[0]} runs, weights or order alone: n = {counts[1]})"
        )
        left.set_title("Runs that vary by ...")
        _panel(right, rows, "share", (TOGETHER, WEIGHTS, ORDER, IMAGES), 100)
        right.set_xlim(-3, 103)
        right.set_xlabel("share of the variance, %")
        right.set_title("Of the variance of those that vary by both")
        for axes in (left, right):
            axes.grid(axis="y", visible=False)
        handles = [
            Line2D([], [], linewidth=0 if name == IMAGES else 2, **mark)
            for name, mark in MARKS.items()
            if name != TOGETHER
        ]
        legend(figure, handles)
    return figure


def _panel(
    axes: Axes, rows: pd.DataFrame, column: str, names: tuple[str, ...], scale: float
) -> None:
    for place, name in enumerate(names):
        values = scale * rows[f"{column}_{name}"].to_numpy()
        heights = np.arange(len(rows)) + STEP * ((len(names) - 1) / 2 - place)
        mark = {key: value for key, value in MARKS[name].items() if key != "label"}
        if f"{column}_{name}_ci_low" in rows:
            low, high = (scale * rows[f"{column}_{name}_ci_{end}"] for end in ("low", "high"))
            axes.hlines(heights, low, high, color=mark["color"], linewidth=2)
        # Shares are of a whole; an estimate may lie beyond its ends.
        shown = np.clip(values, 0, 100) if column == "share" else values
        axes.plot(shown, heights, linestyle="none", markersize=6, **mark)
