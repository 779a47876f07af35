"""What the final accuracies of a study say."""

from collections.abc import Mapping, Sequence
from typing import Any

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


def choose_pair(
    final: pd.DataFrame, pairs: Mapping[str, Sequence[Mapping[str, Any]]], seeds: range
) -> dict[str, Any]:
    """The kernel and the bias initializer with the highest mean final validation accuracy.

    The two are chosen apart: the kernel initializer among the variants that differ from the
    baseline in it, the bias initializer likewise, the baseline's own among the candidates of both.
    Of equal ones the first wins, and the baseline's is the first.

    Args:
        final: see `histories.final`.
        pairs: kernel and bias initializer of each variant, as {name, class_name, config};
            `baseline` is one of them.
        seeds: the replicates to choose on.

    Returns:
        What best.yaml holds: the two initializers, the seeds, and the mean of every candidate.

    Raises:
        StudyError: if a replicate is missing.
    """
    kernel, bias = pairs["baseline"]
    means = {
        name: round(float(_replicates(final, name, seeds)["val_accuracy"].mean()), 9)
        for name in pairs
    }
    kernels = {name: means[name] for name, pair in pairs.items() if pair[1] == bias}
    biases = {name: means[name] for name, pair in pairs.items() if pair[0] == kernel}
    return {
        "kernel_initializer": dict(pairs[max(kernels, key=kernels.__getitem__)][0]),
        "bias_initializer": dict(pairs[max(biases, key=biases.__getitem__)][1]),
        "chosen_on": {
            "seeds": [seeds[0], seeds[-1]],
            "mean_final_validation_accuracy": {
                "kernel": {pairs[name][0]["name"]: mean for name, mean in kernels.items()},
                "bias": {pairs[name][1]["name"]: mean for name, mean in biases.items()},
            },
        },
    }


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
        mine = _replicates(final, name, seeds)
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


def _replicates(final: pd.DataFrame, variant: str, seeds: range) -> pd.DataFrame:
    rows = final[(final["variant"] == variant) & final["seed"].isin(seeds)]
    missing = sorted(set(seeds) - set(rows["seed"]))
    if missing:
        raise StudyError(f"{variant} has no results for the seeds {missing}.")
    return rows


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
