"""Trains single replicates: measures them as they pass, and keeps their records on the way."""

import logging
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from initstudy.data import datasets
from initstudy.engine.data import dataset_of
from initstudy.engine.errors import EngineError
from initstudy.engine.spec import RunSpec
from initstudy.engine.trainer import Epoch, make_trainer
from initstudy.errors import StudyError
from initstudy.results import records
from initstudy.results.columns import moments
from initstudy.results.records import Moment, Record, State
from initstudy.training.diagnosing import measuring
from initstudy.training.processes import spent

log = logging.getLogger(__name__)


class Replicates:
    """Trains seeds of one spec, one after the other.

    Args:
        spec: decides the numbers.
        dataset_file: see `jobs.train`.

    Raises:
        StudyError: if the data set cannot be read, or its inputs not be scaled.
    """

    def __init__(self, spec: RunSpec, dataset_file: str | Path) -> None:
        arrays = datasets.read(dataset_file, spec.dataset.name, spec.dataset.sha256)
        try:
            self._trainer = make_trainer(spec, dataset_of(spec, arrays))
        except EngineError as error:
            raise StudyError(str(error)) from None
        started = time.perf_counter()
        self._trainer.compile()
        log.info("Compiled the epoch in %.1f s.", time.perf_counter() - started)
        self._measure = measuring(self._trainer)
        # CPU time of this process of which a record tells already.
        self._told = 0.0

    def train(
        self,
        seed: int,
        record: Record | None,
        epochs: int,
        keep_weights: bool,
        checkpoint_minutes: float,
        path: Path,
    ) -> Record:
        """Trains one replicate until its record reaches so many epochs.

        Args:
            seed: of the replicate.
            record: what there is of it; None if there is nothing.
            epochs: of the training.
            keep_weights: whether the finished record keeps what it takes to go on.
            checkpoint_minutes: after so many the record is written, at the end of an epoch.
            path: of the record.

        Returns:
            The record as it was written in the end.
        """
        try:
            return self._train(seed, record, epochs, keep_weights, checkpoint_minutes, path)
        except _ForeignError as error:
            records.reject(path, f"is of another training ({error})")
        return self._train(seed, None, epochs, keep_weights, checkpoint_minutes, path)

    def _train(
        self,
        seed: int,
        record: Record | None,
        epochs: int,
        keep_weights: bool,
        checkpoint_minutes: float,
        path: Path,
    ) -> Record:
        grown = _Grown(record, self._trainer.test_examples)
        begin = self._begin(seed, record, epochs)
        due = moments(epochs)
        written = time.perf_counter()
        for number in range(begin, epochs + 1):
            if number > begin:
                epoch = self._trainer.run_epoch()
                log.info(
                    "seed %d, epoch %d of %d: loss %.4f, accuracy %.4f, "
                    "val_loss %.4f, val_accuracy %.4f, %.2f s",
                    *(seed, number, epochs, *epoch),
                )
                grown.pass_epoch(number, epoch)
                if not epoch.finite:
                    log.warning("seed %d diverged in epoch %d; it ends there.", seed, number)
                    grown.pay(number, self._cost())
                    break
            if number in due and number not in grown.moments:
                grown.names, grown.moments[number] = self._look(trained=number > 0)
            if number > begin:
                grown.pay(number, self._cost())
                minutes = (time.perf_counter() - written) / 60
                if number < epochs and minutes >= checkpoint_minutes:
                    state = State(number, self._trainer.state())
                    records.write(grown.record([state, *grown.states_after(number)]), path)
                    written = time.perf_counter()
        states = grown.states_after(epochs)
        if keep_weights and not states and not grown.diverged:
            states = [State(epochs, self._trainer.state())]
        done = grown.record(states)
        records.write(done, path)
        return done

    def _begin(self, seed: int, record: Record | None, epochs: int) -> int:
        """Starts a replicate or takes it up again; returns how many epochs it has had."""
        states = record.states if record else ()
        last = min([epochs, *(records.missing(record, epochs) if record else [])])
        for state in reversed(states):
            if state.epoch <= last:
                try:
                    self._trainer.resume(seed, state.epoch, state.arrays)
                except ValueError as error:
                    raise _ForeignError(str(error)) from None
                except EngineError as error:
                    raise StudyError(str(error)) from None
                log.info("seed %d goes on from epoch %d.", seed, state.epoch)
                return state.epoch
        try:
            self._trainer.start(seed)
        except EngineError as error:
            raise StudyError(str(error)) from None
        return 0

    def _look(self, trained: bool) -> tuple[tuple[str, ...], Moment]:
        """Measures the network as it is now, and tests it if it was trained; returns the names of
        its layers, too.
        """
        names, *measures = zip(*self._measure(), strict=True)
        layers = np.column_stack(measures).astype(np.float64)
        if not trained:
            return names, Moment(layers, (np.nan, np.nan), np.zeros(0, np.uint8))
        loss, accuracy, hits = self._trainer.test()
        return names, Moment(layers, (loss, accuracy), np.packbits(hits))

    def _cost(self) -> float:
        """CPU time of this process since this was last asked; at first, since its start."""
        now = time.process_time()
        self._told, cost = now, now - self._told
        return cost


class _ForeignError(Exception):
    """A record is of another training; the text says how that shows."""


class _Grown:
    """What is known of a replicate while it grows.

    Args:
        record: what was known before, if anything was.
        images: how many test images there are.
    """

    def __init__(self, record: Record | None, images: int) -> None:
        self._images = images
        self._states = record.states if record else ()
        self._peak = record.peak_memory_mb if record else 0.0
        self._seconds = record.seconds.tolist() if record else []
        self._cpu_seconds = record.cpu_seconds.tolist() if record else []
        self.history: list[list[float]] = record.history.tolist() if record else []
        self.moments = dict(record.moments) if record else {}
        self.names = record.names if record else ()
        if record and record.images != images:
            raise _ForeignError(f"it has {record.images} test images, not {images}")

    @property
    def diverged(self) -> bool:
        return bool(self.history) and not np.isfinite(self.history[-1]).all()

    def pass_epoch(self, number: int, epoch: Epoch) -> None:
        """Adds an epoch, or compares it with what is known of it."""
        *metrics, seconds = epoch
        if number > len(self.history):
            self.history.append(metrics)
            self._seconds.append(seconds)
        elif not np.array_equal(self.history[number - 1], metrics, equal_nan=True):
            raise _ForeignError(
                f"epoch {number} has {self.history[number - 1]} there and {metrics} now"
            )

    def pay(self, number: int, cpu_seconds: float) -> None:
        """Adds what an epoch took, if it was not known."""
        if number > len(self._cpu_seconds):
            self._cpu_seconds.append(cpu_seconds)

    def states_after(self, epoch: int) -> list[State]:
        """The known states that are further on."""
        return [state for state in self._states if state.epoch > epoch]

    def record(self, states: Sequence[State]) -> Record:
        """All of it."""
        return Record(
            history=np.array(self.history, np.float64).reshape(-1, 4),
            seconds=np.array(self._seconds, np.float64),
            cpu_seconds=np.array(self._cpu_seconds, np.float64),
            peak_memory_mb=max(self._peak, spent()["peak_memory_mb"]),
            images=self._images,
            moments=dict(sorted(self.moments.items())),
            names=self.names,
            states=tuple(states),
        )
