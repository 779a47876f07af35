"""The summary says what the replicates say."""

import pandas as pd
import pytest

from initstudy import statistics
from initstudy.errors import StudyError

FINAL = pd.DataFrame(
    {
        "variant": ["a"] * 4 + ["best"] * 2,
        "seed": [0, 1, 2, 3, 4, 5],
        "diverged": [False, False, True, False, False, False],
        "val_loss": [0.5, 1.0, float("nan"), 9.0, 0.1, 0.3],
        "val_accuracy": [0.9, 0.6, 0.0, 0.1, 0.8, 0.9],
    }
)
TIMINGS = pd.DataFrame(
    {
        "variant": ["a"] * 3 + ["best"] * 2,
        "seed": [0, 1, 2, 4, 5],
        "epochs": [10, 10, 5, 10, 10],
        "seconds": [1.0, 2.0, 2.0, 3.0, 3.0],
    }
)
VARIANTS = [
    {
        "variant": "a",
        "kernel_initializer": "k",
        "bias_initializer": "b",
        "seeds": range(3),
    },
    {
        "variant": "best",
        "kernel_initializer": "k",
        "bias_initializer": "c",
        "seeds": range(4, 6),
    },
]
PUBLISHED = pd.DataFrame(
    {
        "variant": ["a", "best"],
        "kernel_initializer": ["k", "other"],
        "bias_initializer": ["b", "other"],
        "loss": [0.25, 0.125],
        "accuracy": [0.7, 0.95],
    }
)


def test_a_row_is_of_the_seeds_of_its_variant() -> None:
    summary = statistics.summarize(FINAL, TIMINGS, VARIANTS, PUBLISHED)
    assert list(summary.columns) == statistics.SUMMARY_COLUMNS
    first = summary.iloc[0]
    assert (first["variant"], first["seeds"], first["diverged"]) == ("a", 3, 1)
    assert first["accuracy_mean"] == pytest.approx(0.5)
    assert first["accuracy_sd"] == pytest.approx(0.4582576, abs=1e-6)  # of a sample: n - 1
    assert (first["accuracy_median"], first["accuracy_min"], first["accuracy_max"]) == (0.6, 0, 0.9)
    assert first["loss_mean"] == pytest.approx(0.75)  # a diverged one has no loss
    assert first["seconds_per_epoch"] == pytest.approx(5 / 25)
    assert (first["notebook_accuracy"], first["notebook_loss"]) == (0.7, 0.25)


def test_published_results_stand_beside_their_own_initializers_only() -> None:
    other = [{**VARIANTS[0], "bias_initializer": "c"}, VARIANTS[1]]
    summary = statistics.summarize(FINAL, TIMINGS, other, PUBLISHED)
    assert summary["notebook_accuracy"].isna().tolist() == [True, False]
    summary = statistics.summarize(FINAL, TIMINGS, VARIANTS, None)
    assert summary["notebook_accuracy"].isna().all()


def test_a_missing_replicate_is_refused() -> None:
    variants = [{**VARIANTS[0], "seeds": range(5)}]
    with pytest.raises(StudyError, match=r"a has no results for the seeds \[4\]"):
        statistics.summarize(FINAL, TIMINGS, variants, None)


def test_the_best_pair_is_chosen_role_by_role() -> None:
    def initializer(name: str) -> dict:
        return {"name": name, "class_name": name, "config": {}}

    pairs = {
        variant: [initializer(kernel), initializer(bias)]
        for variant, kernel, bias in [
            ("baseline", "k0", "b0"),
            ("kernel-k1", "k1", "b0"),
            ("kernel-k2", "k2", "b0"),
            ("bias-b1", "k0", "b1"),
        ]
    }
    accuracies = {
        "baseline": [0.5, 0.7],
        "kernel-k1": [0.9, 0.6],
        "kernel-k2": [0.99, 0.4],
        "bias-b1": [0.5, 0.5],
    }
    final = pd.DataFrame(
        [
            (variant, seed, accuracy)
            for variant, values in accuracies.items()
            for seed, accuracy in enumerate([*values, 0.0])  # the last is no seed to choose on
        ],
        columns=["variant", "seed", "val_accuracy"],
    )
    choice = statistics.choose_pair(final, pairs, range(2))
    assert choice["kernel_initializer"] == initializer("k1")
    assert choice["bias_initializer"] == initializer("b0")
    assert choice["chosen_on"] == {
        "seeds": [0, 1],
        "mean_final_validation_accuracy": {
            "kernel": {"k0": 0.6, "k1": 0.75, "k2": 0.695},
            "bias": {"b0": 0.6, "b1": 0.5},
        },
    }


def test_of_equal_candidates_the_baseline_is_chosen() -> None:
    one = {"name": "x", "class_name": "x", "config": {}}
    two = {"name": "y", "class_name": "y", "config": {}}
    final = pd.DataFrame(
        {"variant": ["kernel-y", "baseline"], "seed": [0, 0], "val_accuracy": [0.5, 0.5]}
    )
    pairs = {"baseline": [one, one], "kernel-y": [two, one]}
    assert statistics.choose_pair(final, pairs, range(1))["kernel_initializer"] == one
