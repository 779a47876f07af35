"""Keys of the comparison: the initializers, what they are judged by, what is significant."""

import csv
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, ValidationInfo

from initstudy.config.forms import (
    NUMBER,
    TEXT,
    ExistingFile,
    Keys,
    Whole,
    folders_of,
    form_of,
    optional,
    wrong,
)
from initstudy.config.initializers import Baseline, Initializers
from initstudy.config.problems import show

# Columns of a table of published results.
PUBLISHED = ("kernel_initializer", "bias_initializer", "loss", "accuracy")
SIX = ["glorot_normal", "ones", "random_uniform", "random_normal", "he_uniform", "he_normal"]


def _published(name: str, info: ValidationInfo) -> str:
    """Read the table now, since its mistakes would be found after all runs."""
    if not folders_of(info):
        return name
    with Path(name).open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        lacking = [column for column in PUBLISHED if column not in (rows.fieldnames or ())]
        if lacking:
            raise wrong(
                f"{show(name)} lacks the column {lacking[0]}; it needs {', '.join(PUBLISHED)}"
            )
        for row in rows:
            try:
                right = 0 <= float(row["accuracy"]) <= 1 and float(row["loss"]) >= 0
            except (TypeError, ValueError):
                right = False
            if not right:
                raise wrong(
                    f"{show(name)}, line {rows.line_num}: accuracy must be a fraction from 0 to 1 "
                    f"and loss a number, got {row['accuracy']} and {row['loss']}"
                )
    return name


PublishedFile = Annotated[ExistingFile, AfterValidator(_published)]


Judged = Literal["metric", "accuracy", "loss", "epochs_to_target", "area_under_curve"]
Margin = (
    Annotated[
        Annotated[Literal["auto"], Tag(TEXT)]
        | Annotated[float, Field(gt=0, le=1_000_000_000), Tag(NUMBER)],
        Discriminator(form_of),
    ]
    | None
)


class ComparisonKeys(Keys):
    """What is compared, and how."""

    baseline: Baseline = optional(
        {},
        "The pair with which every other one is compared.\n\nAn initializer is a Keras identifier "
        "(he_normal); one of the literature (lsuv, autoinit, fixup, metainit, sparse, "
        "gain_corrected, ZerO, IDInit, sinusoidal, tanh_fixed_point, delta_orthogonal); a custom "
        "one, my_file.py:name, in a file beside the configuration; or a mapping whose name "
        "becomes part of file names: {name: he_fan_out, class_name: VarianceScaling, config: "
        "{scale: 2.0, mode: fan_out}}. Different ones for the layers: a list, [he_normal, "
        "he_normal, zeros], {name: ..., layers: [...]}, or {hidden: he_normal, output: zeros}.",
    )
    kernel_initializers: Initializers = optional(
        SIX, "Kernel initializers to compare, each with the baseline's bias initializer."
    )
    bias_initializers: Initializers = optional(
        SIX, "Bias initializers to compare, each with the baseline's kernel initializer."
    )
    design: Literal["one_factor", "factorial"] = optional(
        "one_factor",
        "The pairs that run: one_factor, each initializer above with the baseline's other one; or "
        "factorial, every kernel with every bias initializer (49 pairs here), which also shows "
        "their interaction. It adds to the runs of one_factor.",
    )
    confirmation_seeds: Whole = optional(
        10,
        "New seeds on which the best pair is compared with the baseline, as one comparison. Five "
        "are the fewest that decide anything.",
        ge=1,
        le=100_000,
    )
    target_accuracy: float = optional(
        0.9,
        "A validation accuracy, as a fraction of 1. The summary has the number of epochs until a "
        "run reaches it.",
        ge=0,
        le=1,
    )
    target_error: float | None = optional(
        None,
        "The same for a metric that is an error or a log loss, in its unit: a run reaches it from "
        "above. null for half of what the best constant answer has on the test examples.",
        gt=0,
        le=1_000_000_000,
    )
    judged: Judged = optional(
        "metric",
        "The primary metric, by which variants are chosen and compared: the key metric (such as "
        "accuracy) or the loss after the last epoch, on the test set (for choices on the "
        "validation set); or, on the validation set, the epochs_to_target, infinite for runs that "
        "never reach it, or the area_under_curve of learning. Losses and epochs are compared by "
        "ranks, and their medians are reported.",
        alias="judge_by",
    )
    asked_margin: Margin = optional(
        "auto",
        "The equivalence margin, the smallest difference that matters, in the unit of what "
        "judge_by names. Of accuracies and areas below them it is a fraction of 1. A variant is "
        "equivalent if the interval that decides lies within it; of the metric, for other test "
        "examples, too. "
        "auto: 0.005 of accuracies and losses, 1 % of what the best constant answer has of other "
        "metrics, one epoch. null for none: any difference matters.",
        alias="margin",
    )
    comparisons: Literal["baseline", "all_pairs"] = optional(
        "baseline",
        "The comparisons that share 5 % of error: those of each variant with the baseline (all "
        "other pairs have another 5 %), or all_pairs of variants. Set it before the first run.",
    )
    published: PublishedFile | None = optional(
        "resources/notebook.csv",
        "A CSV file of published results for comparison, with the columns variant, "
        "kernel_initializer, bias_initializer, loss, accuracy; null for none.",
    )
