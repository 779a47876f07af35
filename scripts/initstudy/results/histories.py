"""The histories of a study in numbers: how each run ended, and its curves."""

from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from initstudy.errors import StudyError
from initstudy.results.contracts import MEASURES
from initstudy.study import Study


def bounded(values: "pd.Series[float]", study: Study, part: str) -> "pd.Series[float]":
    """Bound values of the metric by the worst that counts; nan are those of diverged runs.

    Of accuracies that is 0: a network whose outputs are not numbers names no class. Of errors,
    which have no end, it is the constant answer's: a run that is further off has learned nothing,
    and by how much would hide all other differences.

    Args:
        values: of the study's metric.
        study: that they belong to.
        part: the examples that they are of: test, val or train.
    """
    if study.perfect:
        return values.fillna(0.0)
    return values.fillna(np.inf).clip(upper=study.constant_on(part))


def final(histories: pd.DataFrame, study: Study, tests: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return how each run ended, and whether it diverged.

    Args:
        histories: `contracts.HISTORIES`.
        study: that they belong to.
        tests: `contracts.TESTS` of the same runs; None to take the validation examples.

    Returns:
        A row per variant and seed, in their order: variant, seed, diverged (bool), loss and the
        metric by its name. A diverged run has the loss nan; metrics are `bounded`.

    Raises:
        StudyError: if the tests are not of these runs.
    """
    last = histories.drop_duplicates(["variant", "seed"], keep="last").reset_index(drop=True)
    diverged, judged, prefix = last["val_loss"].isna(), last, "val"
    if tests is not None:
        judged, prefix = last.merge(tests, on=["variant", "seed"], how="left"), "test"
        lacking = last[judged["test_loss"].isna() & ~diverged]
        for variant, seed in zip(lacking["variant"], lacking["seed"], strict=True):
            raise StudyError(f"{variant} has no test results for the seed {seed}.")
    return last[["variant", "seed"]].assign(
        diverged=diverged,
        loss=judged[f"{prefix}_loss"].mask(diverged),
        **{study.metric: bounded(judged[f"{prefix}_{study.metric}"].mask(diverged), study, prefix)},
    )


def by_variant(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the rows of each variant, found once instead of each time that they are needed."""
    return {str(name): rows for name, rows in table.groupby("variant", sort=False)}


def ends(
    final: Mapping[str, pd.DataFrame], variant: str, seeds: range, column: str
) -> npt.NDArray[np.float64]:
    """Return how the runs of a variant ended, in the order of the seeds: float64 (n,).

    Args:
        final: as from `final`, by variant.
        variant: one of them.
        seeds: of its runs.
        column: of the table, such as the metric.

    Raises:
        StudyError: if one is missing.
    """
    rows = final.get(variant)
    values = {} if rows is None else dict(zip(rows["seed"], rows[column], strict=True))
    _check_seeds(variant, seeds, values)
    return np.array([values[seed] for seed in seeds], dtype=np.float64)


def curves(
    histories: Mapping[str, pd.DataFrame], variant: str, seeds: range, study: Study, column: str
) -> npt.NDArray[np.float64]:
    """Return one column of one variant, by seed and epoch.

    Args:
        histories: `contracts.HISTORIES`, by variant.
        variant: one of them.
        seeds: of its runs.
        study: that they belong to.
        column: a loss or the metric.

    Returns:
        float64 (len(seeds), epochs). From its diverged epoch on, a run has nan as losses; metrics
        are `bounded`.

    Raises:
        StudyError: if a seed is missing.
    """
    rows = histories.get(variant)
    if rows is None:
        raise StudyError(f"There are no results of {variant}.")
    _check_seeds(variant, seeds, set(rows["seed"].tolist()))
    run = rows["seed"].to_numpy() - seeds.start
    mine = (run >= 0) & (run < len(seeds))
    values = np.full((len(seeds), study.epochs), np.nan)
    values[run[mine], rows["epoch"].to_numpy()[mine] - 1] = rows[column].to_numpy()[mine]
    if column in ("loss", "val_loss"):
        return values
    part = "val" if column.startswith("val_") else "train"
    whole = bounded(pd.Series(values.ravel()), study, part).to_numpy(dtype=np.float64)
    return np.reshape(whole, values.shape)


def _check_seeds(variant: str, seeds: range, found: Collection[int]) -> None:
    missing = [seed for seed in seeds if seed not in found]
    if missing:
        raise StudyError(f"{variant} has no results for the seeds {missing}.")


def start_alike(diagnostics: pd.DataFrame) -> set[str]:
    """Return the variants of several runs that all start from the same network: deterministic ones.

    Args:
        diagnostics: `contracts.DIAGNOSTICS`.
    """
    first = diagnostics[diagnostics["epoch"] == 0]
    keys = ["variant", "layer"]
    measures = first[MEASURES].fillna(np.inf)
    alike = measures == measures.groupby([first[key] for key in keys]).transform("first")
    found = alike.all(axis=1).groupby(first["variant"]).all()
    alone = first.groupby("variant")["seed"].nunique() < 2
    return {str(name) for name in found.index[found & ~alone]}
