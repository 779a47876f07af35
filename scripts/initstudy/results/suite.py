"""The results of a suite: the tables of its studies together, read when they are asked for."""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from initstudy.errors import StudyError
from initstudy.plan import VARIANTS, Plan
from initstudy.results import hits
from initstudy.results.tables import check_columns

SCORES = ["study", "variant", "seed", "accuracy", "score", "epochs_to_target"]
TRAININGS = ["study", "variant", "digest", "epochs", "one_run"]
RATES = ["study", "variant", "learning_rate", "lowest", "highest", "at_edge", "within_two_errors"]
TRIALS = ["study", "variant", "learning_rate", "seed", "val_loss", "val_accuracy", "judged"]
WORKLOADS = ["study", "dataset", "training", "validation", "inputs", "network", "optimizer"]
WORKLOADS += ["learning_rates", "epochs", "judge_by", "margin", "chance", "target", "kinds"]


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
        """TRAININGS: the digest of the runs of each study's variants."""
        return self._read("trainings.csv", TRAININGS)

    @functools.cached_property
    def trials(self) -> pd.DataFrame:
        """TRIALS: a row for each tuning run, on which learning rates were chosen."""
        return self._read("trials.csv", TRIALS)

    @functools.cached_property
    def rates(self) -> pd.DataFrame:
        """RATES: the learning rate that was chosen for each study's variant."""
        return self._read("learning_rates.csv", RATES)

    @functools.cached_property
    def workloads(self) -> pd.DataFrame:
        """WORKLOADS: what each study is."""
        texts = ["training", "learning_rates", "kinds"]
        table = self._read("workloads.csv", WORKLOADS).fillna(dict.fromkeys(texts, ""))
        return table.astype(dict.fromkeys(texts, str))

    def hits(self, study: str) -> dict[str, npt.NDArray[np.bool_]]:
        """Read which test examples each run of a study gets right, by variant; none if unknown."""
        path = Path(self.folder, "hits", f"{study}.npz")
        return hits.read(path) if path.exists() else {}

    def has(self, plan: Plan, variant: str) -> bool:
        """Find whether this is what a study would run of a variant.

        That is so if the same learning rates were tried on the same seeds, and if with the one that
        was chosen the run has the same digest, epochs and seeds.

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
        tried = [job for job in plan.trials(VARIANTS, lambda _: None) if job.variant == variant]
        jobs = [job for job in plan.selection(lambda _: chosen) if job.variant == variant]
        return (
            sorted((job.learning_rate, seed) for job in tried for seed in job.seeds)
            == pairs(self.trials, "learning_rate", "seed")
            and {(job.spec.digest, job.epochs) for job in jobs}
            == {*pairs(self.trainings, "digest", "epochs")}
            and sorted((seed,) for job in jobs for seed in job.seeds) == pairs(self.scores, "seed")
        )

    def _read(self, name: str, columns: list[str]) -> pd.DataFrame:
        path = Path(self.folder, name)
        try:
            table = pd.read_csv(path, dtype={"digest": str})
        except (OSError, ValueError) as error:
            raise StudyError(f"{path} cannot be read ({error}).") from None
        check_columns(path, list(table.columns), columns)
        return table
