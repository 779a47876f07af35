"""What training jobs write beside each other, and how the tables of many are put together.

A job writes `epochs-<n>/seeds-<first>-<last>.<ending>`, for each kind of `store.OUTPUTS`. Its
tables do not name a variant, since a run may be several studies' by different names; the
tables of a study have it as their first column.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from initstudy.errors import StudyError
from initstudy.results.tables import check_columns, read_lines, read_table
from initstudy.store import OUTPUTS

# A variant's name, and the history that a job has written for it.
Job = tuple[str, str | Path]
# Checks a table (named by its path) of some jobs, and raises StudyError.
Check = Callable[[str | Path, pd.DataFrame, Sequence[Job]], None]


class Collected(NamedTuple):
    """A table of many jobs, as it is written and as it is computed with."""

    text: bytes
    frame: pd.DataFrame


def jobs_of(variants: Sequence[str], files: Sequence[str | Path]) -> list[Job]:
    """Return each file with the name of its variant.

    Raises:
        StudyError: if Snakemake does not know the files yet.
    """
    if len(variants) != len(files):
        raise StudyError(
            "Snakemake has started this job before it knew the runs that a choice adds, as it does "
            "with --forcerun of a rule like this one. Nothing is lost: run the same command again "
            "without --forcerun, or with --forcerun train alone."
        )
    return list(zip(variants, files, strict=True))


def beside(history: str | Path, kind: str) -> Path:
    """The file of another kind of the job that has written a history."""
    return Path(history).with_suffix(f".{OUTPUTS[kind]}")


def seeds_of(history: str | Path) -> range:
    """The seeds of a job, by the path of its history."""
    first, last = Path(history).stem.removeprefix("seeds-").split("-")
    return range(int(first), int(last) + 1)


def replicates(jobs: Sequence[Job]) -> list[tuple[str, int]]:
    """The variant and the seed of each replicate of some jobs, in their order."""
    return [(variant, seed) for variant, history in jobs for seed in seeds_of(history)]


def table_of_runs(jobs: Sequence[Job]) -> bytes:
    """Where the runs of a study's variants are: variant, first_seed, last_seed, history."""
    rows = [
        (variant, seeds_of(history)[0], seeds_of(history)[-1], history) for variant, history in jobs
    ]
    table = pd.DataFrame(rows, columns=["variant", "first_seed", "last_seed", "history"])
    return table.to_csv(index=False, lineterminator="\n").encode()


def collected(
    jobs: Sequence[Job],
    kind: str,
    columns: list[str],
    whole: Sequence[str],
    check_all: Check,
    optional: Sequence[str] = (),
    words: Sequence[str] = (),
) -> Collected:
    """Joins the tables of one kind of many jobs, with the variant as first column, and checks them.

    If all is well, which is the rule, all are checked as one.

    Args:
        jobs: where they are.
        kind: of `store.OUTPUTS`.
        columns: of the joined table; all but the first are those of the jobs'.
        whole: see `read_table`.
        check_all: checks a table of some of the jobs.
        optional: columns that a job of another version may lack; they are nan then, or empty.
        words: see `read_table`.

    Raises:
        StudyError: names the file of the job, the line and what is wrong there.
    """
    head = ",".join(columns).encode() + b"\n"
    try:
        lacking = {column: "" if column in words else "nan" for column in optional}
        parts = [_rows(variant, beside(path, kind), columns, lacking) for variant, path in jobs]
        text = b"".join([head, *parts])
        table = Collected(text, read_table("", columns, whole, text, words))
        check_all("", table.frame, jobs)
        return table
    except StudyError:
        for job in jobs:
            file = beside(job[1], kind)
            content = head + _rows(job[0], file, columns, lacking)
            check_all(file, read_table(file, columns, whole, content, words), [job])
        raise StudyError(
            f"The {kind} of {len(jobs)} jobs are right, but not together: "
            "two of them have the same seeds of the same variant."
        ) from None


def check_replicates(path: str | Path, rows: pd.DataFrame, jobs: Sequence[Job]) -> None:
    """Checks that a table is of the replicates that its jobs should have.

    Args:
        path: of the table.
        rows: one for each of its replicates, with variant and seed; the index counts its lines.
        jobs: whose table it is.

    Raises:
        StudyError: names the file, and the line if one is of another replicate.
    """
    expected = pd.DataFrame(replicates(jobs), columns=["variant", "seed"])
    if len(rows) != len(expected):
        raise StudyError(f"{path}: it has {len(rows)} replicates, not {len(expected)}.")
    wrong = (rows[["variant", "seed"]].to_numpy() != expected.to_numpy()).any(axis=1)
    if wrong.any():
        place = int(wrong.argmax())
        raise StudyError(
            f"{path}, line {rows.index[place] + 2}: it has seed {rows['seed'].iloc[place]} where "
            f"seed {expected['seed'].iloc[place]} must stand."
        )


def _rows(variant: str, path: Path, columns: list[str], lacking: Mapping[str, str]) -> bytes:
    """The lines of a job's table without its head, each behind the variant; what it may lack has
    what stands there then.
    """
    head, _, rows = read_lines(path).partition(b"\n")
    names = head.decode(errors="replace").split(",")
    if names != columns[1:]:
        absent = {
            name: lacking[name] for name in columns[1:] if name in lacking and name not in names
        }
        if names != [name for name in columns[1:] if name not in absent]:
            check_columns(path, names, columns[1:])
        table = pd.read_csv(io.BytesIO(head + b"\n" + rows), dtype=str, keep_default_na=False)
        filled = table.assign(**absent)[columns[1:]]
        rows = filled.to_csv(index=False, header=False, lineterminator="\n").encode()
    first = variant.encode() + b","
    return first + rows[:-1].replace(b"\n", b"\n" + first) + b"\n" if rows else b""
