"""Each variant's own learning rate: the best mean, however the replicates ended."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from initstudy.analysis import learning_rates, statistics
from initstudy.analysis.verdict import verdict
from initstudy.errors import StudyError
from initstudy.results import columns, histories
from initstudy.results.files import write_sums

NAN = float("nan")
# What seeds 0 and 1 reach at each rate after the last of two epochs; nan: it diverged there.
ENDS = {0.001: (0.75, 0.5), 0.1: (0.875, NAN), 0.01: (0.875, 0.375)}


def trained(folder: Path, variants: str) -> tuple[list[str], list[float], list[Path]]:
    """Variant, rate and history of training jobs that ended so, a job for each seed."""
    names, rates, paths = [], [], []
    for variant in variants:
        for rate, ends in ENDS.items():
            for seed, accuracy in enumerate(ends):
                rows = [(seed, 1, 1.0, 0.5, 1.0, 0.125), (seed, 2, 1.0, 0.5, 2.0, accuracy)]
                if np.isnan(accuracy):
                    rows[1] = (seed, 2, NAN, NAN, NAN, NAN)
                path = folder / f"{variant}-{rate}" / f"seeds-{seed}-{seed}.csv"
                histories.write(pd.DataFrame(rows, columns=columns.HISTORY[1:]), path)
                write_sums(path.with_suffix(".sha256"), [path])
                names.append(variant)
                rates.append(rate)
                paths.append(path)
    return names, rates, paths


def test_a_diverged_replicate_counts_as_nothing_and_the_first_of_equals_wins(
    tmp_path: Path,
) -> None:
    table = learning_rates.collect(*trained(tmp_path, "ba"), epochs=2)
    assert list(table.columns) == learning_rates.COLUMNS
    assert table["variant"].tolist() == ["b"] * 6 + ["a"] * 6
    assert table["learning_rate"].tolist() == [0.001, 0.001, 0.1, 0.1, 0.01, 0.01] * 2
    assert table["seed"].tolist() == [0, 1] * 6
    diverged = table[(table["learning_rate"] == 0.1) & (table["seed"] == 1)]
    assert diverged[["val_loss", "val_accuracy"]].isna().all(axis=None)
    assert table.loc[0, ["val_loss", "val_accuracy"]].tolist() == [2.0, 0.75]
    # 0.001 and 0.01 are equal in the mean.
    assert learning_rates.choose(table) == {"b": 0.001, "a": 0.001}
    better = table.assign(judged=table["judged"].where(table.index != 11, 0.5))
    assert learning_rates.choose(better) == {"b": 0.001, "a": 0.01}


def test_a_training_of_other_epochs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"seeds-0-0\.csv"):
        learning_rates.collect(*trained(tmp_path, "a"), epochs=3)


def test_tables_are_read_as_they_were_written(tmp_path: Path) -> None:
    joined = tmp_path / "all.csv"
    histories.write(learning_rates.collect(*trained(tmp_path, "ab"), epochs=2), joined)
    means = learning_rates.means(learning_rates.read(joined))
    assert list(means.index) == ["a", "b"]
    assert list(means.columns) == [0.001, 0.1, 0.01]
    np.testing.assert_allclose(means.loc["b"], [0.625, 0.4375, 0.625])
    joined.write_text(joined.read_text().replace("0.375", "much"))
    with pytest.raises(StudyError, match=r"all.csv, line 7: val_accuracy is 'much'"):
        learning_rates.read(joined)


def test_what_a_budget_reaches_is_the_mean_over_all_ways_to_spend_it() -> None:
    """Against a loop over all subsets, and every seed left out."""
    generator = np.random.default_rng(0)
    rows = [
        (variant, rate, seed, 0.5, 0.5, generator.uniform(0.5, 0.9))
        for variant in ("a", "b")
        for rate in (0.1, 0.01, 0.001, 0.0001)
        for seed in (7, 8, 9)
    ]
    table = pd.DataFrame(rows, columns=learning_rates.COLUMNS)
    found = learning_rates.by_budget(table)
    assert list(found.index) == ["a", "b"]
    for variant in found.index:
        values = table[table["variant"] == variant]["judged"].to_numpy().reshape(4, 3)
        for number in range(1, 5):
            reached = []
            for seed in range(3):
                others = np.delete(values, seed, axis=1).mean(axis=1)
                reached += [
                    values[max(tried, key=others.__getitem__), seed]
                    for tried in itertools.combinations(range(4), number)
                ]
            assert found.loc[variant, number] == pytest.approx(np.mean(reached))
    # More that are tried never choose worse, on the seeds that choose.
    constant = table.assign(judged=table["learning_rate"])
    assert learning_rates.by_budget(constant).loc["a"].is_monotonic_increasing
    assert learning_rates.by_budget(constant).loc["a", 4] == pytest.approx(0.1)


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
    row |= {"judged_by": "accuracy", "judged": 0.5, "judged_ci_low": 0.5, "judged_ci_high": 0.5}
    row |= {"ties": 0, "selection_difference": 0.1, "seeds": 10, "accuracy_sd": 0.1}
    row |= {"decision": "undecided", "p_value_best": 0.5, "p_value_equivalent": 0.5}
    row |= {
        "p_value_equivalent_holm": 0.5,
        "collapsed": 0,
        "training_accuracy_mean": 0.5,
        "draws_nothing": False,
        "told_of_seeds": NAN,
    }
    row |= dict.fromkeys(statistics.SUMMARY_COLUMNS[-10:], NAN)
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
    assert "Chance has a part" not in text
    text = verdict("s", summary, rates=means, by_chance=["kernel-a"])
    assert "Chance has a part in the choice for **kernel-a**: the best rate leads" in text


def test_whose_rate_might_be_another_on_other_seeds_is_found() -> None:
    def table(leads: dict[str, list[float]]) -> pd.DataFrame:
        """Each variant's lead of the second rate over the first, seed by seed; a third is far."""
        rows = [
            (name, rate, seed, 0.1, 0.9, value)
            for name, lead in leads.items()
            for rate, values in ((0.01, [0.9] * len(lead)), (0.1, 0.9 + np.array(lead)), (1, lead))
            for seed, value in enumerate(values)
        ]
        return pd.DataFrame(rows, columns=learning_rates.COLUMNS)

    # Variances of 1, 1 and 4 ten-thousandths: the error of a mean is 0.01 / sqrt(3).
    clear, scarce, wide = [0.02, 0.03, 0.04], [0.0, 0.01, 0.02], [0.01, 0.03, 0.05]
    leads = {"clear": clear, "scarce": scarce, "wide": wide}
    assert learning_rates.by_chance(table(leads)) == ["scarce"]
    behind = {name: [-one for one in lead] for name, lead in leads.items()}
    assert learning_rates.by_chance(table(behind)) == ["scarce"]
    assert learning_rates.by_chance(table({"a": [0.001]})) == []
    infinite = table(leads)
    infinite.loc[0, "judged"] = np.inf
    assert learning_rates.by_chance(infinite) == []
