"""A job: what is missing of the checkpoints of its seeds is trained, and no more.

TensorFlow is imported only if something is.
"""

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from initstudy.results import checkpoints
from initstudy.results.checkpoints import Checkpoint
from initstudy.results.jobs import write_job
from initstudy.results.lock import seed_locks
from initstudy.store import Planned, check, write_copy
from initstudy.store import checkpoints as folder_of_checkpoints

if TYPE_CHECKING:
    from initstudy.training.seeds import SeedTrainer

log = logging.getLogger(__name__)


class Trainers:
    """Gives what trains the seeds of specs that come one after the other in one process.

    Specs that differ in their initializers alone share it, and so what it has compiled.
    """

    def __init__(self) -> None:
        self._last: SeedTrainer | None = None
        self._counted = 0.0

    def of(self, planned: Planned, dataset_file: str | Path) -> "SeedTrainer":
        """Return what trains the seeds of a spec; what was returned before trains no longer."""
        # The one place from which TensorFlow is imported here.
        from initstudy.engine.backend import set_threads
        from initstudy.training.seeds import SeedTrainer

        if self._last is None or not self._last.turns_to(planned):
            self.drop()
            set_threads(planned.spec.threads)
            self._last = SeedTrainer(planned, dataset_file, self._counted)
        return self._last

    def drop(self) -> None:
        """Give no more what was given, such as what an error has left amid a seed."""
        if self._last is not None:
            # CPU time of this process that is in a checkpoint is not counted again.
            self._counted, self._last = self._last.counted, None


def run_job(
    planned: Planned,
    dataset_file: str | Path,
    outputs: Mapping[str, str],
    seeds: Iterable[int],
    epochs: int,
    trainers: Trainers | None = None,
) -> None:
    """Do a job: train its seeds, and write its tables.

    Args:
        planned: the spec, and what is kept of its seeds.
        dataset_file: what `downloads.download` has written, or a user's own .npz.
        outputs: its files, by the keys of `store.OUTPUTS`.
        seeds: which are trained.
        epochs: that each has in the end.
        trainers: of the jobs of this process, if there are several.

    Raises:
        StudyError: if it cannot be done.
    """
    check(planned.spec)
    folder = Path(outputs["history"]).parents[1]
    write_copy(planned.spec, folder)
    found = train(planned, dataset_file, folder, seeds, epochs, trainers)
    write_job(found, epochs, outputs, planned.spec.metric)


def train(
    planned: Planned,
    dataset_file: str | Path,
    folder: str | Path,
    seeds: Iterable[int],
    epochs: int,
    trainers: Trainers | None = None,
) -> dict[int, Checkpoint]:
    """Train seeds of one spec as far as their checkpoints do not reach yet.

    Other jobs may do the same at the same time: each seed is trained by one of them.

    Args:
        planned: the spec, and what is kept of its seeds.
        dataset_file: what `downloads.download` has written, or a user's own .npz.
        folder: of the run.
        seeds: which are trained.
        epochs: that each has in the end.
        trainers: of the jobs of this process, if there are several.

    Returns:
        The checkpoint of each seed, in the order given, without states.
    """
    place = folder_of_checkpoints(folder)
    found: dict[int, Checkpoint] = {}
    trained = 0
    started = time.perf_counter()
    trainer: SeedTrainer | None = None

    def reach(seed: int) -> Checkpoint:
        nonlocal trainer, trained
        known = checkpoints.read(place / f"{seed}.npz")
        if known and known.reaches(epochs):
            log.info("seed %d is taken from its checkpoint.", seed)
            return known
        if trainer is None:
            trainer = (trainers or Trainers()).of(planned, dataset_file)
        trained += 1
        return trainer.train(seed, known, epochs, place / f"{seed}.npz")

    order = list(seeds)
    with seed_locks(place) as locks:
        # Those that another job is at come last; by then it has done them, or left them to this.
        for seed, wait in [*((seed, False) for seed in order), *((seed, True) for seed in order)]:
            if seed in found:
                continue
            with locks.hold(seed, wait) as held:
                if not held:
                    log.info("seed %d is being trained by another job.", seed)
                    continue
                found[seed] = replace(reach(seed), states=())
            left = len(order) - len(found)
            took = (time.perf_counter() - started) / max(trained, 1) * left
            to_go = f", about {took:.0f} s to go" if left and trained else ""
            log.info("%d of %d seeds done%s.", len(found), len(order), to_go)
    return {seed: found[seed] for seed in order}
