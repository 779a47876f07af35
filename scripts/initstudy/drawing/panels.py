"""Small pictures of one variant beside the baseline, for the rows and reasons of the report."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from initstudy.analysis.decisions import BASELINE
from initstudy.analysis.measures import metric_of
from initstudy.drawing.scales import clipped, scale_curves
from initstudy.drawing.style import (
    BASELINE_STYLE,
    canvas,
    draw_line,
    legend,
    shortened,
    variant_styles,
)
from initstudy.results.findings import ACTIVATIONS, COPIES, DEAD_UNITS, GRADIENTS, OVERFLOW, Reason
from initstudy.results.study import StudyResults

SIZE = 4.6, 2.7


class Quantity(NamedTuple):
    """What a reason is about.

    Attributes:
        column: of the diagnostics.
        words: of it.
        log: whether its scale is logarithmic.
    """

    column: str
    words: str
    log: bool


QUANTITIES = {
    OVERFLOW: Quantity("activation_sd", "activations, standard deviation", True),
    COPIES: Quantity("repeated_units", "units that repeat another", False),
    DEAD_UNITS: Quantity("dead_units", "dead units", False),
    ACTIVATIONS: Quantity("activation_sd", "activations, standard deviation", True),
    GRADIENTS: Quantity("gradient_sd", "gradients, standard deviation", True),
}


def curve(results: StudyResults, variant: str) -> Figure:
    """Draw the mean metric of a variant and of the baseline by epoch, on the same seeds."""
    study, metric = results.study, metric_of(results.study)
    styles, seeds = variant_styles(results.initializers), results.judged_on(variant)
    title = f"Mean of n = {len(seeds)} seeds; dashed: training"
    with canvas("", SIZE) as (figure, (axes,)):
        for name in dict.fromkeys([BASELINE, variant]):
            for column, dashes in ((study.val_metric, "-"), (study.metric, (0, (4, 2)))):
                mean = results.curves(name, seeds, column).mean(axis=0)
                style = {**styles[name], "linestyle": dashes, "linewidth": 1.6}
                draw_line(axes, clipped(metric, mean), style)
            axes.plot([], [], color=styles[name]["color"], label=shortened(name, 28))
        axes.set_xlim(1, max(2, study.epochs))
        scale_curves(axes, metric, gap=0.12)
        if not metric.share:
            axes.set_ylabel(metric.words)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.set_xlabel("epoch")
        axes.set_title(title, size="medium")
        legend(figure, axes.get_legend_handles_labels()[0])
    return figure


def reason(results: StudyResults, variant: str, what: Reason) -> Figure:
    """Draw the quantity that sets a variant's networks apart from the baseline's, by layer.

    The line is the mean over seeds, the band goes from the lowest to the highest of them.

    Args:
        results: of the study.
        variant: that loses.
        what: sets it apart.
    """
    quantity = QUANTITIES[what.kind]
    table, seeds = results.diagnostics, results.judged_on(variant)
    table = table[(table["epoch"] == what.epoch) & table["seed"].isin(seeds)]
    when = f"after epoch {what.epoch}" if what.epoch else "at the start"
    with canvas("", SIZE) as (figure, (axes,)):
        drawn: list[pd.DataFrame] = []
        for name, style in ((BASELINE, BASELINE_STYLE), (variant, _style(results, variant))):
            own = table[table["variant"] == name].groupby("layer")[quantity.column]
            lines = own.agg(["mean", "min", "max"]).replace([np.inf, -np.inf], np.nan)
            drawn.append(lines)
            draw_line(axes, lines["mean"].to_numpy(), style, lines[["min", "max"]].to_numpy().T)
            axes.plot([], [], color=style["color"], label=shortened(name, 28))
        _scale(axes, quantity, drawn)
        axes.set_xlabel("layer, from the input to the output")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.set_title(f"{quantity.words[0].upper()}{quantity.words[1:]}, {when}", size="medium")
        legend(figure, axes.get_legend_handles_labels()[0])
    return figure


def _style(results: StudyResults, variant: str) -> dict[str, Any]:
    return variant_styles(results.initializers)[variant]


def _scale(axes: Any, quantity: Quantity, drawn: Sequence[pd.DataFrame]) -> None:
    if not quantity.log:
        axes.set_ylim(-0.03, 1.03)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{100 * y:g} %"))
    elif (pd.concat(drawn) > 0).any(axis=None):
        axes.set_yscale("log")
