"""Learning curves: the means of the seeds, and how far seeds differ."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from initstudy.analysis.levels import Floats
from initstudy.drawing.scales import HIGHEST, LOWEST, TICKS, set_ticks, sparse_ticks
from initstudy.drawing.style import (
    ENDS_OF_LINES,
    MANY_LINES,
    NARROW,
    WIDE,
    best_and_worst,
    canvas,
    draw_all,
    draw_line,
    label_ends,
    line_styles,
    many_note,
)
from initstudy.results.study import StudyResults

TITLES = {
    "kernel": "Kernel initializers, each with the baseline's bias initializer",
    "bias": "Bias initializers, each with the baseline's kernel initializer",
}


@dataclass(frozen=True)
class Curves:
    """The learning curves of one variant.

    Attributes:
        label: beside its line.
        training, validation: accuracies as fractions of 1, float64 (seeds, epochs).
    """

    label: str
    training: Floats
    validation: Floats


def kernel(results: StudyResults, narrow: bool = False) -> Figure:
    """Draw the learning curves of the kernel initializers."""
    return _of_role(results, "kernel", narrow)


def bias(results: StudyResults, narrow: bool = False) -> Figure:
    """Draw the learning curves of the bias initializers."""
    return _of_role(results, "bias", narrow)


def best_vs_baseline(results: StudyResults, narrow: bool = False) -> Figure:
    """Draw the learning curves of the best pair and the baseline, on new seeds.

    If the choice fell on the baseline's own pair, it alone is drawn, on the seeds of the choice.
    """
    study = results.study
    pair = "{} kernels, {} biases".format(
        *results.initializers.get("best", results.initializers["baseline"])
    )
    if "best" in results.initializers:
        title = f"The best pair ({pair}) against the baseline, on new seeds"
        variants, seeds = ["baseline", "best"], study.confirmation
    else:
        title = f"The best pair is the baseline's own ({pair})"
        variants, seeds = ["baseline"], study.selection
    return learning_curves(title, [_curves(results, v, v, seeds) for v in variants], narrow)


def learning_curves(title: str, curves: Sequence[Curves], narrow: bool = False) -> Figure:
    """Draw training and validation accuracy by epoch, side by side, as in the notebook.

    Each line is the mean over seeds; the band is one sample standard deviation to either side. Of
    more than MANY_LINES, the baseline, the best and the worst are drawn, and behind them how the
    means of all are distributed.

    Args:
        title: of the figure.
        curves: drawn in this order; those labelled `baseline` are drawn in black.
        narrow: one below the other, for a phone.
    """
    total, seeds = len(curves), len(curves[0].training)
    many = total > MANY_LINES
    everything = [
        np.array([getattr(one, part).mean(axis=0) for one in curves])
        for part in ("training", "validation")
    ]
    if many:
        ends = everything[1][:, -1].tolist()
        shown = best_and_worst([one.label for one in curves], ends, ENDS_OF_LINES)
        curves = [curves[place] for place in shown]
    styles = line_styles([one.label for one in curves])
    size, shape = ((NARROW, 7.6), (2, 1)) if narrow else ((WIDE + 1, 4.6), (1, 2))
    with canvas(title, size, shape, sharex=True, sharey=True) as (figure, panels):
        for axes, name, means in zip(panels, ("Training", "Validation"), everything, strict=True):
            if many:
                draw_all(axes, means, (LOWEST, HIGHEST))
            for one, style in zip(curves, styles, strict=True):
                values = getattr(one, name.lower())
                band = None if many or seeds == 1 else _band(values)
                draw_line(axes, np.clip(values.mean(axis=0), LOWEST, HIGHEST), style, band)
            axes.set_title(f"{name} accuracy")
            axes.set_xlim(1, max(2, means.shape[1]))
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        for axes in panels[1:] if narrow else panels:
            axes.set_xlabel("epoch")
        panels[0].set_yscale("logit")
        set_ticks(panels[0].yaxis, sparse_ticks(panels[0].yaxis, TICKS), lambda y: f"{100 * y:g} %")
        spread = ", band: ±1 standard deviation"
        if many or seeds == 1:
            spread = "" if many else ", no band: one seed has no spread"
        panels[0].set_ylabel(
            f"examples classified correctly (logit scale)\nmean of n = {seeds} seeds{spread}"
        )
        last = [float(one.validation[:, -1].mean()) for one in curves]
        texts = [f"{one.label} {100 * end:.1f} %" for one, end in zip(curves, last, strict=True)]
        label_ends(panels[1], np.clip(last, LOWEST, HIGHEST).tolist(), texts, styles)
        if many:
            figure.supxlabel(many_note(total), size="medium")
    return figure


def _band(values: Floats) -> Floats:
    """Return one standard deviation to either side of the mean, float64 (2, epochs).

    It goes no further than a seed: on a logit scale one step beyond the last is a long way.
    """
    mean, spread = values.mean(axis=0), values.std(axis=0, ddof=1)
    within = np.clip([mean - spread, mean + spread], values.min(axis=0), values.max(axis=0))
    return np.asarray(np.clip(within, LOWEST, HIGHEST))


def _of_role(results: StudyResults, role: str, narrow: bool) -> Figure:
    study = results.study
    curves = [
        _curves(results, name, label_of(name, role), study.selection)
        for name in study.with_role(role)
    ]
    return learning_curves(TITLES[role], curves, narrow)


def _curves(results: StudyResults, variant: str, label: str, seeds: range) -> Curves:
    training, validation = (
        results.curves(variant, seeds, metric) for metric in ("accuracy", "val_accuracy")
    )
    return Curves(label, training, validation)


def label_of(variant: str, role: str) -> str:
    """Name a variant by its initializer of that role, where all others share the other one."""
    return variant.removeprefix(f"{role}-")
