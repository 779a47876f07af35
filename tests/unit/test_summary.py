"""A row of the summary is what its variant's runs did, and what was found of them."""

import numpy as np
import pandas as pd
import pytest
from in_memory import Floats, study
from scipy import stats

from initstudy.analysis import summary
from initstudy.analysis.findings import all_pairs, find
from initstudy.analysis.summary import PAIR_COLUMNS, SUMMARY_COLUMNS, pairs, summarize
from initstudy.errors import StudyError
from initstudy.results.study import StudyResults

NAN = float("nan")
BASE = np.array([0.60, 0.62, 0.61, 0.64, 0.60, 0.63])
WINS = BASE + np.array([0.11, 0.09, 0.10, 0.12, 0.10, 0.11])
MIXED = BASE + np.array([0.02, -0.02, 0.0, 0.01, -0.01, 0.0])
NEW, NEW_BASE = np.array([0.70, 0.74, 0.72, 0.71, 0.7]), np.array([0.6, 0.61, 0.63, 0.6, 0.61])


def made(chosen: str = "kernel-k", **changes: Floats) -> StudyResults:
    accuracies = {"baseline": BASE, "kernel-k": WINS, "bias-b": MIXED, **changes}
    return study(accuracies, (chosen, NEW, NEW_BASE), epochs=2, target_accuracy=0.7)


def table(results: StudyResults, published: pd.DataFrame | None = None) -> pd.DataFrame:
    return summarize(results, find(results, published)).set_index("variant", drop=False)


def test_a_row_is_of_the_seeds_of_its_variant() -> None:
    found = table(made())
    assert list(found.columns) == SUMMARY_COLUMNS
    assert list(found["variant"]) == ["baseline", "kernel-k", "bias-b", "best"]
    assert found["seeds"].tolist() == [6, 6, 6, 5]
    row = found.loc["kernel-k"]
    assert row["accuracy_mean"] == row["metric_value"] == pytest.approx(WINS.mean())
    expected = stats.t.interval(0.95, 5, WINS.mean(), stats.sem(WINS))
    assert (row["accuracy_ci_low"], row["accuracy_ci_high"]) == pytest.approx(expected)
    assert row["accuracy_sd"] == pytest.approx(WINS.std(ddof=1))
    assert row["accuracy_iqm"] == pytest.approx(stats.trim_mean(WINS, 0.25))
    values = row["accuracy_min"], row["accuracy_median"], row["accuracy_max"]
    assert values == pytest.approx((WINS.min(), np.median(WINS), WINS.max()))
    # Of two epochs: two thirds of the final accuracy after the first.
    assert row["area_under_curve"] == pytest.approx(WINS.mean() * (2 / 3 + 1) / 2)
    assert (row["epochs_to_target"], row["never_reached_target"]) == (2, 0)
    assert row["loss_mean"] == pytest.approx(1.1 - WINS.mean())
    assert row["seconds_per_epoch"] == 0.5
    assert found.loc["baseline", "never_reached_target"] == 6
    assert np.isnan(found.loc["baseline", "epochs_to_target"])


def test_rows_have_every_column_of_the_dictionary_and_no_other() -> None:
    published = pd.DataFrame(
        [("k", "b0", 0.7, 0.3)],
        columns=["kernel_initializer", "bias_initializer", "accuracy", "loss"],
    )
    results = made(**{"kernel-k": np.array([0.7, 0.71, 0.0, 0.76, 0.7, 0.74])})
    findings = find(results, published)
    rows = [
        {**summary._runs(results, one), **summary._found(findings, one)}
        for one in findings.variants
    ]
    assert all({*row} <= {*SUMMARY_COLUMNS} for row in rows)
    assert {name for row in rows for name in row} == {*SUMMARY_COLUMNS}


def test_differences_are_paired_and_best_meets_the_baseline_on_its_own_seeds() -> None:
    found = table(made())
    assert np.isnan(found.loc["baseline", "difference"])
    assert found.loc["kernel-k", "difference"] == pytest.approx((WINS - BASE).mean())
    assert found.loc["bias-b", "probability_of_improvement"] == 0.5
    assert found.loc["bias-b", "ties"] == 2
    best, gained = found.loc["best"], NEW - NEW_BASE
    assert best["difference"] == pytest.approx(gained.mean())
    # One comparison is Student's, and not corrected.
    expected = stats.ttest_rel(NEW, NEW_BASE)
    interval = expected.confidence_interval(0.95)
    ends = best["difference_ci_low"], best["difference_ci_high"]
    assert ends == pytest.approx((interval.low, interval.high))
    assert ends == (best["difference_decided_low"], best["difference_decided_high"])
    assert best["p_value"] == best["p_value_adjusted"] == pytest.approx(expected.pvalue)
    assert best["selection_difference"] == pytest.approx((WINS - BASE).mean())
    assert found["selection_difference"].notna().sum() == 1
    others = found.loc[["kernel-k", "bias-b"]]
    adjusted = np.minimum(1, 2 * others["p_value"])
    np.testing.assert_allclose(others["p_value_adjusted"], adjusted)
    assert others["decided_confidence"].tolist() == [0.975, 0.975]


def test_what_the_choice_promised_is_of_the_pair_or_else_of_its_parts() -> None:
    kernel, bias = (WINS - BASE).mean(), (MIXED - BASE).mean()
    apart = table(made("kernel-k-bias-b"))
    assert apart.loc["best", "selection_difference"] == pytest.approx(kernel + bias)
    together = table(made("kernel-k-bias-b", **{"kernel-k-bias-b": BASE + 0.05}))
    assert together.loc["best", "selection_difference"] == pytest.approx(0.05)


def test_a_diverged_run_counts_as_it_is() -> None:
    fails = WINS.copy()
    fails[1] = NAN
    row = table(made(**{"bias-b": fails})).loc["bias-b"]
    assert (row["diverged"], row["not_learned"]) == (1, pytest.approx(1 / 6))
    counted = np.nan_to_num(fails)
    assert row["accuracy_mean"] == pytest.approx(counted.mean())
    assert row["accuracy_min"] == 0
    assert row["difference"] == pytest.approx((counted - BASE).mean())
    # It has no loss.
    assert row["loss_mean"] == pytest.approx(1.1 - np.nanmean(fails))
    assert row["never_reached_target"] == 1
    # How often it fails, and how well it does where it does not.
    assert (row["failed_runs"], row["failed_runs_mean"]) == (1, 0)
    assert row["p_value_failed_runs"] == pytest.approx(1)
    kept = [0, 2, 3, 4, 5]
    expected = stats.ttest_rel(fails[kept], BASE[kept]).confidence_interval(0.95)
    assert row["difference_learned"] == pytest.approx((fails - BASE)[kept].mean())
    assert row["difference_learned_ci_low"] == pytest.approx(expected.low)
    assert row["difference_learned_ci_high"] == pytest.approx(expected.high)


def test_published_results_stand_beside_the_same_pair_only() -> None:
    published = pd.DataFrame(
        {
            "kernel_initializer": ["k", "other", "k0"],
            "bias_initializer": ["b0", "b0", "b0"],
            "loss": [0.25, 0.125, 0.5],
            "accuracy": [0.7, 0.95, 0.6],
        }
    )
    results = study(
        {"baseline": BASE, "kernel-k": WINS, "bias-b": MIXED},
        ("kernel-k-bias-b", NEW, NEW_BASE),
        published="mine.csv",
    )
    findings = find(results, published)
    found = table(results, published)
    # The best one is a pair that was not published.
    assert found["published_accuracy"].tolist() == pytest.approx([0.6, 0.7, NAN, NAN], nan_ok=True)
    assert found.loc["kernel-k", "published_loss"] == 0.25
    assert findings.published_as == "mine"
    first, second, *others = (one.published for one in findings.variants)
    assert others == [None, None]
    assert first is not None
    assert (first.within, first.implied, first.survives) == (True, "", None)
    assert second is not None
    # The lowest accuracy of these seeds is 0.7.
    assert (second.within, second.implied, second.survives) == (True, "better", True)
    assert table(results)["published_accuracy"].isna().all()


def test_a_published_order_survives_only_where_the_study_decides() -> None:
    results = study(
        {"baseline": BASE, "kernel-k": WINS, "bias-b": MIXED, "kernel-w": BASE - 0.1},
        published="mine.csv",
    )
    rows = [("k0", "b0", 0.6), ("k", "b0", 0.5), ("k0", "b", 0.7), ("w", "b0", 0.5)]
    published = pd.DataFrame(
        [(*pair, 1.0) for pair in rows],
        columns=["kernel_initializer", "bias_initializer", "accuracy", "loss"],
    )
    found = {one.name: one.published for one in find(results, published).variants}
    # It is published as worse, and better; as better, and inconclusive; as worse, and worse.
    assert found["kernel-k"] is not None
    assert (found["kernel-k"].implied, found["kernel-k"].survives) == ("worse", False)
    assert found["bias-b"] is not None
    assert (found["bias-b"].implied, found["bias-b"].survives) == ("better", None)
    assert found["kernel-w"] is not None
    assert (found["kernel-w"].implied, found["kernel-w"].survives) == ("worse", True)
    assert not found["kernel-k"].within


def test_a_missing_run_is_refused() -> None:
    results = made()
    rows = results.histories
    results.__dict__["histories"] = rows[(rows["variant"] != "kernel-k") | (rows["seed"] != 1)]
    with pytest.raises(StudyError, match=r"kernel-k has no results for the seeds \[1\]"):
        find(results)


def test_for_other_examples_the_seeds_are_those_that_are_compared() -> None:
    results = made()
    found = table(results)
    for name, seeds in (("kernel-k", slice(6)), ("bias-b", slice(6)), ("best", slice(6, None))):
        middle = found.loc[
            name, ["difference_new_examples_ci_low", "difference_new_examples_ci_high"]
        ].mean()
        base = results.by_example["baseline"][seeds].mean()
        assert middle == pytest.approx(results.by_example[name].mean() - base)
    assert np.isnan(found.loc["baseline", "difference_new_examples_ci_low"])


def test_every_two_variants_are_compared_once_the_better_first() -> None:
    results = made()
    comparisons = all_pairs(results)
    found = pairs(comparisons)
    assert list(found.columns) == PAIR_COLUMNS
    named = list(zip(found["variant"], found["other"], strict=True))
    assert named == [("kernel-k", "bias-b"), ("kernel-k", "baseline"), ("bias-b", "baseline")] or (
        named == [("kernel-k", "baseline"), ("kernel-k", "bias-b"), ("baseline", "bias-b")]
    )
    assert (found["difference"] >= 0).all()
    # One between the others, two with the baseline: as in the summary.
    one = found.set_index(["variant", "other"])["decided_confidence"]
    assert one["kernel-k", "bias-b"] == 0.95
    assert one["kernel-k", "baseline"] == 0.975
    row = table(results).loc["kernel-k"]
    mine = found.set_index(["variant", "other"]).loc[("kernel-k", "baseline")]
    for column in PAIR_COLUMNS[2:]:
        assert mine[column] == row[column]


def test_a_study_of_all_pairs_takes_its_decisions_from_them() -> None:
    accuracies = {"baseline": BASE, "kernel-k": WINS, "bias-b": MIXED}
    results = study(accuracies, comparisons="all_pairs")
    found, summary = pairs(all_pairs(results)), table(results)
    assert (found["decided_confidence"] == 1 - 0.05 / 3).all()
    assert summary.loc["kernel-k", "decided_confidence"] == 1 - 0.05 / 3
    assert find(results).comparisons == 3


def test_of_too_many_variants_no_pairs_are_shown() -> None:
    generator = np.random.default_rng(0)
    many = {f"kernel-k{number}": BASE + generator.normal(0, 0.01, 6) for number in range(1, 41)}
    results = study({"baseline": BASE, **many}, examples=200)
    assert all_pairs(results) == []
    assert len(find(results).variants) == 41
