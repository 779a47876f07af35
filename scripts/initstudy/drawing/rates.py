"""What each variant reaches by learning rate, and by how many learning rates are tried."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from initstudy.analysis import learning_rates as rates
from initstudy.analysis.measures import Measure, measure_of
from initstudy.drawing.scales import amount, describe, scale_values, set_ticks
from initstudy.drawing.style import (
    ENDS_OF_LINES,
    MANY_LINES,
    best_and_worst,
    canvas,
    label_ends,
    line_styles,
)
from initstudy.results.study import StudyResults


def learning_rates(results: StudyResults, title: str) -> Figure:
    """Draw what each variant reaches at each learning rate."""
    metric = measure_of(results.study)
    tried = rates.read(results.learning_rates_file, results.study.metric)
    means = rates.means(tried, metric)
    chosen = rates.chosen(means, metric)
    figure = lines(title, means.sort_index(axis=1), metric, chosen)
    figure.axes[0].set_xlabel(
        "learning rate (large dots: each variant's own, which it is judged at)\n"
        f"{metric.middle} of n = {tried['seed'].nunique()} separate tuning seeds"
    )
    return figure


def budgets(results: StudyResults, title: str) -> Figure:
    """Draw what each variant reaches by how many learning rates are tried."""
    metric = measure_of(results.study)
    reached = rates.by_budget(rates.read(results.learning_rates_file, results.study.metric), metric)
    figure = lines(title, reached, metric)
    figure.axes[0].set_xlabel("learning rates that are tried, of those of the study")
    return figure


def lines(
    title: str,
    table: pd.DataFrame,
    metric: Measure | None = None,
    chosen: pd.Series | None = None,
) -> Figure:
    """Draw a line for each variant, with its name and the value that counts beside its end.

    Args:
        title: of the figure.
        table: a row for each variant, and a column for each learning rate, or for each number of
            them, in ascending order. Of more than MANY_LINES variants the baseline, the best and
            the worst are drawn.
        metric: that the values are of, as fractions of 1 if it is a share; None if they are scores,
            on a linear scale.
        chosen: the learning rate of each variant, whose value counts; columns are learning rates
            then, on a logarithmic scale. None if the last value counts.
    """
    at = pd.Series(table.columns[-1], table.index) if chosen is None else chosen
    counts = pd.Series({name: table.loc[name, at[name]] for name in table.index})
    if len(table) > MANY_LINES:
        scores = ((metric.sign if metric else 1) * counts).tolist()
        places = best_and_worst(list(table.index), scores, ENDS_OF_LINES)
        table, at, counts = table.iloc[places], at.iloc[places], counts.iloc[places]
    columns, styles = table.columns.to_numpy(dtype=float), line_styles(list(table.index))
    with canvas(title, (9, max(4.6, 0.36 * len(table)))) as (figure, (axes,)):
        values = table.to_numpy()
        if metric:
            ends = scale_values(axes, values.ravel().tolist(), metric, gap=0.05)
            values = np.clip(values, *ends)
            name = describe(metric, "validation")
            axes.set_ylabel(name.replace("correctly after", "correctly\nafter"))
        if chosen is None:
            axes.set_xlim(0.9, columns[-1])
        else:
            axes.set_xscale("log")
            axes.set_xlim(columns[0] / 1.1, columns[-1])
        set_ticks(axes.xaxis, columns.tolist(), "{:g}".format)
        mark = {"marker": "o", "markersize": 4} if chosen is None else {"marker": "."}
        for row, rate, style in zip(values, at, styles, strict=True):
            axes.plot(columns, row, clip_on=False, **mark, **style)
            if chosen is not None:
                own = row[table.columns.get_loc(rate)]
                axes.plot(rate, own, "o", color=style["color"], markersize=8, clip_on=False)
        texts = [
            f"{label} {amount(metric, value) if metric else f'{value:.3f}'}"
            + (f" at {rate:g}" if chosen is not None else "")
            for label, value, rate in zip(table.index, counts, at, strict=True)
        ]
        label_ends(axes, values[:, -1].tolist(), texts, styles)
    return figure
