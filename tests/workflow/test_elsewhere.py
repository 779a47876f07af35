"""Used from elsewhere: as a part of another workflow, from other folders, in one with a space."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from forks import Server
from helpers import REPOSITORY, Outcome, Project, copy_project

EXAMPLE = REPOSITORY / "docs" / "elsewhere.md"
# Stands in for a conda environment: what starts Snakemake has no Keras and another NumPy, the two
# scripts of envs/training.yaml have them. Python imports it when it starts.
WITHOUT_KERAS = """
import importlib.machinery, importlib.metadata, sys
if not sys.orig_argv[-1].endswith((".train.py", ".ask_keras.py")):
    hidden = {"keras", "tensorflow"}
    find, version = importlib.machinery.PathFinder.find_spec, importlib.metadata.version
    def find_spec(name, path=None, target=None):
        return None if name.partition(".")[0] in hidden else find(name, path, target)
    def other_version(name):
        if name in hidden:
            raise importlib.metadata.PackageNotFoundError(name)
        return "2.0.0" if name == "numpy" else version(name)
    importlib.machinery.PathFinder.find_spec = find_spec
    importlib.metadata.version = other_version
"""


def snakemake(
    folder: Path, *arguments: str, code: int = 0, environment: dict[str, str] | None = None
) -> Outcome:
    """What a user's process does; `forked` does the same in a tenth of the time."""
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "COLUMNS": "200", **(environment or {})},
        timeout=600,
    )
    assert done.returncode == code, done.stdout
    assert "Traceback" not in done.stdout
    return Outcome(done.returncode, done.stdout)


@pytest.fixture
def forked(server: Server) -> Callable[..., Outcome]:
    def run(folder: Path, *arguments: str, code: int = 0) -> Outcome:
        outcome = Project(folder, server).snakemake(*arguments)
        assert outcome.code == code, outcome.text
        assert "Traceback" not in outcome.text
        return outcome

    return run


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory, mnist_file: Path) -> Path:
    """The project, in a folder whose name has a space; it trains nothing there."""
    folder = tmp_path_factory.mktemp("else") / "the checkout"
    folder.mkdir()
    copy_project(folder, mnist_file)
    for name in ("Makefile", "README.md", "pyproject.toml", "requirements.lock"):
        shutil.copy2(REPOSITORY / name, folder)
    return folder


def new_folder(folder: Path) -> Path:
    """An empty one, in which Keras' answers are known that any test has had."""
    (folder / ".initstudy").mkdir(parents=True)
    (folder / ".initstudy" / "accepted").symlink_to(REPOSITORY / ".initstudy" / "accepted")
    return folder


def fill(folder: Path, checkout: Path) -> Path:
    """Makes the other project of docs/elsewhere.md."""
    example = EXAMPLE.read_text()
    files = re.findall(r"```\w+\n# (\w+(?:\.\w+)?)\n(.*?)```", example, re.DOTALL)
    assert [name for name, _ in files] == ["Snakefile", "config.yaml", "my_initializers.py"]
    for name, text in files:
        (folder / name).write_text(text.replace("/path/to/initstudy", str(checkout)))
    generator = np.random.default_rng(0)
    labels = np.arange(260) % 3
    images = (generator.normal(size=(260, 8)) + labels[:, np.newaxis]).astype("float32")
    parts = {"train": slice(200), "test": slice(200, None)}
    arrays = {f"x_{name}": images[part] for name, part in parts.items()}
    arrays |= {f"y_{name}": labels[part] for name, part in parts.items()}
    np.savez(folder / "letters.npz", **arrays)
    return folder


@pytest.fixture(scope="module")
def finished_other(
    tmp_path_factory: pytest.TempPathFactory, checkout: Path, server: Server
) -> Project:
    """The other project, run; not to be changed. What is made of it here, users' processes make."""
    folder = new_folder(tmp_path_factory.mktemp("other") / "another project")
    Project(fill(folder, checkout), server).run()
    return Project(folder)


@pytest.fixture
def other(finished_other: Project, tmp_path: Path) -> Project:
    """A copy of it, to change."""
    folder = tmp_path / "another project"
    shutil.copytree(finished_other.folder, folder, symlinks=True)
    return Project(folder)


def without_outputs(other: Project, variant: str) -> Path:
    """Removes what a job of a variant made of its records. Returns the training's folder."""
    history = other.history(variant, 2 if variant == "best" else 0, "letters")
    for file in history.parent.glob(f"{history.stem}.*"):
        file.unlink()
    return history.parent.parent


def test_another_workflow_uses_it(finished_other: Project, checkout: Path) -> None:
    summary = pd.read_csv(finished_other / "results/mine/summary.csv")
    assert set(summary["variant"]) >= {"baseline", "kernel-narrow"}
    report = (finished_other / "results/letters/report.html").read_text()
    assert report.startswith("<!doctype html>")
    assert "kernel-narrow" in report
    # Nothing of it is left in the checkout, and Snakemake's own lock holds the folder, not ours.
    assert not (checkout / "results").exists()
    assert not (checkout / "logs").exists()
    assert not (finished_other / ".initstudy/lock").exists()
    again = snakemake(finished_other.folder, "--dry-run")
    assert "Nothing to be done" in again.text


@pytest.mark.thorough
def test_a_script_that_was_touched_trains_no_epoch_again(other: Project, checkout: Path) -> None:
    records = other.records
    assert records
    script = checkout / "scripts/train.py"
    times = script.stat()
    script.touch()
    target = "results/letters/runs/baseline.csv"
    ours = ["--rerun-triggers", "mtime", "params", "input", "software-env"]
    assert snakemake(other.folder, "--dry-run", target, *ours).trained == []
    outcome = snakemake(other.folder, target)
    os.utime(script, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert outcome.trained == [("baseline", 0, 1)]
    assert other.records == records


@pytest.mark.thorough
def test_with_a_prefix_all_of_it_lies_in_a_folder_of_its_own(other: Project) -> None:
    other.edit("Snakefile", '"results/letters', '"sub/results/letters')
    other.edit("Snakefile", "    config:", '    prefix:\n        "sub"\n    config:')
    # The job of `best` has to know what was chosen; there is none if that is the baseline.
    known = pd.read_csv(other / "results/letters/runs.csv")["variant"]
    variant = "best" if "best" in set(known) else "baseline"
    without_outputs(other, variant)
    (other / "sub/results").mkdir(parents=True)
    (other / "results/runs").rename(other / "sub/results/runs")
    (other / "results").rename(other / "earlier")
    shutil.rmtree(other / ".snakemake")
    records = Project(other / "sub").records
    assert len(records) >= 4
    outcome = snakemake(other.folder, "sub/results/letters/verdict.md")
    assert [name for name, _, _ in outcome.trained] == [variant]
    assert Project(other / "sub").records == records
    for name in ("histories.csv", "verdict.md", "examples.npz"):
        made = (other / "sub/results/letters" / name).read_bytes()
        assert made == (other / "earlier/letters" / name).read_bytes()
    assert not (other / "results").exists()


def test_mistakes_are_told_where_they_are_in_the_other_configuration(
    checkout: Path, tmp_path: Path, forked: Callable[..., Outcome]
) -> None:
    folder = fill(new_folder(tmp_path / "another project"), checkout)
    text = (folder / "config.yaml").read_text()
    wrong = text.replace("epochs: 2", "epochs: 0").replace("  seeds: 2", "  seedz: 2")
    # A key of theirs that has the name of one of ours.
    (folder / "config.yaml").write_text("epochs: 7\n" + wrong)
    told = snakemake(folder, "--dry-run", code=1).text
    assert "The configuration has 2 problems:" in told
    assert "  epochs: 0 must be a whole number" in told
    assert "  seedz: there is no such key; did you mean 'seeds'?" in told
    (folder / "config.yaml").write_text(text)
    told = forked(folder, "--dry-run", "--config", "initstudy={epochs: 0}", code=1).text
    assert "  epochs: 0 must be" in told
    wanted = "initstudy={epochs: 3, keep_weights: true, published: null, bias_initializers: [ones]}"
    plan = forked(folder, "--dry-run", "--config", wanted)
    assert ("bias-ones", 0, 1) in plan.trained
    assert "epochs-3/" in plan.text
    # Made up in the Snakefile: no lines, but its files are found.
    snakefile = (folder / "Snakefile").read_text()
    made_up = snakefile.replace('config["initstudy"]', '{**config["initstudy"], "epochs": 0}')
    (folder / "Snakefile").write_text(made_up)
    told = forked(folder, "--dry-run", code=1).text
    assert "The configuration has a problem:\n  epochs: 0 must be" in told


@pytest.mark.thorough
def test_lists_of_studies_are_found_in_another_workflow(checkout: Path, tmp_path: Path) -> None:
    folder = fill(new_folder(tmp_path / "another project"), checkout)
    own = yaml.safe_load((folder / "config.yaml").read_text())["initstudy"]
    for name in ("one", "two"):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump({**own, "study": name}))
    (folder / "letters_suite.yaml").write_text("studies: [one.yaml, two.yaml]\n")
    plan = snakemake(folder, "--dry-run", "results/letters_suite/suite.html")
    assert plan.trained == [("baseline", 0, 1), ("kernel-narrow", 0, 1)]
    assert plan.jobs["initstudy_compare_studies"] == 1
    plan = snakemake(folder, "--dry-run", "initstudy_suite")
    studies = set(re.findall(r"Training \S+ of (\S+),", plan.text))
    assert studies >= {"mnist_relu", "digits_transformer", "drawn_20261126_0"}


@pytest.mark.thorough
def test_results_in_one_folder_a_configuration_in_another_and_started_in_a_third(
    finished_other: Project, checkout: Path, tmp_path: Path, forked: Callable[..., Outcome]
) -> None:
    results = new_folder(tmp_path / "results are here")
    configured = fill(tmp_path, checkout)  # Not where it is started, nor where results are.
    own = yaml.safe_load((configured / "config.yaml").read_text())["initstudy"]
    (configured / "my.yaml").write_text(yaml.safe_dump(own))
    started = tmp_path / "started here"
    started.mkdir()
    shutil.copytree(finished_other / "results/runs", results / "results/runs")
    outcome = snakemake(
        *(started, "-s", str(checkout / "Snakefile"), "--directory", "../results are here"),
        *("--configfile", "../my.yaml", "--", "results/letters/verdict.md"),
    )
    assert "profile " + shlex.quote(str(checkout / "profiles/default")).strip("'") in outcome.text
    assert outcome.trained == []
    assert sorted(path.name for path in started.iterdir()) == []
    # It held the folder, and had nothing to train.
    assert (results / ".initstudy/lock").exists()
    assert "To run" not in outcome.text
    for name in ("histories.csv", "verdict.md", "examples.npz"):
        theirs = (finished_other / "results/letters" / name).read_bytes()
        assert (results / "results/letters" / name).read_bytes() == theirs
    told = forked(
        *(started, "-s", str(checkout / "Snakefile"), "--directory", "../results are here"),
        *("--configfile", "../my.yaml", "--config", "dataset=lettres.npz"),
        code=1,
    ).text
    assert "--config: dataset: there is no file 'lettres.npz' in .. or this folder or" in told


def test_a_folder_that_has_a_configuration_uses_it_and_the_project_s_otherwise(
    checkout: Path, tmp_path: Path, forked: Callable[..., Outcome]
) -> None:
    folder = new_folder(tmp_path / "a folder")
    asked = ["--dry-run", "results/notebook/runs/baseline.csv", "--directory", str(folder)]
    plan = snakemake(checkout, *asked)
    assert plan.trained == [("baseline", 0, 9)]
    assert "profile profiles/default for" in plan.text
    (folder / "config.yaml").write_text("study: here\nseeds: 3\nseeds_per_job: 3\n")
    asked[1] = "results/here/runs/baseline.csv"
    assert forked(checkout, *asked).trained == [("baseline", 0, 2)]
    # A default profile of the folder that it is started in comes first.
    (tmp_path / "profiles/default").mkdir(parents=True)
    (tmp_path / "profiles/default/profile.yaml").write_text("keep-going: true\n")
    plan = forked(tmp_path, "-s", str(checkout / "Snakefile"), *asked)
    assert plan.trained == [("baseline", 0, 2)]
    assert "profile profiles/default for" in plan.text


def make(folder: Path, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert done.returncode == code, done.stdout
    return done.stdout


def test_the_set_up_in_a_folder_with_a_space_says_what_to_do(checkout: Path) -> None:
    told = make(checkout, f"PYTHON={sys.executable}", "run", code=2)
    assert "make VENV=/path/without/spaces run" in told
    assert f"{checkout}/.venv" in told
    assert "Traceback" not in told
    assert not (checkout / ".venv").exists()


@pytest.mark.thorough
def test_make_run_in_a_folder_with_a_space(
    checkout: Path, tmp_path: Path, finished_other: Project
) -> None:
    # What the set-up leaves, made of the environment that runs this test.
    venv = tmp_path / "venv"
    venv.mkdir()
    (venv / "bin").symlink_to(Path(sys.executable).parent)
    (venv / "installed").touch()
    here = tmp_path / "a checkout of its own"
    shutil.copytree(checkout, here, symlinks=True)
    shutil.copy2(finished_other / "letters.npz", here)
    settings = "study=small dataset=letters.npz epochs=1 seeds=1"
    target = "results/small/runs/baseline.csv"
    make(here, f"VENV={venv}", "run", f"ARGS={target} --config {settings}")
    assert len(pd.read_csv(here / target)) == 1


def test_the_library_is_imported_from_any_folder(
    checkout: Path, tmp_path: Path, finished_other: Project
) -> None:
    # A little environment that has what the lock file lists, by a link, and not the library.
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    (site,) = venv.glob("lib/python*/site-packages")
    (site / "packages.pth").write_text(str(Path(np.__file__).parent.parent))
    steps = make(checkout, "--dry-run", f"VENV={venv}", "run").splitlines()
    (step,) = [line for line in steps if "--editable" in line]
    for _ in range(2):
        subprocess.run(shlex.split(step), cwd=checkout, check=True)
    code = (
        "import initstudy; from initstudy import compare, load; print(initstudy.__file__); "
        f"study = load({str(finished_other / 'results/letters')!r}); "
        "print(compare(study.variant('kernel-narrow'), study.variant('baseline')))"
    )
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    for folder in (tmp_path, "/"):
        done = subprocess.run(
            [venv / "bin/python", "-c", code],
            cwd=folder,
            capture_output=True,
            text=True,
            env=environment,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(str(checkout / "scripts/initstudy"))


@pytest.fixture
def no_keras(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(WITHOUT_KERAS)
    return {"PYTHONPATH": str(tmp_path / "site")}


def test_without_keras_the_first_job_tells_what_is_wrong(
    checkout: Path, tmp_path: Path, no_keras: dict[str, str]
) -> None:
    folder = fill(tmp_path / "site", checkout)
    own = yaml.safe_load((folder / "config.yaml").read_text())["initstudy"]
    (folder / "config.yaml").unlink()  # It would be taken for initstudy's own.
    own |= {"kernel_initializers": ["my_initializers.py:narrow", "he_norml"]}
    own |= {"optimizer": {"class_name": "SGD", "config": {"momentum": 7}}}
    (folder / "my.yaml").write_text(yaml.safe_dump(own, sort_keys=False))
    lines = (folder / "my.yaml").read_text().splitlines()
    arguments = ["-s", str(checkout / "Snakefile"), "--configfile", "my.yaml"]
    outcome = snakemake(folder, *arguments, code=1, environment=no_keras)
    log = (folder / "logs/letters/ask_keras.log").read_text()
    for text in (outcome.text, log):
        place = f"my.yaml:{1 + lines.index('- he_norml')}: kernel_initializers[1]: "
        assert place in text
        assert "did you mean 'he_normal'?" in text
        place = f"my.yaml:{1 + lines.index('optimizer:')}: optimizer: "
        assert place + "Keras refuses 'SGD' with {'momentum': 7}" in text
    assert not (folder / "results/runs").exists()
    assert not (folder / "results/letters/accepted.json").exists()


def test_without_keras_a_right_study_runs_to_its_end(
    other: Project, no_keras: dict[str, str]
) -> None:
    histories = (other / "results/letters/histories.csv").read_bytes()
    training = without_outputs(other, "kernel-narrow")
    shutil.rmtree(training)
    records = other.records
    assert records
    shutil.rmtree(other / "results/letters")
    snakemake(other.folder, "results/letters/verdict.md", environment=no_keras)
    assert (other / "results/letters/accepted.json").exists()
    assert (other / "results/letters/histories.csv").read_bytes() == histories
    # The versions are those of envs/training.yaml: what was trained with them is the same training,
    # and no epoch of it is trained again, though each job has one more input now.
    new = {path: when for path, when in other.records.items() if path not in records}
    assert {Path(path).parts[2] for path in new} == {training.name}
    assert {path: when for path, when in other.records.items() if path in records} == records
    again = snakemake(other.folder, "--dry-run", "results/letters/verdict.md", environment=no_keras)
    assert again.trained == []
