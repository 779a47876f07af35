"""The data sets in memory: how they are read and divided."""

import hashlib
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.errors import StudyError

Arrays = dict[str, npt.NDArray[Any]]
NAMES = ("x_train", "y_train", "x_test", "y_test")

# First parts of the spawn keys of the streams that choose what is held out and learned from.
HELD_OUT, LEARNED = 2, 4


@dataclass(frozen=True)
class Dataset:
    """Inputs and labels in memory.

    Attributes:
        x_train, x_val, x_test: uint8 or float32 of shape (images, features).
        y_train, y_val, y_test: int32 of shape (images,), from 0.
        shape: of one input, see `Facts`.
        classes: how many labels there are.
    """

    x_train: npt.NDArray[Any]
    y_train: npt.NDArray[np.int32]
    x_val: npt.NDArray[Any]
    y_val: npt.NDArray[np.int32]
    x_test: npt.NDArray[Any]
    y_test: npt.NDArray[np.int32]
    shape: tuple[int, ...]
    classes: int


def digest(arrays: Mapping[str, npt.NDArray[Any]]) -> str:
    """SHA-256 of decoded arrays: of name, shape and bytes of each, in the order of their names."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name} {array.dtype} {array.shape}\n".encode())
        total.update(array.data)
    return total.hexdigest()


def load(path: str | Path, what: Mapping[str, str]) -> Dataset:
    """Loads a data set; its test images are its validation images, see `hold_out`.

    Args:
        path: a .npz.
        what: its name, and the sha256 that it must have, see `facts.Facts`. A name that ends in
            .npz is a person's own file.

    Raises:
        StudyError: if the file is not what it must be.
    """
    if what["name"].endswith(".npz"):
        if file_sha256(path) != what["sha256"]:
            raise StudyError(f"{path} was changed since this run began; start it again.")
        arrays = {name: _numbers(path, name) for name in ("x_train", "x_test")}
        arrays |= {name: labels(path, name) for name in ("y_train", "y_test")}
    else:
        arrays = _downloaded(path, what["sha256"])
    x, y = ({part: arrays[f"{axis}_{part}"] for part in ("train", "test")} for axis in ("x", "y"))
    flat = {part: x[part].reshape(len(x[part]), -1) for part in x}
    whole = {part: y[part].astype(np.int32) for part in y}
    return Dataset(
        x_train=flat["train"],
        y_train=whole["train"],
        x_val=flat["test"],
        y_val=whole["test"],
        x_test=flat["test"],
        y_test=whole["test"],
        shape=input_shape(x["train"].shape),
        classes=int(whole["train"].max()) + 1,
    )


def hold_out(dataset: Dataset, images: int) -> Dataset:
    """Keeps training images for validation: always the same ones, chosen at random.

    Args:
        dataset: from `load`.
        images: how many; fewer than there are.
    """
    order = _order(HELD_OUT, len(dataset.y_train))
    held, kept = np.sort(order[:images]), np.sort(order[images:])
    return replace(
        dataset,
        x_train=dataset.x_train[kept],
        y_train=dataset.y_train[kept],
        x_val=dataset.x_train[held],
        y_val=dataset.y_train[held],
    )


def learn_from(dataset: Dataset, images: int) -> Dataset:
    """Leaves so many training images: always the same ones, chosen at random.

    Args:
        dataset: from `load` or `hold_out`.
        images: how many; at most as many as there are.
    """
    kept = np.sort(_order(LEARNED, len(dataset.y_train))[:images])
    return replace(dataset, x_train=dataset.x_train[kept], y_train=dataset.y_train[kept])


def _order(stream: int, images: int) -> npt.NDArray[np.int64]:
    sequence = np.random.SeedSequence(0, spawn_key=(stream,))
    return np.random.default_rng(sequence).permutation(images)


def file_sha256(path: str | Path) -> str:
    """SHA-256 of a file."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _downloaded(path: str | Path, sha256: str) -> dict[str, npt.NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays: dict[str, npt.NDArray[Any]] = {name: file[name] for name in NAMES}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise StudyError(f"{path} cannot be read ({error}); delete it and run again.") from None
    if digest(arrays) != sha256:
        raise StudyError(f"{path} does not hold the right arrays; delete it and run again.")
    return arrays


def input_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of one input: (rows, columns, 1) of an image that has no channels."""
    return (*shape[1:], 1) if len(shape) == 3 else tuple(shape[1:])


def opened(path: str | Path) -> zipfile.ZipFile:
    """A .npz file as the archive that it is.

    Raises:
        StudyError: if it is none.
    """
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise StudyError(f"{path} is no .npz file ({error}); numpy.savez makes one.") from None


def member(path: str | Path, archive: zipfile.ZipFile, name: str) -> Any:
    """One array of a .npz file, to be read.

    Raises:
        StudyError: if it has no such array.
    """
    try:
        return archive.open(f"{name}.npy")
    except KeyError:
        found = ", ".join(sorted(n.removesuffix(".npy") for n in archive.namelist())) or "nothing"
        raise StudyError(
            f"{path} has no array {name}; it needs {', '.join(NAMES)}, and has {found}."
        ) from None


def _array(path: str | Path, name: str) -> npt.NDArray[Any]:
    try:
        with opened(path) as archive, member(path, archive, name) as file:
            array: npt.NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise StudyError(f"{path}: {name} cannot be read ({error}).") from None
    return array


def _numbers(path: str | Path, name: str) -> npt.NDArray[Any]:
    """Inputs: uint8 if they are stored so, or else float32."""
    array = _array(path, name)
    if array.dtype == np.uint8:
        return array
    finite = np.isfinite(array)
    if not finite.all():
        where = tuple(int(index) for index in np.argwhere(~finite)[0])
        raise StudyError(f"{path}: {name} holds {array[where]} at {where}; it must be finite.")
    return array.astype(np.float32)


def labels(path: str | Path, name: str) -> npt.NDArray[np.int64]:
    """The labels in a .npz file, int64 (images,).

    Raises:
        StudyError: if they cannot be read, or are not whole numbers from 0.
    """
    array = _array(path, name)
    wrong = ~(np.isfinite(array) & (array >= 0) & (array % 1 == 0))
    if wrong.any():
        where = int(np.argmax(wrong))
        raise StudyError(
            f"{path}: {name} holds {array[where]} at {where}; labels are whole numbers from 0."
        )
    return array.astype(np.int64)
