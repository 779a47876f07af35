"""Judged by an error: as by an accuracy, with its sign turned, and in the error's own unit."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from in_memory import CHANCE, error, study
from made_up import CONSTANT, configured

from initstudy.analysis.comparison import compare
from initstudy.analysis.decisions import BASELINE
from initstudy.analysis.examples import linear
from initstudy.analysis.findings import find
from initstudy.analysis.summary import summarize
from initstudy.report.verdict import headline, summary_table, verdict
from initstudy.results.findings import Findings
from initstudy.results.histories import bounded

GENERATOR = np.random.default_rng(3)
SEEDS = 8
MEAN = "mean_absolute_error"


def noise(size: float = 0.003) -> Any:
    return GENERATOR.normal(0, size, SEEDS)


BASE = 0.8 + noise()
ENDS = {
    BASELINE: BASE,
    "kernel-good": BASE + 0.03 + noise(0.001),
    "kernel-bad": BASE - 0.03 + noise(0.001),
    "kernel-same": BASE + noise(0.0002),
    "kernel-never": np.full(SEEDS, CHANCE) + np.linspace(-0.05, 0.01, SEEDS),
    "bias-wide": BASE + noise(0.02),
    "bias-fails": np.where(np.arange(SEEDS) < 3, np.nan, BASE),
}


@pytest.fixture(scope="module")
def both() -> tuple[Findings, Findings]:
    """What two studies find, whose errors are what the accuracies lack."""
    new = ("kernel-good", BASE[:5] + 0.03 + noise(0.001)[:5], BASE[:5])
    by_accuracy = study(ENDS, new, margin=0.005)
    margin = 0.005 * CONSTANT / (1 - CHANCE)
    by_error = study(ENDS, new, metric=MEAN, margin=margin, loss="mean_absolute_error")
    return find(by_accuracy), find(by_error)


def test_decisions_are_those_of_accuracies(both: tuple[Findings, Findings]) -> None:
    ours, theirs = both[1], both[0]
    assert [one.decision for one in ours.variants] == [one.decision for one in theirs.variants]
    assert {one.decision for one in ours.compared} >= {"better", "worse", "equivalent"}
    assert ours.advice.variant == theirs.advice.variant == "kernel-good"
    assert ours.advice.ruled_out == theirs.advice.ruled_out
    for one, other in zip(ours.compared, theirs.compared, strict=True):
        assert one.never_learned == other.never_learned
        assert one.comparison is not None
        assert other.comparison is not None
        wins = one.comparison.wins, one.comparison.ties
        assert wins == (other.comparison.wins, other.comparison.ties)


def test_numbers_are_those_of_accuracies_in_the_unit_of_the_error() -> None:
    learned = {name: ENDS[name] for name in (BASELINE, "kernel-good", "kernel-bad", "bias-wide")}
    ours, theirs = (find(study(learned, metric=metric)) for metric in (MEAN, "accuracy"))
    for one, other in zip(ours.compared, theirs.compared, strict=True):
        found, beside = one.comparison, other.comparison
        assert found is not None
        assert beside is not None
        assert found.p_value == pytest.approx(beside.p_value, rel=1e-6)
        assert found.difference == pytest.approx(error(1 + beside.difference), rel=1e-6)
        ends = error(1 + beside.high), error(1 + beside.low)
        assert (found.low, found.high) == pytest.approx(ends, rel=1e-6)


def test_what_has_learned_nothing_counts_as_the_constant_answer(
    both: tuple[Findings, Findings],
) -> None:
    never, fails = both[1].variant("kernel-never"), both[1].variant("bias-fails")
    # Two of its runs are a little better than the constant answer.
    assert never.metric == pytest.approx(CONSTANT, rel=0.01)
    assert never.metric_max == CONSTANT
    assert never.failures is not None
    assert never.failures.not_learned == SEEDS
    assert fails.metric_max == CONSTANT
    assert fails.failures is not None
    assert (fails.failures.diverged, fails.failures.failed) == (3, 3)
    assert fails.failures.mean_learned == pytest.approx(error(BASE[3:]).mean(), rel=1e-4)


def test_words_have_the_error_its_direction_and_no_percent(
    both: tuple[Findings, Findings],
) -> None:
    text = f"{verdict(both[1])}{summary_table(both[1])}"
    assert "mean absolute error" in headline(both[1])
    assert "lower is better; the best constant answer has 4.500" in text
    assert "correctly" not in text
    assert "accura" not in text
    shares = {"95 %", "5 %", "80 %", "100 %"}
    assert {*re.findall(r"[\d.]+ %", text)} <= shares
    assert " pp" not in text
    assert "| ≥ 4.49" in text


def test_the_summary_has_the_error_by_its_name() -> None:
    results = study(ENDS, metric=MEAN, margin=None)
    table = summarize(results, find(results)).set_index("variant")
    assert f"{MEAN}_mean" in table
    assert not [name for name in table if "accuracy" in name]
    row = table.loc["kernel-good"]
    ends = results.tests[results.tests["variant"] == "kernel-good"][f"test_{MEAN}"]
    assert row[f"{MEAN}_mean"] == pytest.approx(ends.mean())
    assert row[f"{MEAN}_min"] == ends.min()
    assert row["metric"] == MEAN
    assert row["difference"] < 0
    assert row["decision"] == "better"


@pytest.mark.parametrize("judge_by", ["loss", "epochs_to_target", "area_under_curve"])
def test_each_primary_metric_knows_which_way_is_better(judge_by: str) -> None:
    late = 1 - 0.5 ** np.linspace(0.2, 2.0, 12)
    early = 1 - 0.5 ** np.linspace(1.0, 9.0, 12)
    curves = {name: (early if "good" in name else late) for name in ENDS}
    ends = {name: ENDS[name] for name in (BASELINE, "kernel-good", "kernel-bad")}
    results = study(
        ends, curves=curves, metric=MEAN, judge_by=judge_by, target_error=error(0.7), epochs=12
    )
    found = find(results)
    assert found.variant("kernel-good").decision == "better"
    assert found.variant("kernel-bad").decision != "better"
    assert "Start from good kernels" in headline(found)


def test_two_variants_are_compared_by_their_errors() -> None:
    results = study(ENDS, metric=MEAN)
    found = compare(results.variant("kernel-good"), results.variant(BASELINE))
    assert found.difference == pytest.approx(
        error(ENDS["kernel-good"]).mean() - error(BASE).mean(), rel=1e-3
    )
    assert found.difference < 0
    assert found.high < 0


def test_a_root_of_squares_is_the_mean_of_what_examples_add() -> None:
    asked = configured(metric="root_mean_squared_error")
    squares = {"a": np.random.default_rng(0).exponential(size=(4, 50)).astype(np.float32)}
    squares["a"][3] *= 1000  # worse than a constant answer
    found = linear(squares, asked)["a"]
    roots = np.sqrt(squares["a"].mean(axis=1))
    np.testing.assert_allclose(found.mean(axis=1)[:3], roots[:3], rtol=1e-6)
    np.testing.assert_array_equal(found[3], CONSTANT)


def test_each_part_has_a_constant_answer_of_its_own() -> None:
    """Validation targets that vary more than those of the test are not cut to the latter's."""
    asked = configured(metric=MEAN, validation={"holdout": 10})
    target = replace(asked.data.target, elsewhere={"train": {MEAN: 20.0}})
    asked.__dict__["data"] = replace(asked.data, target=target)
    values = pd.Series([3.0, 9.0, np.nan])
    assert bounded(values, asked, "val").tolist() == [3.0, 9.0, 20.0]
    assert bounded(values, asked, "test").tolist() == [3.0, CONSTANT, CONSTANT]


def test_other_test_examples_are_asked_of_errors_too(both: tuple[Findings, Findings]) -> None:
    comparison = both[1].variant("kernel-good").comparison
    assert comparison is not None
    new = comparison.new_examples
    assert new is not None
    assert new.by_examples > 0
    assert new.low < comparison.difference < new.high < 0
