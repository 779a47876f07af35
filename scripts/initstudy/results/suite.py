"""The results of a suite: the tables of its studies together, read when they are asked for."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from initstudy.engine.spec import METRIC
from initstudy.plan import VARIANTS, Choices, Plan
from initstudy.results import examples
from initstudy.results.dictionary import SUITE_TABLES
from initstudy.results.tables import check_columns, read_any

SCORES, TRAININGS, RATES, TRIALS, WORKLOADS = (
    SUITE_TABLES[f"{name}.csv"].names
    for name in ("scores", "trainings", "learning_rates", "trials", "workloads")
)


@dataclass(frozen=True)
class SuiteResults:
    """What is in `results/<suite>/`, or in a folder that holds its tables, such as docs/benchmark.

    Each property raises a StudyError that names the file, if it cannot be read.

    Args:
        folder: of the suite.

    Examples:
        >>> SuiteResults("docs/benchmark").scores
    """

    folder: str | Path

    @functools.cached_property
    def scores(self) -> pd.DataFrame:
        """SCORES: a row for each run."""
        return self._read("scores.csv", SCORES)

    @functools.cached_property
    def trainings(self) -> pd.DataFrame:
        """TRAININGS: the run spec of each study's variant."""
        return self._read("trainings.csv", TRAININGS)

    @functools.cached_property
    def trials(self) -> pd.DataFrame:
        """TRIALS: a row for each tuning run."""
        return self._read("trials.csv", TRIALS)

    @functools.cached_property
    def rates(self) -> pd.DataFrame:
        """RATES: the learning rate that was chosen for each study's variant."""
        return self._read("learning_rates.csv", RATES)

    @functools.cached_property
    def workloads(self) -> pd.DataFrame:
        """WORKLOADS: what each study is."""
        texts = ["training", "learning_rates", "kinds"]
        table = self._read("workloads.csv", WORKLOADS, {"metric": METRIC})
        table = table.fillna(dict.fromkeys(texts, ""))
        return table.astype(dict.fromkeys(texts, str))

    def correct(self, study: str) -> dict[str, npt.NDArray[np.bool_]]:
        """Return the correct predictions of a study by variant; none if they are not here."""
        path = Path(self.folder, "hits", f"{study}.npz")
        return examples.by_variant(examples.read(path), METRIC) if path.exists() else {}

    def has(self, plan: Plan, variant: str) -> bool:
        """Return whether this is what a study would train of a variant.

        That is so if the tuning runs have the same learning rates and seeds, and if with the one
        that was chosen the runs have the same digest, epochs and seeds.

        Args:
            plan: of the study.
            variant: one of its variants.
        """

        def own(table: pd.DataFrame) -> pd.DataFrame:
            return table[(table["study"] == plan.study.name) & (table["variant"] == variant)]

        def pairs(table: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
            return sorted(own(table)[[*columns]].itertuples(index=False, name=None))

        rates = own(self.rates)["learning_rate"]
        chosen = {} if rates.empty else {variant: float(rates.iloc[0])}
        tried = [job for job in plan.tuning(VARIANTS, Choices()) if job.variant == variant]
        jobs = [job for job in plan.selection(Choices(lambda _: chosen)) if job.variant == variant]
        return (
            sorted((job.learning_rate, seed) for job in tried for seed in job.seeds)
            == pairs(self.trials, "learning_rate", "seed")
            and {(job.spec.digest, job.epochs) for job in jobs}
            == {*pairs(self.trainings, "digest", "epochs")}
            and sorted((seed,) for job in jobs for seed in job.seeds) == pairs(self.scores, "seed")
        )

    def _read(
        self, name: str, columns: list[str], added: Mapping[str, str] | None = None
    ) -> pd.DataFrame:
        """Read a table; those of older versions lack what was added."""
        path = Path(self.folder, name)
        table = read_any(path, dtype={"digest": str})
        for column, value in (added or {}).items():
            if column not in table:
                table[column] = value
        # Where not all studies are judged by accuracy, it has another name.
        found = list(table.columns)
        if {"value", "val_value"} & {*found}:
            columns = [column.replace(METRIC, "value") for column in columns]
        check_columns(path, found, columns)
        return table
