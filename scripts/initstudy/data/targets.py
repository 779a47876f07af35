"""What examples are to be given: classes, labels or numbers, as the metric reads them.

By an accuracy or a log loss targets are classes (one of several) or labels (any of several); by an
error they are numbers. So the same array of whole numbers may be classes or counts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from initstudy.data.checks import unresolved
from initstudy.engine.spec import OF_NUMBERS
from initstudy.errors import StudyError

Arrays = dict[str, npt.NDArray[Any]]
Targets = Mapping[str, npt.NDArray[Any]]
# Rows of shares (soft labels) add up to one but for what float32 and text lose.
ROUNDING = 1e-3
# So many names are shown of a list that may be long.
LISTED = 10
FLOAT32 = np.finfo(np.float32)


@dataclass(frozen=True)
class Target:
    """What one example is to be given.

    Attributes:
        kind: "classes" (one of several), "labels" (any of several, each 0 or 1, or its share) or
            "numbers".
        count: how many classes, labels or numbers there are.
        shape: of the target of one example: () of a class, (count,) of labels and numbers; of a
            sequence with its steps before that.
        constant: what the best constant answer has on the test examples, by the name of the metric.
        names: of the classes, labels or numbers, if they have some.
        elsewhere: the same as `constant` of the training examples (train), and of the validation
            examples that the data have (val), as far as it is known.
        shares: whether the labels of each example add up to one.
    """

    kind: Literal["classes", "labels", "numbers"]
    count: int
    shape: tuple[int, ...]
    constant: Mapping[str, float] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    elsewhere: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    shares: bool = False


def read_targets(place: str, arrays: Targets, metric: str) -> tuple[Target, Arrays, list[str]]:
    """Check targets as they are saved, and make them those that are learned.

    Args:
        place: the file or function that they are from, for messages.
        arrays: y_train, y_test and, if it is there, y_val: each (examples, ...).
        metric: one of OF_CLASSES or OF_NUMBERS, by which they are read.

    Returns:
        What they are; by the same names int32 (examples, ...) of classes, float32 (examples, ...)
        of labels and numbers; and what is worth saying of them, a sentence each.

    Raises:
        StudyError: names the array, what was found there, and what to save or to configure.
    """
    target, made, notes = _read(place, arrays, metric)
    parts = [name.removeprefix("y_") for name in made if name != "y_test"]
    elsewhere = {part: constant_of(target, made[f"y_{part}"]) for part in parts}
    return replace(target, elsewhere=elsewhere), made, notes


def _read(place: str, arrays: Targets, metric: str) -> tuple[Target, Arrays, list[str]]:
    if metric in OF_NUMBERS:
        made = {name: _numbers(place, name, array, metric) for name, array in arrays.items()}
        _check_alike(place, made)
        _check_varied(place, made["y_train"])
        constant = _constant_of_numbers(made["y_test"])
        if not any(constant.values()):
            raise StudyError(
                f"{place}: y_test holds {made['y_test'].flat[0]:g} alone, so a constant answer is "
                "always right, and errors mean nothing. Add test examples of another target."
            )
        shape = made["y_train"].shape[1:]
        return Target("numbers", shape[-1] if shape else 1, shape, constant), made, []
    raw = {name: _flat(place, name, array) for name, array in arrays.items()}
    _check_alike(place, raw)
    _check_kinds(place, raw)
    if _are_labels(raw["y_train"]):
        return _labels(place, raw)
    return _classes(place, raw)


def lacking(counts: npt.NDArray[np.int64], names: tuple[str, ...] = ()) -> str:
    """List the first classes that no example has, by their names; empty if each is there."""
    missing = np.flatnonzero(counts == 0)[:5].tolist()
    return ", ".join(names[number] if names else str(number) for number in missing)


def listed(names: Sequence[str], noun: str = "classes") -> str:
    """Return how many names there are, and the first ones."""
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"{len(names)} {noun}: {', '.join(names[:LISTED])}{more}"


def class_counts(classes: npt.NDArray[Any], count: int) -> npt.NDArray[np.int64]:
    """Count the examples, or the steps of sequences, of each class: int64 (count,)."""
    return np.bincount(classes.ravel(), minlength=count)


def _numbers(place: str, name: str, array: npt.NDArray[Any], metric: str) -> npt.NDArray[Any]:
    """Return numbers as float32, which must have room for them; of (n, 1) as they are."""
    if array.dtype.kind not in "buif":
        raise StudyError(
            f"{place}: {name} holds {_held(array)}, not numbers, and {metric} is measured of "
            "numbers. For classes set metric: accuracy, and loss: "
            "sparse_categorical_crossentropy."
        )
    wide = array.astype(np.float64)
    wrong = ~np.isfinite(wide) | (np.abs(wide) > FLOAT32.max)
    if wrong.any():
        at = _first(wrong)
        where = _where(at)
        text = "a target must be finite. Leave out examples that have none"
        if np.isfinite(wide[at]):
            text = f"float32, in which networks compute, ends at {FLOAT32.max:.3g}. Divide them all"
        raise StudyError(f"{place}: {name} holds {array[at]} at {where}; {text}.")
    if array.dtype.kind != "b" and name == "y_train":
        _check_resolved(place, name, array)
    return array.astype(np.float32)


def _check_varied(place: str, numbers: npt.NDArray[Any]) -> None:
    if numbers.min() == numbers.max():
        raise StudyError(
            f"{place}: y_train holds {numbers.flat[0]:g} alone, so there is nothing to learn."
        )


def _check_resolved(place: str, name: str, array: npt.NDArray[Any]) -> None:
    """Check that float32 resolves each column of numbers, as far from zero as they may lie."""
    rows = array.reshape(len(array), -1)
    lost = np.flatnonzero(unresolved(rows.min(axis=0), rows.max(axis=0)))
    if len(lost):
        values = rows[:, lost[0]]
        raise StudyError(
            f"{place}: {name} lies between {values.min()} and {values.max()}, which float32, in "
            "which networks compute, does not resolve. Subtract the mean of y_train from y_train "
            "and y_test before you save them."
        )


def _held(array: npt.NDArray[Any]) -> str:
    return f"text such as {str(array.flat[0])!r}" if array.dtype.kind in "US" else str(array.dtype)


def _flat(place: str, name: str, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return targets of classes without a last dimension of one, as Keras gives CIFAR-10's."""
    if array.dtype.kind not in "buifUS":
        raise StudyError(
            f"{place}: {name} holds {array.dtype}, not classes. Save whole numbers or text: "
            f"{name}.astype(str)."
        )
    if array.dtype.kind == "S":
        try:
            array = np.char.decode(array, "utf-8")
        except UnicodeDecodeError as error:
            raise StudyError(
                f"{place}: {name} holds text that is not UTF-8 ({error.reason}). Save it as str."
            ) from None
    if array.dtype.kind == "U" and (empty := np.argwhere(np.char.strip(array) == "")).size:
        raise StudyError(
            f"{place}: {name} holds no text at {_where(empty[0])}. Leave out examples without a "
            "label."
        )
    return array[..., 0] if array.ndim > 1 and array.shape[-1] == 1 else array


def _first(wrong: npt.NDArray[np.bool_]) -> tuple[int, ...]:
    """Return the place of the first that is wrong."""
    return tuple(int(index) for index in np.argwhere(wrong)[0])


def _where(at: Iterable[Any]) -> int | tuple[int, ...]:
    """Return a place as people write it: 7, or (7, 1)."""
    found = tuple(map(int, at))
    return found[0] if len(found) == 1 else found


def _check_alike(place: str, arrays: Targets) -> None:
    first = arrays["y_train"].shape
    for name, array in arrays.items():
        if array.shape[1:] != first[1:]:
            raise StudyError(
                f"{place}: {name} has the shape {array.shape}, y_train {first}: their targets are "
                "not of one kind. Save them alike."
            )


def _are_labels(array: npt.NDArray[Any]) -> bool:
    """Whether targets are a row of true and false, or of shares, for each example."""
    if array.ndim < 2 or array.dtype.kind in "US":
        return False
    return bool(((array >= 0) & (array <= 1)).all())


def _labels(place: str, raw: Targets) -> tuple[Target, Arrays, list[str]]:
    for name, array in raw.items():
        wrong = ~((array >= 0) & (array <= 1))
        if wrong.any():
            at = _first(wrong)
            raise StudyError(
                f"{place}: {name} holds {array[at]} at {_where(at)}; labels are 0 or 1 each, as "
                "those of y_train are."
            )
    count = raw["y_train"].shape[-1]
    sums = [array.sum(axis=-1) for array in raw.values()]
    hot = all(np.isin(array, (0, 1)).all() for array in raw.values())
    if hot and all((total == 1).all() for total in sums):
        classes = {name: array.argmax(axis=-1) for name, array in raw.items()}
        target, made, notes = _classes(place, classes, count)
        return target, made, [f"{place}: targets are one-hot: one of {count} classes.", *notes]
    made = {name: array.astype(np.float32) for name, array in raw.items()}
    for name in ("y_train", "y_test"):
        rows = made[name].reshape(-1, count)
        if (rows.min(axis=0) == rows.max(axis=0)).all():
            raise StudyError(
                f"{place}: all examples of {name} have the same labels, so a constant prediction "
                "is always right. Add examples of other labels."
            )
    target = Target(
        "labels",
        count,
        made["y_train"].shape[1:],
        _constant_of_labels(made["y_test"]),
        shares=all(_add_up(array) for array in made.values()),
    )
    kind = "0 or 1" if hot else "a share from 0 to 1"
    note = f"{place}: each example has {count} labels, {kind} each."
    return target, made, [note, *_constant_labels(place, made)]


def _constant_labels(place: str, made: Targets) -> Iterator[str]:
    for name in ("y_train", "y_test"):
        rows = made[name].reshape(-1, made[name].shape[-1])
        same = np.flatnonzero(rows.min(axis=0) == rows.max(axis=0)).tolist()
        if same:
            listed = ", ".join(map(str, same[:5]))
            yield f"{place}: label {listed} is the same in all examples of {name}."


def _classes(place: str, raw: Targets, count: int = 0) -> tuple[Target, Arrays, list[str]]:
    """Read classes; `count` is how many there are, if it is known."""
    names: tuple[str, ...] = ()
    kind = raw["y_train"].dtype.kind
    if kind in "USb":
        values = np.unique(raw["y_train"])
        for name, array in raw.items():
            _check_known(place, name, array, values)
        names = tuple(str(value) for value in values.tolist())
        if len(names) < 2:
            raise StudyError(
                f"{place}: y_train holds {names[0]!r} alone; a classification needs two classes."
            )
        made = {name: np.searchsorted(values, array) for name, array in raw.items()}
    else:
        limit = max(raw["y_train"].size, count)
        made = {"y_train": _whole(place, "y_train", raw["y_train"], limit)}
        made |= {name: _whole(place, name, raw[name]) for name in raw if name != "y_train"}
    total = _count_classes(place, made, count, names)
    counts = {name: class_counts(array, total) for name, array in made.items()}
    notes = [f"{place}: {listed(names)}."] if names else []
    if missing := lacking(counts["y_test"], names):
        notes.append(
            f"{place}: y_test lacks the labels [{missing}], so they are learned, but not tested."
        )
    constant = _constant_of_classes(made["y_test"])
    shape = made["y_train"].shape[1:]
    int32 = {name: array.astype(np.int32) for name, array in made.items()}
    return Target("classes", total, shape, constant, names), int32, notes


def _check_kinds(place: str, raw: Targets) -> None:
    """Check that all are text, or none; true and false are 1 and 0."""
    for name, array in raw.items():
        if (array.dtype.kind == "U") != (raw["y_train"].dtype.kind == "U"):
            raise StudyError(
                f"{place}: {name} holds {_held(array)}, y_train {_held(raw['y_train'])}. Save "
                "them alike."
            )


def _whole(
    place: str, name: str, array: npt.NDArray[Any], below: int = 2**31
) -> npt.NDArray[np.int64]:
    """Return classes as int64, which must be whole numbers from 0 and below that."""
    values = array.astype(np.float64)
    with np.errstate(invalid="ignore"):
        wrong = ~((values >= 0) & (values < below) & (values % 1 == 0))
    if wrong.any():
        at = _first(wrong)
        raise StudyError(
            f"{place}: {name} holds {array[at]} at {_where(at)}; labels are whole numbers from 0, "
            "without gaps. Leave out examples that have no label; if the others are classes, "
            "numpy.unique(labels, return_inverse=True)[1] numbers them. If they are numbers to "
            "be predicted, set loss: mean_squared_error and metric: mean_absolute_error."
        )
    return array.astype(np.int64)


def _check_known(place: str, name: str, array: npt.NDArray[Any], values: npt.NDArray[Any]) -> None:
    unknown = ~np.isin(array, values)
    if unknown.any():
        at = _first(unknown)
        _refuse_unknown(place, name, array[at], _where(at))


def _refuse_unknown(place: str, name: str, label: Any, where: Any) -> None:
    raise StudyError(
        f"{place}: {name} has the label {label} at {where}, which y_train does not have. Leave "
        "these examples out, or add some to the training examples."
    )


def _count_classes(place: str, made: Targets, count: int, names: tuple[str, ...]) -> int:
    """Return how many classes there are: each must be learned from, and two be tested."""
    train, test = made["y_train"], made["y_test"]
    counts = np.bincount(train.ravel(), minlength=count)
    missing = np.flatnonzero(counts == 0)[:5].tolist()
    if len(counts) < 2 or missing:
        first = int(train.min())
        shifted = f"; yours begin at {first}: subtract it from y_train and y_test" if first else ""
        raise StudyError(
            f"{place}: y_train must have each label from 0 to {max(1, len(counts) - 1)}; it lacks "
            f"{missing or [1]}{'' if count else shifted}."
        )
    for name, array in made.items():
        largest = int(array.argmax())
        if array.flat[largest] >= len(counts):
            where = np.unravel_index(largest, array.shape)
            _refuse_unknown(place, name, array[where], _where(where))
    if test.min() == test.max():
        only = names[test.flat[0]] if names else test.flat[0]
        raise StudyError(
            f"{place}: y_test has the label {only} alone, so a constant prediction is "
            "always right, and accuracies mean nothing. Add test examples of another class."
        )
    return len(counts)


def constant_of(target: Target, tested: npt.NDArray[Any]) -> dict[str, float]:
    """Return what the best constant answer has on examples, by the name of the metric.

    Args:
        target: what the examples are to be given.
        tested: their targets as `read_targets` makes them, (examples, ...).
    """
    if target.kind == "classes":
        return _constant_of_classes(tested)
    return (_constant_of_labels if target.kind == "labels" else _constant_of_numbers)(tested)


def _constant_of_classes(test: npt.NDArray[Any]) -> dict[str, float]:
    """Of classes: the most frequent one, or their shares."""
    shares = class_counts(test, 0) / test.size
    some = shares[shares > 0]
    return {"accuracy": float(shares.max()), "log_loss": float(-(some * np.log(some)).sum())}


def _constant_of_numbers(test: npt.NDArray[Any]) -> dict[str, float]:
    """Of numbers: the mean and the median are the best constant answers."""
    rows = test.astype(np.float64).reshape(len(test), -1)
    square = float(rows.var(axis=0).mean())
    return {
        "mean_absolute_error": float(np.abs(rows - np.median(rows, axis=0)).mean()),
        "mean_squared_error": square,
        "root_mean_squared_error": float(np.sqrt(square)),
    }


def _add_up(labels: npt.NDArray[Any]) -> bool:
    """Whether the labels of each example add up to one."""
    return bool(np.abs(labels.astype(np.float64).sum(axis=-1) - 1).max() <= ROUNDING)


def _constant_of_labels(test: npt.NDArray[Any]) -> dict[str, float]:
    """Of labels: each label's more frequent value; of shares that add up to one, the largest."""
    rows = test.astype(np.float64).reshape(-1, test.shape[-1])
    shares = rows.mean(axis=0)
    if _add_up(rows):
        largest = np.bincount(rows.argmax(axis=1), minlength=rows.shape[1])
        some = shares[shares > 0]
        entropy = float(-(some * np.log(some)).sum())
        return {"accuracy": float(largest.max() / len(rows)), "log_loss": entropy}
    inside = np.clip(shares, 1e-300, 1 - 1e-16)
    entropies = -(shares * np.log(inside) + (1 - shares) * np.log1p(-inside))
    positive = (rows > 0.5).mean(axis=0)
    return {
        "accuracy": float(np.maximum(positive, 1 - positive).mean()),
        "log_loss": float(entropies.mean()),
    }
