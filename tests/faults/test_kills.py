"""Whatever is killed whenever, the same command goes on from there and loses nothing."""

import contextlib
import random
import shutil
import signal
import time
from pathlib import Path

import psutil
import pytest
from helpers import SMALL, Project, configure, finished_study

KILLS = 20
STUDY = {
    **SMALL,
    "kernel_initializers": ["random_normal", "random_uniform", "ones"],
    "bias_initializers": ["ones", "random_normal"],
    "seeds": 1,
    "seeds_per_job": 1,
    "confirmation_seeds": 1,
}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, mnist_file: Path) -> Project:
    project = finished_study(tmp_path_factory.mktemp("undisturbed"), mnist_file, **STUDY)
    assert len(project.trainings) == 8
    return project


@pytest.fixture
def disturbed(project: Project) -> Project:
    configure(project, **STUDY)
    return project


def test_trainings_killed(undisturbed: Project, disturbed: Project) -> None:
    chance = random.Random(1)
    kills = 0
    finished: dict[str, int] = {}
    while kills < KILLS:
        process = disturbed.start()
        deadlines: dict[int, float] = {}
        while process.poll() is None:
            for training in trainings_of(process.pid):
                due = deadlines.setdefault(training.pid, time.time() + chance.uniform(0, 7))
                if time.time() > due and kills < KILLS:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        training.kill()
                        kills += 1
            time.sleep(0.05)
        text = process.communicate()[0]
        assert process.returncode == (1 if "Error in rule train" in text else 0), text
        finished = kept(finished, disturbed, undisturbed, process.returncode)
    disturbed.run()
    kept(finished, disturbed, undisturbed, 0)


def test_snakemake_killed(undisturbed: Project, disturbed: Project) -> None:
    chance = random.Random(2)
    kills = 0
    finished: dict[str, int] = {}
    while kills < KILLS:
        process = disturbed.start()
        moment = time.time() + chance.uniform(0.2, 9)
        while process.poll() is None and time.time() < moment:
            time.sleep(0.02)
        if process.poll() is None:
            process.kill()
            kills += 1
        text = process.communicate()[0]
        assert process.returncode in (-signal.SIGKILL, 0), text
        finished = kept(finished, disturbed, undisturbed, process.returncode)
    disturbed.run()
    kept(finished, disturbed, undisturbed, 0)


def kept(
    finished: dict[str, int], disturbed: Project, undisturbed: Project, code: int
) -> dict[str, int]:
    """Checks what a run left, and returns what is finished now.

    What had been finished before it is as it was. A run that came to its end has made what an
    undisturbed one makes and nothing besides; all is then begun anew.
    """
    now = disturbed.trainings
    assert finished.items() <= now.items()
    if code != 0:
        return now
    assert disturbed.results == undisturbed.results
    assert hidden(disturbed) == []
    shutil.rmtree(disturbed / "results")
    return {}


def trainings_of(pid: int) -> list[psutil.Process]:
    try:
        return [
            process
            for process in psutil.Process(pid).children(recursive=True)
            if any(argument.endswith("train.py") for argument in process.cmdline())
        ]
    except psutil.NoSuchProcess:
        return []


def hidden(project: Project) -> list[Path]:
    """Temporary files that somebody left."""
    found = project.folder.glob("results/**/.*")
    return [path for path in found if path.name != ".snakemake_timestamp"]
