"""The CSV files of a study: their contract, kept in one place for those who write and read them.

A history has one row per seed and epoch. A replicate that diverges ends with the epoch in which its
loss stopped being finite: that row has `nan` for all four metrics, and no row follows it. Where
training images are held out for validation, it is the test images by which a replicate is judged: a
second table has one row per seed with what they gave after the last epoch.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from initstudy.errors import StudyError
from initstudy.results.columns import HISTORY, METRICS, TESTS, TIMINGS
from initstudy.results.files import replacing
from initstudy.results.outputs import (
    Collected,
    Job,
    check_replicates,
    collected,
)
from initstudy.results.tables import check, read_table

# A network whose outputs are not numbers names no digit, so it gets no image right.
ACCURACY_OF_DIVERGED = 0.0


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
    """Reads a history and checks that it keeps the contract.

    Args:
        path: a CSV file with HISTORY.
        epochs: how many every replicate must have, unless it diverged.
        variants: those it may hold; any if None.
        seeds: those that each variant in it must have, no other; any if None.

    Returns:
        HISTORY, sorted as in the file: variant str, seed and epoch int64, the metrics float64.

    Raises:
        StudyError: names the file, the line and what is wrong there.
    """
    frame = read_table(path, HISTORY, whole=("seed", "epoch"))
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
    return frame


def collect(jobs: Sequence[Job], epochs: int) -> Collected:
    """Joins the histories of many training jobs, and checks that they keep the contract.

    Args:
        jobs: the variant that each is of, and the path of its history.
        epochs: see `read`.

    Returns:
        The table as text and as numbers, see `read`.

    Raises:
        StudyError: names the file of the job, the line and what is wrong there.
    """

    def check_all(path: str | Path, frame: pd.DataFrame, jobs: Sequence[Job]) -> None:
        begins = _check_contract(path, frame, epochs)
        check_replicates(path, frame[begins], jobs)

    return collected(jobs, "history", HISTORY, ["seed", "epoch"], check_all)


def collect_tests(jobs: Sequence[Job]) -> Collected:
    """Joins what the test images gave, of many training jobs; see `collect` and `read_tests`."""

    def check_all(path: str | Path, frame: pd.DataFrame, jobs: Sequence[Job]) -> None:
        _check_tests(path, frame)
        check_replicates(path, frame, jobs)

    return collected(jobs, "tests", TESTS, ["seed"], check_all)


def collect_timings(jobs: Sequence[Job]) -> Collected:
    """Joins what the replicates of many training jobs took; see `collect` and `read_timings`."""
    return collected(jobs, "timings", TIMINGS, ["seed", "epochs"], check_replicates)


def read_timings(path: str | Path) -> pd.DataFrame:
    """Reads what the replicates of one or many jobs took.

    Returns:
        TIMINGS: variant str, seed and epochs int64, seconds float64 (of all epochs of that
        replicate together, without compilation), cpu_seconds float64 (of what its job did for it;
        the first has what came before, too) and peak_memory_mb float64 (of its job).

    Raises:
        StudyError: names the file, the line and what is wrong there.
    """
    return read_table(path, TIMINGS, whole=("seed", "epochs"))


def read_tests(path: str | Path) -> pd.DataFrame:
    """Reads what the test images gave, of one or many jobs.

    Returns:
        TESTS: variant str, seed int64, test_loss and test_accuracy float64.

    Raises:
        StudyError: names the file, the line and what is wrong there.
    """
    frame = read_table(path, TESTS, whole=("seed",))
    _check_tests(path, frame)
    return frame


def final(histories: pd.DataFrame, tests: pd.DataFrame | None = None) -> pd.DataFrame:
    """How each replicate ended, and whether it diverged.

    Args:
        histories: HISTORY.
        tests: TESTS of the same replicates; None to judge by the validation images.

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


def by_variant(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of each variant, found once instead of each time that they are asked for.

    Args:
        table: histories, or what `final` makes of them.
    """
    return {str(name): rows for name, rows in table.groupby("variant", sort=False)}


def accuracies(
    final: Mapping[str, pd.DataFrame], variant: str, seeds: range, column: str = "accuracy"
) -> npt.NDArray[np.float64]:
    """The final accuracies of a variant, in the order of the seeds.

    Args:
        final: as from `final`, by variant.
        variant: one of them.
        seeds: its replicates.
        column: another one of the table, instead of the accuracy.

    Raises:
        StudyError: if one is missing.
    """
    rows = final.get(variant)
    values = {} if rows is None else dict(zip(rows["seed"], rows[column], strict=True))
    _check_seeds(variant, seeds, values)
    return np.array([values[seed] for seed in seeds], dtype=np.float64)


def curves(
    histories: Mapping[str, pd.DataFrame], variant: str, seeds: range, epochs: int, metric: str
) -> npt.NDArray[np.float64]:
    """One metric of one variant, by replicate and epoch.

    Args:
        histories: HISTORY, by variant.
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


def _check_tests(path: str | Path, frame: pd.DataFrame) -> None:
    accuracy = frame["test_accuracy"]
    check(path, (accuracy < 0) | (accuracy > 1), "has an accuracy outside 0..1")
    check(path, frame.duplicated(["variant", "seed"]), "repeats a seed of its variant")
