"""The forest plot: the difference of each variant from the baseline, with its decision."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from initstudy.analysis import measures
from initstudy.analysis.levels import Floats
from initstudy.analysis.measures import Measure, measure_of
from initstudy.drawing.style import (
    DECISION_COLORS,
    INK,
    NARROW,
    best_and_worst,
    canvas,
    legend,
    shortened,
    variant_styles,
    wrapped,
)
from initstudy.results.findings import Comparison, Variant
from initstudy.results.study import StudyResults

# More rows are not read at once: then the best and as many of the worst are drawn.
# Ticks with more characters than these overlap if there are as many as usual.
LONG_TICK = 5
# Names of rows that are longer leave less room for the axis, in letters.
LONG_NAME = 18
MANY_ROWS, ENDS_OF_ROWS = 40, 12
# A row that reaches so many times as far as the next one lies beyond the axis.
FAR = 3.0
GROUPS = {
    ("kernel",): "Kernels",
    ("bias",): "Biases",
    ("kernel", "bias"): "Other pairs",
}
WIDTH = 7.2
MARGIN: Any = {"color": "#e4e7ea", "linewidth": 0, "zorder": 0}
DECIDED: Any = {"color": "#8c959f", "linewidth": 1.0}


@dataclass(frozen=True)
class Row:
    """A variant beside the baseline.

    Attributes:
        label: what it does not share with the baseline.
        comparison: with the baseline.
        values: its difference on each seed, float64 (n,).
        style: `variant_styles` of it.
    """

    label: str
    comparison: Comparison
    values: Floats
    style: dict[str, Any]


def reach(one: Comparison) -> tuple[float, float]:
    """Find how far a comparison reaches to either side: its difference and finite intervals."""
    ends = np.array([one.difference, one.low, one.high, one.decided_low, one.decided_high])
    ends = ends[np.isfinite(ends)]
    return (float(ends.min()), float(ends.max())) if len(ends) else (0.0, 0.0)


def forest(results: StudyResults, title: str, narrow: bool = False) -> Figure:
    """Draw the differences of the variants from the baseline on the same seeds.

    Kernels and biases have a group each, from the best to the worst, and the best pair on its new
    seeds comes first. The thick bar is the usual 95 % interval, the thin one decides. The axis is
    linear; a row that reaches FAR times as far as all others ends at its edge, with its number.

    Args:
        results: of the study.
        title: of the figure.
        narrow: without numbers, for a phone.
    """
    metric, margin = measure_of(results.study), results.study.margin
    groups = list(_groups(results, metric))
    rows = [row for _, group in groups for row in group]
    heights, lines = _heights(groups)
    size = (NARROW, 1.8 + 0.235 * lines) if narrow else (WIDTH, 1.75 + 0.27 * lines)
    with canvas(title, size) as (figure, (axes,)):
        ends = limits([reach(row.comparison) for row in rows], margin)
        axes.set_xlim(*with_seeds(ends, rows))
        axes.set_ylim(-0.6, lines - 0.4)
        if margin is not None:
            axes.axvspan(-margin, margin, **MARGIN)
        axes.axvline(0, color=INK, linewidth=1.2)
        for row, height in zip(rows, heights, strict=True):
            _mark(axes, row, height, metric)
        _name(axes, groups, heights, narrow)
        _decisions(axes, rows, heights, metric, narrow)
        _scale(axes, metric, narrow, max(len(row.label) for row in rows))
        _legend(figure, metric, margin, narrow)
    return figure


def _groups(results: StudyResults, metric: Measure) -> Iterator[tuple[str, list[Row]]]:
    styles = variant_styles(results.initializers)
    compared = [one for one in results.findings.variants if one.comparison is not None]
    seeds = max((one.seeds for one in compared if one.name != "best"), default=0)

    def row(one: Variant, comparison: Comparison) -> Row:
        mine = results.judged_on(one.name)
        scores = measures.differences(
            results.scores(one.name, mine), results.scores("baseline", mine)
        )
        label = "/".join(getattr(one, role) for role in one.differs) or one.name
        if one.name != "best" and one.seeds != seeds:
            label += f" (n = {one.seeds})"
        if one.one_run:
            label += " (one run)"
        return Row(label, comparison, metric.sign * scores, styles[one.name])

    rows = [(one, row(one, one.comparison)) for one in compared if one.comparison is not None]
    rows.sort(key=lambda pair: -metric.sign * pair[1].comparison.difference)
    best = [own for one, own in rows if one.name == "best"]
    if best:
        yield f"Best pair, n = {best[0].comparison.seeds} new seeds", best
    for differs, name in GROUPS.items():
        mine = [own for one, own in rows if tuple(one.differs) == differs and one.name != "best"]
        if len(mine) > MANY_ROWS:
            means = [metric.sign * own.comparison.difference for own in mine]
            places = best_and_worst([own.label for own in mine], means, ENDS_OF_ROWS)
            name = f"{name}: the best and the worst {ENDS_OF_ROWS} of {len(mine)}"
            mine = [mine[place] for place in places]
        if mine:
            yield f"{name}, n = {seeds} seeds", mine


def _heights(groups: Sequence[tuple[str, Sequence[Row]]]) -> tuple[list[float], int]:
    """Place the rows below the names of their groups, from the top; and count the lines."""
    lines = sum(len(group) + 1 for _, group in groups)
    heights, line = list[float](), lines
    for _, group in groups:
        line -= 1
        for _ in group:
            line -= 1
            heights.append(line)
    return heights, lines


def limits(reaches: Sequence[tuple[float, float]], margin: float | None) -> tuple[float, float]:
    """Find the ends of the axis, which leave out what reaches much farther than all others."""
    spans = sorted(max(-low, high) for low, high in reaches)
    most = spans[-1] if spans else 0.0
    for place in range(len(spans) - 1, len(spans) // 2, -1):
        if spans[place] > FAR * max(spans[place - 1], margin or 0.0):
            most = spans[place - 1]
    inside = [reach for reach in reaches if max(-reach[0], reach[1]) <= most]
    least = 1.5 * margin if margin else most / 10 or 1e-3
    low = min([-least, *(low for low, _ in inside)])
    high = max([least, *(high for _, high in inside)])
    room = 0.05 * (high - low)
    return low - room, high + room


def with_seeds(ends: tuple[float, float], rows: Sequence[Row]) -> tuple[float, float]:
    """Widen an axis for single seeds, at each end by half of its length at most."""
    low, high = ends
    near = [row.values for row in rows if low <= row.comparison.difference <= high]
    seeds = np.concatenate([*near, np.zeros(1)])
    seeds, room = seeds[np.isfinite(seeds)], 0.03 * (high - low)
    wider = min(low, seeds.min() - room), max(high, seeds.max() + room)
    most = (high - low) / 2
    return max(wider[0], low - most), min(wider[1], high + most)


def _mark(axes: Axes, row: Row, height: float, metric: Measure) -> None:
    low, high = axes.get_xlim()
    one, color = row.comparison, row.style["color"]
    if not low <= one.difference <= high:
        left = one.difference < low
        text = _number(one.difference, metric)
        axes.annotate(
            f"◄ {text}" if left else f"{text} ►",
            (low if left else high, height),
            (4 if left else -4, 0),
            textcoords="offset points",
            ha="left" if left else "right",
            va="center",
            color=INK,
        )
        return
    # Below the bar, which would hide them, and spread a little, always in the same way. A seed
    # beyond the axis is a triangle at its edge.
    spread = height - 0.26 + 0.07 * np.sin(2.4 * np.arange(len(row.values)))
    look: dict[str, Any] = {"color": color, "linewidth": 0, "zorder": 2}
    inside = (low <= row.values) & (row.values <= high)
    axes.scatter(row.values[inside], spread[inside], s=9, alpha=0.45, **look)
    for beyond, edge, marker in ((row.values < low, low, "<"), (row.values > high, high, ">")):
        if beyond.any():
            places = np.full(beyond.sum(), edge)
            axes.scatter(places, spread[beyond], s=22, marker=marker, clip_on=False, **look)
    for ends, line in (
        ((one.decided_low, one.decided_high), DECIDED),
        ((one.low, one.high), {"color": color, "linewidth": 3.2}),
    ):
        if not np.isnan(ends[0]):
            axes.plot(np.clip(ends, low, high), (height, height), zorder=3, **line)
    axes.plot(
        one.difference,
        height,
        marker="o",
        markersize=6.5,
        color=color,
        markeredgecolor=INK,
        markeredgewidth=0.8,
        zorder=4,
    )


def _name(
    axes: Axes, groups: Sequence[tuple[str, Sequence[Row]]], heights: Sequence[float], narrow: bool
) -> None:
    """Name the groups and, at the left, their rows."""
    labels = [row.label for _, group in groups for row in group]
    axes.set_yticks(heights, [shortened(label, 18 if narrow else 26) for label in labels])
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    paper: Any = {"facecolor": "white", "linewidth": 0, "pad": 1}
    place = 0
    for name, group in groups:
        at = 0.01, heights[place] + 0.95
        axes.text(
            *at, name, transform=axes.get_yaxis_transform(), va="center", weight="bold", bbox=paper
        )
        place += len(group)


def _decisions(
    axes: Axes, rows: Sequence[Row], heights: Sequence[float], metric: Measure, narrow: bool
) -> None:
    """Write the decision at the end of each row, and its numbers where there is room."""
    words = axes.secondary_yaxis("right")
    words.set_yticks(heights, [row.comparison.decision for row in rows])
    words.tick_params(length=0)
    words.spines["right"].set_visible(False)
    for label, row in zip(words.get_yticklabels(), rows, strict=True):
        label.set(color=DECISION_COLORS[row.comparison.decision], weight="bold")
    if narrow:
        return
    numbers = axes.secondary_yaxis("right")
    numbers.set_yticks(heights, [_numbers(row.comparison, metric) for row in rows])
    # Behind the words: the longest of them takes so many points.
    numbers.tick_params(length=0, pad=86)
    numbers.spines["right"].set_visible(False)


def _scale(axes: Axes, metric: Measure, narrow: bool, name: int) -> None:
    """Put ticks on the axis, fewer if the longest name of a row, in letters, leaves less room."""
    ticks = MaxNLocator(nbins=5 if narrow else 7 if name <= LONG_NAME else 4)
    marks = [_tick(metric.scale * tick) for tick in ticks.tick_values(*axes.get_xlim())]
    if max(map(len, marks)) > LONG_TICK:
        ticks = MaxNLocator(nbins=2 if narrow else 3)
    axes.xaxis.set_major_locator(ticks)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _tick(metric.scale * x)))
    what = metric.words
    unit = metric.unit_of_difference.strip()
    label = f"difference in {what} from the baseline{', ' * bool(unit)}{unit}"
    axes.set_xlabel(wrapped(label, narrow))
    left, right = ("worse", "better") if metric.sign > 0 else ("better", "worse")
    for x, text, side in ((0, f"◄ {left}", "left"), (1, f"{right} ►", "right")):
        axes.text(x, 1.0, text, transform=axes.transAxes, ha=side, va="bottom", color="#57606a")


def _numbers(one: Comparison, metric: Measure) -> str:
    text = _number(one.difference, metric)
    if np.isnan(one.low):
        return text
    return f"{text} [{_number(one.low, metric)}, {_number(one.high, metric)}]"


def _number(value: float, metric: Measure) -> str:
    text = f"{metric.scale * value:+.{metric.places}f}"
    return text.replace("inf", "∞").replace("-", "−")


def _tick(value: float) -> str:
    return f"{value:+g}".replace("-", "−") if value else "0"


def _legend(figure: Figure, metric: Measure, margin: float | None, narrow: bool) -> None:
    bar: Any = {"color": "#57606a", "marker": "o", "linewidth": 3.2}
    dot: Any = {"color": "#57606a", "marker": "o", "markersize": 3, "alpha": 0.6, "linewidth": 0}
    handles: list[Any] = [
        Line2D([], [], **bar, label=f"{metric.middle}, 95 % CI"),
        Line2D([], [], **DECIDED, label="interval that decides"),
        Line2D([], [], **dot, label="one seed"),
    ]
    if margin is not None:
        limit = f"{metric.scale * margin:.3g}{metric.unit_of_difference}"
        handles.append(Patch(**MARGIN, label=f"less than {limit}"))
    legend(figure, handles, 2 if narrow else None)
