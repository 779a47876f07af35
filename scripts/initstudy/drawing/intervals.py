"""Variants with their intervals, a row each: the ranking, and the differences from the baseline."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from initstudy.analysis import measures
from initstudy.analysis.decisions import BASELINE
from initstudy.analysis.levels import Floats
from initstudy.analysis.measures import ACCURACY, Measure, measure_of
from initstudy.drawing.catalog import judged_set
from initstudy.drawing.scales import describe, scale_differences, scale_values
from initstudy.drawing.style import (
    COLORS,
    DARK,
    NARROW,
    WIDE,
    best_and_worst,
    canvas,
    legend,
    wrapped,
)
from initstudy.results.study import StudyResults

# More rows are not read at once: then the best and as many of the worst are drawn.
MANY_ROWS, ENDS_OF_ROWS = 40, 15
NAN = float("nan")

BAND: Any = {"color": "#dddddd", "linewidth": 0, "zorder": 0}
DECIDED: Any = {"color": "black", "linewidth": 0.9}
PUBLISHED: Any = {"color": COLORS[3], "marker": "D", "fillstyle": "none", "linestyle": "none"}
EARLIER: Any = {**PUBLISHED, "color": "black", "marker": "o", "markersize": 3.5}


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds, or a mean difference.

    Attributes:
        label: beside its row.
        mean, low, high: with its interval; the bounds are nan where there is none.
        values: of the single seeds, float64 (n,).
        published: a published value of the same, or nan.
        rest: whether it is a row of many others, whose means are its values.
        words: what was decided, at the end of its row.
        note: beside the number of its values.
        earlier: what the mean was at earlier interim analyses, the first one first.
        decided: the interval that decided the words.
    """

    label: str
    mean: float
    low: float
    high: float
    values: Floats
    published: float = NAN
    rest: bool = False
    words: str = ""
    note: str = ""
    earlier: tuple[float, ...] = ()
    decided: tuple[float, float] = (NAN, NAN)


class Band(NamedTuple):
    """A range that is grey behind all rows, and its name in the legend."""

    low: float
    high: float
    label: str


def ranking(results: StudyResults, narrow: bool = False) -> Figure:
    """Draw the variants by what they are judged by, from the best to the worst."""
    metric = measure_of(results.study)
    rows: Iterable[Any] = results.summary.itertuples()
    estimates = [
        Estimate(
            row.variant,
            row.metric_value,
            row.metric_ci_low,
            row.metric_ci_high,
            metric.sign * results.scores(row.variant),
            row.published_accuracy if metric is ACCURACY else NAN,
            note=_note(row),
        )
        for row in rows
    ]
    what = "final accuracy" if metric is ACCURACY else metric.words
    title = f"{what[0].upper()}{what[1:]} of every variant"
    base = next(one for one in estimates if one.label == BASELINE)
    band = Band(base.low, base.high, "baseline's interval")
    return draw_rows(title, estimates, metric, band, judged_set(results.study), narrow)


def differences(results: StudyResults, narrow: bool = False) -> Figure:
    """Draw the differences of the variants from the baseline on the same seeds."""
    study = results.study
    metric, margin = measure_of(study), study.margin

    def single(variant: str, seeds: range) -> Floats:
        base = results.scores("baseline", seeds)
        return measures.differences(results.scores(variant, seeds), base)

    def earlier(variant: str) -> tuple[float, ...]:
        last = 0 if variant == "best" else len(results.judged_on(variant))
        interims = [range(seeds) for seeds in study.analyses if seeds < last]
        return tuple(metric.sign * metric.center(single(variant, seeds)) for seeds in interims)

    rows: Iterable[Any] = results.summary.itertuples()
    estimates = [
        Estimate(
            row.variant,
            row.difference,
            row.difference_ci_low,
            row.difference_ci_high,
            metric.sign * single(row.variant, results.judged_on(row.variant)),
            words=row.decision,
            note=_note(row),
            earlier=earlier(row.variant),
            decided=(row.difference_decided_low, row.difference_decided_high),
        )
        for row in rows
        if row.variant != BASELINE
    ]
    band = None
    if margin is not None:
        label = f"less than {metric.scale * margin:g}{metric.unit_of_difference}"
        band = Band(-margin, margin, label)
    title = "Differences from the baseline, seed by seed"
    return draw_rows(title, estimates, metric, band, narrow=narrow)


def draw_rows(
    title: str,
    estimates: Sequence[Estimate],
    metric: Measure = ACCURACY,
    band: Band | None = None,
    judged: str | None = None,
    narrow: bool = False,
) -> Figure:
    """Draw estimates from the best to the worst, with the single seeds that they are of.

    Args:
        title: of the figure.
        estimates: of a metric, as fractions of 1 if it is a share, or differences of it. Of more
            than MANY_ROWS, the best and the worst have rows of their own.
        metric: that they are of.
        band: behind all rows; none if its bounds are nan.
        judged: the set of examples, test or validation; None if they are differences from the
            baseline on the same seeds.
        narrow: names above their rows, for a phone.
    """
    rows = _ordered(estimates, metric)
    drawn = [v for e in rows for v in (*e.values, e.low, e.high, e.published, *e.decided)]
    with canvas(title, _size(rows, narrow)) as (figure, (axes,)):
        _name_rows(axes, rows, narrow)
        if judged is None:
            axes.axvline(0, color="black", linewidth=1.5)
            ends = scale_differences(axes, [0.0, *drawn], metric)
        else:
            ends = scale_values(axes.xaxis, drawn, metric)
            axes.set_xlabel(describe(metric, judged))
        axes.set_xlabel(wrapped(axes.get_xlabel(), narrow))
        shown = band if band and not np.isnan(band.low) else None
        if shown:
            limits = np.clip((shown.low, shown.high), *axes.get_xlim())
            axes.axvspan(*limits, **BAND)
        for row, estimate in enumerate(rows):
            _mark(axes, row, estimate, *ends)
        if judged is None and not narrow:
            words = axes.secondary_yaxis("right")
            words.set_yticks(range(len(rows)), [estimate.words for estimate in rows])
            words.tick_params(length=0)
            words.spines["right"].set_visible(False)
        _legend(figure, rows, band.label if band else None, metric, narrow)
    return figure


def _note(row: Any) -> str:
    """Say whose seeds differ by another cause than those of the others."""
    if row.one_run:
        return " copies of one run"
    return ", order alone" if row.deterministic else ""


def _ordered(estimates: Sequence[Estimate], metric: Measure) -> list[Estimate]:
    """Sort from the worst mean to the best; many have one row for those in the middle."""
    shown = list(estimates)
    if len(shown) > MANY_ROWS:
        means = [metric.sign * estimate.mean for estimate in estimates]
        places = best_and_worst([one.label for one in estimates], means, ENDS_OF_ROWS)
        shown = [estimates[place] for place in places]
        rest = np.array([one.mean for place, one in enumerate(estimates) if place not in places])
        middle = float(np.median(rest))
        shown.append(Estimate(f"{len(rest)} others", middle, NAN, NAN, rest, rest=True))
    return sorted(shown, key=lambda estimate: metric.sign * estimate.mean)


def _size(rows: Sequence[Estimate], narrow: bool) -> tuple[float, float]:
    return (NARROW, 2.2 + 0.46 * len(rows)) if narrow else (WIDE, 1.7 + 0.34 * len(rows))


def _name_rows(axes: Axes, rows: Sequence[Estimate], narrow: bool) -> None:
    axes.grid(axis="y", visible=False)
    labels = [
        one.label if one.rest else f"{one.label}  (n = {len(one.values)}{one.note})" for one in rows
    ]
    axes.set_yticks(range(len(rows)), [""] * len(rows) if narrow else labels)
    axes.set_ylim(-0.6, len(rows) - (0.2 if narrow else 0.4))
    texts: Sequence[Any] = axes.get_yticklabels()
    if narrow:
        axes.tick_params(axis="y", length=0)
        paper = {"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 1}
        place: Any = {"xycoords": ("axes fraction", "data"), "va": "center", "bbox": paper}
        texts = [
            axes.annotate(label, (0.01, row + 0.32), **place) for row, label in enumerate(labels)
        ]
        for row, estimate in enumerate(rows):
            axes.annotate(estimate.words, (0.99, row + 0.32), ha="right", **place)
    for estimate, text in zip(rows, texts, strict=True):
        if estimate.label == BASELINE:
            text.set_fontweight("bold")


def _mark(axes: Axes, row: int, estimate: Estimate, lowest: float, highest: float) -> None:
    values = np.clip(estimate.values, lowest, highest)
    # Below the bar, which would hide them, and spread a little, always in the same way, so that
    # equal values do not hide each other.
    heights = row - 0.25 + 0.09 * np.sin(2.4 * np.arange(len(values)))
    if estimate.rest:
        axes.scatter(values, heights, s=8, color=DARK, alpha=0.5, linewidth=0, zorder=2)
        return
    axes.scatter(values, heights, s=14, color=COLORS[1], alpha=0.8, linewidth=0, zorder=2)
    if not np.isnan(estimate.decided[0]):
        # Wider than the other, so that where it ends the words are seen to follow.
        ends = np.clip(estimate.decided, lowest, highest)
        axes.plot(ends, (row, row), **DECIDED, zorder=3)
    if not np.isnan(estimate.low):
        bounds = np.clip((estimate.low, estimate.high), lowest, highest)
        axes.plot(bounds, (row, row), color="black", linewidth=2.2, zorder=3)
    earlier = np.clip(estimate.earlier, lowest, highest)
    axes.plot(earlier, np.full(len(earlier), row + 0.2), **EARLIER, zorder=4)
    mean = float(np.clip(estimate.mean, lowest, highest))
    axes.plot(mean, row, "o", color="black", markersize=6, zorder=4)
    if np.isfinite(estimate.published):
        axes.plot(estimate.published, row, **PUBLISHED, zorder=5)


def _legend(
    figure: Figure, rows: Sequence[Estimate], band: str | None, metric: Measure, narrow: bool
) -> None:
    middle = metric.middle
    dot: Any = {"marker": "o", "linewidth": 0}
    handles: list[Any] = [
        Line2D([], [], color="black", marker="o", linewidth=2.2, label=f"{middle}, 95 % interval"),
        Line2D([], [], **dot, color=COLORS[1], markersize=4, label="one seed"),
    ]
    if not all(np.isnan(one.decided[0]) for one in rows):
        handles.append(Line2D([], [], **DECIDED, label="interval that decides"))
    if any(one.rest for one in rows):
        handles.append(Line2D([], [], **dot, color=DARK, markersize=3, label="a mean"))
    if any(one.earlier for one in rows):
        handles.append(Line2D([], [], **EARLIER, label=f"{middle} at an interim analysis"))
    if any(np.isfinite(one.published) for one in rows):
        handles.append(Line2D([], [], **PUBLISHED, label="published, one run"))
    if band:
        handles.append(Patch(**BAND, label=band))
    legend(figure, handles, 2 if narrow else None)
