"""How tables are read, checked, joined and written, as their contracts ask.

It is fast if all is well; if it is not, the message has the file and the line.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from initstudy.errors import StudyError
from initstudy.results.contracts import Table, check
from initstudy.results.files import replacing
from initstudy.results.jobs import Job, beside, seeds_of

# Of `pandas.read_csv`.
AS_IS: Any = {"keep_default_na": False, "skip_blank_lines": False, "encoding": "utf-8"}


class Collected(NamedTuple):
    """A table of many jobs, as it is written and as it is computed with."""

    text: bytes
    frame: pd.DataFrame


def write(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table as CSV, whole or not at all; `nan` stands for what is not a number.

    The same numbers always give the same bytes.
    """
    with replacing(path) as temporary:
        frame.to_csv(temporary, index=False, float_format="%.9g", na_rep="nan", lineterminator="\n")


def read(path: str | Path, table: Table, epochs: int = 0) -> pd.DataFrame:
    """Read a table, and check that it keeps its contract.

    Args:
        path: of the CSV file.
        table: its contract.
        epochs: of the study, if it is a table of runs.

    Returns:
        Its columns, in their order: text str, counts int64, numbers and shares float64.

    Raises:
        StudyError: names the file, the line and what is wrong there.
    """
    frame = _parsed(path, table, _content(path))
    _begins(path, table, frame, epochs)
    return frame


def collect(jobs: Sequence[Job], table: Table, epochs: int) -> Collected:
    """Join the tables of one kind of many jobs, with the variant as first column, and check them.

    Args:
        jobs: the variant that each is of, and the path of its history.
        table: the contract of the joined table.
        epochs: of the study.

    Raises:
        StudyError: names the file of the job, the line and what is wrong there.
    """
    files = [beside(history, table.output) for _, history in jobs]
    parts = [_rows(variant, file, table) for (variant, _), file in zip(jobs, files, strict=True)]
    try:
        # If all is well, which is the rule, all are checked as one.
        whole = _joined("", table, parts, jobs, epochs)
        if "layer" not in table.names or _same_layers(whole.frame):
            return whole
        return _joined("", table, [_shared_layers(whole.frame)], jobs, epochs)
    except StudyError:
        alone = [
            _joined(file, table, [part], [job], epochs).frame
            for job, file, part in zip(jobs, files, parts, strict=True)
        ]
        if "layer" in table.names and not _same_layers(every := pd.concat(alone)):
            return _joined("", table, [_shared_layers(every)], jobs, epochs)
        raise StudyError(
            f"The {table.output} of {len(jobs)} jobs are right, but not together: two of them have "
            "the same seeds of the same variant."
        ) from None


def read_any(path: str | Path, **options: Any) -> pd.DataFrame:
    """Read a table that has no contract, or not of this version.

    Args:
        path: of the CSV file.
        options: of `pandas.read_csv`.

    Raises:
        StudyError: if it cannot be read.
    """
    try:
        frame: pd.DataFrame = pd.read_csv(path, **options)
    except (OSError, ValueError) as error:
        raise StudyError(f"{path} cannot be read ({error}).") from None
    return frame


def check_columns(path: str | Path, found: Sequence[str], columns: Sequence[str]) -> None:
    """Check the columns of a table.

    Raises:
        StudyError: if they are not those that it must have.
    """
    if list(found) != list(columns):
        raise StudyError(
            f"{path}, line 1: the columns are {', '.join(map(str, found))}; "
            f"they must be {', '.join(columns)}."
        )


def _content(path: str | Path) -> bytes:
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise StudyError(f"{path}: there is no such file.") from None
    except OSError as error:
        raise StudyError(f"{path}: it is not a table ({error}).") from None
    if not content.endswith(b"\n"):
        raise StudyError(f"{path}: it ends in the middle of a line.")
    return content


def _parsed(path: str | Path, table: Table, content: bytes) -> pd.DataFrame:
    """Return the rows of a table, each value of the kind of its column."""
    counts, numbers = table.of("count"), table.of("number", "share")
    dtypes = {**dict.fromkeys(counts, np.int64), **dict.fromkeys(numbers, np.float64)}
    try:
        # Fast, and of one mind about what is a number; it says little of other values.
        with np.errstate(invalid="ignore"):
            frame: pd.DataFrame = pd.read_csv(
                io.BytesIO(content),
                dtype={**dict.fromkeys(table.names, str), **dtypes},
                na_values={column: ["nan"] for column in dtypes},
                **AS_IS,
            )
        if list(frame.columns) == table.names and (frame[counts] >= 0).all(axis=None):
            return frame
    except (ValueError, OverflowError):
        pass
    try:
        text: pd.DataFrame = pd.read_csv(io.BytesIO(content), dtype=str, **AS_IS)
    except ValueError as error:  # pandas' errors are among these
        raise StudyError(f"{path}: it is not a table ({str(error).strip()}).") from None
    check_columns(path, list(text.columns), table.names)
    return text.assign(**{name: _numbers(path, text, name, name in counts) for name in dtypes})


def _numbers(path: str | Path, text: pd.DataFrame, column: str, count: bool) -> pd.Series:
    numbers = pd.to_numeric(text[column], errors="coerce").astype(np.float64)
    bad = numbers.isna() & (text[column] != "nan")
    if count:
        bad = numbers.isna() | (numbers % 1 != 0) | (numbers < 0)
    if bad.any():
        row = int(bad.to_numpy().argmax())
        kind = "a whole number" if count else "a number or nan"
        raise StudyError(
            f"{path}, line {row + 2}: {column} is {text[column].iloc[row]!r}, not {kind}."
        )
    return numbers.astype(np.int64) if count else numbers


def _begins(
    path: str | Path, table: Table, frame: pd.DataFrame, epochs: int
) -> npt.NDArray[np.bool_]:
    """Check what a table must keep, and return in which rows its runs begin."""
    for name in table.of("share"):
        check(path, (frame[name] < 0) | (frame[name] > 1), f"has {name} outside 0..1")
    if not table.output:
        return np.ones(len(frame), bool)
    # A run is never taken up again. Numbers are compared faster than text.
    run = pd.DataFrame({"variant": pd.factorize(frame["variant"])[0], "seed": frame["seed"]})
    begins: npt.NDArray[np.bool_] = (run != run.shift()).any(axis=1).to_numpy()
    if table.rule is None:
        begins = np.ones(len(frame), bool)
    repeated = np.zeros(len(frame), bool)
    repeated[begins] = run[begins].duplicated()
    check(path, repeated, "repeats a seed of its variant")
    if table.rule:
        table.rule(path, frame, begins, epochs)
    return begins


def _rows(variant: str, path: Path, table: Table) -> bytes:
    """Return the lines of a job's table without its head, each behind the variant."""
    own = table.names[1:]
    head, _, rows = _content(path).partition(b"\n")
    names = head.decode(errors="replace").split(",")
    if names != own:
        absent = [name for name in own if name in table.added and name not in names]
        if names != [name for name in own if name not in absent]:
            check_columns(path, names, own)
        filled = {name: "" if name in table.of("text") else "nan" for name in absent}
        frame = pd.read_csv(io.BytesIO(head + b"\n" + rows), dtype=str, keep_default_na=False)
        text = frame.assign(**filled)[own].to_csv(index=False, header=False, lineterminator="\n")
        rows = text.encode()
    first = variant.encode() + b","
    return first + rows[:-1].replace(b"\n", b"\n" + first) + b"\n" if rows else b""


def _same_layers(frame: pd.DataFrame) -> bool:
    """Whether all variants have the same layers; what older versions wrote has no names."""
    names = frame[["layer", "name"]].drop_duplicates()
    return not names["layer"].duplicated().any() or bool((names["name"] == "").any())


def _shared_layers(frame: pd.DataFrame) -> bytes:
    """Return the rows of the layers that all variants have, counted again.

    Where a pattern draws a further weight of a layer, such as a recurrent kernel, that is measured,
    too, but only in this variant; the kernel beside it then has a longer name.
    """
    plain = frame["name"].str.removesuffix("/kernel")
    everywhere = set.intersection(*(set(names) for _, names in plain.groupby(frame["variant"])))
    shared = frame.assign(name=plain)[plain.isin(everywhere)]
    layers = shared.groupby(["variant", "seed", "epoch"], sort=False).cumcount() + 1
    text = shared.assign(layer=layers).to_csv(
        index=False, header=False, float_format="%.9g", na_rep="nan", lineterminator="\n"
    )
    return text.encode()


def _joined(
    path: str | Path, table: Table, parts: Sequence[bytes], jobs: Sequence[Job], epochs: int
) -> Collected:
    """Return the rows of some jobs as one table, whose runs are those of the jobs."""
    text = b"".join([",".join(table.names).encode() + b"\n", *parts])
    frame = _parsed(path, table, text)
    rows = frame[_begins(path, table, frame, epochs)]
    expected = [(variant, seed) for variant, history in jobs for seed in seeds_of(history)]
    if len(rows) != len(expected):
        raise StudyError(f"{path}: it has {len(rows)} runs, not {len(expected)}.")
    found = zip(rows["variant"], rows["seed"], rows.index, strict=True)
    for (variant, seed, row), run in zip(found, expected, strict=True):
        if (variant, seed) != run:
            raise StudyError(
                f"{path}, line {row + 2}: it has seed {seed} where seed {run[1]} must be."
            )
    return Collected(text, frame)
