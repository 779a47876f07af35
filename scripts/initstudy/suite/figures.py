"""What a suite found, as pictures: each function takes the findings, and the studies' entries."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from initstudy.analysis.decisions import BASELINE
from initstudy.analysis.levels import Floats
from initstudy.config.problems import count
from initstudy.drawing.rates import lines
from initstudy.drawing.scales import set_ticks, sparse_ticks
from initstudy.drawing.style import COLORS, DARK, canvas, legend
from initstudy.results.findings import BETTER, EQUIVALENT, INCONCLUSIVE, WORSE
from initstudy.suite.entry import Entry
from initstudy.suite.findings import Findings, Method, label
from initstudy.suite.profiles import profiles

# Where performance profiles are drawn: ever more densely towards the target, near which most are.
NEAR = 0.02
TAUS = 1 + NEAR * np.sinh(np.linspace(np.arcsinh(-1 / NEAR), np.arcsinh(0.1 / NEAR), 301))
SHARES = np.linspace(0, 1, 201)
PANELS_IN_A_ROW = 3
BLUE, RED = COLORS[4], COLORS[3]
# Colours end at a quarter of the baseline's error or at the best cell, and at as many times more.
FARTHEST = 4.0
MARKS = {BETTER: "^", WORSE: "v", EQUIVALENT: "s"}
FAILS = "x"
# Pale enough to print numbers on, and seen with every common colour vision.
FEWER_TO_MORE = LinearSegmentedColormap.from_list("errors", ["#56B4E9", "white", "#E69F00"])
RATIOS = [[1.0, 0.5, 2.0], [0.1, 0.2, 5.0, 10.0], [0.75, 1.5, 0.9, 1.1], [0.05, 20.0]]
DECISION_COLORS = {BETTER: BLUE, WORSE: RED, INCONCLUSIVE: "black"}
# Longer names of workloads, in letters, are slanted.
LETTERS = 75


def heat_map(findings: Findings, entries: Sequence[Entry]) -> Figure:
    """Draw each method's error over the baseline's in each workload, and what was decided."""
    methods, studies = findings.methods, findings.studies
    ratios = np.array([[within.ratio for within in method.within] for method in methods])
    first = methods[0]
    title = (
        f"{label(first.name)} is better in {first.counts.better} of "
        f"{count(len(studies), 'workload')}, worse in {first.counts.worse or 'none'}"
    )
    with canvas(title, (9, 1.9 + 0.36 * len(methods))) as (figure, (axes,)):
        axes.grid(visible=False)
        farthest = max(FARTHEST, 1 / float(ratios.min()))
        image = axes.imshow(
            ratios, aspect="auto", cmap=FEWER_TO_MORE, norm=LogNorm(1 / farthest, farthest)
        )
        beyond = "max" if ratios.max() > farthest else "neither"
        bar = figure.colorbar(image, ax=axes, extend=beyond, pad=0.01, aspect=30)
        bar.set_label("error over the baseline's (blue: fewer)")
        set_ticks(bar.ax.yaxis, sparse_ticks(bar.ax.yaxis, RATIOS, gap=0.06), "{:g}".format)
        for row, method in enumerate(methods):
            for column, within in enumerate(method.within):
                text = f"{within.ratio:.2f}" if within.ratio < 10 else f"{within.ratio:.1f}"
                axes.text(column, row - 0.12, text, ha="center", va="center", fontsize=8.5)
                marks = [MARKS.get(within.comparison.decision), FAILS if within.fails else None]
                shapes = [mark for mark in marks if mark]
                for place, shape in enumerate(shapes):
                    across = column + 0.18 * (2 * place - len(shapes) + 1)
                    axes.plot(across, row + 0.31, shape, color="black", markersize=4)
        slanted: Any = {}
        if len(studies) * max(map(len, studies)) > LETTERS:
            slanted = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"}
        axes.set_xticks(range(len(studies)), studies, **slanted)
        axes.set_yticks(range(len(methods)), [label(method.name) for method in methods])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        dot: Any = {"color": "black", "linestyle": "none"}
        known = [*MARKS.items(), ("fails", FAILS)]
        handles = [Line2D([], [], marker=shape, label=name, **dot) for name, shape in known]
        legend(figure, [*handles, Line2D([], [], label="no mark: inconclusive", **dot)])
    return figure


def intervals(findings: Findings, entries: Sequence[Entry]) -> Figure:
    """Draw geometric means over workloads with their intervals, the best one above."""
    methods = findings.methods[::-1]
    decided = [method for method in methods if method.over.decision != INCONCLUSIVE]
    title = "No method is decided over workloads: each thin interval covers 1"
    if decided:
        title = f"{count(len(decided), 'method')} of {len(methods)} decided over workloads"
    if len(findings.workloads) < 2:
        title = "A single workload, which has no interval over workloads"
    with canvas(title, (7.2, 1.9 + 0.42 * len(methods))) as (figure, (axes,)):
        axes.set_xscale("log")
        axes.grid(axis="y", visible=False)
        axes.axvline(1, color="black", linewidth=1.2, zorder=1)
        drawn = [1.0]
        for place, method in enumerate(methods):
            drawn += _draw_method(axes, place, method)
        axes.set_xlim(min(drawn) / 1.1, max(drawn) * 1.1)
        axes.set_ylim(-0.6, len(methods) - 0.4)
        names = [f"{label(method.name)}  {method.over.ratio:.2f}" for method in methods]
        axes.set_yticks(range(len(methods)), names)
        set_ticks(axes.xaxis, sparse_ticks(axes.xaxis, RATIOS, gap=0.06), "{:g}".format)
        axes.set_xlabel(
            "error over the baseline's (left: fewer errors, right: more)\n"
            f"geometric mean of n = {count(len(findings.workloads), 'workload')}"
        )
    return figure


def _draw_method(axes: Axes, place: int, method: Method) -> list[float]:
    """Draw one row of `intervals`; return what must lie within the axes."""
    over, color = method.over, DECISION_COLORS[method.over.decision]
    dots = [within.ratio for within in method.within]
    style: Any = {"color": DARK, "markersize": 3, "alpha": 0.6, "linestyle": "none"}
    axes.plot(dots, [place - 0.24] * len(dots), "o", **style)
    for ends, width, dashes in (
        ((over.new_low, over.new_high), 1.0, ":"),
        ((over.decided_low, over.decided_high), 1.1, "-"),
        ((over.low, over.high), 3.2, "-"),
    ):
        if np.isfinite(ends).all():
            style = {"color": color, "linewidth": width, "solid_capstyle": "butt"}
            axes.plot(ends, [place, place], dashes, **style)
    axes.plot(over.ratio, place, "o", color=color, markersize=6.5, zorder=3)
    bounds = (over.new_low, over.new_high, over.decided_low, over.decided_high)
    return [value for value in (*dots, *bounds) if np.isfinite(value)]


def performance_profiles(findings: Findings, entries: Sequence[Entry]) -> Figure:
    """Draw the share of runs above each score, with 95 % bands: a panel for each method."""
    scores = [entry.of(findings.variants).scores for entry in entries]
    title = "Performance profiles, the baseline's in grey"
    figure, axes = _panels(title, findings, TAUS, profiles(scores, TAUS))
    near_1 = lambda x: np.arcsinh((x - 1) / NEAR), lambda y: 1 + NEAR * np.sinh(y)
    axes.set_xscale("function", functions=near_1)
    axes.set_xlim(TAUS[0], TAUS[-1])
    set_ticks(axes.xaxis, [0, 0.8, 0.95, 1, 1.05], "{:g}".format)
    figure.supxlabel(
        "score τ: 0 is the best constant answer, 1 the target (wider near 1)", size="medium"
    )
    figure.supylabel(f"share of runs with a score above τ\n({_counts(findings)})", size="medium")
    return figure


def times_to_target(findings: Findings, entries: Sequence[Entry]) -> Figure:
    """Draw the share of runs that have reached the target by each share of the epochs."""
    # What has taken a share or less has a negative time at or above it.
    times = [-entry.of(findings.variants).times for entry in entries]
    reached = profiles(times, -SHARES - 1e-9)
    title = "Time to the target, the baseline's in grey"
    figure, axes = _panels(title, findings, SHARES, reached)
    axes.set_xlim(0, 1)
    set_ticks(axes.xaxis, [0, 0.5, 1], "{:g}".format)
    figure.supxlabel("share of the workload's epochs", size="medium")
    up = f"share of runs that have reached the target\n({_counts(findings)})"
    figure.supylabel(up, size="medium")
    return figure


def _panels(
    title: str, findings: Findings, places: Floats, shares: tuple[Floats, Floats, Floats]
) -> tuple[Figure, Axes]:
    """Draw curves of shares with their bands, each method's in a panel, beside the baseline's.

    Args:
        title: of the figure.
        findings: of the suite.
        places: across, float64 (places,).
        shares: middle, lower and upper bound: (places, variants).

    Returns:
        The figure, and the panel whose x axis all others share.
    """
    variants = findings.variants
    base = variants.index(BASELINE)
    others = [index for index in range(len(variants)) if index != base]
    columns = min(len(others), PANELS_IN_A_ROW)
    rows = math.ceil(len(others) / PANELS_IN_A_ROW)
    size = 9, 1.1 + 1.75 * rows
    with canvas(title, size, (rows, columns), sharex=True, sharey=True) as (figure, panels):
        for axes, index in zip(panels, others, strict=False):
            for line, color in ((base, DARK), (index, BLUE)):
                middle, low, high = (part[:, line] for part in shares)
                axes.fill_between(places, low, high, color=color, alpha=0.2, linewidth=0)
                axes.plot(places, middle, color=color, linewidth=1.8)
            axes.set_title(label(variants[index]))
        panels[0].set_ylim(0, 1.04)
        for axes in panels[len(others) :]:
            axes.remove()
        # Where a last row is not full, the panels above its gaps end their columns.
        for axes in panels[: len(others)][-columns:]:
            axes.tick_params(labelbottom=True)
    return figure, panels[0]


def budgets(findings: Findings, entries: Sequence[Entry]) -> Figure:
    """Draw the mean score of each variant by the number of learning rates."""
    rows = {label(name): scores for name, scores in findings.budgets.items()}
    table = pd.DataFrame(rows, index=range(1, 1 + len(rows[BASELINE]))).T
    figure = lines("Mean score by the number of learning rates", table)
    studies = sum(entry.has_budgets for entry in entries)
    axes = figure.axes[0]
    axes.set_xlabel("number of learning rates, drawn from those of the workload")
    axes.set_ylabel(
        f"mean score of validation examples, n = {count(studies, 'workload')}\n"
        "(0: best constant answer, 1: target)"
    )
    return figure


def _counts(findings: Findings) -> str:
    each = findings.runs // len(findings.variants)
    return f"n = {count(each, 'run')} of {count(len(findings.workloads), 'workload')}"
