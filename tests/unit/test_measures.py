"""Whatever variants are judged by, the best is the best, and who never gets there is the last."""

import itertools
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from initstudy.analysis import statistics
from initstudy.analysis.looks import take
from initstudy.analysis.measures import ACCURACY, MEASURES, differences, mean_interval
from initstudy.analysis.pairs import may_be_best
from initstudy.analysis.verdict import summary_table, verdict
from initstudy.results import histories
from initstudy.results.columns import HISTORY
from initstudy.results.scores import SIGNS, scored
from initstudy.study.config import Study
from initstudy.study.names import RANKED

LOSS, EPOCHS, AREA = (MEASURES[name] for name in ("loss", "epochs_to_target", "area_under_curve"))
INF, NAN = np.inf, np.nan
SIMULATIONS = 100


def table(curves: dict[str, list[list[float]]]) -> pd.DataFrame:
    """Histories with these validation accuracies, and losses of what they lack; nan diverged."""
    return pd.DataFrame(
        [
            (variant, seed, epoch, 1 - value, value, 1 - value, value)
            for variant, seeds in curves.items()
            for seed, values in enumerate(seeds)
            for epoch, value in enumerate(values, 1)
        ],
        columns=HISTORY,
    )


def test_every_measure_is_known_to_the_results() -> None:
    assert list(MEASURES) == list(SIGNS)
    assert {measure.name: measure.sign for measure in MEASURES.values()} == SIGNS
    assert list(MEASURES) == list(get_args(Study.model_fields["judge_by"].annotation))
    medians = [name for name, measure in MEASURES.items() if measure.middle == "median"]
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
    final = histories.final(made)
    found = scored(final, made, judge_by, 0.8, 3)
    assert SIGNS[judge_by] * found["score"].to_numpy() == pytest.approx(expected)
    # The area is the one that the summary has.
    if judge_by == "area_under_curve":
        curves = histories.curves(histories.by_variant(made), "a", range(3), 3, "val_accuracy")
        assert statistics.area_under_curve(curves) == pytest.approx(expected[:3])


def test_differences_of_infinite_scores() -> None:
    found = differences(np.array([-INF, -3, -INF, -2]), np.array([-INF, -INF, -4, -5]))
    assert found.tolist() == [0, INF, -INF, 3]


def test_ranks_are_those_of_wilcoxon() -> None:
    generator = np.random.default_rng(0)
    for n in (6, 9, 12):
        values = generator.normal(0.3, 1, n)
        ours = statistics.sign_flip_p_value(LOSS.tested(values))
        assert ours == pytest.approx(stats.wilcoxon(values, method="exact").pvalue)
    # However far one is off, it counts as the furthest.
    values[0] = 1e9
    infinite = np.where(values == 1e9, INF, values)
    assert (LOSS.tested(values) == LOSS.tested(infinite)).all()
    many = np.column_stack([values, infinite])
    assert (LOSS.tested(many)[:, 1] == LOSS.tested(infinite)).all()
    assert ACCURACY.tested(values) is values


def test_the_pseudo_median_is_that_of_all_pairs_and_its_interval_that_of_the_test() -> None:
    values = np.random.default_rng(1).normal(0.2, 1, 10)
    means = [(values[i] + values[j]) / 2 for i in range(10) for j in range(i, 10)]
    assert LOSS.shift(values) == pytest.approx(np.median(means))
    low, high = LOSS.shift_interval(values)
    # Of ten values the 9th of 55 means from either end (Hollander, Wolfe and Chicken, table A.4).
    assert (low, high) == (np.sort(means)[8], np.sort(means)[-9])
    for bound, outside in ((low, low - 1e-6), (high, high + 1e-6)):
        inside = bound + (bound - outside)
        assert statistics.sign_flip_p_value(LOSS.tested(values - outside)) <= 0.05
        assert statistics.sign_flip_p_value(LOSS.tested(values - inside)) > 0.05
    assert np.isnan(LOSS.shift_interval(values[:5])).all()
    assert LOSS.shift(np.array([INF, -INF])) == 0
    assert LOSS.shift(np.array([INF, INF, 1.0])) == INF


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
        one = np.log(generator.gamma(3, 1, n))
        low, high = LOSS.interval(one)
        covered[0] += low <= np.log(stats.gamma.median(3)) <= high
        low, high = LOSS.shift_interval(one - np.log(generator.gamma(3, 1, n)))
        covered[1] += low <= 0 <= high
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
    look = take(values, list(values), [12], [], 2, EPOCHS)
    told = {name: one.decision for name, one in look.told.items()}
    assert told == {
        "kernel-fast": "better",
        "kernel-never": "worse",
        "kernel-seldom": "undecided",
    }
    best = dict(zip(values, may_be_best(np.array(list(values.values())).T, EPOCHS), strict=True))
    assert [name for name, p_value in best.items() if p_value >= 0.05] == ["kernel-fast"]
    pairs = statistics.compare_all(values, 2, EPOCHS)
    assert pairs["variant"].iloc[0] == "kernel-fast"
    assert pairs["other"].iloc[2] == "kernel-never"
    first = pairs.set_index(["variant", "other"])
    assert first.loc[("kernel-fast", "baseline"), "difference"] < -10
    assert first.loc[("baseline", "kernel-never"), "difference"] == -INF
    assert first.loc[("kernel-seldom", "kernel-never"), "decision"] == "better"
    same = statistics.equivalence_p_value(np.array([1.0, 0, -1] * 4), 2, EPOCHS)
    assert same == pytest.approx(2**-12)
    assert statistics.equivalence_p_value(np.array([1.0, 0, -1] * 3 + [INF] * 3), 2, EPOCHS) > 0.05


def summary_of(judge_by: str, margin: float | None) -> pd.DataFrame:
    """Of a study whose winner learns fast, and one of whose variants never does."""
    generator = np.random.default_rng(0)
    times = np.arange(1, 41)
    speeds = {"baseline": 9, "kernel-fast": 4, "kernel-slow": 1e9, "kernel-same": 9}
    curves = {
        name: [
            (0.96 - 0.86 * np.exp(-times / (speed * generator.uniform(0.9, 1.1)))).tolist()
            for _ in range(20 if name == "baseline" else 10)
        ]
        for name, speed in speeds.items()
    }
    curves["best"] = curves["kernel-fast"]
    made = table(curves)
    made.loc[made["variant"] == "best", "seed"] += 10
    timings = made.drop_duplicates(["variant", "seed"])[["variant", "seed"]]
    variants = [
        {
            "variant": name,
            "kernel_initializer": name.rpartition("-")[2],
            "bias_initializer": "zeros",
            "seeds": range(10, 20) if name == "best" else range(10),
        }
        for name in curves
    ]
    variants[-1]["kernel_initializer"] = "fast"
    return statistics.summarize(
        made,
        timings.assign(epochs=40, seconds=1.0),
        variants,
        40,
        0.9,
        0.1,
        None,
        margin=margin,
        measure=MEASURES[judge_by],
    )


@pytest.mark.parametrize(
    ("judge_by", "margin", "level", "words"),
    [
        ("loss", 0.01, "median loss is the lowest (0.04", "0.01 or more"),
        ("epochs_to_target", 3, "median number of epochs to the target is the lowest (11", "3 ep"),
        (
            "area_under_curve",
            0.01,
            "mean area under the learning curve is the highest (",
            "1 point",
        ),
    ],
)
def test_the_verdict_is_about_what_is_judged_by(
    judge_by: str, margin: float, level: str, words: str
) -> None:
    summary = summary_of(judge_by, margin)
    rows = summary.set_index("variant")
    assert rows["decision"].to_dict()["kernel-fast"] == "better"
    assert rows["decision"].to_dict()["kernel-slow"] == "worse"
    assert (rows["judged_by"] == judge_by).all()
    measure = MEASURES[judge_by]
    assert measure.sign * rows.loc["kernel-fast", "difference"] > 0
    low, middle, high = rows.loc[
        "kernel-fast", ["difference_ci_low", "difference", "difference_ci_high"]
    ]
    assert low <= middle <= high
    assert rows["difference_other_images_ci_low"].isna().all()
    text = verdict("s", summary, margin=margin)
    assert "**Start from fast kernels with zeros biases.**" in text
    assert level in text
    # From the best to the worst.
    assert text.index("**fast** is better") < text.index("**slow** is worse")
    assert f"Variants are judged by their {measure.words}" in text
    assert "other images" not in text
    assert words in text
    assert "The notebook's numbers" not in text
    assert "nan" not in text
    shown = summary_table(summary)
    assert f"| {measure.words} [95 % interval] " in shown
    names = [line.split("|")[1].strip() for line in shown.splitlines()[2:]]
    assert names[-1] == "kernel-slow"
    assert {*names[:2]} == {"kernel-fast", "best"}
    if judge_by == "epochs_to_target":
        assert rows.loc["kernel-slow", "judged"] == INF
        assert "∞" in text
        assert "inf" not in text.replace("infinite", "")


@pytest.mark.parametrize("judge_by", MEASURES)
def test_the_pair_that_does_best_is_chosen(judge_by: str) -> None:
    made = table(
        {
            "baseline": [[0.1, 0.9], [0.2, 0.9], [0.1, 0.9]],
            "kernel-a": [[0.1, 0.95], [0.1, 0.95], [0.1, 0.95]],
            "kernel-b": [[0.9, 0.9], [0.9, NAN], [0.9, 0.9]],
        }
    )
    pairs = {
        name: ({"name": name.rpartition("-")[2]}, {"name": "zeros"})
        for name in ("baseline", "kernel-a", "kernel-b")
    }
    measure = MEASURES[judge_by]
    final = scored(histories.final(made), made, judge_by, 0.85, 2)
    choice = statistics.choose_pair(final, pairs, measure=measure)
    best = {"accuracy": "a", "loss": "a", "epochs_to_target": "b", "area_under_curve": "b"}
    assert choice["kernel_initializer"]["name"] == best[judge_by]
    (told,) = (value for key, value in choice["chosen_on"].items() if key != "seeds")
    if judge_by == "loss":
        assert told["kernel"] == {"baseline": 0.1, "a": 0.05, "b": 0.1}


@pytest.mark.simulation
def test_the_level_holds_with_infinite_values(times: int) -> None:
    studies, wrong = SIMULATIONS * times, 0
    for seed in range(studies):
        generator = np.random.default_rng(seed)
        values = {
            name: epochs_of(generator, 30, 0.1, 10)
            for name in ("baseline", *(f"kernel-{number}" for number in range(6)))
        }
        look = take(values, list(values), [10], [], None, EPOCHS)
        wrong += any(one.decision != "undecided" for one in look.told.values())
    rate = wrong / studies
    print(f"\nEpochs to the target, one in ten never: wrongly told apart in {rate:.1%}")
    assert rate <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)


def test_intervals_are_shown_from_the_lower_to_the_higher_value() -> None:
    for measure, sign in itertools.product(MEASURES.values(), (1, -1)):
        low, middle, high = measure.shown(0.1 * sign - 0.05, 0.1 * sign, 0.1 * sign + 0.05)
        assert low < middle < high
        assert middle == measure.sign * 0.1 * sign
