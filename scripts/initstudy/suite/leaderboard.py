"""The page and the tables of the reference benchmark, made of a run of its suite.

python -m initstudy.suite.leaderboard results/suite docs/benchmark
"""

import argparse
import datetime
import importlib.metadata
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import numpy.typing as npt
import pandas as pd

from initstudy import __version__
from initstudy.data.catalog import SPECS
from initstudy.report.pages import TEMPLATES
from initstudy.results.files import replacing, write_arrays
from initstudy.results.study import StudyResults
from initstudy.suite.members import network
from initstudy.suite.pages import markdown

TABLES = ("summary", "scores", "pairs", "learning_rates", "trials", "trainings")
FIGURES = ("heat_map", "intervals", "profiles", "times", "ranks", "budgets")


def leaderboard(summary: pd.DataFrame) -> str:
    """The methods from the best to the worst, as a Markdown table.

    Args:
        summary: see `findings.summarize`.
    """
    rows = []
    for place, row in enumerate(summary.to_dict("records"), start=1):
        span = f"{row['iqm_ci_low']:.3f} to {row['iqm_ci_high']:.3f}"
        difference = ""
        if row["variant"] != "baseline":
            bounds = f"{row['difference_ci_low']:+z.3f} to {row['difference_ci_high']:+z.3f}"
            difference = f"{row['difference']:+z.3f} ({bounds})"
        rows.append(
            {
                "place": place,
                "method": f"`{row['variant'].removeprefix('kernel-')}`",
                "interquartile mean (95 %)": f"{row['iqm']:.3f} ({span})",
                "difference from the baseline (95 %)": difference,
                "place without any one workload": (
                    f"{row['first_place']:.0f} to {row['last_place']:.0f}"
                ),
                "mean, worst workload": f"{row['mean']:.3f}, {row['worst']:z.3f}",
                "mean rank": f"{row['mean_rank']:.1f}",
                "target reached": f"{100 * row['reached']:.0f} %",
            }
        )
    return markdown(pd.DataFrame(rows))


def workloads(descriptions: Mapping[str, StudyResults]) -> str:
    """What each workload is, as a Markdown table."""
    rows = []
    for name, results in descriptions.items():
        asked = results.configuration
        optimizer, model = asked["optimizer"], asked["model"]
        rows.append(
            {
                "workload": f"`{name}`",
                "data set": asked["dataset"],
                "learned from": asked["training_images"] or "all others",
                "validation": results.description.held_out,
                "network": network(model),
                "optimizer": optimizer if isinstance(optimizer, str) else optimizer["class_name"],
                "epochs": asked["epochs"],
                "learning rates": ", ".join(f"{rate:g}" for rate in asked["learning_rates"]),
                "target": f"{100 * asked['target_accuracy']:g} %",
            }
        )
    return markdown(pd.DataFrame(rows))


def datasets(names: list[str]) -> str:
    """Where data sets come from, as a Markdown table."""
    return markdown(
        pd.DataFrame(
            [
                {
                    "data set": name,
                    "what": SPECS[name].reference,
                    "to train and test": " + ".join(
                        f"{SPECS[name].shapes[part][0]:,}" for part in ("x_train", "x_test")
                    ),
                    "classes": SPECS[name].classes,
                    "licence": SPECS[name].licence,
                    "SHA-256 of its arrays": f"`{SPECS[name].sha256[:16]}...`",
                }
                for name in names
            ]
        )
    )


def page(suite: Path, studies: Path) -> str:
    """The page of the benchmark, as Markdown.

    Args:
        suite: folder of its results.
        studies: folder that holds those of its studies.
    """
    summary = pd.read_csv(suite / "summary.csv")
    scores = pd.read_csv(suite / "scores.csv")
    names = list(dict.fromkeys(scores["study"]))
    described = {name: StudyResults(studies / name) for name in names}
    words = (suite / "suite.md").read_text(encoding="utf-8")
    # Without its own heading, and the table, which stands above.
    verdict = words[words.index("\n\n") : words.index("\n| variant")].strip()
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=False,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template("leaderboard.md.jinja").render(
        date=datetime.date.today().isoformat(),
        version=__version__,
        versions={name: importlib.metadata.version(name) for name in ("tensorflow", "keras")},
        replicates=len(scores),
        count=len(names),
        methods=len(summary),
        leaderboard=leaderboard(summary),
        verdict=verdict.replace("\n## ", "\n### "),
        workloads=workloads(described),
        datasets=datasets(
            list(dict.fromkeys(results.configuration["dataset"] for results in described.values()))
        ),
    )


def hits(own: Path, kept: Path, variants: Collection[str]) -> dict[str, npt.NDArray[Any]]:
    """Which test images each replicate gets right, of what was trained and of what is kept.

    Args:
        own: `hits.npz` of a study.
        kept: the same of the benchmark, which need not be there; has variants that the study has
            not.
        variants: those that are judged; others are left out.

    Returns:
        What `results.hits.read` reads, once it is written.
    """
    arrays: dict[str, npt.NDArray[Any]] = {}
    known = {"images", *variants}
    for path in (path for path in (kept, own) if path.exists()):
        with np.load(path, allow_pickle=False) as file:
            judged = (name for name in file.files if name.partition("/")[0] in known)
            arrays |= {name: file[name] for name in judged}
    return arrays


def main() -> None:
    """Writes the page, and copies the tables and the figures."""
    parser = argparse.ArgumentParser(
        prog="python -m initstudy.suite.leaderboard",
        description="Makes the page and the tables of the reference benchmark.",
    )
    parser.add_argument("suite", type=Path, help="folder of its results, results/suite")
    parser.add_argument("to", type=Path, help="folder of the page, docs/benchmark")
    asked = parser.parse_args()
    (asked.to / "hits").mkdir(parents=True, exist_ok=True)
    text = page(asked.suite, asked.suite.parent)
    scores = pd.read_csv(asked.suite / "scores.csv")
    for study, variants in scores.groupby("study")["variant"].unique().items():
        kept = asked.to / "hits" / f"{study}.npz"
        write_arrays(hits(asked.suite.parent / study / "hits.npz", kept, variants), kept)
    for table in TABLES:
        shutil.copyfile(asked.suite / f"{table}.csv", asked.to / f"{table}.csv")
    for figure in FIGURES:
        shutil.copyfile(asked.suite / "figures" / f"{figure}.png", asked.to / f"{figure}.png")
    with replacing(asked.to / "README.md") as path:
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
