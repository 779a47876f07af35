"""Nothing is concluded of seeds that are one and the same run, nor where nothing learned."""

from dataclasses import replace
from pathlib import Path

import in_memory
import numpy as np
import pandas as pd
import pytest
from made_up import configured, made_up_study

from initstudy.analysis import evidence
from initstudy.analysis.comparison import compare
from initstudy.analysis.decisions import Decisions, Rules, analyse
from initstudy.analysis.evidence import (
    ALL_DIVERGED,
    NOTHING_LEARNED,
    ONE_CLASS,
    ONE_RUN,
    REASONS,
    Evidence,
    find,
    one_run,
)
from initstudy.analysis.findings import find as find_all
from initstudy.analysis.measures import ACCURACY
from initstudy.analysis.summary import summarize
from initstudy.data.targets import Target
from initstudy.report.verdict import summary_table, verdict
from initstudy.report.words import TEMPLATES
from initstudy.results import histories
from initstudy.results.contracts import HISTORIES, METRICS
from initstudy.results.study import StudyResults, load
from initstudy.results.tables import write

CHANCE = in_memory.CHANCE
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
    return pd.DataFrame(rows, columns=HISTORIES.names)


def copies(value: float) -> np.ndarray:
    return np.full(SEEDS, value)


def varied(value: float) -> np.ndarray:
    return value + np.linspace(-0.02, 0.02, SEEDS)


def of(table: pd.DataFrame, judge_by: str = "accuracy") -> Evidence:
    study = configured(CHANCE, judge_by=judge_by, margin=None)
    return find(study, table, histories.final(table, study))


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
    nan = table.assign(**dict.fromkeys(METRICS, np.nan))
    assert one_run(nan[nan["epoch"] == 1]) == []


def test_runs_of_large_targets_are_not_one_run_because_their_errors_agree() -> None:
    """Until a network has learned the size of its targets, all seeds have the same error."""
    table = study({"baseline": varied(0.5), "kernel-a": varied(0.6)})
    renamed = {name: name.replace("accuracy", "mean_squared_error") for name in table.columns}
    table = table.rename(columns=renamed)
    first = table["epoch"] == 1
    table.loc[first, table.columns[-4:]] = 3e13
    table.loc[first & (table["seed"] == 1), table.columns[-4:]] = 3e13 * (1 + 1e-7)
    target = Target("numbers", 1, (), {"mean_squared_error": 1e13})
    for size, reason in [(128, ""), (60_000, ONE_RUN)]:
        keys = {"loss": "mean_squared_error", "metric": "mean_squared_error", "batch_size": size}
        asked = configured(**keys)
        asked = asked.model_copy(update={"data": replace(asked.data, target=target)})
        assert find(asked, table, histories.final(table, asked)).reason == reason


def test_every_reason_has_its_words() -> None:
    methods, verdict = (
        (TEMPLATES / name).read_text() for name in ("methods.md.jinja", "verdict/nothing.md.jinja")
    )
    assert all(f'"{reason}": "' in methods for reason in REASONS)
    # The last one is what is left.
    assert all(f'"{reason}"' in verdict for reason in REASONS if reason != ONE_RUN)


def test_nothing_can_be_concluded_where_no_seed_differs() -> None:
    found = of(study({"baseline": copies(0.5), "kernel-a": copies(0.6)}))
    assert (found.reason, found.one_run) == (ONE_RUN, {"baseline", "kernel-a"})
    assert not found.compares("kernel-a", "baseline")
    # A variant that is one run is compared with nothing, the others with each other.
    table = study({"baseline": varied(0.5), "kernel-a": copies(0.6), "kernel-b": varied(0.7)})
    found = of(table)
    assert (found.reason, found.one_run) == ("", {"kernel-a"})
    assert found.compares("kernel-b", "baseline")
    assert not found.compares("kernel-a", "baseline")
    assert not found.compares("kernel-b", "kernel-a")


def test_nothing_can_be_concluded_where_nothing_learned() -> None:
    diverged = study({"baseline": varied(0.5), "kernel-a": varied(0.6)}, diverged=True)
    for judge_by in ("accuracy", "loss", "epochs_to_target"):
        found = of(diverged, judge_by)
        assert (found.reason, found.runs) == (ALL_DIVERGED, 14)
        assert found.never_learned == {"baseline", "kernel-a"}
    names_one_class = {"baseline": copies(CHANCE), "kernel-a": copies(0.05)}
    guessed = study(names_one_class, {name: varied(0.06) for name in names_one_class})
    assert of(guessed).reason == NOTHING_LEARNED
    assert of(guessed).constant == CHANCE
    assert of(guessed, "loss").reason == ""
    one = guessed.copy()
    one.loc[one.index[-1], "val_accuracy"] = CHANCE + 0.001
    assert (of(one).reason, of(one).never_learned) == ("", {"baseline"})
    # It was better on the way, which counts where epochs are counted.
    on_the_way = study(names_one_class, {name: varied(0.3) for name in names_one_class})
    assert of(on_the_way).reason == NOTHING_LEARNED
    assert of(on_the_way, "epochs_to_target").reason == ""


def test_nothing_can_be_concluded_of_test_examples_of_one_class() -> None:
    """However accurate, for then always naming that class is right each time."""
    table = study({"baseline": varied(0.5), "kernel-a": varied(0.9)})
    of_one_class = configured(1.0)
    found = find(of_one_class, table, histories.final(table, of_one_class))
    assert found.reason == ONE_CLASS
    assert not found.compares("kernel-a", "baseline")


NOTHINGS = {
    ONE_RUN: {"baseline": copies(0.5), "kernel-a": copies(0.6)},
    ALL_DIVERGED: {"baseline": copies(np.nan), "kernel-a": copies(np.nan)},
    NOTHING_LEARNED: {"baseline": copies(CHANCE), "kernel-a": varied(0.05)},
}


@pytest.mark.parametrize("reason", NOTHINGS)
def test_then_no_table_and_no_word_claims_anything(reason: str) -> None:
    results = in_memory.study(NOTHINGS[reason])
    found, known = find_all(results), evidence.of(results)
    assert (known.reason, found.advice.reason) == (reason, reason)
    assert (found.advice.action, found.advice.variant) == ("nothing", "")
    assert list(found.advice.tied) == list(found.advice.ruled_out) == []
    own = found.variant("kernel-a")
    assert (own.decision, own.may_be_best, own.beaten_by) == ("inconclusive", None, "")
    row = summarize(results, found).set_index("variant").loc["kernel-a"]
    claims = ["difference_ci_low", "difference_decided_low", "p_value", "p_value_adjusted"]
    claims += ["p_value_equivalence_adjusted", "probability_of_improvement"]
    claims += ["seeds_for_difference", "seeds_for_margin", "difference_new_examples_ci_low"]
    assert row[claims].isna().all()
    scores = {name: results.scores(name) for name in results.initializers}
    rules = Rules(ACCURACY, 0.005, all_pairs=False, variants=2)
    analysis = analyse(scores, known, rules)
    assert (analysis.decisions == "inconclusive").all()
    # More seeds do not help; an interim analysis lets none go on.
    assert Decisions([analysis], known.never_learned).may_be_best in (
        ["baseline", "kernel-a"],
        ["kernel-a"],
    )

    text = verdict(found)
    assert text.split("\n\n")[1].startswith("**Nothing is concluded: ")
    for word in ("Start from", "Stay with", "p =", "equivalent", "95 % confidence"):
        assert word not in text
    assert "nan" not in text + summary_table(found)


def test_a_variant_that_is_one_run_is_compared_with_nothing() -> None:
    accuracies = {
        "baseline": varied(0.5),
        "kernel-a": copies(0.6),
        "kernel-b": copies(0.7),
        "kernel-c": varied(0.8),
    }
    results = in_memory.study(accuracies)
    found = find_all(results)
    assert [one.one_run for one in found.variants] == [False, True, True, False]
    assert [one.decision for one in found.compared] == ["inconclusive", "inconclusive", "better"]
    for name in ("kernel-a", "kernel-b"):
        own = found.variant(name)
        # Neither can be worse than the winner, so both may be the best.
        assert (own.may_be_best, own.beaten_by) == (True, "")
        assert np.isnan([own.low, own.metric_high, own.to_decide.seeds]).all()
        assert own.comparison is not None
        assert not own.comparison.tested
        assert own.comparison.difference == pytest.approx(own.metric - 0.5)
        assert np.isnan([own.comparison.low, own.comparison.p_value]).all()
    assert (found.advice.variant, list(found.advice.tied)) == (
        "kernel-c",
        ["kernel-b", "kernel-a"],
    )
    # They count among the comparisons all the same.
    winner = found.variant("kernel-c").comparison
    assert winner is not None
    assert winner.p_value_adjusted == 3 * winner.p_value
    row = summarize(results, found).set_index("variant").loc["kernel-a"]
    assert row["one_run"]
    assert row[["accuracy_ci_low", "accuracy_sd", "p_value"]].isna().all()
    assert "| 1 (of 7 seeds) |" in summary_table(found)


def test_a_baseline_that_is_one_run_leaves_nothing_better() -> None:
    accuracies = {"baseline": copies(0.5), "kernel-a": copies(0.6), "kernel-b": varied(0.7)}
    found = find_all(in_memory.study(accuracies))
    assert [one.decision for one in found.compared] == ["inconclusive"] * 2
    assert found.advice.action == "stay"
    text = verdict(found)
    assert "in one run that 7 seeds repeat." in text
    assert "nan" not in text


def test_what_never_learned_is_neither_better_nor_equivalent_nor_the_best() -> None:
    """Two that stay below what naming one class gets, beside one that learns and one that fails."""
    accuracies = {
        "baseline": np.where(np.arange(7) < 3, 0.05, 0.101 + 0.01 * np.arange(7)),
        "kernel-never": varied(0.07),
        "kernel-neither": varied(0.07) + 0.0001,
        "kernel-good": varied(0.9),
    }
    results = in_memory.study(accuracies, margin=0.1, comparisons="all_pairs")
    found = find_all(results)
    assert evidence.of(results).never_learned == {"kernel-never", "kernel-neither"}
    assert [one.never_learned for one in found.variants] == [False, True, True, False]
    never = found.variant("kernel-never")
    assert never.comparison is not None
    # Its interval lies within the margin, and it is not equivalent all the same.
    assert -0.1 < never.comparison.decided_low < never.comparison.decided_high < 0.1
    assert never.decision == "inconclusive"
    assert [one.name for one in found.variants if one.may_be_best] == ["kernel-good"]
    assert never.failures is not None
    assert (never.failures.failed, never.failures.not_learned) == (7, 7)
    assert "no run of it learned anything" in verdict(found)
    # Where the winner is not there, what never learned may not be the best either.
    del accuracies["kernel-good"]
    others = find_all(in_memory.study(accuracies, margin=0.1))
    assert [one.name for one in others.variants if one.may_be_best] == ["baseline"]


def test_the_library_concludes_nothing_either(tmp_path: Path) -> None:
    made = made_up_study(tmp_path / "made")
    assert evidence.of(made).reason == ""
    assert compare(made.variant("kernel-ones"), made.variant("baseline")).nothing == ""
    table = made.histories.copy()
    chosen = table["variant"].isin(["baseline", "kernel-ones"])
    first = table[table["seed"] == 0].set_index(["variant", "epoch"])[METRICS]
    keys = pd.MultiIndex.from_frame(table.loc[chosen, ["variant", "epoch"]])
    table.loc[chosen, METRICS] = first.loc[keys].to_numpy()
    write(table, tmp_path / "made/histories.csv")
    results = load(tmp_path / "made")
    assert isinstance(results, StudyResults)
    found = compare(results.variant("kernel-ones"), results.variant("baseline"))
    assert found.p_value == 1
    assert np.isnan([found.low, found.high]).all()
    assert found.nothing == "all seeds of kernel-ones of made are one and the same run, so n is 1"
    assert "p = " not in str(found)
    # That one of the two varies is not enough.
    mixed = compare(results.variant("kernel-he_normal"), results.variant("baseline"))
    assert mixed.nothing == "all seeds of baseline of made are one and the same run, so n is 1"
    both = compare(results.variant("kernel-he_normal"), results.variant("bias-he_uniform"))
    assert both.nothing == ""
