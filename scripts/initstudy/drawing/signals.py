"""Signals by depth: dead units, gradients and activations by layer, and by epoch."""

import itertools
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from initstudy.analysis.levels import Floats
from initstudy.drawing.curves import label_of
from initstudy.drawing.style import (
    ENDS_OF_LINES,
    MANY_LINES,
    best_and_worst,
    canvas,
    draw_all,
    draw_line,
    label_ends,
    line_styles,
    many_note,
    variant_styles,
)
from initstudy.errors import StudyError
from initstudy.results.study import StudyResults


class Panel(NamedTuple):
    """A column of the picture.

    Attributes:
        column: of the diagnostics.
        title: what it is.
        log: whether its scale is logarithmic.
        layer: that is followed over the epochs, where a signal arrives last: the first, 0, or the
            last, -1; None for the share of all units.
        where: that layer in words.
    """

    column: str
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
# Where more epochs were measured, some have no label.
MOST_EPOCHS = 9
# What is said of the layers has no more letters in a line, and no more lines.
LETTERS, LINES = 120, 3


def signals(results: StudyResults, title: str) -> Figure:
    """Draw dead units, gradients and activations by layer, and by epoch."""
    study, table = results.study, results.diagnostics
    # Of the kernels first of all: they decide what becomes of a signal.
    role = "kernel" if len(study.with_role("kernel")) > 1 else "bias"
    tables = []
    for name in study.with_role(role):
        seeds = results.judged_on(name)
        own = table[(table["variant"] == name) & table["seed"].isin(seeds)]
        if own.empty:
            raise StudyError(f"There are no diagnostics of {name}.")
        tables.append(own.assign(variant=label_of(name, role)))
    ends = study.sign * results.summary.set_index("variant")[f"{study.metric}_mean"]
    ends.index = ends.index.map(lambda name: label_of(name, role))
    styles = variant_styles(results.initializers)
    known = {label_of(name, role): styles[name] for name in study.with_role(role)}
    return draw_signals(title, pd.concat(tables), ends, known)


def draw_signals(
    title: str,
    table: pd.DataFrame,
    ranking: pd.Series,
    known: Mapping[str, dict[str, Any]] | None = None,
) -> Figure:
    """Draw diagnostics by layer at the start and in the end, and by epoch if there are more.

    Each line is the mean over seeds; the band goes from the lowest seed to the highest. Of more
    than MANY_LINES, the baseline, the best and the worst are drawn, and behind them how the means
    of all are distributed. Epochs have equal distances, since they are measured ever more seldom.

    Args:
        title: of the figure.
        table: `DIAGNOSTICS`, of variants that are drawn in the order of their rows; what
            diverged is nan.
        ranking: by variant, how it ended; the largest is the best.
        known: the line of each variant, see `variant_styles`; None to give them some.
    """
    epochs = sorted(table["epoch"].unique().tolist())
    ends = dict(
        zip(("at the start", f"after epoch {epochs[-1]}"), sorted({0, epochs[-1]}), strict=False)
    )
    names = [*ends, *["by epoch"] * (len(epochs) > 2)]
    labels = list(dict.fromkeys(table["variant"]))
    many, shown = len(labels) > MANY_LINES, list(range(len(labels)))
    if many:
        shown = best_and_worst(labels, ranking[labels].tolist(), ENDS_OF_LINES)
    names_shown = [labels[place] for place in shown]
    styles = [known[name] for name in names_shown] if known else line_styles(names_shown)
    size, shape = (10, 1.2 + 3.1 * len(names)), (len(names), len(PANELS))
    with canvas(title, size, shape, sharey="col") as (figure, panels):
        grid = panels.reshape(shape)
        for panel, column in zip(PANELS, grid.T, strict=True):
            rows = [
                _lines(table[table["epoch"] == end], panel, "layer", labels)
                for end in ends.values()
            ]
            rows += [_lines(table, panel, "epoch", labels)] * (len(epochs) > 2)
            limits = _limits(panel, [lines[:, shown] for lines in rows])
            column[0].set_ylim(limits)
            for axes, lines in zip(column, rows, strict=True):
                if many:
                    draw_all(axes, lines[0], limits)
                for place, style in zip(shown, styles, strict=True):
                    mean, *band = np.clip(lines[:, place], *limits)
                    draw_line(axes, mean, style, None if many else np.array(band))
                _scale(axes, panel)
                axes.set_xlim(0.8, lines.shape[2] + 0.2)
                axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
            if len(epochs) > 2:
                _name_epochs(column[-1], epochs)
                column[-1].set_title(panel.where, size="medium")
            column[0].set_title(panel.title)
        # The lines and limits are those of the last panel now, which has the labels.
        for (axes, *_, last), lines, name in zip(grid, rows, names, strict=True):
            means = lines[0, shown, -1]
            texts = [labels[place] for place in shown]
            texts = [
                f"{a}: diverged" if np.isnan(b) else a for a, b in zip(texts, means, strict=True)
            ]
            label_ends(last, np.clip(np.nan_to_num(means), *limits).tolist(), texts, styles)
            axes.set_ylabel(f"{name}\n", weight="bold")
        grid[len(ends) - 1, 1].set_xlabel("layer, from the input to the output")
        if len(epochs) > 2:
            grid[-1, 1].set_xlabel("epoch")
        first = table[table["variant"] == labels[0]]
        seeds = first["seed"].nunique()
        note = f"mean of n = {seeds} seeds"
        note += "; band: from the lowest to the highest seed" * (seeds > 1 and not many)
        note += "; zeros lie on the lower edge of log scales"
        note += f"\n{many_note(len(labels))}" * many
        figure.supxlabel(f"{note}\n{_layers(first)}", size="medium")
    return figure


def _lines(table: pd.DataFrame, panel: Panel, by: str, variants: list[str]) -> Floats:
    """Return mean, lowest and highest over seeds, by layer or by epoch: (3, variants, places).

    It is nan where all seeds have diverged.
    """
    values = table[["variant", "seed", by, panel.column]]
    if by == "epoch" and panel.layer is None:
        units = table["units"]
        groups = table.assign(**{panel.column: table[panel.column] * units}).groupby(
            ["variant", "seed", "epoch"], sort=False
        )
        dead = groups[panel.column].sum(skipna=False) / groups["units"].sum()
        values = dead.rename(panel.column).reset_index()
    elif by == "epoch" and panel.layer is not None:
        layers = sorted(table["layer"].unique())
        values = values[table["layer"] == layers[panel.layer]]
    keys: Any = {"index": "variant", "columns": by, "values": panel.column, "dropna": False}
    found = [values.pivot_table(**keys | {"aggfunc": how}) for how in ("mean", "min", "max")]
    return np.array([one.reindex(variants) for one in found])


def _limits(panel: Panel, rows: Sequence[Floats]) -> tuple[float, float]:
    """Find limits around all that can be drawn; zeros are at the end of a log axis."""
    if not panel.log:
        return -0.03, 1.03
    drawn = np.concatenate([lines.ravel() for lines in rows])
    drawn = drawn[np.isfinite(drawn) & (drawn > 0)]
    return (float(drawn.min()) / 2, float(drawn.max()) * 2) if drawn.size else (0.1, 10)


def _scale(axes: Axes, panel: Panel) -> None:
    if panel.log:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(numticks=7))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{100 * y:.0f} %"))


def _name_epochs(axes: Axes, epochs: Sequence[int]) -> None:
    step = -(-len(epochs) // MOST_EPOCHS)
    # Counted from the end, which always has its label.
    places = range(len(epochs), 0, -step)
    axes.set_xticks(places, [str(epochs[place - 1]) for place in places])


def _layers(table: pd.DataFrame) -> str:
    """Say which layers they are, those of one name and size together."""
    layers = table.drop_duplicates("layer").sort_values("layer")
    parts, number = [], 1
    for (name, units), alike in itertools.groupby(
        zip(layers["name"], layers["units"], strict=True)
    ):
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
