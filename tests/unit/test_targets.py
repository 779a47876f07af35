"""What examples are to be given, as the metric reads it."""

from typing import Any

import numpy as np
import pytest

from initstudy.data.targets import Target, constant_of, read_targets
from initstudy.errors import StudyError

SIX = np.arange(6) % 3


def made(y_train: Any, y_test: Any = None, metric: str = "accuracy") -> tuple[Target, Any, Any]:
    train = np.asarray(y_train)
    test = train if y_test is None else np.asarray(y_test)
    target, arrays, notes = read_targets("own", {"y_train": train, "y_test": test}, metric)
    return target, arrays, notes


def refused(y_train: Any, y_test: Any = None, metric: str = "accuracy") -> str:
    with pytest.raises(StudyError) as error:
        made(y_train, y_test, metric)
    return str(error.value)


@pytest.mark.parametrize(
    "labels",
    [SIX, SIX.reshape(-1, 1), SIX.astype(float), SIX.astype(np.uint8), np.eye(3)[SIX], SIX == 0],
)
def test_classes_are_numbers_a_column_one_hot_or_true_and_false(labels: Any) -> None:
    target, arrays, _ = made(labels)
    assert (target.kind, target.shape) == ("classes", ())
    assert arrays["y_train"].dtype == np.int32
    expected = labels.astype(int) if labels.dtype == bool else SIX
    np.testing.assert_array_equal(arrays["y_train"], expected)
    assert target.count == expected.max() + 1
    assert target.constant["accuracy"] == pytest.approx(np.bincount(expected).max() / 6)
    # What is made is read as the same again: so the files of jobs are.
    again, same, _ = made(arrays["y_train"])
    assert (again.kind, again.count) == (target.kind, target.count)
    np.testing.assert_array_equal(same["y_train"], arrays["y_train"])


@pytest.mark.parametrize("kind", [str, bytes])
def test_text_keeps_its_names_in_order(kind: Any) -> None:
    words = np.array(["dog", "cat", "elk"])[SIX].astype("U" if kind is str else "S")
    target, arrays, notes = made(words, words[:4])
    assert (target.count, target.names) == (3, ("cat", "dog", "elk"))
    np.testing.assert_array_equal(arrays["y_train"], np.array([1, 0, 2])[SIX])
    assert notes == ["own: 3 classes: cat, dog, elk."]
    notes = made(words, ["cat", "dog"])[2]
    assert "y_test lacks the labels [elk]" in notes[1]
    many = [f"c{number:02}" for number in range(20)]
    assert made(many)[2][0].endswith("c08, c09 and 10 more.")


def test_several_labels_are_0_or_1_each_or_a_share() -> None:
    rows = np.array([[0, 1], [1, 1], [0, 0], [1, 0]])
    for labels in (rows, rows == 1, rows.astype(np.float32)):
        target, arrays, notes = made(labels)
        assert (target.kind, target.count, target.shape) == ("labels", 2, (2,))
        assert target.constant["accuracy"] == 0.5
        assert target.constant["log_loss"] == pytest.approx(np.log(2))
        assert arrays["y_test"].dtype == np.float32
        assert notes == ["own: each example has 2 labels, 0 or 1 each."]
    assert "a share from 0 to 1 each" in made(rows / 2)[2][0]
    # Shares that add up to one are classes that are not sure.
    shares = np.array([[0.75, 0.25], [0.25, 0.75], [0.75, 0.25]])
    constant = made(shares)[0].constant
    assert constant["accuracy"] == pytest.approx(2 / 3)
    mean = shares.mean(axis=0)
    assert constant["log_loss"] == pytest.approx(-(mean * np.log(mean)).sum())
    same = [[0, 1], [1, 1], [0, 1], [1, 1]]
    assert "label 1 is the same in all examples of y_train" in made(same, rows)[2][1]


@pytest.mark.parametrize("metric", ["mean_absolute_error", "mean_squared_error"])
def test_numbers_are_those_of_an_error(metric: str) -> None:
    target, arrays, notes = made(SIX, [0.0, 4.0], metric)
    assert (target.kind, target.count, target.shape, notes) == ("numbers", 1, (), [])
    assert arrays["y_train"].dtype == np.float32
    found = target.constant
    assert (found["mean_absolute_error"], found["mean_squared_error"]) == (2, 4)
    assert found["root_mean_squared_error"] == 2
    target = made(np.arange(12.0).reshape(6, 2), metric=metric)[0]
    assert (target.count, target.shape) == (2, (2,))
    assert made(SIX.reshape(-1, 1), metric=metric)[0].shape == (1,)
    assert target.constant == constant_of(target, np.arange(12.0).reshape(6, 2))


def test_the_steps_of_a_sequence_are_classes_each() -> None:
    steps = np.array([[0, 1, 2], [2, 2, 0], [1, 0, 1]])
    target, arrays, _ = made(steps)
    assert (target.kind, target.count, target.shape) == ("classes", 3, (3,))
    hot = made(np.eye(3)[steps])
    assert (hot[0].kind, hot[0].count, hot[0].shape) == ("classes", 3, (3,))
    np.testing.assert_array_equal(hot[1]["y_train"], arrays["y_train"])


NAN, BIG = float("nan"), 1e39
ERROR = {"metric": "mean_absolute_error"}


@pytest.mark.parametrize(
    ("arguments", "keys", "message"),
    [
        ((["a", "b"], [0, 1]), {}, "y_test holds int64, y_train text such as 'a'. Save them alike"),
        (([[0, 1], [1, 0]], ["a", "b"]), {}, "y_test has the shape (2,), y_train (2, 2)"),
        ((["a", "b"], ["a", "c"]), {}, "y_test has the label c at 1, which y_train does not"),
        ((["a", " "],), {}, "y_train holds no text at 1"),
        ((["a", "a"],), {}, "y_train holds 'a' alone"),
        ((["a", "b"], ["b", "b"]), {}, "y_test has the label b alone"),
        ((np.array([b"\xff", b"a"]),), {}, "y_train holds text that is not UTF-8"),
        (([0, NAN],), {}, "y_train holds nan at 1; labels are whole numbers"),
        (([[0, 1], [1, NAN]],), {}, "y_train holds nan at (1, 1)"),
        (([[0, 1], [1, 1]], [[0, 2], [1, 1]]), {}, "y_test holds 2 at (0, 1); labels are 0 or 1"),
        (([[1, 1], [1, 1]],), {}, "all examples of y_train have the same labels"),
        (([[0, 1], [1, 1]], [[1, 1]]), {}, "all examples of y_test have the same labels"),
        (([0.5, 1.5],), {}, "set loss: mean_squared_error and metric: mean_absolute_error"),
        ((["a", "b"],), ERROR, "y_train holds text such as 'a', not numbers"),
        (([0, NAN],), ERROR, "y_train holds nan at 1; a target must be finite"),
        (([[0, 1], [1, BIG]],), ERROR, "y_train holds 1e+39 at (1, 1); float32"),
        (([0, 1], [NAN, 1]), ERROR, "y_test holds nan at 0"),
        (([2, 2],), ERROR, "y_train holds 2 alone"),
        (([1, 2], [2]), ERROR, "y_test holds 2 alone, so a constant answer is always right"),
        ((1_700_000_000 + np.arange(40),), ERROR, "which float32, in which networks compute, does"),
    ],
)
def test_targets_that_cannot_be_learned_are_refused(
    arguments: Any, keys: Any, message: str
) -> None:
    assert message in refused(*arguments, **keys)
