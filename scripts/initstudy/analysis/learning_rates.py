"""The learning rate of each variant: what it reached at which, and the best.

An initializer that is compared at another's best learning rate is not compared: Choi, Shallue,
Nado, Lee, Maddison and Dahl, 2019, On Empirical Comparisons of Optimizers for Deep Learning;
Schmidt, Schneider and Hennig, 2021, Descending through a Crowded Valley.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from initstudy.results import histories
from initstudy.results.histories import ACCURACY_OF_DIVERGED
from initstudy.results.tables import read_table

COLUMNS = ["variant", "learning_rate", "seed", "val_loss", "val_accuracy"]


def collect(
    variants: Sequence[str], rates: Sequence[float], paths: Sequence[str | Path], epochs: int
) -> pd.DataFrame:
    """The table of the trainings that learning rates are chosen on.

    Args:
        variants: what each training is of.
        rates: the learning rate of each.
        paths: their histories, as training jobs write them.
        epochs: of the study.

    Returns:
        COLUMNS, a row per training and seed, by variant, learning rate and seed in the order in
        which these are given; a diverged replicate has nan for both metrics.

    Raises:
        StudyError: see `histories.collect`.
    """
    tables = []
    for variant, rate, path in zip(variants, rates, paths, strict=True):
        table = histories.collect([(variant, path)], epochs).frame
        last = table.drop_duplicates("seed", keep="last")
        tables.append(last.assign(learning_rate=rate)[COLUMNS])
    return pd.concat(tables, ignore_index=True)


def read(path: str | Path) -> pd.DataFrame:
    """Reads the table of one or many variants.

    Returns:
        COLUMNS: variant str, seed int64, the others float64.

    Raises:
        StudyError: names the file, the line and what is wrong there.
    """
    return read_table(path, COLUMNS, whole=("seed",))


def means(table: pd.DataFrame) -> pd.DataFrame:
    """The mean final validation accuracy at each learning rate, those of diverged ones as 0.

    Args:
        table: COLUMNS.

    Returns:
        A row per variant and a column per learning rate, both in the table's order.
    """
    counted = table.fillna({"val_accuracy": ACCURACY_OF_DIVERGED})
    return counted.pivot_table(
        index="variant", columns="learning_rate", values="val_accuracy", sort=False
    )


def choose(table: pd.DataFrame) -> dict[str, float]:
    """The learning rate with the highest mean final validation accuracy, for each variant.

    Of equal ones the first of the table is chosen.

    Args:
        table: COLUMNS.
    """
    best = means(table).round(9).idxmax(axis=1)
    return {str(variant): float(rate) for variant, rate in best.items()}
