"""The record of one replicate: all that is known of it, as far as it got.

A record is only ever extended. It is a .npz file, so that anybody can read it, with the SHA-256 of
all of it as the comment at its end, so that no changed bit goes unnoticed.
"""

import hashlib
import logging
import os
import struct
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.results.columns import MEASURES, moments
from initstudy.results.files import make_folders, replacing, set_aside

try:
    import fcntl
except ImportError:  # Windows has none
    fcntl = None  # type: ignore[assignment]

log = logging.getLogger(__name__)

FORMAT = 1
# Where a zip file without a comment ends, there stands its length, 0, in two bytes.
_LENGTH, _DIGEST = 2, 64


@dataclass(frozen=True, eq=False)
class Moment:
    """What was measured after some epoch.

    Attributes:
        layers: for each its units and diagnostics.MEASURES, float64 (layers, 1 + measures).
        test: loss and accuracy of the test images; nan at epoch 0, where they are not looked at.
        hits: which test images it got right, packed by `np.packbits`; none at epoch 0.
    """

    layers: npt.NDArray[np.float64]
    test: tuple[float, float]
    hits: npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class State:
    """From where a training can go on.

    Attributes:
        epoch: that it had just finished.
        arrays: as from `Trainer.state`.
    """

    epoch: int
    arrays: Sequence[npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Record:
    """What is known of one replicate.

    Attributes:
        history: loss, accuracy, val_loss and val_accuracy of each epoch, float64 (epochs, 4), as
            the engine gave them. An epoch that is not finite is the last.
        seconds: that each epoch took, float64 (epochs,).
        cpu_seconds: of the process, since the epoch before it ended, likewise. The first has what
            came before it: starting TensorFlow, compiling.
        peak_memory_mb: the largest of the processes that trained it.
        images: how many test images there are.
        moments: what was measured, by epoch.
        names: of the layers that were measured; none if another version of the program noted none.
        states: from where it can go on, the earliest first; none if it is finished and its weights
            are not kept.
    """

    history: npt.NDArray[np.float64]
    seconds: npt.NDArray[np.float64]
    cpu_seconds: npt.NDArray[np.float64]
    peak_memory_mb: float
    images: int
    moments: Mapping[int, Moment]
    names: tuple[str, ...] = ()
    states: tuple[State, ...] = ()

    @property
    def diverged(self) -> bool:
        """Whether it has come to an epoch that is not finite, and so to its end."""
        return bool(len(self.history)) and not np.isfinite(self.history[-1]).all()


def reaches(record: Record, epochs: int) -> bool:
    """Whether a record has all that belongs to so many epochs."""
    return (len(record.history) >= epochs or record.diverged) and not missing(record, epochs)


def missing(record: Record, epochs: int) -> list[int]:
    """The moments of so many epochs that were not measured, though the replicate came to them.

    Args:
        record: that is looked at.
        epochs: of a training.
    """
    ends = len(record.history) if record.diverged else epochs + 1
    return [epoch for epoch in moments(epochs) if epoch < ends and epoch not in record.moments]


def write(record: Record, path: str | Path) -> None:
    """Writes a record, whole or not at all, and so that it outlives a power cut."""
    measured = list(record.moments.values())
    layers = len(measured[0].layers) if measured else 0
    arrays: dict[str, Any] = {
        "format": FORMAT,
        "history": record.history,
        "seconds": record.seconds,
        "cpu_seconds": record.cpu_seconds,
        "peak_memory_mb": float(record.peak_memory_mb),
        "images": record.images,
        "moments": np.array(list(record.moments), np.int64),
        "measures": np.array(MEASURES),
        "names": np.array(record.names, str),
        "layers": np.array([moment.layers for moment in measured], np.float64).reshape(
            len(measured), layers, 1 + len(MEASURES)
        ),
        "tests": np.array([moment.test for moment in measured], np.float64).reshape(-1, 2),
        "hits": np.array(
            [m.hits if len(m.hits) else [0] * _bytes(record.images) for m in measured], np.uint8
        ).reshape(-1, _bytes(record.images)),
        "states": np.array([[s.epoch, len(s.arrays)] for s in record.states], np.int64),
    }
    for state in record.states:
        for number, array in enumerate(state.arrays):
            arrays[f"state_{state.epoch}/{number}"] = array
    with replacing(path) as temporary, temporary.open("w+b") as file:
        np.savez(file, **arrays)
        file.seek(-_LENGTH, os.SEEK_END)
        file.write(struct.pack("<H", _DIGEST))
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0, os.SEEK_END)
        file.write(digest.encode())


def read(path: str | Path) -> Record | None:
    """Reads a record. One that is damaged is named in the log and set aside, as if it were not.

    To be called by who holds the replicate (see `holding`), since another may be writing it.

    Returns:
        None if there is none.
    """
    try:
        return _read(Path(path))
    except FileNotFoundError:
        return None
    except (_DamagedError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        reject(path, f"is damaged ({error})")
        return None


def reject(path: str | Path, why: str) -> None:
    """Sets a record aside, and says so in the log."""
    log.warning("%s %s; it is now %s, and this seed starts again.", path, why, set_aside(path).name)


@contextmanager
def holding(folder: str | Path) -> Iterator["Holder"]:
    """Lets jobs that share replicates train each of them once.

    Args:
        folder: of the records; made if need be.
    """
    place = Path(folder)
    make_folders(place)
    with (place / "lock").open("ab") as file:
        yield Holder(file)


class Holder:
    """Holds replicates for this process; the kernel lets go when it ends, however it does.

    Where a file system knows no locks, everybody holds everything: work may be done twice then, but
    comes to the same.

    Args:
        file: of which each replicate has a byte, which need not exist.
    """

    def __init__(self, file: Any) -> None:
        self._file = file

    @contextmanager
    def hold(self, seed: int, wait: bool) -> Iterator[bool]:
        """Holds one replicate.

        Args:
            seed: its number.
            wait: until nobody else does.

        Yields:
            Whether it is held.
        """
        if fcntl is None:
            yield True
            return
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB), 1, seed)
        except (BlockingIOError, PermissionError):
            yield False
            return
        except OSError:
            yield True
            return
        try:
            yield True
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, seed)


class _DamagedError(Exception):
    """The text says what is wrong."""


def _bytes(images: int) -> int:
    """That a bit for each of them takes."""
    return (images + 7) // 8


def _read(path: Path) -> Record:
    with path.open("rb") as file:
        _check_digest(file)
        file.seek(0)
        with np.load(file, allow_pickle=False) as found:
            return _from_arrays(found)


def _check_digest(file: Any) -> None:
    left = file.seek(0, os.SEEK_END) - _DIGEST
    file.seek(0)
    total = hashlib.sha256()
    while left > 0 and (block := file.read(min(left, 1 << 20))):
        total.update(block)
        left -= len(block)
    if left < 0 or file.read() != total.hexdigest().encode():
        raise _DamagedError("its SHA-256 is not the one at its end")


def _from_arrays(found: Mapping[str, npt.NDArray[Any]]) -> Record:
    if int(found["format"]) != FORMAT:
        raise _DamagedError(f"its format is {int(found['format'])}, not {FORMAT}")
    history, images = found["history"], int(found["images"])
    epochs, layers = found["moments"].tolist(), found["layers"]
    names = tuple(found["names"].tolist()) if "names" in found else ()
    tests, hits = found["tests"], found["hits"]
    shapes = {
        "history": (history, (len(history), 4)),
        "seconds": (found["seconds"], (len(history),)),
        "cpu_seconds": (found["cpu_seconds"], (len(history),)),
        "layers": (layers, (len(epochs), *layers.shape[1:2], 1 + len(found["measures"]))),
        "tests": (tests, (len(epochs), 2)),
        "hits": (hits, (len(epochs), _bytes(images))),
    }
    if names and len(names) != layers.shape[1]:
        raise _DamagedError(f"it has {len(names)} names for {layers.shape[1]} layers")
    for name, (array, shape) in shapes.items():
        if array.shape != shape:
            raise _DamagedError(f"{name} has the shape {array.shape}, not {shape}")
    # What another version of the program measured, in today's order; nan if it did not.
    places = {name: place for place, name in enumerate(found["measures"].tolist(), 1)}
    known = np.full((*layers.shape[:2], 1 + len(MEASURES)), np.nan)
    known[..., 0] = layers[..., 0]
    for place, name in enumerate(MEASURES, 1):
        if name in places:
            known[..., place] = layers[..., places[name]]
    return Record(
        history=history,
        seconds=found["seconds"],
        cpu_seconds=found["cpu_seconds"],
        peak_memory_mb=float(found["peak_memory_mb"]),
        images=images,
        moments={
            epoch: Moment(
                known[row], tuple(tests[row].tolist()), hits[row] if epoch else hits[row, :0]
            )
            for row, epoch in enumerate(epochs)
        },
        names=names,
        states=tuple(
            State(epoch, [found[f"state_{epoch}/{number}"] for number in range(count)])
            for epoch, count in found["states"].reshape(-1, 2).tolist()
        ),
    )
