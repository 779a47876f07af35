"""The verdict says what constructed studies support, and no more."""

import re

import numpy as np
import pandas as pd
import pytest

from initstudy.analysis import interaction, statistics, variance
from initstudy.analysis.verdict import summary_table, verdict
from initstudy.results.columns import HISTORY

Accuracies = dict[str, np.ndarray]


def study(
    accuracies: Accuracies,
    best: np.ndarray,
    base: np.ndarray,
    published: bool = False,
    chosen: str = "winner",
    margin: float | None = 0.001,
) -> pd.DataFrame:
    """The summary of a study of one epoch with these final accuracies; nan has diverged.

    The kernel initializer that was chosen stands with the baseline's bias initializer.
    """
    seeds = len(accuracies["baseline"])
    replicates = [
        (name, seed, value)
        for name, first, values in [
            *((name, 0, values) for name, values in accuracies.items()),
            ("best", seeds, best),
            ("baseline", seeds, base),
        ]
        for seed, value in enumerate(values, first)
    ]
    table = pd.DataFrame(
        [(name, seed, 1, v, v, v, v) for name, seed, v in replicates], columns=HISTORY
    )
    timings = pd.DataFrame(
        [(name, seed, 1, 0.1) for name, seed, _ in replicates],
        columns=["variant", "seed", "epochs", "seconds"],
    )

    def pair(name: str) -> dict[str, str]:
        parts = name.split("-")
        own = dict(zip(parts[::2], parts[1::2], strict=False))
        return {
            "kernel_initializer": own.get("kernel", "k0"),
            "bias_initializer": own.get("bias", "b0"),
        }

    variants = [{"variant": name, **pair(name), "seeds": range(seeds)} for name in accuracies] + [
        {
            "variant": "best",
            "kernel_initializer": chosen,
            "bias_initializer": "b0",
            "seeds": range(seeds, seeds + len(best)),
        }
    ]
    notebook = pd.DataFrame(
        [
            {"variant": "baseline", **pair("baseline"), "loss": 0.3, "accuracy": 0.90},
            {"variant": "kernel-winner", **pair("kernel-winner"), "loss": 0.2, "accuracy": 0.95},
            {"variant": "kernel-loser", **pair("kernel-loser"), "loss": 0.2, "accuracy": 0.91},
            {"variant": "bias-b1", **pair("bias-b1"), "loss": 0.2, "accuracy": 0.99},
        ]
    )
    return statistics.summarize(
        table, timings, variants, 1, 0.9, 0.1, notebook if published else None, margin=margin
    )


def noise(seed: int, n: int = 10, size: float = 0.004) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, size, n)


def clear() -> pd.DataFrame:
    base = 0.9 + noise(0)
    return study(
        {
            "baseline": base,
            "kernel-winner": base + 0.05 + noise(1),
            "kernel-loser": base - 0.30 + noise(2),
            "kernel-same": base + noise(3),
            "bias-b1": base + noise(4),
        },
        best=0.949 + noise(5),
        base=0.9 + noise(6),
        published=True,
    )


def test_a_clear_winner_is_named_with_its_interval() -> None:
    text = verdict("made", clear())
    assert "# Verdict on the study `made`" in text
    winner = re.search(
        r"\*\*winner\*\* is better than the baseline: \+(\S+) \[\+(\S+), \+(\S+)\] points, "
        r"p = 0\.0078, ahead on 10 of 10 seeds\.",
        text,
    )
    assert winner
    mean, low, high = map(float, winner.groups())
    assert low < mean < high
    assert abs(mean - 5) < 0.5
    assert re.search(r"\*\*loser\*\* is worse than the baseline: -3\d\.\d \[-", text)
    assert text.index("**winner**") < text.index("**loser**")
    assert "Undecided. From 10 seeds it cannot be told whether" in text
    assert re.search(r"^- \*\*same\*\*: [+-]0\.\d+ \[", text, flags=re.MULTILINE)
    assert re.search(r"^- \*\*b1\*\*: [+-]0\.\d+ \[", text, flags=re.MULTILINE)
    assert "no proof that they do not" in text


def first_paragraph(text: str) -> str:
    return text.split("\n\n")[1]


def test_a_clear_winner_is_recommended_first() -> None:
    text = first_paragraph(verdict("made", clear(), margin=0.001, scope="what was tried"))
    assert text.startswith("**Start from winner kernels with b0 biases.** Of the 5 pairs that were")
    assert "and on 10 fresh seeds they were better than the baseline." in text
    assert "may be as good" not in text
    assert "The other 4 of the pairs are not the best, with 95 % confidence." in text
    assert "Whether the choice of the bias initializer makes a difference of 0.1 points" in text
    assert "kernel initializer makes" not in text
    assert text.endswith("This holds for what was tried.")


def test_of_two_equal_winners_both_are_named() -> None:
    base = 0.9 + noise(0)
    two = {"kernel-winner": base + 0.051 + noise(1), "kernel-other": base + 0.05 + noise(2)}
    summary = study({"baseline": base, **two}, best=base + 0.05, base=base + noise(3))
    text = first_paragraph(verdict("two", summary, margin=0.001))
    assert "**Start from winner kernels with b0 biases.**" in text
    assert "other kernels with b0 biases may be as good or better." in text
    assert "k0 kernels with b0 biases are not the best, with 95 % confidence. " in text


def test_what_the_fresh_seeds_did_not_confirm_is_not_recommended_without_saying_so() -> None:
    base = 0.9 + noise(0)
    winner = {"kernel-winner": base + 0.05 + noise(1)}
    start = "**Start from winner kernels with b0 biases.** Of the 2 pairs that were compared their"
    stay = "**Stay with k0 kernels with b0 biases, the baseline:** nothing better was confirmed."
    for gain, advice, words in (
        (0.0, stay, "but on 10 fresh seeds they made no difference that matters."),
        (-0.05, stay, "but on 10 fresh seeds they were worse than the baseline."),
        (0.05, start, "and on 10 fresh seeds they were better than the baseline."),
    ):
        summary = study({"baseline": base, **winner}, best=base + gain, base=base, margin=0.001)
        text = first_paragraph(verdict("s", summary, margin=0.001))
        assert text.startswith(advice)
        assert words in text
        assert ("compared winner kernels with b0 biases did best: their" in text) == (gain <= 0)
        # The baseline is not at once what to stay with and what is not the best.
        assert ("not the best" in text) == (gain > 0)
    scattered = base + np.tile([0.2, -0.15], 5)
    summary = study({"baseline": base, **winner}, best=scattered, base=base, margin=0.001)
    assert "but 10 fresh seeds did not confirm that they are better" in first_paragraph(
        verdict("s", summary, margin=0.001)
    )


def test_what_is_the_best_and_yet_undecided_beside_the_baseline_is_explained() -> None:
    """One test is one-sided and of all at once, the other two-sided and corrected."""
    summary = clear()
    told = "Whether the first of them differs from the baseline is undecided all the same"
    assert told not in verdict("s", summary)
    summary.loc[summary["variant"] == "kernel-winner", "decision"] = "undecided"
    text = first_paragraph(verdict("s", summary))
    assert f"95 % confidence. {told}: that test is two-sided, and corrected for 4 comp" in text


def test_ties_are_told_and_whose_p_value_is_of_another_test() -> None:
    base = np.full(8, 0.9)
    base[0] = 0.91
    tied = base + np.array([0.1, 0.1, 0, 0, 0, 0, -0.1, -0.1])
    same = base + 0.0001 * np.arange(8)
    summary = study(
        {"baseline": base, "kernel-winner": tied, "bias-b1": same},
        base,
        base,
        chosen="k0",
        margin=0.005,
    )
    text = verdict("s", summary, margin=0.005)
    assert re.search(r"\*\*winner\*\*: .*, ahead on 4 of 8 seeds \(a tie is half\)\.", text)
    assert re.search(
        r"\*\*b1\*\*: .*, p = 0\.\d+ against one that matters, ahead on 7\.5 of 8", text
    )
    assert "that matters, ahead" not in "".join(re.findall(r".*winner.*", text))


def test_seeds_that_collapse_have_a_sentence_of_their_own() -> None:
    """A variant that wins on most seeds and fails on two."""
    base = 0.9 + noise(0)
    fails = base + 0.05 + noise(1)
    fails[[2, 7]] = 0.3, 0.2
    summary = study({"baseline": base, "kernel-winner": fails}, best=base, base=base)
    text = verdict("s", summary)
    assert "- **kernel-winner**: on 2 of 10 seeds it ends at 25.0 %, on the others at 95." in text
    assert "**baseline**: on" not in text
    assert "Seeds that collapse" not in verdict("made", clear())


def test_with_how_many_seeds_a_p_value_was_told_is_said_if_there_are_more_by_now() -> None:
    summary = clear()
    assert " seeds, ahead" not in verdict("s", summary)
    rows = summary["variant"]
    summary.loc[rows == "kernel-winner", "told_of_seeds"] = 5
    summary.loc[rows == "kernel-loser", "told_of_seeds"] = 10
    lines = [line for line in verdict("s", summary).splitlines() if "with 5 seeds, ahead" in line]
    assert [line.split("**")[1] for line in lines] == ["winner"]


def test_whose_replicates_draw_nothing_is_said() -> None:
    summary = clear()
    assert "draw" not in summary_table(summary)
    summary.loc[summary["variant"] == "kernel-winner", "draws_nothing"] = True
    one = "kernel-winner draws no weights: its replicates differ by the order of the images alone"
    assert one in summary_table(summary)
    assert f"- {one}" in verdict("s", summary).split("## What cannot be told")[1]


def test_what_the_scatter_is_made_of_is_said() -> None:
    generator = np.random.default_rng(0)
    both, weights, order = (
        {"baseline": generator.normal(0.9, sd, 20)} for sd in (0.01, 0.008, 0.002)
    )
    table = variance.table(both, weights, order, {"baseline": generator.random((20, 500)) < 0.9})
    text = verdict("s", clear(), variance=table)
    section = text.split("## What the scatter is made of")[1].split("##")[0]
    row = table.iloc[0]
    assert "20 replicates each that differ by their weights alone" in section
    assert f"| {100 * row['sd_both']:.2f} " in section
    low, high = (100 * row[f"share_weights_ci_{end}"] for end in ("low", "high"))
    assert f"| {100 * row['share_weights']:.0f} [{low:.0f}, {high:.0f}] " in section
    assert "scatter is made of" not in verdict("s", clear())


def test_a_winner_on_these_images_only_is_said_to_be_one() -> None:
    summary = clear()
    assert "others like them, it may" not in verdict("s", summary)
    where = summary["variant"] == "kernel-winner"
    summary.loc[where, "difference_other_images_ci_low"] = -0.012
    summary.loc[where, "difference_other_images_ci_high"] = 0.11
    text = verdict("s", summary)
    assert "10 of 10 seeds. That holds on these images: on others like them, it may lie" in text
    assert "anywhere from -1.2 to +11.0 points" in text


def test_what_makes_no_difference_is_told_as_that() -> None:
    base = 0.9 + noise(0)
    same = {f"bias-b{number}": base + noise(number, size=0.0005) for number in (1, 2, 3)}
    fresh = base + noise(4)
    summary = study({"baseline": base, **same}, base, fresh, chosen="k0", margin=0.005)
    text = verdict("same", summary, margin=0.005)
    assert "**Stay with k0 kernels with b0 biases, the baseline:**" in first_paragraph(text)
    assert (
        "The choice of the bias initializer makes no difference of 0.5 points from the baseline's."
        in first_paragraph(text)
    )
    assert "No difference that matters, that is of 0.5 points or more:" in text
    assert (
        len(re.findall(r"^- \*\*b\d\*\*: .*, p = 0\.00\d+ against one that m", text, flags=re.M))
        == 3
    )
    assert "Undecided." not in text
    # Without a margin any difference would matter, so nothing can be called none.
    summary = study({"baseline": base, **same}, base, fresh, chosen="k0", margin=None)
    text = verdict("same", summary, margin=None)
    assert "no difference" not in text
    assert "Undecided. " in text


def test_of_two_equal_winners_one_is_named_and_the_other_may_be_as_good() -> None:
    base = 0.9 + noise(0)
    first, second = base + 0.05 + noise(1, size=0.001), base + 0.05 + noise(2, size=0.001)
    summary = study(
        {"baseline": base, "kernel-winner": first, "kernel-equal": second, "bias-b1": base - 0.02},
        best=0.95 + noise(5),
        base=0.9 + noise(6),
    )
    text = first_paragraph(verdict("s", summary, margin=0.001))
    leader, other = sorted(["winner", "equal"], key=lambda n: -text.find(f"from {n} kernels"))
    assert f"**Start from {leader} kernels with b0 biases.**" in text
    assert f"{other} kernels with b0 biases may be as good or better." in text
    assert "k0 kernels with b0 biases and k0 kernels with b1 biases are not the best" in text


def test_where_nothing_is_decided_the_baseline_is_kept_and_seeds_are_told() -> None:
    base = 0.9 + noise(0, size=0.02)
    variants = {f"kernel-k{number}": base + noise(number, size=0.02) for number in (1, 2, 3)}
    fresh = base + noise(9, size=0.02)
    summary = study({"baseline": base, **variants}, fresh, fresh[::-1], chosen="k1")
    assert (summary["decision"].iloc[1:4] == "undecided").all()
    text = verdict("s", summary, margin=0.001)
    assert "**Stay with k0 kernels with b0 biases, the baseline:**" in first_paragraph(text)
    assert "is not settled" in first_paragraph(text)
    assert "better than the baseline" not in text
    assert "worse than the baseline" not in text
    assert (
        len(re.findall(r"^- \*\*k\d\*\*.* If this is the difference, it takes ", text, re.M)) == 3
    )


def test_a_variant_one_of_whose_seeds_diverges_is_told_with_it() -> None:
    base = 0.9 + noise(0)
    diverges = base + 0.05 + noise(1, size=0.001)
    diverges[3] = np.nan
    summary = study({"baseline": base, "kernel-winner": diverges}, base, base, chosen="k0")
    row = summary.set_index("variant").loc["kernel-winner"]
    assert row["diverged"] == 1
    assert row["accuracy_min"] == 0
    # No further than the seed that diverged.
    assert row["accuracy_ci_low"] == 0
    assert row["difference_ci_low"] == pytest.approx(-base[3])
    text = verdict("s", summary)
    assert row["decision"] == "undecided"
    assert "on 1 of 10 seeds it ends at 0.0 %" in text
    assert "kernel-winner: of 10 replicates, 1 diverged and 0 never learned" in text


def test_the_best_pair_is_judged_on_fresh_seeds() -> None:
    summary = clear()
    text = verdict("made", summary)
    assert "The choice fell on winner kernels with b0 biases" in text
    assert "on 10 fresh seeds" in text.replace("trained again", "")
    best = summary.set_index("variant").loc["best"]
    promised, kept = 100 * best["selection_difference"], 100 * best["difference"]
    assert f"the pair differs from the baseline by {promised:+.1f} points. A choice" in text
    assert "which had no part in it" in verdict("made", summary, held_out=10)
    word = "less" if promised > kept else "more"
    assert f"That is {abs(promised - kept):.1f} points {word} than the choice promised" in text


def test_the_notebooks_numbers_and_orders_are_judged() -> None:
    text = verdict("made", clear())
    rows = {
        line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]]
        for line in text.splitlines()
        if line.startswith("| ") and "notebook %" not in line
    }
    assert rows["baseline"][2] == "yes"
    assert rows["kernel-winner"][2:] == ["yes", "better: survives"]
    assert rows["kernel-loser"][2:] == ["no", "better: is reversed"]
    assert rows["bias-b1"][2:] == ["no", "better: undecided"]
    assert "2 of its 4 published accuracies" in text
    assert "probability of 18%" in text


def test_no_difference_is_called_none() -> None:
    base = 0.9 + noise(0)
    text = verdict(
        "same",
        study(
            {"baseline": base, "kernel-winner": base + noise(1), "bias-b1": base + noise(2)},
            best=0.9 + noise(3),
            base=0.9 + noise(4),
        ),
    )
    assert "better than" not in text.split("## The best pair")[0]
    assert "worse than" not in text.split("## The best pair")[0]
    assert "There it is undecided whether it differs: " in text
    assert "**Stay with k0 kernels with b0 biases, the baseline:**" in text
    assert "notebook's numbers" not in text


def test_too_few_seeds_are_told_with_how_many_are_needed() -> None:
    base = np.array([0.90, 0.91])
    text = verdict(
        "few",
        study(
            {"baseline": base, "kernel-winner": base + 0.05, "bias-b1": base - 0.3},
            best=base + 0.05,
            base=base,
        ),
    )
    assert "**This is a trial.** With 2 seeds nothing can be recommended" in text
    assert "2 comparisons need at least 7 seeds; set `seeds: 7`" in text
    assert "Start from" not in text
    assert "2 fresh seeds cannot confirm the best pair" in text
    assert "better than" not in text.split("## The best pair")[0]


def test_one_seed_has_no_interval() -> None:
    one = np.array([0.9])
    text = verdict("one", study({"baseline": one, "kernel-winner": one + 0.05}, one + 0.05, one))
    assert "nan" not in text
    assert "with one seed" in text


def test_everything_diverged_is_told() -> None:
    nothing = np.full(10, np.nan)
    summary = study(
        {"baseline": nothing, "kernel-winner": nothing}, best=nothing, base=nothing, chosen="k0"
    )
    text = verdict("none", summary)
    assert "baseline: of 10 replicates, 10 diverged and 0 never learned" in text
    assert "kernel-winner: of 10 replicates, 10 diverged" in text
    assert "nan" not in text
    assert "nan" not in summary_table(summary)


def test_a_choice_that_fell_on_the_baseline_leaves_no_best_to_judge() -> None:
    base = np.linspace(0.90, 0.92, 10)
    summary = study({"baseline": base, "kernel-winner": base - 0.1}, best=base, base=base)
    text = verdict("none", summary[summary["variant"] != "best"])
    assert "so the best pair is the baseline itself" in text
    assert "fresh seed" not in text
    assert "nan" not in text


def test_the_table_is_ordered_and_rounded_to_its_intervals() -> None:
    summary = clear()
    lines = summary_table(summary).splitlines()
    names = [line.split("|")[1].strip() for line in lines[2:]]
    expected = summary.sort_values("accuracy_mean", ascending=False)["variant"].tolist()
    assert names == expected
    row = next(line for line in lines if line.startswith("| kernel-loser"))
    assert re.search(r"\| 60\.\d \[\d\d\.\d, \d\d\.\d\] ", row) or re.search(
        r"\| 59\.\d \[\d\d\.\d, \d\d\.\d\] ", row
    )


def test_a_pair_that_only_ties_with_the_baseline_is_not_called_the_baseline() -> None:
    base = 0.9 + noise(0)
    text = verdict(
        "tie", study({"baseline": base, "kernel-winner": base + 0.05}, best=base, base=base)
    )
    assert "The choice fell on winner kernels" in text
    assert "the baseline itself" not in text


@pytest.mark.parametrize("name", ["nan", "inf"])
def test_no_table_shows_what_is_no_number(name: str) -> None:
    assert name not in summary_table(clear())


def test_long_lists_are_cut_and_counted() -> None:
    base = 0.90 + noise(0, 16)
    winners = {f"kernel-w{i:02d}": base + 0.01 + 0.001 * i for i in range(40)}
    unclear = {f"bias-u{i:02d}": base + noise(i + 1, 16) for i in range(30)}
    summary = study({"baseline": base, **winners, **unclear}, base + 0.05, base, chosen="w39")
    text = verdict("s", summary)
    named = re.findall(r"^- \*\*(w\d\d)\*\* is better", text, flags=re.MULTILINE)
    assert named == [f"w{i:02d}" for i in [*range(39, 29, -1), *range(9, -1, -1)]]
    assert "- 20 more lie between these; the table has them all." in text
    undecided = re.findall(r"^- \*\*(u\d\d)\*\*: ", text, flags=re.MULTILINE)
    assert undecided == [f"u{i:02d}" for i in [*range(10), *range(20, 30)]]
    assert "- 10 more lie between these; the table has them all." in text
    assert len(text) < 7000


def factorial(both: float, kernel: float = 0.02, seeds: int = 10, size: float = 0.004) -> str:
    """The verdict on two kernels and two biases: k1 gains `kernel`, b1 loses 0.01, together `both`
    are gained.
    """
    base = 0.9 + noise(0, seeds, size)
    accuracies = {
        "baseline": base,
        "kernel-k1": base + kernel + noise(1, seeds, size),
        "bias-b1": base - 0.01 + noise(2, seeds, size),
        "kernel-k1-bias-b1": base + both + noise(3, seeds, size),
    }
    summary = study(accuracies, base + kernel, base, chosen="k1")
    values = np.array(list(accuracies.values()))[[0, 2, 1, 3]].T.reshape(seeds, 2, 2)
    return verdict("s", summary, interaction=interaction.components(values))


def test_a_real_interaction_that_misleads_is_told() -> None:
    text = factorial(both=0.06)
    assert "## Other pairs" in text
    assert "**k1 with b1** is better than the baseline: +6" in text
    shares = re.search(
        r"between the 4 pairs, the kernel initializer accounts for (\d+) %, the bias initializer "
        r"for (\d+) %, and their interaction, .* for (\d+) %: standard deviations of 2\.\d, "
        r"0\.\d and 1\.\d \[\d\.\d, \d\.\d\] points",
        text,
    )
    assert shares
    assert abs(sum(map(int, shares.groups())) - 100) <= 1
    assert "The interaction is real (p = 0.002)" in text
    assert "The best of all pairs is k1 kernels with b1 biases." in text
    assert re.search(r"found k1 kernels with b0 biases, whose mean is (3\.\d|4\.\d) points", text)
    assert "Part of that is flattery, since the best of 4 was chosen for it" in text
    assert "the pair differs from the baseline by +" in text


def test_additive_pairs_do_not_mislead() -> None:
    text = factorial(both=0.01)
    assert "Such an interaction may be chance (p = 0." in text
    assert "k1 kernels and b0 biases, each the best" in text
    assert "would not have misled" in text


def test_a_real_interaction_need_not_mislead() -> None:
    """The best pair is another one, but no better in what counts."""
    text = factorial(both=0.0215)
    assert "The interaction is real" in text
    assert "mean is the same to a tenth of a point: it would not have misled." in text


def test_a_best_pair_that_chance_may_have_made_is_not_called_one_missed() -> None:
    text = factorial(both=0.015, kernel=-0.001, size=0.03)
    assert "Such an interaction may be chance" in text
    assert "points lower, which may be chance as well." in text


def test_few_seeds_cannot_tell_an_interaction() -> None:
    for seeds in (1, 2, 5):
        text = factorial(both=0.06, seeds=seeds)
        assert "cannot tell an interaction from chance, however large: 6 are needed" in text
        assert "nan" not in text


def test_a_one_factor_study_says_nothing_of_interactions() -> None:
    assert "interaction" not in verdict("made", clear())
