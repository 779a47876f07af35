"""The contracts of the tables that follow from the analysis, and all tables by their files.

docs/files.md is made of them; a test holds them against the tables that are written.
"""

from collections.abc import Mapping

from initstudy.results.contracts import (
    DIAGNOSTICS,
    HISTORIES,
    RUNS,
    SEED,
    TESTS,
    TIMINGS,
    VARIANT,
    WEIGHTS,
    Table,
)

LOW, HIGH = "lower bound of the 95 % interval", "upper bound of the 95 % interval"
STUDY = "name of the study"

# What two variants beside each other have, in summary.csv and pairs.csv.
COMPARED: Mapping[str, str] = {
    "difference": (
        "difference of the primary metric from the baseline or the other variant, on the same "
        "seeds: of means, or the Hodges-Lehmann estimate"
    ),
    "difference_ci_low": LOW,
    "difference_ci_high": HIGH,
    "difference_decided_low": "lower bound of the interval that decides",
    "difference_decided_high": "upper bound of the interval that decides",
    "decided_confidence": (
        "confidence of the interval that decides, for this comparison alone, so that all of a "
        "family hold together with 95 %"
    ),
    "p_value": (
        "p-value for no difference: moderated paired t test, or signed ranks; nan if untested"
    ),
    "p_value_adjusted": "p_value times the number of comparisons, at most 1 (Bonferroni)",
    "p_value_equivalence": "p-value for a difference of the equivalence margin or more",
    "p_value_equivalence_adjusted": (
        "p_value_equivalence times the number of comparisons, at most 1"
    ),
    "decision": "better, worse, equivalent or inconclusive",
    "decision_seeds": "number of seeds of the decision",
}

STUDY_TABLES: Mapping[str, Table] = {
    "summary.csv": Table(
        "a variant, `best` among them",
        {
            "variant": VARIANT,
            "kernel_initializer": "name of the initializer of its kernels",
            "bias_initializer": "name of the initializer of its biases",
            "seeds": "number of seeds that are compared",
            "one_run": "whether all seeds are one and the same run, so that n is 1",
            "deterministic": (
                "whether its initializers are deterministic: all runs start from the same "
                "weights, and differ by the order alone"
            ),
            "diverged": "runs whose loss stopped being finite; they count as an accuracy of 0",
            "not_learned": (
                "share of runs at most 5 % of the way from majority-class accuracy to 1"
            ),
            "accuracy_mean": "mean final accuracy of the test examples, as a fraction of 1",
            "accuracy_ci_low": LOW,
            "accuracy_ci_high": HIGH,
            "metric": "primary metric, the value of judge_by",
            "metric_value": (
                "mean of the primary metric, or median of losses and of epochs to the target"
            ),
            "metric_ci_low": LOW,
            "metric_ci_high": HIGH,
            "accuracy_sd": "standard deviation of final accuracies between runs (n - 1)",
            "accuracy_median": "median of final accuracies",
            "accuracy_iqm": "mean of the middle half of final accuracies",
            "accuracy_min": "smallest final accuracy",
            "accuracy_max": "largest final accuracy",
            "training_accuracy_mean": "mean accuracy of training examples in the last epoch",
            "area_under_curve": "mean area under the curve of validation accuracy, from 0 to 1",
            "epochs_to_target": (
                "median of epochs until target_accuracy on validation examples; empty if most "
                "never reach it"
            ),
            "never_reached_target": "runs that never reached target_accuracy",
            "loss_mean": "mean final loss of runs that did not diverge, in nats",
            "seconds_per_epoch": "mean wall time of an epoch, in seconds",
            **COMPARED,
            "may_be_best": "whether no other variant is better; empty for best",
            "probability_of_improvement": (
                "share of seeds on which it is better than the baseline; ties count half"
            ),
            "ties": "seeds on which it is exactly as good as the baseline",
            "selection_difference": "for best: the difference on the seeds of the choice",
            "failed_runs": "runs that diverged, never learned, or ended far below the others",
            "failed_runs_mean": "mean final accuracy of failed runs",
            "p_value_failed_runs": (
                "p-value for failing as often as the baseline: Fisher's exact test, uncorrected"
            ),
            "difference_learned": "difference of accuracies on the seeds where neither fails",
            "difference_learned_ci_low": LOW,
            "difference_learned_ci_high": HIGH,
            "difference_new_examples_ci_low": (
                "lower bound of the difference's interval for other seeds and other test examples"
            ),
            "difference_new_examples_ci_high": (
                "upper bound of the difference's interval for other seeds and other test examples"
            ),
            "difference_variance_by_seeds": "variance of the difference that is due to seeds",
            "difference_variance_by_examples": (
                "variance of the difference that is due to the test examples"
            ),
            "published_accuracy": "published accuracy of the same pair, if `published` has it",
            "published_loss": "published loss of the same pair",
            "seeds_for_difference*": (
                "seeds that decide a difference as large as the one seen in 80 % of studies, with "
                "bounds by its interval; inf for more than 10,000"
            ),
            "seeds_for_margin*": (
                "seeds that decide a difference of the equivalence margin in 80 % of studies, "
                "with bounds by the standard deviation of seeds"
            ),
        },
        {
            "text": "variant kernel_initializer bias_initializer metric decision",
            "count": "seeds diverged never_reached_target decision_seeds ties failed_runs",
            "share": (
                "not_learned accuracy_mean accuracy_ci_low accuracy_ci_high accuracy_median "
                "accuracy_iqm accuracy_min accuracy_max training_accuracy_mean area_under_curve "
                "decided_confidence p_value p_value_adjusted p_value_equivalence "
                "p_value_equivalence_adjusted probability_of_improvement failed_runs_mean "
                "p_value_failed_runs published_accuracy"
            ),
            "flag": "one_run deterministic may_be_best",
        },
    ),
    "histories.csv": HISTORIES,
    "tests.csv": TESTS,
    "timings.csv": TIMINGS,
    "diagnostics.csv": DIAGNOSTICS,
    "weights.csv": WEIGHTS,
    "pairs.csv": Table(
        "two variants; only with 40 variants at most",
        {
            "variant": VARIANT,
            "other": "name of the variant that it is compared with",
            **COMPARED,
        },
        {
            "text": "variant other decision",
            "count": "decision_seeds",
            "share": (
                "decided_confidence p_value p_value_adjusted p_value_equivalence "
                "p_value_equivalence_adjusted"
            ),
        },
    ),
    "learning_rates.csv": Table(
        "a tuning run",
        {
            "variant": VARIANT,
            "learning_rate": "learning rate of the tuning run",
            "seed": SEED,
            "val_loss": "loss of the validation examples after the last epoch; nan if it diverged",
            "val_accuracy": (
                "accuracy of the validation examples after the last epoch; nan if it diverged"
            ),
            "judged": "number by which the rate is chosen, of the validation examples",
        },
        {"text": "variant", "count": "seed", "share": "val_accuracy"},
    ),
    "runs.csv": RUNS,
    "interaction.csv": Table(
        "an effect of a factorial study: kernel, bias, interaction",
        {
            "component": "kernel, bias or interaction",
            "sd": "standard deviation between pairs that it accounts for",
            "sd_ci_low": LOW,
            "sd_ci_high": HIGH,
            "share": "share of the three variances together",
            "p_value": "p-value for no such effect",
        },
        {"text": "component", "share": "p_value"},
    ),
    "variance.csv": Table(
        "a variant, with `variance_seeds`",
        {
            "variant": VARIANT,
            "replicates": "number of runs that vary by weights and order",
            "replicates_alone": (
                "number of runs that vary by weights alone, and of those that vary by order alone"
            ),
            "sd_*": (
                "standard deviation of final accuracies that vary by both, by weights, by order; "
                "with its interval"
            ),
            "share_*": (
                "share of the variance by weights, by order, by both together, and by the test "
                "examples"
            ),
        },
        {"text": "variant", "count": "replicates replicates_alone"},
    ),
}

SUITE_TABLES: Mapping[str, Table] = {
    "summary.csv": Table(
        "a method: a variant that all studies have, beside the baseline",
        {
            "variant": VARIANT,
            "workloads": "studies that are compared",
            "better": "workloads in which its seeds decide that it is better than the baseline",
            "equivalent": "workloads in which it is equivalent to the baseline",
            "inconclusive": "workloads in which the comparison with the baseline is inconclusive",
            "worse": "workloads in which it is worse",
            "fails": (
                "workloads in which half of its seeds or more end nearer to the majority-class "
                "accuracy than to the target; they are counted in one of the other columns, too"
            ),
            "ratio": "geometric mean over workloads of its mean error over the baseline's",
            "ratio_ci_low": LOW,
            "ratio_ci_high": HIGH,
            "decision": "over workloads: better, worse or inconclusive",
            "ratio_decided_low": "lower bound of the interval that decided",
            "ratio_decided_high": "upper bound of the interval that decided",
            "p_value": (
                "p-value for a geometric mean of 1: moderated paired t test on logarithms of "
                "errors, each workload one observation"
            ),
            "p_value_adjusted": "p_value times the number of methods, at most 1 (Bonferroni)",
            "ratio_new_low": "lower bound of the ratio of a new workload, with 95 % probability",
            "ratio_new_high": "upper bound of the ratio of a new workload",
            "worst_workload": "in which its error is the largest beside the baseline's",
            "worst_ratio": "its error over the baseline's there",
            "ratio_without_low": "the smallest geometric mean if one workload is left out",
            "ratio_without_high": "the largest geometric mean if one workload is left out",
        },
        {
            "text": "variant decision worst_workload",
            "count": "workloads better equivalent inconclusive worse fails",
            "share": "p_value p_value_adjusted",
        },
    ),
    "decisions.csv": Table(
        "a method in a study",
        {
            "study": STUDY,
            "variant": VARIANT,
            "decision": "by its seeds, beside the baseline",
            "seeds": "number of seeds that are compared",
            "failed_seeds": (
                "number of seeds that end nearer to the majority-class accuracy than to the target"
            ),
            "fails": "whether half of the seeds end so, or more",
            "ratio": "mean error over the baseline's",
            "difference": "of the mean test accuracies, less the baseline's",
            "difference_ci_low": LOW,
            "difference_ci_high": HIGH,
            "difference_decided_low": "lower bound of the interval that decided",
            "difference_decided_high": "upper bound of the interval that decided",
            "confidence": "of the interval that decided, for this comparison alone",
            "p_value": "p-value for no difference: moderated paired t test",
            "p_value_adjusted": "p_value times the number of methods, at most 1 (Bonferroni)",
            "p_value_equivalence": "p-value for a difference as large as the equivalence margin",
            "p_value_equivalence_adjusted": (
                "p_value_equivalence times the number of methods, at most 1"
            ),
            "wins": "seeds on which it is ahead of the baseline",
            "ties": "seeds on which neither is ahead",
        },
        {
            "text": "study variant decision",
            "count": "seeds failed_seeds wins ties",
            "share": (
                "confidence p_value p_value_adjusted p_value_equivalence "
                "p_value_equivalence_adjusted"
            ),
            "flag": "fails",
        },
    ),
    "workloads.csv": Table(
        "a study of the suite",
        {
            "study": STUDY,
            "dataset": "name of the data set",
            "training": "number of examples in training",
            "validation": "number of held-out examples; 0 if the test set is used",
            "inputs": "how they are scaled",
            "network": "its hidden units and activation, or the function that makes it",
            "optimizer": "its name",
            "learning_rates": "learning rates, with blanks between them",
            "epochs": "of each run",
            "judge_by": "primary metric",
            "margin": "equivalence margin",
            "chance": "majority-class accuracy, that of always naming the most frequent class",
            "target": "its target_accuracy",
            "kinds": "its tags, with semicolons between them",
        },
        {
            "text": "study dataset training inputs network optimizer learning_rates judge_by kinds",
            "count": "validation epochs",
            "share": "chance target",
        },
    ),
    "scores.csv": Table(
        "a run",
        {
            "study": STUDY,
            "variant": VARIANT,
            "seed": SEED,
            "accuracy": "final accuracy of the test examples",
            "score": "(accuracy - c) / (target - c), where c is the majority-class accuracy",
            "epochs_to_target": "until the validation accuracy reached the target; inf if never",
        },
        {"text": "study variant", "count": "seed", "share": "accuracy"},
    ),
    "learning_rates.csv": Table(
        "a variant in a study",
        {
            "study": STUDY,
            "variant": VARIANT,
            "learning_rate": "chosen learning rate",
            "lowest": "lowest learning rate of the list",
            "highest": "highest learning rate of the list",
            "at_edge": "whether the chosen one is one of these two",
            "within_two_errors": "whether another rate is within two standard errors of it",
        },
        {"text": "study variant", "flag": "at_edge within_two_errors"},
    ),
    "trainings.csv": Table(
        "a variant in a study",
        {
            "study": STUDY,
            "variant": VARIANT,
            "digest": "digest of its run spec",
            "epochs": "epochs of each run",
            "one_run": "whether all seeds are one and the same run, so that n is 1",
        },
        {"text": "study variant digest", "count": "epochs", "flag": "one_run"},
    ),
    "trials.csv": Table(
        "a tuning run",
        {"study": STUDY, **STUDY_TABLES["learning_rates.csv"].columns},
        {"text": "study variant", "count": "seed", "share": "val_accuracy"},
    ),
}
