"""The pair that is chosen is the best of those that were tried, or made of the best parts."""

import pandas as pd
import pytest
from made_up import initializer

from initstudy.analysis.choices import choose_pair
from initstudy.analysis.measures import ACCURACY
from initstudy.config.initializers import Variant


def test_the_best_pair_is_chosen_role_by_role() -> None:
    pairs = {
        variant: Variant(variant, initializer(kernel), initializer(bias))
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
            for seed, accuracy in enumerate(values)
        ],
        columns=["variant", "seed", "score"],
    )
    choice = choose_pair(final, pairs, ACCURACY)
    assert choice["kernel_initializer"] == initializer("k1").plain()
    assert choice["bias_initializer"] == initializer("b0").plain()
    assert choice["chosen_on"] == {
        "seeds": [0, 1],
        "mean_final_validation_accuracy": {
            "kernel": {"k0": 0.6, "k1": 0.75, "k2": 0.695},
            "bias": {"b0": 0.6, "b1": 0.5},
        },
    }


def factorial(**accuracies: float) -> tuple[pd.DataFrame, dict[str, Variant]]:
    """Of each pair, by its initializers: k1_b0 stands for kernel k1 and bias b0."""
    names = {
        "k0_b0": "baseline",
        "k1_b0": "kernel-k1",
        "k0_b1": "bias-b1",
        "k1_b1": "kernel-k1-bias-b1",
    }
    final = pd.DataFrame(
        [(names[pair], 0, accuracy) for pair, accuracy in accuracies.items()],
        columns=["variant", "seed", "score"],
    )
    pairs = {
        names[pair]: Variant(names[pair], *map(initializer, pair.split("_"))) for pair in accuracies
    }
    return final, pairs


@pytest.mark.parametrize(
    ("accuracies", "chosen"),
    [
        # Best each by itself are k1 and b1, but together they are not.
        ({"k0_b0": 0.5, "k1_b0": 0.8, "k0_b1": 0.7, "k1_b1": 0.6}, ("k1", "b0")),
        # Worst each by itself, and best together.
        ({"k0_b0": 0.5, "k1_b0": 0.4, "k0_b1": 0.3, "k1_b1": 0.6}, ("k1", "b1")),
        # Of equal ones the first.
        ({"k0_b0": 0.5, "k1_b0": 0.8, "k0_b1": 0.7, "k1_b1": 0.8}, ("k1", "b0")),
        # Not tried together: best each by itself.
        ({"k0_b0": 0.5, "k1_b0": 0.8, "k0_b1": 0.7}, ("k1", "b1")),
    ],
)
def test_of_pairs_that_were_tried_together_the_best_is_chosen(
    accuracies: dict[str, float], chosen: tuple[str, str]
) -> None:
    choice = choose_pair(*factorial(**accuracies), ACCURACY)
    found = choice["kernel_initializer"]["name"], choice["bias_initializer"]["name"]
    assert found == chosen
    told = choice["chosen_on"]["mean_final_validation_accuracy"]
    expected = {"kernel-k1-bias-b1": accuracies["k1_b1"]} if "k1_b1" in accuracies else None
    assert told.get("other_pairs") == expected


def test_a_pair_that_did_not_go_on_is_not_chosen() -> None:
    """Each of its parts is the best of its kind, but the two together were settled as worse."""
    final, pairs = factorial(k0_b0=0.5, k1_b0=0.8, k0_b1=0.7, k1_b1=0.2)
    again = final.assign(seed=1)
    grown = pd.concat([final, again[again["variant"] != "kernel-k1-bias-b1"]])
    choice = choose_pair(grown, pairs, ACCURACY)
    assert choice["chosen_on"]["seeds"] == [0, 1]
    found = choice["kernel_initializer"]["name"], choice["bias_initializer"]["name"]
    assert found == ("k1", "b0")


def test_of_equal_candidates_the_baseline_is_chosen() -> None:
    final = pd.DataFrame({"variant": ["kernel-y", "baseline"], "seed": [0, 0], "score": [0.5, 0.5]})
    pairs = {
        "baseline": Variant("baseline", initializer("x"), initializer("x")),
        "kernel-y": Variant("kernel-y", initializer("y"), initializer("x")),
    }
    choice = choose_pair(final, pairs, ACCURACY)
    assert choice["kernel_initializer"] == initializer("x").plain()
