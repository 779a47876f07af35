"""What the final accuracies of a study say."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from initstudy.errors import StudyError

SUMMARY_COLUMNS = [
    "variant",
    "kernel_initializer",
    "bias_initializer",
    "seeds",
    "diverged",
    "accuracy_mean",
    "accuracy_sd",
    "accuracy_median",
    "accuracy_min",
    "accuracy_max",
    "loss_mean",
    "seconds_per_epoch",
    "notebook_accuracy",
    "notebook_loss",
]


def choose(scores: Mapping[str, Sequence[float]]) -> str:
    """The candidate with the highest mean score; of equal ones, the first.

    Args:
        scores: for each candidate, its final validation accuracy by seed.
    """
    return max(scores, key=lambda name: float(np.mean(scores[name])))


def summarize(
    final: pd.DataFrame,
    timings: pd.DataFrame,
    variants: Sequence[Mapping[str, Any]],
    published: pd.DataFrame | None,
) -> pd.DataFrame:
    """A row per variant, from the replicates that belong to it.

    Args:
        final: see `histories.final`.
        timings: see `histories.TIMING_COLUMNS`.
        variants: in the order of the rows: {variant, kernel_initializer, bias_initializer, seeds},
            the last a range.
        published: results to stand beside these: variant, kernel_initializer, bias_initializer,
            loss, accuracy. One of the same name but of other initializers is left out, except for
            `best`, which is a choice by its nature.

    Returns:
        SUMMARY_COLUMNS. Accuracies are fractions of 1, of the final epoch's validation; those of
        diverged replicates count (as `histories.final` has them), their losses cannot. The
        standard deviation is that of a sample.

    Raises:
        StudyError: if a replicate is missing.
    """
    rows = []
    for variant in variants:
        name, seeds = variant["variant"], variant["seeds"]
        mine = final[(final["variant"] == name) & final["seed"].isin(seeds)]
        if len(mine) != len(seeds):
            missing = sorted(set(seeds) - set(mine["seed"]))
            raise StudyError(f"{name} has no results for the seeds {missing}.")
        times = timings[(timings["variant"] == name) & timings["seed"].isin(seeds)]
        accuracy = mine["val_accuracy"]
        rows.append(
            {
                "variant": name,
                "kernel_initializer": variant["kernel_initializer"],
                "bias_initializer": variant["bias_initializer"],
                "seeds": len(seeds),
                "diverged": int(mine["diverged"].sum()),
                "accuracy_mean": accuracy.mean(),
                "accuracy_sd": accuracy.std(ddof=1),
                "accuracy_median": accuracy.median(),
                "accuracy_min": accuracy.min(),
                "accuracy_max": accuracy.max(),
                "loss_mean": mine["val_loss"].mean(),
                "seconds_per_epoch": times["seconds"].sum() / times["epochs"].sum(),
                **_published(variant, published),
            }
        )
    return pd.DataFrame(rows, columns=SUMMARY_COLUMNS)


def _published(variant: Mapping[str, Any], published: pd.DataFrame | None) -> dict[str, float]:
    if published is None:
        return {}
    row = published[published["variant"] == variant["variant"]]
    if variant["variant"] != "best":
        for role in ("kernel_initializer", "bias_initializer"):
            row = row[row[role] == variant[role]]
    if row.empty:
        return {}
    return {
        "notebook_accuracy": float(row["accuracy"].iloc[0]),
        "notebook_loss": float(row["loss"].iloc[0]),
    }
