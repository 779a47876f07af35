"""Whatever is killed whenever, the same command goes on from there and loses nothing."""

import contextlib
import functools
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from forks import Server
from helpers import Project
from stand_in import TRAINING, project_of_no_work

# How often something is killed, and the seconds in which a training job is, since a run that is
# through before it is killed is of no use.
KINDS = pytest.mark.parametrize(
    ("real", "kills", "longest"),
    [(False, 6, 0.8), pytest.param(True, 2, 4.0, marks=pytest.mark.thorough)],
    ids=["no work", "real"],
)


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, server: Server
) -> Callable[[bool], dict[str, bytes]]:
    """What comes of it if nothing is killed: of trainings of no work, or of real ones."""

    @functools.cache
    def of(real: bool) -> dict[str, bytes]:
        project = small(tmp_path_factory.mktemp("undisturbed") / "project", server, real)
        project.run()
        assert len(project.trainings) >= 2
        return written(project)

    return of


@pytest.fixture
def disturbed(tmp_path: Path, server: Server, real: bool) -> Project:
    project = small(tmp_path / "project", server, real)
    if not real:
        # So that there is something to be killed in each of them.
        project.edit("scripts/train.py", "time.sleep(0.01)", "time.sleep(0.2)")
    return project


def small(folder: Path, server: Server, real: bool) -> Project:
    """A project with few trainings, if they are real: each has to start TensorFlow."""
    changes = {"kernel_initializers": []} if real else {}
    return project_of_no_work(folder, server, real, **changes)


@KINDS
def test_trainings_killed(
    undisturbed: Callable[[bool], dict[str, bytes]],
    disturbed: Project,
    real: bool,
    kills: int,
    longest: float,
) -> None:
    chance = random.Random(1)
    killed = 0
    finished: dict[str, int] = {}
    while killed < kills:
        task, said = disturbed.start()
        deadlines: dict[int, float] = {}
        while psutil.pid_exists(task.pid):
            for training in trainings_of(disturbed):
                due = deadlines.setdefault(training.pid, time.time() + chance.uniform(0, longest))
                if time.time() > due and killed < kills and training.is_running():
                    training.kill()
                    killed += 1
                    due = deadlines[training.pid] = time.time() + 100
            time.sleep(0.02)
        code = task.wait()
        with said:
            said.seek(0)
            text = said.read()
        assert code == (1 if "Error in rule train" in text else 0), text
        finished = kept(finished, disturbed, undisturbed(real), code)
    disturbed.run()
    kept(finished, disturbed, undisturbed(real), 0)


@KINDS
def test_snakemake_killed(
    undisturbed: Callable[[bool], dict[str, bytes]],
    disturbed: Project,
    real: bool,
    kills: int,
    longest: float,
) -> None:
    chance = random.Random(2)
    killed = 0
    finished: dict[str, int] = {}
    while killed < kills:
        task, said = disturbed.start()
        moment = time.time() + chance.uniform(0.2, 2 + longest)
        while psutil.pid_exists(task.pid) and time.time() < moment:
            time.sleep(0.02)
        task.kill()
        code = task.wait()
        killed += code != 0
        with said:
            said.seek(0)
            assert code in (-signal.SIGKILL, 0), said.read()
        finished = kept(finished, disturbed, undisturbed(real), code)
    disturbed.run()
    kept(finished, disturbed, undisturbed(real), 0)


def kept(
    finished: dict[str, int], disturbed: Project, undisturbed: dict[str, bytes], code: int
) -> dict[str, int]:
    """Checks what a run left, and returns what is finished now.

    The records that had been finished before it are as they were. A run that came to its end has
    made what an undisturbed one makes and nothing besides; all is then begun anew.
    """
    now = disturbed.records
    assert finished.items() <= now.items()
    if code != 0:
        return now
    assert written(disturbed) == undisturbed
    assert hidden(disturbed) == []
    shutil.rmtree(disturbed / "results")
    return {}


def written(project: Project) -> dict[str, bytes]:
    """The results, without the figures: what stands in for them tells times, too."""
    return {path: text for path, text in project.results.items() if "/figures/" not in path}


def trainings_of(project: Project) -> list[psutil.Process]:
    """The training jobs that are at work in a project."""
    found = []
    for path in project.folder.glob(f"{TRAINING}*"):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            process = psutil.Process(int(path.name.removeprefix(TRAINING)))
            if process.cwd() == str(project.folder):
                found.append(process)
    return found


def hidden(project: Project) -> list[Path]:
    """Temporary files that somebody left."""
    found = project.folder.glob("results/**/.*")
    return [path for path in found if path.name != ".snakemake_timestamp"]
