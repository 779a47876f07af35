"""The difference of every two variants, as a table in the colours of its decisions."""

from collections.abc import Iterable
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from initstudy.analysis.measures import Measure, measure_of
from initstudy.analysis.statistics import letters
from initstudy.drawing.style import canvas, legend
from initstudy.engine.spec import METRIC
from initstudy.results.findings import BETTER, EQUIVALENT, INCONCLUSIVE
from initstudy.results.study import StudyResults

COLORS = {BETTER: "#9ad0f0", EQUIVALENT: "#cccccc", INCONCLUSIVE: "#ffffff"}
LABELS = {**{decision: decision for decision in COLORS}, BETTER: "row is better than column"}
# More variants leave no room for numbers.
MANY_NUMBERS = 20


def comparisons(results: StudyResults, title: str) -> Figure:
    """Draw the difference of every two variants, and what was decided of it."""
    metric = measure_of(results.study)
    scores = metric.sign * results.summary.set_index("variant")["metric_value"]
    seeds = len(results.study.selection)
    return draw_comparisons(f"{title}, n = {seeds} seeds", results.pairs, scores, metric)


def draw_comparisons(title: str, pairs: pd.DataFrame, scores: pd.Series, metric: Measure) -> Figure:
    """Draw the difference of every two variants, and what was decided of it.

    Args:
        title: of the figure.
        pairs: `summary.PAIR_COLUMNS`; the better variant is the first of the two.
        scores: of what variants are judged by, by variant.
        metric: that they are judged by.
    """
    compared = {*pairs["variant"], *pairs["other"]}
    names = [name for name in scores.sort_values(ascending=False).index if name in compared]
    names = sorted(names, key=lambda name: -int((pairs["variant"] == name).sum()))
    decided = pairs[pairs["decision"] == BETTER]
    shared = letters(names, zip(decided["variant"], decided["other"], strict=True))
    decimals = 2 if metric.name == "loss" else 1
    size = 0.42 * len(names)
    # The legend needs its width, however few they are.
    shape = max(8.5, 2.8 + 1.25 * size), 3 + 0.8 * size
    with canvas(title, shape) as (figure, (axes,)):
        rows: Iterable[Any] = pairs.itertuples()
        for row in rows:
            x, y, color = names.index(row.other), names.index(row.variant), COLORS[row.decision]
            axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, color=color, linewidth=0))
            if len(names) <= MANY_NUMBERS:
                text = f"{metric.scale * row.difference:.{decimals}f}".replace("inf", "∞")
                axes.text(x, y, text, ha="center", va="center", size="small")
        axes.set_xlim(0.5, len(names) - 0.5)
        axes.set_ylim(len(names) - 1.5, -0.5)
        labels = [f"{name}  {shared[name]}" for name in names]
        axes.set_xticks(range(1, len(names)), labels[1:], rotation=90)
        axes.set_yticks(range(len(names) - 1), labels[:-1])
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        handles = [
            Patch(facecolor=color, edgecolor="#999999", label=LABELS[decision])
            for decision, color in COLORS.items()
        ]
        legend(figure, handles)
        unit = ", percentage points" if metric.share else ""
        what = "" if metric.name == METRIC else f"{metric.words}: "
        middle = "difference of the means" if metric.middle == "mean" else "shift"
        axes.set_xlabel(f"{what}{middle}, row minus column{unit}")
    return figure
