"""The report of a study: one HTML file that needs nothing beside it and no network."""

import base64
import datetime
import itertools
import os
import platform
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from markdown_it import MarkdownIt
from markupsafe import Markup

from initstudy.analysis.measures import measure_of
from initstudy.analysis.statistics import letters
from initstudy.config.problems import count
from initstudy.drawing.catalog import Figure, figures_of
from initstudy.drawing.forest import limits, reach
from initstudy.drawing.panels import curve, reason
from initstudy.drawing.style import svg, variant_styles
from initstudy.report.methods import installed
from initstudy.report.verdict import filled, reasons, warnings
from initstudy.report.words import captions
from initstudy.results.findings import Findings, Variant
from initstudy.results.study import StudyResults
from initstudy.results.weights import in_words
from initstudy.study import Study

# Of more variants the best and the worst have a row that opens; the others are collapsed.
MOST_ROWS, ENDS = 24, 10
# Figures that `report.html.jinja` places; the others follow by their sections.
PLACED = {"forest", "confirmation", "kernel", "bias", "best_vs_baseline", "signals", "comparisons"}
PACKAGES = ["tensorflow", "keras", "numpy", "scipy", "pandas", "matplotlib", "altair", "snakemake"]


def report(results: StudyResults) -> str:
    """Return the report of a study, as HTML.

    Args:
        results: its folder must hold the figures, the card and the explorer, too.

    Raises:
        StudyError: if a table or a text is missing, or is not as it must be.
    """
    study, findings, folder = results.study, results.findings, Path(results.folder)
    spent = costs(results.timings)
    ordered = ranked(findings)
    middle = ordered[ENDS:-ENDS] if len(ordered) > MOST_ROWS else []
    middle = [one for one in middle if one is not findings.baseline]
    rows = [one for one in ordered if one not in middle]
    said = reasons(findings)
    return filled(
        "report.html.jinja",
        findings,
        name=study.name,
        card=Markup(results.card),
        figures=pictures(figures_of(study), folder / "figures", study),
        rows=rows,
        others=middle,
        colors={
            name: style["color"] for name, style in variant_styles(results.initializers).items()
        },
        bars=bars(rows),
        curves={one.name: address(svg(curve(results, one.name))) for one in rows},
        reasons=said,
        why=[
            (
                one.variant,
                said[one.variant],
                address(svg(reason(results, one.variant, one.reasons[0]))),
            )
            for one in findings.why
            if one.reasons
        ],
        groups_of_ties=ties(results) if study.compares_pairs else [],
        more=more(study),
        warnings=warnings(findings),
        explorer=embedded((folder / "explorer.html").read_text(encoding="utf-8")),
        verdict=html(results.verdict),
        table=html(results.table),
        weights=results.weights,
        weights_in_words=in_words(results.weights),
        configuration=yaml.safe_dump(study.plain(), sort_keys=False, width=100),
        provenance=provenance(),
        costs=spent.to_dict("records"),
        total_minutes=count(round(spent["seconds"].sum() / 60), "minute"),
        tuned=study.tuned,
    )


def ranked(findings: Findings) -> list[Variant]:
    """Sort the variants from the best on; the best pair, on its new seeds, comes first."""
    sign = measure_of(findings).sign

    def place(one: Variant) -> tuple[bool, float]:
        return one.name != "best", np.inf if np.isnan(one.value) else -sign * one.value

    return sorted(findings.variants, key=place)


def bars(rows: Sequence[Variant]) -> dict[str, dict[str, float]]:
    """Place the difference of each variant and its usual interval on a track, in percent of it.

    What reaches far beyond the others is left out, as its numbers stand beside it.
    """
    known = {one.name: one.comparison for one in rows if one.comparison}
    low, high = limits([reach(one) for one in known.values()], None)

    def at(value: float) -> float:
        return round(100 * (value - low) / (high - low), 1)

    return {
        name: {
            "zero": at(0.0),
            "low": at(max(one.low, low)),
            "width": round(at(min(one.high, high)) - at(max(one.low, low)), 1),
            "middle": at(one.difference),
        }
        for name, one in known.items()
        if low <= one.difference <= high and np.isfinite([one.low, one.high]).all()
    }


def ties(results: StudyResults) -> list[list[str]]:
    """Group the variants such that in no group one is shown to be better than another."""
    table = results.pairs
    better = table[table["decision"] == "better"]
    names = [one.name for one in ranked(results.findings) if one.name != "best"]
    shared = letters(names, zip(better["variant"], better["other"], strict=True))
    groups: dict[str, list[str]] = {}
    for name in names:
        for letter in re.findall(r"[a-z]\d*", shared[name]):
            groups.setdefault(letter, []).append(name)
    return list(groups.values())


def more(study: Study) -> dict[str, list[str]]:
    """List the figures that the template does not place, by the title of their part of the page."""
    found = [figure for figure in figures_of(study) if figure.name not in PLACED]
    return {
        title: [one.name for one in group]
        for title, group in itertools.groupby(found, lambda figure: figure.section)
    }


def pictures(
    figures: Sequence[Figure], folder: Path, study: Study | None = None
) -> dict[str, dict[str, Any]]:
    """Return the figures of a page, as `parts.html.jinja` takes them.

    Args:
        figures: that there are.
        folder: of their SVG files.
        study: that they are of; None for those of a suite.

    Returns:
        Of each figure that is shown, by its name: name, caption, and addresses that hold the whole
        picture and its narrow form (None if there is none).
    """
    words = captions(figures, study)
    return {
        one.name: {
            "name": one.name,
            "caption": words[one.name],
            "wide": address((folder / f"{one.name}.svg").read_bytes()),
            "narrow": address((folder / f"{one.name}.narrow.svg").read_bytes())
            if one.narrow
            else None,
        }
        for one in figures
        if one.shown is None or one.shown(study)
    }


def embedded(page: str) -> Markup:
    """Return a page as the text of a script, which is not run before the explorer is opened."""
    return Markup(page.replace("</script", r"<\/script"))


def html(markdown: str) -> Markup:
    """Return Markdown as HTML, in which wide tables scroll, so that the page need not."""
    rendered = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    return Markup(
        rendered.replace("<table>", '<div class="scroll" tabindex="0"><table>').replace(
            "</table>", "</table></div>"
        )
    )


def costs(timings: pd.DataFrame) -> pd.DataFrame:
    """Sum up what the runs took, by variant.

    Args:
        timings: `TIMINGS`.

    Returns:
        variant, seeds (that were run), seconds (of CPU time, start-up included), and memory: the
        largest resident set of a job, in units of 2^20 bytes.
    """
    return (
        timings.groupby("variant", sort=False)
        .agg(
            seeds=("seed", "size"),
            seconds=("cpu_seconds", "sum"),
            memory=("peak_memory_mb", "max"),
        )
        .reset_index()
    )


def provenance() -> dict[str, str]:
    """Say when, from what, with what and on what the report is made."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "made": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "git commit": _commit(),
        "Python": platform.python_version(),
        **installed(PACKAGES),
        "system": platform.platform(),
        "processor": f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB of memory",
    }


def address(picture: bytes) -> str:
    """Return an address that holds a whole SVG picture."""
    return f"data:image/svg+xml;base64,{base64.b64encode(picture).decode()}"


def _commit() -> str:
    def git(*arguments: str) -> str:
        folder = Path(__file__).parent
        return subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        commit = git("rev-parse", "HEAD")
        changed = git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "not in a git repository"
    return f"{commit}{', with uncommitted changes' if changed else ''}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
