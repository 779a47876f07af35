"""Learning curves: the means of the seeds, and how far seeds differ."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from initstudy.analysis.decisions import BASELINE
from initstudy.analysis.levels import Floats
from initstudy.analysis.measures import Measure, metric_of
from initstudy.drawing.scales import HIGHEST, LOWEST, clipped, correct, scale_curves
from initstudy.drawing.style import (
    ENDS_OF_LINES,
    INK,
    MANY_LINES,
    NARROW,
    WIDE,
    best_and_worst,
    canvas,
    draw_all,
    draw_line,
    label_ends,
    many_note,
    variant_styles,
    wrapped,
)
from initstudy.results.findings import Peak
from initstudy.results.study import StudyResults

# More bands than these hide each other: then the baseline and the one that ends best have one.
FEW_BANDS = 3
# A mark where a curve peaks before it falls.
PEAK: Any = {
    "marker": "v",
    "markersize": 8,
    "markeredgecolor": INK,
    "linestyle": "none",
    "zorder": 5,
}


@dataclass(frozen=True)
class Curves:
    """The learning curves of one variant.

    Attributes:
        label: beside its line.
        training, validation: the metric, float64 (seeds, epochs).
        style: see `variant_styles`.
        peak: after which its mean falls by more than the margin; None if it does not.
        band: whether the spread of its seeds is drawn.
    """

    label: str
    training: Floats
    validation: Floats
    style: dict[str, Any]
    peak: Peak | None = None
    band: bool = True


def kernel(results: StudyResults, title: str, narrow: bool = False) -> Figure:
    """Draw the learning curves of the kernel initializers."""
    return _of_role(results, title, "kernel", narrow)


def bias(results: StudyResults, title: str, narrow: bool = False) -> Figure:
    """Draw the learning curves of the bias initializers."""
    return _of_role(results, title, "bias", narrow)


def best_vs_baseline(results: StudyResults, title: str, narrow: bool = False) -> Figure:
    """Draw the learning curves of the best pair and the baseline, on new seeds.

    If the choice fell on the baseline's own pair, it alone is drawn, on the seeds of the choice.
    """
    study, again = results.study, "best" in results.initializers
    seeds = study.confirmation if again else study.selection
    variants = ["baseline", "best"] if again else ["baseline"]
    metric = metric_of(study)
    return learning_curves(title, _curves(results, variants, seeds), metric, narrow)


def learning_curves(
    title: str, curves: Sequence[Curves], metric: Measure, narrow: bool = False
) -> Figure:
    """Draw the metric in training and validation by epoch, side by side, as in the notebook.

    Each line is the mean over seeds; the bands of some are one sample standard deviation to either
    side. A mark is where a mean peaks before it falls. Of more than MANY_LINES, the baseline, the
    best and the worst are drawn, and behind them how the means of all are distributed.

    Args:
        title: of the figure.
        curves: drawn in this order.
        narrow: one below the other, for a phone.
        metric: that is drawn.
    """
    total, seeds = len(curves), len(curves[0].training)
    many = total > MANY_LINES
    everything = [
        np.array([getattr(one, part).mean(axis=0) for one in curves])
        for part in ("training", "validation")
    ]
    if many:
        ends = (metric.sign * everything[1][:, -1]).tolist()
        shown = best_and_worst([one.label for one in curves], ends, ENDS_OF_LINES)
        curves = [curves[place] for place in shown]
    size, shape = ((NARROW, 7.6), (2, 1)) if narrow else ((WIDE + 1, 4.6), (1, 2))
    with canvas(title, size, shape, sharex=True, sharey=True) as (figure, panels):
        for axes, name, means in zip(panels, ("Training", "Validation"), everything, strict=True):
            if many:
                draw_all(axes, means, _limits(metric, means))
            for one in curves:
                values = getattr(one, name.lower())
                band = _band(values, metric) if one.band and not many and seeds > 1 else None
                draw_line(axes, clipped(metric, values.mean(axis=0)), one.style, band)
            axes.set_title(f"{name} accuracy" if metric.share else name)
            axes.set_xlim(1, max(2, means.shape[1]))
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        for axes in panels[1:] if narrow else panels:
            axes.set_xlabel("epoch")
        for one in curves:
            if one.peak:
                panels[1].plot(one.peak.epoch, one.peak.value, color=one.style["color"], **PEAK)
        scale_curves(panels[0], metric)
        what = f"{correct(metric)}\n(logit scale)"
        if not metric.share:
            what = f"{metric.words}, {metric.direction}\n(logarithmic)"
        panels[0].set_ylabel(f"{what}, mean of n = {seeds} seeds")
        last = [float(one.validation[:, -1].mean()) for one in curves]
        texts = [f"{one.label} {_end(end, metric)}" for one, end in zip(curves, last, strict=True)]
        styles = [one.style for one in curves]
        label_ends(panels[1], clipped(metric, np.array(last)).tolist(), texts, styles)
        notes = [many_note(total)] if many else []
        if not many and seeds > 1:
            notes.append("Bands: one standard deviation of the seeds to either side.")
        if any(one.peak for one in curves):
            notes.append("▼: where a mean peaks before it falls.")
        figure.supxlabel(wrapped(" ".join(notes), narrow), size="medium")
    return figure


def _limits(metric: Measure, means: Floats) -> tuple[float, float]:
    if metric.share:
        return LOWEST, HIGHEST
    return float(np.nanmin(means)), float(np.nanmax(means))


def _end(value: float, metric: Measure) -> str:
    return f"{metric.scale * value:.{metric.places}f}{metric.unit}"


def _band(values: Floats, metric: Measure) -> Floats:
    """Return one standard deviation to either side of the mean, float64 (2, epochs).

    It goes no further than a seed: on a logit scale one step beyond the last is a long way.
    """
    mean, spread = values.mean(axis=0), values.std(axis=0, ddof=1)
    within = np.clip([mean - spread, mean + spread], values.min(axis=0), values.max(axis=0))
    return np.asarray(clipped(metric, within))


def _of_role(results: StudyResults, title: str, role: str, narrow: bool) -> Figure:
    study = results.study
    curves = _curves(results, study.with_role(role), study.selection, role)
    return learning_curves(title, curves, metric_of(study), narrow)


def _curves(
    results: StudyResults, variants: Sequence[str], seeds: range, role: str = ""
) -> list[Curves]:
    """Read the curves of some variants; of many only the baseline and the best have bands."""
    styles, metric = variant_styles(results.initializers), results.study.metric
    found = []
    for name in variants:
        training, validation = (
            results.curves(name, seeds, column) for column in (metric, f"val_{metric}")
        )
        peak = results.findings.variant(name).peak
        label = label_of(name, role)
        found.append(Curves(label, training, validation, styles[name], peak))
    sign = results.study.sign
    ahead = max(found, key=lambda one: sign * float(one.validation[:, -1].mean()))
    return [
        replace(one, band=len(found) <= FEW_BANDS or one.label in (BASELINE, ahead.label))
        for one in found
    ]


def label_of(variant: str, role: str) -> str:
    """Name a variant by its initializer of that role, where all others share the other one."""
    return variant.removeprefix(f"{role}-")
