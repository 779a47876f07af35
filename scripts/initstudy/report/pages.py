"""The report of a study: one HTML file that needs nothing beside it and no network."""

import base64
import datetime
import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import yaml
from markdown_it import MarkdownIt
from markupsafe import Markup

from initstudy.config.problems import count
from initstudy.drawing.catalog import Figure, by_section, figures_of, shown
from initstudy.report.methods import methods
from initstudy.report.words import TEMPLATES
from initstudy.results import histories
from initstudy.results.study import StudyResults
from initstudy.results.weights import in_words

PACKAGES = ["tensorflow", "keras", "numpy", "scipy", "pandas", "matplotlib", "altair", "snakemake"]


@dataclass(frozen=True)
class Cost:
    """What the trainings of one variant took.

    Attributes:
        variant: its name.
        seeds: how many were trained.
        seconds: CPU time, start-up included.
        memory: the largest resident set of a job, in units of 2^20 bytes.
    """

    variant: str
    seeds: int
    seconds: float
    memory: float


def report(results: StudyResults) -> str:
    """The report of a study, as HTML.

    Args:
        results: its folder must hold the figures and the explorer, too.

    Raises:
        StudyError: if a table or a text is missing, or is not as it must be.
    """
    study, folder = results.study, Path(results.folder)
    spent, made = costs(results.timings), provenance()
    figures = shown(figures_of(study), study)
    paragraph, citations = methods(
        study, made, "best" in results.initializers, results.findings.advice.reason
    )
    return page(
        "report.html.jinja",
        name=study.name,
        verdict=html(results.verdict),
        table=html(results.table),
        sections=by_section(figures),
        pictures=pictures(folder / "figures", figures),
        explorer=(folder / "explorer.html").read_text(encoding="utf-8"),
        factorial=study.factorial,
        weights=results.weights,
        weights_in_words=in_words(results.weights),
        configuration=yaml.safe_dump(study.plain(), sort_keys=False, width=100),
        methods=paragraph,
        bibtex=citations,
        provenance=made,
        costs=spent,
        total_minutes=count(round(sum(cost.seconds for cost in spent) / 60), "minute"),
        tuned=study.tuned,
    )


def page(template: str, **values: object) -> str:
    """Fills a template.

    Args:
        template: the name of one in TEMPLATES; what is not marked as safe is escaped.
        values: all that it uses, and for `page.html.jinja`, which it extends: name, verdict
            (HTML), sections (from `catalog.by_section`) and pictures.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template(template).render(**values)


def pictures(folder: Path, figures: Sequence[Figure[Any]]) -> dict[str, str]:
    """Each SVG file of the figures, by its name without the ending, as an address that holds it."""
    names = [figure.name for figure in figures]
    names += [f"{figure.name}.narrow" for figure in figures if figure.narrow]
    return {
        name: "data:image/svg+xml;base64,"
        + base64.b64encode((folder / f"{name}.svg").read_bytes()).decode()
        for name in names
    }


def html(markdown: str) -> Markup:
    """Markdown as HTML, in which wide tables scroll by themselves, so that the page need not."""
    rendered = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    return Markup(
        rendered.replace("<table>", '<div class="scroll" tabindex="0"><table>').replace(
            "</table>", "</table></div>"
        )
    )


def costs(timings: pd.DataFrame) -> list[Cost]:
    """What the trainings took, by variant.

    Args:
        timings: `columns.TIMINGS`.
    """
    return [
        Cost(
            name,
            len(rows),
            float(rows["cpu_seconds"].sum()),
            float(rows["peak_memory_mb"].max()),
        )
        for name, rows in histories.by_variant(timings).items()
    ]


def provenance() -> dict[str, str]:
    """When, from what, with what and on what the report is made."""
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
