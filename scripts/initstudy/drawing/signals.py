"""Signals by depth as a picture: dead units, gradients and activations by layer, and by epoch."""

import itertools
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import matplotlib
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from initstudy.drawing.figures import (
    BASELINE,
    ENDS_OF_LINES,
    MANY_LINES,
    STYLE,
    label_ends,
    line_styles,
)

Floats = npt.NDArray[np.float64]


class Panel(NamedTuple):
    """A column of the picture.

    Attributes:
        measure: one of `diagnostics.MEASURES`.
        title: what it is.
        log: whether its scale is logarithmic.
        layer: that is followed over the epochs: where a signal arrives last; None for all.
        where: that layer in words.
    """

    measure: str
    title: str
    log: bool
    layer: int | None
    where: str


# The last, where lines end farthest from each other, has the labels.
PANELS = [
    Panel("dead_units", "Dead units, share of the layer", False, None, "share of all units"),
    Panel("gradient_sd", "Gradients, standard deviation", True, 0, "in the first layer"),
    Panel("activation_sd", "Activations, standard deviation", True, -1, "in the last layer"),
]
# Where more epochs were looked at, some have no label.
MOST_EPOCHS = 9
# What is said of the layers has no more letters in a line, and no more lines.
LETTERS, LINES = 120, 3


@dataclass(frozen=True)
class Signals:
    """The diagnostics of one variant.

    Attributes:
        label: what stands beside its line.
        accuracy: its mean final accuracy.
        measures: by name, float64 (seeds, epochs, layers); nan where a replicate has diverged.
        units: of each layer, float64 (layers,).
        names: of the layers, "" where one is not known.
    """

    label: str
    accuracy: float
    measures: dict[str, Floats]
    units: Floats
    names: Sequence[str]

    def over_epochs(self, panel: Panel) -> Floats:
        """A measure in the panel's layer, or that of all units, float64 (seeds, epochs)."""
        values = self.measures[panel.measure]
        if panel.layer is not None:
            return values[:, :, panel.layer]
        shares: Floats = np.average(values, axis=2, weights=self.units)
        return shares


def signals_of(
    label: str, accuracy: float, rows: pd.DataFrame, epochs: Sequence[int], seeds: range
) -> Signals:
    """The diagnostics of a variant, as they are drawn.

    Args:
        label: what stands beside its line.
        accuracy: its mean final accuracy.
        rows: of that variant, see `diagnostics.read`.
        epochs: all that were looked at, 0 among them.
        seeds: its replicates; others are left out.
    """
    seed, epoch, layer = (rows[name].to_numpy() for name in ("seed", "epoch", "layer"))
    layers = rows.drop_duplicates("layer").sort_values("layer")
    units = layers["units"].to_numpy(np.float64)
    own = (seed >= seeds.start) & (seed < seeds.stop)
    place = seed[own] - seeds.start, np.searchsorted(epochs, epoch[own]), layer[own] - 1
    values = {}
    for panel in PANELS:
        values[panel.measure] = np.full((len(seeds), len(epochs), len(units)), np.nan)
        values[panel.measure][place] = rows[panel.measure].to_numpy()[own]
    return Signals(label, accuracy, values, units, layers["name"].tolist())


def signals_by_depth(title: str, epochs: Sequence[int], variants: Sequence[Signals]) -> Figure:
    """Dead units, gradients and activations: by layer at the start and in the end, and by epoch.

    Each line is the mean over seeds; the band goes from the lowest seed to the highest. Of more
    than MANY_LINES, the baseline, the best and the worst are drawn, and behind them how the means
    of all are spread. Epochs have equal distances, since they are looked at ever more seldom.

    Args:
        title: of the figure.
        epochs: all that were looked at, from 0 on. The first and the last are drawn by layer; if
            there are more, all of them by epoch.
        variants: drawn in this order; the one labelled `baseline` is drawn in black.
    """
    moments = sorted({0, len(epochs) - 1})
    names = ["at the start", f"after epoch {epochs[-1]}"][: len(moments)]
    names += ["by epoch"] * (len(epochs) > 2)
    many = len(variants) > MANY_LINES
    ranks = np.argsort(np.argsort([variant.accuracy for variant in variants], kind="stable"))
    shown = [
        variant
        for variant, rank in zip(variants, ranks, strict=True)
        if not many
        or variant.label == BASELINE
        or not ENDS_OF_LINES <= rank < len(variants) - ENDS_OF_LINES
    ]
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(10, 1.2 + 3.1 * len(names)), layout="constrained")
        grid = figure.subplots(len(names), len(PANELS), squeeze=False, sharey="col")
        styles = line_styles([variant.label for variant in shown])
        for panel, column in zip(PANELS, grid.T, strict=True):
            lines = {v.label: _rows(v, panel, moments)[: len(names)] for v in variants}
            limits = _limits(panel, [line for v in shown for line in lines[v.label]])
            column[0].set_ylim(limits)
            for row, axes in enumerate(column):
                if many:
                    _draw_all(axes, [own[row].mean for own in lines.values()], limits)
                for variant, style in zip(shown, styles, strict=True):
                    _draw(axes, lines[variant.label][row], limits, style, band=not many)
                _scale(axes, panel)
                if row < len(moments):
                    _count_layers(axes, len(variants[0].units))
                else:
                    _name_epochs(axes, epochs)
                    axes.set_title(panel.where, size="medium")
            column[0].set_title(panel.title)
        # The lines are those of the last panel now, which has the labels.
        for row, (name, axes) in enumerate(zip(names, grid[:, -1], strict=True)):
            ends = {v.label: lines[v.label][row].mean[-1] for v in shown}
            heights = [float(np.clip(np.nan_to_num(e), *limits)) for e in ends.values()]
            labels = [label + ": diverged" * bool(np.isnan(ends[label])) for label in ends]
            label_ends(axes, heights, labels, styles)
            grid[row, 0].set_ylabel(f"{name}\n", weight="bold")
        grid[len(moments) - 1, 1].set_xlabel("layer, from the input to the output")
        if len(names) > len(moments):
            grid[-1, 1].set_xlabel("epoch")
        figure.supxlabel(f"{_note(variants, many)}\n{_layers(variants[0])}", size="medium")
        figure.suptitle(title, x=0.01, ha="left", weight="bold")
    return figure


class Line(NamedTuple):
    """Mean, lowest and highest over seeds, by layer or by epoch."""

    mean: Floats
    low: Floats
    high: Floats


def _rows(variant: Signals, panel: Panel, moments: Sequence[int]) -> list[Line]:
    """A variant's lines in a column: by layer at each moment, and by epoch."""
    by_layer = [variant.measures[panel.measure][:, moment] for moment in moments]
    return [_over_seeds(values) for values in (*by_layer, variant.over_epochs(panel))]


def _over_seeds(values: Floats) -> Line:
    """Over the first axis, without what is not a number."""
    if np.isfinite(values).all():
        return Line(values.mean(0), values.min(0), values.max(0))
    known = np.ma.masked_invalid(values)
    return Line(
        *(np.ma.filled(part, np.nan) for part in (known.mean(0), known.min(0), known.max(0)))
    )


def _limits(panel: Panel, lines: Sequence[Line]) -> tuple[float, float]:
    """Of the axis: all that can be drawn is within; zeros are drawn at the end of a log axis."""
    if not panel.log:
        return -0.03, 1.03
    drawn = np.concatenate([part for line in lines for part in line])
    drawn = drawn[np.isfinite(drawn) & (drawn > 0)]
    return (float(drawn.min()) / 2, float(drawn.max()) * 2) if drawn.size else (0.1, 10)


def _draw(
    axes: Axes, line: Line, limits: tuple[float, float], style: dict[str, Any], band: bool
) -> None:
    mean, low, high = (np.clip(part, *limits) for part in line)
    places = np.arange(1, len(mean) + 1)
    # With few of them it must be seen where they are, and a single one has no line.
    axes.plot(places, mean, marker="o" if len(places) <= 10 else "", markersize=4, **style)
    if band:
        axes.fill_between(places, low, high, color=style["color"], alpha=0.13, linewidth=0)


def _draw_all(axes: Axes, means: Sequence[Floats], limits: tuple[float, float]) -> None:
    """How the means of many variants are spread."""
    known = np.nan_to_num(np.array(means), nan=limits[0])
    levels = np.clip(np.quantile(known, [0.05, 0.25, 0.75, 0.95], axis=0), *limits)
    places = np.arange(1, levels.shape[1] + 1)
    axes.fill_between(places, levels[0], levels[3], color="#e4e4e4", linewidth=0, zorder=0)
    axes.fill_between(places, levels[1], levels[2], color="#c8c8c8", linewidth=0, zorder=0)


def _scale(axes: Axes, panel: Panel) -> None:
    if panel.log:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(numticks=7))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{100 * y:.0f} %"))


def _count_layers(axes: Axes, layers: int) -> None:
    axes.set_xlim(0.8, layers + 0.2)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def _name_epochs(axes: Axes, epochs: Sequence[int]) -> None:
    axes.set_xlim(0.8, len(epochs) + 0.2)
    step = -(-len(epochs) // MOST_EPOCHS)
    # Counted from the end, which always has its label.
    places = range(len(epochs), 0, -step)
    axes.set_xticks(places, [str(epochs[place - 1]) for place in places])


def _note(variants: Sequence[Signals], many: bool) -> str:
    seeds = len(variants[0].measures["dead_units"])
    if many:
        return (
            f"Lines, means of n = {seeds} seeds: the baseline, the best and the worst "
            f"{ENDS_OF_LINES} by accuracy. Grey: the middle half and nine tenths of all "
            f"{len(variants)} means."
        )
    bands = "; band: from the lowest to the highest seed" if seeds > 1 else ""
    return f"mean of n = {seeds} seeds{bands}; zeros lie on the lower edge of log scales"


def _layers(variant: Signals) -> str:
    """Which layers they are, those of one name and size together."""
    parts, number = [], 1
    for (name, units), alike in itertools.groupby(zip(variant.names, variant.units, strict=True)):
        last = number + len(list(alike)) - 1
        which = str(number) if number == last else f"{number} to {last}"
        parts.append(f"{which}{' ' * bool(name)}{name} ({units:.0f})")
        number = last + 1
    return textwrap.fill(
        f"layers (units): {', '.join(parts)}",
        LETTERS,
        max_lines=LINES,
        placeholder=" ..., see diagnostics.csv",
        break_on_hyphens=False,
    )
