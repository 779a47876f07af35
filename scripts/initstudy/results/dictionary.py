"""What every column of every table means: docs/files.md is made of it.

A test holds it against the tables that are written.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """A table of a study's or a suite's folder.

    Attributes:
        rows: what a row is of.
        columns: what each column means; one that ends in * stands for all that begin so.
    """

    rows: str
    columns: Mapping[str, str]


VARIANT = "name of the pair of initializers: baseline, kernel-NAME, bias-NAME, KERNEL-BIAS, or best"
SEED = (
    "number of the replicate, from 0; from 1,000,000 on of those that learning rates are tried on"
)
LOW, HIGH = "lower bound of its 95 % interval", "upper bound of its 95 % interval"
STUDY = "name of the study"

# What two variants beside each other have, in summary.csv and pairs.csv.
COMPARED: Mapping[str, str] = {
    "difference": "of the metric, on the same seeds: means, or the shift between ranked values",
    "difference_ci_low": LOW,
    "difference_ci_high": HIGH,
    "difference_decided_low": "lower bound of the interval that decides, see decided_confidence",
    "difference_decided_high": "its upper bound",
    "decided_confidence": "confidence of it alone, so that all of a family hold together with 95 %",
    "p_value": "of there being no difference: moderated paired t, or signed ranks; nan if untested",
    "p_value_adjusted": "the same, corrected for the number of comparisons (Bonferroni)",
    "p_value_equivalence": "of the difference being the margin or more",
    "p_value_equivalence_adjusted": "the same, corrected",
    "decision": "better, worse, equivalent or inconclusive",
    "decision_seeds": "on how many seeds this was decided",
}

STUDY_TABLES: Mapping[str, Table] = {
    "summary.csv": Table(
        "a variant, `best` among them",
        {
            "variant": VARIANT,
            "kernel_initializer": "name of what draws its kernels",
            "bias_initializer": "name of what draws its biases",
            "seeds": "on how many it is judged",
            "one_run": "whether all of them are one and the same run, so that n is 1",
            "deterministic": (
                "whether all runs start from the same weights, and differ by the order alone"
            ),
            "diverged": "runs whose loss stopped being finite; they count as an accuracy of 0",
            "not_learned": (
                "share of runs at most 5 % of the way from majority-class accuracy to 1"
            ),
            "accuracy_mean": "mean final accuracy of the test examples, as a fraction of 1",
            "accuracy_ci_low": LOW,
            "accuracy_ci_high": HIGH,
            "metric": "what differences are of: the value of judge_by",
            "metric_value": "mean of that, or median of losses and of epochs to the target",
            "metric_ci_low": LOW,
            "metric_ci_high": HIGH,
            "accuracy_sd": "standard deviation of final accuracies between runs (n - 1)",
            "accuracy_median": "median of final accuracies",
            "accuracy_iqm": "mean of the middle half of final accuracies",
            "accuracy_min": "the worst of them",
            "accuracy_max": "the best of them",
            "training_accuracy_mean": "mean accuracy of training examples in the last epoch",
            "area_under_curve": "mean area under the curve of validation accuracy, from 0 to 1",
            "epochs_to_target": (
                "median of epochs until target_accuracy on validation examples; empty if most "
                "never reach it"
            ),
            "never_reached_target": "runs that never reached it",
            "loss_mean": "mean final loss of runs that did not diverge, in nats",
            "seconds_per_epoch": "mean wall time of an epoch, in seconds",
            **COMPARED,
            "may_be_best": "whether no other variant is better; empty of best",
            "probability_of_improvement": (
                "share of seeds on which it is better than the baseline; ties count half"
            ),
            "ties": "seeds on which it is exactly as good as the baseline",
            "selection_difference": (
                "of best: what the choice promised on the seeds that it was made on"
            ),
            "failed_runs": "runs that diverged, never learned, or ended far below the others",
            "failed_runs_mean": "their mean final accuracy",
            "p_value_failed_runs": (
                "of its failing as often as the baseline: Fisher's exact test, uncorrected"
            ),
            "difference_learned": "difference of accuracies on the seeds where neither fails",
            "difference_learned_ci_low": LOW,
            "difference_learned_ci_high": HIGH,
            "difference_new_examples_ci_low": (
                "lower bound of the difference's interval for other seeds and other test examples"
            ),
            "difference_new_examples_ci_high": "its upper bound",
            "difference_variance_by_seeds": "variance of the difference that is due to seeds",
            "difference_variance_by_examples": (
                "variance of the difference that is due to the test examples"
            ),
            "published_accuracy": "published accuracy of the same pair, if `published` has it",
            "published_loss": "published loss of it",
            "seeds_for_difference*": (
                "seeds that decide a difference as large as the one seen in 80 % of studies, with "
                "bounds by its interval; inf for more than 10,000"
            ),
            "seeds_for_margin*": "the same for a difference of the margin, by the spread of seeds",
        },
    ),
    "histories.csv": Table(
        "an epoch of a replicate; a diverged one ends with a row of nan",
        {
            "variant": VARIANT,
            "seed": SEED,
            "epoch": "from 1",
            "loss": (
                "mean cross-entropy of the training images while they were learned from, in nats"
            ),
            "accuracy": "share of them that was classified correctly",
            "val_loss": "the same of the validation images after the epoch",
            "val_accuracy": "the same of the validation images after the epoch",
        },
    ),
    "tests.csv": Table(
        "a replicate",
        {
            "variant": VARIANT,
            "seed": SEED,
            "test_loss": "of the test images after the last epoch, in nats; nan if it diverged",
            "test_accuracy": "share of them that was classified correctly",
        },
    ),
    "timings.csv": Table(
        "a replicate",
        {
            "variant": VARIANT,
            "seed": SEED,
            "epochs": "that it had",
            "seconds": "wall time of its epochs",
            "cpu_seconds": "CPU time of its job for it; of the first of a job, with the start",
            "peak_memory_mb": "largest resident set of its job by then, in units of 2^20 bytes",
        },
    ),
    "diagnostics.csv": Table(
        "a layer of a replicate, at the start, after epochs 1, 2, 5, 10, ... or after the last",
        {
            "variant": VARIANT,
            "seed": SEED,
            "epoch": "after which it was measured; 0 at the start",
            "layer": "number of the layer with a kernel, from 1 at the input",
            "name": (
                "of the layer, in the model; what it is (Dense, Conv2D), if it was given none; "
                "empty, if an older version of the program trained it"
            ),
            "units": "of the layer",
            "activation_mean": (
                "mean over a batch and the units of what leaves the activation function; of the "
                "output layer, of what enters the softmax. The activation may be a layer by "
                "itself, also behind a normalization"
            ),
            "activation_sd": "its standard deviation",
            "gradient_mean": (
                "mean of the gradient of the batch's loss by what enters the activation function"
            ),
            "gradient_sd": "its standard deviation",
            "dead_units": "share of units that say the same about every image",
            "repeated_units": (
                "share of the others that put out the same as another unit before them"
            ),
            "weight_norm": "Frobenius norm of the kernel",
            "update_norm": "the same of what the optimizer's next step would change",
        },
    ),
    "weights.csv": Table(
        "a weight of the network",
        {
            "path": "as Keras calls it; patterns of initializers are compared with it",
            "layer": "name and class of its layer",
            "shape": "of the weight",
            "numbers": "how many it holds",
            "role": (
                "kernel or bias; of another one the argument of its layer that it is drawn with"
            ),
            "kind": "of kernel, as the table of methods in initializers.md has it",
            "fan_in": "inputs that each unit sees",
            "fan_out": "units that see each input",
            "trainable": "whether training changes it",
            "drawn": "whether the study draws it",
            "initializer": "that draws it: of the baseline, or as the code of the network has it",
            "why": "why the study does not draw it",
        },
    ),
    "pairs.csv": Table(
        "two variants, if there are 40 of them at most",
        {
            "variant": VARIANT,
            "other": "the one that it is compared with",
            **COMPARED,
        },
    ),
    "learning_rates.csv": Table(
        "a replicate that a learning rate was tried on",
        {
            "variant": VARIANT,
            "learning_rate": "that was tried",
            "seed": SEED,
            "val_loss": "of the validation images after the last epoch; nan if it diverged",
            "val_accuracy": "of the validation examples after the last epoch; nan if it diverged",
            "judged": "what the rate is chosen by, of the validation images",
        },
    ),
    "runs.csv": Table(
        "a block of seeds of a variant",
        {
            "variant": VARIANT,
            "first_seed": "of the block",
            "last_seed": "of the block",
            "history": "its file, whose path has the digest of the run",
        },
    ),
    "interaction.csv": Table(
        "an effect of a factorial study: kernel, bias, interaction",
        {
            "component": "kernel, bias or interaction",
            "sd": "standard deviation between pairs that it accounts for",
            "sd_ci_low": LOW,
            "sd_ci_high": HIGH,
            "share": "of the three variances together",
            "p_value": "of there being no such effect",
        },
    ),
    "variance.csv": Table(
        "a variant, with `variance_seeds`",
        {
            "variant": VARIANT,
            "replicates": "that vary by weights and order",
            "replicates_alone": "that vary by weights alone, and as many by order alone",
            "sd_*": (
                "standard deviation of final accuracies that vary by both, by weights, by order; "
                "with its interval"
            ),
            "share_*": (
                "share of the variance by weights, by order, by both together, and by luck with "
                "the test images"
            ),
        },
    ),
}

SUITE_TABLES: Mapping[str, Table] = {
    "summary.csv": Table(
        "a method: a variant that all studies have, beside the baseline",
        {
            "variant": VARIANT,
            "workloads": "studies that are compared",
            "better": "workloads in which its seeds decide so, beside the baseline",
            "equivalent": "workloads in which it is equivalent to the baseline",
            "inconclusive": "workloads in which that is inconclusive",
            "worse": "workloads in which it is worse",
            "fails": (
                "workloads in which half of its seeds or more end nearer to chance than to the "
                "target; they are counted in one of the other columns, too"
            ),
            "ratio": "geometric mean over workloads of its mean error over the baseline's",
            "ratio_ci_low": LOW,
            "ratio_ci_high": HIGH,
            "decision": "over workloads: better, worse or inconclusive",
            "ratio_decided_low": "lower bound of the interval that decided",
            "ratio_decided_high": "upper bound of the interval that decided",
            "p_value": (
                "of a geometric mean of 1: moderated paired t test on logarithms of errors, each "
                "workload one observation"
            ),
            "p_value_adjusted": "the same, corrected for the number of methods (Bonferroni)",
            "ratio_new_low": "lower bound of what a new workload would show, with 95 % probability",
            "ratio_new_high": "upper bound of what a new workload would show",
            "worst_workload": "in which its error is the largest beside the baseline's",
            "worst_ratio": "its error over the baseline's there",
            "ratio_without_low": "the smallest geometric mean if one workload is left out",
            "ratio_without_high": "the largest geometric mean if one workload is left out",
        },
    ),
    "decisions.csv": Table(
        "a method in a study",
        {
            "study": STUDY,
            "variant": VARIANT,
            "decision": "by its seeds, beside the baseline",
            "seeds": "that are compared",
            "failed_seeds": "that end nearer to chance than to the target",
            "fails": "whether half of the seeds do, or more",
            "ratio": "mean error over the baseline's",
            "difference": "of the mean test accuracies, less the baseline's",
            "difference_ci_low": LOW,
            "difference_ci_high": HIGH,
            "difference_decided_low": "lower bound of the interval that decided",
            "difference_decided_high": "upper bound of the interval that decided",
            "confidence": "of the interval that decided, for this comparison alone",
            "p_value": "of no difference: moderated paired t test",
            "p_value_adjusted": "the same, corrected for the number of methods (Bonferroni)",
            "p_value_equivalence": "of a difference as large as the margin",
            "p_value_equivalence_adjusted": "the same, corrected for the number of methods",
            "wins": "seeds on which it is ahead of the baseline",
            "ties": "seeds on which neither is ahead",
        },
    ),
    "workloads.csv": Table(
        "a study of the suite",
        {
            "study": STUDY,
            "dataset": "that it learns",
            "training": "examples that it learns from; all that are not held out, if so",
            "validation": "examples that are held out; 0 if the test set is used",
            "inputs": "how they are scaled",
            "network": "its hidden units and activation, or the function that makes it",
            "optimizer": "its name",
            "learning_rates": "that were tried, with blanks between them",
            "epochs": "of each run",
            "judge_by": "what its learning rates are chosen by",
            "margin": "smallest difference of accuracies that matters",
            "chance": "accuracy of always naming the most frequent class",
            "target": "its target_accuracy",
            "kinds": "words by which it is grouped with others, with semicolons between them",
        },
    ),
    "scores.csv": Table(
        "a replicate",
        {
            "study": STUDY,
            "variant": VARIANT,
            "seed": SEED,
            "accuracy": "final one of the test images",
            "score": "(accuracy - chance) / (target - chance)",
            "epochs_to_target": "until the validation accuracy reached the target; inf if never",
        },
    ),
    "learning_rates.csv": Table(
        "a variant in a study",
        {
            "study": STUDY,
            "variant": VARIANT,
            "learning_rate": "that was chosen",
            "lowest": "that was tried",
            "highest": "that was tried",
            "at_edge": "whether the chosen one is one of these two",
            "within_two_errors": "whether another rate is within two standard errors of it",
        },
    ),
    "trainings.csv": Table(
        "a variant in a study",
        {
            "study": STUDY,
            "variant": VARIANT,
            "digest": "of the training of its replicates",
            "epochs": "that it is trained for",
            "one_run": "whether its seeds are one and the same run, so that n is 1",
        },
    ),
    "trials.csv": Table(
        "a replicate that a learning rate was tried on",
        {"study": STUDY, **STUDY_TABLES["learning_rates.csv"].columns},
    ),
}


def describe(table: Table, column: str) -> str:
    """What a column means.

    Raises:
        KeyError: if the dictionary does not have it.
    """
    if column in table.columns:
        return table.columns[column]
    for name, meaning in table.columns.items():
        if name.endswith("*") and column.startswith(name[:-1]):
            return meaning
    raise KeyError(column)
