"""The report of a study: one HTML file that needs nothing beside it and no network."""

import base64
import datetime
import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
import yaml
from markdown_it import MarkdownIt
from markupsafe import Markup

from initstudy.results import histories

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


def report(
    template: str | Path,
    study: str,
    verdict: str,
    table: str,
    figures: Mapping[str, str | Path],
    explorer: str,
    configuration: Mapping[str, object],
    costs: Sequence[Cost],
) -> str:
    """Fills the template.

    Args:
        template: a Jinja template; what is not marked as safe is escaped.
        study: its name.
        verdict: Markdown.
        table: Markdown.
        figures: SVG files by name.
        explorer: HTML, shown in a frame of its own.
        configuration: all keys of the study.
        costs: what its trainings took, by variant.

    Returns:
        HTML.
    """
    return page(
        template,
        name=study,
        verdict=html(verdict),
        table=html(table),
        figures={name: data_address(path) for name, path in figures.items()},
        explorer=explorer,
        configuration=yaml.safe_dump(dict(configuration), sort_keys=False, width=100),
        images="validation" if configuration["validation"] == "test" else "test",
        target=f"{100 * float(str(configuration['target_accuracy'])):g}",
        provenance=provenance(),
        costs=costs,
        total_minutes=f"{sum(cost.seconds for cost in costs) / 60:.0f}",
    )


def page(template: str | Path, **values: object) -> str:
    """Fills a template, which may extend others beside it.

    Args:
        template: of Jinja; what is not marked as safe is escaped.
        values: all that it uses.
    """
    file = Path(template)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(file.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template(file.name).render(**values)


def html(markdown: str) -> Markup:
    """Markdown as HTML, in which wide tables scroll by themselves, so that the page need not."""
    rendered = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    return Markup(
        rendered.replace("<table>", '<div class="scroll"><table>').replace(
            "</table>", "</table></div>"
        )
    )


def data_address(path: str | Path) -> str:
    """An SVG file as an address that holds all of it."""
    return "data:image/svg+xml;base64," + base64.b64encode(Path(path).read_bytes()).decode()


def costs(path: str | Path) -> list[Cost]:
    """What the trainings took, by variant.

    Args:
        path: the timings of the study.

    Raises:
        StudyError: see `histories.read_timings`.
    """
    return [
        Cost(
            name,
            len(rows),
            float(rows["cpu_seconds"].sum()),
            float(rows["peak_memory_mb"].max()),
        )
        for name, rows in histories.by_variant(histories.read_timings(path)).items()
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
