"""Learning curves, ranking and differences as pictures: means over seeds, with their spread."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any, TypeVar

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from initstudy.analysis.measures import ACCURACY, Measure
from initstudy.drawing.scales import (
    HIGHEST,
    LOWEST,
    TICKS,
    amount,
    describe,
    scale_differences,
    scale_values,
    sparse_ticks,
)
from initstudy.results.files import replacing

# Okabe and Ito, 2008, "Color Universal Design": distinct with every common colour vision.
# Without black, which is the baseline's, and without yellow, which is too pale for lines.
COLORS = ["#E69F00", "#56B4E9", "#009E73", "#D55E00", "#0072B2", "#CC79A7"]
BASELINE = "baseline"

# More lines than there are colours and dashes cannot be distinguished, more rows not be read.
MANY_LINES, MANY_ROWS = 24, 40
# In inches, and in characters of a line: as wide as a page, or as a phone.
WIDE, NARROW = 9.0, 4.9
LINE = {WIDE: 100, NARROW: 46}
# How many are shown then, of the best and as many of the worst.
ENDS_OF_LINES, ENDS_OF_ROWS = 5, 15

BAND: Any = {"color": "#dddddd", "linewidth": 0, "zorder": 0}
BASELINE_STYLE: Any = {"color": "black", "linestyle": "-", "linewidth": 2.0, "zorder": 3}
DECIDED: dict[str, Any] = {"color": "black", "linewidth": 0.9}
EARLIER: Any = {
    "color": "black",
    "marker": "o",
    "markersize": 3.5,
    "fillstyle": "none",
    "linestyle": "none",
}
PUBLISHED: Any = {"color": "#D55E00", "marker": "D", "fillstyle": "none", "linestyle": "none"}

STYLE: Any = {
    "figure.dpi": 100,
    "savefig.dpi": 160,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "svg.fonttype": "none",  # text stays text: smaller, and can be searched
    "svg.hashsalt": "initstudy",  # the same picture gives the same bytes
    "path.simplify": True,
}


@dataclass(frozen=True)
class Curves:
    """The learning curves of one variant.

    Attributes:
        label: what stands beside its line.
        training, validation: accuracies as fractions of 1, float64 (seeds, epochs).
    """

    label: str
    training: npt.NDArray[np.float64]
    validation: npt.NDArray[np.float64]


def learning_curves(title: str, variants: Sequence[Curves], narrow: bool = False) -> Figure:
    """Training and validation accuracy by epoch, side by side, as in the notebook.

    Each line is the mean over seeds; the band is one sample standard deviation to either side. Of
    more than MANY_LINES, the baseline, the best and the worst are drawn, and behind them how the
    means of all are spread.

    Args:
        title: of the figure.
        variants: drawn in this order; the one labelled `baseline` is drawn in black.
        narrow: one below the other, for a phone.
    """
    everything = variants
    many = len(variants) > MANY_LINES
    if many:
        variants = _ends(
            variants, [float(v.validation[:, -1].mean()) for v in variants], ENDS_OF_LINES
        )
    with matplotlib.rc_context(STYLE):
        width = NARROW if narrow else WIDE + 1
        figure = Figure(figsize=(width, 7.6 if narrow else 4.6), layout="constrained")
        shape = (2, 1) if narrow else (1, 2)
        panels: tuple[Axes, Axes] = figure.subplots(*shape, sharex=True, sharey=True)
        styles = line_styles([variant.label for variant in variants])
        for axes, name in zip(panels, ("Training", "Validation"), strict=True):
            if many:
                _draw_spread(axes, everything, name)
            for variant, style in zip(variants, styles, strict=True):
                values = variant.training if name == "Training" else variant.validation
                _draw(axes, values, style, band=not many)
            axes.set_title(f"{name} accuracy")
            axes.set_xlim(1, max(2, variants[0].training.shape[1]))
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        for axes in panels[1:] if narrow else panels:
            axes.set_xlabel("epoch")
        panels[0].set_yscale("logit")
        panels[0].yaxis.set_major_locator(FixedLocator(sparse_ticks(panels[0].yaxis, TICKS)))
        panels[0].yaxis.set_minor_locator(NullLocator())
        panels[0].yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{100 * y:g} %"))
        seeds = len(variants[0].training)
        spread = ", band: ±1 standard deviation"
        if many or seeds == 1:
            spread = "" if many else ", no band: one seed has no spread"
        panels[0].set_ylabel(
            f"examples classified correctly (logit scale)\nmean of n = {seeds} seeds{spread}"
        )
        ends = [float(variant.validation[:, -1].mean()) for variant in variants]
        label_ends(
            panels[1],
            [float(np.clip(end, LOWEST, HIGHEST)) for end in ends],
            [f"{v.label} {100 * end:.1f} %" for v, end in zip(variants, ends, strict=True)],
            styles,
        )
        _name(figure, title, narrow)
        if many:
            figure.supxlabel(
                f"Lines: the baseline, the best and the worst {ENDS_OF_LINES}. Grey: the middle "
                f"half and nine tenths of the means of all {len(everything)}, and their median.",
                size="medium",
            )
    return figure


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds, or a mean difference.

    Attributes:
        label: what stands beside it.
        mean, low, high: with its interval; the bounds are nan where there is none.
        values: of the single seeds, float64 (n,).
        published: a published value of the same, or nan.
        rest: whether it stands for many others, whose means are its values.
        words: what is said of it, to stand at the end of its row.
        note: what stands beside the number of its values.
        earlier: what the mean was at earlier interim analyses, the first one first.
        decided: the interval that decided the words.
    """

    label: str
    mean: float
    low: float
    high: float
    values: npt.NDArray[np.float64]
    published: float = float("nan")
    rest: bool = False
    words: str = ""
    note: str = ""
    earlier: tuple[float, ...] = ()
    decided: tuple[float, float] = (float("nan"), float("nan"))


Labelled = TypeVar("Labelled", Curves, Estimate)


def ranking(
    title: str,
    estimates: Sequence[Estimate],
    images: str = "validation",
    measure: Measure = ACCURACY,
    narrow: bool = False,
) -> Figure:
    """What variants are judged by, from the best to the worst, with the baseline's interval.

    Args:
        title: of the figure.
        estimates: accuracies as fractions of 1, or another measure; the one labelled `baseline`
            among them. Of more than MANY_ROWS, the best and the worst have rows of their own.
        images: which ones were classified.
        measure: that they are judged by.
        narrow: names above their rows, for a phone.
    """
    ordered = _ordered(estimates, measure)
    with matplotlib.rc_context(STYLE):
        figure, axes = _rows(title, ordered, narrow)
        base = next(estimate for estimate in ordered if estimate.label == BASELINE)
        drawn = [v for e in ordered for v in (*e.values, e.mean, e.low, e.high, e.published)]
        ends = scale_values(axes.xaxis, drawn, measure)
        if not np.isnan(base.low):
            axes.axvspan(*np.clip((base.low, base.high), *ends), **BAND)
        for row, estimate in enumerate(ordered):
            _mark(axes, row, estimate, *ends)
        axes.set_xlabel(_lines(describe(measure, images), narrow))
        _legend(figure, ordered, "baseline's interval", measure, narrow)
    return figure


def differences(
    title: str,
    estimates: Sequence[Estimate],
    margin: float | None = None,
    measure: Measure = ACCURACY,
    narrow: bool = False,
) -> Figure:
    """Mean differences from the baseline on the same seeds, from the best to the worst.

    Args:
        title: of the figure.
        margin: smaller differences do not matter; None if all do.
        estimates: differences of accuracies as fractions of 1, or of another measure. Of more than
            MANY_ROWS, the best and the worst have rows of their own.
        measure: of which they are differences.
        narrow: names above their rows, for a phone.
    """
    ordered = _ordered(estimates, measure)
    with matplotlib.rc_context(STYLE):
        figure, axes = _rows(title, ordered, narrow)
        axes.axvline(0, color="black", linewidth=1.5)
        if margin is not None:
            axes.axvspan(-margin, margin, **BAND)
        drawn = [0.0, *(v for e in ordered for v in (*e.values, e.low, e.high, *e.decided))]
        ends = scale_differences(axes, drawn, measure)
        for row, estimate in enumerate(ordered):
            _mark(axes, row, estimate, *ends)
        if narrow:
            axes.set_xlabel(_lines(axes.get_xlabel(), narrow))
        else:
            words = axes.secondary_yaxis("right")
            words.set_yticks(range(len(ordered)), [estimate.words for estimate in ordered])
            words.tick_params(length=0)
            words.spines["right"].set_visible(False)
        band = None
        if margin is not None:
            band = f"less than {measure.scale * margin:g}{measure.unit_of_difference}"
        _legend(figure, ordered, band, measure, narrow)
    return figure


def rate_curves(
    title: str,
    labels: Sequence[str],
    rates: npt.NDArray[np.float64],
    values: npt.NDArray[np.float64],
    seeds: int,
    measure: Measure = ACCURACY,
) -> Figure:
    """What each variant reaches at each learning rate, with its best one marked.

    Args:
        title: of the figure.
        labels: of the variants; of more than MANY_LINES the baseline, the best and the worst are
            drawn.
        rates: learning rates, float64 (n,).
        values: accuracies as fractions of 1, or another measure, float64 (variants, n).
        seeds: that each of these is the mean, or median, of.
        measure: that they are of.
    """
    order = np.argsort(rates)
    rates, values = rates[order], values[:, order]
    own = (measure.sign * values).argmax(axis=1)
    bests = values[np.arange(len(own)), own]
    if len(labels) > MANY_LINES:
        kept = sorted(_ends_of(labels, (measure.sign * bests).tolist(), ENDS_OF_LINES))
        labels, values = [labels[index] for index in kept], values[kept]
        own, bests = own[kept], bests[kept]
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9, 4.6), layout="constrained")
        axes = figure.subplots()
        axes.set_xscale("log")
        ends = scale_values(axes.yaxis, values.ravel().tolist(), measure, gap=0.05)
        rows = np.clip(values, *ends)
        styles = line_styles(labels)
        for row, best, style in zip(rows, own, styles, strict=True):
            axes.plot(rates, row, marker=".", clip_on=False, **style)
            axes.plot(
                rates[best], row[best], "o", color=style["color"], markersize=8, clip_on=False
            )
        axes.set_xticks(rates, [f"{rate:g}" for rate in rates])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlabel(
            f"learning rate (large dots: the chosen rate of each variant)\n{measure.middle} of n "
            f"= {seeds} tuning runs"
        )
        what = describe(measure, "validation")
        axes.set_ylabel(what.replace("correctly after", "correctly\nafter"))
        axes.set_xlim(rates[0] / 1.1, rates[-1])
        texts = [
            f"{label} {amount(measure, best)} at {rates[place]:g}"
            for label, place, best in zip(labels, own, bests, strict=True)
        ]
        label_ends(axes, rows[:, -1].tolist(), texts, styles)
        figure.suptitle(title, x=0.01, ha="left", weight="bold")
    return figure


def budget_curves(
    title: str, labels: Sequence[str], values: npt.NDArray[np.float64], measure: Measure = ACCURACY
) -> Figure:
    """What each variant reaches by the number of learning rates that are tried.

    Args:
        title: of the figure.
        labels: of the variants; of more than MANY_LINES the baseline, the best and the worst are
            drawn.
        values: accuracies as fractions of 1, or another measure, float64 (variants, rates).
        measure: that they are of.
    """
    if len(labels) > MANY_LINES:
        kept = sorted(_ends_of(labels, (measure.sign * values[:, -1]).tolist(), ENDS_OF_LINES))
        labels, values = [labels[index] for index in kept], values[kept]
    numbers = np.arange(1, values.shape[1] + 1)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9, 4.6), layout="constrained")
        axes = figure.subplots()
        ends = scale_values(axes.yaxis, values.ravel().tolist(), measure, gap=0.05)
        rows, styles = np.clip(values, *ends), line_styles(labels)
        for row, style in zip(rows, styles, strict=True):
            axes.plot(numbers, row, marker="o", markersize=4, clip_on=False, **style)
        axes.set_xticks(numbers)
        axes.set_xlim(0.9, numbers[-1])
        axes.set_xlabel("number of learning rates, of those of the study")
        axes.set_ylabel(
            describe(measure, "validation").replace("correctly after", "correctly\nafter")
        )
        texts = [
            f"{label} {amount(measure, last)}"
            for label, last in zip(labels, values[:, -1], strict=True)
        ]
        label_ends(axes, rows[:, -1].tolist(), texts, styles)
        figure.suptitle(title, x=0.01, ha="left", weight="bold")
    return figure


def save(figure: Figure, *paths: str | Path) -> None:
    """Writes a figure in the formats that the files' suffixes name, without dates."""
    for path in paths:
        with matplotlib.rc_context(STYLE), replacing(path) as temporary:
            metadata = {"Date": None} if Path(path).suffix == ".svg" else None
            figure.savefig(temporary, metadata=metadata)


def _ends(items: Sequence[Labelled], means: Sequence[float], count: int) -> list[Labelled]:
    """The best and the worst `count` by their means, and what is labelled baseline or best."""
    kept = _ends_of([item.label for item in items], means, count)
    return [item for index, item in enumerate(items) if index in kept]


def _ends_of(labels: Sequence[str], means: Sequence[float], count: int) -> set[int]:
    order: list[int] = np.argsort(means, kind="stable").tolist()
    named = [index for index, label in enumerate(labels) if label in (BASELINE, "best")]
    return {*order[:count], *order[-count:], *named}


def _ordered(estimates: Sequence[Estimate], measure: Measure) -> list[Estimate]:
    """From the worst mean to the best; many have one row for those in the middle."""
    means = [measure.sign * estimate.mean for estimate in estimates]
    shown = list(estimates)
    if len(shown) > MANY_ROWS:
        shown = _ends(estimates, means, ENDS_OF_ROWS)
        labels = {estimate.label for estimate in shown}
        rest = np.array([e.mean for e in estimates if e.label not in labels])
        shown.append(
            Estimate(
                f"{len(rest)} others",
                float(np.median(rest)),
                np.nan,
                np.nan,
                rest,
                rest=True,
            )
        )
    return sorted(shown, key=lambda estimate: measure.sign * estimate.mean)


def _name(figure: Figure, title: str, narrow: bool) -> None:
    figure.suptitle(_lines(title, narrow), x=0.01, ha="left", weight="bold")


def _lines(text: str, narrow: bool) -> str:
    """A text in lines that are not wider than the figure."""
    width = LINE[NARROW if narrow else WIDE]
    return "\n".join(textwrap.fill(line, width) for line in text.splitlines())


def _rows(title: str, ordered: Sequence[Estimate], narrow: bool) -> tuple[Figure, Axes]:
    rows = len(ordered)
    size = (NARROW, 2.2 + 0.46 * rows) if narrow else (WIDE, 1.7 + 0.34 * rows)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    axes.grid(axis="y", visible=False)
    labels = [
        estimate.label
        if estimate.rest
        else f"{estimate.label}  (n = {len(estimate.values)}{estimate.note})"
        for estimate in ordered
    ]
    axes.set_yticks(range(len(ordered)), [""] * len(ordered) if narrow else labels)
    axes.set_ylim(-0.6, len(ordered) - (0.2 if narrow else 0.4))
    texts = axes.get_yticklabels()
    if narrow:
        axes.tick_params(axis="y", length=0)
        paper = {"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 1}
        place: Any = {"xycoords": ("axes fraction", "data"), "va": "center", "bbox": paper}
        texts = [
            axes.annotate(label, (0.01, row + 0.32), **place) for row, label in enumerate(labels)
        ]
        for row, estimate in enumerate(ordered):
            axes.annotate(estimate.words, (0.99, row + 0.32), ha="right", **place)
    for estimate, text in zip(ordered, texts, strict=True):
        if estimate.label == BASELINE:
            text.set_fontweight("bold")
    _name(figure, title, narrow)
    return figure, axes


def _mark(axes: Axes, row: int, estimate: Estimate, lowest: float, highest: float) -> None:
    values = np.clip(estimate.values, lowest, highest)
    # Below the bar, which would hide them, and spread a little, always in the same way, so that
    # equal values do not hide each other.
    heights = row - 0.25 + 0.09 * np.sin(2.4 * np.arange(len(values)))
    if estimate.rest:
        axes.scatter(values, heights, s=8, color="#777777", alpha=0.5, linewidth=0, zorder=2)
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
    figure: Figure,
    ordered: Sequence[Estimate],
    band: str | None,
    measure: Measure,
    narrow: bool,
) -> None:
    interval = f"{measure.middle}, 95 % interval"
    handles: list[Any] = [
        Line2D([], [], color="black", marker="o", linewidth=2.2, label=interval),
        Line2D([], [], color=COLORS[1], marker="o", markersize=4, linewidth=0, label="one seed"),
    ]
    if not all(np.isnan(estimate.decided[0]) for estimate in ordered):
        handles.append(Line2D([], [], **DECIDED, label="interval that decides"))
    if any(estimate.rest for estimate in ordered):
        handles.append(
            Line2D([], [], color="#777777", marker="o", markersize=3, linewidth=0, label="a mean")
        )
    if any(estimate.earlier for estimate in ordered):
        handles.append(Line2D([], [], **EARLIER, label=f"{measure.middle} at an interim analysis"))
    if any(np.isfinite(estimate.published) for estimate in ordered):
        handles.append(Line2D([], [], **PUBLISHED, label="published, one run"))
    if band:
        handles.append(Patch(**BAND, label=band))
    columns = 2 if narrow else len(handles)
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False)


def line_styles(labels: Sequence[str]) -> list[dict[str, Any]]:
    """A colour for each label, and another dash pattern each time that the colours are used up."""
    patterns = cycle((color, dashes) for dashes in ("-", "--", ":", "-.") for color in COLORS)
    return [
        BASELINE_STYLE
        if label == BASELINE
        else dict(zip(("color", "linestyle"), next(patterns), strict=True), linewidth=1.5)
        for label in labels
    ]


def _draw(axes: Axes, values: npt.NDArray[np.float64], style: dict[str, Any], band: bool) -> None:
    epochs = np.arange(1, values.shape[1] + 1)
    mean = values.mean(axis=0)
    marker = "o" if len(epochs) == 1 else ""
    axes.plot(epochs, np.clip(mean, LOWEST, HIGHEST), marker=marker, **style)
    if band and len(values) > 1:
        spread = values.std(axis=0, ddof=1)
        # No further than a seed was: on a logit scale one step beyond the last is a long way.
        within = np.clip([mean - spread, mean + spread], values.min(axis=0), values.max(axis=0))
        low, high = np.clip(within, LOWEST, HIGHEST)
        axes.fill_between(epochs, low, high, color=style["color"], alpha=0.13, linewidth=0)


def _draw_spread(axes: Axes, variants: Sequence[Curves], name: str) -> None:
    means = np.array(
        [(v.training if name == "Training" else v.validation).mean(axis=0) for v in variants]
    )
    levels = np.clip(np.quantile(means, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0), LOWEST, HIGHEST)
    epochs = np.arange(1, means.shape[1] + 1)
    axes.fill_between(epochs, levels[0], levels[4], color="#e4e4e4", linewidth=0, zorder=0)
    axes.fill_between(epochs, levels[1], levels[3], color="#c8c8c8", linewidth=0, zorder=0)
    axes.plot(epochs, levels[2], color="#777777", linewidth=1.2, zorder=1)


def label_ends(
    axes: Axes, ends: Sequence[float], labels: Sequence[str], styles: Sequence[dict[str, Any]]
) -> None:
    """Writes each label to the right of its line's end, moved up or down so that none overlap.

    Args:
        axes: where the lines end at the right; its limits are final.
        ends: their heights there.
        labels: one for each.
        styles: from `line_styles`.
    """
    limits = axes.get_ylim()
    to_axes = axes.transData + axes.transAxes.inverted()
    starts = [float(to_axes.transform((1, end))[1]) for end in ends]
    heights = _spread(starts, gap=0.055)
    for label, style, start, height in zip(labels, styles, starts, heights, strict=True):
        axes.annotate(
            label,
            xy=(1, start),
            xytext=(1.06, height),
            xycoords="axes fraction",
            va="center",
            color=style["color"],
            weight="bold" if style == BASELINE_STYLE else "normal",
            arrowprops={
                "arrowstyle": "-",
                "color": style["color"],
                "linewidth": 0.8,
                "relpos": (0, 0.5),
            },
        )
    axes.set_ylim(limits)


def _spread(heights: Sequence[float], gap: float) -> list[float]:
    """Moves heights in 0..1 as little as need be for neighbours to be `gap` apart.

    It goes up the sorted heights and keeps each off the one below, then down again from the top.
    """
    order = np.argsort(heights, kind="stable")
    gap = min(gap, 1 / max(1, len(order) - 1))
    placed = np.array(heights, dtype=float)
    floor = 0.0
    for index in order:
        placed[index] = max(placed[index], floor)
        floor = placed[index] + gap
    ceiling = 1.0
    for index in order[::-1]:
        placed[index] = min(placed[index], ceiling)
        ceiling = placed[index] - gap
    return [float(height) for height in placed]
