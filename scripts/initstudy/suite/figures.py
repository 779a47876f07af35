"""What a suite found, as pictures."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import scikit_posthocs
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MultipleLocator, NullLocator

from initstudy.analysis.levels import ALPHA, Floats
from initstudy.drawing.figures import BASELINE, COLORS, STYLE, label_ends, line_styles
from initstudy.drawing.scales import sparse_ticks
from initstudy.suite.catalog import figures_of
from initstudy.suite.findings import Findings, OverStudies, profiles

# Where performance profiles are drawn: ever more densely towards the target, near which most are.
NEAR = 0.02
TAUS = 1 + NEAR * np.sinh(np.linspace(np.arcsinh(-1 / NEAR), np.arcsinh(0.1 / NEAR), 301))
SHARES = np.linspace(0, 1, 201)
PANELS_IN_A_ROW = 3
BLUE = COLORS[4]


def draw(findings: Findings) -> dict[str, Figure]:
    """All figures of a suite, by their names in the catalog."""
    return {figure.name: DRAWN[figure.name](findings) for figure in figures_of(findings.size)}


def intervals(summary: pd.DataFrame, counts: str) -> Figure:
    """Interquartile means from the best to the worst, and their differences from the baseline.

    Args:
        summary: see `suite.summarize`.
        counts: how many replicates and studies it is of, in words.
    """
    rows = summary.iloc[::-1].reset_index(drop=True)
    places = np.arange(len(rows))
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9, 1.7 + 0.34 * len(rows)), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        for axes, column in ((left, "iqm"), (right, "difference")):
            axes.grid(axis="y", visible=False)
            bounds = rows[[f"{column}_ci_low", f"{column}_ci_high"]].to_numpy()
            axes.plot(bounds.T, [places, places], color="black", linewidth=2.2)
            axes.plot(rows[column], places, "o", color=BLUE, markersize=6, zorder=3)
        left.set_yticks(places, [f"{row.variant}  {row.iqm:.3f}" for row in rows.itertuples()])
        _embolden_baseline(left)
        left.set_ylim(-0.6, len(rows) - 0.4)
        drawn = rows[["iqm", "iqm_ci_low", "iqm_ci_high"]].to_numpy()
        left.set_xlim(min(0, np.nanmin(drawn)) - 0.03, max(1, np.nanmax(drawn)) + 0.03)
        left.set_xlabel(f"interquartile mean of scores\n({counts})")
        _scale_of_differences(right, rows)
        figure.suptitle(
            "Scores over all studies, with 95 % intervals", x=0.01, ha="left", weight="bold"
        )
    return figure


def performance_profiles(variants: Sequence[str], scores: Sequence[Floats], counts: str) -> Figure:
    """The share of replicates above each score, with 95 % bands: a panel for each variant.

    Args:
        variants: in the order of the panels, the baseline among them.
        scores: with the variants in this order.
        counts: how many replicates and studies they are of, in words.
    """

    def scale(axes: Axes) -> None:
        axes.set_xscale(
            "function",
            functions=(lambda x: np.arcsinh((x - 1) / NEAR), lambda y: 1 + NEAR * np.sinh(y)),
        )
        axes.set_xlim(TAUS[0], TAUS[-1])
        axes.xaxis.set_major_locator(FixedLocator([0, 0.8, 0.95, 1, 1.05]))

    return _panels(
        variants,
        TAUS,
        profiles(scores, TAUS),
        scale,
        "score τ: 0 is chance, 1 the target (wider near 1)",
        f"share of replicates with a score above τ\n({counts})",
        "Performance profiles, the baseline's in grey",
    )


def times_to_target(variants: Sequence[str], times: Sequence[Floats], counts: str) -> Figure:
    """The share of replicates that have reached the target by each share of the epochs.

    Args:
        variants: in the order of the panels, the baseline among them.
        times: see `Entry.times`, with the variants in this order.
        counts: how many replicates and studies they are of, in words.
    """

    def scale(axes: Axes) -> None:
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_locator(FixedLocator([0, 0.5, 1]))

    # Whoever has taken a share or less has a negative time at or above it.
    reached = profiles([-study for study in times], -SHARES - 1e-9)
    return _panels(
        variants,
        SHARES,
        reached,
        scale,
        "share of the study's epochs",
        f"share of replicates that have reached the target\n({counts})",
        "Time to the target, the baseline's in grey",
    )


def _panels(
    variants: Sequence[str],
    places: Floats,
    shares: tuple[Floats, Floats, Floats],
    scale: Callable[[Axes], None],
    across: str,
    up: str,
    title: str,
) -> Figure:
    """Curves of shares with their bands, each variant's in a panel, with the baseline's in grey."""
    middle, low, high = shares
    base = list(variants).index(BASELINE)
    others = [index for index in range(len(variants)) if index != base]
    rows = math.ceil(len(others) / PANELS_IN_A_ROW)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9, 1.1 + 1.75 * rows), layout="constrained")
        panels = figure.subplots(
            rows, min(len(others), PANELS_IN_A_ROW), sharex=True, sharey=True, squeeze=False
        ).ravel()
        for axes, index in zip(panels, others, strict=False):
            for line, color in ((base, "#777777"), (index, BLUE)):
                axes.fill_between(
                    places, low[:, line], high[:, line], color=color, alpha=0.2, linewidth=0
                )
                axes.plot(places, middle[:, line], color=color, linewidth=1.8)
            axes.set_title(variants[index], color=BLUE)
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
        figure.suptitle(title, x=0.01, ha="left", weight="bold")
    return figure


def budgets(table: pd.DataFrame, studies: int) -> Figure:
    """The mean score of each variant by how many learning rates are tried.

    Args:
        table: see `findings.budgets`.
        studies: how many it is of.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9, max(4.8, 0.42 * len(table))), layout="constrained")
        axes = figure.subplots()
        styles = line_styles(list(table.index))
        for row, style in zip(table.to_numpy(), styles, strict=True):
            axes.plot(range(1, len(row) + 1), row, marker="o", markersize=4, **style)
        numbers = np.arange(1, table.shape[1] + 1)
        axes.set_xticks(numbers)
        axes.set_xlim(0.9, numbers[-1])
        axes.set_xlabel("learning rates that are tried, drawn from those of the study")
        axes.set_ylabel(
            f"mean score of validation images, n = {studies} studies\n(0: chance, 1: the target)"
        )
        ends = table.iloc[:, -1]
        texts = [f"{name} {value:.3f}" for name, value in ends.items()]
        label_ends(axes, ends.tolist(), texts, styles)
        figure.suptitle(
            "What a variant is worth by the tuning that it gets", x=0.01, ha="left", weight="bold"
        )
    return figure


def ranks(
    variants: Sequence[str], mean_ranks: Sequence[float], tests: OverStudies, studies: int
) -> Figure:
    """Mean ranks on a line, with bars over what cannot be told apart.

    Args:
        variants: their names.
        mean_ranks: of these.
        tests: of these.
        studies: how many there are.
    """
    names = list(variants)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9, 1.3 + 0.17 * len(names)), layout="constrained")
        axes = figure.subplots()
        axes.grid(visible=False)
        drawn = scikit_posthocs.critical_difference_diagram(
            dict(zip(names, mean_ranks, strict=True)),
            pd.DataFrame(tests.pairs, index=names, columns=names),
            alpha=ALPHA,
            ax=axes,
            label_fmt_left="{label}  {rank:.1f} ",
            label_fmt_right=" {rank:.1f}  {label}",
            text_h_margin=0.02 * len(names),
            elbow_props={"color": "black", "linewidth": 0.8},
            crossbar_props={"color": BLUE, "linewidth": 3.5, "solid_capstyle": "round"},
            marker_props={"s": 25},
        )
        for label in drawn["labels"]:
            if BASELINE in label.get_text().split():
                label.set_fontweight("bold")
        axes.spines["top"].set_visible(True)
        axes.spines["top"].set_bounds(1, len(names))
        axes.xaxis.set_major_locator(MultipleLocator(1))
        axes.set_xlim(1, len(names))
        figure.suptitle(
            f"Mean ranks over {studies} studies (1 is the best)", x=0.01, ha="left", weight="bold"
        )
    return figure


def heat_map(studies: Sequence[str], variants: Sequence[str], means: Floats) -> Figure:
    """The mean score of each variant in each study.

    Args:
        studies: their names.
        variants: from the best to the worst.
        means: float64 (studies, variants).
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9, 1.2 + 0.32 * len(variants)), layout="constrained")
        axes = figure.subplots()
        axes.grid(visible=False)
        axes.imshow(means.T, aspect="auto", cmap="Blues_r", vmin=0, vmax=1.15)
        for (study, variant), value in np.ndenumerate(means):
            text = f"{value:z.3f}"
            color = "black" if value > 0.5 else "white"
            axes.text(study, variant, text, ha="center", va="center", color=color)
        many = len(studies) * max(map(len, studies)) > 75
        slanted: dict[str, Any] = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"}
        axes.set_xticks(range(len(studies)), studies, **(slanted if many else {}))
        axes.set_yticks(range(len(variants)), variants)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        _embolden_baseline(axes)
        figure.suptitle(
            "Mean score by study (0: chance, 1: the target that was fixed there)",
            x=0.01,
            ha="left",
            weight="bold",
        )
    return figure


def _ranks(findings: Findings) -> Figure:
    assert findings.tests is not None  # the catalog has the figure where there are tests
    mean_ranks = findings.summary["mean_rank"].tolist()
    return ranks(findings.variants, mean_ranks, findings.tests, len(findings.studies))


DRAWN: dict[str, Callable[[Findings], Figure]] = {
    "intervals": lambda found: intervals(found.summary, found.counts),
    "heat_map": lambda found: heat_map(found.studies, found.variants, found.means),
    "profiles": lambda found: performance_profiles(found.variants, found.scores, found.counts),
    "times": lambda found: times_to_target(found.variants, found.times, found.counts),
    "ranks": _ranks,
    "budgets": lambda found: budgets(found.budgets, found.size[2]),
}


def _scale_of_differences(axes: Axes, rows: pd.DataFrame) -> None:
    axes.axvline(0, color="black", linewidth=1.5)
    # Linear between -0.05 and 0.05, where the differences in question are.
    axes.set_xscale("symlog", linthresh=0.05, linscale=2)
    drawn = rows[["difference", "difference_ci_low", "difference_ci_high"]].to_numpy()
    axes.set_xlim(min(-0.01, 1.2 * np.nanmin(drawn)), max(0.01, 1.2 * np.nanmax(drawn)))
    coarse, fine = [0.02, 0.1, 0.5, 0.05, 0.01], [0.005, 0.002, 0.001]
    levels = [[0.0, *(sign * s for s in steps for sign in (1, -1))] for steps in (coarse, fine)]
    axes.xaxis.set_major_locator(FixedLocator(sparse_ticks(axes.xaxis, levels, gap=0.12)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:+g}" if x else "0"))
    axes.set_xlabel(
        "difference from the baseline, on the same seeds\n"
        "(linear from -0.05 to 0.05, logarithmic beyond)"
    )


def _embolden_baseline(axes: Axes) -> None:
    for tick in axes.get_yticklabels():
        if tick.get_text().split()[0] == BASELINE:
            tick.set_fontweight("bold")
