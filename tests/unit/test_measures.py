"""Whatever variants are judged by, the best is the best, and who never gets there is the last."""

import itertools
from dataclasses import replace
from typing import get_args
from unittest.mock import ANY

import numpy as np
import pandas as pd
import pytest
from in_memory import study
from made_up import configured, initializer
from scipy import stats

from initstudy.analysis.choices import choose_pair
from initstudy.analysis.comparisons import compare
from initstudy.analysis.decisions import Decisions, Rules, analyse
from initstudy.analysis.evidence import Evidence
from initstudy.analysis.findings import find
from initstudy.analysis.measures import ACCURACY, differences, mean_interval, metric_of
from initstudy.analysis.measures import measure as measure_named
from initstudy.analysis.summary import summarize
from initstudy.config.configuration import Configuration
from initstudy.config.initializers import Variant
from initstudy.config.names import RANKED
from initstudy.data.targets import Target
from initstudy.drawing.scales import describe
from initstudy.report.verdict import summary_table, verdict
from initstudy.results import histories
from initstudy.results.contracts import HISTORIES
from initstudy.results.scores import scored, sign_of
from initstudy.results.study import StudyResults

LOSS, EPOCHS, AREA = (
    measure_named(name) for name in ("loss", "epochs_to_target", "area_under_curve")
)
JUDGED = ["accuracy", "loss", "epochs_to_target", "area_under_curve"]
INF, NAN = np.inf, np.nan
SIMULATIONS = 100


@pytest.mark.parametrize(
    ("loss", "target", "counted", "words"),
    [
        ("sparse_categorical_crossentropy", Target("classes", 3, ()), "examples", "classified"),
        ("sparse_categorical_crossentropy", Target("classes", 3, (9,)), "steps", "predicted"),
        ("binary_crossentropy", Target("labels", 4, (4,)), "labels", "predicted"),
        ("binary_crossentropy", Target("labels", 4, (9, 4)), "steps", "predicted"),
        # Shares of classes, of which the largest is what counts.
        ("kl_divergence", Target("labels", 4, (4,)), "examples", "classified"),
    ],
)
def test_an_accuracy_is_said_to_be_of_what_it_counts(
    loss: str, target: Target, counted: str, words: str
) -> None:
    asked = configured(loss=loss)
    data = replace(asked.data, target=replace(target, constant={"accuracy": 0.5}))
    of_target = asked.model_copy(update={"data": data})
    assert of_target.counted == counted
    axis = describe(metric_of(of_target), "test")
    assert axis == f"test {counted} {words} correctly after the last epoch (logit scale)"


def table(curves: dict[str, list[list[float]]]) -> pd.DataFrame:
    """Histories with these validation accuracies, and losses of what they lack; nan diverged."""
    return pd.DataFrame(
        [
            (variant, seed, epoch, 1 - value, value, 1 - value, value)
            for variant, seeds in curves.items()
            for seed, values in enumerate(seeds)
            for epoch, value in enumerate(values, 1)
        ],
        columns=HISTORIES.names,
    )


def test_every_measure_is_known_to_the_results() -> None:
    asked = get_args(Configuration.model_fields["judged"].annotation)
    assert list(asked) == ["metric", *JUDGED]
    for name in JUDGED:
        assert measure_named(name).sign == sign_of(configured(judge_by=name))
    medians = [name for name in JUDGED if measure_named(name).middle == "median"]
    assert medians == list(RANKED)


@pytest.mark.parametrize(
    ("judge_by", "expected"),
    [
        ("accuracy", [0.9, 0.7, 0.0, 0.95]),
        ("loss", [0.1, 0.3, INF, 0.05]),
        ("epochs_to_target", [2, INF, 1, 1]),
        ("area_under_curve", [(0.5 / 2 + 0.8 + 0.9 / 2) / 2, 0.7, 0.225, 0.95]),
    ],
)
def test_scores_are_what_is_judged_by(judge_by: str, expected: list[float]) -> None:
    made = table({"a": [[0.5, 0.8, 0.9], [0.7] * 3, [0.9, NAN]], "b": [[0.95] * 3]})
    final = histories.final(made, configured())
    found = scored(
        final, made, configured(judge_by=judge_by, target_accuracy=0.8, epochs=3, margin=None)
    )
    assert measure_named(judge_by).sign * found["score"].to_numpy() == pytest.approx(expected)


def test_epochs_and_areas_are_of_each_curve_whatever_is_judged() -> None:
    curves = [[0.1, 0.9, 0.8], [0.2, 0.3, 0.4], [0.95, 0.1, 0.1]]
    made = table({"a": curves})
    found = scored(
        histories.final(made, configured()), made, configured(target_accuracy=0.9, epochs=3)
    )
    assert found["epochs_to_target"].tolist() == [2, INF, 1]
    np.testing.assert_allclose(found["area_under_curve"], [0.675, 0.3, 0.3125])
    short = made[made["epoch"] == 1]
    found = scored(histories.final(short, configured()), short, configured(epochs=1))
    np.testing.assert_array_equal(found["area_under_curve"], [0.1, 0.2, 0.95])


def test_differences_of_infinite_scores() -> None:
    found = differences(np.array([-INF, -3, -INF, -2]), np.array([-INF, -INF, -4, -5]))
    assert found.tolist() == [0, INF, -INF, 3]


def test_ranks_are_those_of_wilcoxon() -> None:
    generator = np.random.default_rng(0)
    for n in (6, 9, 12):
        values = generator.normal(0.3, 1, n)
        found = compare(np.column_stack([values, np.zeros(n)]), LOSS)
        expected = stats.wilcoxon(values, method="exact").pvalue
        assert found.p_values()[0, 1] == pytest.approx(expected)
        assert found.p_values()[1, 0] == pytest.approx(expected)
    # However far one is off, it counts as the furthest.
    values[0] = 1e9
    infinite = np.where(values == 1e9, INF, values)
    far = compare(np.column_stack([infinite, np.zeros(n)]), LOSS)
    assert far.p_values()[0, 1] == pytest.approx(stats.wilcoxon(values, method="exact").pvalue)


def test_the_pseudo_median_is_that_of_all_pairs_and_its_interval_that_of_the_test() -> None:
    values = np.random.default_rng(1).normal(0.2, 1, 10)
    found = compare(np.column_stack([values, np.zeros(10)]), LOSS)
    means = [(values[i] + values[j]) / 2 for i in range(10) for j in range(i, 10)]
    assert found.estimates[0, 1] == pytest.approx(np.median(means))
    low, high = (float(bound[0, 1]) for bound in found.intervals(0.95))
    # Of ten values the 9th of 55 means from either end (Hollander, Wolfe and Chicken, table A.4).
    assert (low, high) == (np.sort(means)[8], np.sort(means)[-9])
    for bound, outside in ((low, low - 1e-6), (high, high + 1e-6)):
        inside = bound + (bound - outside)
        assert found.p_values(outside)[0, 1] <= 0.05
        assert found.p_values(inside)[0, 1] > 0.05
    # Five seeds have no interval, for 2 / 2**5 is above 5 %.
    few = compare(np.column_stack([values[:5], np.zeros(5)]), LOSS)
    assert np.isinf([bound[0, 1] for bound in few.intervals(0.95)]).all()
    both = compare(np.array([[-INF, 0.0], [0.0, -INF]]), LOSS)
    assert both.estimates[0, 1] == 0
    worst = compare(np.array([[0.0, -INF], [0.0, -INF], [1.0, 0.0]]), LOSS)
    assert worst.estimates[0, 1] == INF


def test_medians_take_what_is_infinite() -> None:
    values = -np.array([3.0, 5, 4, 6, 8, INF, 7, 9, 10, INF])
    assert EPOCHS.center(values) == -7.5
    # The second and the ninth of ten.
    assert EPOCHS.shown(EPOCHS.interval(values)[0], -7.5, EPOCHS.interval(values)[1]) == (
        4,
        7.5,
        INF,
    )
    assert EPOCHS.center(np.array([-INF, -INF, -3])) == -INF
    assert np.isnan(EPOCHS.interval(values[:5])).all()
    assert ACCURACY.interval(np.array([0.99, 1.0, 0.9, 1.0, 0.97])) == pytest.approx(
        np.clip(mean_interval(np.array([0.99, 1.0, 0.9, 1.0, 0.97])), 0, 1)
    )


@pytest.mark.simulation
@pytest.mark.parametrize("n", [10, 25])
def test_intervals_of_medians_and_of_ranks_cover(n: int, times: int) -> None:
    generator, studies = np.random.default_rng(0), SIMULATIONS * times
    covered = np.zeros(2)
    for _ in range(studies):
        one, other = np.log(generator.gamma(3, 1, (2, n)))
        low, high = LOSS.interval(one)
        covered[0] += low <= np.log(stats.gamma.median(3)) <= high
        bounds = compare(np.column_stack([one, other]), LOSS).intervals(0.95)
        covered[1] += bounds[0][0, 1] <= 0 <= bounds[1][0, 1]
    for what, rate in zip(("median", "pseudo-median"), covered / studies, strict=True):
        print(f"\nInterval of the {what} of {n} losses: covered in {rate:.1%}")
        assert rate >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / studies)


def epochs_of(generator: np.random.Generator, middle: float, never: float, n: int) -> np.ndarray:
    found = np.round(generator.normal(middle, 3, n))
    return -np.where(generator.random(n) < never, INF, found)


def test_who_never_gets_there_is_the_last_and_who_is_faster_is_better() -> None:
    generator = np.random.default_rng(0)
    values = {
        "baseline": epochs_of(generator, 30, 0, 12),
        "kernel-fast": epochs_of(generator, 15, 0, 12),
        "kernel-never": np.full(12, -INF),
        "kernel-seldom": epochs_of(generator, 30, 0.2, 12),
    }
    found = analyse(values, Evidence(), Rules(EPOCHS, 2, all_pairs=True, variants=4))
    assert {name: found.decision(name, "baseline") for name in values} == {
        "baseline": "inconclusive",
        "kernel-fast": "better",
        "kernel-never": "worse",
        "kernel-seldom": "inconclusive",
    }
    assert Decisions([found]).may_be_best == ["kernel-fast"]
    # Epochs are fewer if they are better.
    fast = found.comparison("kernel-fast", "baseline")
    assert -20 < fast.low < fast.difference < fast.high < -10
    never = found.comparison("kernel-never", "baseline")
    assert (never.difference, never.wins) == (INF, 0)
    assert found.comparison("baseline", "kernel-never").difference == -INF
    # Where neither gets there, the two are equal, and that counts against a difference.
    seldom = found.comparison("kernel-seldom", "kernel-never")
    assert seldom.wins + seldom.ties == 12
    assert 2 <= seldom.ties < 6
    assert seldom.p_value == pytest.approx(2 * below(seldom.ties * (seldom.ties + 1) // 2))


def below(most: int, n: int = 12) -> float:
    """The probability of a sum of signed ranks of at most so much, by counting all signs."""
    ranks = np.arange(1, n + 1)
    signs = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    return float(np.mean(signs @ ranks <= most))


def test_equivalence_by_ranks_asks_for_both_sides() -> None:
    near = np.array([1.0, 0, -1] * 4)
    same = compare(np.column_stack([near, np.zeros(12)]), EPOCHS)
    # All twelve differences are below the margin, and all are above minus the margin.
    assert same.equivalence_p_values(2)[0, 1] == pytest.approx(2 / 2**12)
    far = np.array([1.0, 0, -1] * 3 + [INF] * 3)
    other = compare(np.column_stack([far, np.zeros(12)]), EPOCHS)
    assert other.equivalence_p_values(2)[0, 1] > 0.05


def results_of(judge_by: str, margin: float | None) -> StudyResults:
    """A study whose winner learns fast, and one of whose variants never does."""
    generator = np.random.default_rng(0)
    epochs = np.arange(1, 41)
    speeds = {"baseline": 9, "kernel-fast": 4, "kernel-slow": 1e9, "kernel-same": 9}
    rise = {name: 0.12 + 0.84 * (1 - np.exp(-epochs / speed)) for name, speed in speeds.items()}
    curves = {name: curve / curve[-1] for name, curve in rise.items()}

    def ends(name: str) -> np.ndarray:
        return rise[name][-1] * generator.uniform(0.995, 1.005, 10)

    finals = {name: ends(name) for name in speeds}
    new = "kernel-fast", ends("kernel-fast"), ends("baseline")
    keys = {"judge_by": judge_by, "margin": margin, "epochs": 40, "target_accuracy": 0.9}
    return study(finals, new, {**curves, "best": curves["kernel-fast"]}, **keys)


@pytest.mark.parametrize(
    ("judge_by", "margin"), [("loss", 0.01), ("epochs_to_target", 3), ("area_under_curve", 0.01)]
)
def test_findings_are_about_what_is_judged_by(judge_by: str, margin: float) -> None:
    results = results_of(judge_by, margin)
    findings, measure = find(results), measure_named(judge_by)
    assert {one.name: one.decision for one in findings.variants[1:4]} == {
        "kernel-fast": "better",
        "kernel-slow": "worse",
        "kernel-same": "equivalent" if judge_by == "area_under_curve" else ANY,
    }
    assert (findings.judge_by, findings.advice.variant) == (judge_by, "kernel-fast")
    fast, slow = findings.variant("kernel-fast"), findings.variant("kernel-slow")
    found = fast.comparison
    assert found is not None
    assert measure.sign * found.difference > 0
    assert found.decided_low <= found.low <= found.difference <= found.high <= found.decided_high
    # Test examples are only asked of accuracies.
    assert found.new_examples is None
    values = measure.sign * results.scores("kernel-fast")
    middle = np.median(values) if measure.middle == "median" else values.mean()
    assert fast.value == pytest.approx(middle)
    assert fast.low <= fast.value <= fast.high
    if judge_by == "epochs_to_target":
        assert slow.value == INF
        assert slow.comparison is not None
        assert slow.comparison.difference == INF
    table = summarize(results, findings).set_index("variant")
    assert (table["metric"] == judge_by).all()
    assert table["difference_new_examples_ci_low"].isna().all()
    assert table.loc["kernel-fast", "metric_value"] == fast.value


@pytest.mark.parametrize("judge_by", ["loss", "epochs_to_target", "area_under_curve"])
def test_the_words_are_about_what_is_judged_by(judge_by: str) -> None:
    findings = find(results_of(judge_by, 3 if judge_by == "epochs_to_target" else 0.01))
    measure = measure_named(judge_by)
    text = verdict(findings)
    assert "**Start from fast kernels with b0 biases.**" in text
    assert f"The primary metric is the {measure.words}" in text
    assert "nan" not in text
    lines = summary_table(findings).splitlines()
    assert f"| {measure.words} [95 % CI] " in lines[0]
    named = [line.split("|")[1].strip() for line in lines[2:]]
    assert named[-1] == "kernel-slow"
    assert {*named[:2]} == {"kernel-fast", "best"}
    infinite = "∞" in text.replace("infinite (∞)", "")
    assert infinite == (judge_by == "epochs_to_target")
    assert "inf" not in text.replace("infinite", "")


@pytest.mark.parametrize("judge_by", JUDGED)
def test_the_pair_that_does_best_is_chosen(judge_by: str) -> None:
    made = table(
        {
            "baseline": [[0.1, 0.9], [0.2, 0.9], [0.1, 0.9]],
            "kernel-a": [[0.1, 0.95], [0.1, 0.95], [0.1, 0.95]],
            "kernel-b": [[0.9, 0.9], [0.9, NAN], [0.9, 0.9]],
        }
    )
    pairs = {
        name: Variant(name, initializer(name.rpartition("-")[2]), initializer("zeros"))
        for name in ("baseline", "kernel-a", "kernel-b")
    }
    measure = measure_named(judge_by)
    final = scored(
        histories.final(made, configured()),
        made,
        configured(judge_by=judge_by, target_accuracy=0.85, epochs=2, margin=None),
    )
    choice = choose_pair(final, pairs, measure)
    best = {"accuracy": "a", "loss": "a", "epochs_to_target": "b", "area_under_curve": "b"}
    assert choice["kernel_initializer"]["name"] == best[judge_by]
    (told,) = (value for key, value in choice["chosen_on"].items() if key != "seeds")
    if judge_by == "loss":
        assert told["kernel"] == {"baseline": 0.1, "a": 0.05, "b": 0.1}


@pytest.mark.simulation
def test_the_level_holds_with_infinite_values(times: int) -> None:
    studies, wrong = SIMULATIONS * times, 0
    rules = Rules(EPOCHS, None, all_pairs=False, variants=7)
    for seed in range(studies):
        generator = np.random.default_rng(seed)
        values = {
            name: epochs_of(generator, 30, 0.1, 10)
            for name in ("baseline", *(f"kernel-{number}" for number in range(6)))
        }
        found = analyse(values, Evidence(), rules)
        wrong += any(found.decision(name, "baseline") != "inconclusive" for name in values)
    rate = wrong / studies
    print(f"\nEpochs to the target, one in ten never: wrongly different in {rate:.1%}")
    assert rate <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)


def test_intervals_are_shown_from_the_lower_to_the_higher_value() -> None:
    for measure, sign in itertools.product(map(measure_named, JUDGED), (1, -1)):
        low, middle, high = measure.shown(0.1 * sign - 0.05, 0.1 * sign, 0.1 * sign + 0.05)
        assert low < middle < high
        assert middle == measure.sign * 0.1 * sign
