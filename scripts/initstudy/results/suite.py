"""The results of a suite: what its studies say together, read when it is asked for."""

import functools
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from initstudy.errors import StudyError
from initstudy.results.tables import check_columns

SCORES = ["study", "variant", "seed", "accuracy", "score", "epochs_to_target"]
TRAININGS = ["study", "variant", "digest", "epochs"]
TRIALS = ["study", "variant", "learning_rate", "seed", "val_loss", "val_accuracy", "judged"]


@dataclass(frozen=True)
class SuiteResults:
    """What is in `results/<suite>/`, or in a folder that holds its tables, such as docs/benchmark.

    Each property raises a StudyError that names the file, if it cannot be read.

    Args:
        folder: of the suite.

    Example:
        >>> SuiteResults("docs/benchmark").scores
    """

    folder: str | Path

    @functools.cached_property
    def scores(self) -> pd.DataFrame:
        """SCORES: a row for each replicate."""
        return self._read("scores.csv", SCORES)

    @functools.cached_property
    def trainings(self) -> pd.DataFrame:
        """TRAININGS: which training each study's variant is of."""
        return self._read("trainings.csv", TRAININGS)

    @functools.cached_property
    def trials(self) -> pd.DataFrame:
        """TRIALS: what learning rates were chosen on, a row for each replicate."""
        return self._read("trials.csv", TRIALS)

    def _read(self, name: str, columns: list[str]) -> pd.DataFrame:
        path = Path(self.folder, name)
        try:
            table = pd.read_csv(path, dtype={"digest": str})
        except (OSError, ValueError) as error:
            raise StudyError(f"{path} cannot be read ({error}).") from None
        check_columns(path, list(table.columns), columns)
        return table
