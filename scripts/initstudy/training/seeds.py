"""Trains single seeds: measures them as they pass, and keeps their checkpoints on the way."""

import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from initstudy.data import datasets
from initstudy.engine.data import dataset_of
from initstudy.engine.errors import EngineError
from initstudy.engine.models import networks_of
from initstudy.engine.trainer import make_trainer
from initstudy.errors import StudyError
from initstudy.results import checkpoints
from initstudy.results.checkpoints import Checkpoint, Measurement, OtherRunError, State
from initstudy.results.contracts import measurement_epochs
from initstudy.store import Planned
from initstudy.training.diagnosing import measuring
from initstudy.training.processes import peak_memory_mb

log = logging.getLogger(__name__)


class SeedTrainer:
    """Trains seeds of one spec, one after the other.

    Args:
        planned: the spec, and what is kept of its seeds.
        dataset_file: what it learns from.
        counted: CPU time of this process, in seconds, that is in checkpoints already.

    Raises:
        StudyError: if the data set cannot be read, or its inputs not be scaled.
    """

    def __init__(self, planned: Planned, dataset_file: str | Path, counted: float = 0.0) -> None:
        spec = planned.spec
        arrays = datasets.read(dataset_file, spec.dataset.name, spec.dataset.sha256, spec.metric)
        self._planned = planned
        self._dataset = dataset_of(spec, arrays)
        try:
            self._trainer = make_trainer(spec, self._dataset)
        except EngineError as error:
            raise StudyError(str(error)) from None
        started = time.perf_counter()
        self._trainer.compile()
        log.info("Compiled the epoch in %.1f s.", time.perf_counter() - started)
        self._measure = measuring(self._trainer)
        self.counted = counted

    def turns_to(self, planned: Planned) -> bool:
        """Train the seeds of another spec from now on, if it differs in its initializers alone.

        Returns:
            Whether it does; the network is not compiled again.
        """
        if _but_for_initializers(planned) != _but_for_initializers(self._planned):
            return False
        self._planned = planned
        data = self._dataset
        networks = networks_of(planned.spec, data.shape, data.outputs, data.one_of)
        self._trainer.turn_to(networks)
        return True

    def train(self, seed: int, known: Checkpoint | None, epochs: int, path: Path) -> Checkpoint:
        """Train one seed until its checkpoint, at a path, reaches so many epochs; return that.

        `known` is the one that is there; None if there is none.
        """
        fresh = Checkpoint.empty(self._trainer.test_examples)
        if known:
            try:
                return self._train(seed, known, epochs, path)
            except OtherRunError as error:
                checkpoints.reject(path, f"is of another run ({error})")
        return self._train(seed, fresh, epochs, path)

    def _train(self, seed: int, checkpoint: Checkpoint, epochs: int, path: Path) -> Checkpoint:
        begin = self._begin(seed, checkpoint, epochs)
        due, states = measurement_epochs(epochs), checkpoint.states
        metric = self._planned.spec.metric
        written = time.perf_counter()
        for number in range(begin, epochs + 1):
            epoch = self._trainer.run_epoch() if number > begin else None
            if epoch:
                log.info(
                    "seed %d, epoch %d of %d: loss %#.5g, %s %#.5g, val_loss %#.5g, val_%s %#.5g, "
                    "%.2f s",
                    *(seed, number, epochs, epoch.loss, metric, epoch.metric),
                    *(epoch.val_loss, metric, epoch.val_metric, epoch.seconds),
                )
            diverged = epoch is not None and not epoch.finite
            if number in due and number not in checkpoint.measurements and not diverged:
                checkpoint = checkpoint.measured(number, *self._look(number))
            if epoch:
                *metrics, seconds = epoch
                checkpoint = checkpoint.extended(number, metrics, seconds, self._cpu_seconds())
            if diverged:
                log.warning("seed %d diverged in epoch %d; it ends there.", seed, number)
                break
            minutes = (time.perf_counter() - written) / 60
            if begin < number < epochs and minutes >= self._planned.checkpoint_minutes:
                further = [state for state in states if state.epoch > number]
                self._write(checkpoint, [State(number, self._trainer.state()), *further], path)
                written = time.perf_counter()
        further = [state for state in states if state.epoch > epochs]
        if self._planned.keep_weights and not further and not checkpoint.diverged:
            further = [State(epochs, self._trainer.state())]
        return self._write(checkpoint, further, path)

    def _begin(self, seed: int, checkpoint: Checkpoint, epochs: int) -> int:
        """Start a seed or take it up again; return how many epochs it has had."""
        found, expected = checkpoint.examples, self._trainer.test_examples
        if found != expected:
            raise OtherRunError(f"it has {found} test examples, not {expected}")
        state = checkpoint.state_for(epochs)
        try:
            if state is None:
                self._trainer.start(seed)
                return 0
            try:
                self._trainer.resume(seed, state.epoch, state.arrays)
            except ValueError as error:
                raise OtherRunError(str(error)) from None
        except EngineError as error:
            raise StudyError(str(error)) from None
        log.info("seed %d goes on from epoch %d.", seed, state.epoch)
        return state.epoch

    def _look(self, epoch: int) -> tuple[tuple[str, ...], Measurement]:
        """Return the names of layers, and measures of the network, which is tested if trained."""
        names, *measures = zip(*self._measure(), strict=True)
        layers = np.column_stack(measures).astype(np.float64)
        if not epoch:
            return names, Measurement(layers, (np.nan, np.nan), np.zeros(0, bool))
        loss, metric, by_example = self._trainer.test()
        return names, Measurement(layers, (loss, metric), by_example)

    def _cpu_seconds(self) -> float:
        """Return CPU time of this process since this was last asked; at first, since its start."""
        now = time.process_time()
        self.counted, spent = now, now - self.counted
        return spent

    @staticmethod
    def _write(checkpoint: Checkpoint, states: list[State], path: Path) -> Checkpoint:
        peak = max(checkpoint.peak_memory_mb, peak_memory_mb())
        made = replace(checkpoint, states=tuple(states), peak_memory_mb=peak)
        checkpoints.write(made, path)
        return made


def _but_for_initializers(planned: Planned) -> dict[str, Any]:
    left = {"kernel_initializer", "bias_initializer"}
    return {key: part for key, part in planned.spec.identity.items() if key not in left}
