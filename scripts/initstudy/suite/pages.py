"""What a suite found in words, as a table, and as a page."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from initstudy.analysis.verdict import p_equals
from initstudy.drawing.catalog import by_section
from initstudy.report.pages import html, page, pictures, provenance
from initstudy.study.problems import count
from initstudy.suite.catalog import FEWEST_FOR_RANKS, figures_of
from initstudy.suite.findings import Findings

# Below, the report says that tests of ranks have little power. Demsar, 2006, section 3.2.2: the
# Friedman statistic is distributed as it should from about ten data sets on.
FEW_STUDIES = 10


def verdict(suite: str, findings: Findings) -> str:
    """What the suite supports, as Markdown, and no more.

    Args:
        suite: its name.
        findings: of it.
    """
    sections = [
        f"# Verdict on the suite `{suite}`",
        _opening(findings),
        _differences(findings.summary),
        _ranks(findings),
        _limits(findings),
    ]
    return "\n\n".join(sections) + "\n"


def table(findings: Findings) -> str:
    """The summary as a Markdown table, from the best variant to the worst, and mean scores."""
    rows = []
    for row, means in zip(_rows(findings.summary), findings.means.T, strict=True):
        rows.append(
            {
                "variant": row.variant,
                "IQM [95 % interval]": _estimate(row, "iqm"),
                "difference [95 % interval]": _estimate(row, "difference"),
                "mean rank": f"{row.mean_rank:.1f}",
                **{
                    name: f"{mean:z.3f}" for name, mean in zip(findings.studies, means, strict=True)
                },
            }
        )
    return pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True) + "\n"


def report(
    suite: str, findings: Findings, members: Sequence[Mapping[str, object]], figures: str | Path
) -> str:
    """The report of a suite, as HTML.

    Args:
        suite: its name.
        findings: of it.
        members: for each study its name, the address of its report from the suite's, and what it
            is: dataset, inputs, network, epochs and seeds.
        figures: the folder that holds them.
    """
    shown = figures_of(len(findings.studies), len(findings.variants))
    return page(
        "suite.html.jinja",
        name=suite,
        verdict=html(verdict(suite, findings)),
        table=html(table(findings)),
        members=members,
        sections=by_section(shown),
        pictures=pictures(Path(figures), shown),
        provenance=provenance(),
    )


def _opening(findings: Findings) -> str:
    first = _rows(findings.summary)[0]
    seeds = sorted({len(study) for study in findings.scores})
    each = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    text = (
        f"{count(len(findings.variants), 'variant')} in "
        f"{count(len(findings.studies), 'study', 'studies')} ({', '.join(findings.studies)}), "
        f"with {each} seed{'' if each == '1' else 's'} in each. Over all of them, "
        f"**{first.variant}** has the highest interquartile mean of the normalized scores: "
        f"{_estimate(first, 'iqm')}, where 0 is chance and 1 the best mean in a study."
    )
    if seeds[0] == 1:
        text += " There are no intervals: a study with a single seed says nothing of their scatter."
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


def _ranks(findings: Findings) -> str:
    studies, tests = len(findings.studies), findings.tests
    variants = findings.variants
    text = "## Ranks\n\n"
    if tests is None:
        return text + (
            f"Ranks are not tested: that needs {FEWEST_FOR_RANKS} studies and {FEWEST_FOR_RANKS} "
            f"variants at least, and here are {count(studies, 'study', 'studies')} and "
            f"{count(len(variants), 'variant')}."
        )
    critical, largest = tests.critical_difference, len(variants) - 1
    base = variants.index("baseline")
    mean_ranks = findings.summary["mean_rank"].to_numpy()
    apart = [
        f"**{name}** ({'better' if mean_ranks[index] < mean_ranks[base] else 'worse'})"
        for index, name in enumerate(variants)
        if abs(mean_ranks[index] - mean_ranks[base]) > critical
    ]
    pairs = int((np.abs(mean_ranks[:, None] - mean_ranks) > critical).sum() // 2)
    text += (
        f"Friedman's test of whether all variants rank the same gives {p_equals(tests.friedman)}. "
        f"By Nemenyi's test two variants are told apart if their mean ranks are more than "
        f"{critical:.2f} apart. So it tells {', '.join(apart) if apart else 'none'} from the "
        f"baseline, and {pairs} of all {len(variants) * largest // 2} pairs apart."
    )
    if studies < FEW_STUDIES:
        text += (
            f" With {studies} studies it has little power: two variants have to be "
            f"{critical:.1f} of the {largest} ranks apart that are possible. What it does not "
            "tell apart may well differ."
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
        "- A score depends on the variants that are compared: 1 is the best mean of these.",
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
