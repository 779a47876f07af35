"""The examples that users copy: each is planned, two are trained a little, all of them if asked."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from forks import Server
from helpers import REPOSITORY, Project, copy_project

FOLDER = Path("studies/examples")
EXAMPLES = sorted(path.stem for path in (REPOSITORY / FOLDER).glob("*.yaml"))
PAGES = {"regression": "regression", "binary_table": "table", "transformer": "transformer"}
LESS = ["--config", "epochs=1", "seeds=2", "confirmation_seeds=1"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, mnist_file: Path, server: Server) -> Project:
    """A project in which nothing has been run."""
    return copy_project(tmp_path_factory.mktemp("examples"), mnist_file, server)


def asked(name: str) -> tuple[dict[str, Any], list[str]]:
    """The keys of an example, and its command."""
    text = (REPOSITORY / FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    command = re.search(r"^# (snakemake .*)$", text, re.M)
    assert command
    words = command[1].split()
    assert words[:4] == ["snakemake", "--cores", "2", "--configfile"]
    assert words[4:] == [str(FOLDER / f"{name}.yaml")]
    keys: dict[str, Any] = yaml.safe_load(text)
    return keys, words[3:]


def test_there_are_six() -> None:
    assert len(EXAMPLES) == 6


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_is_accepted_and_planned(project: Project, name: str) -> None:
    keys, command = asked(name)
    plan = project.plan(*command)
    assert plan.jobs["train"] == 1 + sum(
        len(keys[f"{role}_initializers"]) for role in ("kernel", "bias")
    )
    assert "no effect" not in plan.text
    if name == "transfer":
        assert "draws 2 of 4 kernels and 2 of 4 biases; frozen:" in plan.text


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("binary_table", "bias-at_the_share"),
        pytest.param("transfer", "kernel-he_normal", marks=pytest.mark.thorough),
    ],
)
def test_two_are_trained_a_little(project: Project, name: str, variant: str) -> None:
    keys, command = asked(name)
    paths = [f"results/{keys['study']}/runs/{one}.csv" for one in ("baseline", variant)]
    project.run(*paths, *command, *LESS)
    for path in paths:
        table = pd.read_csv(project / path)
        assert table["seed"].tolist() == [0, 1]
        assert table[f"val_{keys['metric']}"].notna().all()


@pytest.mark.thorough
@pytest.mark.parametrize("name", EXAMPLES)
def test_each_reaches_its_report(project: Project, name: str) -> None:
    keys, command = asked(name)
    project.run(*command)
    folder = project / f"results/{keys['study']}"
    assert (folder / "report.html").exists()
    verdict = (folder / "verdict.md").read_text(encoding="utf-8")
    assert "\n**St" in verdict
    if name in PAGES:
        # What a page quotes is what came out; the last digits differ from machine to machine.
        page = (REPOSITORY / f"docs/how-to-{PAGES[name]}.md").read_text(encoding="utf-8")
        quoted = re.search(r"^> (\*\*.*\*\*)$", page, re.M)
        assert quoted
        assert quoted[1] in verdict
    if name == "transfer":
        weights = pd.read_csv(folder / "weights.csv").set_index("path")
        assert weights.loc["dense/kernel", "why"] == "frozen (trainable=False)"
        assert not weights.loc["dense/kernel", "drawn"]


@pytest.mark.thorough
def test_the_encoder_is_made_by_its_script(project: Project) -> None:
    path = project / str(FOLDER / "encoder.keras")
    path.unlink()
    script = [sys.executable, str(project / str(FOLDER / "encoder.py"))]
    subprocess.run(script, check=True, capture_output=True)
    assert path.exists()
