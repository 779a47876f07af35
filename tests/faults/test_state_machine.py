"""Whatever is edited, touched, deleted, damaged or killed: what a run makes is what a fresh clone
makes of the same configuration, and it trains what is missing, and nothing else."""

import copy
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest
import yaml
from forks import Server
from helpers import EXAMPLES, Outcome, configure, wait_until
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from stand_in import STUDY, TRAINED, project_of_no_work

from initstudy.results import checkpoints
from initstudy.results.contracts import measurement_epochs

# Sequences of operations that are tried by default.
SEQUENCES = 3
KEYS: dict[str, list[Any]] = {
    "epochs": [1, 2, 3, 4],
    "seeds": [2, 3, 4],
    "seeds_per_job": [1, 2, 3],
    "confirmation_seeds": [1, 2, 3],
    "target_accuracy": [0.5, 0.7],
    "design": ["one_factor", "factorial"],
    "optimizer": ["adam", "sgd"],
    "kernel_initializers": [
        [],
        ["he_normal"],
        [{"name": "renamed", "class_name": "he_normal", "config": {}}],
        ["he_normal", "orthogonal"],
        ["orthogonal"],
    ],
    "bias_initializers": [["ones"], ["ones", "random_normal"], ["random_normal"]],
}
# An edit of a module: of which, what, and instead of it.
EDITS = {
    "formula": ("analysis/levels.py", "LEVEL = 0.95", "LEVEL = 0.9"),
    "engine": ("engine/trainer.py", "EVALUATION_BATCH = 1000", "EVALUATION_BATCH = 500"),
    "comment": ("engine/trainer.py", "import numpy as np\n", "import numpy as np  # for all\n"),
}
FILES = {
    "output": "results/runs/*/epochs-*/seeds-*",
    "record": "results/runs/*/checkpoints/*.npz",
    "table": "results/notebook/*",
    "figure": "results/notebook/figures/*",
}


class TrainingJob(NamedTuple):
    """A training job, by what a person would say decides its numbers."""

    engine: bool
    optimizer: str
    kernel: str
    bias: str
    epochs: int
    first: int
    last: int


class Model:
    """The rules, in few words: which training jobs a configuration asks for."""

    def __init__(self) -> None:
        self.config: dict[str, Any] = copy.deepcopy(STUDY) | {
            "optimizer": "adam",
            "design": "one_factor",
            "target_accuracy": 0.9,
        }
        self.edits: set[str] = set()
        # The jobs whose outputs are there; and those of which it is not known.
        self.made: set[TrainingJob] = set()
        self.perhaps: set[TrainingJob] = set()

    def variants(self) -> dict[str, tuple[str, str]]:
        kernels, biases = (
            {k["name"]: k["class_name"] for k in map(named, self.config[f"{role}_initializers"])}
            for role in ("kernel", "bias")
        )
        found = {"baseline": ("glorot_uniform", "zeros")}
        found |= {f"kernel-{name}": (kernel, "zeros") for name, kernel in kernels.items()}
        found |= {f"bias-{name}": ("glorot_uniform", bias) for name, bias in biases.items()}
        if self.config["design"] == "factorial":
            found |= {
                f"kernel-{name}-bias-{other}": (kernel, bias)
                for name, kernel in kernels.items()
                for other, bias in biases.items()
            }
        return found

    def pair(self, choice: dict[str, Any]) -> tuple[str, str]:
        """The initializers that `best` has."""
        return tuple(choice[f"{role}_initializer"]["class_name"] for role in ("kernel", "bias"))

    def job(self, pair: tuple[str, str], first: int, last: int) -> TrainingJob:
        optimizer, epochs = self.config["optimizer"], self.config["epochs"]
        return TrainingJob("engine" in self.edits, optimizer, *pair, epochs, first, last)

    def blocks(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        size = self.config["seeds_per_job"]
        return ((a, min(a + size, end) - 1) for a in range(first, end, size))

    def asked(self, choice: dict[str, Any]) -> set[TrainingJob]:
        variants, seeds = self.variants(), self.config["seeds"]
        found = {self.job(v, *b) for v in variants.values() for b in self.blocks(0, seeds)}
        best = self.pair(choice)
        if best != variants["baseline"]:
            fresh = list(self.blocks(seeds, seeds + self.config["confirmation_seeds"]))
            found |= {self.job(v, *b) for v in (variants["baseline"], best) for b in fresh}
        return found


def named(initializer: Any) -> dict[str, Any]:
    if isinstance(initializer, str):
        return {"name": initializer, "class_name": initializer}
    return dict(initializer)


class Reruns(RuleBasedStateMachine):
    """A project to which things happen.

    Args:
        server: runs Snakemake.
        folder: for all projects.
        made: the results of fresh clones, by their configurations.
    """

    def __init__(self, server: Server, folder: Path, made: dict[str, dict[str, bytes]]) -> None:
        super().__init__()
        self.server, self.folder, self.fresh = server, folder, made
        self.model = Model()
        self.finished = False  # whether nothing happened since a run
        self.recorded = True  # whether Snakemake has records of how the tables were made
        self.failing = False  # so that no second run hides what is wrong with the first
        self.digests: dict[TrainingJob, str] = {}
        self.edited = set(self.model.edits)

    @initialize()
    def begin(self) -> None:
        self.project = project_of_no_work(self.new_folder(), self.server)
        self.run()

    def write(self) -> None:
        configure(self.project, **self.model.config)
        for name, (path, old, new) in EDITS.items():
            if (name in self.model.edits) != (name in self.edited):
                change = (old, new) if name in self.model.edits else (new, old)
                self.project.edit(f"scripts/initstudy/{path}", *change)
        self.edited = set(self.model.edits)
        self.finished = False

    @rule(key=st.sampled_from(sorted(KEYS)), choice=st.integers(0, 11))
    def edit_a_key(self, key: str, choice: int) -> None:
        self.model.config[key] = KEYS[key][choice % len(KEYS[key])]
        self.write()

    @rule(name=st.sampled_from(sorted(EDITS)))
    def edit_a_module(self, name: str) -> None:
        # How a table was made is told by Snakemake's records alone.
        if name != "formula" or self.recorded:
            self.model.edits ^= {name}
        self.write()

    @rule(kind=st.sampled_from(sorted(FILES)), ago=st.sampled_from([0, 1000]))
    def touch(self, kind: str, ago: int) -> None:
        for path in self.project.folder.glob(FILES[kind]):
            if path.is_file():
                os.utime(path, (time.time() - ago,) * 2)

    @rule(kind=st.sampled_from(sorted(FILES)), place=st.integers(0, 1000))
    def delete(self, kind: str, place: int) -> None:
        path = self.file(kind, place)
        path.unlink()
        gone = {job for job in self.model.made if self.is_output(path, job)}
        self.model.made -= gone
        # They are made again if something needs them.
        self.model.perhaps |= gone
        self.finished = False

    @rule(place=st.integers(0, 1000))
    def damage_a_record(self, place: int) -> None:
        spoil(self.file("record", place))

    @precondition(lambda self: self.finished)
    @rule(place=st.integers(0, 1000))
    def damage_a_history(self, place: int) -> None:
        """What a run asks for is looked at; what it does not, is not."""
        choice = yaml.safe_load((self.project / "results/notebook/best.yaml").read_text())
        asked = sorted(self.model.asked(choice) & self.model.made)
        path = self.output(asked[place % len(asked)])
        spoil(path)
        outcome = self.project.snakemake()
        assert outcome.code == 1, outcome.text
        assert f"{path.relative_to(self.project.folder)}" in outcome.text
        assert "emove it and run again" in outcome.text
        assert "Traceback" not in outcome.text
        assert outcome.trained == []
        path.unlink()
        self.model.made.remove(asked[place % len(asked)])
        self.finished = False

    @precondition(lambda self: self.finished)
    @rule()
    def forget(self) -> None:
        """Snakemake's own records are lost."""
        self.recorded = False
        shutil.rmtree(self.project / ".snakemake", ignore_errors=True)

    @rule(after=st.floats(0, 3))
    def kill(self, after: float) -> None:
        task, said = self.project.start()
        time.sleep(after)
        task.kill()
        task.wait()
        with said:
            # Trainings end by themselves.
            wait_until(lambda: not at_work(self.project.folder), seconds=30)
        best = self.project / "results/notebook/best.yaml"
        variants = list(self.model.variants().values())
        if best.exists():
            choice = yaml.safe_load(best.read_text())
            variants.append(self.model.pair(choice))
        end = self.model.config["seeds"] + self.model.config["confirmation_seeds"]
        blocks = {*self.model.blocks(0, self.model.config["seeds"])}
        blocks |= {*self.model.blocks(self.model.config["seeds"], end)}
        jobs = {self.model.job(pair, *block) for pair in variants for block in blocks}
        self.model.perhaps |= jobs - self.model.made
        self.finished = False

    @rule()
    def run(self) -> None:
        self.failing = True
        noted = self.trained()
        known = self.known_replicates()
        outcome = self.project.run()
        note(outcome.text)
        choice = yaml.safe_load((self.project / "results/notebook/best.yaml").read_text())
        asked, done = self.model.asked(choice), self.jobs(outcome, choice)
        assert asked - self.model.made - self.model.perhaps <= done
        assert done <= asked - self.model.made
        new = self.trained()[len(noted) :]
        epochs = self.model.config["epochs"]
        assert sorted(new) == sorted(
            (self.digests[job], seed, epochs)
            for job in done
            for seed in range(job.first, job.last + 1)
            if not reached(known.get((self.digests[job], seed), (0, set())), epochs)
        )
        self.model.made |= asked - self.model.perhaps | done
        self.model.perhaps -= done
        self.recorded |= outcome.jobs["describe"] == 1
        found, expected = contents(self.project.folder), self.reference()
        different = [path for path, text in expected.items() if found.get(path) != text]
        different = [
            path
            for path in different
            if path in found
            or not any(self.is_output(self.project / path, job) for job in self.model.perhaps)
        ]
        assert different == []
        if not self.finished:
            assert "Nothing to be done" in self.project.run().text
        self.finished, self.failing = True, False

    def teardown(self) -> None:
        if hasattr(self, "project"):
            if not self.finished and not self.failing:
                self.run()
            shutil.rmtree(self.project.folder)

    def new_folder(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self.folder), "project")

    def jobs(self, outcome: Outcome, choice: dict[str, Any]) -> set[TrainingJob]:
        """The training jobs of a run; each digest stands for one training, and none for two."""
        pattern = r"Training (\S+) of notebook, seeds (\d+) to (\d+); progress in logs/runs/(\w+)"
        variants = {**self.model.variants(), "best": self.model.pair(choice)}
        lines = re.findall(pattern, outcome.text)
        found = set()
        for variant, first, last, digest in lines:
            job = self.model.job(variants[variant], int(first), int(last))
            assert self.digests.setdefault(job, digest) == digest
            found.add(job)
        assert len(found) == len(lines), outcome.text
        names = {(job[:4], digest) for job, digest in self.digests.items()}
        assert len({digest for _, digest in names}) == len({key for key, _ in names}) == len(names)
        return found

    def reference(self) -> dict[str, bytes]:
        """What a fresh clone makes."""
        edits = self.model.edits - {"comment"}
        name = json.dumps([self.model.config, sorted(edits)], sort_keys=True)
        if name not in self.fresh:
            clone = project_of_no_work(self.new_folder(), self.server, **self.model.config)
            for edit in edits:
                path, old, new = EDITS[edit]
                clone.edit(f"scripts/initstudy/{path}", old, new)
            clone.run()
            self.fresh[name] = contents(clone.folder)
            shutil.rmtree(clone.folder)
        return self.fresh[name]

    def file(self, kind: str, place: int) -> Path:
        found = sorted(p for p in self.project.folder.glob(FILES[kind]) if p.is_file())
        return found[place % len(found)]

    def output(self, job: TrainingJob) -> Path:
        folder = self.project / f"results/runs/{self.digests[job]}/epochs-{job.epochs}"
        return folder / f"seeds-{job.first}-{job.last}.csv"

    def is_output(self, path: Path, job: TrainingJob) -> bool:
        if job not in self.digests:
            return False
        own = self.output(job)
        return path.parent == own.parent and path.name.startswith(f"{own.stem}.")

    def trained(self) -> list[tuple[str, int, int]]:
        log = self.project / TRAINED
        lines = log.read_text().splitlines() if log.exists() else []
        return [(d, int(s), int(e)) for d, s, e in map(str.split, lines)]

    def known_replicates(self) -> dict[tuple[str, int], tuple[int, set[int]]]:
        """Epochs and moments of each record that is there and whole, by digest and seed."""
        found = {}
        for path in self.project.folder.glob(FILES["record"]):
            try:
                record = checkpoints._read(path)
            except checkpoints._DamagedError:
                continue
            key = path.parent.parent.name, int(path.stem)
            found[key] = len(record.history), set(record.measurements)
        return found


def reached(known: tuple[int, set[int]], epochs: int) -> bool:
    return known[0] >= epochs and known[1] >= set(measurement_epochs(epochs))


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def at_work(folder: Path) -> bool:
    """Whether a process is at work in a folder."""
    for process in psutil.process_iter(["cwd", "status"]):
        if process.info["cwd"] == str(folder) and process.info["status"] != psutil.STATUS_ZOMBIE:
            return True
    return False


def contents(folder: Path) -> dict[str, bytes]:
    """What the study and its trainings say, by file."""
    found = [*folder.glob("results/notebook/**/*"), *folder.glob("results/runs/**/*")]
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in found
        if path.is_file() and "checkpoints" not in path.parts
    }


def test_reruns(server: Server, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    examples = pytestconfig.getoption("--examples")
    made: dict[str, dict[str, bytes]] = {}
    run_state_machine_as_test(
        lambda: Reruns(server, tmp_path, made),
        settings=settings(
            max_examples=SEQUENCES if examples == EXAMPLES else examples,
            stateful_step_count=12,
            deadline=None,
            database=None,
            derandomize=examples == EXAMPLES,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )
