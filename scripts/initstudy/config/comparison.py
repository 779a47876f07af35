"""Keys of the comparison: the initializers, what they are judged by, what is significant."""

import csv
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Strict,
    Tag,
    ValidationInfo,
)

from initstudy.config.forms import (
    LIST,
    NUMBER,
    TEXT,
    ExistingFile,
    Keys,
    Whole,
    Written,
    folders_of,
    form_of,
    optional,
    whole,
    wrong,
)
from initstudy.config.initializers import Baseline, Initializers
from initstudy.config.problems import show
from initstudy.engine.spec import SOURCES

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


Count = Annotated[int, Field(ge=1, le=100_000), BeforeValidator(whole)]
SeedsForm = Annotated[
    Annotated[Count, Tag(NUMBER)]
    | Annotated[list[Count], Field(min_length=1, max_length=20), Tag(LIST)],
    Discriminator(form_of),
]


def _analyses(form: int | list[int], info: ValidationInfo) -> tuple[int, ...]:
    analyses = tuple(form) if isinstance(form, list) else (form,)
    if list(analyses) != sorted(set(analyses)):
        raise wrong(f"{show(form)} must grow from each analysis to the next, as in [10, 20, 40]")
    return analyses


Analyses = Annotated[
    tuple[int, ...],
    Written(SeedsForm, _analyses, lambda made: made[0] if len(made) == 1 else list(made)),
]


def _sources(names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    if len(names) != len(set(names)):
        raise wrong(f"{show(list(names))} has one twice")
    if not names:
        raise wrong("[] makes all runs of a variant the same; name weights, order or both")
    return tuple(name for name in SOURCES if name in names)


Source = Literal["weights", "order"]
SourcesForm = Annotated[tuple[Source, ...], Strict(False)]
Sources = Annotated[tuple[str, ...], Written(SourcesForm, _sources, list)]


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
    """What is compared, on which seeds, and how."""

    baseline: Baseline = optional(
        {},
        "The pair with which every other one is compared.\n\nAn initializer is a Keras identifier "
        "(he_normal); one of the literature (lsuv, autoinit, fixup, metainit, sparse, "
        "gain_corrected, ZerO, IDInit, sinusoidal, tanh_fixed_point, delta_orthogonal); a custom "
        "one, my_file.py:name, in a file beside the configuration; or a mapping whose name "
        "becomes part of file names: {name: he_fan_out, class_name: VarianceScaling, config: "
        "{scale: 2.0, mode: fan_out}}. Different ones for the layers: a list, [he_normal, "
        "he_normal, zeros], {name: ..., layers: [...]}, or {hidden: he_normal, output: zeros}.",
        when="to what you use today.",
    )
    kernel_initializers: Initializers = optional(
        SIX,
        "Kernel initializers to compare, each with the baseline's bias initializer.",
        when="to those that you consider. [] for none.",
    )
    bias_initializers: Initializers = optional(
        SIX,
        "Bias initializers to compare, each with the baseline's kernel initializer.",
        when="to those that you consider. [] for none.",
    )
    design: Literal["one_factor", "factorial"] = optional(
        "one_factor",
        "The pairs that run: one_factor, each initializer above with the baseline's other one; or "
        "factorial, every kernel with every bias initializer (49 pairs here), which also shows "
        "their interaction. It adds to the runs of one_factor.",
        when="to see whether the best kernel initializer depends on the bias initializer.",
    )
    analyses: Analyses = optional(
        10,
        "Runs of every variant, with the seeds 0 .. seeds-1; or several numbers, as in "
        "[10, 20, 40]: interim analyses, after each of which only those variants get more seeds "
        "that are inconclusive or may be the best. Five are the fewest that decide anything. "
        "Losses and epochs, which are compared by ranks, need six for one comparison, nine for the "
        "twelve below, and eleven for the 48 of their factorial design.",
        when="before the first run, to what a similar study needed (docs/seeds.md).",
        alias="seeds",
    )
    vary: Sources = optional(
        ["weights", "order"],
        "The sources by which the runs of a variant differ: weights (all that a network draws; "
        "with dropout, its noise, too), order (that of the training examples), or both. With one "
        "source, the other one is that of seed 0.",
        when="to separate the two sources.",
    )
    variance_seeds: Whole = optional(
        0,
        "Runs of each variant that differ by their weights alone, and as many that differ by the "
        "order alone. They divide the variance of the others into these sources. 0 for none; 20 "
        "give a rough answer.",
        when="to see where the variance comes from.",
        ge=0,
        le=100_000,
    )
    confirmation_seeds: Whole = optional(
        10,
        "New seeds on which the best pair is compared with the baseline, as one comparison. Five "
        "are the fewest that decide anything.",
        when="for a narrower interval of the gain.",
        ge=1,
        le=100_000,
    )
    judged: Judged = optional(
        "metric",
        "The primary metric, by which variants are chosen and compared: the key metric (such as "
        "accuracy) or the loss after the last epoch, on the test set (for choices on the "
        "validation set); or, on the validation set, the epochs_to_target, infinite for runs that "
        "never reach it, or the area_under_curve of learning. Losses and epochs are compared by "
        "ranks, and their medians are reported.",
        when="if the speed of learning matters, or the loss.",
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
        when="to the smallest difference that you would act on.",
        alias="margin",
    )
    comparisons: Literal["baseline", "all_pairs"] = optional(
        "baseline",
        "The comparisons that share 5 % of error: those of each variant with the baseline (all "
        "other pairs have another 5 %), or all_pairs of variants. Set it before the first run.",
        when="if you ask about every two variants. Do so before the first run.",
    )
    target_accuracy: float = optional(
        0.9,
        "A validation accuracy, as a fraction of 1. The summary has the number of epochs until a "
        "run reaches it.",
        when="to what your task needs.",
        ge=0,
        le=1,
    )
    target_error: float | None = optional(
        None,
        "The same for a metric that is an error or a log loss, in its unit: a run reaches it from "
        "above. null for half of what the best constant answer has on the test examples.",
        when="to what your task needs.",
        gt=0,
        le=1_000_000_000,
    )
    published: PublishedFile | None = optional(
        "resources/notebook.csv",
        "A CSV file of published results for comparison, with the columns variant, "
        "kernel_initializer, bias_initializer, loss, accuracy; null for none.",
        when="to compare with a paper's table. null for other networks than its own.",
    )
