"""The scales that accuracies and other metrics are drawn on, with ticks that can be read."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from scipy.special import expit, logit

from initstudy.analysis.levels import Floats
from initstudy.analysis.measures import Measure
from initstudy.engine.spec import METRIC

# Accuracies crowd near 100 %, where the differences of interest are: a logit scale spreads them.
# What lies beyond its ends, such as a diverged run's 0, is drawn at them.
LOWEST, HIGHEST = 0.01, 0.9999
# Ticks from coarse to fine, see `sparse_ticks`.
COARSE = [0.5, 0.9, 0.1, 0.95, 0.98, 0.8, 0.2, 0.99, 0.01, 0.999]
COARSE += [0.7, 0.3, 0.05, 0.4, 0.02, 0.6, 0.995, 0.9999]
TICKS = [
    COARSE,
    [percent / 100 for percent in range(1, 100)],
    [tenth / 1000 for tenth in range(10, 1000)],
]


def describe(metric: Measure, judged: str) -> str:
    """Name an axis by what variants are judged by.

    Args:
        metric: that is.
        judged: the set of examples: "test" or "validation".
    """
    if metric.name == METRIC:
        return f"{judged} {correct(metric)} after the last epoch (logit scale)"
    if metric.name not in ("epochs_to_target", "area_under_curve"):
        return f"{metric.words} of the {judged} examples after the last epoch (logarithmic)"
    scale = " (logit scale)" if metric.share else ""
    return f"{metric.words}, of the validation examples{scale}"


def correct(metric: Measure) -> str:
    """Say what an accuracy is a share of."""
    verb = "classified" if metric.counted == "examples" else "predicted"
    return f"{metric.counted} {verb} correctly"


def clipped(metric: Measure, values: Floats) -> Floats:
    """Return values as far as the scale of a metric reaches."""
    return np.clip(values, LOWEST, HIGHEST) if metric.share else values


def scale_curves(axes: Axes, metric: Measure, gap: float = 0.05) -> None:
    """Give the y axis of curves, which are drawn, the scale of a metric: logit or logarithmic."""
    if metric.share:
        axes.set_yscale("logit")
        set_ticks(axes.yaxis, sparse_ticks(axes.yaxis, TICKS, gap), lambda y: f"{100 * y:g} %")
        return
    lines = [np.asarray(line.get_ydata(), np.float64) for line in axes.lines]
    drawn = np.concatenate([line[np.isfinite(line)] for line in lines] or [np.ones(1)])
    if drawn.size and drawn.min() > 0:
        axes.set_yscale("log")
        low, high = drawn.min() / 1.05, drawn.max() * 1.05
        axes.set_ylim(low, high)
        ticks = sparse_ticks(axes.yaxis, _finer(low, high), gap)
        set_ticks(axes.yaxis, ticks, lambda y: f"{y:g}")


def _finer(low: float, high: float) -> list[list[float]]:
    """List ticks from coarse to fine: decades with their halves, then ever more digits."""
    tenth = 10.0 ** math.floor(math.log10(low))
    levels = [_decades(low, high)]
    for step in (tenth, tenth / 10, tenth / 100):
        if (high - low) / step < 1000:
            first = math.ceil(low / step)
            levels.append([round(n * step, 12) for n in range(first, int(high / step) + 1)])
    return levels


def amount(metric: Measure, value: float) -> str:
    """Write a value with its unit."""
    shown = f"{100 * value:.1f}" if metric.share else f"{value:.3g}"
    return shown.replace("inf", "∞") + metric.unit


def scale_values(
    axes: Axes, drawn: Sequence[float], metric: Measure, gap: float
) -> tuple[float, float]:
    """Give a y axis the scale of a metric, around all these values.

    Args:
        axes: whose y axis it is.
        drawn: values, infinite ones and nan among them.
        metric: that they are of.
        gap: between two ticks at least, as a share of the axis.

    Returns:
        Where what lies below and above the scale is to be drawn.
    """
    axis: Axis = axes.yaxis
    if metric.share:
        axes.set_yscale("logit")
        axes.set_ylim(_around(drawn))
        set_ticks(axis, sparse_ticks(axis, TICKS, gap), lambda value: f"{100 * value:g} %")
        return LOWEST, HIGHEST
    logarithmic = metric.name != "epochs_to_target" and min(drawn, default=0.0) > 0
    if logarithmic:
        axes.set_yscale("log")
        inner, outer = _ends(np.log(drawn))
        inner, outer = (tuple(np.exp(ends).tolist()) for ends in (inner, outer))
    else:
        inner, outer = _ends(drawn)
    axes.set_ylim(outer)
    if logarithmic:
        set_ticks(axis, sparse_ticks(axis, _finer(*outer), gap), lambda value: f"{value:g}")
    _mark_infinite(axes, drawn, inner)
    return inner


def sparse_ticks(axis: Axis, levels: Sequence[Sequence[float]], gap: float = 0.05) -> list[float]:
    """Choose ticks that are in view and have room for their labels, the first of a level first.

    A finer level is looked at only as long as there are fewer than four. The gap between two is a
    share of the axis.
    """
    transform = axis.get_transform()
    start, end = transform.transform(np.sort(axis.get_view_interval()))
    kept: dict[float, float] = {}
    for level in levels:
        for tick in level:
            place = float((transform.transform(np.array([tick]))[0] - start) / (end - start))
            if 0 <= place <= 1 and all(abs(place - other) > gap for other in kept.values()):
                kept[tick] = place
        if len(kept) >= 4:
            break
    return sorted(kept)


def set_ticks(axis: Axis, ticks: Sequence[float], text: Callable[[float], str]) -> None:
    """Give an axis these ticks, with their labels, and no others."""
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: text(value)))


def _decades(low: float, high: float) -> list[float]:
    """List powers of ten from the largest on, then five times, then twice these."""
    powers = range(math.ceil(math.log10(high)), math.floor(math.log10(low)) - 1, -1)
    return [factor * 10.0**power for factor in (1, 5, 2) for power in powers]


def _around(accuracies: Sequence[float]) -> tuple[float, float]:
    """Find limits of a logit scale with room around all of these, even if they are all the same."""
    known = [value for value in accuracies if np.isfinite(value)]
    low, high = logit(np.clip([min(known), max(known)], LOWEST, HIGHEST))
    room = max(0.05 * (high - low), 0.1)
    return float(expit(low - room)), float(expit(high + room))


def _ends(drawn: Sequence[float] | Floats) -> tuple[tuple[float, float], tuple[float, float]]:
    """Find where infinite values are drawn, with room to all finite ones, and limits beyond."""
    finite = np.array([value for value in drawn if np.isfinite(value)] or [0.0, 1.0])
    size = max(float(np.ptp(finite)), 0.2 * float(np.abs(finite).max()), 1e-2)
    low, high = float(finite.min()), float(finite.max())
    return (low - 0.12 * size, high + 0.12 * size), (low - 0.16 * size, high + 0.16 * size)


def _mark_infinite(axes: Axes, drawn: Sequence[float], ends: tuple[float, float]) -> None:
    """Write where infinite values are, if there are some."""
    for place, value, text in zip(ends, (-np.inf, np.inf), ("-∞", "∞"), strict=True):
        if value in drawn:
            axes.axhline(place, color="#777777", linewidth=1, linestyle=":")
            edge: Any = {"xycoords": ("axes fraction", "data"), "ha": "left", "va": "bottom"}
            axes.annotate(text, (0.01, place), **edge)
