"""The pages of the reference benchmark, made of the tables beside them.

python -m initstudy.suite.leaderboard results/suite docs/benchmark
python -m initstudy.suite.leaderboard docs/benchmark docs/benchmark

The first takes the tables of a run, and makes the pages of them. The second makes them again.
"""

import argparse
import datetime
import importlib.metadata
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from initstudy import __version__
from initstudy.analysis.decisions import BASELINE
from initstudy.data.catalog import SPECS
from initstudy.data.specs import DatasetSpec
from initstudy.drawing.catalog import SUITE_FIGURES
from initstudy.drawing.style import save
from initstudy.report.words import captions
from initstudy.results import examples
from initstudy.results.files import replacing, write_arrays
from initstudy.results.suite import SuiteResults
from initstudy.results.tables import write
from initstudy.suite.entry import Entry, of_suite
from initstudy.suite.find import find
from initstudy.suite.findings import Findings
from initstudy.suite.pages import words
from initstudy.suite.tables import tables

# The tables that all else is made of, and those that follow from them.
TABLES = ("scores", "trials", "trainings", "workloads")
DERIVED = ("summary", "decisions", "learning_rates")
# When it was run, with what, and on which data sets.
RUN = "run.yaml"
# The pages: the answer, and what it rests on.
PAGES = {"README.md": "benchmark.md.jinja", "workloads.md": "benchmark_workloads.md.jinja"}


def take(suite: Path, to: Path) -> None:
    """Copy the tables of a run, and which test examples each of its runs gets right.

    Args:
        suite: folder of its results, beside those of its studies.
        to: folder of the page.
    """
    (to / "hits").mkdir(parents=True, exist_ok=True)
    scores = SuiteResults(suite).scores
    for study, variants in scores.groupby("study")["variant"].unique().items():
        before = to / "hits" / f"{study}.npz"
        write_arrays(correct(suite.parent / str(study) / "examples.npz", before, variants), before)
    for table in TABLES:
        shutil.copyfile(suite / f"{table}.csv", to / f"{table}.csv")
    versions = {name: importlib.metadata.version(name) for name in ("tensorflow", "keras")}
    run: dict[str, Any] = {
        "date": datetime.date.today().isoformat(),
        "initstudy": __version__,
        **versions,
    }
    known = [name for name in SuiteResults(suite).workloads["dataset"].unique() if name in SPECS]
    run["datasets"] = {name: _facts(SPECS[name]) for name in known}
    _write(to / RUN, yaml.safe_dump(run, sort_keys=False, width=1000))


def correct(own: Path, before: Path, variants: Collection[str]) -> dict[str, npt.NDArray[Any]]:
    """Join which test examples each run gets right, of what was run and of what is published.

    Args:
        own: `examples.npz` of a study.
        before: the same of the benchmark, which need not be there; has variants that the study
            lacks.
        variants: those that are judged; others are left out.

    Returns:
        What `results.examples.read` reads, once it is written.
    """
    arrays: dict[str, npt.NDArray[Any]] = {}
    for path in (path for path in (before, own) if path.exists()):
        arrays |= examples.read(path)
    return {name: array for name, array in arrays.items() if name.partition("/")[0] in variants}


def make(folder: Path) -> None:
    """Make the pages, their figures and all tables that follow from others.

    Args:
        folder: that holds TABLES and RUN.
    """
    entries = of_suite(SuiteResults(folder))
    found = find(entries)
    made = tables(found, entries)
    for name in DERIVED:
        write(made[name], folder / f"{name}.csv")
    for figure in SUITE_FIGURES:
        save(figure.draw(found, entries), folder / f"{figure.name}.png")
    run = yaml.safe_load((folder / RUN).read_text(encoding="utf-8"))
    for name, text in pages(found, entries, run).items():
        _write(folder / name, text)


def pages(found: Findings, entries: Sequence[Entry], run: dict[str, object]) -> dict[str, str]:
    """Write the pages of the benchmark, as Markdown, by file.

    Args:
        found: of its suite.
        entries: of its studies.
        run: when it was run, with what, and on which data sets.
    """
    reached = [
        float(np.isfinite(entry.times[:, entry.variants.index(BASELINE)]).mean())
        for entry in entries
    ]
    drawn = [one.study for one in found.workloads if "drawn" in one.kinds]
    values: dict[str, Any] = {
        "run": run,
        "captions": captions(SUITE_FIGURES),
        "drawn": drawn,
        "chosen": [study for study in found.studies if study not in drawn],
        "workloads_at": reached.count,
    }
    return {page: words(template, found, **values) for page, template in PAGES.items()}


def main() -> None:
    """Take the tables of a run, if they are elsewhere, and make the page."""
    parser = argparse.ArgumentParser(
        prog="python -m initstudy.suite.leaderboard",
        description="Makes the page of the reference benchmark of its tables.",
    )
    parser.add_argument("suite", type=Path, help="folder of its results, or that of the page")
    parser.add_argument("to", type=Path, help="folder of the page, docs/benchmark")
    asked = parser.parse_args()
    if asked.suite.resolve() != asked.to.resolve():
        take(asked.suite, asked.to)
    make(asked.to)


def _facts(spec: DatasetSpec) -> dict[str, Any]:
    """Return what the page says of a data set, which the catalogue may change or lose later."""
    return {
        "reference": spec.reference,
        "train": spec.shapes["x_train"][0],
        "test": spec.shapes["x_test"][0],
        "classes": spec.target.count,
        "licence": spec.licence,
        "sha256": spec.sha256,
    }


def _write(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
