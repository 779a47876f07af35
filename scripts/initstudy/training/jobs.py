"""A job: what is missing of the checkpoints of its seeds is trained, and no more.

TensorFlow is imported only if something is.
"""

import logging
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from initstudy.engine.spec import RunSpec
from initstudy.results import records
from initstudy.results.records import Record
from initstudy.store import checkpoints

if TYPE_CHECKING:
    from initstudy.training.replicates import Replicates

log = logging.getLogger(__name__)


def train(
    spec: RunSpec,
    dataset_file: str | Path,
    folder: str | Path,
    seeds: Iterable[int],
    epochs: int,
    keep_weights: bool = False,
    checkpoint_minutes: float = 5,
) -> dict[int, Record]:
    """Train seeds of one spec as far as their checkpoints do not reach yet.

    Other jobs may do the same at the same time: each seed is trained by one of them.

    Args:
        spec: decides the numbers.
        dataset_file: what `downloads.download` has written, or a user's own .npz.
        folder: of the run.
        seeds: which are trained.
        epochs: passes over the training images.
        keep_weights: whether finished records keep what it takes to go on to more epochs.
        checkpoint_minutes: at most so long, and an epoch, is lost when this is killed.

    Returns:
        The record of each seed, in the order given, without states.
    """
    place = checkpoints(folder)
    found: dict[int, Record] = {}
    trained = 0
    started = time.perf_counter()
    replicates: Replicates | None = None

    def reach(seed: int, record: Record | None) -> Record:
        nonlocal replicates, trained
        if record and records.reaches(record, epochs):
            log.info("seed %d is taken from its checkpoint.", seed)
            return record
        if replicates is None:
            replicates = _replicates(spec, dataset_file)
        save = place / f"{seed}.npz"
        record = replicates.train(seed, record, epochs, keep_weights, checkpoint_minutes, save)
        trained += 1
        return record

    order = list(seeds)
    with records.holding(place) as holder:
        # Those that another job is at come last; by then it has done them, or left them to this.
        for wait in (False, True):
            for seed in order:
                if seed in found:
                    continue
                with holder.hold(seed, wait) as held:
                    if not held:
                        log.info("seed %d is being trained by another job.", seed)
                        continue
                    record = reach(seed, records.read(place / f"{seed}.npz"))
                found[seed] = replace(record, states=())
                left = len(order) - len(found)
                took = (time.perf_counter() - started) / max(trained, 1) * left
                to_go = f", about {took:.0f} s to go" if left and trained else ""
                log.info("%d of %d seeds done%s.", len(found), len(order), to_go)
    return {seed: found[seed] for seed in order}


def _replicates(spec: RunSpec, dataset_file: str | Path) -> "Replicates":
    # The one place from which TensorFlow is imported here.
    from initstudy.engine.backend import set_threads
    from initstudy.training.replicates import Replicates

    set_threads(spec.threads)
    return Replicates(spec, dataset_file)
