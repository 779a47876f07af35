"""What jobs write of their seeds' checkpoints: a file for each kind of `store.OUTPUTS`.

They are called `epochs-<n>/seeds-<first>-<last>.<ending>`. Their tables do not name a variant,
since a run may be of several studies by different names; the tables of a study have it as their
first column. Jobs that train import this, so pandas is not imported.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.engine.spec import METRIC
from initstudy.errors import StudyError
from initstudy.results.checkpoints import Checkpoint
from initstudy.results.contracts import (
    DIAGNOSTICS,
    HISTORIES,
    TESTS,
    TIMINGS,
    measurement_epochs,
)
from initstudy.results.files import replacing, write_arrays
from initstudy.store import OUTPUTS

# A variant's name, and the history that a job has written for it.
Job = tuple[str, str | Path]


@dataclass(frozen=True)
class Runs:
    """The histories of jobs, with what each is of.

    Attributes:
        described: of each `variant`, `learning_rate` (None for the optimizer's own) and `vary`.
        histories: the paths, in the same order.
    """

    described: Sequence[Mapping[str, Any]]
    histories: Sequence[str | Path]

    def __post_init__(self) -> None:
        """Check that there are as many of both.

        Raises:
            StudyError: if Snakemake does not know the files yet.
        """
        if len(self.described) != len(self.histories):
            raise StudyError(
                "Snakemake has started this job before it knew the runs that a choice adds, as it "
                "does with --forcerun of a rule like this one. Nothing is lost: run the same "
                "command again without --forcerun, or with --forcerun train alone."
            )

    @property
    def jobs(self) -> list[Job]:
        """Each history with the name of its variant."""
        pairs = zip(self.described, self.histories, strict=True)
        return [(str(one["variant"]), path) for one, path in pairs]

    def by(self, key: str) -> Iterator[tuple[Any, "Runs"]]:
        """Divide them by what they are of, in the order in which each comes first."""
        parts: dict[str, list[tuple[Mapping[str, Any], str | Path]]] = {}
        for one, path in zip(self.described, self.histories, strict=True):
            parts.setdefault(json.dumps(one[key]), []).append((one, path))
        for value, part in parts.items():
            yield json.loads(value), Runs(*zip(*part, strict=True))


def beside(history: str | Path, kind: str) -> Path:
    """Return the file of another kind of the job that has written a history."""
    return Path(history).with_suffix(f".{OUTPUTS[kind]}")


def seeds_of(history: str | Path) -> range:
    """Return the seeds of a job, by the path of its history."""
    first, last = Path(history).stem.removeprefix("seeds-").split("-")
    return range(int(first), int(last) + 1)


def blocks(jobs: Sequence[Job]) -> list[tuple[Any, ...]]:
    """Return the rows of `contracts.RUNS`."""
    return [
        (variant, seeds_of(history)[0], seeds_of(history)[-1], history) for variant, history in jobs
    ]


def write_rows(names: Sequence[str], rows: Iterable[Iterable[Any]], path: str | Path) -> None:
    """Write a table as `tables.write` does: importing pandas takes longer than all of it."""
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for row in rows:
            writer.writerow(f"{one:.9g}" if isinstance(one, float) else one for one in row)


def write_job(
    checkpoints: Mapping[int, Checkpoint],
    epochs: int,
    outputs: Mapping[str, str | Path],
    metric: str,
) -> None:
    """Write what a job makes; of the checkpoints no more than belongs to its epochs.

    Args:
        checkpoints: of its seeds, in their order; each reaches so many epochs.
        epochs: of the job.
        outputs: a path for each kind of `store.OUTPUTS`.
        metric: by which the runs are judged.
    """
    history: list[tuple[Any, ...]] = []
    timings: list[tuple[Any, ...]] = []
    tests: list[tuple[Any, ...]] = []
    measured: list[tuple[Any, ...]] = []
    ends: list[Any] = []
    for seed, one in checkpoints.items():
        done = one.history[:epochs]
        finite = np.isfinite(done).all(axis=1)
        rows = np.where(finite, done.T, np.nan).T
        history += [(seed, number, *row) for number, row in enumerate(rows.tolist(), 1)]
        spent = (float(part[:epochs].sum()) for part in (one.seconds, one.cpu_seconds))
        timings.append((seed, len(done), *spent, one.peak_memory_mb))
        end = one.measurements[epochs] if finite.all() else None
        tests.append((seed, *(end.test if end else (np.nan, np.nan))))
        ends.append(end.by_example if end else None)
        measured += [
            (seed, epoch, number, name, int(units), *measures)
            for epoch in measurement_epochs(epochs)
            if epoch in one.measurements
            for number, (name, (units, *measures)) in enumerate(_layers(one, epoch), 1)
        ]
    examples = next(iter(checkpoints.values())).examples
    arrays = {**by_example(ends, examples, metric), "seeds": np.array([*checkpoints])}
    write_arrays(arrays, outputs["examples"])
    for table, lines in (
        (DIAGNOSTICS, measured),
        (TESTS, tests),
        (TIMINGS, timings),
        (HISTORIES, history),
    ):
        write_rows(table.measured(metric).names[1:], lines, outputs[table.output])


def by_example(
    ends: Sequence[npt.NDArray[Any] | None], examples: int, metric: str
) -> dict[str, npt.NDArray[Any]]:
    """Return what is known of each test example at the end of runs, by the name of its array.

    Args:
        ends: `checkpoints.Measurement.by_example` of each run; None of one that diverged.
        examples: how many there are.
        metric: by which the runs are judged.

    Returns:
        `correct`, bool (runs, examples), where each example is right or wrong, and a diverged run
        has none right; else `loss` and the metric by its name, float32 (runs, examples), nan of a
        diverged run.
    """
    known = [end for end in ends if end is not None]
    whole = known[0].ndim == 1 if known else metric == METRIC
    if whole:
        nothing = np.zeros(examples, bool)
        return {"correct": np.array([nothing if end is None else end for end in ends])}
    nan = np.full((2, examples), np.nan, np.float32)
    both = np.array([nan if end is None else end for end in ends], np.float32)
    return {"loss": both[:, 0], metric: both[:, 1]}


def _layers(checkpoint: Checkpoint, epoch: int) -> Iterator[tuple[str, list[float]]]:
    """Return the name of each layer, and what was measured of it."""
    layers = checkpoint.measurements[epoch].layers.tolist()
    return zip(checkpoint.names or [""] * len(layers), layers, strict=True)
