"""The study on a real SLURM of two nodes: the same bytes as here, whatever happens there."""

import contextlib
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Set
from pathlib import Path

import psutil
import pytest
from helpers import SMALL, Outcome, Project, configure, finished_study, wait_until
from slurm import Slurm

STUDY = {**SMALL, "seeds": 1, "seeds_per_job": 1, "confirmation_seeds": 1, "epochs": 1}
# Six trainings, and a diagnosis of each variant but `best`.
JOBS = 6 + 4
# Looking at the queue often is for small clusters and short jobs.
PROFILES = {
    "generic-slurm": ["--seconds-between-status-checks", "2"],
    "slurm": ["--slurm-init-seconds-before-status-checks", "3"],
}


def both_profiles(first: str) -> pytest.MarkDecorator:
    """Through one profile always, through the other too with `--thorough`."""
    return pytest.mark.parametrize(
        "profile",
        [
            pytest.param(profile, marks=[] if profile == first else pytest.mark.thorough)
            for profile in PROFILES
        ],
    )


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, mnist_file: Path) -> Project:
    """The study as it is run on one machine."""
    return finished_study(tmp_path_factory.mktemp("here"), mnist_file, **STUDY)


@pytest.fixture
def there(project: Project, slurm: Slurm) -> Project:
    configure(project, **STUDY)
    return project


class Run:
    """A run through a profile, at work."""

    def __init__(self, project: Project, profile: str, *arguments: str) -> None:
        self.log = project / "run.log"
        command = [
            sys.executable,
            "-m",
            "snakemake",
            "--profile",
            f"profiles/{profile}",
            *PROFILES[profile],
            *arguments,
        ]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, cwd=project.folder, stdout=log, stderr=subprocess.STDOUT
            )

    def ended(self, seconds: float = 600) -> Outcome:
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            # Its way to cancel its jobs; some executors do not end on SIGTERM.
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
            self.process.kill()
        return Outcome(self.process.wait(), self.log.read_text())


@pytest.fixture
def runs() -> Iterator[list[Run]]:
    """The runs of a test, which all end with it."""
    started: list[Run] = []
    yield started
    for run in started:
        run.process.kill()
    subprocess.run(["scancel", "--me"], timeout=30, check=False)


@both_profiles("slurm")
def test_the_same_bytes_as_here(
    profile: str, there: Project, here: Project, slurm: Slurm, runs: list[Run]
) -> None:
    runs.append(Run(there, profile))
    outcome = runs[0].ended()
    assert outcome.code == 0, outcome.text
    assert there.results == here.results
    jobs = jobs_of(there, slurm)
    # One for each training and diagnosis, none for what takes a second; on both nodes.
    assert len(outcome.trained) == 6
    assert len(jobs) == JOBS
    assert {job["state"] for job in jobs.values()} == {"COMPLETED"}
    assert {job["node"] for job in jobs.values()} == set(slurm.nodes)


@both_profiles("generic-slurm")
def test_jobs_that_fail_are_submitted_again(
    profile: str, there: Project, here: Project, slurm: Slurm, runs: list[Run]
) -> None:
    """One is killed, one cancelled, one stopped until its time is up."""
    runs.append(Run(there, profile, "--set-resources", "train:runtime=1 if attempt == 1 else 5"))

    def cancel() -> None:
        (number,) = [
            number
            for number, job in jobs_of(there, slurm).items()
            if job["state"] == "RUNNING" and runs_variant(number, "kernel-random_normal")
        ]
        subprocess.run(["scancel", number], check=True)

    # In which order they come is SLURM's choice.
    left = {"kernel-ones", "bias-ones", "kernel-random_normal"}
    while left:
        variant, process = one_of_trainings(there, left)
        if variant == "kernel-ones":
            process.send_signal(signal.SIGSTOP)
        elif variant == "bias-ones":
            process.kill()
        else:
            cancel()
        left.remove(variant)
    outcome = runs[0].ended()
    assert outcome.code == 0, outcome.text
    assert there.results == here.results
    assert states(there, slurm).count("FAILED") == 1
    assert states(there, slurm).count("CANCELLED") == 1
    assert states(there, slurm).count("TIMEOUT") >= 1
    assert states(there, slurm).count("COMPLETED") == JOBS
    assert len(re.findall(r"^Trying to restart job", outcome.text, re.MULTILINE)) >= 3


@both_profiles("generic-slurm")
def test_a_job_over_its_memory_gets_more(
    profile: str, there: Project, here: Project, slurm: Slurm, runs: list[Run]
) -> None:
    history = "results/notebook/runs/kernel-ones/seeds-0-0.csv"
    resources = ["--set-resources", "train:mem_mb=attempt * 500"]
    runs.append(Run(there, profile, history, *resources))
    outcome = runs[0].ended()
    assert outcome.code == 0, outcome.text
    assert there.results[history] == here.results[history]
    assert states(there, slurm).count("FAILED") >= 1
    assert states(there, slurm).count("COMPLETED") == 1
    logs = [*there.folder.glob("logs/slurm/*"), *there.folder.glob(".snakemake/slurm_logs/*/*/*")]
    assert any("exceeded memory limit" in log.read_text() for log in logs)


@both_profiles("generic-slurm")
def test_a_node_goes_down(
    profile: str, there: Project, here: Project, slurm: Slurm, runs: list[Run]
) -> None:
    runs.append(Run(there, profile))
    training_of(there, "kernel-ones")
    lost = slurm.crash("node1")
    try:
        outcome = runs[0].ended()
    finally:
        slurm.start_node("node1")
        slurm.wait_for_nodes()
    assert outcome.code == 0, outcome.text
    assert there.results == here.results
    jobs = jobs_of(there, slurm)
    assert len(lost) > 0
    assert {jobs[number]["state"] for number in lost} == {"NODE_FAIL"}


@both_profiles("generic-slurm")
def test_snakemake_is_killed(
    profile: str, there: Project, here: Project, slurm: Slurm, runs: list[Run]
) -> None:
    runs.append(Run(there, profile))
    training_of(there, "kernel-ones").send_signal(signal.SIGSTOP)
    wait_until(lambda: "COMPLETED" in states(there, slurm))
    runs[0].process.kill()
    runs[0].process.wait()
    # The others in the queue go on, and end while nobody looks.
    wait_until(
        lambda: states(there, slurm).count("COMPLETED") >= 3 and len(alive(there, slurm)) == 1
    )
    finished = there.trainings
    assert len(finished) >= 3
    if profile == "slurm":
        # As docs/cluster.md says; the other profile sees to it itself.
        subprocess.run(["scancel", *alive(there, slurm)], check=True)
        wait_until(lambda: not alive(there, slurm))
    runs.append(Run(there, profile))
    outcome = runs[1].ended()
    assert outcome.code == 0, outcome.text
    assert "The last run was killed" in outcome.text
    assert finished.items() <= there.trainings.items()
    assert there.results == here.results
    assert states(there, slurm).count("CANCELLED") == 1
    assert states(there, slurm).count("COMPLETED") == JOBS


def test_a_controller_that_is_away_is_waited_for(
    there: Project, here: Project, slurm: Slurm, runs: list[Run]
) -> None:
    """Not through the profile slurm, which does not survive it (docs/cluster.md)."""
    history = "results/notebook/runs/kernel-ones/seeds-0-0.csv"
    runs.append(Run(there, "generic-slurm", history))
    training_of(there, "kernel-ones")
    slurm.stop_daemon("slurmctld")
    time.sleep(25)
    slurm.start_controller()
    outcome = runs[0].ended()
    assert outcome.code == 0, outcome.text
    assert there.results[history] == here.results[history]


def jobs_of(project: Project, slurm: Slurm) -> dict[str, dict[str, str]]:
    jobs = slurm.jobs().items()
    return {number: job for number, job in jobs if job["folder"] == str(project.folder)}


def states(project: Project, slurm: Slurm) -> list[str]:
    return [job["state"] for job in jobs_of(project, slurm).values()]


def alive(project: Project, slurm: Slurm) -> list[str]:
    there = ("PENDING", "RUNNING", "COMPLETING")
    return [number for number, job in jobs_of(project, slurm).items() if job["state"] in there]


def training_of(project: Project, variant: str) -> psutil.Process:
    """The process that trains a variant, as soon as there is one."""
    return one_of_trainings(project, {variant})[1]


def one_of_trainings(project: Project, variants: Set[str]) -> tuple[str, psutil.Process]:
    """The first of these variants that is trained, and the process, as soon as there is one."""
    logs = {
        str(project / f"logs/notebook/train/{variant}/seeds-0-0.log"): variant
        for variant in variants
    }
    found: list[tuple[str, psutil.Process]] = []

    def look() -> bool:
        for process in psutil.process_iter(["cmdline", "cwd"]):
            with contextlib.suppress(psutil.Error):
                command = process.info["cmdline"] or [""]
                if command[-1].endswith("train.py") and process.info["cwd"] == str(project.folder):
                    held = logs.keys() & {file.path for file in process.open_files()}
                    found.extend((logs[log], process) for log in held)
        return bool(found)

    wait_until(look)
    return found[0]


def runs_variant(number: str, variant: str) -> bool:
    """Whether that job of SLURM trains that variant."""
    shown = subprocess.run(["scontrol", "show", "job", number], capture_output=True, text=True)
    return variant in shown.stdout
