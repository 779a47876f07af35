"""The learning rate of each variant: what it reached at which, and the best.

An initializer that is compared at another's best learning rate is not compared: Choi, Shallue,
Nado, Lee, Maddison and Dahl, 2019, On Empirical Comparisons of Optimizers for Deep Learning;
Schmidt, Schneider and Hennig, 2021, Descending through a Crowded Valley.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from initstudy.results.histories import ACCURACY_OF_DIVERGED, METRICS
from initstudy.results.tables import read_table

COLUMNS = ["variant", "learning_rate", "seed", "val_loss", "val_accuracy"]


def from_ends(variant: str, ends: Mapping[float, Mapping[int, tuple[float, ...]]]) -> pd.DataFrame:
    """The table of one variant.

    Args:
        variant: its name.
        ends: for each learning rate and seed the last epoch's METRICS, and what follows them.

    Returns:
        COLUMNS, a row per learning rate and seed; a diverged replicate has nan for both metrics.
    """
    table = pd.DataFrame(
        [
            (variant, rate, seed, *end[METRICS.index("val_loss") : len(METRICS)])
            for rate, seeds in ends.items()
            for seed, end in seeds.items()
        ],
        columns=COLUMNS,
    )
    finite = np.isfinite(table["val_loss"])
    return table.assign(**{name: table[name].where(finite) for name in COLUMNS[3:]})


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


def choose(table: pd.DataFrame) -> dict[str, Any]:
    """The learning rate with the highest mean final validation accuracy; of equal ones the first.

    Args:
        table: COLUMNS, of one variant.

    Returns:
        What its YAML file holds: learning_rate, the seeds, and the mean of every rate.
    """
    accuracies = means(table)
    (row,) = accuracies.to_numpy().round(9).tolist()
    rounded = dict(zip(accuracies.columns.tolist(), row, strict=True))
    return {
        "learning_rate": max(rounded, key=rounded.__getitem__),
        "chosen_on": {
            "seeds": [int(table["seed"].min()), int(table["seed"].max())],
            "mean_final_validation_accuracy": rounded,
        },
    }


def chosen(path: str | Path | None) -> float | None:
    """What `choose` has written to a file; None without one: the optimizer's own is to be used."""
    return float(yaml.safe_load(Path(path).read_text())["learning_rate"]) if path else None
