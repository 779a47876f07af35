"""All pairs of a factorial design as heat maps: how they ended, and their interactions."""

import math
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import FuncNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter
from scipy.special import expit, logit

from initstudy.analysis.interaction import Layout, effects
from initstudy.analysis.interaction import layout as layout_of
from initstudy.analysis.levels import Floats
from initstudy.analysis.measures import Measure, metric_of
from initstudy.drawing.catalog import judged_set
from initstudy.drawing.scales import HIGHEST, LOWEST, TICKS, set_ticks, sparse_ticks
from initstudy.drawing.style import canvas
from initstudy.results.study import StudyResults

# The first keeps its order with every common colour vision and in grey. The second does so for each
# sign (Harrower and Brewer, 2003, ColorBrewer.org); the sign itself is written into the cells.
SEQUENTIAL, DIVERGING = "viridis", "PuOr"

FAILS: Any = {"marker": "X", "color": "white", "markeredgecolor": "black", "markersize": 8}

# More columns leave no room for numbers in the cells, more rows or columns not for all names.
MANY_COLUMNS, MANY_NAMES = 9, 40


def pairs(results: StudyResults, title: str) -> Figure:
    """Draw how all pairs of a factorial design ended, and their interactions."""
    study = results.study
    layout = layout_of(results, study.selection)
    failing = {
        (one.kernel, one.bias)
        for one in results.findings.variants
        if one.name != "best" and one.failures and 2 * one.failures.failed >= one.seeds
    }
    return draw_pairs(title, layout, metric_of(study), judged_set(study), failing)


def draw_pairs(
    title: str,
    layout: Layout,
    metric: Measure,
    judged: str = "validation",
    failing: Collection[tuple[str, str]] = (),
) -> Figure:
    """Draw the means at the end by kernel and bias initializer, beside them the interactions.

    Rows and columns go from the best mean to the worst. Colours end where cells lie far off (see
    `_far_below`), so that one diverged pair does not make all others look alike.

    Args:
        title: of the figure.
        layout: how all pairs ended; the baseline's initializers are its first.
        judged: the set of examples: test or validation.
        failing: pairs of which half of the runs fail, or more; they have a mark.
        metric: that is drawn.
    """
    rows = np.argsort(-metric.sign * layout.ends.mean(axis=(0, 2)), kind="stable")
    columns = np.argsort(-metric.sign * layout.ends.mean(axis=(0, 1)), kind="stable")
    ends, interactions = (
        values[:, rows][:, :, columns]
        for values in (layout.ends, effects(layout.ends)["interaction"])
    )
    seeds, kernels, biases = ends.shape
    means, beyond = ends.mean(axis=0), interactions.mean(axis=0)
    numbers = biases <= MANY_COLUMNS and kernels <= MANY_NAMES
    height = 2.6 + (0.46 if numbers else 0.16) * min(kernels, MANY_NAMES)
    with canvas(title, (10, height), (1, 2)) as (figure, (left, right)):
        images = (
            _means(left, means, metric, seeds),
            _interactions(right, beyond, metric),
        )
        left.set_title(f"Final {judged} {metric.words}")
        right.set_title("Interaction")
        for axes in (left, right):
            _names(axes.yaxis, [layout.kernels[i] for i in rows])
            _names(axes.xaxis, [layout.biases[i] for i in columns])
            for label in axes.get_xticklabels():
                label.set(rotation=45, ha="right", rotation_mode="anchor")
            axes.set(xlabel="bias initializer", aspect="auto")
            axes.grid(visible=False)
            axes.spines[:].set_visible(False)
            _frame(axes, row=int(np.argmin(rows)), column=int(np.argmin(columns)))
        right.tick_params(axis="y", labelleft=False)
        left.set_ylabel("kernel initializer")
        if numbers:
            spreads = ends.std(axis=0, ddof=1) if seeds > 1 else np.full(means.shape, np.nan)
            _write(images[0], lambda cell: _cell(means[cell], spreads[cell], metric))
            _write(images[1], lambda cell: _signed(metric.scale * beyond[cell], metric.places))
        for row, column in np.ndindex(means.shape):
            if (layout.kernels[int(rows[row])], layout.biases[int(columns[column])]) in failing:
                left.plot(column + 0.36, row - 0.32, **FAILS)
        notes = ["Framed: the baseline. The best means are at the top and on the left."]
        notes += ["±: standard deviation of the seeds."] * (numbers and seeds > 1)
        notes += ["×: half of the runs fail, or more."] * bool(failing)
        figure.supxlabel(" ".join(notes), size="medium")
    return figure


def _means(axes: Axes, means: Floats, metric: Measure, seeds: int) -> AxesImage:
    if not metric.share:
        # As of accuracies, light is better; colours end where cells are far worse.
        low, high = float(means.min()), -_far_below(-means)
        reverse = Normalize(low, max(high, low + 1e-9))
        image = axes.imshow(means, cmap=f"{SEQUENTIAL}_r", norm=reverse)
        _color_bar(image, f"{metric.words}, {metric.direction},\nmean of n = {seeds} seeds")
        return image
    label = f"percent, mean of n = {seeds} seeds\n(logit scale)"
    logits = logit(np.clip(means, LOWEST, HIGHEST))
    low = _far_below(logits)
    high = max(float(logits.max()), low + 0.05)
    norm = FuncNorm((_logit, expit), *expit([low, high]))
    image = axes.imshow(means, cmap=SEQUENTIAL, norm=norm)
    bar = _color_bar(image, label)
    set_ticks(bar, sparse_ticks(bar, TICKS, gap=0.1), lambda value: f"{100 * value:g}")
    return image


def _logit(values: Floats) -> Floats:
    """Bound the domain, since colour bars read a little further than they show."""
    bounded: Floats = logit(np.clip(values, 1e-9, 1 - 1e-9))
    return bounded


def _interactions(axes: Axes, beyond: Floats, metric: Measure) -> AxesImage:
    least = 1e-3 if metric.share else 1e-9
    limit = max(-_far_below(-np.abs(beyond)), least)
    image = axes.imshow(beyond, cmap=DIVERGING, norm=Normalize(-limit, limit))
    what = "percentage points more or less" if metric.share else f"{metric.words}, more or less"
    label = f"{what}\nthan kernel and bias effect in sum"
    text = FuncFormatter(lambda value, _: f"{metric.scale * value:+.4g}" if value else "0")
    _color_bar(image, label).set_major_formatter(text)
    return image


def _far_below(values: Floats) -> float:
    """Find where values are far below the others, and colours need not go: the lower inner fence.

    It is one and a half times the width of the middle half below it, or the smallest value.

    Reference:
        Tukey, 1977, Exploratory Data Analysis, section 2D.
    """
    lower, upper = np.quantile(values, [0.25, 0.75])
    return float(max(values.min(), lower - 1.5 * (upper - lower)))


def _color_bar(image: AxesImage, label: str) -> Axis:
    """Put it below its image, pointed where colours end before the values do."""
    values = np.asarray(image.get_array())
    low, high = np.array(image.get_clim(), dtype=np.float64)
    # What rounding makes of the same value lies not beyond it.
    lower, upper = values.min() < low - 1e-9, values.max() > high + 1e-9
    extend = {(True, False): "min", (False, True): "max", (True, True): "both"}
    bar = image.axes.figure.colorbar(
        image, location="bottom", extend=extend.get((lower, upper), "neither"), aspect=30
    )
    bar.set_label(label)
    axes: Axes = bar.ax
    return axes.xaxis


def _names(axis: Axis, names: Sequence[str]) -> None:
    shown = range(0, len(names), math.ceil(len(names) / MANY_NAMES))
    axis.set_ticks(list(shown), [names[place] for place in shown])
    axis.set_tick_params(length=0, labelsize=7 if len(names) > MANY_COLUMNS else "medium")


def _frame(axes: Axes, row: int, column: int) -> None:
    corner = column - 0.5, row - 0.5
    for color, width in (("white", 4), ("black", 2)):
        style: Any = {"fill": False, "edgecolor": color, "linewidth": width, "clip_on": False}
        axes.add_patch(Rectangle(corner, 1, 1, **style))


def _write(image: AxesImage, text: Callable[[tuple[int, ...]], str]) -> None:
    """Write into each cell, black or white, whichever its colour carries better."""
    colors = image.to_rgba(np.asarray(image.get_array()))
    place: Any = {"ha": "center", "va": "center", "size": 9, "linespacing": 1.0}
    for cell in np.ndindex(colors.shape[:2]):
        light = float(colors[cell][:3] @ [0.2126, 0.7152, 0.0722]) > 0.45
        color = "black" if light else "white"
        image.axes.text(cell[1], cell[0], text(cell), color=color, **place)


def _cell(mean: float, spread: float, metric: Measure) -> str:
    places = metric.places
    beside = f"\n±{metric.scale * spread:.{places}f}" if np.isfinite(spread) else ""
    return f"{metric.scale * mean:.{places}f}{beside}"


def _signed(value: float, places: int) -> str:
    return f"{round(value, places) + 0.0:+.{places}f}"
