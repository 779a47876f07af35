"""Each statistic of a suite against SciPy, its definition, the literature, or a known truth."""

import itertools
import json
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy import stats

from initstudy.analysis.decisions import BETTER, EQUIVALENT, INCONCLUSIVE, WORSE
from initstudy.drawing.catalog import SUITE_FIGURES, figures_of
from initstudy.drawing.style import save
from initstudy.errors import StudyError
from initstudy.results.suite import SuiteResults
from initstudy.suite import figures as suite_figures
from initstudy.suite import pages
from initstudy.suite.entry import (
    OF_TRAININGS,
    OF_TRIALS,
    RUNS,
    Entry,
    Workload,
    normalized,
    of_suite,
)
from initstudy.suite.find import (
    FEWEST_WORKLOADS,
    budgets,
    by_kind,
    chosen_rates,
    errors_of,
    find,
    over_workloads,
)
from initstudy.suite.findings import Findings, label
from initstudy.suite.profiles import profiles
from initstudy.suite.tables import tables


def names_of(variants: int) -> list[str]:
    return ["baseline", *(f"kernel-number_{i}" for i in range(1, variants))]


def tuned(variants: Sequence[str], best: int = 1, seeds: int = 2) -> pd.DataFrame:
    """Learning rates that were tried, of which the one at that place is the best for all."""
    rows = [
        (name, rate, seed, 1.0, accuracy := 0.9 - 0.1 * abs(place - best) - 0.01 * number, accuracy)
        for number, name in enumerate(variants)
        for place, rate in enumerate((0.001, 0.01, 0.1))
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows, columns=OF_TRIALS)


def workload(study: str, **changes: object) -> Workload:
    return Workload(
        **{
            "study": study,
            "dataset": "mnist",
            "training": "all",
            "validation": 0,
            "inputs": "raw",
            "network": "16 relu",
            "optimizer": "adam",
            "learning_rates": [0.001, 0.01, 0.1],
            "epochs": 10,
            "judge_by": "accuracy",
            "margin": None,
            "chance": 0.1,
            "target": 0.9,
            **changes,
        }
    )


def entry(study: str, accuracies: np.ndarray, rates: object = "tuned", **changes: object) -> Entry:
    """Of a study whose variants are called `names_of`."""
    one_run = changes.pop("one_run", frozenset())
    names = names_of(accuracies.shape[1])
    if isinstance(rates, str):
        rates = tuned(names)
    runs = pd.DataFrame(
        [
            (name, seed, value, 5.0 if value > 0.85 else np.inf)
            for name, values in zip(names, accuracies.T, strict=True)
            for seed, value in enumerate(values)
        ],
        columns=RUNS,
    )
    trials = pd.DataFrame(columns=OF_TRIALS) if rates is None else rates
    trainings = pd.DataFrame(
        [(name, "0", 10, name in one_run) for name in names], columns=OF_TRAININGS
    )
    return Entry(workload(study, **changes), runs, trials, trainings)


def some_entries(studies: int = 5, seeds: int = 10, variants: int = 4) -> list[Entry]:
    """Studies of different numbers of seeds; each variant is a little worse than the one before."""
    generator = np.random.default_rng(0)
    return [
        entry(
            f"study{study}",
            generator.normal(0.9 - 0.02 * np.arange(variants), 0.03, (seeds + study, variants)),
            kinds=["even" if study % 2 == 0 else "odd"],
        )
        for study in range(studies)
    ]


def found(variants: int = 7, studies: int = 5) -> Findings:
    left_out = {"bias-x": ["study3"], "bias-y": []}
    return find(some_entries(studies, variants=variants), left_out)


def drawn(findings: Findings, entries: Sequence[Entry]) -> dict[str, Figure]:
    shown = figures_of(findings, SUITE_FIGURES)
    return {figure.name: figure.draw(findings, entries) for figure in shown}


def written_page(findings: Findings, figures: dict[str, Figure]) -> str:
    """The report of a suite whose figures are empty."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "figures").mkdir()
        for name in figures:
            (Path(folder) / f"figures/{name}.svg").write_text("<svg/>")
        return pages.report(Path(folder), findings, "The verdict.", "<p>curves</p>")


def test_scores_go_from_chance_to_the_target_whatever_takes_part() -> None:
    accuracies = np.array([[0.5, 0.1, 0.0], [0.7, 0.1, 0.2]])
    own = workload("x", chance=0.1, target=0.6)
    scores = normalized(accuracies, own)
    np.testing.assert_allclose(scores, [[0.8, 0, -0.2], [1.2, 0, 0.2]])
    np.testing.assert_array_equal(normalized(accuracies[:, 1:], own), scores[:, 1:])
    with pytest.raises(
        StudyError, match=r"target of 60 % is not better than the best constant answer's 70 %"
    ):
        normalized(accuracies, workload("x", chance=0.7, target=0.6))
    with pytest.raises(StudyError, match=r"^x: its target of"):
        find([entry("x", accuracies[:, :2], chance=0.9)])


def test_what_makes_no_error_counts_as_half_an_error_on_one_seed() -> None:
    """Of 50 test examples and two seeds that is half of 1 in 100."""
    accuracies = np.array([[0.98, 1.0], [0.96, 1.0]])
    np.testing.assert_allclose(entry("x", accuracies).errors, [0.03, 0.005])
    np.testing.assert_array_equal(entry("x", np.ones((3, 2))).errors, [1, 1])


# In the order of `truth`: what is known of each method of a made-up suite.
KINDS = ["better", "equal", "worse", "failing", "better in some"]


def truth(workloads: int = 12, seeds: int = 9) -> list[Entry]:
    """A suite whose errors are known multiples of the baseline's: 0.6, 1, 1.6, and chance."""
    generator = np.random.default_rng(20261127)
    entries = []
    for number in range(workloads):
        error = generator.uniform(0.08, 0.2)
        some = 0.6 if number % 2 else 1.0
        means = 1 - error * np.array([1, 0.6, 1, 1.6, 1, some])
        accuracies = means + generator.normal(0, 0.03 * error, (seeds, 6))
        # In every fourth workload one method learns nothing on most seeds.
        if number % 4 == 0:
            accuracies[: seeds // 2 + 1, 4] = 0.1
        entries.append(entry(f"w{number}", accuracies, target=0.7, margin=0.2 * error))
    return entries


def test_a_suite_of_known_truth_is_found_out() -> None:
    findings = find(truth())
    by_kind = {
        kind: findings.method(f"kernel-number_{place}") for place, kind in enumerate(KINDS, 1)
    }
    assert findings.start == by_kind["better"].name
    assert findings.candidates == []
    counts = {kind: method.counts for kind, method in by_kind.items()}
    assert (counts["better"].better, counts["worse"].worse) == (12, 12)
    assert counts["equal"].equivalent == 12
    assert (counts["better in some"].better, counts["better in some"].equivalent) == (6, 6)
    assert (counts["failing"].fails, counts["failing"].better) == (3, 0)
    assert by_kind["failing"].worst.workload in ("w0", "w4", "w8")
    for kind, ratio, decision in (("better", 0.6, BETTER), ("worse", 1.6, WORSE)):
        over = by_kind[kind].over
        assert over.decision == decision
        assert over.ratio == pytest.approx(ratio, rel=0.05)
        assert over.decided_low < ratio < over.decided_high
    # What is better in some and equal in others is better on average, and what fails is not.
    assert by_kind["equal"].over.decision == INCONCLUSIVE
    assert by_kind["equal"].over.low < 1 < by_kind["equal"].over.high


def test_without_a_better_one_the_baseline_stays_and_candidates_are_named() -> None:
    """A method that is better in three of twelve workloads, and nowhere else another."""
    entries = []
    for number, one in enumerate(truth()):
        accuracies = one.ends.copy()
        base = accuracies[:, 0]
        accuracies[:, 1] = base + (0.05 if number < 3 else 0) + 0.001 * np.arange(9) % 0.002
        accuracies[:, 5] = base - 0.05
        entries.append(replace(one, runs=entry("", accuracies).runs))
    findings = find(entries)
    assert findings.start == "baseline"
    assert findings.candidates[0] == "kernel-number_1"
    assert "kernel-number_5" not in findings.candidates
    assert "**Stay with the baseline.**" in pages.verdict("s", findings)


def test_over_workloads_two_are_compared_by_the_paired_t_test() -> None:
    """Of a single method there is nothing to moderate by: it is SciPy's test on logarithms."""
    generator = np.random.default_rng(3)
    errors = np.exp(generator.normal([-2, -2.3], 0.4, (8, 2)))
    over = over_workloads(pd.DataFrame(errors, columns=["baseline", "x"]))["x"]
    logs = np.log(errors[:, 1] / errors[:, 0])
    test = stats.ttest_1samp(logs, 0)
    assert over.p_value == pytest.approx(test.pvalue)
    assert over.p_value_adjusted == pytest.approx(test.pvalue)
    low, high = np.exp(test.confidence_interval(0.95))
    assert (over.low, over.high) == pytest.approx((low, high))
    assert (over.decided_low, over.decided_high) == pytest.approx((low, high))
    assert over.ratio == pytest.approx(stats.gmean(errors[:, 1] / errors[:, 0]))
    half = stats.t.ppf(0.975, 7) * logs.std(ddof=1) * np.sqrt(1 + 1 / 8)
    new = np.exp([logs.mean() - half, logs.mean() + half])
    assert (over.new_low, over.new_high) == pytest.approx(tuple(new))


def test_a_new_workload_lies_within_the_prediction_in_95_percent() -> None:
    generator = np.random.default_rng(0)
    inside = 0
    for _ in range(400):
        errors = np.exp(generator.normal(-2, 0.4, (11, 2)))
        over = over_workloads(pd.DataFrame(errors[:10], columns=["baseline", "x"]))["x"]
        inside += over.new_low <= errors[10, 1] / errors[10, 0] <= over.new_high
    assert abs(inside / 400 - 0.95) < 3 * (0.05 * 0.95 / 400) ** 0.5


@pytest.mark.simulation
def test_some_method_is_decided_in_five_percent_of_suites_of_equal_ones(times: int) -> None:
    """Twelve workloads and four methods, of very different spread by workload and method."""
    generator = np.random.default_rng(0)
    decided, covered, suites = 0, 0, 100 * times
    for _ in range(suites):
        logs = generator.normal(0, 1, (12, 5)) * generator.exponential(1, (12, 1))
        logs *= np.array([0.2, 0.2, 0.3, 0.6, 1.2])
        over = over_workloads(pd.DataFrame(np.exp(logs - 2), columns=names_of(5))).values()
        decided += any(one.decision != INCONCLUSIVE for one in over)
        covered += all(one.decided_low <= 1 <= one.decided_high for one in over)
    assert decided + covered == suites
    print(f"\nOver workloads: some method is decided in {decided / suites:.1%} of {suites}")
    assert decided / suites < 0.05 + 3 * (0.05 * 0.95 / suites) ** 0.5


def test_few_workloads_decide_nothing_and_a_single_one_has_no_interval() -> None:
    for number in (1, 2, 4):
        findings = find(truth(number))
        assert {method.over.decision for method in findings.methods} == {INCONCLUSIVE}
        assert findings.start == "baseline"
        assert np.isnan(findings.methods[0].over.low) == (number == 1)
        assert np.isnan(findings.methods[0].over.p_value) == (number == 1)
        assert (findings.methods[0].without is None) == (number < 3)
        assert pages.verdict("s", findings).count(" nan") == 0
    assert {m.over.decision for m in find(truth(5)).methods} != {INCONCLUSIVE}


def test_what_is_left_out_is_a_suite_without_it() -> None:
    entries = truth(6)
    whole = find(entries)
    without = [find([*entries[:row], *entries[row + 1 :]]) for row in range(6)]
    for method in whole.methods:
        parts = [findings.method(method.name).over for findings in without]
        assert method.without.low == pytest.approx(min(part.ratio for part in parts))
        assert method.without.high == pytest.approx(max(part.ratio for part in parts))
        assert method.without.turns == [
            study
            for study, part in zip(whole.studies, parts, strict=True)
            if part.decision != method.over.decision
        ]


def test_seeds_that_are_one_run_decide_nothing_in_their_workload() -> None:
    entries = truth(6)
    copies = [
        entry(one.workload.study, one.ends, target=0.7, one_run=["kernel-number_1"])
        for one in entries
    ]
    single = [entry(one.workload.study, one.ends[:1], target=0.7) for one in entries]
    for changed, names in ((copies, ["kernel-number_1"]), (single, names_of(6)[1:])):
        findings = find(changed)
        for name in names:
            method = findings.method(name)
            assert method.counts.inconclusive == 6
            assert np.isnan([one.comparison.p_value for one in method.within]).all()
    # Over workloads each of them is still one observation.
    findings = find(copies)
    assert findings.method("kernel-number_1").over.decision == BETTER


def made_up(generator: np.random.Generator) -> list[Entry]:
    """Any suite: few or many workloads, seeds and methods; failures, ties, copies, divergence."""
    workloads, variants = generator.integers(1, 9), generator.integers(2, 7)
    entries = []
    effects = generator.choice([0, 0, 0.02, 0.1, -0.05], (workloads, variants))
    for number in range(workloads):
        seeds = int(generator.choice([1, 2, 4, 5, 9]))
        accuracies = 0.85 + effects[number] + generator.normal(0, 0.02, (seeds, variants))
        failing = generator.random((seeds, variants)) < generator.choice([0, 0.1, 0.6], variants)
        accuracies[failing] = generator.choice([0.0, 0.1])
        examples = int(generator.choice([30, 1000]))
        accuracies = np.round(np.clip(accuracies, 0, 1) * examples) / examples
        if generator.random() < 0.2:
            accuracies[:, -1] = accuracies[0, -1]
        margin = generator.choice([None, 0.005, 0.05])
        entries.append(entry(f"w{number}", accuracies, rates=None, margin=margin, kinds=["a"]))
    return entries


@pytest.mark.parametrize(
    "block", [0, *(pytest.param(block, marks=pytest.mark.thorough) for block in (1, 2, 3))]
)
def test_no_two_statements_of_findings_contradict_each_other(block: int) -> None:
    generator = np.random.default_rng(block)
    for _ in range(60):
        entries = made_up(generator)
        findings = find(entries)
        check_consistency(findings)
        check_words(findings)
        # No order of the seeds changes a digit.
        shuffled = []
        for one in entries:
            order = generator.permutation(len(one.ends))
            shuffled.append(replace(one, runs=entry("", one.ends[order]).runs))
        assert find(shuffled).plain() == findings.plain()


def check_consistency(findings: Findings) -> None:
    for method in findings.methods:
        decided = Counter(one.comparison.decision for one in method.within)
        counts, over = method.counts, method.over
        assert counts.better == decided[BETTER]
        assert counts.worse == decided[WORSE]
        assert counts.equivalent == decided[EQUIVALENT]
        assert counts.inconclusive == decided[INCONCLUSIVE]
        assert sum(decided.values()) == len(findings.workloads)
        assert counts.fails == sum(one.fails for one in method.within)
        assert method.worst.ratio == max(one.ratio for one in method.within)
        for within in method.within:
            one = within.comparison
            if one.decision == BETTER:
                assert one.decided_low > 0
                assert one.difference > 0
                assert one.p_value_adjusted < 0.05
                assert within.ratio < 1
            if one.decision == WORSE:
                assert one.decided_high < 0
                assert one.p_value_adjusted < 0.05
                assert within.ratio > 1
            if one.decision == EQUIVALENT:
                assert one.p_value_equivalence_adjusted < 0.05
        enough = len(findings.workloads) >= FEWEST_WORKLOADS
        assert (over.decision == BETTER) == (enough and over.decided_high < 1)
        assert (over.decision == WORSE) == (enough and over.decided_low > 1)
        assert (over.decision != INCONCLUSIVE) == (enough and over.p_value_adjusted < 0.05)
        if len(findings.workloads) > 1:
            assert over.decided_low <= over.low <= over.ratio <= over.high <= over.decided_high
            assert over.new_low <= over.low
            assert over.high <= over.new_high
    better = [one.name for one in findings.methods if one.over.decision == BETTER]
    assert (findings.start in better) if better else findings.start == "baseline"
    for name in findings.candidates:
        counts = findings.method(name).counts
        assert counts.better > 0
        assert counts.worse == counts.fails == 0
        assert not better


def check_words(findings: Findings) -> None:
    """The page has each number beside the word that belongs to it, and no other advice."""
    text = pages.verdict("s", findings)
    if findings.start == "baseline":
        assert "**Stay with the baseline.**" in text
        assert "Start from" not in text
    else:
        assert f"**Start from {label(findings.start)}.**" in text
        assert "Stay with" not in text
    rows = [re.split(r" *\| *", line.strip("| ")) for line in text.splitlines() if line[:1] == "|"]
    by_name: dict[str, list[list[str]]] = {}
    for row in rows:
        by_name.setdefault(row[0], []).append(row)
    for method in findings.methods:
        counts, over = by_name[label(method.name)][:2]
        assert [*map(int, counts[1:6])] == [
            *(method.counts.better, method.counts.equivalent, method.counts.inconclusive),
            *(method.counts.worse, method.counts.fails),
        ]
        assert over[4] == method.over.decision
        assert float(over[1].split()[0]) == pytest.approx(method.over.ratio, abs=0.0051)
    assert ("worth a try" in text.lower()) == bool(findings.candidates)
    assert not re.search(r"\bnan\b|None|\btold\b|likewise|by chance", text)


def test_a_profile_is_the_share_of_runs_above() -> None:
    scores = [np.array([[0.2, 0.9], [0.4, 0.9]]), np.array([[0.6, 0.9], [0.8, 0.9]])]
    shares, low, high = profiles(scores, np.array([0.0, 0.2, 0.5, 0.85, 1.0]))
    np.testing.assert_allclose(shares, [[1, 1], [0.75, 1], [0.5, 1], [0, 1], [0, 0]])
    np.testing.assert_allclose(low[[0, 4]], shares[[0, 4]])
    # Above 0.5 are all seeds of the second study and none of the first: in every resample.
    np.testing.assert_allclose(high[2], [0.5, 1])
    # Above 0.2 is one of two in the first study: both, one or none of a resample.
    np.testing.assert_allclose([low[1, 0], high[1, 0]], [0.5, 1])
    assert np.isnan(profiles([*scores, scores[0][:1]], np.array([0.5]))[1]).all()


def test_the_band_of_a_profile_is_that_of_all_resamples() -> None:
    """Of one study it is binomial; of several that of a plain loop over resamples."""
    generator = np.random.default_rng(2)
    one = generator.random((40, 1))
    shares, low, high = profiles([one], np.array([0.5]))
    expected = stats.binom(40, shares[0, 0]).ppf([0.025, 0.975]) / 40
    np.testing.assert_allclose([low[0, 0], high[0, 0]], expected)
    scores = [generator.random((seeds, 2)) + 0.1 * seeds for seeds in (5, 8, 3)]
    resampled = [
        np.concatenate([one[generator.integers(len(one), size=len(one))] for one in scores])
        for _ in range(4000)
    ]
    above = np.array([(sample > 1.0).mean(axis=0) for sample in resampled])
    _, low, high = profiles(scores, np.array([1.0]))
    np.testing.assert_allclose(
        [low[0], high[0]], np.quantile(above, [0.025, 0.975], axis=0), atol=1.01 / 16
    )


def test_kinds_are_described_by_their_own_studies() -> None:
    entries = some_entries(5, variants=3)
    kinds = [["deep", "all"], ["all"], ["deep", "all"], ["all"], ["rare", "all"]]
    own = [workload(f"w{place}", kinds=words) for place, words in enumerate(kinds)]
    entries = [replace(one, workload=mine) for one, mine in zip(entries, own, strict=True)]
    errors = errors_of(entries)
    found = by_kind(own, errors.div(errors["baseline"], axis=0))
    # One study is no kind, and a kind that all are of shows nothing that all do not.
    assert [kind.kind for kind in found] == ["deep"]
    assert found[0].workloads == ["w0", "w2"]
    ratio = stats.gmean((errors["kernel-number_1"] / errors["baseline"])[["w0", "w2"]])
    assert found[0].ratios["kernel-number_1"] == pytest.approx(ratio)


def test_chosen_rates_and_what_fewer_are_worth() -> None:
    scores = np.full((2, 2), 0.9)
    names = names_of(2)
    entries = [
        entry("inner", scores),
        entry("outer", scores, rates=tuned(names, best=2)),
        entry("untuned", scores, rates=None),
    ]
    rates = chosen_rates(entries)
    assert [rate.study for rate in rates] == ["inner", "inner", "outer", "outer"]
    assert [rate.learning_rate for rate in rates] == [0.01, 0.01, 0.1, 0.1]
    assert [rate.at_edge for rate in rates] == [False, False, True, True]
    worth = budgets(entries)
    # Of accuracies 0.9, 0.8 and 0.8 by rate, and 0.9, 0.8 and 0.7: the mean, then the best.
    assert worth["baseline"][-1] == pytest.approx(1)
    one = (np.mean([0.9, 0.8, 0.8]) + np.mean([0.9, 0.8, 0.7])) / 2
    assert worth["baseline"][0] == pytest.approx((one - 0.1) / 0.8)
    assert budgets(entries[2:]) == {}
    # Of a single seed nothing is left to judge by: no figure, and none is drawn.
    single = [entry("single", scores, rates=tuned(names, seeds=1)), *entries[:1]]
    findings = find(single)
    assert "budgets" in drawn(findings, single)
    findings = find(single[:1])
    assert "budgets" not in drawn(findings, single[:1])
    assert "3 of 3" not in pages.verdict("s", findings)
    at_edge = [entry("x", np.full((2, 3), 0.9), rates=tuned(names_of(3), 0))]
    edges = find(at_edge)
    assert "3 of 3 (100 %) are the lowest or the highest of the list" in pages.verdict("s", edges)
    page = written_page(edges, drawn(edges, at_edge))
    assert page.count("<strong>0.001</strong>") == 3
    untuned = find(entries[2:])
    assert 'id="rates"' not in written_page(untuned, drawn(untuned, entries[2:]))


def test_tables_have_what_was_found_and_can_be_read_again(tmp_path: Path) -> None:
    entries = [
        entry(one.workload.study, one.ends, target=0.7, margin=margin, kinds=["a", "b c"])
        for one, margin in zip(truth(6), [None, 0.01] * 3, strict=True)
    ]
    findings = find(entries)
    made = tables(findings, entries)
    for name in ("scores", "workloads", "trials", "trainings"):
        made[name].to_csv(tmp_path / f"{name}.csv", index=False)
    again = of_suite(SuiteResults(tmp_path))
    assert again[0].variants == findings.variants
    assert [one.workload for one in again] == findings.workloads
    repeated = tables(find(again), again)
    for name in ("summary", "decisions", "learning_rates"):
        keys = [key for key in ("study", "variant") if key in made[name]]
        one, other = (
            table[name].sort_values(keys, ignore_index=True) for table in (repeated, made)
        )
        pd.testing.assert_frame_equal(one, other)
    decisions = made["decisions"]
    assert len(decisions) == 6 * 5
    row = decisions.set_index(["study", "variant"]).loc[("w3", "kernel-number_1")]
    accuracies = entries[3].ends
    assert row["difference"] == pytest.approx((accuracies[:, 1] - accuracies[:, 0]).mean())
    assert row["ratio"] == pytest.approx(
        (1 - accuracies[:, 1]).mean() / (1 - accuracies[:, 0]).mean()
    )


def test_findings_are_plain_data() -> None:
    plain = json.loads(json.dumps(found(studies=1).plain(), allow_nan=False))
    assert plain["start"] == "baseline"
    assert plain["methods"][0]["over"]["p_value"] is None
    assert len(plain["methods"][0]["within"]) == 1

    def texts(value: object) -> list[str]:
        if isinstance(value, dict):
            return [text for one in value.values() for text in texts(one)]
        if isinstance(value, list):
            return [text for one in value for text in texts(one)]
        return [value] if isinstance(value, str) else []

    # No sentence is in them.
    assert all(len(text.split()) < 4 for text in texts(plain))


def test_limits_name_what_is_left_out_and_what_workloads_share() -> None:
    entries = some_entries(variants=3)
    nothing = {"dead": "all_diverged", "flat": "nothing_learned"}
    findings = find(entries, {"bias-x": ["a", "b"], "bias-y": []}, nothing)
    text = pages.verdict("s", findings)
    assert "- dead is left out: all of its runs diverged." in text
    assert "- flat is left out: no run is better than" in text
    assert "- bias-x is not compared: a and b lack it." in text
    assert "- bias-y is not compared: its initializers are not the same" in text
    assert "5 of 5 use the data set mnist" in text


def no_overlaps(figure: Figure) -> None:
    figure.draw_without_rendering()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            boxes = [
                tick.label1.get_window_extent()
                for tick in axis.get_major_ticks()
                if tick.label1.get_visible() and tick.label1.get_text()
            ]
            for one, other in itertools.combinations(boxes, 2):
                assert not one.overlaps(other)
        # Of an annotation without its arrow.
        boxes = [Text.get_window_extent(text) for text in axes.texts]
        for one, other in itertools.combinations(boxes, 2):
            assert not one.overlaps(other)
        for box in boxes:
            assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
            assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1


@pytest.mark.parametrize("variants", [3, pytest.param(13, marks=pytest.mark.thorough)])
def test_labels_of_the_figures_do_not_overlap(variants: int, tmp_path: Path) -> None:
    findings = found(variants)
    for name, figure in drawn(findings, some_entries(variants=variants)).items():
        no_overlaps(figure)
        save(figure, tmp_path / f"{name}.svg")
        text = " ".join(ElementTree.parse(tmp_path / f"{name}.svg").getroot().itertext())
        for method in findings.methods:
            assert label(method.name) in text


def test_the_figures_show_what_they_are_given() -> None:
    entries = truth()
    findings = find(entries)
    ordered = [one.of(findings.variants) for one in entries]
    figures = drawn(findings, entries)
    (axes,) = figures["intervals"].axes
    bars = [line.get_xdata() for line in axes.lines if line.get_linewidth() == 3.2]
    over = [method.over for method in findings.methods[::-1]]
    np.testing.assert_allclose(bars, [(one.low, one.high) for one in over])
    thin = [line.get_xdata() for line in axes.lines if line.get_linewidth() == 1.1]
    np.testing.assert_allclose(thin, [(one.decided_low, one.decided_high) for one in over])
    low, high = axes.get_xlim()
    assert low < min(one.new_low for one in over)
    assert high > max(one.new_high for one in over)
    ratios = [[within.ratio for within in method.within] for method in findings.methods]
    axes, scale = figures["heat_map"].axes
    assert "blue: fewer" in scale.get_ylabel()
    # The best cell keeps its colour.
    assert axes.images[0].norm.vmin <= np.min(ratios)
    np.testing.assert_allclose(axes.images[0].get_array(), ratios)
    marks = Counter(line.get_marker() for line in axes.lines)
    counts = [method.counts for method in findings.methods]
    assert marks["^"] == sum(one.better for one in counts)
    assert marks["v"] == sum(one.worse for one in counts)
    assert marks["s"] == sum(one.equivalent for one in counts)
    assert marks["x"] == sum(one.fails for one in counts)
    shares, _, _ = profiles([one.scores for one in ordered], suite_figures.TAUS)
    reached = [
        np.concatenate([one.times <= share for one in ordered]).mean(axis=0)
        for share in suite_figures.SHARES
    ]
    others = [index for index, name in enumerate(findings.variants) if name != "baseline"]
    for axes, index in zip(figures["profiles"].axes, others, strict=True):
        assert axes.get_title(loc="left") == label(findings.variants[index])
        np.testing.assert_allclose(axes.lines[1].get_ydata(), shares[:, index])
    for axes, index in zip(figures["times"].axes, others, strict=True):
        np.testing.assert_allclose(axes.lines[1].get_ydata(), np.array(reached)[:, index])
    lines = [line.get_ydata() for line in figures["budgets"].axes[0].lines]
    for row in findings.budgets.values():
        assert any(len(line) == len(row) and np.allclose(line, row) for line in lines)


def test_one_study_and_one_seed_can_be_drawn(tmp_path: Path) -> None:
    only = [entry("a", np.array([[0.5, 0.9]]), rates=None)]
    findings = find(only)
    figures = drawn(findings, only)
    assert set(figures) == {"intervals", "heat_map", "profiles", "times"}
    for name, figure in figures.items():
        save(figure, tmp_path / f"{name}.png")


@pytest.mark.parametrize("variants", [2, 4])
def test_the_report_shows_every_figure_that_there_is(variants: int, tmp_path: Path) -> None:
    findings = found(variants)
    figures = drawn(findings, some_entries(variants=variants))
    page = written_page(findings, figures)
    assert re.findall(r'<figure id="(\w+)-figure">', page) == list(figures)
    ids = re.findall(r'<(?:section|details)[^>]* id="([\w-]+)"', page)
    assert len(set(ids)) == len(ids)
    assert {*re.findall(r'<a [^>]*href="#([\w-]+)"', page)} <= {*ids, "explorer"}
    for method in findings.methods:
        for within in method.within:
            assert f"{within.ratio:.2f} {within.comparison.decision}" in page
