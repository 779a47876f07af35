"""The CSV files of a study: their contract, kept in one place for those who write and read them.

A history has one row per seed and epoch. A replicate that diverges ends with the epoch in which its
loss stopped being finite: that row has `nan` for all four metrics, and no row follows it. Where
training images are held out for validation, a second table has one row per seed with what the test
images gave after the last epoch.
"""

import io
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from initstudy.errors import StudyError
from initstudy.results.files import check_sum, replacing

METRICS = ["loss", "accuracy", "val_loss", "val_accuracy"]
COLUMNS = ["variant", "seed", "epoch", *METRICS]
TEST_COLUMNS = ["variant", "seed", "test_loss", "test_accuracy"]
TIMING_COLUMNS = ["variant", "seed", "epochs", "seconds", "cpu_seconds", "peak_memory_mb"]

# A network whose outputs are not numbers names no digit, so it gets no image right.
ACCURACY_OF_DIVERGED = 0.0


def from_epochs(
    variant: str,
    replicates: Mapping[int, Sequence[tuple[float, float, float, float, float]]],
    spent: Mapping[str, float],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The history and the timings of one training job.

    Args:
        variant: its name.
        replicates: for each seed its epochs, as METRICS and seconds.
        spent: cpu_seconds and peak_memory_mb of the job.

    Returns:
        The history (COLUMNS), with an epoch that is not finite marked, and the timings
        (TIMING_COLUMNS).
    """
    history = pd.DataFrame(
        [
            (variant, seed, number, *metrics)
            for seed, epochs in replicates.items()
            for number, (*metrics, _) in enumerate(epochs, 1)
        ],
        columns=COLUMNS,
    )
    diverged = ~np.isfinite(history[METRICS]).all(axis=1)
    history.loc[diverged, METRICS] = np.nan
    timings = pd.DataFrame(
        [
            (
                variant,
                seed,
                len(epochs),
                sum(epoch[-1] for epoch in epochs),
                spent["cpu_seconds"] / len(replicates),
                spent["peak_memory_mb"],
            )
            for seed, epochs in replicates.items()
        ],
        columns=TIMING_COLUMNS,
    )
    return history, timings


def from_tests(variant: str, tests: Mapping[int, tuple[float, float]]) -> pd.DataFrame:
    """TEST_COLUMNS of one training job.

    Args:
        variant: its name.
        tests: for each seed loss and accuracy of the test images; nan if it diverged.
    """
    return pd.DataFrame(
        [(variant, seed, *metrics) for seed, metrics in tests.items()], columns=TEST_COLUMNS
    )


def write(frame: pd.DataFrame, path: str | Path) -> None:
    """Writes a table as CSV, whole or not at all; `nan` stands for what is not a number.

    The same numbers always give the same bytes.
    """
    with replacing(path) as temporary:
        frame.to_csv(temporary, index=False, float_format="%.9g", na_rep="nan", lineterminator="\n")


def read(
    path: str | Path,
    epochs: int,
    variants: Sequence[str] | None = None,
    seeds: Iterable[int] | None = None,
) -> pd.DataFrame:
    """Reads a history and checks that it keeps the contract and was not changed since.

    Args:
        path: a CSV file with COLUMNS.
        epochs: how many every replicate must have, unless it diverged.
        variants: those it may hold; any if None.
        seeds: those that each variant in it must have, no other; any if None.

    Returns:
        COLUMNS, sorted as in the file: variant str, seed and epoch int64, the metrics float64.

    Raises:
        StudyError: names the file, the line and what is wrong there.
    """
    frame = read_table(path, COLUMNS, whole=("seed", "epoch"))
    begins = _check_contract(path, frame, epochs)
    if variants is not None:
        check(
            path,
            ~frame["variant"].isin(list(variants)).to_numpy(),
            "is of a variant that is not expected here (" + ", ".join(variants) + ")",
        )

    if seeds is not None:
        expected = sorted(seeds)
        for variant in variants if variants is not None else frame["variant"].unique():
            found = sorted(frame.loc[begins & (frame["variant"] == variant).to_numpy(), "seed"])
            if found != expected:
                raise StudyError(f"{path}: {variant} has the seeds {found}, not {expected}.")
    # Last, since what is wrong with a line says more.
    check_sum(path)
    return frame


def read_run(path: str | Path, epochs: int) -> pd.DataFrame:
    """Reads the history of one training job, and checks that it is of what its path says.

    Args:
        path: `.../<variant>/seeds-<first>-<last>.csv`.
        epochs: see `read`.

    Raises:
        StudyError: see `read`.
    """
    variant, seeds = _job(path)
    return read(path, epochs, [variant], seeds)


def read_runs(paths: Sequence[str | Path], epochs: int) -> pd.DataFrame:
    """Reads the histories of many training jobs as one table, as `read_run` reads each.

    If all is well, which is the rule, it takes a tenth of the time.

    Raises:
        StudyError: see `read`.
    """
    try:
        frame = read_table(io.BytesIO(join(paths)), COLUMNS, whole=("seed", "epoch"))
        begins = _check_contract("", frame, epochs)
        jobs = [_job(path) for path in paths]
        if list(zip(frame["variant"][begins], frame["seed"][begins], strict=True)) == [
            (variant, seed) for variant, seeds in jobs for seed in seeds
        ]:
            for path in paths:
                check_sum(path)
            return frame
    except StudyError:
        pass  # told below, with the file that it is about
    return pd.concat([read_run(path, epochs) for path in paths], ignore_index=True)


def join(paths: Sequence[str | Path]) -> bytes:
    """Puts tables with the same columns below each other, byte by byte.

    Raises:
        StudyError: if one is missing or has other columns than the first.
    """
    tables: list[bytes] = []
    for path in paths:
        _check_last_line(path)
        columns, _, rows = Path(path).read_bytes().partition(b"\n")
        if not tables:
            tables.append(columns + b"\n")
        if columns + b"\n" != tables[0]:
            raise StudyError(f"{path}, line 1: it has other columns than {paths[0]}.")
        tables.append(rows)
    return b"".join(tables)


def read_timings(path: str | Path) -> pd.DataFrame:
    """Reads what the replicates of one or many jobs took.

    Returns:
        TIMING_COLUMNS: variant str, seed and epochs int64, seconds float64 (of all epochs of that
        replicate together, without compilation), cpu_seconds float64 (of its job, in equal shares)
        and peak_memory_mb float64 (of its job).

    Raises:
        StudyError: names the file, the line and what is wrong there.
    """
    return read_table(path, TIMING_COLUMNS, whole=("seed", "epochs"))


def read_tests(path: str | Path) -> pd.DataFrame:
    """Reads what the test images gave, of one or many jobs.

    Returns:
        TEST_COLUMNS: variant str, seed int64, test_loss and test_accuracy float64.

    Raises:
        StudyError: names the file, the line and what is wrong there.
    """
    frame = read_table(path, TEST_COLUMNS, whole=("seed",))
    accuracy = frame["test_accuracy"]
    check(path, (accuracy < 0) | (accuracy > 1), "has an accuracy outside 0..1")
    check(path, frame.duplicated(["variant", "seed"]), "repeats a seed of its variant")
    return frame


def final(histories: pd.DataFrame, tests: pd.DataFrame | None = None) -> pd.DataFrame:
    """How each replicate ended, and whether it diverged.

    Args:
        histories: COLUMNS.
        tests: TEST_COLUMNS of the same replicates; None to judge by the validation images.

    Returns:
        A row per variant and seed, in their order: variant, seed, diverged (bool), loss and
        accuracy. A diverged replicate has the loss nan and ACCURACY_OF_DIVERGED.

    Raises:
        StudyError: if the tests are not of these replicates.
    """
    last = histories.drop_duplicates(["variant", "seed"], keep="last").reset_index(drop=True)
    judged = last.rename(columns={"val_loss": "by_loss", "val_accuracy": "by_accuracy"})
    if tests is not None:
        judged = last.merge(tests, on=["variant", "seed"], how="left")
        lacking = last[judged["test_loss"].isna() & last["val_loss"].notna()]
        for variant, seed in zip(lacking["variant"], lacking["seed"], strict=True):
            raise StudyError(f"{variant} has no test results for the seed {seed}.")
        judged = judged.rename(columns={"test_loss": "by_loss", "test_accuracy": "by_accuracy"})
    diverged = last["val_loss"].isna()
    return pd.DataFrame(
        {
            "variant": last["variant"],
            "seed": last["seed"],
            "diverged": diverged,
            "loss": judged["by_loss"].mask(diverged),
            "accuracy": judged["by_accuracy"].mask(diverged, ACCURACY_OF_DIVERGED),
        }
    )


def read_final(path: str | Path, epochs: int, tests: str | Path | None = None) -> pd.DataFrame:
    """Reads how each replicate of a study ended, see `final`, `read` and `read_tests`."""
    return final(read(path, epochs), read_tests(tests) if tests else None)


def by_variant(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of each variant, found once instead of each time that they are asked for.

    Args:
        table: histories, or what `final` makes of them.
    """
    return {str(name): rows for name, rows in table.groupby("variant", sort=False)}


def accuracies(
    final: Mapping[str, pd.DataFrame], variant: str, seeds: range
) -> npt.NDArray[np.float64]:
    """The final accuracies of a variant, in the order of the seeds.

    Args:
        final: as from `final`, by variant.
        variant: one of them.
        seeds: its replicates.

    Raises:
        StudyError: if one is missing.
    """
    rows = final.get(variant)
    values = {} if rows is None else dict(zip(rows["seed"], rows["accuracy"], strict=True))
    _check_seeds(variant, seeds, values)
    return np.array([values[seed] for seed in seeds], dtype=np.float64)


def curves(
    histories: Mapping[str, pd.DataFrame], variant: str, seeds: range, epochs: int, metric: str
) -> npt.NDArray[np.float64]:
    """One metric of one variant, by replicate and epoch.

    Args:
        histories: COLUMNS, by variant.
        variant: one of them.
        seeds: its replicates.
        epochs: of the study.
        metric: one of METRICS.

    Returns:
        float64 (len(seeds), epochs). From its diverged epoch on, a replicate has
        ACCURACY_OF_DIVERGED as accuracies and nan as losses.

    Raises:
        StudyError: if a replicate is missing.
    """
    rows = histories.get(variant)
    if rows is None:
        raise StudyError(f"There are no results of {variant}.")
    _check_seeds(variant, seeds, set(rows["seed"].tolist()))
    replicate = rows["seed"].to_numpy() - seeds.start
    mine = (replicate >= 0) & (replicate < len(seeds))
    values = np.full((len(seeds), epochs), np.nan)
    values[replicate[mine], rows["epoch"].to_numpy()[mine] - 1] = rows[metric].to_numpy()[mine]
    return np.nan_to_num(values, nan=ACCURACY_OF_DIVERGED) if "accuracy" in metric else values


def _check_seeds(variant: str, seeds: range, found: Collection[int]) -> None:
    missing = [seed for seed in seeds if seed not in found]
    if missing:
        raise StudyError(f"{variant} has no results for the seeds {missing}.")


def _job(path: str | Path) -> tuple[str, range]:
    """The variant and the seeds of a training job, by the path of its history."""
    file = Path(path)
    first, last = file.stem.removeprefix("seeds-").split("-")
    return file.parent.name, range(int(first), int(last) + 1)


def read_table(
    source: str | Path | io.BytesIO, columns: list[str], whole: Sequence[str]
) -> pd.DataFrame:
    """Reads a table of text in its first column and of numbers in the others.

    Args:
        source: a CSV file, or what was read from some.
        columns: those that it must have, in this order.
        whole: those of counts, int64; the others are float64.

    Raises:
        StudyError: names the file, the line and what is wrong there.
    """
    kinds = {column: np.int64 if column in whole else np.float64 for column in columns[1:]}
    if not isinstance(source, io.BytesIO):
        _check_last_line(source)
    try:
        # Fast, and of one mind about what is a number; it says little of what is none.
        with np.errstate(invalid="ignore"):
            frame = pd.read_csv(
                source,
                dtype={columns[0]: str, **kinds},
                keep_default_na=False,
                na_values={column: ["nan"] for column in columns[1:]},
                skip_blank_lines=False,
                encoding="utf-8",
            )
        if list(frame.columns) == columns and (frame[list(whole)] >= 0).all(axis=None):
            return frame
    except (OSError, ValueError, OverflowError):
        pass
    path = "" if isinstance(source, io.BytesIO) else source
    text = _read_text(path, columns)
    return pd.DataFrame(
        {
            columns[0]: text[columns[0]],
            **{column: _numbers(path, text, column, column in whole) for column in columns[1:]},
        }
    )


def _check_contract(path: str | Path, frame: pd.DataFrame, epochs: int) -> npt.NDArray[np.bool_]:
    """Checks what every history must keep, and returns where its replicates begin."""
    values = frame[METRICS].to_numpy()
    marked = np.isnan(values)
    check(path, marked.any(1) != marked.all(1), "has nan for some of its metrics, not for all")
    check(path, np.isinf(values).any(1), "has an infinite metric; a diverged epoch has nan")
    accuracies = frame[["accuracy", "val_accuracy"]].to_numpy()
    check(path, ((accuracies < 0) | (accuracies > 1)).any(1), "has an accuracy outside 0..1")

    # Epochs count up from 1 within a replicate, and a replicate is never taken up again.
    codes, _ = pd.factorize(frame["variant"])
    replicate = pd.DataFrame({"variant": codes, "seed": frame["seed"]})
    begins: np.ndarray = (replicate != replicate.shift()).any(axis=1).to_numpy()
    repeated = np.zeros(len(frame), dtype=bool)
    repeated[begins] = replicate[begins].duplicated()
    check(path, repeated, "repeats a seed of its variant")
    previous = np.where(begins, 0, frame["epoch"].shift(fill_value=0).to_numpy())
    check(
        path,
        frame["epoch"].to_numpy() != previous + 1,
        "does not have the epoch that follows; a row per seed and epoch is needed, from 1 on",
    )
    ends = np.append(begins[1:], True)[: len(begins)]
    diverged = marked.any(axis=1)
    check(path, diverged & ~ends, "is marked as diverged (nan), but its replicate goes on")
    check(
        path,
        ends & ~diverged & (frame["epoch"].to_numpy() != epochs),
        f"is the last of its seed, but the study has {epochs} epochs",
    )
    check(path, frame["epoch"].to_numpy() > epochs, f"is beyond the study's {epochs} epochs")
    return begins


def _check_last_line(path: str | Path) -> None:
    try:
        with Path(path).open("rb") as file:
            file.seek(-1, os.SEEK_END)
            if file.read() != b"\n":
                raise StudyError(f"{path}: it ends in the middle of a line.")
    except FileNotFoundError:
        raise StudyError(f"{path}: there is no such file.") from None
    except OSError as error:
        raise StudyError(f"{path}: it is not a table ({error}).") from None


def _read_text(path: str | Path, columns: list[str]) -> pd.DataFrame:
    try:
        frame = pd.read_csv(
            path, dtype=str, keep_default_na=False, skip_blank_lines=False, encoding="utf-8"
        )
    except (OSError, ValueError) as error:  # pandas' errors are among the latter
        raise StudyError(f"{path}: it is not a table ({str(error).strip()}).") from None
    if list(frame.columns) != columns:
        raise StudyError(
            f"{path}, line 1: the columns are {', '.join(map(str, frame.columns))}; "
            f"they must be {', '.join(columns)}."
        )
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
