"""Options of Snakemake do what docs/snakemake-options.md says."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from faults.stand_in import TRAINED, project_of_no_work
from forks import Server
from helpers import Project

TUNED = {
    "bias_initializers": [],
    "validation": {"holdout": 16},
    "learning_rates": [0.003, 0.01],
    "learning_rate_seeds": 2,
}
# Two variants at two rates and on the seeds of the study, and the best pair beside the baseline.
TRIALS, RUNS = 2 * 2 * 2, 2 * 2 * 2 + 2 * 2 + 2 * 2
HISTORIES = "results/notebook/histories.csv"


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Project:
    """A study with learning rates whose runs take no time, trained through its target."""
    folder = tmp_path_factory.mktemp("options") / "project"
    project = project_of_no_work(folder, server, **TUNED)
    # It stops where the first choice would follow.
    project.run("--until", "train")
    assert trained(project) == TRIALS
    assert not (project / "results/notebook").exists()
    project.run(HISTORIES)
    assert trained(project) == RUNS
    project.run("--omit-from", "write_report")
    assert (project / "results/notebook/verdict.md").exists()
    assert not (project / "results/notebook/report.html").exists()
    project.run()
    assert trained(project) == RUNS
    return project


def trained(project: Project) -> int:
    return len((project / TRAINED).read_text().splitlines())


@pytest.mark.parametrize("option", [["--forceall"], ["--forcerun", "train"]], ids=lambda o: o[0])
def test_what_is_forced_is_made_again_but_not_trained(
    done: Project, tmp_path: Path, option: list[str]
) -> None:
    project = done.copy(tmp_path / "project")
    before = project.results
    # The four runs on which learning rates are chosen, in the plan before that choice.
    assert project.run(HISTORIES, *option).jobs["train"] == 4
    assert trained(project) == RUNS
    assert project.results == before


def test_all_output_is_deleted_but_what_it_is_made_from(done: Project, tmp_path: Path) -> None:
    project = done.copy(tmp_path / "project")
    before = project.results
    project.run("--delete-all-output")
    assert list((project / "results").rglob("*.csv")) == []
    assert (project / "tiny.npz").exists()
    project.run()
    assert trained(project) == RUNS
    assert project.results == before


def test_touching_hides_no_other_configuration(done: Project, tmp_path: Path) -> None:
    project = done.copy(tmp_path / "project")
    project.run("--touch", "--config", "margin=0.01")
    assert project.plan("--config", "margin=0.01").jobs["conclude"] == 1
    assert trained(project) == RUNS


def test_graphs_and_tables_are_printed_alone(done: Project) -> None:
    for option, begins in [("--dag", "digraph"), ("--summary", "output_file\tdate\trule")]:
        command = [sys.executable, "-m", "snakemake", option]
        printed = subprocess.run(command, cwd=done.folder, capture_output=True, text=True)
        assert printed.returncode == 0, printed.stderr
        assert printed.stdout.startswith(begins)
        assert "trained" not in printed.stdout


def test_no_home_is_needed_beside_a_cache(done: Project, tmp_path: Path) -> None:
    project = done.copy(tmp_path / "project")
    shutil.rmtree(project / "results/notebook/figures")
    # Nobody may write there, root neither.
    nowhere = "/proc/nowhere"
    command = [sys.executable, "-m", "snakemake", "--cores", "1"]
    ran = subprocess.run(
        ["env", f"HOME={nowhere}", f"TMPDIR={nowhere}", f"XDG_CACHE_HOME={tmp_path}/a/b", *command],
        cwd=project.folder,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert (project / "results/notebook/figures").exists()


def test_a_script_that_is_kept_can_be_stepped_through(done: Project, tmp_path: Path) -> None:
    project = done.copy(tmp_path / "project")
    verdict = project / "results/notebook/verdict.md"
    words = verdict.read_bytes()
    project.run("--skip-script-cleanup", "--force", "results/notebook/verdict.md")
    (script,) = (project / ".snakemake/scripts").glob("*.conclude.py")
    verdict.unlink()
    lines = script.read_text().splitlines()
    (line,) = [n for n, text in enumerate(lines, 1) if text.lstrip().startswith("findings = find(")]
    steps = [f"tbreak {line}", "continue", "p type(results).__name__", "continue", "quit"]
    ran = subprocess.run(
        [sys.executable, "-m", "pdb", script],
        cwd=project.folder,
        env={**os.environ, "INITSTUDY_BY_HAND": "1"},
        input="\n".join(steps),
        capture_output=True,
        text=True,
    )
    assert "(Pdb) 'StudyResults'" in ran.stdout
    assert verdict.read_bytes() == words
