"""A training job of a few images, as often as wanted: each in a process that is forked for it.

Reads from stdin, in each line, a folder to work in and `real` or `stand-in`; says on stdout the
number of the process, which begins when the file `<folder>.go` is there, and then how it ended.
`epochs` beside the folder gets a line for each epoch that was trained.
"""

import contextlib
import ctypes
import gc
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from specs import planned, run_spec

from initstudy.engine.spec import RunSpec
from initstudy.engine.trainer import Epoch, Trainer
from initstudy.results.jobs import write_job
from initstudy.store import OUTPUTS, Planned
from initstudy.training import jobs
from initstudy.training.seeds import SeedTrainer

SEEDS, EPOCHS = range(2), 2
TEST_IMAGES = 50
OWN = """
import keras

def build(shape, classes):
    return keras.Sequential([
        keras.Input(shape), keras.layers.Flatten(), keras.layers.Dropout(0.5),
        keras.layers.Dense(classes, activation="softmax"),
    ])
"""


class StandIn:
    """What a Trainer is to a `SeedTrainer`, without TensorFlow: numbers follow from its state."""

    test_examples = TEST_IMAGES

    def start(self, seed: int) -> None:
        self._state = [np.arange(6.0) + seed, np.array(seed)]

    def state(self) -> list[Any]:
        return [array.copy() for array in self._state]

    def resume(self, seed: int, epochs: int, state: list[Any]) -> None:
        assert int(state[1]) == seed
        self._state = [array.copy() for array in state]

    def run_epoch(self) -> Epoch:
        self._state[0] = np.sin(self._state[0] * 3 + 1)
        return Epoch(*(abs(self._state[0][:4]) / 2).tolist(), 0.01)

    def test(self) -> tuple[float, float, Any]:
        correct = np.sin(np.arange(TEST_IMAGES) * self._state[0][0]) > 0
        return float(self._state[0][1]), float(correct.mean()), correct

    def measure(self) -> list[tuple[Any, ...]]:
        return [("Dense", 4, *(abs(self._state[0][:2]) / 2), *[0.25] * 6)] * 2


def stand_in(_: Any, asked: Planned, *__: Any) -> SeedTrainer:
    """A trainer of the library, with a stand-in for what takes long in it."""
    made = SeedTrainer.__new__(SeedTrainer)
    made._trainer, made.counted = StandIn(), 0.0
    # Of a spec that is none, where no network is trained.
    metric = getattr(asked.spec, "metric", "accuracy")
    made._planned = cast(Any, replace(asked, spec=cast(Any, SimpleNamespace(metric=metric))))
    made._measure = made._trainer.measure
    return made


def work(folder: Path, spec: RunSpec, dataset: Path) -> None:
    """The job, as scripts/train.py does it, with a checkpoint after each epoch."""
    found = jobs.train(planned(spec, checkpoint_minutes=0), dataset, folder, SEEDS, EPOCHS)
    stem = folder / f"epochs-{EPOCHS}" / f"seeds-{SEEDS[0]}-{SEEDS[-1]}"
    write_job(
        found, EPOCHS, {kind: Path(f"{stem}.{end}") for kind, end in OUTPUTS.items()}, "accuracy"
    )


def noting(run_epoch: Any, notes: Path) -> Any:
    """`run_epoch`, which notes that an epoch was trained."""

    def run(trainer: Any) -> Epoch:
        epoch: Epoch = run_epoch(trainer)
        with notes.open("a") as file:
            file.write("epoch\n")
        return epoch

    return run


def child(folder: Path, kind: str, spec: RunSpec, dataset: Path) -> None:
    notes = folder.with_name("epochs")
    if kind == "stand-in":
        jobs.Trainers.of = stand_in
    StandIn.run_epoch = noting(StandIn.run_epoch, notes)
    Trainer.run_epoch = noting(Trainer.run_epoch, notes)
    # Where only a parent may look into its children, anybody may into this one.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1), 0, 0, 0)
    go = folder.with_name(f"{folder.name}.go")
    while not go.exists():
        time.sleep(0.002)
    work(folder, spec, dataset)


def main(scratch: Path) -> None:
    generator = np.random.default_rng(0)
    x = generator.integers(0, 256, (200, 5, 5)).astype(np.uint8)
    y = x[:, 0, :3].argmax(axis=1).astype(np.uint8)
    tested = TEST_IMAGES
    dataset = scratch / "few.npz"
    np.savez(dataset, x_train=x, y_train=y, x_test=x[:tested], y_test=y[:tested])
    (scratch / "own.py").write_text(OWN)
    model = {"build": f"{scratch / 'own.py'}:build"}
    he_normal = {"class_name": "he_normal", "config": {}}
    spec = run_spec(dataset, model=model, held_out=50, kernel_initializer=he_normal)
    gc.freeze()  # so that the children share its memory
    for line in sys.stdin:
        kind, _, folder = line.rstrip("\n").partition(" ")
        pid = os.fork()
        if pid == 0:
            try:
                child(Path(folder), kind, spec, dataset)
            except BaseException:  # noqa: BLE001 - this is where the process ends
                sys.excepthook(*sys.exc_info())
                os._exit(1)
            os._exit(0)
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
