"""What a suite found, as pictures."""

import math
from collections.abc import Callable, Sequence

import matplotlib
import numpy as np
import pandas as pd
import scikit_posthocs
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MultipleLocator, NullLocator
from scipy import special

from initstudy.analysis.levels import ALPHA, Floats
from initstudy.drawing.figures import BASELINE, COLORS, STYLE
from initstudy.drawing.scales import HIGHEST, LOWEST, sparse_ticks
from initstudy.suite.catalog import figures_of
from initstudy.suite.findings import Findings, RankTests, profiles

# Where performance profiles are drawn: evenly on the logit scale, since scores crowd near 1.
TAUS = special.expit(np.linspace(special.logit(LOWEST), special.logit(HIGHEST), 201))
PANELS_IN_A_ROW = 3
BLUE = COLORS[4]


def draw(findings: Findings) -> dict[str, Figure]:
    """All figures of a suite, by their names in the catalog."""
    names = [f.name for f in figures_of(len(findings.studies), len(findings.variants))]
    return {name: DRAWN[name](findings) for name in names}


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
        left.set_xlabel(f"interquartile mean of normalized scores\n({counts})")
        _scale_of_differences(right, rows)
        figure.suptitle(
            "Scores over all studies, with 95 % intervals", x=0.01, ha="left", weight="bold"
        )
    return figure


def performance_profiles(variants: Sequence[str], scores: Sequence[Floats], counts: str) -> Figure:
    """The share of replicates above each score, with 95 % bands: a panel for each variant.

    The baseline is drawn in each panel, in grey, since that is what its variant is to be compared
    with.

    Args:
        variants: in the order of the panels, the baseline among them.
        scores: with the variants in this order.
        counts: how many replicates and studies they are of, in words.
    """
    shares, low, high = profiles(scores, TAUS)
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
                    TAUS, low[:, line], high[:, line], color=color, alpha=0.2, linewidth=0
                )
                axes.plot(TAUS, shares[:, line], color=color, linewidth=1.8)
            axes.set_title(variants[index], color=BLUE)
        panels[0].set_xscale("logit")
        panels[0].set_xlim(LOWEST, HIGHEST)
        panels[0].set_ylim(0, 1.04)
        panels[0].xaxis.set_major_locator(FixedLocator([0.1, 0.5, 0.9, 0.99]))
        panels[0].xaxis.set_minor_locator(NullLocator())
        panels[0].xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        for axes in panels[len(others) :]:
            axes.remove()
        # Where a last row is not full, the panels above its gaps end their columns.
        for axes in panels[: len(others)][-min(len(others), PANELS_IN_A_ROW) :]:
            axes.tick_params(labelbottom=True)
        figure.supxlabel("normalized score τ (logit scale)", size="medium")
        figure.supylabel(f"share of replicates with a score above τ\n({counts})", size="medium")
        figure.suptitle(
            "Performance profiles, the baseline's in grey", x=0.01, ha="left", weight="bold"
        )
    return figure


def ranks(
    variants: Sequence[str], mean_ranks: Sequence[float], tests: RankTests, studies: int
) -> Figure:
    """A critical-difference diagram: mean ranks, with bars over what cannot be told apart.

    Args:
        variants: their names.
        mean_ranks: of these.
        tests: of these.
        studies: how many there are.
    """
    names = list(variants)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9, 1.6 + 0.17 * len(names)), layout="constrained")
        axes = figure.subplots()
        axes.grid(visible=False)
        drawn = scikit_posthocs.critical_difference_diagram(
            dict(zip(names, mean_ranks, strict=True)),
            pd.DataFrame(tests.nemenyi, index=names, columns=names),
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
        # One that is longer than the scale is cut: the number says how long it is.
        reach = min(len(names), 1 + tests.critical_difference)
        axes.plot([1, reach], [2.6, 2.6], color="black", linewidth=2, marker="|", clip_on=False)
        axes.text(1, 2.9, f"critical difference: {tests.critical_difference:.2f}", va="bottom")
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
        axes.set_xticks(range(len(studies)), studies)
        if len(studies) * max(map(len, studies)) > 75:
            axes.tick_params(axis="x", rotation=20)
        axes.set_yticks(range(len(variants)), variants)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        _embolden_baseline(axes)
        figure.suptitle(
            "Mean normalized score by study (0: chance, 1: the best variant there)",
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
    "ranks": _ranks,
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
