"""What a suite found in words, as a table, and as a page."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from initstudy.analysis.levels import ALPHA
from initstudy.analysis.verdict import p_equals
from initstudy.drawing.catalog import by_section
from initstudy.report.pages import html, page, pictures, provenance
from initstudy.study.problems import count
from initstudy.suite.catalog import FEWEST_FOR_RANKS, figures_of
from initstudy.suite.findings import Findings

# Of so many choices, in percent, at most should lie at an edge of what was tried.
MOST_AT_EDGE = 10


def verdict(suite: str, findings: Findings, kept: str = "") -> str:
    """What the suite supports, as Markdown, and no more.

    Args:
        suite: its name.
        findings: of it.
        kept: what is said of variants that were not trained here, see `kept.trust`, and of studies
            that are no evidence, see `members.lacking`.
    """
    sections = [
        f"# Verdict on the suite `{suite}`",
        _opening(findings),
        kept,
        _differences(findings.summary),
        _over_studies(findings),
        _by_kind(findings),
        _time(findings),
        _tuning(findings),
        _limits(findings),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def table(findings: Findings) -> str:
    """The summary as a Markdown table, from the best variant to the worst, and mean scores."""
    rows = []
    for row, means in zip(_rows(findings.summary), findings.means.T, strict=True):
        rows.append(
            {
                "variant": row.variant,
                "IQM [95 % interval]": _estimate(row, "iqm"),
                "difference [95 % interval]": _estimate(row, "difference"),
                "mean, worst": f"{row.mean:.3f}, {row.worst:z.3f}",
                "mean rank": f"{row.mean_rank:.1f}",
                "target reached": f"{100 * row.reached:.0f} %",
                **{
                    name: f"{mean:z.3f}" for name, mean in zip(findings.studies, means, strict=True)
                },
            }
        )
    return markdown(pd.DataFrame(rows))


def rates_table(findings: Findings) -> str:
    """The chosen learning rates as a Markdown table, those at an edge of what was tried in bold."""
    if findings.rates.empty:
        return ""
    rates = findings.rates
    shown = rates.assign(
        text=[
            f"**{rate:g}**" if edge else f"{rate:g}"
            for rate, edge in zip(rates["learning_rate"], rates["at_edge"], strict=True)
        ]
    ).pivot_table(index="study", columns="variant", values="text", aggfunc="first")
    shown = shown.loc[findings.tuned, findings.variants]
    tried = rates.drop_duplicates("study").set_index("study").loc[findings.tuned]
    shown.insert(0, "tried", [f"{r.lowest:g} to {r.highest:g}" for r in _rows(tried)])
    return markdown(shown.reset_index())


def kinds_table(findings: Findings) -> str:
    """Interquartile means by kind of study as a Markdown table, bold if told from the baseline."""
    kinds = findings.kinds
    if kinds.empty:
        return ""
    told = (kinds["difference_ci_low"] > 0) | (kinds["difference_ci_high"] < 0)
    shown = kinds.assign(
        text=[
            f"**{iqm:.3f}**" if bold else f"{iqm:.3f}"
            for iqm, bold in zip(kinds["iqm"], told, strict=True)
        ],
        column=[
            f"{kind} ({number})"
            for kind, number in zip(kinds["kind"], kinds["studies"], strict=True)
        ],
    )
    columns = list(dict.fromkeys(shown["column"]))
    table = shown.pivot_table(index="variant", columns="column", values="text", aggfunc="first")
    return markdown(table.loc[findings.variants, columns].reset_index())


def markdown(table: pd.DataFrame) -> str:
    """A table in Markdown, its texts as they are."""
    return table.to_markdown(index=False, disable_numparse=True) + "\n"


def report(
    suite: str,
    findings: Findings,
    words: str,
    members: Sequence[Mapping[str, object]],
    figures: str | Path,
    explorer: str,
) -> str:
    """The report of a suite, as HTML.

    Args:
        suite: its name.
        findings: of it.
        words: its verdict.
        members: for each study its name, the address of its report from the suite's, and what it
            is: dataset, inputs, network, epochs and seeds.
        figures: the folder that holds them.
        explorer: the page of `drawing.explorer`, of all of them.
    """
    shown = figures_of(findings.size)
    return page(
        "suite.html.jinja",
        name=suite,
        verdict=html(words),
        table=html(table(findings)),
        rates=html(rates_table(findings)),
        kinds=html(kinds_table(findings)),
        members=members,
        explorer=explorer,
        sections=by_section(shown),
        pictures=pictures(Path(figures), shown),
        provenance=provenance(),
    )


def _opening(findings: Findings) -> str:
    first = _rows(findings.summary)[0]
    seeds = sorted({len(study) for study in findings.scores})
    each = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    text = (
        f"Over {count(len(findings.studies), 'study', 'studies')}, **{first.variant}** has the "
        f"highest interquartile mean of the scores: {_estimate(first, 'iqm')}, where 0 is chance "
        f"and 1 the target of a study. {count(len(findings.variants), 'variant')} are compared, "
        f"with {each} seed{'' if each == '1' else 's'} in each of {', '.join(findings.studies)}."
    )
    if seeds[0] == 1:
        text += " There are no intervals: a study with a single seed says nothing of their scatter."
    if len(findings.studies) > 1:
        places = f"place {first.first_place}"
        if first.last_place > first.first_place:
            places += f" to {first.last_place}"
        text += f" If any one study is left out, it has {places}."
    return text


def _differences(summary: pd.DataFrame) -> str:
    others = [row for row in _rows(summary) if row.variant != "baseline"]
    told = [row for row in others if row.difference_ci_low > 0 or row.difference_ci_high < 0]
    lines = [
        f"- **{row.variant}** scores {'better' if row.difference > 0 else 'worse'} than the "
        f"baseline: {_estimate(row, 'difference')}."
        for row in told
    ]
    text = "## Differences from the baseline\n\n"
    if lines:
        text += "These have intervals that exclude zero:\n\n" + "\n".join(lines)
    else:
        text += "None has an interval that excludes zero."
    if len(told) < len(others):
        open_ = ", ".join(f"**{row.variant}**" for row in others if row not in told)
        text += (
            f"\n\nNot told from the baseline: {open_}. That is no proof that they do not differ."
            if lines
            else " That is no proof that the variants do not differ."
        )
    return text + (
        "\n\nThese intervals are of one difference each, not corrected for their number. They tell "
        "how far seeds scatter in these studies, not what other studies would show."
    )


def _over_studies(findings: Findings) -> str:
    studies, tests = len(findings.studies), findings.tests
    text = "## Over studies\n\n"
    if tests is None:
        return text + (
            f"Ranks are not tested: that needs {FEWEST_FOR_RANKS} studies and {FEWEST_FOR_RANKS} "
            f"variants at least, and here are {count(studies, 'study', 'studies')} and "
            f"{count(len(findings.variants), 'variant')}."
        )
    others = [row for row in _rows(findings.summary) if row.variant != "baseline"]
    told = [row for row in others if row.p_value_joint < ALPHA]
    # The smallest p-value that there could be, if a variant were better in each study.
    least = 2 / 2**studies
    text += (
        "Here each study is one observation, so that what is told holds for studies like these. "
        f"Friedman's test of whether all variants rank the same gives {p_equals(tests.friedman)}. "
        f"Of {count(len(others), 'signed-rank test')} against the baseline, corrected for their "
        f"number by joint sign flips, {len(told)} tell{'s' if len(told) == 1 else ''} one apart"
    )
    rank_of = dict(zip(findings.summary["variant"], findings.summary["mean_rank"], strict=True))
    text += ":\n\n" if told else "."
    text += "\n".join(
        f"- **{row.variant}** scores "
        f"{'better' if row.mean_rank < rank_of['baseline'] else 'worse'} than the baseline: "
        f"{p_equals(row.p_value_joint)}."
        for row in told
    )
    if least >= ALPHA:
        text += (
            f" With {count(studies, 'study', 'studies')} none could: the smallest p-value is "
            f"{least:.2g}. What is not told apart may well differ."
        )
        return text
    rest = sorted(
        (row for row in others if row not in told and np.isfinite(row.studies_to_tell)),
        key=lambda row: row.studies_to_tell,
    )
    if rest:
        listed = ", ".join(f"{row.variant} {row.studies_to_tell:.0f}" for row in rest)
        text += f"\n\nSo many studies like these would tell one in 80 % of suites: {listed}."
    table = tests.table
    apart = [
        f"**{row.variant_1}** and **{row.variant_2}** ({p_equals(row.p_holm)})"
        for row in _rows(table[table["p_holm"] < ALPHA])
    ]
    text += (
        f"\n\nOf all {len(table)} pairs, with Holm's correction, "
        f"{', '.join(apart) if apart else 'none'} {'are' if len(apart) > 1 else 'is'} told apart."
    )
    return text


def _by_kind(findings: Findings) -> str:
    lines = []
    for kind, rows in findings.kinds.groupby("kind", sort=False):
        ranked = sorted(_rows(rows), key=lambda row: -row.iqm)
        best = ranked[0]
        better = [row for row in ranked if row.difference_ci_low > 0]
        worse = [row for row in ranked if row.difference_ci_high < 0]
        found = [
            f"{how} than the baseline: "
            + ", ".join(f"{row.variant} ({row.difference:+.3f})" for row in group)
            for how, group in (("better", better), ("worse", worse))
            if group
        ]
        told = "; ".join(found) if found else "none is told from the baseline"
        lines.append(
            f"- {kind} ({count(int(best.studies), 'study', 'studies')}): **{best.variant}** is "
            f"first ({best.iqm:.3f}); {told}."
        )
    if not lines:
        return ""
    return (
        "## By kind of study\n\nInterquartile means over the studies of a kind; told from the "
        "baseline is what has an interval, of seeds, that excludes zero; they are many, and not "
        "corrected for their number.\n\n" + "\n".join(lines)
    )


def _time(findings: Findings) -> str:
    rows = sorted(_rows(findings.summary), key=lambda row: (row.median_time, -row.reached))
    first = rows[0]
    base = next(row for row in rows if row.variant == "baseline")

    def told(row: Any) -> str:
        share = (
            f"after {100 * row.median_time:.0f} % of the epochs in the median"
            if np.isfinite(row.median_time)
            else "never in the median"
        )
        return f"{share}, in {100 * row.reached:.0f} % of the replicates"

    text = f"## Time to the target\n\n**{first.variant}** reaches the targets first: {told(first)}"
    return text + ("." if first is base else f"; the baseline {told(base)}.")


def _tuning(findings: Findings) -> str:
    rates = findings.rates
    if rates.empty:
        return ""
    edges = int(rates["at_edge"].sum())
    share = 100 * edges / len(rates)
    text = (
        "## Tuning\n\nEach variant has its own best learning rate in "
        f"{count(len(findings.tuned), 'study', 'studies')}, chosen on held-out images and on "
        f"replicates that are judged in nothing. {edges} of {len(rates)} choices ({share:.0f} %) "
        "lie at an edge of what was tried"
    )
    if edges:
        by_variant = rates[rates["at_edge"]]["variant"].value_counts()
        text += ": " + ", ".join(f"{name} {number}" for name, number in by_variant.items())
    text += "."
    if share > MOST_AT_EDGE:
        text += (
            f" That is more than {MOST_AT_EDGE} %: a wider range might give these variants better "
            "rates."
        )
    if findings.budgets.shape[1] > 1:
        few, many = (
            findings.budgets[number].idxmax() for number in (1, findings.budgets.columns[-1])
        )
        text += (
            f" With one learning rate drawn at random **{few}** scores best, with all "
            f"{findings.budgets.columns[-1]} of them **{many}**."
        )
    return text


def _limits(findings: Findings) -> str:
    best = {
        study: findings.variants[int(means.argmax())]
        for study, means in zip(findings.studies, findings.means, strict=True)
    }
    lines = [
        "- It holds for these studies together. In each by itself the best mean is that of "
        + ", ".join(f"**{variant}** in {study}" for study, variant in best.items())
        + ": for one network, read the verdict of its own study.",
        "- A score of 1 is the target_accuracy of a study, which must be fixed before anything is "
        "compared; it does not depend on the variants that take part.",
        "- The best variant was picked on the same seeds that its score is of, which flatters it.",
        "- `best` is not compared: it is another pair in each study.",
        *(
            f"- Not compared, since {reason}: "
            + ", ".join(name for name, why in findings.left_out.items() if why == reason)
            + "."
            for reason in dict.fromkeys(findings.left_out.values())
        ),
    ]
    return "## What to keep in mind\n\n" + "\n".join(lines)


def _rows(summary: pd.DataFrame) -> list[Any]:
    return list(summary.itertuples(index=False))


def _estimate(row: Any, column: str) -> str:
    """A value with its interval; differences, which may be small, with one more digit."""
    value, *bounds = (getattr(row, column + end) for end in ("", "_ci_low", "_ci_high"))
    style = "+.4f" if column == "difference" else ".3f"
    if not np.isfinite(value):
        return ""
    text = f"{value:{style}}"
    return (
        f"{text} [{', '.join(f'{b:{style}}' for b in bounds)}]" if np.isfinite(bounds[0]) else text
    )
