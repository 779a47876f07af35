"""Each variant's own learning rate: the best mean, however the replicates ended."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up import configured, made_up_study

from initstudy.analysis import learning_rates
from initstudy.analysis.findings import find
from initstudy.analysis.measures import ACCURACY, measure
from initstudy.errors import StudyError
from initstudy.results.contracts import HISTORIES
from initstudy.results.jobs import Runs
from initstudy.results.tables import write

NAN = float("nan")
# What seeds 0 and 1 reach at each rate after the last of two epochs; nan: it diverged there.
ENDS = {0.001: (0.75, 0.5), 0.1: (0.875, NAN), 0.01: (0.875, 0.375)}


def trained(folder: Path, variants: str) -> Runs:
    """Jobs that ended so, one for each seed."""
    described, paths = [], []
    for variant in variants:
        for rate, ends in ENDS.items():
            for seed, accuracy in enumerate(ends):
                rows = [(seed, 1, 1.0, 0.5, 1.0, 0.125), (seed, 2, 1.0, 0.5, 2.0, accuracy)]
                if np.isnan(accuracy):
                    rows[1] = (seed, 2, NAN, NAN, NAN, NAN)
                path = folder / f"{variant}-{rate}" / f"seeds-{seed}-{seed}.csv"
                write(pd.DataFrame(rows, columns=HISTORIES.names[1:]), path)
                described.append({"variant": variant, "learning_rate": rate})
                paths.append(path)
    return Runs(described, paths)


def test_a_diverged_replicate_counts_as_nothing_and_the_first_of_equals_wins(
    tmp_path: Path,
) -> None:
    table = learning_rates.collect(configured(epochs=2), trained(tmp_path, "ba"))
    assert list(table.columns) == learning_rates.COLUMNS
    assert table["variant"].tolist() == ["b"] * 6 + ["a"] * 6
    assert table["learning_rate"].tolist() == [0.001, 0.001, 0.1, 0.1, 0.01, 0.01] * 2
    assert table["seed"].tolist() == [0, 1] * 6
    diverged = table[(table["learning_rate"] == 0.1) & (table["seed"] == 1)]
    assert diverged[["val_loss", "val_accuracy"]].isna().all(axis=None)
    assert table.loc[0, ["val_loss", "val_accuracy"]].tolist() == [2.0, 0.75]
    # 0.001 and 0.01 are equal in the mean.
    assert learning_rates.choose(table, ACCURACY) == {"b": 0.001, "a": 0.001}
    better = table.assign(judged=table["judged"].where(table.index != 11, 0.5))
    assert learning_rates.choose(better, ACCURACY) == {"b": 0.001, "a": 0.01}


def test_a_training_of_other_epochs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"seeds-0-0\.csv"):
        learning_rates.collect(configured(epochs=3), trained(tmp_path, "a"))


def test_tables_are_read_as_they_were_written(tmp_path: Path) -> None:
    joined = tmp_path / "all.csv"
    write(learning_rates.collect(configured(epochs=2), trained(tmp_path, "ab")), joined)
    means = learning_rates.means(learning_rates.read(joined, "accuracy"), ACCURACY)
    assert list(means.index) == ["a", "b"]
    assert list(means.columns) == [0.001, 0.1, 0.01]
    np.testing.assert_allclose(means.loc["b"], [0.625, 0.4375, 0.625])
    joined.write_text(joined.read_text().replace("0.375", "much"))
    with pytest.raises(StudyError, match=r"all.csv, line 7: val_accuracy is 'much'"):
        learning_rates.read(joined, "accuracy")


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
    found = learning_rates.by_budget(table, ACCURACY)
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
    assert learning_rates.by_budget(constant, ACCURACY).loc["a"].is_monotonic_increasing
    assert learning_rates.by_budget(constant, ACCURACY).loc["a", 4] == pytest.approx(0.1)


def of_leads(leads: dict[str, list[float]]) -> pd.DataFrame:
    """Each variant's lead of the second rate over the first, seed by seed; a third is far."""
    rows = [
        (name, rate, seed, 0.1, 0.9, value)
        for name, lead in leads.items()
        for rate, values in ((0.01, [0.9] * len(lead)), (0.1, 0.9 + np.array(lead)), (1, lead))
        for seed, value in enumerate(values)
    ]
    return pd.DataFrame(rows, columns=learning_rates.COLUMNS)


def test_whose_rate_might_be_another_on_other_seeds_is_found() -> None:
    # Standard errors of 0.01 / sqrt(3), and of twice that.
    clear, scarce, wide = [0.02, 0.03, 0.04], [0.0, 0.01, 0.02], [0.01, 0.03, 0.05]
    leads = {"clear": clear, "scarce": scarce, "wide": wide}
    assert learning_rates.within_two_errors(of_leads(leads), ACCURACY) == ["scarce"]
    behind = {name: [-one for one in lead] for name, lead in leads.items()}
    assert learning_rates.within_two_errors(of_leads(behind), ACCURACY) == ["scarce"]
    # Of one seed, or of one rate, there is no error.
    assert learning_rates.within_two_errors(of_leads({"a": [0.001]}), ACCURACY) == []
    table = of_leads(leads)
    assert learning_rates.within_two_errors(table[table["learning_rate"] == 1], ACCURACY) == []
    # Nor does the order of the seeds or of the rows count.
    shuffled = table.sample(frac=1, random_state=0).sort_values("variant", kind="stable")
    assert learning_rates.within_two_errors(shuffled, ACCURACY) == ["scarce"]


def test_a_variant_of_six_times_the_spread_is_judged_by_its_own() -> None:
    """Eleven variants have a standard error of 0.006, and one of six times that."""
    generator = np.random.default_rng(0)

    def lead(mean: float, sd: float) -> list[float]:
        values = generator.normal(size=3)
        values = (values - values.mean()) / values.std(ddof=1)
        return [float(one) for one in mean + sd * values]

    leads = {f"v{number}": lead(0.05, 0.01) for number in range(11)}
    wide = {"wide": lead(0.05, 0.06)}
    assert learning_rates.within_two_errors(of_leads(leads | wide), ACCURACY) == ["wide"]
    # Where its lead is as much larger, it is not.
    assert (
        learning_rates.within_two_errors(of_leads(leads | {"wide": lead(0.4, 0.06)}), ACCURACY)
        == []
    )
    # By chance three seeds agree closely: the spread of the others counts as well.
    lucky = {"lucky": lead(0.004, 0.002)}
    assert learning_rates.within_two_errors(of_leads(leads | lucky), ACCURACY) == ["lucky"]
    assert learning_rates.within_two_errors(of_leads(lucky), ACCURACY) == []


@pytest.mark.simulation
@pytest.mark.parametrize("times_wider", [1, 6])
def test_whose_rate_is_the_wrong_one_is_flagged_mostly(times_wider: float, times: int) -> None:
    """Of a variant with two rates that differ by a standard error, chosen on three seeds.

    That it spreads more widely than the other eleven must not hide it.
    """
    generator, studies = np.random.default_rng(0), 60 * times
    wrong = flagged = 0
    for _ in range(studies):
        sds = np.array([times_wider, *[1.0] * 11]) * 0.01
        means = np.array([sds[0] / np.sqrt(3), *[0.1] * 11])
        leads = {
            f"v{number}": (mean + generator.normal(0, sd, 3)).tolist()
            for number, (mean, sd) in enumerate(zip(means, sds, strict=True))
        }
        table = of_leads(leads)
        table = table[table["learning_rate"] < 1]
        if learning_rates.choose(table, ACCURACY)["v0"] != 0.1:
            wrong += 1
            flagged += "v0" in learning_rates.within_two_errors(table, ACCURACY)
    print(
        f"\nSpread {times_wider} times: wrong in {wrong / studies:.0%}, flagged {flagged}/{wrong}"
    )
    assert wrong
    assert flagged >= 0.85 * wrong


def test_infinite_scores_are_apart_only_where_they_are_on_every_seed() -> None:
    loss, nan = measure("loss"), float("nan")

    def found(first: list[float], second: list[float]) -> list[str]:
        rows = [
            ("a", rate, seed, value, nan, value)
            for rate, values in ((0.1, first), (0.01, second))
            for seed, value in enumerate(values)
        ]
        table = pd.DataFrame(rows, columns=learning_rates.COLUMNS)
        return learning_rates.within_two_errors(table, loss)

    inf = float("inf")
    assert found([0.1, 0.2, 0.3], [inf] * 3) == []
    assert found([0.1, 0.2, 0.3], [inf, 0.1, inf]) == ["a"]
    # Equal scores are not apart, infinite ones either.
    assert found([inf] * 3, [inf] * 3) == ["a"]
    assert found([0.1, 0.2, 0.3], [0.1, 0.2, 0.3]) == ["a"]
    # The same lead on every seed is beyond doubt.
    assert found([0.125, 0.25, 0.375], [0.25, 0.375, 0.5]) == []


def test_findings_have_the_rates_that_were_chosen(tmp_path: Path) -> None:
    results = made_up_study(tmp_path / "tuned", tuned=True)
    rates = find(results).rates
    assert rates is not None
    table = learning_rates.read(results.learning_rates_file, "accuracy")
    for variant, rows in table.groupby("variant"):
        reached = rows.groupby("learning_rate")["judged"].mean()
        assert rates.chosen[str(variant)] == reached.idxmax()
    # Two rates are both the smallest or the largest.
    assert sorted(rates.at_edge) == sorted(rates.chosen)
    assert rates.within_two_errors == learning_rates.within_two_errors(table, ACCURACY)
    assert find(made_up_study(tmp_path / "plain")).rates is None
