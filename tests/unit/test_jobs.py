"""However a training is cut off, taken up again or extended, it comes to the same bytes."""

import logging
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from helpers import LIBRARY, few_images
from specs import keras_object, planned, run_spec

from initstudy.engine.data import Dataset
from initstudy.engine.spec import RunSpec
from initstudy.engine.trainer import Trainer
from initstudy.results import checkpoints, lock
from initstudy.results.checkpoints import Checkpoint, Measurement
from initstudy.results.contracts import measurement_epochs
from initstudy.results.jobs import write_job
from initstudy.store import OUTPUTS, Planned
from initstudy.training import jobs
from initstudy.training.seeds import SeedTrainer

SEEDS = range(2)
# So high from the 17th update on, which is in the third epoch, that no weight is finite.
RATES = {"boundaries": [16], "values": [0.01, 1e30]}
SCHEDULE = {
    "module": "keras.optimizers.schedules",
    "class_name": "PiecewiseConstantDecay",
    "config": RATES,
    "registered_name": None,
}

OWN = """
import keras
from keras import layers

def noisy(shape, classes):
    return keras.Sequential([
        keras.Input(shape), layers.Flatten(), layers.GaussianNoise(0.1),
        layers.Dense(8, activation="relu"), layers.BatchNormalization(), layers.Dropout(0.3),
        layers.Dense(classes, activation="softmax"),
    ])

def augmented(shape, classes):
    return keras.Sequential([
        keras.Input(shape), layers.RandomFlip(), layers.RandomRotation(0.1), layers.Flatten(),
        layers.Dense(classes, activation="softmax"),
    ])
"""


class Cut(Exception):  # noqa: N818 - not an error: the process ends here
    """A process is killed here."""


@dataclass
class Case:
    """A training, and one trainer for all that is done with it, since compiling takes long."""

    spec: RunSpec
    file: Path
    trainer: SeedTrainer
    # The runs of an epoch that were made, by whoever.
    epochs_run: int = 0
    cut_after: int | None = None
    straight: dict[int, dict[str, bytes]] = field(default_factory=dict)


CASES: dict[str, dict[str, Any]] = {
    "notebook": {"inputs": "raw"},
    "momentum": {
        "optimizer": keras_object("SGD", learning_rate=0.01, momentum=0.9),
        "held_out": 100,
    },
    "noisy": {"model": {"build": "own.py:noisy"}},
    "augmented": {"model": {"build": "own.py:augmented"}},
    "diverging": {"optimizer": keras_object("SGD", learning_rate=SCHEDULE)},
}


@pytest.fixture(scope="module")
def few_file(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("few")
    (folder / "own.py").write_text(OWN)
    few = few_images(mnist, training=500, testing=201)
    images = {
        f"x_{part}": x.reshape(-1, 28, 28)[:, 4:24, 4:24]
        for part, x in {"train": few.x_train, "test": few.x_test}.items()
    }
    np.savez(folder / "few.npz", **images, y_train=few.y_train, y_test=few.y_test)
    return folder / "few.npz"


def described(few_file: Path, **changes: Any) -> RunSpec:
    build = changes.get("model", {}).get("build")
    if build:
        changes["model"] = {"build": str(few_file.parent / build)}
    return run_spec(few_file, **changes)


@pytest.fixture(scope="module")
def made(few_file: Path) -> Callable[[str], Case]:
    """The case of a name, made once."""
    found: dict[str, Case] = {}

    def make(name: str) -> Case:
        if name not in found:
            spec = described(few_file, **CASES[name])
            found[name] = Case(spec, few_file, SeedTrainer(planned(spec), few_file))
        return found[name]

    return make


@pytest.fixture
def using(made: Callable[[str], Case], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Case]:
    """A case whose epochs are counted and can be cut off."""

    def use(name: str) -> Case:
        case = made(name)
        case.epochs_run, case.cut_after = 0, None
        run = Trainer.run_epoch

        def of(_: jobs.Trainers, asked: Planned, file: Path) -> SeedTrainer:
            assert case.trainer.turns_to(asked)
            return case.trainer

        monkeypatch.setattr(jobs.Trainers, "of", of)

        def run_epoch(trainer: Trainer) -> Any:
            if case.epochs_run == case.cut_after:
                raise Cut
            case.epochs_run += 1
            return run(trainer)

        monkeypatch.setattr(Trainer, "run_epoch", run_epoch)
        return case

    return use


def train(
    case: Case, folder: Path, epochs: int, seeds: range = SEEDS, **options: Any
) -> dict[int, Checkpoint]:
    asked = planned(case.spec, **{"checkpoint_minutes": 0, **options})
    return jobs.train(asked, case.file, folder, seeds, epochs)


def outputs(found: dict[int, Checkpoint], epochs: int, folder: Path) -> dict[str, bytes]:
    """What a job writes, besides what it took."""
    first, *_, last = list(found)
    stem = folder / f"epochs-{epochs}" / f"seeds-{first}-{last}"
    paths = {kind: Path(f"{stem}.{ending}") for kind, ending in OUTPUTS.items()}
    write_job(found, epochs, paths, "accuracy")
    return {k: path.read_bytes() for k, path in paths.items() if k != "timings"}


def straight(case: Case, epochs: int, tmp_path: Path) -> dict[str, bytes]:
    """What an undisturbed run writes that asks for just so many epochs."""
    if epochs not in case.straight:
        folder = tmp_path / f"straight-{epochs}"
        found = train(case, folder, epochs, checkpoint_minutes=5)
        case.straight[epochs] = outputs(found, epochs, folder)
        case.epochs_run = 0
    return case.straight[epochs]


# Those that draw noise stand for those that are augmented, too, but where all are asked for.
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name, marks=[pytest.mark.thorough] if name in ("augmented", "noisy", "momentum") else []
        )
        for name in CASES
    ],
)
def test_a_training_that_is_cut_off_anywhere_comes_to_the_same(
    using: Callable[[str], Case], tmp_path: Path, name: str
) -> None:
    """After each epoch of each seed, on every way to the end."""
    case = using(name)
    expected = straight(case, 4, tmp_path)
    per_seed = 3 if name == "diverging" else 4
    for cut in range(2 * per_seed):
        folder = tmp_path / str(cut)
        case.epochs_run, case.cut_after = 0, cut
        with pytest.raises(Cut):
            train(case, folder, 4)
        case.cut_after = None
        found = train(case, folder, 4)
        assert outputs(found, 4, folder) == expected
        # Nothing was trained twice.
        assert case.epochs_run == 2 * per_seed
    # And each epoch in a process of its own.
    folder = tmp_path / "steps"
    for _ in range(2 * per_seed):
        case.epochs_run, case.cut_after = 0, 1
        with pytest.raises(Cut):
            train(case, folder, 4)
            raise Cut
    case.epochs_run, case.cut_after = 0, 0
    assert outputs(train(case, folder, 4), 4, folder) == expected


def test_what_goes_on_in_another_process_comes_to_the_same(
    using: Callable[[str], Case], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Compiled anew; nothing is left of the first in memory."""
    case = using("notebook")
    expected = straight(case, 4, tmp_path)
    case.cut_after = 6
    with pytest.raises(Cut):
        train(case, tmp_path / "cut", 4)
    case.cut_after = None
    monkeypatch.setattr(jobs.Trainers, "of", lambda *_: SeedTrainer(planned(case.spec), case.file))
    assert outputs(train(case, tmp_path / "cut", 4), 4, tmp_path / "cut") == expected


def test_random_layers_keep_their_states(
    made: Callable[[str], Case], caplog: pytest.LogCaptureFixture
) -> None:
    """All that a layer draws from is among what a state holds, and moves on."""
    for name, layers in {"noisy": 2, "augmented": 2}.items():
        trainer = made(name).trainer._trainer
        trainer.start(0)
        before = trainer.state()
        trainer.run_epoch()
        seeds = [
            (old, new)
            for old, new in zip(before, trainer.state(), strict=True)
            if old.dtype == np.int64 and old.shape == (2,)
        ]
        assert len(seeds) == layers
        assert all((old != new).any() for old, new in seeds)


def test_fewer_epochs_are_a_prefix_and_more_go_on(
    using: Callable[[str], Case], tmp_path: Path
) -> None:
    case = using("notebook")
    expected = {epochs: straight(case, epochs, tmp_path) for epochs in (2, 3, 5, 6)}
    folder = tmp_path / "kept"
    steps = [(3, 3), (5, 2), (2, 0), (5, 0), (3, 0), (6, 1)]
    for epochs, trained in steps:
        case.epochs_run = 0
        found = train(case, folder, epochs, keep_weights=True)
        assert outputs(found, epochs, folder) == expected[epochs]
        assert case.epochs_run == trained * len(SEEDS)
    folder = tmp_path / "not kept"
    # 3 is no moment of a training of 5 or 6 epochs, so to measure it takes to train again.
    for epochs, trained in [(5, 5), (2, 0), (3, 3), (5, 0), (3, 0), (6, 6), (3, 0), (5, 0)]:
        case.epochs_run = 0
        found = train(case, folder, epochs)
        assert outputs(found, epochs, folder) == expected[epochs]
        assert case.epochs_run == trained * len(SEEDS)
    record = checkpoints.read(folder / "checkpoints" / "0.npz")
    assert record is not None
    assert len(record.history) == 6
    assert list(record.measurements) == [0, 1, 2, 3, 5, 6]
    assert record.states == ()


@pytest.mark.thorough
def test_to_measure_an_earlier_epoch_loses_nothing_when_cut_off(
    using: Callable[[str], Case], tmp_path: Path
) -> None:
    """Neither the later epochs nor the weights after them."""
    case = using("noisy")
    expected = {epochs: straight(case, epochs, tmp_path) for epochs in (3, 5, 6)}
    folder = tmp_path / "kept"
    train(case, folder, 5, keep_weights=True)
    case.epochs_run, case.cut_after = 0, 2
    with pytest.raises(Cut):
        train(case, folder, 3)
    case.epochs_run, case.cut_after = 0, 4
    assert outputs(train(case, folder, 3), 3, folder) == expected[3]
    case.epochs_run, case.cut_after = 0, 0
    assert outputs(train(case, folder, 5), 5, folder) == expected[5]
    case.cut_after = 2
    assert outputs(train(case, folder, 6), 6, folder) == expected[6]


def test_finished_weights_are_kept_only_if_asked(
    using: Callable[[str], Case], tmp_path: Path
) -> None:
    case = using("notebook")
    for keep, states in [(False, []), (True, [2])]:
        train(case, tmp_path / str(keep), 2, keep_weights=keep)
        record = checkpoints.read(tmp_path / str(keep) / "checkpoints" / "1.npz")
        assert record is not None
        assert [state.epoch for state in record.states] == states
    case = using("diverging")
    train(case, tmp_path / "diverged", 4, keep_weights=True)
    record = checkpoints.read(tmp_path / "diverged" / "checkpoints" / "1.npz")
    assert record is not None
    assert record.diverged
    assert record.states == ()


def test_a_diverged_replicate_has_nothing_from_that_epoch_on(
    using: Callable[[str], Case], tmp_path: Path
) -> None:
    case = using("diverging")
    found = train(case, tmp_path / "a", 5)
    text = outputs(found, 5, tmp_path / "a")
    assert text["history"].decode().splitlines()[3] == "0,3,nan,nan,nan,nan"
    assert text["history"].decode().splitlines()[4].startswith("1,1,")
    assert text["tests"] == b"seed,test_loss,test_accuracy\n0,nan,nan\n1,nan,nan\n"
    frame = pd.read_csv(tmp_path / "a/epochs-5/seeds-0-1.diagnostics.csv")
    assert frame.groupby("seed")["epoch"].unique().map(list).tolist() == [[0, 1, 2]] * 2
    with np.load(tmp_path / "a/epochs-5/seeds-0-1.examples.npz") as found:
        assert found["correct"].shape == (2, 201)
        assert not found["correct"].any()
    case.epochs_run = 0
    # More epochs are known: there are none. Fewer are as if nothing had happened.
    assert (
        outputs(train(case, tmp_path / "a", 100), 100, tmp_path / "a")["history"]
        == (text["history"])
    )
    two = outputs(train(case, tmp_path / "a", 2), 2, tmp_path / "a")
    assert case.epochs_run == 0
    assert two == straight(case, 2, tmp_path)
    assert b"nan" not in two["history"] + two["tests"]


def test_measures_hits_and_tests_are_of_the_network_as_it_is_then(
    using: Callable[[str], Case], tmp_path: Path
) -> None:
    for name in ("notebook", "momentum"):
        case = using(name)
        trainer = case.trainer._trainer
        record = train(case, tmp_path / name, 3)[1]
        assert list(record.measurements) == measurement_epochs(3)
        assert np.isnan(record.measurements[0].test).all()
        trainer.start(1)
        for epoch in range(4):
            metrics = trainer.run_epoch() if epoch else None
            moment = record.measurements[epoch]
            names, *measures = zip(*case.trainer._measure(), strict=True)
            assert names == record.names
            np.testing.assert_array_equal(moment.layers, np.transpose(measures))
            if metrics:
                outputs = trainer.model(trainer._inputs(trainer.model, trainer._test[0]))
                right = outputs.numpy().argmax(axis=1) == trainer._test[1].numpy()
                np.testing.assert_array_equal(moment.by_example, right)
                assert moment.test[1] == pytest.approx(right.mean(), abs=1e-12)
                # Validated on the same examples, but for the one of another class here and there.
                if name == "notebook":
                    assert moment.test[0] == pytest.approx(metrics.val_loss, rel=1e-5)
                    assert moment.test[1] == pytest.approx(metrics.val_metric, abs=0.01)


def test_tensorflow_is_not_started_for_what_is_known(
    using: Callable[[str], Case], tmp_path: Path
) -> None:
    case = using("notebook")
    expected = straight(case, 2, tmp_path)
    train(case, tmp_path / "known", 2)
    program = f"""
import sys
from pathlib import Path
from initstudy.training import jobs
from initstudy.engine.spec import Data, RunSpec
from initstudy.store import OUTPUTS, Planned
from initstudy.results.jobs import write_job
found = jobs.train({planned(case.spec)!r}, "none.npz", {str(tmp_path / "known")!r}, range(2), 2)
paths = {{kind: Path("out", f"seeds-0-1.{{e}}") for kind, e in OUTPUTS.items()}}
write_job(found, 2, paths, "accuracy")
print(sorted({{"tensorflow", "keras"}} & set(sys.modules)))
"""
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, env=LIBRARY
    )
    assert (result.stdout, result.stderr) == ("[]\n", "")
    for kind, content in expected.items():
        assert (tmp_path / f"out/seeds-0-1.{OUTPUTS[kind]}").read_bytes() == content


def test_a_damaged_record_is_named_and_that_seed_starts_again(
    using: Callable[[str], Case], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    case = using("notebook")
    expected = straight(case, 2, tmp_path)
    train(case, tmp_path / "a", 2, keep_weights=True)
    path = tmp_path / "a/checkpoints/1.npz"
    for damage in range(2):
        content = bytearray(path.read_bytes())
        content[1234] ^= 1
        path.write_bytes(content)
        caplog.clear()
        case.epochs_run = 0
        assert outputs(train(case, tmp_path / "a", 2), 2, tmp_path / "a") == expected
        assert case.epochs_run == 2
        (warning,) = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
        name = ["1.npz.damaged", "1.npz.damaged-2"][damage]
        assert str(path) in warning
        assert name in warning
        assert (path.parent / name).read_bytes() == bytes(content)


@pytest.mark.parametrize("kind", ["history", "network", "examples"])
def test_a_record_of_another_training_is_set_aside(
    using: Callable[[str], Case], tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    case = using("notebook")
    expected = straight(case, 3, tmp_path)
    train(case, tmp_path / "a", 2, keep_weights=kind == "network")
    path = tmp_path / "a/checkpoints/0.npz"
    record = checkpoints.read(path)
    assert record is not None
    if kind == "history":
        record.history[1, 0] = np.nextafter(record.history[1, 0], 9)
    elif kind == "network":
        state = record.states[0]
        record = replace(record, states=(replace(state, arrays=state.arrays[1:]),))
    else:
        longer = {
            epoch: replace(one, by_example=np.ones(208 * (epoch > 0), bool))
            for epoch, one in record.measurements.items()
        }
        record = replace(record, examples=208, measurements=longer)
    checkpoints.write(record, path)
    assert outputs(train(case, tmp_path / "a", 3), 3, tmp_path / "a") == expected
    assert (path.parent / "0.npz.damaged").exists()
    assert "of another run" in caplog.text


def test_a_checkpoint_is_written_when_its_time_has_come(
    using: Callable[[str], Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = using("notebook")
    written: list[tuple[int, list[int]]] = []
    write = checkpoints.write

    def noting(record: Checkpoint, path: Path) -> None:
        written.append((len(record.history), [state.epoch for state in record.states]))
        write(record, path)

    monkeypatch.setattr(checkpoints, "write", noting)
    train(case, tmp_path / "never", 3, range(1), checkpoint_minutes=60)
    assert written == [(3, [])]
    written.clear()
    train(case, tmp_path / "always", 3, range(1), checkpoint_minutes=0)
    assert written == [(1, [1]), (2, [2]), (3, [])]


def test_the_log_tells_what_is_trained_and_what_is_not(
    using: Callable[[str], Case], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    case = using("notebook")
    caplog.set_level(logging.INFO)
    case.cut_after = 3
    with pytest.raises(Cut):
        train(case, tmp_path / "a", 2)
    case.cut_after = None
    caplog.clear()
    train(case, tmp_path / "a", 2, range(3))
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        "seed 0 is taken from its checkpoint.",
        "1 of 3 seeds done.",
        "seed 1 goes on from epoch 1.",
        "seed 1, epoch 2 of 2",
        caplog.messages[4],
        "seed 2, epoch 1 of 2",
        "seed 2, epoch 2 of 2",
        "3 of 3 seeds done.",
    ]
    assert caplog.messages[4].startswith("2 of 3 seeds done, about ")


def work(spec: Any, file: Path, folder: Path, seeds: list[int], log: Path) -> None:
    """A job in another process, with a stand-in for the trainer, that notes what it trains."""

    class Slow:
        def train(self, seed: int, known: Any, epochs: int, path: Path) -> Checkpoint:
            with log.open("a") as notes:
                notes.write(f"{os.getpid()} {seed}\n")
            time.sleep(0.3)
            trained = Checkpoint(
                8,
                np.full((epochs, 4), seed / 10.0),
                np.ones(epochs),
                np.ones(epochs),
                1.0,
                {
                    epoch: Measurement(np.ones((2, 9)), (0.5, 0.5), np.ones(8 * (epoch > 0), bool))
                    for epoch in measurement_epochs(epochs)
                },
            )
            checkpoints.write(trained, path)
            return trained

    jobs.Trainers.of = lambda *_: Slow()  # type: ignore[assignment, return-value, method-assign]
    found = jobs.train(planned(spec), file, folder, seeds, 2)
    assert {seed: record.history[0, 0] for seed, record in found.items()} == {
        seed: seed / 10 for seed in seeds
    }
    assert list(found) == seeds


@pytest.fixture
def forking() -> Iterator[Any]:
    return multiprocessing.get_context("fork")


def test_two_jobs_at_once_train_each_replicate_once(tmp_path: Path, forking: Any) -> None:
    both = [[0, 1, 2, 3, 4], [2, 3, 4, 5, 0]]
    processes = [
        forking.Process(target=work, args=({}, Path(), tmp_path, seeds, tmp_path / "log"))
        for seeds in both
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    trained = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    assert sorted(int(seed) for _, seed in trained) == list(range(6))
    # Neither has waited for the other before there was nothing else to do.
    assert min([pid for pid, _ in trained].count(pid) for pid in {p for p, _ in trained}) >= 2


def test_a_job_that_is_killed_lets_go_of_its_replicate(tmp_path: Path, forking: Any) -> None:
    arguments = ({}, Path(), tmp_path, [0, 1], tmp_path / "log")
    first = forking.Process(target=work, args=arguments)
    first.start()
    while not (tmp_path / "log").exists():
        time.sleep(0.01)
    second = forking.Process(target=work, args=arguments)
    second.start()
    time.sleep(0.1)
    first.kill()
    second.join()
    assert second.exitcode == 0
    assert {path.name for path in (tmp_path / "checkpoints").glob("*.npz")} == {"0.npz", "1.npz"}


def test_where_files_cannot_be_locked_both_jobs_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(lock.fcntl, "lockf", refuse)
    with (
        lock.seed_locks(tmp_path / "a") as one,
        lock.seed_locks(tmp_path / "a") as other,
        one.hold(3, wait=False) as first,
        other.hold(3, wait=True) as second,
    ):
        assert (first, second) == (True, True)


def test_jobs_of_one_process_share_what_is_compiled_and_come_to_the_same(
    few_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[str] = []
    compile_epoch = Trainer.compile
    monkeypatch.setattr(Trainer, "compile", lambda self: compiled.append("") or compile_epoch(self))
    specs = [
        described(few_file, kernel_initializer=keras_object("ones")),
        described(few_file, bias_initializer=keras_object("ones")),
        described(few_file, compile="graph", model={"build": "own.py:noisy"}),
        *2 * [described(few_file, compile="graph", optimizer=keras_object("SGD"))],
    ]
    shared, counted = jobs.Trainers(), 0.0
    for number, spec in enumerate(specs):
        written = []
        for kind, trainers in (("alone", None), ("together", shared)):
            folder = tmp_path / f"{kind}-{number}"
            found = jobs.train(planned(spec), few_file, folder, SEEDS, 2, trainers)
            written.append(outputs(found, 2, folder))
            if kind == "together":
                counted += sum(sum(c.cpu_seconds) for c in found.values())
                if number == 3:
                    shared.drop()
        assert written[0] == written[1]
    # Each alone, and together the first, another network, another optimizer, and after a drop.
    assert len(compiled) == len(specs) + 4
    assert counted <= time.process_time()
