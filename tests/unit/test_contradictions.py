"""Thousands of made-up studies, of which no two statements contradict each other."""

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from in_memory import study

from initstudy.analysis.findings import all_pairs, find
from initstudy.analysis.measures import measure_of
from initstudy.drawing.catalog import FIGURES
from initstudy.report.card import card
from initstudy.report.verdict import headline, summary_table, title, verdict, warnings
from initstudy.results.findings import (
    BETTER,
    EQUIVALENT,
    INCONCLUSIVE,
    NOTHING,
    START,
    STAY,
    TRIAL,
    WORSE,
    Comparison,
    Findings,
    dump,
)
from initstudy.results.study import StudyResults


def made_up(number: int) -> StudyResults:
    """A study of any kind: with failing seeds, ties, copies, divergence, few variants and many."""
    chance = np.random.default_rng([23, number])
    sizes, shares = [1, 2, 3, 5, 8, 12, 30, 100], [0.2, 0.15, 0.15, 0.2, 0.15, 0.1, 0.04, 0.01]
    count = int(chance.choice(sizes, p=shares))
    seeds = int(chance.choice([1, 2, 4, 5, 6, 8, 10, 12]))
    growing = seeds >= 5 and chance.random() < 0.25
    fresh = int(chance.choice([1, 5, 6, 10]))
    judge_by = str(chance.choice(["accuracy", "loss", "epochs_to_target"], p=[0.7, 0.15, 0.15]))
    margins = {"accuracy": 0.005, "loss": 0.05, "epochs_to_target": 1.0}
    names = [f"kernel-k{n}" if chance.random() < 0.6 else f"bias-b{n}" for n in range(1, count + 1)]
    total = 2 * seeds if growing else seeds
    asked = {
        "seeds": [seeds, total] if growing else seeds,
        "epochs": 2,
        "confirmation_seeds": fresh,
        "margin": None if chance.random() < 0.3 else margins[judge_by],
        "comparisons": "all_pairs" if not growing and chance.random() < 0.25 else "baseline",
        "judge_by": judge_by,
        "target_accuracy": 0.85,
    }
    scale = float(chance.choice([0.0005, 0.003, 0.01]))
    effects = chance.choice([0, 0, 0, 1, 3, -3, 10], count + 1) * scale
    shared = chance.standard_normal(total + fresh) * scale * chance.choice([0, 2])
    fails = chance.random(count + 1) < 0.25
    spread = chance.choice([1, 1, 1, 4], count + 1)

    def runs(index: int) -> np.ndarray:
        size = total + fresh
        values = (
            0.85 + effects[index] + shared + scale * spread[index] * chance.standard_normal(size)
        )
        if fails[index]:
            failing = chance.random(size) < 0.15
            values[failing] = chance.choice([0.1, 0.0999, 0.4])
            values[failing & (chance.random(size) < 0.3)] = np.nan
        return np.clip(values, 0, 1)

    accuracies = {name: runs(index) for index, name in enumerate(["baseline", *names])}
    copies = []
    kind = chance.random()
    for name in names:
        if chance.random() < 0.08:
            copies.append(name)
        elif chance.random() < 0.05:
            accuracies[name][:] = chance.choice([np.nan, 0.1, 0.05])
    if kind < 0.03:
        accuracies = {name: np.full_like(values, np.nan) for name, values in accuracies.items()}
    elif kind < 0.06:
        copies = [*accuracies]
    elif kind < 0.09:
        accuracies = {name: np.full_like(values, 0.1) for name, values in accuracies.items()}
    for name in copies:
        accuracies[name][:] = accuracies[name][0]
    # Seeds that are equally accurate are not one run, but for the copies.
    losses = {
        name: 1 - values + 1e-4 * np.arange(len(values)) * (name not in copies)
        for name, values in accuracies.items()
    }
    asked |= {"examples": int(chance.choice([30, 200, 2000])), "luck": 0.002}
    ours = {name: values[:total] for name, values in accuracies.items()}
    made = study(ours, losses={name: rows[:total] for name, rows in losses.items()}, **asked)
    if chance.random() < 0.2:
        return made
    # As `choose_pair`, among those that went on to most seeds.
    seen = {name: len(made.judged_on(name)) for name in names}
    name = str(chance.choice([name for name in names if seen[name] == max(seen.values())]))
    new = name, accuracies[name][total:], accuracies["baseline"][total:]
    rows = {name: rows[:total] for name, rows in losses.items()}
    rows |= {"baseline": losses["baseline"], "best": losses[name][total:]}
    return study(ours, new, losses=rows, **asked)


def contradictions(findings: Findings, pairs: list[Comparison] = []) -> Iterator[str]:  # noqa: B006
    """What two statements of findings contradict each other, in words."""
    advice, by_name = findings.advice, {one.name: one for one in findings.variants}
    better = [one.name for one in findings.compared if one.decision == BETTER]
    measure = measure_of(findings)
    new = findings.confirmation.comparison.decision if findings.confirmation else ""
    if advice.action != START and new == BETTER and advice.action != NOTHING:
        yield "the best pair is better on new seeds, and is not advised"
    if advice.action == START:
        again = findings.confirmation and findings.confirmation.chosen_from == advice.variant
        if by_name[advice.variant].decision != BETTER and not (again and new == BETTER):
            yield f"starts from {advice.variant}, which is {by_name[advice.variant].decision}"
        if advice.unconfirmed == advice.variant:
            yield "starts from what new seeds have refuted"
    if advice.action == STAY and better and not advice.unconfirmed:
        yield f"stays with the baseline though {better} are better"
    if advice.action == STAY and advice.unconfirmed and not findings.confirmation:
        yield "was refuted by nothing"
    if advice.action in (START, STAY):
        everyone = {advice.variant, *advice.tied, *advice.ruled_out} - {"best"}
        if everyone != {"baseline", *(one.name for one in findings.compared)}:
            yield "some variant is neither advised, nor tied, nor ruled out"
        for name in advice.ruled_out:
            if by_name[name].may_be_best:
                yield f"{name} is ruled out and may be the best"
            if not by_name[name].beaten_by and not by_name[name].never_learned:
                yield f"{name} is ruled out, and nothing is better"
        if (
            bool(better) == bool(findings.baseline.may_be_best)
            and not findings.baseline.never_learned
        ):
            yield "the baseline may be the best just where something is better"
    else:
        decided = [one.name for one in findings.compared if one.decision != INCONCLUSIVE]
        if decided:
            yield f"{decided} are decided in a {advice.action}"
    for role in findings.roles:
        words = {by_name[name].decision for names in role.decisions.values() for name in names}
        if role.matters is False and words != {EQUIVALENT}:
            yield f"{role.role} does not matter, but they are {words}"
    for one in findings.variants[1:]:
        yield from _contradictions_of(one.comparison, findings, one)
        if one.decision == WORSE and one.may_be_best:
            yield f"{one.name} is worse, and may be the best"
        if one.never_learned and one.decision in (BETTER, EQUIVALENT):
            yield f"{one.name} never learned and is {one.decision}"
        if one.one_run and (one.decision != INCONCLUSIVE or one.comparison.tested):
            yield f"{one.name} is one run and is {one.decision}"
        if one.published and one.published.survives and one.decision != one.published.implied:
            yield f"{one.name} survives as {one.published.implied} and is {one.decision}"
    for pair in pairs:
        yield from _contradictions_of(pair, findings, None)
        if pair.second == "baseline" or pair.first == "baseline":
            name = pair.first if pair.second == "baseline" else pair.second
            own = by_name[name].comparison
            if abs(own.difference) != pytest.approx(abs(pair.difference), abs=1e-12):
                yield f"{name} has another difference among all pairs"
            words = {pair.decision, own.decision}
            if words not in ({BETTER, WORSE}, {own.decision}) or (
                words == {BETTER, WORSE} and pair.second == "baseline"
            ):
                yield f"{name} is {own.decision}, and {pair.decision} among all pairs"
            if own.tested and own.p_value_adjusted != pair.p_value_adjusted:
                yield f"{name} has another p-value among all pairs"
        if pair.decision == BETTER and by_name[pair.second].may_be_best:
            yield f"{pair.second} may be the best, but {pair.first} is better"
    if (
        measure.sign * by_name[advice.leader].value
        < max(
            (measure.sign * one.value for one in findings.variants if one.name != "best"), default=0
        )
        - 1e-8
    ):
        yield "the leader does not lead"
    # What was ruled out by few seeds may lead when there are more of them.
    if (
        advice.leader
        and not findings.interims
        and by_name[advice.leader].may_be_best is False
        and not (by_name[advice.leader].never_learned or measure.middle == "median")
    ):
        yield "the leader is ruled out"


def _contradictions_of(found: Comparison, findings: Findings, one: Any) -> Iterator[str]:
    """What one comparison says of itself."""
    name = f"{found.first} beside {found.second}"
    measure = measure_of(findings)
    if not found.tested:
        if not np.isnan([found.low, found.decided_low, found.p_value]).all():
            yield f"{name} has numbers without a test"
        return
    ahead_low, ahead_high = sorted(
        measure.sign * end for end in (found.decided_low, found.decided_high)
    )
    if found.decision == BETTER and not (ahead_low > 0 and found.p_value_adjusted <= 0.05):
        yield f"{name} is better, but [{ahead_low}, {ahead_high}], p = {found.p_value_adjusted}"
    if found.decision == WORSE and not (ahead_high < 0 and found.p_value_adjusted <= 0.05):
        yield f"{name} is worse, but [{ahead_low}, {ahead_high}], p = {found.p_value_adjusted}"
    if found.decision in (BETTER, WORSE) and (found.low <= 0 <= found.high):
        yield f"{name} is {found.decision}, and its usual interval covers 0"
    if found.decision == EQUIVALENT:
        margin = findings.margin or 0
        if not (-margin < found.decided_low and found.decided_high < margin):
            yield f"{name} is equivalent beyond the margin"
        if found.p_value_equivalence_adjusted > 0.05:
            yield f"{name} is equivalent with p = {found.p_value_equivalence_adjusted}"
        new = found.new_examples
        if new and not (-margin < new.low and new.high < margin):
            yield f"{name} is equivalent, but not for other test examples"
    conclusive = findings.advice.action in (START, STAY)
    barred = one is not None and one.never_learned
    asked = conclusive and one is not None and one.name != "best"
    clear = (ahead_low > 0 or ahead_high < 0) and not (barred or findings.baseline.never_learned)
    if asked and clear and found.decision == INCONCLUSIVE:
        yield f"{name} is inconclusive, but [{ahead_low}, {ahead_high}]"
    if found.decided_low > found.low or found.high > found.decided_high:
        yield f"{name}: the interval that decides is not the wider one"
    if found.p_value_adjusted < found.p_value:
        yield f"{name} has an adjusted p-value below the other"
    if np.isfinite(found.low) and not found.low <= found.difference <= found.high:
        yield f"{name}: the difference is not in its interval"


def sentences(findings: Findings) -> Iterator[str]:
    """What the words contradict."""
    text = verdict(findings)
    said = {
        START: "**Start from ",
        STAY: "**Stay with the baseline",
        TRIAL: "**This is a trial",
        NOTHING: "**Nothing is concluded",
    }
    for action, words in said.items():
        if (words in text) != (findings.advice.action == action):
            yield f"says {words!r} in a {findings.advice.action}"
    for heading, wrong in (("Better than", "p = 0.1"), ("Worse than", "p = 1")):
        part = text.partition(heading)[2].partition("\n\n-")[2].partition("\n\n")[0]
        if f"{wrong};" in part:
            yield f"a line below {heading} has {wrong}"
    if findings.advice.action in (TRIAL, NOTHING) and ("better**" in text or "Better than" in text):
        yield "something is better in a study that concludes nothing"
    claims = [title(figure.title, findings) for figure in FIGURES]
    if findings.advice.action in (TRIAL, NOTHING) and any(" beat" in claim for claim in claims):
        yield f"a title claims what is not concluded: {claims}"
    text = "\n".join([text, *warnings(findings), *claims])
    for odd in (
        r"\bnan\b",
        r"\bNone\b(?! (?:cl|exceeds|of \d))",
        r"[^ |] [,.;]",
        r"\b1 (seed|run|comparison|variant)s",
        "{{",
    ):
        found = re.search(f".{{0,40}}(?:{odd}).{{0,20}}", text)
        if found:
            yield f"says {found[0]!r}"


def test_no_two_statements_of_any_study_contradict_each_other(times: int) -> None:
    wrong = {}
    for number in range(50 * times):
        made = made_up(number)
        findings = find(made)
        pairs = all_pairs(made)
        found = [*contradictions(findings, pairs), *sentences(findings)]
        page = card(findings, made.study).replace("None exceeds", "")
        found += [f"the card has {odd}" for odd in ("nan", "None", "{{", "`") if odd in page]
        summary_table(findings)
        headline(findings)
        if found:
            wrong[number] = found
    assert not wrong, f"{len(wrong)}: {dict(list(wrong.items())[:8])}"


def test_no_order_of_the_seeds_changes_what_is_found() -> None:
    for number in range(30):
        made = made_up(number)
        if len(made.study.analyses) > 1:
            continue
        study, order = made.study, np.random.default_rng(number)
        other = StudyResults("made")
        other.__dict__.update(made.__dict__)
        for name in ("_finals", "_curves", "final"):
            other.__dict__.pop(name, None)
        mapping = {
            **dict(zip(study.selection, order.permutation(len(study.selection)), strict=True))
        }
        for name in ("histories", "tests"):
            table = made.__dict__[name]
            moved = table["seed"].map(lambda seed: mapping.get(seed, seed))  # noqa: B023
            keys = ["variant", "seed"] + (["epoch"] if name == "histories" else [])
            table = table.assign(seed=moved, order=table["variant"].factorize()[0])
            keys = ["order", *keys[1:]]
            other.__dict__[name] = table.sort_values(keys).drop(columns="order")
        other.__dict__["correct"] = {
            name: np.concatenate(
                [rows[: len(mapping)][np.argsort([*mapping.values()])], rows[len(mapping) :]]
            )
            if name != "best"
            else rows
            for name, rows in made.by_example.items()
        }
        assert dump(find(made)) == dump(find(other)), number


def first(action: str, decision: str, **asked: object) -> tuple[Findings, str]:
    """The first made-up study that ends so, and a variant of it that is tested and decided so."""
    for number in range(2000):
        findings = find(made_up(number))
        if findings.advice.action == action and all(
            getattr(findings, key) == value for key, value in asked.items()
        ):
            for one in findings.compared:
                if one.decision == decision and one.comparison.tested and not one.never_learned:
                    return findings, one.name
    raise AssertionError(action)


def changed(findings: Findings, name: str, **changes: object) -> Findings:
    """One variant of findings is said to be otherwise."""
    variants = [
        replace(one, **{k: v for k, v in changes.items() if k in one.__dataclass_fields__})
        if one.name == name
        else one
        for one in findings.variants
    ]
    comparison = {k: v for k, v in changes.items() if k in Comparison.__dataclass_fields__}
    variants = [
        replace(one, comparison=replace(one.comparison, **comparison))
        if one.name == name and one.comparison and comparison
        else one
        for one in variants
    ]
    return replace(findings, variants=variants)


def test_each_contradiction_of_0_2_0_would_be_seen() -> None:
    start, chosen = first(START, BETTER)

    stay, wide = first(STAY, INCONCLUSIVE, margin=0.005, judge_by="accuracy")

    old = {
        "stay, though one is better": replace(
            start, advice=replace(start.advice, action=STAY, variant="baseline")
        ),
        "start from what is inconclusive": changed(start, chosen, decision=INCONCLUSIVE),
        "not the best, though nothing is better": changed(
            replace(
                stay,
                advice=replace(
                    stay.advice,
                    ruled_out=[*stay.advice.ruled_out, wide],
                    tied=[name for name in stay.advice.tied if name != wide],
                ),
            ),
            wide,
            beaten_by="",
        ),
        "no difference, though all are undecided": replace(
            stay,
            roles=[
                replace(role, matters=False, decisions={INCONCLUSIVE: [wide]})
                for role in stay.roles
            ],
        ),
        "the p-value of another test": changed(start, chosen, p_value_adjusted=0.094),
        "decided by seeds, undecided in words": changed(
            stay, wide, decided_low=0.001, decided_high=0.01
        ),
        "equivalent here, not for other examples": changed(
            stay,
            wide,
            decision=EQUIVALENT,
            decided_low=-0.001,
            decided_high=0.001,
            p_value_equivalence_adjusted=0.01,
            low=-0.0005,
            high=0.0005,
            difference=0.0,
        ),
        "significant, but the interval covers 0": changed(start, chosen, low=-0.01, high=0.5),
    }
    for words, findings in old.items():
        if words.startswith("equivalent"):
            one = findings.variant(wide).comparison
            new = dataclasses.replace(one.new_examples, low=-0.05, high=0.05)
            findings = changed(findings, wide, new_examples=new)
        assert [*contradictions(findings)], words
    assert not [*contradictions(start)]
    assert not [*contradictions(stay)]
