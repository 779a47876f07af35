"""Data sets: what is known of one before it is loaded, and its arrays in memory."""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter, ValidationError

from initstudy.data import npz, prepared
from initstudy.data.catalog import SPECS
from initstudy.data.checks import check_inputs, check_numbers, check_pair
from initstudy.data.made import Made, divided
from initstudy.data.npz import NAMES, Held, Inputs, Stored
from initstudy.data.prepared import file_sha256
from initstudy.data.targets import Arrays, Target, Targets, read_targets
from initstudy.engine.spec import OF_NUMBERS
from initstudy.errors import StudyError
from initstudy.results.files import write_if_other


@dataclass(frozen=True)
class Reading:
    """How a study reads a data set.

    Attributes:
        metric: see `targets.read_targets`.
        inputs: their scale, see `engine.data.scaled`.
        columns: of a table, that are to be predicted.
        test_share: the share of the examples that are tested on, of data that have no test set.
        split_seed: decides which these are.
        source: the SHA-256 of the code of a user's function.
    """

    metric: str = "accuracy"
    inputs: str = "raw"
    columns: tuple[str, ...] = ()
    test_share: float = 0.2
    split_seed: int = 0
    source: str = ""


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a data set before it is there, or loaded.

    Attributes:
        examples: for training, held-out ones among them.
        shape: of one input; images have their channels last.
        target: what an example is to be given.
        sha256: of its decoded arrays, or of a user's own .npz: another one is another data set.
        bytes: that its inputs take in memory.
        notes: what is worth saying of it before a run, a sentence each.
        validation: examples that it has for validation, beside those for training and testing.
        wide: whether its inputs are of numbers that float32 does not hold.
        split: whether its test set was chosen at random, by the keys test_share and split_seed.
    """

    examples: int
    shape: tuple[int, ...]
    target: Target
    sha256: str
    bytes: int
    notes: tuple[str, ...] = ()
    validation: int = 0
    wide: bool = False
    split: bool = False


def dataset_info(dataset: str, reading: Reading = Reading()) -> DatasetInfo:
    """Return what is known of a data set before it is there, or loaded.

    Args:
        dataset: a name of SPECS; the path of a .npz or a table; that of a folder of pictures, which
            ends with a slash; or a function, `file.py:name`. What is not known yet is looked
            through, and of other forms than .npz the arrays are kept, see `file_of`.
        reading: how the study reads it.

    Raises:
        StudyError: if it is not what it must be.
    """
    if dataset in SPECS:
        return _catalogued(dataset, reading)
    stored = dataset.endswith(".npz")
    if stored:
        npz.names(dataset)
    content = prepared.content_of(dataset, reading.source)
    file = prepared.known_file(dataset, content, asdict(reading))
    info = _known(file)
    if info is None or not (stored or prepared.arrays_file(info.sha256).exists()):
        info = _own(dataset, content, reading) if stored else _prepare(dataset, reading)
        write_if_other(file, _json(info))
    return info


def file_of(dataset: str, sha256: str) -> str:
    """Return the .npz that jobs read: of SPECS one that is fetched, of users theirs or one made.

    Args:
        dataset: see `dataset_info`.
        sha256: of its `DatasetInfo`.
    """
    if dataset in SPECS:
        return f"resources/datasets/{dataset}.npz"
    return dataset if dataset.endswith(".npz") else str(prepared.arrays_file(sha256))


def _catalogued(dataset: str, reading: Reading) -> DatasetInfo:
    spec = SPECS[dataset]
    if reading.metric not in spec.target.constant:
        raise StudyError(
            f"{dataset} has {spec.target.kind}, of which {reading.metric} is not measured; "
            f"metric may be {' or '.join(spec.target.constant)}"
        )
    return DatasetInfo(
        spec.shapes["x_train"][0],
        _shape_of(dataset, spec.shapes["x_train"]),
        spec.target,
        spec.sha256,
        spec.itemsize * sum(math.prod(spec.shapes[name]) for name in ("x_train", "x_test")),
        tuple(_unused(dataset, reading)),
    )


def _unused(dataset: str, reading: Reading, tested: bool = True) -> Iterator[str]:
    """Say which keys are not used of data that have targets, or are `tested` on a set they have."""
    usual = Reading()
    if reading.columns and not prepared.is_table(dataset):
        yield f"{dataset} is not a table, so target is not used."
    if tested and (reading.test_share, reading.split_seed) != (usual.test_share, usual.split_seed):
        yield f"{dataset} has a test set, so test_share and split_seed are not used."


def _known(file: Path) -> DatasetInfo | None:
    """Read what was found out before; None if nothing was."""
    try:
        return TypeAdapter(DatasetInfo).validate_json(file.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def _json(info: DatasetInfo) -> str:
    """Write down what is known of a data set."""
    return TypeAdapter(DatasetInfo).dump_json(info, indent=1).decode() + "\n"


def _own(path: str, sha256: str, reading: Reading) -> DatasetInfo:
    """Look through a user's .npz."""
    parts = parts_of(path)
    inputs = [Stored(path, f"x_{part}") for part in parts]
    for one in inputs:
        check_numbers(one)
    targets = {f"y_{part}": npz.array(path, f"y_{part}") for part in parts}
    read = {f"{axis}_{part}" for part in parts for axis in "xy"}
    info = _looked_through(path, inputs, targets, reading)[0]
    notes = [*_unused(path, reading)]
    if unread := ", ".join(sorted({*npz.names(path)} - read)):
        notes.append(f"{path} also holds {unread}, which initstudy does not read.")
    return replace(info, sha256=sha256, notes=(*notes, *info.notes))


def _prepare(dataset: str, reading: Reading) -> DatasetInfo:
    """Read a table, pictures or a function's arrays, and keep these."""
    made = prepared.made_of(dataset, reading.columns, reading.metric)
    for name in made.arrays:
        other = f"{'y' if name.startswith('x') else 'x'}{name[1:]}"
        if other not in made.arrays:
            raise StudyError(f"{dataset} has {name}, but no {other}.")
    tested = "x_test" in made.arrays
    made = replace(made, notes=(*_unused(dataset, reading, tested), *made.notes))
    if not tested:
        share, seed = reading.test_share, reading.split_seed
        made = divided(made, dataset, share, seed, reading.metric not in OF_NUMBERS)
    parts = [part for part in ("train", "test", "val") if f"x_{part}" in made.arrays]
    arrays = {f"x_{part}": np.ascontiguousarray(made.arrays[f"x_{part}"]) for part in parts}
    inputs = [Held(dataset, name, array, made.columns) for name, array in arrays.items()]
    for one in inputs:
        check_numbers(one)
    targets = {f"y_{part}": made.arrays[f"y_{part}"] for part in parts}
    info, learned = _looked_through(dataset, inputs, targets, reading)
    arrays |= learned
    sha256 = digest(arrays)
    prepared.keep(arrays, sha256)
    return _named(replace(info, sha256=sha256, split=made.split), made)


def _named(info: DatasetInfo, made: Made) -> DatasetInfo:
    """With the names of classes, labels or numbers, and with what was to say of the form."""
    target = info.target
    if not target.names and len(made.names) == target.count:
        target = replace(target, names=made.names)
    return replace(info, target=target, notes=(*made.notes, *info.notes))


def _looked_through(
    place: str, inputs: Sequence[Inputs], targets: Targets, reading: Reading
) -> tuple[DatasetInfo, Arrays]:
    """Check a user's arrays; return what is known of them, and the targets as they are learned."""
    first = inputs[0].shape
    for one in inputs:
        part = one.name.removeprefix("x_")
        check_pair(place, part, one.shape, targets[f"y_{part}"].shape)
        if one.shape[1:] != first[1:]:
            raise StudyError(
                f"{place}: {one.name} has inputs of shape {one.shape[1:]}, x_train of {first[1:]}."
            )
    target, learned, notes = read_targets(place, targets, reading.metric)
    for one in inputs:
        notes += check_inputs(one, reading.inputs)
    notes += _shared(place, *inputs)
    sizes = [math.prod(one.shape) * (1 if one.dtype == np.uint8 else 4) for one in inputs]
    info = DatasetInfo(
        examples=first[0],
        shape=input_shape(first),
        target=target,
        sha256="",
        # What is not of bytes is float32 in memory.
        bytes=sum(sizes),
        notes=tuple(notes),
        validation=sum(one.shape[0] for one in inputs if one.name == "x_val"),
        wide=any(not np.can_cast(one.dtype, np.float32) for one in inputs),
    )
    return info, learned


def _shared(place: str, train: Inputs, *others: Inputs) -> Iterator[str]:
    """Say how many examples are validated or tested on that are learned from, too."""
    known = {hash(row.tobytes()) for _, rows in train.blocks() for row in rows}
    for other in others:
        if other.dtype != train.dtype:
            continue
        count = sum(hash(row.tobytes()) in known for _, rows in other.blocks() for row in rows)
        if count:
            yield (
                f"{place}: {count} of the {other.shape[0]} examples of {other.name} have the same "
                "inputs as one of x_train. Unless inputs have few different values, remove them "
                "from one of the two."
            )


def parts_of(path: str) -> list[str]:
    """Name the parts of a .npz: train, test, and val if it has x_val and y_val."""
    own = {"x_val", "y_val"} <= {*npz.names(path)}
    return ["train", "test", *(["val"] if own else [])]


def read(path: str | Path, name: str, sha256: str, metric: str = "accuracy") -> Arrays:
    """Read the arrays of a data set; images get their channels last.

    Args:
        path: of a .npz, a user's own if `name` ends so.
        name: of the data set.
        sha256: that it must have, see `DatasetInfo`.
        metric: see `targets.read_targets`.

    Returns:
        x_train, x_test and, if it is there, x_val as they are stored; y_train and so on as they are
        learned.

    Raises:
        StudyError: if the file is not what it must be.
    """
    if name.endswith(".npz"):
        if file_sha256(path) != sha256:
            raise StudyError(f"{path} was changed since this run began; start it again.")
        parts = parts_of(str(path))
        arrays = {f"x_{part}": npz.array(path, f"x_{part}") for part in parts}
        targets = {f"y_{part}": npz.array(path, f"y_{part}") for part in parts}
        arrays |= read_targets(str(path), targets, metric)[1]
    else:
        arrays = _decoded(path, sha256)
    for part in [axis for axis in arrays if axis.startswith("x_")]:
        array = arrays[part]
        arrays[part] = array.reshape(len(array), *_shape_of(name, array.shape))
    return arrays


def _decoded(path: str | Path, sha256: str) -> Arrays:
    """Read what was fetched, or made of a user's data."""
    try:
        own = ("x_val", "y_val") if "x_val" in npz.names(path) else ()
        arrays: Arrays = {name: npz.array(path, name) for name in (*NAMES, *own)}
    except StudyError as error:
        raise StudyError(f"{path} cannot be read ({error}); delete it and run again.") from None
    if digest(arrays) != sha256:
        raise StudyError(f"{path} does not hold the right arrays; delete it and run again.")
    return arrays


def _shape_of(dataset: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of one input of a data set, whose inputs are stored in this shape."""
    sequence = dataset in SPECS and SPECS[dataset].sequence
    return tuple(shape[1:]) if sequence else input_shape(shape)


def input_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of one input: (rows, columns, 1) of an image that has no channels."""
    return (*shape[1:], 1) if len(shape) == 3 else tuple(shape[1:])


def digest(arrays: Mapping[str, npt.NDArray[Any]]) -> str:
    """Return the SHA-256 of decoded arrays: of name, type, shape and bytes of each, by name."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name} {array.dtype} {array.shape}\n".encode())
        total.update(array.data)
    return total.hexdigest()
