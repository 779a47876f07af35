"""All pairs of a factorial design as a picture: their accuracies, and their interactions."""

import math
from collections.abc import Callable

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import FuncNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from scipy.special import expit, logit

from initstudy.analysis.interaction import Layout, effects
from initstudy.analysis.levels import Floats
from initstudy.analysis.measures import ACCURACY, Measure
from initstudy.analysis.statistics import letters
from initstudy.drawing.figures import STYLE
from initstudy.drawing.scales import HIGHEST, LOWEST, TICKS, sparse_ticks
from initstudy.results.findings import BETTER, EQUIVALENT, INCONCLUSIVE

# The first keeps its order with every common colour vision and in grey. The second does so for each
# sign (Harrower and Brewer, 2003, ColorBrewer.org); the sign itself is written into the cells.
SEQUENTIAL, DIVERGING = "viridis", "PuOr"

# More columns leave no room for numbers in the cells, more rows or columns not for all names.
MANY_COLUMNS, MANY_NAMES = 9, 40
# More variants leave no room for the differences of every two of them.
MANY_NUMBERS = 20


def pairs(title: str, layout: Layout, images: str = "validation") -> Figure:
    """Mean final accuracies by kernel and bias initializer, and beside them the interactions.

    Rows and columns go from the best mean to the worst. Colours end where cells lie far off (see
    `_far_below`), so that one diverged pair does not make all others look alike.

    Args:
        title: of the figure.
        layout: the final accuracies of all pairs; the baseline's initializers are its first.
        images: which ones were classified.
    """
    rows = np.argsort(-layout.accuracies.mean(axis=(0, 2)), kind="stable")
    columns = np.argsort(-layout.accuracies.mean(axis=(0, 1)), kind="stable")
    order = np.ix_(np.arange(len(layout.accuracies)), rows, columns)
    accuracies, interactions = (
        values[order] for values in (layout.accuracies, effects(layout.accuracies)["interaction"])
    )
    seeds, kernels, biases = accuracies.shape
    means, beyond = accuracies.mean(axis=0), interactions.mean(axis=0)
    numbers = biases <= MANY_COLUMNS and kernels <= MANY_NAMES
    with matplotlib.rc_context({**STYLE, "axes.grid": False}):
        height = 2.6 + (0.46 if numbers else 0.16) * min(kernels, MANY_NAMES)
        figure = Figure(figsize=(10, height), layout="constrained")
        panels: tuple[Axes, Axes] = figure.subplots(1, 2)

        logits = logit(np.clip(means, LOWEST, HIGHEST))
        low = _far_below(logits)
        high = max(float(logits.max()), low + 0.05)
        image = panels[0].imshow(
            means, cmap=SEQUENTIAL, norm=FuncNorm((_logit, expit), *expit([low, high]))
        )
        bar = _color_bar(image, f"percent, mean of n = {seeds} seeds\n(logit scale)")
        bar.xaxis.set_major_locator(FixedLocator(sparse_ticks(bar.xaxis, TICKS, gap=0.1)))
        bar.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:g}"))
        bar.xaxis.set_minor_locator(NullLocator())
        panels[0].set_title(f"Final {images} accuracy")

        limit = max(-_far_below(-np.abs(beyond)), 1e-3)
        image_of_effects = panels[1].imshow(beyond, cmap=DIVERGING, norm=Normalize(-limit, limit))
        bar = _color_bar(
            image_of_effects,
            "percentage points more or less\nthan the sum of kernel and bias effect",
        )
        bar.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:+g}" if x else "0"))
        panels[1].set_title("Interaction")

        _names(panels, [layout.kernels[i] for i in rows], [layout.biases[i] for i in columns])
        for axes in panels:
            axes.set_aspect("auto")
            _frame(axes, row=int(np.argmin(rows)), column=int(np.argmin(columns)))
        panels[0].set_ylabel("kernel initializer")
        if numbers:
            spreads = accuracies.std(axis=0, ddof=1) if seeds > 1 else np.full(means.shape, np.nan)
            _write(panels[0], image, lambda cell: _accuracy(means[cell], spreads[cell]))
            _write(panels[1], image_of_effects, lambda cell: _points(beyond[cell]))
        spread = " ±: standard deviation of the seeds." if numbers and seeds > 1 else ""
        figure.suptitle(title, x=0.01, ha="left", weight="bold")
        figure.supxlabel(
            f"Framed: the baseline. The best means are at the top and on the left.{spread}",
            size="medium",
        )
    return figure


def comparisons(
    title: str, pairs: pd.DataFrame, scores: pd.Series, measure: Measure = ACCURACY
) -> Figure:
    """Draw the difference of every two variants, and what was decided of it.

    Args:
        title: of the figure.
        pairs: `summary.PAIR_COLUMNS`; the better variant is the first of the two.
        scores: of what variants are judged by, by variant.
        measure: that they are judged by.
    """
    compared = {*pairs["variant"], *pairs["other"]}
    names = [name for name in scores.sort_values(ascending=False).index if name in compared]
    names = sorted(names, key=lambda name: -int((pairs["variant"] == name).sum()))
    decided = pairs[pairs["decision"] == BETTER]
    shared = letters(names, zip(decided["variant"], decided["other"], strict=True))
    place = {name: number for number, name in enumerate(names)}
    kinds = [BETTER, EQUIVALENT, INCONCLUSIVE]
    colors = dict(zip(kinds, ("#9ad0f0", "#cccccc", "#ffffff"), strict=True))
    places = 2 if measure.name == "loss" else 1
    with matplotlib.rc_context({**STYLE, "axes.grid": False}):
        size = 0.42 * len(names)
        # The legend needs its width, however few they are.
        figure = Figure(figsize=(max(8.5, 2.8 + 1.25 * size), 3 + 0.8 * size), layout="constrained")
        axes = figure.subplots()
        columns = (pairs[name] for name in ("variant", "other", "difference", "decision"))
        for variant, other, difference, decision in zip(*columns, strict=True):
            x, y, color = place[other], place[variant], colors[decision]
            axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, color=color, linewidth=0))
            if len(names) <= MANY_NUMBERS:
                text = f"{measure.scale * difference:.{places}f}".replace("inf", "∞")
                axes.text(x, y, text, ha="center", va="center", size="small")
        axes.set_xlim(0.5, len(names) - 0.5)
        axes.set_ylim(len(names) - 1.5, -0.5)
        labels = [f"{name}  {shared[name]}" for name in names]
        axes.set_xticks(range(1, len(names)), labels[1:], rotation=90)
        axes.set_yticks(range(len(names) - 1), labels[:-1])
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        figure.legend(
            handles=[
                Patch(facecolor=colors[kind], edgecolor="#999999", label=words)
                for kind, words in zip(
                    kinds, ("row is better than column", EQUIVALENT, INCONCLUSIVE), strict=True
                )
            ],
            loc="outside lower center",
            ncols=len(kinds),
            frameon=False,
        )
        figure.suptitle(title, x=0.01, ha="left", weight="bold")
        unit = ", percentage points" if measure.share else ""
        what = "" if measure is ACCURACY else f"{measure.words}: "
        middle = "difference of the means" if measure.middle == "mean" else "shift"
        axes.set_xlabel(f"{what}{middle}, row minus column{unit}")
    return figure


def _far_below(values: Floats) -> float:
    """Where values are far below the others, and colours need not go: at the lower inner fence.

    It is one and a half times the width of the middle half below it, or the smallest value.

    Reference:
        Tukey, 1977, Exploratory Data Analysis, section 2D.
    """
    lower, upper = np.quantile(values, [0.25, 0.75])
    return float(max(values.min(), lower - 1.5 * (upper - lower)))


def _logit(values: Floats) -> Floats:
    """Of what may lie beyond its domain, since colour bars look a little further than they show."""
    bounded: Floats = logit(np.clip(values, 1e-9, 1 - 1e-9))
    return bounded


def _color_bar(image: AxesImage, label: str) -> Axes:
    """Below its image, pointed where colours end before the values do."""
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
    return axes


def _names(panels: tuple[Axes, Axes], kernels: list[str], biases: list[str]) -> None:
    for axes in panels:
        for axis, names in ((axes.yaxis, kernels), (axes.xaxis, biases)):
            shown = range(0, len(names), math.ceil(len(names) / MANY_NAMES))
            axis.set_ticks(list(shown), [names[place] for place in shown])
            axis.set_tick_params(length=0, labelsize=7 if len(names) > MANY_COLUMNS else "medium")
        for label in axes.get_xticklabels():
            label.set(rotation=45, ha="right", rotation_mode="anchor")
        axes.set_xlabel("bias initializer")
        axes.spines[:].set_visible(False)
    panels[1].tick_params(axis="y", labelleft=False)


def _frame(axes: Axes, row: int, column: int) -> None:
    corner = column - 0.5, row - 0.5
    for color, width in (("white", 4), ("black", 2)):
        axes.add_patch(
            Rectangle(corner, 1, 1, fill=False, edgecolor=color, linewidth=width, clip_on=False)
        )


def _write(axes: Axes, image: AxesImage, text: Callable[[tuple[int, int]], str]) -> None:
    """Writes into each cell, black or white, whichever its colour carries better."""
    colors = image.to_rgba(np.asarray(image.get_array()))
    for cell in np.ndindex(colors.shape[:2]):
        light = float(colors[cell][:3] @ [0.2126, 0.7152, 0.0722]) > 0.45
        axes.text(
            cell[1],
            cell[0],
            text(cell),
            ha="center",
            va="center",
            size=9,
            linespacing=1.0,
            color="black" if light else "white",
        )


def _points(value: float) -> str:
    return f"{round(100 * value, 1) + 0.0:+.1f}"


def _accuracy(mean: float, spread: float) -> str:
    return f"{100 * mean:.1f}" + (f"\n±{100 * spread:.1f}" if np.isfinite(spread) else "")
