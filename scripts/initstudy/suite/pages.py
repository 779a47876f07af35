"""What a suite found in words, which are in `templates/suite*`, and as a page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from initstudy.drawing.catalog import SUITE_FIGURES, figures_of
from initstudy.report.pages import embedded, html, pictures, provenance
from initstudy.report.words import bold, fill, number, p_equals, render, with_interval
from initstudy.suite.find import FEWEST_WORKLOADS
from initstudy.suite.findings import Findings, label

# Parts of the page that are texts of their own: `templates/suite_*.md.jinja`.
PARTS = ("answer", "methods", "ratios", "limits")


def words(template: str, findings: Findings, in_card: bool = False, **values: object) -> str:
    """Fill a template about a suite.

    Args:
        template: its name.
        findings: of the suite, which the template calls `found`.
        in_card: whether a heading above it says what to start from.
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
        in_card=in_card,
        p=lambda value: "" if np.isnan(value) else p_equals(value).removeprefix("p = "),
        **values,
    )


def verdict(suite: str, findings: Findings, trust: Mapping[str, Any] | None = None) -> str:
    """Say what the suite supports, as Markdown.

    Args:
        suite: its name.
        findings: of it.
        trust: in variants that were not run here, see `comparison.trust`; None if there are none.
    """
    return words("suite.md.jinja", findings, suite=suite, trust=trust)


def report(folder: Path, findings: Findings, verdict: str, explorer: str) -> str:
    """Make the report of a suite, as HTML.

    Args:
        folder: of its results, named like it, with the figures.
        findings: of it.
        verdict: see `verdict`.
        explorer: the page of `drawing.explorer`, of all of its studies.
    """
    return render(
        "suite.html.jinja",
        name=folder.name,
        found=findings,
        label=label,
        **{part: html(words(f"suite_{part}.md.jinja", findings, in_card=True)) for part in PARTS},
        verdict=html(verdict),
        explorer=embedded(explorer),
        figures=pictures(figures_of(findings, SUITE_FIGURES), folder / "figures"),
        provenance=provenance(),
    )


def _bounds(low: float, high: float) -> str:
    """Write an interval; "" if there is none."""
    return "" if np.isnan(low) else f"{number(low, 2)} to {number(high, 2)}"
