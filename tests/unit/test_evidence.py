"""Nothing is concluded of seeds that are one and the same run, nor where nothing learned."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up import made_up_study

from initstudy.analysis import evidence, statistics
from initstudy.analysis.comparison import compare
from initstudy.analysis.evidence import Evidence, find, one_run
from initstudy.analysis.looks import take
from initstudy.analysis.verdict import summary_table, verdict
from initstudy.results import histories
from initstudy.results.columns import HISTORY
from initstudy.results.files import write_sum
from initstudy.results.study import StudyResults, load

CHANCE = 0.1
SEEDS = 7
Curves = dict[str, np.ndarray]


def study(finals: Curves, first: Curves | None = None, diverged: bool = False) -> pd.DataFrame:
    """Histories of two epochs with these final accuracies; the first epoch is half as good."""
    first = first or {name: values / 2 for name, values in finals.items()}
    rows = []
    for name, values in finals.items():
        for seed, (begins, ends) in enumerate(zip(first[name], values, strict=True)):
            rows.append((name, seed, 1, 2 - begins, begins, 2 - begins, begins))
            metrics = [np.nan] * 4 if diverged else [2 - ends, ends, 2 - ends, ends]
            rows.append((name, seed, 2, *metrics))
    return pd.DataFrame(rows, columns=HISTORY)


def copies(value: float) -> np.ndarray:
    return np.full(SEEDS, value)


def varied(value: float) -> np.ndarray:
    return value + np.linspace(-0.02, 0.02, SEEDS)


def of(table: pd.DataFrame, judge_by: str = "accuracy") -> Evidence:
    return find(table, histories.final(table), CHANCE, judge_by)


def summarized(table: pd.DataFrame) -> pd.DataFrame:
    names = list(dict.fromkeys(table["variant"]))
    timings = table[["variant", "seed"]].drop_duplicates().assign(epochs=2, seconds=0.1)
    variants = [
        {
            "variant": name,
            "kernel_initializer": name.partition("-")[2] or "k0",
            "bias_initializer": "b0",
            "seeds": range(SEEDS),
        }
        for name in names
    ]
    return statistics.summarize(
        table, timings, variants, 2, 0.99, CHANCE, None, margin=0.005
    ).set_index("variant", drop=False)


def test_seeds_are_one_run_if_they_agree_but_for_rounding() -> None:
    table = study({"baseline": varied(0.5), "kernel-a": copies(0.6)})
    assert one_run(table) == ["kernel-a"]
    # As the sums of one batch in another order, whose last digits differ.
    rounded = table.copy()
    mine = (rounded["variant"] == "kernel-a").to_numpy()
    rounded.loc[mine, ["loss", "val_loss"]] *= 1 + 5e-8 * rounded.loc[mine, ["seed"]].to_numpy()
    assert one_run(rounded) == ["kernel-a"]
    # What was rounded may end far apart.
    begins = {"kernel-a": copies(0.3)}
    assert one_run(study({"kernel-a": varied(0.6)}, begins)) == ["kernel-a"]
    # One accuracy or loss that differs is a run that differs, and one seed is not several.
    for column in ("loss", "accuracy", "val_loss", "val_accuracy"):
        other = table.copy()
        other.loc[other[mine].index[0], column] += 1e-4
        assert one_run(other) == []
    assert one_run(table[table["seed"] == 0]) == []
    nan = table.assign(**dict.fromkeys(HISTORY[3:], np.nan))
    assert one_run(nan[nan["epoch"] == 1]) == []


def test_nothing_can_be_concluded_where_no_seed_differs() -> None:
    found = of(study({"baseline": copies(0.5), "kernel-a": copies(0.6)}))
    assert found.reason == "all seeds of a variant are one and the same run"
    assert not found.compares("kernel-a", "baseline")
    # One that varies can be compared with those that do not, which cannot with each other.
    table = study({"baseline": copies(0.5), "kernel-a": copies(0.6), "kernel-b": varied(0.7)})
    found = of(table)
    assert found.nothing == ""
    assert found.compares("kernel-b", "baseline")
    assert not found.compares("kernel-a", "baseline")


def test_nothing_can_be_concluded_where_nothing_learned() -> None:
    diverged = study({"baseline": varied(0.5), "kernel-a": varied(0.6)}, diverged=True)
    for judge_by in ("accuracy", "loss", "epochs_to_target"):
        assert of(diverged, judge_by).reason == "all 14 runs diverged"
    names_one_class = {"baseline": copies(CHANCE), "kernel-a": copies(0.05)}
    guessed = study(names_one_class, {name: varied(0.06) for name in names_one_class})
    assert of(guessed).reason == "none of the 14 runs learned anything"
    assert "Change the learning rate" in of(guessed).nothing
    assert of(guessed, "loss").nothing == ""
    one = guessed.copy()
    one.loc[one.index[-1], "val_accuracy"] = CHANCE + 0.001
    assert of(one).nothing == ""
    # It was better on the way, which counts where epochs are counted.
    on_the_way = study(names_one_class, {name: varied(0.3) for name in names_one_class})
    assert of(on_the_way).nothing != ""
    assert of(on_the_way, "epochs_to_target").nothing == ""


@pytest.mark.parametrize(
    "table",
    [
        study({"baseline": copies(0.5), "kernel-a": copies(0.6)}),
        study({"baseline": varied(0.5), "kernel-a": varied(0.6)}, diverged=True),
    ],
    ids=["one run", "diverged"],
)
def test_then_no_table_and_no_word_claims_anything(table: pd.DataFrame) -> None:
    summary = summarized(table)
    row = summary.loc["kernel-a"]
    assert row["decision"] == "undecided"
    claims = ["difference_ci_low", "p_value", "p_value_holm", "p_value_equivalent_holm"]
    claims += ["p_value_best", "probability_of_improvement", "seeds_for_difference"]
    assert row[claims].isna().all()
    found = of(table)
    values = {name: mine["val_accuracy"].to_numpy() for name, mine in table.groupby("variant")}
    pairs = statistics.compare_all(values, 0.005, evidence=found).iloc[0]
    assert pairs["decision"] == "undecided"
    assert pairs[["difference_ci_low", "p_value", "p_value_joint"]].isna().all()
    look = take(values, ["baseline", "kernel-a"], [4, 8], [], 0.005, evidence=found)
    assert look.told["kernel-a"].decision == "undecided"
    assert np.isnan(look.told["kernel-a"].p_value)
    assert look.goes_on == []

    text = verdict("s", summary, nothing=found.nothing)
    assert text.split("\n\n")[1] == found.nothing
    for word in ("Start from", "Stay with", "p =", "makes no difference", "95 % confidence"):
        assert word not in text
    assert "nan" not in text + summary_table(summary)


def test_what_does_not_vary_is_compared_with_what_does() -> None:
    table = study(
        {
            "baseline": varied(0.5),
            "kernel-a": copies(0.6),
            "kernel-b": copies(0.7),
            "kernel-c": varied(0.8),
        }
    )
    summary = summarized(table)
    # Three comparisons of seven seeds that all agree.
    assert (summary["p_value_holm"].iloc[1:] == 3 / 64).all()
    # Between the two that do not vary there is one difference, which excludes neither.
    alone = summarized(table[table["variant"] != "kernel-c"])
    assert (alone["p_value_best"] >= 0.05).to_dict() == {
        "baseline": False,
        "kernel-a": True,
        "kernel-b": True,
    }
    assert alone.loc["kernel-a", ["accuracy_ci_low", "accuracy_sd"]].isna().all()
    assert alone.loc["kernel-a", "decision"] == "better"
    text = verdict("s", alone).split("## What cannot be told")[1]
    assert "All seeds of kernel-a and kernel-b are one and the same run each" in text
    assert "All seeds of kernel-b and kernel-a are one and the same run" in summary_table(alone)
    assert "1 (of 7 seeds)" in summary_table(alone)
    pairs = statistics.compare_all(
        {name: rows["val_accuracy"].to_numpy()[1::2] for name, rows in table.groupby("variant")},
        0.005,
        evidence=of(table),
    ).set_index(["variant", "other"])
    assert pairs.loc[("kernel-b", "kernel-a"), "decision"] == "undecided"
    assert pairs.loc[("kernel-c", "kernel-a"), "p_value_joint"] < 0.05


def test_a_baseline_that_does_not_vary_is_not_tested_against_another_such() -> None:
    table = study({"baseline": copies(0.5), "kernel-a": copies(0.6), "kernel-b": varied(0.7)})
    summary = summarized(table)
    assert summary.loc["kernel-a", "decision"] == "undecided"
    # It counts among the comparisons all the same.
    assert summary.loc["kernel-b", "p_value_holm"] == 2 / 64
    text = verdict("s", summary)
    assert "Undecided, since they and the baseline are one run each, so n is 1:" in text
    assert "- **a**: +10.00 points, not tested." in text
    assert "in one run that 7 seeds repeat." in text
    assert "nan" not in text


def test_the_library_concludes_nothing_either(tmp_path: Path) -> None:
    made = made_up_study(tmp_path / "made")
    assert evidence.of(made).nothing == ""
    assert compare(made.variant("kernel-ones"), made.variant("baseline")).nothing == ""
    table = made.histories.copy()
    chosen = table["variant"].isin(["baseline", "kernel-ones"])
    first = table[table["seed"] == 0].set_index(["variant", "epoch"])[HISTORY[3:]]
    keys = pd.MultiIndex.from_frame(table.loc[chosen, ["variant", "epoch"]])
    table.loc[chosen, HISTORY[3:]] = first.loc[keys].to_numpy()
    histories.write(table, tmp_path / "made/histories.csv")
    write_sum(tmp_path / "made/histories.csv")
    results = load(tmp_path / "made")
    assert isinstance(results, StudyResults)
    found = compare(results.variant("kernel-ones"), results.variant("baseline"))
    assert found.p_value == 1
    assert np.isnan([found.low, found.high]).all()
    assert "Nothing is concluded: all seeds of each variant are one and the same run" in str(found)
    # One of the two varies.
    assert compare(results.variant("kernel-he_normal"), results.variant("baseline")).nothing == ""
