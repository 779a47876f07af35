"""A row for each variant: what its runs did, and what was found of it."""

from typing import Any

import numpy as np
import pandas as pd

from initstudy.analysis.statistics import (
    interquartile_mean,
    not_learned,
    probability_of_improvement,
)
from initstudy.engine.spec import METRIC
from initstudy.results.dictionary import STUDY_TABLES
from initstudy.results.findings import NAN, Comparison, Findings, Variant
from initstudy.results.study import StudyResults

BOUNDS = ("", "_low", "_high")
# Those that end in * are three.
SUMMARY_COLUMNS = [
    f"{name.removesuffix('*')}{end}"
    for name in STUDY_TABLES["summary.csv"].names
    for end in (BOUNDS if name.endswith("*") else [""])
]
PAIR_COLUMNS = STUDY_TABLES["pairs.csv"].names
# Columns of a comparison that have another name than its attributes.
RENAMED = {
    "difference_ci_low": "low",
    "difference_ci_high": "high",
    "difference_decided_low": "decided_low",
    "difference_decided_high": "decided_high",
    "decided_confidence": "confidence",
    "decision_seeds": "seeds",
}


def summarize(results: StudyResults, findings: Findings) -> pd.DataFrame:
    """Sum up each variant in one row.

    Returns:
        SUMMARY_COLUMNS, with the metric's name in the place of `accuracy`. They are of the test
        examples after the final epoch; area_under_curve and epochs_to_target are of the validation
        examples. Diverged runs count (as `histories.bounded` has them), their losses cannot.
        Differences are
        from the baseline on the same seeds, in the unit of the metric.
    """
    rows = [{**_runs(results, one), **_found(findings, one)} for one in findings.variants]
    found = pd.DataFrame(rows, columns=SUMMARY_COLUMNS)
    return found.rename(columns=lambda name: name.replace(METRIC, results.study.metric))


def pairs(comparisons: list[Comparison]) -> pd.DataFrame:
    """Put comparisons of any two variants into a table of PAIR_COLUMNS."""
    rows = [{"variant": one.first, "other": one.second, **_compared(one)} for one in comparisons]
    return pd.DataFrame(rows, columns=PAIR_COLUMNS)


def _runs(results: StudyResults, variant: Variant) -> dict[str, Any]:
    """Return what the runs of a variant did."""
    name, study = variant.name, results.study
    seeds = results.judged_on(name)
    ends = results.ends(name, seeds)
    reached = results.ends(name, seeds, "epochs_to_target")
    median = float(np.median(reached))
    final, timings = (
        table[(table["variant"] == name) & table["seed"].isin(seeds)]
        for table in (results.final, results.timings)
    )
    several = len(ends) > 1 and not variant.one_run
    row: dict[str, Any] = {
        "variant": name,
        "kernel_initializer": variant.kernel,
        "bias_initializer": variant.bias,
        "seeds": len(seeds),
        "diverged": int(final["diverged"].sum()),
        "not_learned": float(np.mean(not_learned(ends, study))),
        "accuracy_sd": ends.std(ddof=1) if several else NAN,
        "accuracy_median": np.median(ends),
        "accuracy_iqm": interquartile_mean(ends),
        "area_under_curve": results.ends(name, seeds, "area_under_curve").mean(),
        "epochs_to_target": median if np.isfinite(median) else NAN,
        "never_reached_target": int(np.isinf(reached).sum()),
        "loss_mean": final["loss"].mean(),
        "seconds_per_epoch": timings["seconds"].sum() / timings["epochs"].sum(),
    }
    if variant.comparison and variant.comparison.tested:
        own, base = (results.scores(one, seeds) for one in (name, "baseline"))
        row["probability_of_improvement"] = probability_of_improvement(own, base)
        row["ties"] = int((own == base).sum())
    return row


def _found(findings: Findings, variant: Variant) -> dict[str, Any]:
    """Return what was found of a variant, in the columns of the table."""
    row: dict[str, Any] = {
        "one_run": variant.one_run,
        "deterministic": variant.deterministic,
        "accuracy_mean": variant.metric,
        "accuracy_ci_low": variant.metric_low,
        "accuracy_ci_high": variant.metric_high,
        "metric": findings.judge_by,
        "metric_value": variant.value,
        "metric_ci_low": variant.low,
        "metric_ci_high": variant.high,
        "accuracy_min": variant.metric_min,
        "accuracy_max": variant.metric_max,
        "training_accuracy_mean": variant.training_metric,
        "may_be_best": variant.may_be_best,
        "failed_runs": 0,
    }
    if variant.comparison:
        row |= _compared(variant.comparison)
    if variant.comparison and (new := variant.comparison.new_examples):
        row |= {
            "difference_new_examples_ci_low": new.low,
            "difference_new_examples_ci_high": new.high,
            "difference_variance_by_seeds": new.by_seeds,
            "difference_variance_by_examples": new.by_examples,
        }
    if variant.name == "best" and findings.confirmation:
        row["selection_difference"] = findings.confirmation.promised
    if failures := variant.failures:
        row |= {
            "failed_runs": failures.failed,
            "failed_runs_mean": failures.mean,
            "p_value_failed_runs": failures.p_value,
            "difference_learned": failures.difference,
            "difference_learned_ci_low": failures.low,
            "difference_learned_ci_high": failures.high,
        }
    if variant.published:
        row["published_accuracy"] = variant.published.accuracy
        row["published_loss"] = variant.published.loss
    for what, needed in (("difference", variant.to_decide), ("margin", variant.to_show)):
        values = needed.seeds, needed.low, needed.high
        row |= zip((f"seeds_for_{what}{end}" for end in BOUNDS), values, strict=True)
    return row


def _compared(found: Comparison) -> dict[str, Any]:
    return {column: getattr(found, RENAMED.get(column, column)) for column in PAIR_COLUMNS[2:]}
