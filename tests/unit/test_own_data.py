"""What a user's own data set must hold, told before anything is trained."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import load

from initstudy import examples
from initstudy.config.origin import Origin
from initstudy.data.datasets import dataset_info, file_sha256
from initstudy.engine.data import Dataset
from initstudy.errors import StudyError
from initstudy.studies import Member, read

GENERATOR = np.random.default_rng(1)
Changes = dict[str, Any]
GOOD: Changes = {
    "x_train": GENERATOR.normal(size=(40, 3)),
    "y_train": np.arange(40) % 2,
    "x_test": GENERATOR.normal(size=(20, 3)),
    "y_test": np.arange(20) % 2,
}
# Seconds since 1970, some half a minute apart.
TIMES = 1_700_000_000 + np.arange(40) % 7 * 5


def saved(**changes: Any) -> str:
    np.savez("own.npz", **{**GOOD, **changes})
    return "own.npz"


def with_column(values: Any, dtype: Any = np.float64) -> Changes:
    """Inputs whose column 1 is this one."""
    inputs = GOOD["x_train"].astype(dtype)
    inputs[:, 1] = values
    return {"x_train": inputs}


def refused(**changes: Any) -> str:
    with pytest.raises(StudyError) as error:
        dataset_info(saved(**changes))
    return str(error.value)


def trained_on() -> Dataset:
    return load("own.npz", {"name": "own.npz", "sha256": file_sha256("own.npz")})


def study(**keys: Any) -> Member:
    """A study of these data, as the command line reads it."""
    return read(Origin("mine.yaml", {"dataset": "own.npz", "published": None, **keys}))


def problem(**keys: Any) -> str:
    with pytest.raises(StudyError) as error:
        study(**keys)
    return str(error.value)


def notes(member: Member) -> list[str]:
    return list(examples.notes(member.study, member.study.dataset))


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


# Labels.


def test_labels_in_a_column_are_taken() -> None:
    """As keras.datasets.cifar10 gives them."""
    columns = {name: GOOD[name].astype(np.uint8).reshape(-1, 1) for name in ("y_train", "y_test")}
    assert dataset_info(saved(**columns)).target.count == 2
    dataset = trained_on()
    assert dataset.y_train.dtype == np.int32
    np.testing.assert_array_equal(dataset.y_train, GOOD["y_train"])
    np.testing.assert_array_equal(dataset.y_test, GOOD["y_test"])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.eye(2)[GOOD["y_train"]], "y_test has the shape (20,), y_train (40, 2): their targets"),
        (GOOD["y_train"].reshape(1, -1), "y_train has the shape (1, 40)"),
        (GOOD["y_train"].reshape(1, -1), "save y_train.ravel()."),
        (np.array(1), "y_train has the shape ()"),
        (GOOD["y_train"][:39], "y_train has 39 targets for 40 inputs"),
        (GOOD["y_train"] * 1e15, "y_train holds 1000000000000000.0 at 1; labels are whole numbers"),
        (np.where(np.arange(40) == 7, 10**15, GOOD["y_train"]), "holds 1000000000000000 at 7"),
        (np.where(np.arange(40) == 7, 40, GOOD["y_train"]), "holds 40 at 7"),
        (GOOD["y_train"].astype(np.uint64) + np.uint64(2**64 - 2), "18446744073709551614 at 0"),
        (GOOD["y_train"] - 1, "y_train holds -1 at 0; labels are whole numbers from 0, without ga"),
        (GOOD["y_train"] - 1, "Leave out examples that have no label"),
        (GOOD["y_train"] / 2, "y_train holds 0.5 at 1"),
        (np.where(np.arange(40) == 7, np.nan, 1), "y_train holds nan at 7"),
        (np.where(np.arange(40) == 7, np.inf, 1).reshape(-1, 1), "y_train holds inf at 7"),
        (GOOD["y_train"].astype(str), "y_test holds int64, y_train text such as '0'. Save them al"),
        (GOOD["y_train"].astype(object), "y_train holds objects"),
        (GOOD["y_train"].astype("M8[s]"), "y_train holds datetime64[s], not classes. Save whole n"),
        (GOOD["y_train"] + 0j, "y_train holds complex128, not classes"),
        (GOOD["y_train"] * 2, "must have each label from 0 to 2; it lacks [1]"),
        (GOOD["y_train"] * 0, "must have each label from 0 to 1; it lacks [1]"),
    ],
)
def test_labels_that_are_not_classes_are_refused(labels: Any, message: str) -> None:
    assert message in refused(y_train=labels)


def test_test_labels_are_looked_at_as_well() -> None:
    assert "y_test holds -1 at 0" in refused(y_test=GOOD["y_test"] - 1)
    assert "y_test holds 9000000000 at 3" in refused(y_test=[0, 1, 0, 9_000_000_000] * 5)
    assert "y_test has the label 2 at 1, which y_train does not" in refused(y_test=[0, 2] * 10)
    assert "y_test has the shape (20, 2)" in refused(y_test=np.zeros((20, 2)))


def test_true_and_false_are_labels_and_inputs() -> None:
    inputs = {name: GOOD[name] > 0 for name in ("x_train", "x_test")}
    assert dataset_info(
        saved(y_train=GOOD["y_train"] > 0, y_test=GOOD["y_test"] > 0, **inputs)
    ).bytes
    dataset = trained_on()
    assert dataset.x_train.dtype == np.float32
    np.testing.assert_array_equal(dataset.x_train, GOOD["x_train"] > 0)
    np.testing.assert_array_equal(dataset.y_train, GOOD["y_train"])


# Inputs.


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            with_column(TIMES, np.int64),
            "own.npz: x_train[:, 1] lies between 1700000000 and 1700000030, where float32, in "
            "which networks compute, has steps of 128: of its 7 different values 1 is left. Set "
            "inputs: features, which scales each column by itself in float64; or subtract "
            "x_train.min(axis=0) from x_train and x_test",
        ),
        (with_column(TIMES), "1700000000.0 and 1700000030.0, where float32"),
        (with_column(TIMES, np.uint32), "x_train.astype('int64').min(axis=0)"),
        (with_column(TIMES, np.int32), "has steps of 128"),
        (with_column(TIMES, np.longdouble), "has steps of 128"),
        (with_column(TIMES, ">i8"), "has steps of 128"),
        # It was too late when these were saved.
        (with_column(TIMES + 60 * np.arange(40), np.float32), "has steps of 128"),
        (
            with_column(TIMES + 60 * np.arange(40), np.float32),
            "Save them as float64, not float32, and set inputs",
        ),
        (with_column(TIMES * 10**9 + np.arange(40), np.int64), "of its 40 different values 1 is"),
        (with_column(2**63 + np.arange(40, dtype=np.uint64), np.uint64), "of its 40 different"),
        (with_column(2_460_000 + np.arange(40) / 24 / 60 * 10), "2 are left"),
        # float32 holds these, but not when they are scaled.
        (with_column(16_000_000 + np.arange(40) % 2, np.int64), "lost when inputs are scaled"),
        (with_column(1e-40 * np.arange(40)), "too near zero for float32"),
        (with_column(np.where(np.arange(40) == 5, 1e39, 0)), "x_train holds 1e+39 at (5, 1); flo"),
        (with_column(np.where(np.arange(40) == 5, np.nan, 0)), "x_train holds nan at (5, 1); it m"),
        (with_column(np.where(np.arange(40) == 5, -np.inf, 0), np.float16), "holds -inf at (5, 1)"),
        ({"x_test": np.full((20, 3), np.inf)}, "x_test holds inf at (0, 0)"),
        ({"x_test": np.tile(TIMES[:20, None], 3)}, "x_test[:, 0] (and 2 more like it) lies"),
        ({"x_train": np.zeros(40)}, "has the shape (40,); of one feature save x_train.reshape(-1"),
        ({"x_train": np.zeros((40, 0))}, "x_train has the shape (40, 0)"),
        ({"x_test": np.zeros((0, 3))}, "x_test has the shape (0, 3)"),
        ({"x_test": np.zeros((20, 4))}, "x_test has inputs of shape (4,), x_train of (3,)"),
        ({"x_train": GOOD["x_train"] + 1j}, "holds complex128, not numbers. Save x_train.real"),
        ({"x_train": np.full((40, 3), "1")}, "holds <U1, not numbers. Save x_train.astype('float3"),
        ({"x_train": np.full((40, 3), b"1")}, "holds |S1, not numbers. Save x_train.astype('float"),
        ({"x_train": np.full((40, 3), None)}, "holds object, not numbers. Save x_train.astype"),
        ({"x_train": np.zeros((40, 3), "M8[s]")}, "(x_train - x_train.min(axis=0)) / numpy.timed"),
        ({"x_train": np.zeros((40, 3), "m8[s]")}, "Save x_train / numpy.timedelta64(1, 's')"),
        ({"x_train": np.zeros((40, 3), "f4,i4")}, "structured_to_unstructured(x_train)"),
    ],
)
def test_inputs_that_float32_cannot_keep_are_refused(changes: Changes, message: str) -> None:
    assert message in refused(**changes)


@pytest.mark.parametrize(
    "column",
    [
        0.1,  # a constant that float32 does not hold
        1.7e9 + 0.1,
        np.where(np.arange(40) % 2, 0.1 + 0.2, 0.3),  # and one that was computed
        np.where(np.arange(40) == 5, 1e6, 0),
        np.where(np.arange(40) == 5, 254, 255) / 255,
        np.where(np.arange(40) == 5, -1, TIMES * 1000 * np.arange(40)),
        2020 + np.arange(40) % 2,
        1_700_000_000 + np.arange(40) * 86_400,
        10.0 ** np.arange(-20, 20),
        np.linspace(-1, 1, 40) * np.finfo(np.float32).max,
        np.arange(40) % 2 * 1e-20,
    ],
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_inputs_of_all_other_kinds_are_taken_as_they_are(column: Any, order: Any) -> None:
    changes = with_column(column)
    dataset_info(saved(x_train=np.asarray(changes["x_train"], order=order)))
    np.testing.assert_array_equal(trained_on().x_train, changes["x_train"].astype(np.float32))


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int64, np.float16, np.float32, ">f4"])
def test_the_place_is_told_of_arrays_of_any_shape(dtype: Any) -> None:
    inputs = np.arange(40 * 2 * 3).reshape(40, 2, 3).astype(dtype)
    changes = {"x_train": inputs, "x_test": inputs[:20]}
    assert dataset_info(saved(**changes)).shape == (2, 3, 1)
    np.testing.assert_array_equal(trained_on().x_train, inputs.reshape(40, 6).astype(np.float32))
    inputs = inputs.astype(np.float64)
    inputs[:, 1, 2] = TIMES
    assert "x_train[:, 1, 2] lies between" in refused(x_train=inputs, x_test=inputs[:20])
    inputs[3, 1, 2] = np.nan
    assert "x_train holds nan at (3, 1, 2)" in refused(x_train=inputs, x_test=inputs[:20])


def test_large_arrays_are_looked_at_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("initstudy.data.npz.BLOCK", 100)
    dataset_info(saved())
    assert "x_train[:, 1] lies between" in refused(**with_column(TIMES))
    assert "holds nan at (39, 1)" in refused(**with_column([0] * 39 + [np.nan]))


# Files.


def test_a_damaged_file_is_refused() -> None:
    content = Path(saved()).read_bytes()
    with zipfile.ZipFile("own.npz") as archive:
        begins = archive.getinfo("x_train.npy").header_offset + 300
    Path("own.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(StudyError, match=r"is not an \.npz file"):
        dataset_info("own.npz")
    Path("own.npz").write_bytes(content[:begins] + b"damaged" + content[begins + 7 :])
    with pytest.raises(StudyError, match=r"x_train cannot be read \(Bad CRC-32"):
        dataset_info("own.npz")
    with zipfile.ZipFile("own.npz", "w") as archive:
        archive.writestr("x_train.npy", b"no array")
    with pytest.raises(StudyError, match=r"x_train cannot be read .* Save the arrays again"):
        dataset_info("own.npz")


def test_what_is_not_read_is_said() -> None:
    inputs = GENERATOR.normal(size=(10, 3))
    found = dataset_info(saved(x_val=inputs, mean=np.zeros(3)))
    assert found.notes == ("own.npz also holds mean, x_val, which initstudy does not read.",)
    assert found.validation == 0
    found = dataset_info(saved(x_val=inputs, y_val=GOOD["y_test"][:10]))
    assert (found.notes, found.validation) == ((), 10)
    assert dataset_info(saved()).notes == ()
    lacking = {"y_train": np.arange(40) % 3}
    assert "y_test lacks the labels [2]" in dataset_info(saved(**lacking)).notes[0]


# What a study asks of them.


def test_one_test_example_and_one_class_of_them_are_refused() -> None:
    one = {"x_test": GOOD["x_test"][:1], "y_test": GOOD["y_test"][:1]}
    assert "y_test has the label 0 alone, so a constant prediction is always" in refused(**one)
    assert "y_test has the label 1 alone" in refused(y_test=np.ones(20))
    two = {"x_test": GOOD["x_test"][:2], "y_test": GOOD["y_test"][:2]}
    assert dataset_info(saved(**two)).target.constant["accuracy"] == 0.5


def test_a_class_that_nothing_is_learned_of_is_refused() -> None:
    order = np.random.default_rng(np.random.SeedSequence(0, spawn_key=(2,))).permutation(40)
    rare = GOOD["y_train"].copy()
    rare[order[0]] = 2
    saved(y_train=rare)
    assert (
        "validation.holdout: 10 leaves 30 examples for training, and none of them has the label 2"
        in problem(validation={"holdout": 10})
    )
    rare = GOOD["y_train"].copy()
    rare[order[-1]] = 2
    saved(y_train=rare)
    assert notes(study(validation={"holdout": 10}))[1] == (
        "No example with the label 2 is held out, so the validation set lacks this label."
    )
    assert "training_images: 1 leaves 1 examples" in problem(training_images=1)
    saved()
    assert "holdout: 1 holds out examples with the label" in problem(validation={"holdout": 1})
    assert "40 of 40 training examples leave none" in problem(validation={"holdout": 40})
    text = problem(validation={"holdout": 10}, training_images=31)
    assert "training_images: 31 is more than the 30 examples that are left for training" in text


def test_that_little_is_left_for_training_is_said() -> None:
    saved()
    note = (
        "validation: 30 of the 40 training examples are held out, which leaves 10 for training. A "
        "smaller holdout leaves more."
    )
    assert notes(study(validation={"holdout": 30})) == [note]
    assert notes(study(validation={"holdout": 20})) == []


def test_counts_are_those_of_what_is_trained_on(mnist: Dataset, mnist_file: Path) -> None:
    member = read(Origin("it", {"published": None, "training_images": 12}))
    labels, _ = examples.divided(member.study, mnist_file)
    learned = np.bincount(labels, minlength=10)
    assert learned.sum() == 12
    # Of a data set of the catalogue this is said, not refused: studies of suite.yaml have it.
    said = list(examples.notes(member.study, mnist_file))
    lacking = ", ".join(map(str, np.flatnonzero(learned == 0)[:5]))
    assert said == [f"No example with the label {lacking} is used in training."]
    assert list(examples.notes(member.study, "nowhere.npz")) == []


def test_a_target_below_the_majority_is_refused_where_it_judges_and_said_elsewhere() -> None:
    saved(y_test=np.arange(20) == 7)
    by_epochs = {"judge_by": "epochs_to_target", "margin": 1}
    told = "0.9 is no more than a constant prediction reaches, since 0.95 of the test examples"
    assert f"target_accuracy: {told}" in problem(**by_epochs)
    assert "target_accuracy: 0.95 is no more" in problem(**by_epochs, target_accuracy=0.95)
    (note,) = notes(study(target_accuracy=0.95))
    assert note.startswith("target_accuracy: 0.95 is no more")
    (note,) = notes(study())
    assert note.startswith(f"target_accuracy: {told} have the same label; epochs_to_target means")
    assert notes(study(**by_epochs, target_accuracy=0.96)) == []
    # What is held out counts where epochs are counted on it.
    assert notes(study(validation={"holdout": 10})) == []
    with pytest.raises(StudyError, match=r"target_accuracy: 0.1 is no more .* 0.11"):
        read(Origin("it", {"target_accuracy": 0.1, "published": None, **by_epochs}))
