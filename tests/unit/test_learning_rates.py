"""Each variant's own learning rate: the best mean, however the replicates ended."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from initstudy.analysis import learning_rates
from initstudy.analysis.verdict import verdict
from initstudy.errors import StudyError
from initstudy.results import histories

NAN, INF = float("nan"), float("inf")
ENDS = {
    0.001: {0: (1.0, 0.5, 1.0, 0.75, 9.0), 1: (1.0, 0.5, 1.0, 0.5, 9.0)},
    0.1: {0: (1.0, 0.5, 1.0, 0.875, 9.0), 1: (1.0, 0.5, INF, 0.875, 9.0)},
    0.01: {0: (1.0, 0.5, 1.0, 0.875, 9.0), 1: (1.0, 0.5, 1.0, 0.375, 9.0)},
}


def test_a_diverged_replicate_counts_as_nothing_and_the_first_of_equals_wins() -> None:
    table = learning_rates.from_ends("a", ENDS)
    diverged = table[(table["learning_rate"] == 0.1) & (table["seed"] == 1)]
    assert diverged[["val_loss", "val_accuracy"]].isna().all(axis=None)
    choice = learning_rates.choose(table)
    assert choice == {
        "learning_rate": 0.001,
        "chosen_on": {
            "seeds": [0, 1],
            "mean_final_validation_accuracy": {0.001: 0.625, 0.1: 0.4375, 0.01: 0.625},
        },
    }


def test_tables_are_read_as_they_were_written(tmp_path: Path) -> None:
    for variant in "ab":
        histories.write(learning_rates.from_ends(variant, ENDS), tmp_path / f"{variant}.csv")
    joined = tmp_path / "all.csv"
    joined.write_bytes(histories.join([tmp_path / "a.csv", tmp_path / "b.csv"]))
    means = learning_rates.means(learning_rates.read(joined))
    assert list(means.index) == ["a", "b"]
    assert list(means.columns) == [0.001, 0.1, 0.01]
    np.testing.assert_allclose(means.loc["b"], [0.625, 0.4375, 0.625])
    joined.write_text(joined.read_text().replace("0.375", "much"))
    with pytest.raises(StudyError, match=r"all.csv, line 7: val_accuracy is 'much'"):
        learning_rates.read(joined)


def test_the_verdict_says_who_was_judged_at_what() -> None:
    accuracies = {"baseline": [0.5, 0.9, 0.1], "kernel-a": [0.5, 0.6, 0.7]}
    means = pd.DataFrame.from_dict(accuracies, orient="index", columns=[0.001, 0.01, 0.1])
    row = dict.fromkeys(
        ["accuracy_mean", "accuracy_ci_low", "accuracy_ci_high", "accuracy_min", "accuracy_max"],
        0.5,
    )
    row |= dict.fromkeys(["difference", "difference_ci_low", "difference_ci_high"], 0.1)
    row |= dict.fromkeys(["p_value", "p_value_holm", "probability_of_improvement"], 0.5)
    row |= dict.fromkeys(["not_learned", "diverged", "epochs_to_target"], 0)
    row |= dict.fromkeys(["notebook_accuracy", "notebook_loss"], NAN)
    row |= {"selection_difference": 0.1, "seeds": 10, "accuracy_sd": 0.1}
    names = ["baseline", "kernel-a", "best"]
    summary = pd.DataFrame(
        [row | {"variant": n, "kernel_initializer": n, "bias_initializer": "b"} for n in names]
    )
    text = verdict("s", summary, rates=means, held_out=5000)
    assert "0.01 for **baseline**; 0.1 for **kernel-a**." in text
    assert "That of **kernel-a** is the smallest or the largest" in text
    assert "% of the test images" in text
    assert "5000 held-out training images" in text
    assert "the validation images are the test images" not in text
    assert "held-out" not in verdict("s", summary)
