"""The verdict says what was found, in words that hold for one and for many, and no more."""

import re
from pathlib import Path

import numpy as np
import pytest
from golden.verdicts import BASE, CASES, FOLDER, NEW, noise, page
from in_memory import Floats, study

from initstudy.analysis import interaction, variance
from initstudy.analysis.findings import find
from initstudy.analysis.measures import ACCURACY
from initstudy.report.verdict import Units, headline, summary_table, verdict
from initstudy.report.words import TEMPLATES
from initstudy.results.findings import Findings, dump, read

# The ban list of the project's style: words with several meanings, or of a private language.
BANNED = re.compile(
    r"\b(told|tells?|tell apart|says?|settled|scatter(ed)?|anew|likewise|at hand|from memory"
    r"|undecided|replicates?|looks? (?!like)|is no(?! )|of (its|their) own)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("name", CASES)
def test_a_whole_verdict_is_as_it_was_read(name: str) -> None:
    """After a change, `PYTHONPATH=scripts:tests python -m golden.verdicts` writes them anew."""
    expected = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert page(CASES[name]()) == expected


def test_every_golden_verdict_has_its_case() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == {*CASES}
    assert len(CASES) >= 6


@pytest.mark.parametrize("name", CASES)
def test_no_verdict_has_a_number_that_is_none_or_a_wrong_plural(name: str) -> None:
    text = page(CASES[name]())
    for wrong in (r"\bnan\b", r"\binf\b", r"\b1 [a-z]+s\b(?! of| biases)", r"\{|\bNone\b", r"\.\."):
        assert not re.search(wrong, text.replace("{holdout: 10000}", "")), wrong
    # A line of prose begins with a capital, a name or a number, and ends as a sentence does.
    prose = [line for line in text.splitlines() if line and line[0] not in "#|-*"]
    assert all(line[-1] in ".:" for line in prose), prose
    for line in text.splitlines():
        assert line == " ".join(line.split())
    # Each table is whole: its rows have the columns of its head.
    for table in re.findall(r"(?:^\|.*\n)+", text, re.M):
        assert len({line.count("|") for line in table.splitlines()}) == 1


@pytest.mark.parametrize(
    "path",
    [
        *(TEMPLATES / "verdict").iterdir(),
        TEMPLATES / "plan.md.jinja",
        TEMPLATES / "methods.md.jinja",
    ],
    ids=lambda path: path.name,
)
def test_no_template_of_a_study_has_a_banned_word(path: Path) -> None:
    words = re.sub(r"\{[%{#].*?[%}#]\}", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert [found.group() for found in BANNED.finditer(words)] == []


def found_of(name: str) -> Findings:
    return CASES[name]()


def test_a_clear_winner_is_advised_with_what_new_seeds_gave() -> None:
    found = found_of("clear")
    advice = found.advice
    assert (advice.action, advice.variant, advice.leader) == ("start", *["kernel-he_normal"] * 2)
    assert (advice.tied, advice.unconfirmed, advice.reason) == (["kernel-he_uniform"], "", "")
    assert {*advice.ruled_out} == {"baseline", "kernel-ones", "bias-ones", "bias-he_normal"}
    best = found.confirmation
    assert best is not None
    assert (best.chosen_from, best.comparison.decision) == ("kernel-he_normal", "better")
    assert best.possible
    new = np.round(0.949 + noise(7), 4) - np.round(NEW, 4)
    assert best.comparison.difference == pytest.approx(new.mean())
    chosen = found.variant("kernel-he_normal").comparison
    assert chosen is not None
    assert best.promised == pytest.approx(chosen.difference)
    assert found.held_out == 5000
    text = headline(found)
    assert text.startswith("Start from he_normal kernels with b0 biases. On 10 new seeds, this")
    assert f"{100 * new.mean():.1f} pp [95 % CI " in text


def test_roles_are_decided_by_their_variants() -> None:
    kernel, bias = found_of("equivalent").roles
    assert (kernel.role, kernel.matters) == ("kernel", None)
    assert (bias.role, bias.matters) == ("bias", False)
    assert bias.decisions["equivalent"] == [f"bias-b{number}" for number in range(1, 6)]
    assert [role.matters for role in found_of("clear").roles] == [True, True]
    (only,) = found_of("refuted").roles
    assert (only.role, only.matters) == ("kernel", True)


def test_what_is_equivalent_holds_for_other_examples_too() -> None:
    """The same accuracies, with as many examples, but more luck between them."""
    accuracies = {"baseline": BASE, "bias-b": BASE + noise(1, sd=0.0008)}
    near, far = (find(study(accuracies, examples=500, luck=luck)) for luck in (0.0005, 0.4))
    for found, decision in ((near, "inconclusive"), (far, "inconclusive")):
        own = found.variant("bias-b").comparison
        assert own is not None
        assert -0.005 < own.decided_low < own.decided_high < 0.005
        assert own.new_examples is not None
        assert own.decision == decision
    # Of the first too few examples differ to know, of the second so many that the interval is wide.
    first, second = (found.variant("bias-b").comparison for found in (near, far))
    assert first is not None
    assert second is not None
    assert first.new_examples is not None
    assert second.new_examples is not None
    assert first.new_examples.discordant < 10 < second.new_examples.discordant
    assert second.new_examples.high > 0.005
    many = find(study(accuracies, examples=10_000)).variant("bias-b")
    assert many.decision == "equivalent"


def test_a_trial_prints_no_number_that_decides() -> None:
    found = found_of("trial")
    assert (found.advice.action, found.advice.fewest_seeds) == ("trial", 5)
    for one in found.compared:
        assert one.comparison is not None
        assert one.decision == "inconclusive"
        assert (one.comparison.decided_low, one.comparison.decided_high) == (-np.inf, np.inf)
        assert one.comparison.p_value_adjusted == 1
        assert one.comparison.p_value_equivalence_adjusted == 1
        # The usual ones are there.
        assert one.comparison.p_value < 0.05
        assert np.isfinite([one.comparison.low, one.comparison.high]).all()
    best = found.confirmation
    assert best is not None
    assert not best.possible


def test_interim_analyses_are_counted() -> None:
    found = found_of("growing")
    assert [(one.seeds, one.variants, one.went_on) for one in found.interims] == [
        (10, 6, 4),
        (20, 4, 4),
        (40, 4, 0),
    ]
    assert [one.share for one in found.interims] == [1 / 16, 3 / 16, 3 / 4]
    # The choice was made on all seeds of those that went on to the end.
    best = found.confirmation
    assert best is not None
    gained = 0.9 + noise(0, 40) + 0.0505 + noise(3, 40)
    promised = np.round(gained, 4) - np.round(0.9 + noise(0, 40), 4)
    assert best.promised == pytest.approx(promised.mean())
    decided = [name for one in found.interims for name in one.decided]
    assert decided == [one.name for one in found.compared if one.decision != "inconclusive"]
    assert {one.name: one.seeds for one in found.compared} == {
        "kernel-good": 40,
        "kernel-better": 40,
        "kernel-ones": 10,
        "bias-a": 40,
        "bias-b": 10,
    }


def test_by_the_loss_less_is_better() -> None:
    found = found_of("by_loss")
    own = found.variant("kernel-a").comparison
    assert own is not None
    assert (own.decision, own.wins) == ("better", 12)
    assert own.decided_low <= own.low < own.difference < own.high <= own.decided_high < 0
    diverges = found.variant("kernel-b")
    assert (diverges.decision, diverges.high) == ("worse", np.inf)
    assert diverges.comparison is not None
    assert diverges.comparison.high == np.inf
    assert "∞" in verdict(found)


def test_failing_is_two_questions() -> None:
    found = found_of("failing")
    fails = found.variant("kernel-fails")
    assert fails.decision == "inconclusive"
    assert fails.failures is not None
    assert (fails.failures.failed, fails.failures.diverged) == (2, 1)
    # It fails on seeds 2 and 7, the baseline on 3.
    kept = [seed for seed in range(10) if seed not in (2, 3, 7)]
    assert fails.failures.seeds == len(kept)
    gained = np.round((BASE + 0.05 + noise(2))[kept], 4) - np.round(BASE[kept], 4)
    assert fails.failures.difference == pytest.approx(gained.mean())
    assert fails.failures.p_value == pytest.approx(1)
    assert found.baseline.failures is not None
    assert np.isnan(found.baseline.failures.p_value)
    never = found.variant("kernel-never").failures
    assert never is not None
    # Ten of ten beside one of ten.
    assert never.p_value == pytest.approx(22 / 184756)
    assert found_of("clear").variant("kernel-ones").failures is None


def test_what_new_seeds_refute_is_not_advised() -> None:
    for new, decision in (
        (NEW - 0.02 + noise(3), "worse"),
        (NEW + noise(3, sd=5e-4), "equivalent"),
    ):
        accuracies = {"baseline": BASE, "kernel-lucky": BASE + 0.01 + noise(2, sd=0.003)}
        found = find(study(accuracies, ("kernel-lucky", new, NEW)))
        assert found.confirmation is not None
        assert found.confirmation.comparison.decision == decision
        assert found.advice.action == "stay"
        assert found.advice.unconfirmed == "kernel-lucky"
        text = verdict(found)
        assert "contradict each other" in text
        assert "95 % confidence, " not in text.split("##")[0]
    # Another that is better, too, is advised in its place.
    accuracies["kernel-other"] = BASE + 0.009 + noise(4, sd=0.001)
    found = find(study(accuracies, ("kernel-lucky", NEW - 0.02, NEW)))
    advice = found.advice
    assert (advice.action, advice.variant, advice.unconfirmed) == (
        "start",
        "kernel-other",
        "kernel-lucky",
    )
    words = headline(found)
    assert words.startswith("Start from other kernels with b0 biases. This pair beats the baseline")
    assert "lucky kernels with b0 biases were better on the first seeds, but not on 10 new" in words


def test_of_one_comparison_there_is_one_interval() -> None:
    text = verdict(found_of("refuted"))
    assert "Two intervals" not in text
    assert "decided by" not in text
    assert "decided by [" in verdict(found_of("clear"))


def test_what_runs_do_beyond_their_decision_is_found() -> None:
    found = found_of("stay")
    peak = found.variant("bias-c").peak
    assert peak is not None
    # Each epoch is a twentieth of five or less, so no mean is taken.
    assert peak.epoch == 2
    mean = found.variant("bias-c").metric
    assert peak.lost == pytest.approx(0.03 * mean)
    assert [one.name for one in found.variants if one.peak] == ["bias-c"]
    assert found.variant("kernel-a").training_metric == pytest.approx(0.999)
    assert found_of("clear").variant("kernel-ones").deterministic


def test_sources_of_variance_are_shown_in_percent() -> None:
    generator = np.random.default_rng(0)
    both, weights, order = (
        {"baseline": generator.normal(0.9, sd, 20)} for sd in (0.01, 0.008, 0.002)
    )
    table = variance.table(both, weights, order, {"baseline": generator.random((20, 500)) < 0.9})
    results = study({"baseline": BASE, "kernel-a": BASE + noise(2)}, variance_seeds=20)
    results.__dict__["variance"] = table
    text = verdict(find(results))
    section = text.split("## Sources of variance")[1].split("##")[0]
    row = table.iloc[0]
    assert "(20 runs each)" in section
    assert f"| {100 * row['sd_both']:.2f} " in section
    low, high = (100 * row[f"share_weights_ci_{end}"] for end in ("low", "high"))
    assert f"| {100 * row['share_weights']:.0f} [{low:.0f}, {high:.0f}] " in section
    assert "Sources of variance" not in verdict(found_of("clear"))


def factorial(both: float, seeds: int = 10) -> tuple[Findings, str]:
    """Two kernels and two biases: k1 gains 0.02, b1 loses 0.01, together `both` are gained."""
    base = BASE[:seeds]
    accuracies: dict[str, Floats] = {
        "baseline": base,
        "kernel-k1": base + 0.02 + noise(1, seeds),
        "bias-b1": base - 0.01 + noise(2, seeds),
        "kernel-k1-bias-b1": base + both + noise(3, seeds),
    }
    results = study(accuracies, design="factorial")
    values = np.array([results.ends(name) for name in accuracies])
    results.__dict__["interaction"] = interaction.components(
        values[[0, 2, 1, 3]].T.reshape(seeds, 2, 2)
    )
    found = find(results)
    return found, verdict(found)


def test_an_interaction_that_misleads_is_found() -> None:
    found, text = factorial(both=0.06)
    both = found.interaction
    assert both is not None
    assert sum(both.shares.values()) == pytest.approx(1)
    assert both.p_value == pytest.approx(2 / 2**10)
    assert (both.one_at_a_time, both.best) == ("kernel-k1", "kernel-k1-bias-b1")
    values = [found.variant(name).value for name in (both.best, both.one_at_a_time)]
    assert both.lost == pytest.approx(values[0] - values[1])
    assert "The interaction is real (p = 0.002)" in text
    assert "## Other pairs" in text


def test_additive_pairs_do_not_mislead() -> None:
    found, text = factorial(both=0.01)
    both = found.interaction
    assert both is not None
    assert (both.one_at_a_time, both.best, both.lost) == ("kernel-k1", "kernel-k1", 0)
    assert both.p_value > 0.05
    assert "Whether there is an interaction is inconclusive (p = 0." in text
    # A trial has none to speak of.
    assert "Kernel and bias together" not in factorial(both=0.06, seeds=3)[1]
    assert found_of("clear").interaction is None


def test_the_table_is_ordered_from_the_best_on() -> None:
    for name in ("clear", "by_loss", "failing"):
        found = found_of(name)
        lines = summary_table(found).splitlines()
        names = [line.split("|")[1].strip() for line in lines[2:]]
        sign = -1 if name == "by_loss" else 1
        values = [sign * found.variant(one).value for one in names]
        assert values == sorted(values, reverse=True)
        assert len(names) == len(found.variants)


def test_long_lists_are_cut_and_counted() -> None:
    base = 0.90 + noise(0, 16)
    winners = {f"kernel-w{i:02d}": base + 0.01 + 0.001 * i + noise(i, 16) / 9 for i in range(40)}
    unclear = {f"bias-u{i:02d}": base + noise(i + 1, 16, 0.04) for i in range(30)}
    found = find(study({"baseline": base, **winners, **unclear}, examples=1000))
    text = verdict(found)
    kernels, biases = (
        text.split(f"## {what} initializers")[1].split("##")[0] for what in ("Kernel", "Bias")
    )
    named = re.findall(r"^- \*\*(w\d\d)\*\*: ", kernels, flags=re.MULTILINE)
    assert len(named) == 20
    assert "- 20 more lie between these; the table has them all." in kernels
    differences = [
        one.comparison.difference
        for one in (found.variant(f"kernel-{name}") for name in named)
        if one.comparison
    ]
    assert differences == sorted(differences, reverse=True)
    assert "- 10 more lie between these; the table has them all." in biases
    assert len(text) < 12_000


@pytest.mark.parametrize(
    ("ends", "shown"),
    [
        ((-0.0046, 0.0048), "[-0.46, +0.48] pp"),
        ((0.0004, 0.012), "[+0.04, +1.20] pp"),
        ((0.01, 0.02), "[+1.0, +2.0] pp"),
        ((0.0, 0.02), "[+0.0, +2.0] pp"),
        ((-np.inf, np.inf), "[-∞, +∞] pp"),
    ],
)
def test_a_rounded_bound_is_on_the_side_on_which_it_is(
    ends: tuple[float, float], shown: str
) -> None:
    units = Units(ACCURACY, 0.005, ACCURACY)
    assert units.plain(*ends) == shown


def test_every_golden_study_can_be_written_and_read(tmp_path: Path) -> None:
    for name in CASES:
        found = found_of(name)
        path = tmp_path / "findings.json"
        path.write_text(dump(found))
        assert verdict(read(path)) == verdict(found)
