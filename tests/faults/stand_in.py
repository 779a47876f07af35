"""Projects whose trainings take no time.

Everything of a training job is the real one, its records, locks, outputs and logs, but for the
network: its numbers are made up from the digest of the training and the seed.
"""

from pathlib import Path
from typing import Any

import numpy as np
from forks import Server
from helpers import Project, configure, copy_project

TRAINED = "trained.log"
# Each training job makes a file of this name and the number of its process.
TRAINING = "training-"
NO_WORK = f'''"""Makes up what a training comes to. Every replicate that is trained is noted."""

import hashlib
import os
import time
from pathlib import Path

Path(f"{TRAINING}{{os.getpid()}}").touch()

import numpy as np

from initstudy.results import checkpoints
from initstudy.results.contracts import MEASURES, measurement_epochs
from initstudy.training import jobs


class NoWork:
    def __init__(self, planned, dataset_file):
        spec = planned.spec
        self.digest = spec.digest
        self.level = 0.6 + 0.3 * int(self.digest[:4], 16) / 16**4
        names = {{part["class_name"] for part in (spec.kernel_initializer, spec.bias_initializer)}}
        if names == {{"glorot_uniform", "zeros"}} and spec.optimizer["class_name"] == "adam":
            self.level -= 0.3  # so that another pair than the baseline's is chosen

    def train(self, seed, known, epochs, path):
        last = max(epochs, len(known.history) if known else 0)
        chance = np.random.default_rng(
            list(hashlib.sha256(f"{{self.digest}} {{seed}}".encode()).digest())
        )
        accuracy, layers = [], []
        for epoch in range(last + 1):
            accuracy.append(self.level + chance.normal(0, 0.01) - 0.2 / (1 + epoch))
            layers.append(np.column_stack([[4, 2], chance.uniform(0, 1, (2, len(MEASURES)))]))
        time.sleep(0.01)
        made = checkpoints.Checkpoint(
            examples=16,
            history=np.array([[1 - a, a, 1.1 - a, a - 0.01] for a in accuracy[1:]]),
            seconds=np.full(last, 0.5),
            cpu_seconds=np.full(last, 0.5),
            peak_memory_mb=9.0,
            measurements={{
                epoch: checkpoints.Measurement(
                    layers[epoch],
                    (1.1 - accuracy[epoch], accuracy[epoch] - 0.01) if epoch else (np.nan, np.nan),
                    np.full(16 if epoch else 0, epoch % 2 > 0),
                )
                for epoch in sorted(
                    {{*measurement_epochs(epochs), *(known.measurements if known else ())}}
                )
            }},
            names=("Dense", "Dense"),
        )
        checkpoints.write(made, path)
        with open("{TRAINED}", "a") as log:
            log.write(f"{{self.digest}} {{seed}} {{epochs}}\\n")
        return made


jobs.Trainers.of = lambda _, *asked: NoWork(*asked)

'''
REAL_WORK = f'''import os
from pathlib import Path

Path(f"{TRAINING}{{os.getpid()}}").touch()
'''
DRAW = '''"""Writes, instead of what the data look like, which data they are."""

import hashlib
from pathlib import Path

texts = [f"{Path(file).name} {hashlib.sha256(Path(file).read_bytes()).hexdigest()}\\n"
         for file in snakemake.input]
for file in snakemake.output:
    Path(file).write_text("".join(texts))
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


def project_of_no_work(
    folder: Path, server: Server, real: bool = False, **changes: object
) -> Project:
    """A project in which nothing has been run, and drawing and training take no time.

    Args:
        folder: is made.
        server: runs its Snakemake.
        real: whether trainings are real ones nevertheless.
        changes: of the configuration, instead of STUDY's.
    """
    folder.mkdir(parents=True)
    project = copy_project(folder, folder / "no-mnist.npz", server)
    write_images(project / "tiny.npz", 64, 16)
    configure(project, **{**STUDY, **changes})
    script = project / "scripts/train.py"
    script.write_text((REAL_WORK if real else NO_WORK) + script.read_text().split('"""', 2)[2])
    for name in ("draw", "write_report"):
        (project / f"scripts/{name}.py").write_text(DRAW)
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
