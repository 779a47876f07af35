"""Whether the best pair is ahead on new seeds: it and the baseline, seed by seed."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from initstudy.analysis.measures import measure_of
from initstudy.drawing.catalog import judged_set
from initstudy.drawing.style import BASELINE_STYLE, INK, NARROW, canvas, variant_styles
from initstudy.results.study import StudyResults

WIDTH = 5.6


def confirmation(results: StudyResults, title: str, narrow: bool = False) -> Figure:
    """Draw the best pair and the baseline on each new seed, joined by a line.

    Seeds stand in the order of the difference. If the choice fell on the baseline's own pair, it
    alone is drawn, on the seeds of the choice.

    Args:
        results: of the study.
        title: of the figure.
        narrow: for a phone.
    """
    study, metric = results.study, measure_of(results.study)
    again = "best" in results.initializers
    seeds = study.confirmation if again else study.selection
    base = metric.scale * metric.sign * results.scores("baseline", seeds)
    own = metric.scale * metric.sign * results.scores("best", seeds) if again else base
    style = variant_styles(results.initializers)["best"] if again else BASELINE_STYLE
    with np.errstate(invalid="ignore"):  # neither of two runs may have come to the target
        order = np.argsort(metric.sign * np.nan_to_num(own - base), kind="stable")
    places = np.arange(1, len(seeds) + 1)
    with canvas(title, (NARROW if narrow else WIDTH, 3.3)) as (figure, (axes,)):
        finite = np.isfinite(base[order]) & np.isfinite(own[order])
        axes.vlines(places[finite], base[order][finite], own[order][finite], color="#b6bec6")
        axes.plot(places, base[order], "o", color=BASELINE_STYLE["color"], markersize=6)
        if again:
            axes.plot(places, own[order], "D", color=style["color"], markersize=7)
        ends = (("best", own, style), ("baseline", base, BASELINE_STYLE))
        for name, values, line in ends if again else ends[1:]:
            last = float(values[order][-1])
            if np.isfinite(last):
                axes.annotate(
                    name,
                    (places[-1], last),
                    (9, 0),
                    textcoords="offset points",
                    va="center",
                    color=INK,
                    weight="bold" if line is BASELINE_STYLE else "normal",
                )
        axes.set_xticks(places, [str(seed) for seed in np.array(seeds)[order]])
        if len(places) > 20:
            axes.xaxis.set_major_locator(MaxNLocator(10, integer=True))
        axes.set_xlabel("new seed, by its difference" if again else "seed")
        axes.set_xlim(0.5, len(places) + 0.5)
        axes.grid(axis="x", visible=False)
        of_set = f"{judged_set(study)} " * (metric.name == study.metric)
        axes.set_ylabel(f"{of_set}{metric.words}")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}{metric.unit}"))
    return figure
