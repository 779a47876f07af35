"""Tables of users: one example in each row, whose columns are numbers or categories."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.data.made import Made
from initstudy.data.targets import listed
from initstudy.engine.spec import OF_NUMBERS
from initstudy.errors import StudyError, suggest

SEPARATORS = {",": ",", ";": ";", "\t": "tab"}
# What people write where a value is missing; an empty cell is one, too.
MISSING = {"", "?", "na", "n/a", "nan", "null", "#n/a"}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
COMMA = re.compile(r"[+-]?\d+,\d+")
THOUSANDS = re.compile(r"[-+]?[1-9][0-9]{0,2},[0-9]{3}")
# A zip code and the like: of these digits, a number would lose the first.
CODE = re.compile(r"0[0-9]+")
# A column of text of which so large a share differs from row to row names the examples.
DIFFERENT = 0.5
# Of whole numbers that are classes, so many examples there are of each on average, at least.
FEWEST_OF_CLASS = 2
# Of more whole numbers it is said that they are taken for classes.
MANY_CLASSES = 20


@dataclass(frozen=True)
class Table:
    """A table as text and numbers.

    Attributes:
        path: of its file.
        separator: between its columns.
        names: of its columns.
        columns: of each, bool, int64, float64 or objects that are str, (rows,).
    """

    path: str
    separator: str
    names: tuple[str, ...]
    columns: tuple[npt.NDArray[Any], ...]

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """Return a column by its name."""
        return self.columns[self.names.index(name)]

    def refuse(self, row: int, name: str, text: str) -> StudyError:
        """Return the error that names what is wrong in a row, from 0, of a column."""
        return StudyError(f"{self.path}, line {self._line(row)}, column {name}: {text}")

    def _line(self, row: int) -> int:
        """Return the line in which a row ends; text in quotes may take several."""
        with Path(self.path).open(encoding="utf-8-sig", newline="") as file:
            reader = _reader(file, self.separator)
            for number, _ in enumerate(filter(None, reader)):
                if number == row + 1:
                    return int(reader.line_num)
        return row + 2


def read_table(path: str, target: Sequence[str], metric: str) -> Made:
    """Read a table: all columns but the target are inputs, text and true or false one-hot.

    Args:
        path: of a file in UTF-8 whose first line names the columns.
        target: the columns that are to be predicted.
        metric: by which it is judged; it decides whether a target of numbers means classes.

    Raises:
        StudyError: names line and column, what was found there, and what to do.
    """
    if not Path(path).stat().st_size:
        raise StudyError(f"{path} is empty.")
    table = _parsed(path)
    _check_target(table, target)
    notes: list[str] = []
    y, names = _targets(table, target, metric, notes)
    inputs = _Inputs(table)
    for name, column in zip(table.names, table.columns, strict=True):
        if name not in target:
            inputs.add(name, column)
    notes += inputs.notes
    if not inputs.names:
        raise StudyError(
            f"{path}: no column is left to learn {', '.join(target)} from. {' '.join(notes)}"
        )
    x = np.column_stack(inputs.values).astype(np.float64)
    return Made({"x_train": x, "y_train": y}, tuple(notes), names, tuple(inputs.names))


def _parsed(path: str) -> Table:
    import pandas as pd

    try:
        separator, names, codes = _header(path)
        frame = pd.read_csv(
            path,
            sep=separator,
            header=0,
            names=list(range(len(names))),
            index_col=False,
            dtype=dict.fromkeys(codes, str),
            keep_default_na=False,
            skipinitialspace=True,
            low_memory=False,
            encoding="utf-8-sig",
        )
    except UnicodeDecodeError as error:
        raise StudyError(
            f"{path} is not text in UTF-8 ({error.reason} at byte {error.start}); save it so."
        ) from None
    except (csv.Error, ValueError) as error:
        raise StudyError(f"{path} is not a table ({' '.join(str(error).split())}).") from None
    if frame.empty:
        raise StudyError(f"{path} has a header, but no row below it.")
    columns = []
    for name in frame:
        column = frame[name].to_numpy()
        if column.dtype.kind not in "biuf":
            # Not of NumPy's texts, which are all as long as the longest.
            column = np.array([str(cell).strip() for cell in column], dtype=object)
        columns.append(column)
    return Table(path, separator, names, tuple(columns))


def _reader(file: Any, separator: str) -> Any:
    return csv.reader(file, delimiter=separator, skipinitialspace=True)


def _header(path: str) -> tuple[str, tuple[str, ...], set[int]]:
    """Return the separator of a table, the names of its columns, and which of these hold codes.

    Raises:
        StudyError: if a name lacks or is there twice, or a row is of another width.
    """
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
    cells: dict[str, list[str]] = {one: next(_reader([first], one), []) for one in SEPARATORS}
    separator = max(cells, key=lambda one: len(cells[one]))
    names = tuple(name.strip() for name in cells[separator])
    if len(names) < 2:
        raise StudyError(
            f"{path} has one column, {first.strip()[:40]!r}; columns are separated by , ; or a tab."
        )
    if numbers := [name for name in names if NUMBER.fullmatch(name)]:
        raise StudyError(
            f"{path}: its first line must name the columns, but holds {numbers[0]}. Write a line "
            "of names above it."
        )
    if twice := [name for name in names if names.count(name) > 1]:
        what = f"{twice[0]!r} is the name of two columns" if twice[0] else "columns have no name"
        raise StudyError(f"{path}: {what} (line 1). Give each another one.")
    codes: set[int] = set()
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        reader = _reader(file, separator)
        for row in reader:
            codes.update(at for at, cell in enumerate(row) if CODE.fullmatch(cell.strip()))
            if row and len(row) != len(names):
                raise StudyError(
                    f"{path}, line {reader.line_num}: {len(row)} values for {len(names)} columns "
                    f"(separator {SEPARATORS[separator]}). Put text that holds the separator in "
                    "double quotes."
                )
    return separator, names, codes


def _check_target(table: Table, target: Sequence[str]) -> None:
    if not target:
        listed = ", ".join(name or "(no name)" for name in table.names)
        raise StudyError(
            f"{table.path} is a table, of which the key target must name the column to predict: "
            f"{listed}."
        )
    for name in target:
        if name not in table.names:
            text = f"{table.path} has no column {name!r}{suggest(name, filter(None, table.names))}"
            raise StudyError(text, key="target")


class _Inputs:
    """The inputs of a table, column by column.

    Attributes:
        names: of the inputs; of a column that is one-hot `column=value`.
        values: of each, (rows,).
    """

    def __init__(self, table: Table) -> None:
        self.names: list[str] = []
        self.values: list[npt.NDArray[Any]] = []
        self._table = table
        self._one_hot: list[str] = []
        self._left_out: list[str] = []
        self._counting: list[str] = []
        self._codes: list[str] = []

    def add(self, name: str, column: npt.NDArray[Any]) -> None:
        """Take a column, unless nothing can be learned from it."""
        column = _typed(self._table, name, column)
        values = np.unique(column)
        self._codes += [f"{name} (as {code})" for code in _codes(column)[:1]]
        counts = column.dtype.kind in "iu" and np.array_equal(
            column - column[0], np.arange(len(column))
        )
        if not name and not counts:
            raise StudyError(f"{self._table.path}: a column has no name (line 1); give it one.")
        if not name:
            self._left_out.append("the first column (numbers the rows, and has no name)")
        elif len(values) == 1:
            self._left_out.append(f"{name} (always {values[0]})")
        elif column.dtype.kind not in "Ob":
            self._counting += [name] * counts
            self.names.append(name)
            self.values.append(column)
        elif len(values) > max(2, DIFFERENT * len(column)):
            self._left_out.append(f"{name} ({len(values)} texts in {len(column)} rows name them)")
        else:
            shown = listed([str(value) for value in values.tolist()], "values")
            self._one_hot.append(f"{name} ({shown})")
            self.names += [f"{name}={value}" for value in values]
            self.values += [column == value for value in values]

    @property
    def notes(self) -> Iterator[str]:
        """What is worth saying of them, a sentence each."""
        path = self._table.path
        if self._codes:
            yield (
                f"{path}: text, since a number does not begin with 0: {', '.join(self._codes)}. "
                "If they are numbers, write them without it."
            )
        if self._one_hot:
            yield f"{path}: one-hot, an input for each value: {', '.join(self._one_hot)}."
        if self._left_out:
            yield f"{path}: left out: {', '.join(self._left_out)}."
        if self._counting:
            yield (
                f"{path}: {', '.join(self._counting)} numbers the rows and is an input. If it "
                "means nothing, remove it."
            )


def _typed(table: Table, name: str, column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a column of numbers, of true and false or of text, in which no value is missing.

    Text is taken for numbers with faults if most of what is not missing is numbers and none a code.
    """
    if column.dtype.kind == "f" and not np.isfinite(column).all():
        row = int(np.flatnonzero(~np.isfinite(column))[0])
        raise table.refuse(row, name, f"{column[row]} must be finite. Leave out this row.")
    if column.dtype.kind != "O":
        return column
    missing = np.array([cell.lower() in MISSING for cell in column])
    numeric = np.array([_like_number(cell) for cell in column])
    for_numbers = 2 * numeric.sum() > (~missing).sum() and not _codes(column)
    if missing.any():
        row = int(np.flatnonzero(missing)[0])
        found = f"{str(column[row])!r} is a missing value" if column[row] else "there is no value"
        also = f", as in {missing.sum() - 1} more rows" if missing.sum() > 1 else ""
        mend = "Fill it in, or leave out the row" + (
            "" if for_numbers else "; if it is a value, write another word, such as unknown"
        )
        raise table.refuse(row, name, f"{found}{also}. {mend}.")
    if not for_numbers:
        return column
    for row, cell in enumerate(column):
        if COMMA.fullmatch(cell):
            written = cell.replace(",", ".")
            if THOUSANDS.fullmatch(cell):
                written += f", or {cell.replace(',', '')} if the comma divides thousands"
            raise table.refuse(row, name, f"{cell} must be written {written}.")
        if not NUMBER.fullmatch(cell):
            raise table.refuse(
                row, name, f"{cell!r} is not a number, as others in this column are."
            )
    return column.astype(np.float64)


def _codes(column: npt.NDArray[Any]) -> list[str]:
    """Return the cells of a column of text that are codes, digits of which the first is 0."""
    return [cell for cell in column if CODE.fullmatch(cell)] if column.dtype.kind == "O" else []


def _like_number(cell: str) -> bool:
    return bool(NUMBER.fullmatch(cell) or COMMA.fullmatch(cell))


def _targets(
    table: Table, target: Sequence[str], metric: str, notes: list[str]
) -> tuple[npt.NDArray[Any], tuple[str, ...]]:
    """Return the targets, (rows,) or (rows, columns), and the names of what they are."""
    columns = [_typed(table, name, table[name]) for name in target]
    for name, column in zip(target, columns, strict=True):
        if (column == column[0]).all():
            raise StudyError(
                f"{table.path}: {name}, the target, is {column[0]} in all rows: there is nothing "
                "to learn."
            )
    if metric in OF_NUMBERS:
        for name, column in zip(target, columns, strict=True):
            if column.dtype.kind == "O":
                raise StudyError(
                    f"{table.path}: {name}, the target, holds text such as {str(column[0])!r}, and "
                    f"{metric} is measured of numbers. For classes set metric: accuracy and loss: "
                    "sparse_categorical_crossentropy."
                )
        return (columns[0] if len(columns) == 1 else np.column_stack(columns)), tuple(target)
    if len(columns) > 1:
        labels = [_label(table, *pair, notes) for pair in zip(target, columns, strict=True)]
        return np.column_stack(labels), tuple(target)
    return _classes(table, target[0], columns[0], notes)


def _classes(
    table: Table, name: str, column: npt.NDArray[Any], notes: list[str]
) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """Return the number of each row's class, and what the classes are called."""
    as_number = (
        "If it is a number to predict, set metric: mean_absolute_error and loss: mean_squared_error"
    )
    if column.dtype.kind == "f" and (broken := np.flatnonzero(column % 1 != 0)).size:
        row = int(broken[0])
        text = f"{column[row]:g} is not a class: classes are text or whole numbers. {as_number}."
        raise table.refuse(row, name, text)
    if column.dtype.kind == "f":
        column = column.astype(np.int64)
    values, number = np.unique(column, return_inverse=True)
    names = tuple(str(value) for value in values.tolist())
    if len(column) < FEWEST_OF_CLASS * len(values):
        raise StudyError(
            f"{table.path}: {name}, the target, has {len(values)} different values in "
            f"{len(column)} rows, which are too many for classes. {as_number}."
        )
    note = f"{table.path}: {name}, the target, is one of {listed(names)}."
    notes.append(
        f"{note} {as_number}." if values.dtype.kind in "iu" and len(values) > MANY_CLASSES else note
    )
    if rare := [names[index] for index in np.flatnonzero(np.bincount(number) == 1)]:
        notes.append(
            f"{table.path}: {name} is {', '.join(rare[:5])} in one row alone, which is not tested."
        )
    return number.astype(np.int64), names


def _label(
    table: Table, name: str, column: npt.NDArray[Any], notes: list[str]
) -> npt.NDArray[np.uint8]:
    """Return a column of two values as 0 and 1."""
    values = np.unique(column)
    if len(values) != 2:
        shown = ", ".join(map(str, values[:4].tolist()))
        raise StudyError(
            f"{table.path}: {name}, one of the targets, has {len(values)} different values "
            f"({shown}{', ...' if len(values) > 4 else ''}); each of several labels has two, such "
            "as 0 and 1. If they are numbers, set metric: mean_absolute_error."
        )
    if column.dtype.kind == "O":
        notes.append(f"{table.path}: {name} counts as 1 where it is {values[1]}.")
    found: npt.NDArray[np.uint8] = (column == values[1]).astype(np.uint8)
    return found
