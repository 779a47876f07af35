"""The checkpoint of one seed of a run: all that is known of it, as far as it got.

A checkpoint is only ever extended. It is a .npz file, so that anybody can read it, with the SHA-256
of all of it as the comment at its end, so that no changed bit goes unnoticed.
"""

import hashlib
import logging
import os
import struct
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.results.contracts import MEASURES, measurement_epochs
from initstudy.results.files import replacing, set_aside

log = logging.getLogger(__name__)

FORMAT = 1
# A zip file without a comment ends with the length of it, 0, in two bytes.
_LENGTH, _DIGEST = 2, 64


class OtherRunError(Exception):
    """A checkpoint is of another run; the text says how that shows."""


@dataclass(frozen=True, eq=False)
class Measurement:
    """What was measured after some epoch.

    Attributes:
        layers: for each its units and `contracts.MEASURES`, float64 (layers, 1 + measures).
        test: loss and metric of the test examples; nan at epoch 0, where they are not looked at.
        by_example: which test examples were classified correctly, bool (examples,), or loss and
            metric of each, float32 (2, examples); none at epoch 0.
    """

    layers: npt.NDArray[np.float64]
    test: tuple[float, float]
    by_example: npt.NDArray[Any]


# In place of what is not read of a checkpoint.
_UNREAD = Measurement(np.zeros((0, 0)), (np.nan, np.nan), np.zeros(0, bool))


@dataclass(frozen=True, eq=False)
class State:
    """From where a run can go on.

    Attributes:
        epoch: that it had just finished.
        arrays: as from `Trainer.state`.
    """

    epoch: int
    arrays: Sequence[npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What is known of one seed of a run.

    Attributes:
        examples: how many test examples there are.
        history: loss, metric, val_loss and val_metric of each epoch, float64 (epochs, 4), as
            the engine gave them. An epoch that is not finite is the last.
        seconds, cpu_seconds: that each epoch took, and of the process since the epoch before it,
            float64 (epochs,). The first has what came before it: starting TensorFlow, compiling.
        peak_memory_mb: the largest of the processes that trained it.
        measurements: by epoch.
        names: of the layers that were measured; none if another version of the program noted none.
        states: from where it can go on, the earliest first; none if it is finished and its weights
            are not kept.
    """

    examples: int
    history: npt.NDArray[np.float64]
    seconds: npt.NDArray[np.float64]
    cpu_seconds: npt.NDArray[np.float64]
    peak_memory_mb: float
    measurements: Mapping[int, Measurement]
    names: tuple[str, ...] = ()
    states: tuple[State, ...] = ()

    @classmethod
    def empty(cls, examples: int) -> "Checkpoint":
        """Return that of a seed of which nothing is known yet."""
        return cls(examples, np.zeros((0, 4)), np.zeros(0), np.zeros(0), 0.0, {})

    @property
    def diverged(self) -> bool:
        """Whether it has come to an epoch that is not finite, and so to its end."""
        return bool(len(self.history)) and not np.isfinite(self.history[-1]).all()

    def missing(self, epochs: int) -> list[int]:
        """Return after which of so many epochs it was not measured, though it came to them."""
        ends = len(self.history) if self.diverged else epochs + 1
        due = measurement_epochs(epochs)
        return [epoch for epoch in due if epoch < ends and epoch not in self.measurements]

    def reaches(self, epochs: int) -> bool:
        """Return whether it has all that belongs to so many epochs."""
        return (len(self.history) >= epochs or self.diverged) and not self.missing(epochs)

    def state_for(self, epochs: int) -> State | None:
        """Return the latest state from which so many epochs lose no measurement, if any."""
        last = min([epochs, *self.missing(epochs)])
        return next((state for state in reversed(self.states) if state.epoch <= last), None)

    def measured(
        self, epoch: int, names: tuple[str, ...], measurement: Measurement
    ) -> "Checkpoint":
        """Return it with what was measured after an epoch."""
        found = dict(sorted({**self.measurements, epoch: measurement}.items()))
        return replace(self, measurements=found, names=names)

    def extended(
        self, number: int, metrics: Sequence[float], seconds: float, cpu_seconds: float
    ) -> "Checkpoint":
        """Return it with one more epoch, from 1, unless that is known.

        Raises:
            OtherRunError: if the epoch is known with other metrics.
        """
        if number > len(self.history):
            return replace(
                self,
                history=np.vstack([self.history, metrics]),
                seconds=np.append(self.seconds, seconds),
                cpu_seconds=np.append(self.cpu_seconds, cpu_seconds),
            )
        known = self.history[number - 1]
        if not np.array_equal(known, metrics, equal_nan=True):
            raise OtherRunError(f"epoch {number} has {known.tolist()} there and {[*metrics]} now")
        return self


def write(checkpoint: Checkpoint, path: str | Path) -> None:
    """Write a checkpoint, whole or not at all, and so that it outlives a power cut."""
    measured = checkpoint.measurements.values()
    layers = [one.layers for one in measured]
    known = [one.by_example for one in measured if one.by_example.size]
    nothing = np.zeros((2, checkpoint.examples) if _in_numbers(known) else checkpoint.examples)
    each = np.array([one.by_example if one.by_example.size else nothing for one in measured])
    arrays: dict[str, Any] = {
        "format": FORMAT,
        "history": checkpoint.history,
        "seconds": checkpoint.seconds,
        "cpu_seconds": checkpoint.cpu_seconds,
        "peak_memory_mb": float(checkpoint.peak_memory_mb),
        "images": checkpoint.examples,
        "moments": np.array(list(checkpoint.measurements), np.int64),
        "measures": np.array(MEASURES),
        "names": np.array(checkpoint.names, str),
        "layers": np.array(layers or np.zeros((0, 0, 1 + len(MEASURES))), np.float64),
        "tests": np.array([one.test for one in measured], np.float64).reshape(-1, 2),
        **_packed(each, checkpoint.examples),
        "states": np.array([[s.epoch, len(s.arrays)] for s in checkpoint.states], np.int64),
    }
    for state in checkpoint.states:
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


def _in_numbers(known: Sequence[npt.NDArray[Any]]) -> bool:
    """Whether examples have a loss and a metric each, or are right or wrong."""
    return bool(known) and known[0].ndim == 2


def _packed(each: npt.NDArray[Any], examples: int) -> dict[str, npt.NDArray[Any]]:
    """Return what is written of the test examples at each measurement epoch."""
    if each.ndim == 3:
        return {"by_example": each.astype(np.float32)}
    return {"hits": np.packbits(each.reshape(-1, examples).astype(bool), axis=1)}


def read(path: str | Path) -> Checkpoint | None:
    """Read a checkpoint; one that is damaged is named in the log and set aside.

    To be called by the job that holds the seed (see `lock.Seeds`), since another may be writing it.

    Returns:
        None if there is none that is whole.
    """
    try:
        return _read(Path(path))
    except FileNotFoundError:
        return None
    except (_DamagedError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        reject(path, f"is damaged ({error})")
        return None


def goes_on(path: str | Path, epochs: int) -> bool:
    """Return whether a seed has a checkpoint from which so many epochs do not start at the first.

    It reads the small arrays alone, and no digest: a forecast asks for thousands of seeds.

    Args:
        path: of the checkpoint, which may be missing or damaged.
        epochs: that are asked for.
    """
    try:
        with np.load(path, allow_pickle=False) as found:
            known = replace(
                Checkpoint.empty(int(found["images"])),
                history=found["history"],
                measurements=dict.fromkeys(found["moments"].tolist(), _UNREAD),
                states=tuple(State(epoch, ()) for epoch, _ in found["states"].tolist()),
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return False
    return known.reaches(epochs) or known.state_for(epochs) is not None


def reject(path: str | Path, why: str) -> None:
    """Set a checkpoint aside, and write so into the log."""
    log.warning("%s %s; it is now %s, and this seed starts again.", path, why, set_aside(path).name)


class _DamagedError(Exception):
    """The text says what is wrong."""


def _read(path: Path) -> Checkpoint:
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


def _from_arrays(found: Mapping[str, npt.NDArray[Any]]) -> Checkpoint:
    if int(found["format"]) != FORMAT:
        raise _DamagedError(f"its format is {int(found['format'])}, not {FORMAT}")
    history, examples = found["history"], int(found["images"])
    epochs, layers = found["moments"].tolist(), found["layers"]
    measures = found["measures"].tolist()
    names = tuple(found["names"].tolist()) if "names" in found else ()
    for name, shape in {
        "history": (len(history), 4),
        "seconds": (len(history),),
        "cpu_seconds": (len(history),),
        "layers": (len(epochs), *layers.shape[1:2], 1 + len(measures)),
        "tests": (len(epochs), 2),
        **(
            {"by_example": (len(epochs), 2, examples)}
            if "by_example" in found
            else {"hits": (len(epochs), (examples + 7) // 8)}
        ),
    }.items():
        if found[name].shape != shape:
            raise _DamagedError(f"{name} has the shape {found[name].shape}, not {shape}")
    if names and len(names) != layers.shape[1]:
        raise _DamagedError(f"it has {len(names)} names for {layers.shape[1]} layers")
    # What another version of the program measured, in today's order; nan if it did not.
    known = np.full((*layers.shape[:2], 1 + len(MEASURES)), np.nan)
    for place, name in enumerate(["units", *MEASURES]):
        if name in ["units", *measures]:
            known[..., place] = layers[..., ["units", *measures].index(name)]
    if "by_example" in found:
        each = found["by_example"]
    else:
        each = np.unpackbits(found["hits"], axis=1, count=examples) > 0
    tests = found["tests"].tolist()
    return Checkpoint(
        examples=examples,
        history=history,
        seconds=found["seconds"],
        cpu_seconds=found["cpu_seconds"],
        peak_memory_mb=float(found["peak_memory_mb"]),
        measurements={
            epoch: Measurement(
                known[row], tuple(tests[row]), each[row] if epoch else each[row, ..., :0]
            )
            for row, epoch in enumerate(epochs)
        },
        names=names,
        states=tuple(
            State(epoch, [found[f"state_{epoch}/{number}"] for number in range(count)])
            for epoch, count in found["states"].reshape(-1, 2).tolist()
        ),
    )
