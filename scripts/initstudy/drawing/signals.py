"""Signals by depth as a picture: dead units, gradients and activations of each layer."""

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
    """A column of the picture."""

    measure: str
    title: str
    log: bool


# The last, where lines end farthest from each other, has the labels.
PANELS = [
    Panel("dead_units", "Dead units, share of the layer", log=False),
    Panel("gradient_sd", "Gradients, standard deviation", log=True),
    Panel("activation_sd", "Activations, standard deviation", log=True),
]


@dataclass(frozen=True)
class Signals:
    """The diagnostics of one variant.

    Attributes:
        label: what stands beside its line.
        accuracy: its mean final validation accuracy.
        measures: by name, float64 (seeds, epochs, layers); nan where a replicate has diverged.
    """

    label: str
    accuracy: float
    measures: dict[str, Floats]


def by_layer(
    rows: pd.DataFrame, epochs: Sequence[int], seeds: range
) -> dict[str, npt.NDArray[np.float64]]:
    """The diagnostics of a variant, as `Signals` has them.

    Args:
        rows: of that variant, see `diagnostics.read`.
        epochs: all that were diagnosed, 0 among them.
        seeds: its replicates.
    """
    shape = len(seeds), len(epochs), int(rows["layer"].max())
    place = (
        rows["seed"].to_numpy() - seeds.start,
        np.searchsorted(epochs, rows["epoch"]),
        rows["layer"].to_numpy() - 1,
    )
    values = {}
    for panel in PANELS:
        values[panel.measure] = np.full(shape, np.nan)
        values[panel.measure][place] = rows[panel.measure]
    return values


def signals_by_depth(title: str, epochs: Sequence[int], variants: Sequence[Signals]) -> Figure:
    """Dead units, gradients and activations of each layer, at the start and in the end.

    Each line is the mean over seeds; the band goes from the lowest seed to the highest. Of more
    than MANY_LINES, the baseline, the best and the worst are drawn, and behind them how the means
    of all are spread.

    Args:
        title: of the figure.
        epochs: all that were diagnosed, from 0 on; the first and the last are drawn.
        variants: drawn in this order; the one labelled `baseline` is drawn in black.
    """
    moments = sorted({0, len(epochs) - 1})
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
        figure = Figure(figsize=(10, 1.2 + 3.2 * len(moments)), layout="constrained")
        grid = figure.subplots(len(moments), len(PANELS), squeeze=False, sharex=True, sharey="col")
        styles = line_styles([variant.label for variant in shown])
        for panel, column in zip(PANELS, grid.T, strict=True):
            lines = {v.label: _over_seeds(v.measures[panel.measure][:, moments]) for v in variants}
            limits = _limits(panel, [lines[v.label] for v in shown])
            column[0].set_ylim(limits)
            for place, axes in enumerate(column):
                if many:
                    _draw_all(axes, [mean[place] for mean, _, _ in lines.values()], limits)
                for variant, style in zip(shown, styles, strict=True):
                    drawn = [np.clip(part[place], *limits) for part in lines[variant.label]]
                    _draw(axes, drawn, style, band=not many)
                _dress(axes, panel, variants[0].measures[panel.measure].shape[-1])
            column[0].set_title(panel.title)
        for place, (moment, axes) in enumerate(zip(moments, grid[:, -1], strict=True)):
            ends = {v.label: lines[v.label][0][place, -1] for v in shown}
            heights = [float(np.clip(np.nan_to_num(e), *limits)) for e in ends.values()]
            labels = [label + ": diverged" * bool(np.isnan(ends[label])) for label in ends]
            label_ends(axes, heights, labels, styles)
            when = f"after epoch {epochs[moment]}" if moment else "at the start"
            grid[place, 0].set_ylabel(f"{when}\n", weight="bold")
        figure.supxlabel(_note(variants, many), size="medium")
        figure.suptitle(title, x=0.01, ha="left", weight="bold")
    return figure


def _over_seeds(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean, lowest and highest over the first axis, without what is not a number."""
    known = np.ma.masked_invalid(values)
    mean, low, high = (
        np.ma.filled(part, np.nan) for part in (known.mean(0), known.min(0), known.max(0))
    )
    return mean, low, high


def _limits(panel: Panel, lines: Sequence[tuple[Floats, Floats, Floats]]) -> tuple[float, float]:
    """Of the axis: all that can be drawn is within; zeros are drawn at the end of a log axis."""
    if not panel.log:
        return -0.03, 1.03
    drawn = np.array([part for line in lines for part in line])
    drawn = drawn[np.isfinite(drawn) & (drawn > 0)]
    return (float(drawn.min()) / 2, float(drawn.max()) * 2) if drawn.size else (0.1, 10)


def _draw(axes: Axes, drawn: Sequence[Floats], style: dict[str, Any], band: bool) -> None:
    mean, low, high = drawn
    layers = np.arange(1, len(mean) + 1)
    # With few layers it must be seen where they are, and a single one has no line.
    axes.plot(layers, mean, marker="o" if len(layers) <= 10 else "", markersize=4, **style)
    if band:
        axes.fill_between(layers, low, high, color=style["color"], alpha=0.13, linewidth=0)


def _draw_all(axes: Axes, means: Sequence[Floats], limits: tuple[float, float]) -> None:
    """How the means of many variants are spread."""
    known = np.nan_to_num(np.array(means), nan=limits[0])
    levels = np.clip(np.quantile(known, [0.05, 0.25, 0.75, 0.95], axis=0), *limits)
    layers = np.arange(1, levels.shape[1] + 1)
    axes.fill_between(layers, levels[0], levels[3], color="#e4e4e4", linewidth=0, zorder=0)
    axes.fill_between(layers, levels[1], levels[2], color="#c8c8c8", linewidth=0, zorder=0)


def _dress(axes: Axes, panel: Panel, layers: int) -> None:
    axes.set_xlim(0.8, layers + 0.2)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if panel.log:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(numticks=7))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{100 * y:.0f} %"))


def _note(variants: Sequence[Signals], many: bool) -> str:
    seeds = len(variants[0].measures["dead_units"])
    text = "layer, from the input to the output\n"
    if many:
        return text + (
            f"Lines, means of n = {seeds} seeds: the baseline, the best and the worst "
            f"{ENDS_OF_LINES} by accuracy. Grey: the middle half and nine tenths of all "
            f"{len(variants)} means."
        )
    bands = "; band: from the lowest to the highest seed" if seeds > 1 else ""
    return text + f"mean of n = {seeds} seeds{bands}; zeros lie on the lower edge of log scales"
