"""Projects whose trainings take no time, and a Snakemake that is there at once.

Trainings: everything of a training job is the real one, its records, locks, outputs and logs, but
for the network: its numbers are made up from the digest of the training and the seed.

Snakemake: importing it and what the scripts use takes longer than all else; see forks.py.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import forks
import numpy as np
from helpers import Outcome, Project, configure, copy_project

TRAINED = "trained.log"
NO_WORK = f'''"""Makes up what a training comes to. Every replicate that is trained is noted."""

import hashlib
import time
from pathlib import Path

import numpy as np

from initstudy.results import records
from initstudy.results.diagnostics import MEASURES, moments
from initstudy.study.trainings import Training
from initstudy.training import jobs


class NoWork:
    def __init__(self, what, dataset_file, threads):
        self.digest = Training(what).digest

    def train(self, seed, record, epochs, keep_weights, checkpoint_minutes, path):
        name = hashlib.sha256(f"{{self.digest}} {{seed}}".encode()).digest()
        chance = np.random.default_rng(list(name))
        level, a, layers = 0.5 + 0.4 * self.digest.encode()[0] / 103, [], {{}}
        for epoch in range(0, epochs + 1):
            a.append(round(min(0.99, level + chance.normal(0, 0.01) - 0.2 / (1 + epoch)), 6))
            layers[epoch] = np.column_stack([[4, 2], chance.uniform(0, 1, (2, len(MEASURES)))])
        time.sleep(0.01)
        made = records.Record(
            history=np.array([[1 - x, x, 1.1 - x, x - 0.01] for x in a[1:]]),
            seconds=np.full(epochs, 0.5),
            cpu_seconds=np.full(epochs, 0.5),
            peak_memory_mb=9.0,
            images=16,
            moments={{
                epoch: records.Moment(
                    layers[epoch],
                    (1.1 - a[epoch], a[epoch] - 0.01) if epoch else (np.nan, np.nan),
                    np.full(2 if epoch else 0, epoch, np.uint8),
                )
                for epoch in moments(epochs)
            }},
        )
        records.write(made, path)
        with open("{TRAINED}", "a") as log:
            log.write(f"{{self.digest}} {{seed}} {{epochs}}\\n")
        return made


jobs._replicates = NoWork

'''
# The smallest study with two pairs beside the baseline.
STUDY: dict[str, Any] = {
    "dataset": "tiny.npz",
    "published": None,
    "model": {"hidden_units": [4]},
    "kernel_initializers": ["he_normal"],
    "bias_initializers": ["ones"],
    "epochs": 2,
    "seeds": 2,
    "seeds_per_job": 2,
    "confirmation_seeds": 2,
}


def project_of_no_work(folder: Path, **changes: object) -> Project:
    """A project in which nothing has been run, and training takes no time."""
    folder.mkdir(parents=True)
    project = copy_project(folder, folder / "no-mnist.npz")
    write_images(project / "tiny.npz", 64, 16)
    configure(project, **{**STUDY, **changes})
    script = project / "scripts/train.py"
    script.write_text(NO_WORK + script.read_text().replace('"""', "# ", 1).replace('"""', "", 1))
    return project


def write_images(path: Path, training: int, testing: int) -> None:
    """A data set of two classes: images of 4 by 4 pixels, of which the one is darker."""
    chance = np.random.default_rng(0)
    arrays = {}
    for part, count in (("train", training), ("test", testing)):
        labels = np.arange(count) % 2
        bright = chance.integers(0, 200, (count, 4, 4)) + 50 * labels[:, None, None]
        arrays |= {f"x_{part}": bright.astype(np.uint8), f"y_{part}": labels}
    np.savez(path, **arrays)


class Server:
    """Runs Snakemake, by way of forks.py."""

    def __enter__(self) -> "Server":
        self._folder = tempfile.TemporaryDirectory()
        self.address = f"{self._folder.name}/socket"
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "COLUMNS": "200"}
        self._process = subprocess.Popen(
            [sys.executable, forks.__file__, self.address],
            stdout=subprocess.PIPE,
            env=environment,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def start(self, project: Project, *arguments: str) -> tuple[forks.Task, Any]:
        """Snakemake at work, and the file of what it says."""
        said = tempfile.TemporaryFile("w+")
        command = ["snakemake", "--cores", "2", *arguments]
        return forks.ask(self.address, command, project.folder, said.fileno()), said

    def snakemake(self, project: Project, *arguments: str) -> Outcome:
        task, said = self.start(project, *arguments)
        code = task.wait()
        with said:
            said.seek(0)
            return Outcome(code, said.read())

    def run(self, project: Project, *arguments: str) -> Outcome:
        outcome = self.snakemake(project, *arguments)
        assert outcome.code == 0, outcome.text
        return outcome
