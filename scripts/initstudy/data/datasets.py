"""Data sets in memory: how their files are read, and what they must hold."""

import hashlib
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.errors import StudyError

Arrays = dict[str, npt.NDArray[Any]]
NAMES = ("x_train", "y_train", "x_test", "y_test")


def digest(arrays: Mapping[str, npt.NDArray[Any]]) -> str:
    """SHA-256 of decoded arrays: of name, shape and bytes of each, in the order of their names."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name} {array.dtype} {array.shape}\n".encode())
        total.update(array.data)
    return total.hexdigest()


def read(path: str | Path, name: str, sha256: str) -> Arrays:
    """Read the arrays of a data set, as they are stored; pictures get their channels last.

    Args:
        path: a .npz.
        name: of the catalogue, or ending in .npz of a user's own file.
        sha256: that it must have, see `facts.Facts`.

    Raises:
        StudyError: if the file is not what it must be.
    """
    if name.endswith(".npz"):
        if file_sha256(path) != sha256:
            raise StudyError(f"{path} was changed since this run began; start it again.")
        arrays = {name: _numbers(path, name) for name in ("x_train", "x_test")}
        arrays |= {name: labels(path, name) for name in ("y_train", "y_test")}
    else:
        arrays = _downloaded(path, sha256)
    for part in ("x_train", "x_test"):
        array = arrays[part]
        arrays[part] = array.reshape(len(array), *input_shape(array.shape))
    return arrays


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
        raise StudyError(f"{path} is not an .npz file ({error}); numpy.savez makes one.") from None


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
    """Inputs, which must be finite."""
    array = _array(path, name)
    if array.dtype == np.uint8:
        return array
    finite = np.isfinite(array)
    if not finite.all():
        where = tuple(int(index) for index in np.argwhere(~finite)[0])
        raise StudyError(f"{path}: {name} holds {array[where]} at {where}; it must be finite.")
    return array


def labels(path: str | Path, name: str, below: int = 2**31) -> npt.NDArray[np.int64]:
    """The labels in a .npz file, int64 (images,); also of (images, 1), as Keras gives CIFAR-10's.

    Raises:
        StudyError: if they cannot be read, or are not whole numbers from 0 and below that.
    """
    array = _array(path, name)
    array = array.reshape(len(array))
    values = array.astype(np.float64)
    with np.errstate(invalid="ignore"):
        wrong = ~((values >= 0) & (values < below) & (values % 1 == 0))
    if wrong.any():
        where = int(np.argmax(wrong))
        raise StudyError(
            f"{path}: {name} holds {array[where]} at {where}; labels are whole numbers from 0, "
            "without gaps. Leave out examples that have no label; if the others are classes, "
            "numpy.unique(labels, return_inverse=True)[1] numbers them."
        )
    return array.astype(np.int64)
