"""How tables are read: fast if all is well, and with a message of file and line if it is not."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from initstudy.errors import StudyError


def read_table(
    path: str | Path,
    columns: list[str],
    whole: Sequence[str],
    content: bytes | None = None,
    words: Sequence[str] = (),
) -> pd.DataFrame:
    """Reads a table of text in its first column and of numbers in most others.

    Args:
        path: a CSV file.
        columns: those that it must have, in this order.
        whole: those of counts, int64; the others are float64.
        content: what stands in the file, if it was read already.
        words: those of text, besides the first.

    Raises:
        StudyError: names the file, the line and what is wrong there.
    """
    numbers = [column for column in columns[1:] if column not in words]
    kinds = {column: np.int64 if column in whole else np.float64 for column in numbers}
    if content is None:
        content = read_lines(path)
    try:
        # Fast, and of one mind about what is a number; it says little of what is none.
        with np.errstate(invalid="ignore"):
            frame = pd.read_csv(
                io.BytesIO(content),
                dtype={**dict.fromkeys(columns, str), **kinds},
                keep_default_na=False,
                na_values={column: ["nan"] for column in numbers},
                skip_blank_lines=False,
                encoding="utf-8",
            )
        if list(frame.columns) == columns and (frame[list(whole)] >= 0).all(axis=None):
            return frame
    except (ValueError, OverflowError):
        pass
    text = _read_text(path, content, columns)
    return pd.DataFrame(
        {
            column: _numbers(path, text, column, column in whole)
            if column in kinds
            else text[column]
            for column in columns
        }
    )


def read_lines(path: str | Path) -> bytes:
    """What stands in a file of text.

    Raises:
        StudyError: if there is none, or if it does not end with a line.
    """
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise StudyError(f"{path}: there is no such file.") from None
    except OSError as error:
        raise StudyError(f"{path}: it is not a table ({error}).") from None
    if not content.endswith(b"\n"):
        raise StudyError(f"{path}: it ends in the middle of a line.")
    return content


def check_columns(path: str | Path, found: Sequence[str], columns: Sequence[str]) -> None:
    """Checks the columns of a table.

    Raises:
        StudyError: if they are not those that it must have.
    """
    if list(found) != list(columns):
        raise StudyError(
            f"{path}, line 1: the columns are {', '.join(map(str, found))}; "
            f"they must be {', '.join(columns)}."
        )


def check(path: str | Path, bad: npt.ArrayLike, what: str) -> None:
    """Says of the first row of a table that is bad what is wrong with it.

    Args:
        path: of the table.
        bad: bool (rows,).
        what: follows upon "this row".

    Raises:
        StudyError: if one is bad.
    """
    if np.any(bad):
        raise StudyError(f"{path}, line {int(np.argmax(bad)) + 2}: this row {what}.")


def _read_text(path: str | Path, content: bytes, columns: list[str]) -> pd.DataFrame:
    try:
        frame = pd.read_csv(
            io.BytesIO(content),
            dtype=str,
            keep_default_na=False,
            skip_blank_lines=False,
            encoding="utf-8",
        )
    except ValueError as error:  # pandas' errors are among these
        raise StudyError(f"{path}: it is not a table ({str(error).strip()}).") from None
    check_columns(path, list(frame.columns), columns)
    return frame


def _numbers(path: str | Path, text: pd.DataFrame, column: str, whole: bool) -> pd.Series:
    numbers = pd.to_numeric(text[column], errors="coerce").astype(np.float64)
    bad = numbers.isna() & (text[column] != "nan")
    if whole:
        bad = numbers.isna() | (numbers % 1 != 0) | (numbers < 0)
    if bad.any():
        row = int(bad.to_numpy().argmax())
        kind = "a whole number" if whole else "a number or nan"
        raise StudyError(
            f"{path}, line {row + 2}: {column} is {text[column].iloc[row]!r}, not {kind}."
        )
    return numbers.astype(np.int64) if whole else numbers
