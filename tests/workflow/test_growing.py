"""A study with interim analyses runs on only what is not decided, and nothing twice.

Its numbers are made up: ones as kernels are worse, and of the others none is better.
"""

from pathlib import Path

import pandas as pd
import yaml
from faults.stand_in import project_of_no_work
from forks import Server
from helpers import Project, configure

from initstudy import load

LOOKS = [7, 9]
VERDICT = "results/notebook/verdict.md"
# What makes the accuracies of a run up, and what does here.
MADE_UP = {
    "self.level = 0.6 + 0.3 * int(self.digest[:4], 16) / 16**4": (
        'self.level = 0.65 if spec.kernel_initializer["class_name"] == "ones" else 0.85\n'
        '        self.shift = spec.bias_initializer["class_name"] == "ones"'
    ),
    "self.level -= 0.3": "pass",
    "chance.normal(0, 0.01)": "0.01 * ((seed + self.shift) % 5 - 2)",
}


def test_only_what_is_not_settled_goes_on(tmp_path: Path, server: Server) -> None:
    few = {"kernel_initializers": ["ones"], "seeds": LOOKS, "seeds_per_job": 7, "margin": None}
    project = project_of_no_work(tmp_path / "project", server, **few)
    for old, new in MADE_UP.items():
        project.edit("scripts/train.py", old, new)
    plan = project.plan()
    # What goes on is known after the first analysis.
    assert {last for _, _, last in plan.trained} == {6}
    outcome = project.run(VERDICT)
    results = project / "results/notebook"
    look = yaml.safe_load((results / "looks/7.yaml").read_text())
    assert set(look) == {"seeds", "goes_on"}
    assert "kernel-ones" not in look["goes_on"]
    assert "baseline" in look["goes_on"]
    second = sorted(name for name, first, _ in outcome.trained if first == 7)
    assert second == sorted(look["goes_on"])

    summary = pd.read_csv(results / "summary.csv").set_index("variant")
    assert summary.loc["kernel-ones", "seeds"] == 7
    assert summary.loc["kernel-ones", "decision"] == "worse"
    assert summary.loc["baseline", "seeds"] == 9
    found = load(results).findings
    first, last = found.interims
    assert (first.seeds, first.variants, last.seeds) == (7, 3, 9)
    assert first.went_on == last.variants == len(look["goes_on"])
    assert "kernel-ones" in first.decided
    # Whoever is inconclusive has gone on.
    for one in found.compared:
        assert one.name in look["goes_on"] or one.decision != "inconclusive"
    verdict = (results / "verdict.md").read_text()
    assert "## Interim analyses" in verdict
    trained = 3 * 7 + 2 * len(look["goes_on"])
    assert f"This took {trained} runs instead of 27" in verdict
    histories = pd.read_csv(results / "histories.csv")
    seeds = histories.groupby("variant")["seed"].max()
    assert seeds["kernel-ones"] == 6
    assert "Nothing to be done" in project.run(VERDICT).text

    # All of them to the end: only what is missing is trained.
    configure(project, seeds=9)
    planned = project.plan("results/notebook/runs/kernel-ones.csv").trained
    assert planned == [("kernel-ones", 7, 8)]


def test_looks_must_grow(project: Project) -> None:
    configure(project, seeds=[10, 5])
    outcome = project.snakemake("--dry-run")
    assert outcome.code == 1
    assert (
        "seeds: [10, 5] must grow from each analysis to the next, as in [10, 20, 40]"
        in outcome.text
    )
