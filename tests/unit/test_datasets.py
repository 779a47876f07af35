"""A person's own data sets, and what is held out of any."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from helpers import load

from initstudy.config.names import DATASETS
from initstudy.data.catalog import SPECS
from initstudy.data.datasets import DatasetInfo, dataset_info, digest, file_sha256
from initstudy.engine.data import Dataset, hold_out, learn_from
from initstudy.errors import StudyError

GENERATOR = np.random.default_rng(1)
GOOD: dict[str, np.ndarray] = {
    "x_train": GENERATOR.normal(size=(12, 4, 3)),
    "y_train": np.arange(12) % 3,
    "x_test": GENERATOR.normal(size=(6, 4, 3)),
    "y_test": np.array([0, 1, 2, 2, 2, 0]),
}


def saved(folder: Path, **changes: np.ndarray | None) -> str:
    arrays = {name: array for name, array in {**GOOD, **changes}.items() if array is not None}
    path = folder / "own.npz"
    np.savez(path, **arrays)
    return str(path)


def own(path: str) -> Dataset:
    return load(path, {"name": path, "sha256": file_sha256(path)})


def test_the_names_of_the_configuration_are_those_of_the_data_sets() -> None:
    assert set(DATASETS) == set(SPECS)


def test_a_data_set_is_known_without_loading(tmp_path: Path) -> None:
    path = saved(tmp_path)
    sha256 = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    held = (12 + 6) * 4 * 3 * np.float32().nbytes
    found = dataset_info(path)
    assert found == DatasetInfo(12, (4, 3, 1), found.target, sha256, held, wide=True)
    assert (found.target.count, found.target.constant["accuracy"]) == (3, 0.5)
    colour = {part: GENERATOR.integers(0, 256, (6, 2, 2, 3), dtype=np.uint8) for part in "ab"}
    labels = np.array([0, 1, 0, 1, 0, 1])
    path = saved(tmp_path, x_train=colour["a"], x_test=colour["b"], y_train=labels, y_test=labels)
    assert (dataset_info(path).shape, dataset_info(path).bytes) == ((2, 2, 3), 12 * 12)
    mnist = SPECS["mnist"].sha256
    assert dataset_info("mnist") == DatasetInfo(
        60000, (28, 28, 1), SPECS["mnist"].target, mnist, 70000 * 784
    )
    assert dataset_info("fashion_mnist").target.constant["accuracy"] == 0.1


def test_an_own_data_set_keeps_bytes_as_bytes_and_numbers_as_float32(tmp_path: Path) -> None:
    dataset = own(saved(tmp_path))
    assert dataset.x_train.dtype == np.float32
    np.testing.assert_allclose(dataset.x_train, GOOD["x_train"].reshape(12, 12), rtol=1e-6)
    assert dataset.y_train.dtype == np.int32
    assert dataset.outputs == 3
    pixels = GENERATOR.integers(0, 256, (12, 4, 3), dtype=np.uint8)
    assert own(saved(tmp_path, x_train=pixels)).x_train.dtype == np.uint8


def test_a_data_set_that_is_not_what_was_asked_for_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path)
    asked = {"name": path, "sha256": file_sha256(path)}
    load(path, asked)
    saved(tmp_path, y_train=GOOD["y_train"][::-1])
    with pytest.raises(StudyError, match="was changed since this run began"):
        load(path, asked)
    # One that was fetched is known by its arrays, whatever file they are in.
    pixels = {name: array.astype(np.uint8) for name, array in GOOD.items()}
    np.savez(path, **pixels)
    load(path, {"name": "fetched", "sha256": digest(pixels)})
    np.savez_compressed(path, **pixels)
    load(path, {"name": "fetched", "sha256": digest(pixels)})
    with pytest.raises(StudyError, match="does not hold the right arrays; delete it"):
        load(path, {"name": "fetched", "sha256": 64 * "0"})


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"y_test": None}, ["no array y_test", "x_train"]),
        ({"y_train": np.arange(11)}, ["y_train", "11 targets for 12 inputs"]),
        ({"y_train": np.eye(12)}, ["y_train", "(12, 12)", "not of one kind"]),
        (
            {"y_train": np.arange(12) % 3 + 1},
            ["y_train", "lacks [0]; yours begin at 1: subtract it"],
        ),
        ({"y_train": np.zeros(12)}, ["y_train", "each label from 0 to 1", "lacks"]),
        ({"y_train": np.arange(12) - 1.0}, ["y_train", "-1.0", "whole numbers from 0"]),
        ({"y_test": np.array([0, 1, 2, 3, 2, 0])}, ["y_test", "label 3"]),
        ({"x_test": GENERATOR.normal(size=(6, 3, 4))}, ["x_test", "(3, 4)", "(4, 3)"]),
        ({"x_train": np.array(["a"] * 12)}, ["x_train", "not numbers"]),
        ({"x_train": np.empty((12, 0))}, ["x_train", "(12, 0)"]),
        ({"x_train": np.array([{}] * 12)}, ["x_train", "object"]),
    ],
)
def test_what_is_wrong_with_an_own_data_set_is_said(
    tmp_path: Path, changes: dict[str, np.ndarray | None], parts: list[str]
) -> None:
    path = saved(tmp_path, **changes)
    with pytest.raises(StudyError) as error:
        dataset_info(path)
    for part in [path, *parts]:
        assert part in str(error.value)


def test_inputs_that_are_not_finite_are_refused_with_their_place(tmp_path: Path) -> None:
    inputs = GOOD["x_train"].copy()
    inputs[3, 2, 1] = np.nan
    with pytest.raises(StudyError, match=r"x_train holds nan at \(3, 2, 1\)"):
        dataset_info(saved(tmp_path, x_train=inputs))


def test_a_file_that_is_no_npz_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.npz"
    path.write_text("<html>")
    with pytest.raises(StudyError, match=r"is not an \.npz file"):
        dataset_info(str(path))
    np.save(tmp_path / "one.npy", GOOD["x_train"])
    (tmp_path / "one.npy").rename(path)
    with pytest.raises(StudyError, match=r"is not an \.npz file"):
        dataset_info(str(path))


def test_held_out_images_are_training_images_no_longer(mnist: Dataset) -> None:
    held = hold_out(mnist, 10_000)
    assert (len(held.y_train), len(held.y_val), len(held.y_test)) == (50_000, 10_000, 10_000)
    np.testing.assert_array_equal(held.x_test, mnist.x_test)
    # Together they are what there was: by sums of pixels and of squares, image by image.
    both = np.concatenate([held.x_train, held.x_val]).astype(np.int64)
    marks = (both * np.arange(1, 785)).sum(axis=1)
    expected = (mnist.x_train.astype(np.int64) * np.arange(1, 785)).sum(axis=1)
    np.testing.assert_array_equal(np.sort(marks), np.sort(expected))
    # Chosen at random: of each label about a sixth.
    share = np.bincount(held.y_val) / np.bincount(mnist.y_train)
    assert (abs(share - 1 / 6) < 0.02).all()
    again = hold_out(mnist, 10_000)
    np.testing.assert_array_equal(again.x_val, held.x_val)


def test_some_of_the_training_images_are_learned_from(mnist: Dataset) -> None:
    held = hold_out(mnist, 10_000)
    few = learn_from(held, 2_000)
    assert (len(few.y_train), len(few.y_val), few.outputs) == (2_000, 10_000, 10)
    # They are none of those that were held out, and always the same.
    rows = {image.tobytes() for image in few.x_train}
    assert rows <= {image.tobytes() for image in held.x_train}
    np.testing.assert_array_equal(learn_from(held, 2_000).x_train, few.x_train)
    # Chosen at random: of each label about a tenth.
    assert np.bincount(few.y_train).min() > 140
    # A label that none of them has is one of the data set all the same.
    assert learn_from(held, 3).outputs == 10
