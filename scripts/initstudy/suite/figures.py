"""What a suite found, as pictures."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from initstudy.analysis.decisions import BASELINE
from initstudy.analysis.levels import Floats
from initstudy.config.problems import count
from initstudy.drawing.figures import COLORS, STYLE, label_ends, line_styles
from initstudy.drawing.scales import sparse_ticks
from initstudy.results.findings import BETTER, EQUIVALENT, INCONCLUSIVE, WORSE
from initstudy.suite.catalog import figures_of
from initstudy.suite.entry import Entry
from initstudy.suite.findings import Findings, Method, label
from initstudy.suite.profiles import profiles

# Where performance profiles are drawn: ever more densely towards the target, near which most are.
NEAR = 0.02
TAUS = 1 + NEAR * np.sinh(np.linspace(np.arcsinh(-1 / NEAR), np.arcsinh(0.1 / NEAR), 301))
SHARES = np.linspace(0, 1, 201)
PANELS_IN_A_ROW = 3
BLUE, RED, GREY = COLORS[4], COLORS[3], "#777777"
# Colours end at a quarter of the baseline's error, and at four times as much.
FARTHEST = 4.0
MARKS = {BETTER: "^", WORSE: "v", EQUIVALENT: "s"}
FAILS = "x"
# Pale enough to print numbers on, and seen with every common colour vision.
FEWER_TO_MORE = LinearSegmentedColormap.from_list("errors", ["#56B4E9", "white", "#E69F00"])
RATIOS = [[1.0, 0.5, 2.0], [0.1, 0.2, 5.0, 10.0], [0.75, 1.5, 0.9, 1.1], [0.05, 20.0]]
DECISION_COLORS = {BETTER: BLUE, WORSE: RED, INCONCLUSIVE: "black"}


def draw(findings: Findings, entries: Sequence[Entry]) -> dict[str, Figure]:
    """Draw all figures of a suite, by their names in the catalog.

    Args:
        findings: of the suite.
        entries: of its studies, with the variants in the order of the findings.
    """
    budgeted = sum(entry.has_budgets for entry in entries)
    return {one.name: DRAWN[one.name](findings, entries) for one in figures_of(budgeted)}


def heat_map(findings: Findings) -> Figure:
    """Draw each method's error over the baseline's in each workload, and what was decided."""
    methods, studies = findings.methods, findings.studies
    ratios = np.array([[within.ratio for within in method.within] for method in methods])
    with matplotlib.rc_context(STYLE):
        size = 1.9 + 0.36 * len(methods)
        figure = Figure(figsize=(9, size), layout="constrained")
        axes = figure.subplots()
        axes.grid(visible=False)
        scale = LogNorm(1 / FARTHEST, FARTHEST)
        axes.imshow(ratios, aspect="auto", cmap=FEWER_TO_MORE, norm=scale)
        for row, method in enumerate(methods):
            for column, within in enumerate(method.within):
                text = f"{within.ratio:.2f}" if within.ratio < 10 else f"{within.ratio:.1f}"
                axes.text(column, row - 0.12, text, ha="center", va="center", fontsize=8.5)
                marks = [MARKS.get(within.comparison.decision), FAILS if within.fails else None]
                shapes = [mark for mark in marks if mark]
                for place, shape in enumerate(shapes):
                    across = column + 0.18 * (2 * place - len(shapes) + 1)
                    axes.plot(across, row + 0.31, shape, color="black", markersize=4)
        many = len(studies) * max(map(len, studies)) > 75
        slanted: dict[str, Any] = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"}
        axes.set_xticks(range(len(studies)), studies, **(slanted if many else {}))
        axes.set_yticks(range(len(methods)), [label(method.name) for method in methods])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        handles = [
            *(
                Line2D([], [], marker=shape, color="black", linestyle="none", label=label)
                for label, shape in [*MARKS.items(), ("fails", FAILS)]
            ),
            Line2D([], [], linestyle="none", label="no mark: inconclusive"),
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=5, frameon=False)
        _title(
            figure,
            "Error over the baseline's, and the decision by the seeds of each workload (blue: "
            "fewer errors)",
        )
    return figure


def intervals(findings: Findings) -> Figure:
    """Draw geometric means over workloads with their intervals, the best one above."""
    methods = findings.methods[::-1]
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9, 1.9 + 0.42 * len(methods)), layout="constrained")
        axes = figure.subplots()
        axes.set_xscale("log")
        axes.grid(axis="y", visible=False)
        axes.axvline(1, color="black", linewidth=1.2, zorder=1)
        drawn = [1.0]
        for place, method in enumerate(methods):
            drawn += _draw_method(axes, place, method)
        low, high = min(drawn) / 1.1, max(drawn) * 1.1
        axes.set_xlim(low, high)
        axes.set_ylim(-0.6, len(methods) - 0.4)
        names = [f"{label(method.name)}  {method.over.ratio:.2f}" for method in methods]
        axes.set_yticks(range(len(methods)), names)
        axes.xaxis.set_major_locator(FixedLocator(sparse_ticks(axes.xaxis, RATIOS, gap=0.06)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        number = count(len(findings.workloads), "workload")
        axes.set_xlabel(
            "error over the baseline's (left: fewer errors, right: more)\n"
            f"geometric mean of n = {number}"
        )
        decided = [method for method in methods if method.over.decision != INCONCLUSIVE]
        claim = (
            f"{count(len(decided), 'method')} of {len(methods)} decided over workloads"
            if decided
            else "No method is decided over workloads: each thin interval covers 1"
        )
        if len(findings.workloads) < 2:
            claim = "A single workload, which has no interval over workloads"
        _title(figure, claim)
    return figure


def _draw_method(axes: Axes, place: int, method: Method) -> list[float]:
    """Draw one row of `intervals`; returns what must lie within the axes."""
    over, color = method.over, DECISION_COLORS[method.over.decision]
    dots = [within.ratio for within in method.within]
    style: Any = {"color": GREY, "markersize": 3, "alpha": 0.6, "linestyle": "none"}
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


def performance_profiles(findings: Findings, scores: Sequence[Floats]) -> Figure:
    """Draw the share of runs above each score, with 95 % bands: a panel for each method.

    Args:
        findings: of the suite.
        scores: of each study, with the variants in the order of the findings.
    """

    def scale(axes: Axes) -> None:
        axes.set_xscale(
            "function",
            functions=(lambda x: np.arcsinh((x - 1) / NEAR), lambda y: 1 + NEAR * np.sinh(y)),
        )
        axes.set_xlim(TAUS[0], TAUS[-1])
        axes.xaxis.set_major_locator(FixedLocator([0, 0.8, 0.95, 1, 1.05]))

    return _panels(
        findings,
        TAUS,
        profiles(scores, TAUS),
        scale,
        "score τ: 0 is the majority-class accuracy, 1 the target (wider near 1)",
        f"share of runs with a score above τ\n({_counts(findings)})",
        "Performance profiles, the baseline's in grey",
    )


def times_to_target(findings: Findings, times: Sequence[Floats]) -> Figure:
    """Draw the share of runs that have reached the target by each share of the epochs.

    Args:
        findings: of the suite.
        times: see `Entry.times`, with the variants in the order of the findings.
    """

    def scale(axes: Axes) -> None:
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_locator(FixedLocator([0, 0.5, 1]))

    # What has taken a share or less has a negative time at or above it.
    reached = profiles([-study for study in times], -SHARES - 1e-9)
    return _panels(
        findings,
        SHARES,
        reached,
        scale,
        "share of the workload's epochs",
        f"share of runs that have reached the target\n({_counts(findings)})",
        "Time to the target, the baseline's in grey",
    )


def _panels(
    findings: Findings,
    places: Floats,
    shares: tuple[Floats, Floats, Floats],
    scale: Callable[[Axes], None],
    across: str,
    up: str,
    title: str,
) -> Figure:
    """Draw curves of shares with their bands, each method's in a panel, beside the baseline's."""
    middle, low, high = shares
    variants = findings.variants
    base = variants.index(BASELINE)
    others = [index for index in range(len(variants)) if index != base]
    rows = math.ceil(len(others) / PANELS_IN_A_ROW)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9, 1.1 + 1.75 * rows), layout="constrained")
        panels = figure.subplots(
            rows, min(len(others), PANELS_IN_A_ROW), sharex=True, sharey=True, squeeze=False
        ).ravel()
        for axes, index in zip(panels, others, strict=False):
            for line, color in ((base, GREY), (index, BLUE)):
                axes.fill_between(
                    places, low[:, line], high[:, line], color=color, alpha=0.2, linewidth=0
                )
                axes.plot(places, middle[:, line], color=color, linewidth=1.8)
            axes.set_title(label(variants[index]))
        scale(panels[0])
        panels[0].set_ylim(0, 1.04)
        panels[0].xaxis.set_minor_locator(NullLocator())
        panels[0].xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        for axes in panels[len(others) :]:
            axes.remove()
        # Where a last row is not full, the panels above its gaps end their columns.
        for axes in panels[: len(others)][-min(len(others), PANELS_IN_A_ROW) :]:
            axes.tick_params(labelbottom=True)
        figure.supxlabel(across, size="medium")
        figure.supylabel(up, size="medium")
        _title(figure, title)
    return figure


def budgets(found: Mapping[str, Sequence[float]], studies: int) -> Figure:
    """Draw the mean score of each variant by how many learning rates are tried.

    Args:
        found: see `tuning.budgets`.
        studies: how many it is of.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9, max(4.8, 0.42 * len(found))), layout="constrained")
        axes = figure.subplots()
        styles = line_styles(list(found))
        for scores, style in zip(found.values(), styles, strict=True):
            axes.plot(range(1, len(scores) + 1), scores, marker="o", markersize=4, **style)
        numbers = np.arange(1, len(next(iter(found.values()))) + 1)
        axes.set_xticks(numbers)
        axes.set_xlim(0.9, numbers[-1])
        axes.set_xlabel("number of learning rates, drawn from those of the workload")
        axes.set_ylabel(
            f"mean score of validation examples, n = {count(studies, 'workload')}\n(0: "
            "majority-class accuracy, 1: target)"
        )
        ends = {name: scores[-1] for name, scores in found.items()}
        texts = [f"{label(name)} {value:.3f}" for name, value in ends.items()]
        label_ends(axes, list(ends.values()), texts, styles)
        _title(figure, "Mean score by the number of learning rates")
    return figure


DRAWN: dict[str, Callable[[Findings, Sequence[Entry]], Figure]] = {
    "heat_map": lambda found, _: heat_map(found),
    "intervals": lambda found, _: intervals(found),
    "profiles": lambda found, of: performance_profiles(found, [entry.scores for entry in of]),
    "times": lambda found, of: times_to_target(found, [entry.times for entry in of]),
    "budgets": lambda found, of: budgets(found.budgets, sum(entry.has_budgets for entry in of)),
}


def _counts(findings: Findings) -> str:
    each = findings.runs // len(findings.variants)
    return f"n = {count(each, 'run')} of {count(len(findings.workloads), 'workload')}"


def _title(figure: Figure, text: str) -> None:
    figure.suptitle(text, x=0.01, ha="left", weight="bold")
