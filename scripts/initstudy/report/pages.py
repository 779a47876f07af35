"""The report of a study: one HTML file that needs nothing beside it and no network."""

import base64
import datetime
import importlib.metadata
import itertools
import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from markdown_it import MarkdownIt
from markupsafe import Markup

from initstudy.config.problems import count
from initstudy.drawing.catalog import Figure, figures_of
from initstudy.report.methods import methods
from initstudy.report.words import captions, render
from initstudy.results.study import StudyResults
from initstudy.results.weights import in_words
from initstudy.study import Study

PACKAGES = ["tensorflow", "keras", "numpy", "scipy", "pandas", "matplotlib", "altair", "snakemake"]


def report(results: StudyResults) -> str:
    """Return the report of a study, as HTML.

    Args:
        results: its folder must hold the figures and the explorer, too.

    Raises:
        StudyError: if a table or a text is missing, or is not as it must be.
    """
    study, folder = results.study, Path(results.folder)
    spent, made = costs(results.timings), provenance()
    confirmed, reason = "best" in results.initializers, results.findings.advice.reason
    paragraph, citations = methods(study, made, confirmed, reason)
    return render(
        "report.html.jinja",
        name=study.name,
        verdict=html(results.verdict),
        table=html(results.table),
        sections=sections(figures_of(study), folder / "figures", study),
        explorer=(folder / "explorer.html").read_text(encoding="utf-8"),
        factorial=study.factorial,
        weights=results.weights,
        weights_in_words=in_words(results.weights),
        configuration=yaml.safe_dump(study.plain(), sort_keys=False, width=100),
        methods=paragraph,
        bibtex=citations,
        provenance=made,
        costs=spent.to_dict("records"),
        total_minutes=count(round(spent["seconds"].sum() / 60), "minute"),
        tuned=study.tuned,
    )


def sections(
    figures: Sequence[Figure], folder: Path, study: Study | None = None
) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the sections that show figures, as `page.html.jinja` takes them.

    Args:
        figures: that there are.
        folder: of their SVG files.
        study: that they are of; None for those of a suite.

    Returns:
        The title of each section, and of each of its figures the name, caption, and addresses that
        hold the whole picture and its narrow form (None if there is none).
    """
    words = captions(figures, study)
    shown = [figure for figure in figures if figure.shown is None or figure.shown(study)]
    return [
        (
            title,
            [
                {
                    "name": one.name,
                    "caption": words[one.name],
                    "wide": _address(folder / f"{one.name}.svg"),
                    "narrow": _address(folder / f"{one.name}.narrow.svg") if one.narrow else None,
                }
                for one in group
            ],
        )
        for title, group in itertools.groupby(shown, lambda figure: figure.section)
    ]


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
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue  # A conda environment of one rule has not all of them.
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "made": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "git commit": _commit(),
        "Python": platform.python_version(),
        **versions,
        "system": platform.platform(),
        "processor": f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB of memory",
    }


def _address(file: Path) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(file.read_bytes()).decode()}"


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
