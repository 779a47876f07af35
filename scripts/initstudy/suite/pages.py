"""What a suite found in words, which are in `templates/suite*`, and as a page."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from initstudy.drawing.catalog import by_section
from initstudy.report.pages import html, page, pictures, provenance
from initstudy.report.words import bold, fill, number, p_equals, with_interval
from initstudy.suite.catalog import figures_of
from initstudy.suite.entry import Workload
from initstudy.suite.findings import FEWEST_WORKLOADS, Findings, label
from initstudy.suite.kept import Trust


def words(template: str, findings: Findings, **values: object) -> str:
    """Fill a template about a suite.

    Args:
        template: its name.
        findings: of the suite, which the template calls `found`.
        values: what else it uses.
    """
    return fill(
        template,
        found=findings,
        fewest=FEWEST_WORKLOADS,
        label=label,
        labels=lambda names: bold(map(label, names)),
        ratio=lambda *values: with_interval(values, fewest=2),
        bounds=_bounds,
        p=lambda value: "" if np.isnan(value) else p_equals(value).removeprefix("p = "),
        **values,
    )


def verdict(suite: str, findings: Findings, trust: Trust | None = None) -> str:
    """Say what the suite supports, as Markdown.

    Args:
        suite: its name.
        findings: of it.
        trust: in variants that were not trained here; None if there are none.
    """
    return words("suite.md.jinja", findings, suite=suite, trust=trust)


def decisions_table(findings: Findings) -> str:
    """Show each method in each workload, as a Markdown table: ratio, decision, and if it fails."""
    columns = {"method": [label(method.name) for method in findings.methods]}
    for place, study in enumerate(findings.studies):
        cells = [method.within[place] for method in findings.methods]
        columns[study] = [
            " ".join(
                [
                    number(cell.ratio, 2),
                    cell.comparison.decision,
                    *(["(fails)"] if cell.fails else []),
                ]
            )
            for cell in cells
        ]
    return markdown(pd.DataFrame(columns))


def rates_table(findings: Findings) -> str:
    """Show the chosen learning rates as a Markdown table, in bold those at an edge.

    Of rates with a star another one is within two standard errors.
    """
    if not findings.rates:
        return ""
    rows: dict[str, dict[str, str]] = {}
    for rate in findings.rates:
        text = f"**{rate.learning_rate:g}**" if rate.at_edge else f"{rate.learning_rate:g}"
        row = rows.setdefault(rate.study, {"workload": rate.study})
        row["tried"] = f"{rate.lowest:g} to {rate.highest:g}"
        row[label(rate.variant)] = text + " \\*" * rate.within_two_errors
    order = ["workload", "tried", *map(label, findings.variants)]
    return markdown(pd.DataFrame(list(rows.values()))[order])


def markdown(table: pd.DataFrame) -> str:
    """Write a table in Markdown, its texts as they are."""
    return table.to_markdown(index=False, disable_numparse=True) + "\n"


def report(
    suite: str,
    findings: Findings,
    said: str,
    figures: str | Path,
    explorer: str,
    budgets: int,
) -> str:
    """Make the report of a suite, as HTML.

    Args:
        suite: its name.
        findings: of it.
        said: its verdict.
        figures: the folder that holds them.
        explorer: the page of `drawing.explorer`, of all of them.
        budgets: how many studies have them, see `catalog.figures_of`.
    """
    drawn = figures_of(budgets)
    return page(
        "suite.html.jinja",
        name=suite,
        verdict=html(said),
        table=html(decisions_table(findings)),
        rates=html(rates_table(findings)),
        members=_members(findings.workloads, findings.seeds),
        explorer=explorer,
        sections=by_section(drawn),
        pictures=pictures(Path(figures), drawn),
        provenance=provenance(),
    )


def _members(workloads: Sequence[Workload], seeds: Sequence[int]) -> list[dict[str, object]]:
    """What each study is, and where its own report is from the suite's."""
    return [
        {"workload": workload, "seeds": count, "report": f"../{workload.study}/report.html"}
        for workload, count in zip(workloads, seeds, strict=True)
    ]


def _bounds(low: float, high: float) -> str:
    """Write an interval; "" if there is none."""
    return "" if np.isnan(low) else f"{number(low, 2)} to {number(high, 2)}"
