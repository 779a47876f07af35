"""What a training job writes of its records."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from initstudy.results.columns import DIAGNOSTICS, HISTORY, TESTS, TIMINGS, moments
from initstudy.results.files import replacing, write_arrays
from initstudy.results.records import Record
from initstudy.store import OUTPUTS


def write_job(
    records: Mapping[int, Record], epochs: int, outputs: Mapping[str, str | Path]
) -> None:
    """Writes the tables of a training job; of the records no more than belongs to its epochs.

    Args:
        records: of its seeds, in their order; each reaches so many epochs.
        epochs: of the job.
        outputs: a path for each kind of `store.OUTPUTS`.
    """
    paths = {kind: Path(outputs[kind]) for kind in OUTPUTS}
    history, timings, tests, measured, bits = [], [], [], [], []
    for seed, record in records.items():
        done = record.history[:epochs]
        finite = np.isfinite(done).all(axis=1)
        rows = np.where(finite, done.T, np.nan).T
        history += [(seed, number, *row) for number, row in enumerate(rows.tolist(), 1)]
        spent = record.seconds[:epochs].sum(), record.cpu_seconds[:epochs].sum()
        timings.append((seed, len(done), *spent, record.peak_memory_mb))
        last = record.moments.get(epochs) if finite.all() else None
        tests.append((seed, *(last.test if last else (np.nan, np.nan))))
        bits.append(last.hits if last else np.zeros((record.images + 7) // 8, np.uint8))
        measured += [
            (seed, epoch, number, name, int(units), *measures)
            for epoch in moments(epochs)
            if epoch in record.moments
            for number, (name, (units, *measures)) in enumerate(_layers(record, epoch), 1)
        ]
    images = next(iter(records.values())).images
    packed = {"hits": np.array(bits), "seeds": np.array(list(records)), "images": images}
    write_arrays(packed, paths["hits"])
    tables: dict[str, tuple[list[Any], list[str]]] = {
        "diagnostics": (measured, DIAGNOSTICS),
        "tests": (tests, TESTS),
        "timings": (timings, TIMINGS),
        "history": (history, HISTORY),
    }
    for kind, (lines, columns) in tables.items():
        _write(columns[1:], lines, paths[kind])


def _layers(record: Record, epoch: int) -> Iterator[tuple[str, list[float]]]:
    """The name of each layer, and what was measured of it."""
    layers = record.moments[epoch].layers.tolist()
    return zip(record.names or [""] * len(layers), layers, strict=True)


def _write(columns: Sequence[str], rows: Sequence[Sequence[Any]], path: Path) -> None:
    """Writes a table as `histories.write` would: importing pandas takes longer than all of it."""
    lines = [
        ",".join(f"{value:.9g}" if isinstance(value, float) else str(value) for value in row)
        for row in [columns, *rows]
    ]
    with replacing(path) as temporary:
        temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
