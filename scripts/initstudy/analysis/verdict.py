"""A study's summary in words: what its evidence supports, and no more."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from initstudy.analysis import learning_rates
from initstudy.analysis.levels import ALPHA
from initstudy.analysis.looks import Look
from initstudy.analysis.measures import ACCURACY, MEASURES, Measure
from initstudy.analysis.power import FEWEST_FOR_SCATTER, Needed
from initstudy.analysis.statistics import (
    BETTER,
    BOUNDS,
    EQUIVALENT,
    UNDECIDED,
    WORSE,
    seeds_needed,
    smallest_p_value,
)
from initstudy.study.problems import count

Row = Any  # a namedtuple of statistics.SUMMARY_COLUMNS

# Accuracies in training and of other images that differ by so much want a word.
FAR_APART = 0.1
# Longer lists are cut: nobody reads them, and the table has all.
LONGEST = 20
# So many are named in a sentence.
FEW = 4


def verdict(
    study: str,
    summary: pd.DataFrame,
    explanation: str = "",
    interaction: pd.DataFrame | None = None,
    rates: pd.DataFrame | None = None,
    held_out: int = 0,
    margin: float | None = None,
    scope: str = "this network, data set, optimizer and number of epochs",
    looks: Sequence[Look] = (),
    most_seeds: int = 0,
    variance: pd.DataFrame | None = None,
    by_chance: Sequence[str] = (),
    nothing: str = "",
) -> str:
    """A study's verdict as Markdown, made from numbers alone.

    What is said of each variant is its `statistics.decide`; the recommendation is made of these and
    of those that may be the best, see `pairs.may_be_best`.

    Args:
        study: its name.
        summary: see `statistics.summarize`; its variants are named baseline, kernel-..., bias-...,
            kernel-...-bias-... and best.
        explanation: a section on why some lose, see `explanation.explanation`.
        interaction: see `interaction.components`; of a factorial design only.
        rates: see `learning_rates.means`; None if no learning rates were compared.
        held_out: training images that choices were made on; 0 if the test images served for that.
        margin: the smallest difference of accuracies that would matter; None if any would.
        scope: what all of it holds for.
        looks: of a study that grew; none if all variants were trained on the same seeds.
        most_seeds: those of the last look, if there are looks.
        variance: see `variance.table`; None if it is not asked what the scatter is made of.
        by_chance: variants whose learning rate might be another, see `learning_rates.by_chance`.
        nothing: why nothing is concluded, see `Evidence.nothing`; empty if something is.
    """
    rows = _rows(summary)
    baseline = next(row for row in rows if row.variant == "baseline")
    compared = [row for row in rows if row.variant not in ("baseline", "best")]
    # There is none if the choice fell on the baseline itself.
    best = next((row for row in rows if row.variant == "best"), None)
    kernels, biases, others = (
        [row for row in compared if _differs(row, baseline) == roles]
        for roles in ({"kernel"}, {"bias"}, {"kernel", "bias"})
    )
    images = "test" if held_out else "validation"
    if nothing:
        sections = [
            f"# Verdict on the study `{study}`",
            nothing,
            _opening(baseline, [], images),
            _held_out(held_out),
            _rates(rates, _measure(baseline), ()),
            _unconfirmed(best),
            _failed(rows),
        ]
        return "\n\n".join(section for section in sections if section) + "\n"
    sections = [
        f"# Verdict on the study `{study}`",
        _recommendation(baseline, compared, best, margin, scope),
        _opening(baseline, compared, images),
        _looks(looks, (len(compared) + 1) * most_seeds),
        _held_out(held_out),
        _rates(rates, _measure(baseline), by_chance),
        _differences("Kernel initializers", kernels, baseline, margin),
        _differences("Bias initializers", biases, baseline, margin),
        _differences("Other pairs", others, baseline, margin),
        _collapsed(rows),
        _scatter(variance),
        _interaction(interaction, [baseline, *compared], baseline) if others else "",
        explanation,
        _choice(best, baseline, interaction is not None, held_out),
        _limits(rows, compared, best, held_out, scope),
        _published(rows, baseline),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def summary_table(summary: pd.DataFrame) -> str:
    """The summary as a Markdown table, from the best variant to the worst.

    Accuracies are in percent, and all numbers rounded to what their intervals support.
    """
    measure = MEASURES[summary["judged_by"].iloc[0]]
    ordered = summary.sort_values("judged", ascending=measure.sign < 0, kind="stable")
    judged, unit = f"{measure.words} [95 % interval]", measure.unit_of_difference.strip()
    table = pd.DataFrame(
        [
            {
                "variant": row.variant,
                "kernel": row.kernel_initializer,
                "bias": row.bias_initializer,
                "n": f"1 (of {row.seeds} seeds)" if _one_run(row) else row.seeds,
                "accuracy % [95 % interval]": _accuracy(row),
                "range %": f"{100 * row.accuracy_min:.1f} to {100 * row.accuracy_max:.1f}",
                **({} if measure is ACCURACY else {judged: _judged(row)}),
                f"difference{', ' * bool(unit)}{unit} [95 % interval]": _difference(row),
                "p (Holm)": _p(row.p_value_holm) if np.isfinite(row.p_value_holm) else "",
                "beats baseline": _share(row.probability_of_improvement),
                "not learned": f"{round(row.not_learned * row.seeds)} of {row.seeds}",
                "epochs to target": f"{row.epochs_to_target:g}"
                if np.isfinite(row.epochs_to_target)
                else "never",
                "notebook %": f"{100 * row.notebook_accuracy:.2f}"
                if np.isfinite(row.notebook_accuracy)
                else "",
            }
            for row in _rows(ordered)
        ]
    )
    if not np.isfinite(summary["notebook_accuracy"]).any():
        table = table.drop(columns="notebook %")
    text = table.to_markdown(index=False, disable_numparse=True) + "\n"
    notes = [note(_rows(ordered)) for note in (_draw_nothing, _constant)]
    return text + "".join(f"\n{note}\n" for note in notes if note)


def _rows(summary: pd.DataFrame) -> list[Row]:
    return list(summary.itertuples(index=False))


def _recommendation(
    baseline: Row, compared: list[Row], best: Row | None, margin: float | None, scope: str
) -> str:
    """What to start from, what may be as good, and what does not matter."""
    if not compared:
        return ""
    needed = seeds_needed(len(compared))
    if baseline.seeds < needed:
        return (
            f"**This is a trial.** With {count(baseline.seeds, 'seed')} nothing can be "
            f"recommended: no difference could have been told, however large. "
            f"{count(len(compared), 'comparison').capitalize()} need at least {needed} seeds; set "
            f"`seeds: {needed}` or more."
        )
    candidates = [baseline, *compared]
    leader = _highest(candidates)
    possible = [row for row in candidates if row.p_value_best >= ALPHA]
    unconfirmed = False
    if baseline in possible:
        others = [row for row in possible if row is not baseline]
        text = f"**Stay with {_pair(baseline)}, the baseline:** nothing was shown to be better."
    else:
        others = [row for row in possible if row is not leader]
        confirmed = best.decision if best is not None and _same_pair(best, leader) else ""
        unconfirmed = confirmed in (EQUIVALENT, WORSE)
        text = f"**Start from {_pair(leader)}.**"
        if unconfirmed:
            text = f"**Stay with {_pair(baseline)}, the baseline:** nothing better was confirmed."
        text += f" Of the {len(candidates)} pairs that were compared "
        text += f"{_pair(leader)} did best: " * unconfirmed
        measure = _measure(leader)
        text += (
            f"their {measure.middle} {measure.words} is the "
            f"{'highest' if measure.sign > 0 else 'lowest'} "
            f"({_with_unit(_amount(leader, leader.judged), measure.unit)})"
        )
        if best is not None and confirmed:
            fresh = count(best.seeds, "fresh seed")
            text += {
                BETTER: f", and on {fresh} they were better than the baseline",
                WORSE: f", but on {fresh} they were worse than the baseline",
                EQUIVALENT: f", but on {fresh} they made no difference that matters",
            }.get(confirmed, f", but {fresh} did not confirm that they are better")
        text += "."
    if others and len(others) <= LONGEST:
        text += f" {_sentence(_pair(row) for row in others)} may be as good or better."
    elif others:
        text += f" {len(others)} others may be as good or better."
    excluded = [row for row in candidates if row.p_value_best < ALPHA]
    if unconfirmed:
        excluded.remove(baseline)
    if excluded:
        one = len(excluded) == 1
        named = len(excluded) <= FEW and len(possible) > 1
        who = f"{_number(len(excluded))} of the pairs {'is' if one else 'are'}"
        if named:
            who = f"{_sentence(_pair(row) for row in excluded)} are"
        text += f" {who} not the best, with 95 % confidence"
        if named and baseline in possible:
            text += f": another pair beats {'them' if one else 'each of them'}"
            text += ", which need not be the baseline"
        text += "."
    tested = not np.isnan(leader.p_value_holm)
    if baseline in excluded and tested and leader.decision == UNDECIDED:
        text += (
            " Whether the first of them differs from the baseline is undecided all the same: that "
            f"test is two-sided, and corrected for {count(len(compared), 'comparison')}."
        )
    parts = [
        _matters(role, [row for row in compared if _differs(row, baseline) == {role}], margin)
        for role in ("kernel", "bias")
    ]
    return " ".join([text, *filter(None, parts), f"This holds for {scope}."])


def _matters(role: str, rows: list[Row], margin: float | None) -> str:
    """Whether it matters which initializer one of the two roles has, if that can be told."""
    if margin is None or not rows or any(row.decision in (BETTER, WORSE) for row in rows):
        return ""
    size = f"of {_size(rows[0], margin)} from the baseline's"
    # That all of them are equivalent needs no correction: each must be told so by itself.
    if all(row.p_value_equivalent < ALPHA for row in rows):
        return f"The choice of the {role} initializer makes no difference {size}."
    equivalent = [row for row in rows if row.decision == EQUIVALENT]
    if equivalent:
        return (
            f"Of the {role} initializers, {_sentence(_name(row) for row in equivalent)} make no "
            f"difference {size}; whether the others do is not settled."
        )
    return f"Whether the choice of the {role} initializer makes a difference {size} is not settled."


def _opening(baseline: Row, compared: list[Row], images: str) -> str:
    text = (
        f"The baseline ({baseline.kernel_initializer} kernels, {baseline.bias_initializer} biases) "
        f"classifies {_accuracy(baseline)} % of the {images} images "
        f"correctly"
    )
    if _one_run(baseline):
        text += f", in one run that {baseline.seeds} seeds repeat."
    elif baseline.seeds == 1:
        text += ", with one seed."
    else:
        text += f": the mean over {baseline.seeds} seeds, and its 95 % interval."
    measure = _measure(baseline)
    if measure is not ACCURACY:
        text += (
            f" Variants are judged by their {measure.words}, the baseline's {measure.middle} being "
            f"{_judged(baseline)}{measure.unit}."
        )
        if measure.middle == "median":
            text += (
                " What diverged or never got there counts as infinite (∞). Differences are "
                "compared by their ranks, and told by their pseudo-median."
            )
    if compared:
        text += (
            " Each other variant was trained on the same seeds, from the same random numbers in the"
            " same order, and is compared with it seed by seed. P-values are corrected for the "
            f"number of comparisons, {len(compared)}; intervals are not, so one may exclude zero "
            "where nothing can be told."
        )
    return text


def _looks(looks: Sequence[Look], whole: int) -> str:
    """When each variant was settled, and what that saved."""
    if not looks:
        return ""
    lines = [
        "## Looks",
        "",
        "Only what was not settled, and what may be the best, went on to more seeds. All p-values "
        "are corrected for the looks as well.",
        "",
        "| seeds | variants that came so far | settled by then | went on |",
        "|:--|:--|:--|:--|",
    ]
    trained, before = 0, 0
    for look in looks:
        here = len(look.best)
        trained, before = trained + here * (look.seeds - before), look.seeds
        settled = [name for name, told in look.told.items() if told.decision != UNDECIDED]
        on = len(look.goes_on)
        names = _sentence(settled) if 0 < len(settled) <= LONGEST else len(settled) or "none"
        lines.append(f"| {look.seeds} | {here} | {names} | {on or 'none'} |")
    lines.append(
        f"\n{trained} replicates were trained for it, where all variants to the last look would "
        f"have been {whole}: {1 - trained / whole:.0%} less."
    )
    return "\n".join(lines)


def _held_out(images: int) -> str:
    if not images:
        return ""
    return (
        f"All choices were made on {images} held-out training images; the test images were read "
        "once, after the last epoch, for what is said here."
    )


def _rates(means: pd.DataFrame | None, measure: Measure, by_chance: Sequence[str]) -> str:
    if means is None:
        return ""
    chosen = learning_rates.chosen(means, measure)
    groups = [
        f"{rate:g} for {_sentence(f'**{name}**' for name in chosen.index[chosen == rate])}"
        for rate in sorted(chosen.unique())
    ]
    if len(chosen) > LONGEST:
        groups = [
            f"{rate:g} for {count(int((chosen == rate).sum()), 'variant')}"
            for rate in sorted(chosen.unique())
        ]
    text = f"Each variant was trained at its own best learning rate: {'; '.join(groups)}."
    text += (
        " The rates were chosen on other seeds than are judged here; the intervals do not "
        "include that another rate might have been as good or better."
    )
    if by_chance:
        text += (
            f" Chance has a part in the choice for {_variants(by_chance)}: the best rate leads the "
            "next by less than two standard errors. What is said of them may be said of that "
            "rate: more `learning_rate_seeds` would tell."
        )
    ends = {means.columns.min(), means.columns.max()}
    beyond = list(chosen.index[chosen.isin(ends)])
    if beyond:
        text += (
            f" That of {_variants(beyond)} is the smallest or the largest that was tried, so one "
            "beyond may be better: extend `learning_rates`."
        )
    return text


def _differences(title: str, rows: list[Row], baseline: Row, margin: float | None) -> str:
    if not rows:
        return ""
    lines = [f"## {title}\n"]
    told = [row for row in rows if row.decision in (BETTER, WORSE)]
    lines += _cut(
        [
            f"- **{_name(row)}** is {row.decision} than the baseline: {_numbers(row)}."
            f"{_elsewhere(row)}"
            for row in sorted(told, key=lambda row: -_measure(row).sign * row.difference)
        ]
    )
    equivalent = [row for row in rows if row.decision == EQUIVALENT]
    if margin is not None and equivalent:
        lines.append(
            f"\nNo difference that matters, that is of {_size(baseline, margin)} or more:\n"
        )
        lines += _cut(
            [f"- **{_name(row)}**: {_numbers(row, equivalent=True)}." for row in equivalent]
        )
    if untested := [row for row in rows if np.isnan(row.p_value_holm)]:
        lines.append("\nUndecided, since they and the baseline are one run each, so n is 1:\n")
        lines += _cut([f"- **{_name(row)}**: {_numbers(row)}." for row in untested])
    open_ = [row for row in rows if row.decision == UNDECIDED and not np.isnan(row.p_value_holm)]
    if open_:
        seeds = count(baseline.seeds, "seed")
        lines.append(
            f"\nUndecided. From {seeds} it cannot be told whether they differ from the baseline; "
            "that is no proof that they do not:\n"
        )
        lines += _cut(
            [f"- **{_name(row)}**: {_numbers(row)}.{_more(row, margin)}" for row in open_]
        )
    return "\n".join(lines).replace("\n\n\n", "\n\n")


def _elsewhere(row: Row) -> str:
    """Whether a difference may be one of these images alone."""
    low, high = row.difference_other_images_ci_low, row.difference_other_images_ci_high
    if not (np.isfinite(low) and low <= 0 <= high):
        return ""
    return (
        f" That holds on these images: on others like them, it may lie anywhere from "
        f"{_points(low)} to {_points(high)} points."
    )


def _more(row: Row, margin: float | None) -> str:
    """How many seeds it would take to tell what is undecided."""
    if row.seeds < FEWEST_FOR_SCATTER or not row.difference or np.isnan(row.seeds_for_difference):
        return ""
    text = f" If this is the difference, it takes {_seeds(row, 'difference')} to tell it"
    if margin is not None:
        text += f"; one of {_size(row, margin)} takes {_seeds(row, 'margin')}"
    return f"{text}."


def _seeds(row: Row, what: str) -> str:
    numbers = [getattr(row, f"seeds_for_{what}{end}") for end in ("", *BOUNDS)]
    told = [int(n) if np.isfinite(n) else None for n in numbers]
    return str(Needed(*told))


def _collapsed(rows: list[Row]) -> str:
    """Those that are good on most seeds and fail on some, which no mean tells."""
    items = []
    for row in rows:
        if row.collapsed:
            fine = row.seeds - row.collapsed
            others = (row.seeds * row.accuracy_mean - row.collapsed * row.collapsed_mean) / fine
            items.append(
                f"- **{row.variant}**: on {row.collapsed} of {count(row.seeds, 'seed')} it ends at "
                f"{100 * row.collapsed_mean:.1f} %, on the others at {100 * others:.1f} %."
            )
    if not items:
        return ""
    return (
        "## Seeds that collapse\n\nHere a single training may fail though the mean looks fine; "
        "what is said of these means holds for seeds that fail as often:\n\n"
        + "\n".join(_cut(items))
    )


def _draw_nothing(rows: list[Row]) -> str:
    """Which variants' scatter is of another kind than that of the others."""
    names = [row.variant for row in rows if row.draws_nothing and not _one_run(row)]
    if not names:
        return ""
    told = _sentence(names) if len(names) <= LONGEST else f"{len(names)} variants"
    one = len(names) == 1
    return (
        f"{told} {'draws' if one else 'draw'} no weights: {'its' if one else 'their'} replicates "
        "differ by the order of the images alone, those of the others by their weights as well."
    )


def _scatter(table: pd.DataFrame | None) -> str:
    """What the scatter of replicates is made of."""
    if table is None:
        return ""
    parts = {"weights": "weights", "order": "order", "both together": "together"}
    shown = pd.DataFrame(
        [
            {
                "variant": row["variant"],
                "sd, points": f"{100 * row['sd_both']:.2f}",
                **{
                    f"{name} alone": f"{100 * row[f'sd_{name}']:.2f}"
                    for name in ("weights", "order")
                },
                **{f"{title} %": _part(row, name) for title, name in parts.items()},
                "test images %": _percent(row["share_images"]),
            }
            for row in table.sort_values("sd_both").tail(LONGEST).to_dict("records")
        ]
    )
    alone = count(int(table["replicates_alone"].iloc[0]), "replicate")
    text = (
        "## What the scatter is made of\n\n"
        "How widely the final accuracies of replicates scatter (standard deviation), and that of "
        f"{alone} each that differ by their weights alone, or by the order of the images alone. "
        "Then the shares of the variance that are due to the weights whatever the order, to the "
        "order whatever the weights, and to both together, where it takes only one of them to be "
        "another to end somewhere else; with 95 % intervals (an estimate below 0 is shown as 0, so "
        "they need not add up). Last: how much of all of it is luck "
        "with these test images, which more of them would make disappear.\n\n"
    )
    return text + shown.to_markdown(index=False, disable_numparse=True)


def _part(row: Mapping[Hashable, Any], name: str) -> str:
    share, low, high = (row[f"share_{name}{end}"] for end in ("", "_ci_low", "_ci_high"))
    if not np.isfinite(share):
        return ""
    return f"{_percent(share)} [{100 * low:.0f}, {100 * high:.0f}]"


def _percent(share: float) -> str:
    """A share of a whole, whose estimate may lie beyond its ends by chance."""
    return f"{100 * np.clip(share, 0, 1):.0f}" if np.isfinite(share) else ""


def _one_run(row: Row) -> bool:
    """Whether all seeds of a variant are one and the same run, which has no interval."""
    return bool(row.seeds > 1 and np.isnan(row.accuracy_ci_low))


def _constant(rows: list[Row]) -> str:
    """Which variants are one run, however many seeds repeat it."""
    names = [row.variant for row in rows if _one_run(row)]
    if not names:
        return ""
    one = len(names) == 1
    listed = _sentence(names) if len(names) <= LONGEST else f"{len(names)} variants"
    text = (
        f"All seeds of {listed} are one and the same run{'' if one else ' each'}: nothing varies "
        "between them."
    )
    if len(names) == len(rows):
        return text
    return (
        f"{text} What is concluded about {'it' if one else 'them'} compares "
        f"{'this run' if one else 'these runs'} with the seeds of other variants, and does not "
        "hold for other draws or orders."
    )


def _cut(items: list[str]) -> list[str]:
    """The first and the last of a long list."""
    if len(items) <= LONGEST:
        return items
    half = LONGEST // 2
    between = f"- {len(items) - 2 * half} more lie between these; the table has them all."
    return [*items[:half], between, *items[-half:]]


def _interaction(components: pd.DataFrame | None, pairs: list[Row], baseline: Row) -> str:
    if components is None:
        return ""
    kernel, bias, both = _rows(components)
    lines = ["## Kernel and bias together\n"]
    if np.isfinite(both.share):
        interval = ""
        if np.isfinite(both.sd_ci_low):
            interval = f" [{100 * both.sd_ci_low:.1f}, {100 * both.sd_ci_high:.1f}]"
        shares = [f"{100 * row.share:.0f} %" for row in (kernel, bias, both)]
        lines.append(
            f"Of the variance between the {len(pairs)} pairs, the kernel initializer accounts for "
            f"{shares[0]}, the bias initializer for {shares[1]}, and their interaction, what both "
            f"do together beyond what each does, for {shares[2]}: standard deviations of "
            f"{100 * kernel.sd:.1f}, {100 * bias.sd:.1f} and {100 * both.sd:.1f}{interval} points."
        )
    needed, real = seeds_needed(1), bool(both.p_value < ALPHA)
    if baseline.seeds < needed:
        lines.append(
            f"{count(baseline.seeds, 'seed').capitalize()} cannot tell an interaction from "
            f"chance, however large: {needed} are needed."
        )
    elif real:
        lines.append(
            f"The interaction is real ({p_equals(both.p_value)}): what a kernel initializer is "
            f"worth depends on the bias initializer."
        )
    else:
        lines.append(
            f"Such an interaction may be chance ({p_equals(both.p_value)}): nothing here tells "
            f"that the worth of a kernel initializer depends on the bias initializer."
        )
    return "\n".join(lines) + "\n\n" + _one_at_a_time(pairs, baseline, real)


def _one_at_a_time(pairs: list[Row], baseline: Row, real: bool) -> str:
    """Whether a one-factor design would have chosen another pair."""
    kernel, bias = (
        getattr(
            _highest(row for row in pairs if _differs(row, baseline) <= {role}),
            f"{role}_initializer",
        )
        for role in ("kernel", "bias")
    )
    best = _highest(pairs)
    if (kernel, bias) == (best.kernel_initializer, best.bias_initializer):
        return (
            f"{kernel} kernels and {bias} biases, each the best beside the baseline's other "
            "initializer, also make the best of all pairs: to choose one at a time would not have "
            "misled."
        )
    apart = next(
        row for row in pairs if (row.kernel_initializer, row.bias_initializer) == (kernel, bias)
    )
    measure = _measure(best)
    lost = measure.scale * measure.sign * (best.judged - apart.judged)
    text = (
        f"The best of all pairs is {best.kernel_initializer} kernels with {best.bias_initializer} "
        f"biases. To choose one at a time, each beside the baseline's other initializer, would "
        f"have found {kernel} kernels with {bias} biases, whose {measure.middle} is "
    )
    if lost < 0.05:
        place = "a tenth of a point" if measure.share else "one decimal"
        return f"{text}the same to {place}: it would not have misled."
    text += f"{lost:.1f}{measure.unit_of_difference} {'lower' if measure.sign > 0 else 'higher'}"
    if not real:
        return text + ", which may be chance as well."
    return text + f". Part of that is flattery, since the best of {len(pairs)} was chosen for it."


def _choice(best: Row | None, baseline: Row, tried_together: bool, held_out: int) -> str:
    if best is None:
        return (
            "## The best pair\n\nNo candidate had a better mean than the baseline's own "
            "initializers on the seeds of the choice, so the best pair is the baseline itself."
        )
    kernel, bias = best.kernel_initializer, best.bias_initializer
    measure = _measure(best)
    unit = measure.unit_of_difference
    promised = f"the baseline by {_amount(best, best.selection_difference, '+')}{unit}"
    if tried_together or len(_differs(best, baseline)) == 1:
        promised = f"the pair differs from {promised}"
    else:
        promised = f"the two of them, each tried by itself, differ from {promised} in sum"
    text = (
        f"## The best pair\n\nThe choice fell on {kernel} kernels with {bias} biases. "
        f"On the seeds it was made on, {promised}"
        f"{', of the test images, which had no part in it' if held_out else ''}. "
        f"A choice flatters what it chose, so it was "
        f"trained again on {count(best.seeds, 'fresh seed')}. "
    )
    text += {
        BETTER: f"There it is better than the baseline: {_numbers(best)}.{_elsewhere(best)}",
        WORSE: f"There it is worse than the baseline: {_numbers(best)}.{_elsewhere(best)}",
        EQUIVALENT: "There it makes no difference that matters: "
        f"{_numbers(best, equivalent=True)}.",
        UNDECIDED: f"There it is undecided whether it differs: {_numbers(best)}.",
    }[best.decision]
    lost = measure.sign * (best.selection_difference - best.difference)
    if not np.isfinite(lost):
        return text
    word = "less" if lost > 0 else "more"
    amount = _with_unit(_amount(best, abs(lost)), unit)
    return f"{text} That is {amount} {word} than the choice promised."


def _unconfirmed(best: Row | None) -> str:
    """What is said of the best pair where nothing can be concluded."""
    if best is None:
        return ""
    return (
        f"The pair with the best mean was trained on {count(best.seeds, 'fresh seed')}, too: "
        f"{_pair(best)}. That confirms nothing."
    )


def _failed(rows: list[Row]) -> str:
    """Replicates that diverged or never learned, as items of a list."""
    failed = [row for row in rows if row.not_learned > 0]
    lines = [
        f"- {row.variant}: of {count(row.seeds, 'replicate')}, {row.diverged} diverged and "
        f"{round(row.not_learned * row.seeds) - row.diverged} never learned. All of them count, "
        f"a diverged one as an accuracy of 0."
        for row in failed[:LONGEST]
    ]
    if len(failed) > LONGEST:
        lines.append(f"- Replicates of {len(failed) - LONGEST} more variants never learned, too.")
    return "\n".join(lines)


def _limits(
    rows: list[Row], compared: list[Row], best: Row | None, held_out: int, scope: str
) -> str:
    lines = []
    if compared:
        seeds, family = compared[0].seeds, len(compared)
        smallest, needed = smallest_p_value(seeds, family), seeds_needed(family)
        lines.append(
            f"- With {count(seeds, 'seed')} and {count(family, 'comparison')}, the smallest "
            f"p-value that can be reached is {_p(smallest)}; {needed} seeds are the fewest that "
            f"can tell any difference."
        )
    if best is not None and best.seeds < seeds_needed(1):
        lines.append(
            f"- {count(best.seeds, 'fresh seed').capitalize()} cannot confirm the best pair, "
            f"however large its gain: {seeds_needed(1)} are needed; set `confirmation_seeds`."
        )
    if failed := _failed(rows):
        lines.append(failed)
    lines += [f"- {note}" for note in (_draw_nothing(rows), _constant(rows)) if note]
    apart = [row for row in rows if row.training_accuracy_mean - row.accuracy_mean > FAR_APART]
    lines += [
        f"- {row.variant}: {100 * row.training_accuracy_mean:.0f} % of the training images are "
        f"told right while its networks learn, {100 * row.accuracy_mean:.0f} % of those that are "
        "judged. They learned by heart, or what they normalize by lags behind (BatchNormalization, "
        "if its momentum is too large for so few updates)."
        for row in apart[:LONGEST]
    ]
    text = "- Intervals and p-values tell what other seeds would give on the same images."
    if _measure(rows[0]) is ACCURACY:
        text += (
            " summary.csv has intervals for other images of the same kind, too "
            "(difference_other_images)."
        )
    lines.append(text)
    text = f"- All of this holds for {scope}"
    if not held_out:
        text += "; the validation images are the test images, as in the notebook"
    lines.append(f"{text}.")
    return "## What cannot be told\n\n" + "\n".join(lines)


def _published(rows: list[Row], baseline: Row) -> str:
    with_value = [row for row in rows if np.isfinite(row.notebook_accuracy)]
    compared = sum(row.variant not in ("baseline", "best") for row in rows)
    if _measure(baseline) is not ACCURACY:
        return ""  # the notebook's order is by that
    # A trial has other epochs, too.
    if not with_value or (compared and baseline.seeds < seeds_needed(compared)):
        return ""
    inside = [row for row in with_value if _within(row)]
    table = pd.DataFrame(
        [
            {
                "variant": row.variant,
                "notebook %": f"{100 * row.notebook_accuracy:.2f}",
                "these seeds %": f"{100 * row.accuracy_min:.2f} to {100 * row.accuracy_max:.2f}",
                "within": "yes" if _within(row) else "no",
                "the notebook's order": _order(row, baseline),
            }
            for row in with_value
        ]
    )
    seeds = baseline.seeds
    text = (
        "## The notebook's numbers\n\n"
        f"{len(inside)} of its {len(with_value)} published accuracies, one seed each, lie within "
        f"the range of these seeds. (By chance alone, one further seed falls outside the range of "
        f"{seeds} with a probability of {2 / (seeds + 1):.0%}.) The last column tells whether the "
        f"order that each implied, better or worse than the baseline, survives.\n\n"
        "All of this means something only as far as network, inputs, optimizer and epochs are the "
        "notebook's.\n\n"
    )
    return text + table.to_markdown(index=False, disable_numparse=True)


def _order(row: Row, baseline: Row) -> str:
    if row.variant == "baseline" or not np.isfinite(baseline.notebook_accuracy):
        return ""
    implied = row.notebook_accuracy - baseline.notebook_accuracy
    word = "better" if implied > 0 else "worse" if implied < 0 else "equal"
    if row.decision not in (BETTER, WORSE):
        return f"{word}: {row.decision}"
    return f"{word}: {'survives' if implied * row.difference > 0 else 'is reversed'}"


def _within(row: Row) -> bool:
    # Published with four digits.
    low, high = row.accuracy_min - 5e-5, row.accuracy_max + 5e-5
    return bool(low <= row.notebook_accuracy <= high)


def _numbers(row: Row, equivalent: bool = False) -> str:
    """A difference from the baseline with its interval, its p-value, and how often it wins."""
    if np.isnan(row.p_value_holm):
        return f"{_difference(row)}{_measure(row).unit_of_difference}, not tested"
    wins = row.probability_of_improvement * row.seeds
    p_value = p_equals(row.p_value_equivalent_holm if equivalent else row.p_value_holm)
    if equivalent:
        p_value += " against one that matters"
    # What was settled at a look may have gone on, since it may be the best.
    settled = f" with {row.told_of_seeds:g} seeds" if row.told_of_seeds < row.seeds else ""
    parts = [
        f"{_difference(row)}{_measure(row).unit_of_difference}",
        p_value + settled,
        f"ahead on {wins:g} of {count(row.seeds, 'seed')}{' (a tie is half)' * bool(row.ties)}",
    ]
    return ", ".join(parts)


def _size(row: Row, margin: float) -> str:
    measure = _measure(row)
    return _with_unit(f"{measure.scale * margin:g}", measure.unit_of_difference)


def _with_unit(amount: str, unit: str) -> str:
    return amount + (unit.removesuffix("s") if amount == "1" else unit)


def _measure(row: Row) -> Measure:
    return MEASURES[row.judged_by]


def _number(number: int) -> str:
    return "One" if number == 1 else f"The other {number}"


def _pair(row: Row) -> str:
    return f"{row.kernel_initializer} kernels with {row.bias_initializer} biases"


def _same_pair(one: Row, other: Row) -> bool:
    return bool(_pair(one) == _pair(other))


def _sentence(names: Iterable[str]) -> str:
    """Names in a row, as the beginning of a sentence."""
    found = list(names)
    return found[0] if len(found) == 1 else ", ".join(found[:-1]) + " and " + found[-1]


def _variants(names: Sequence[str]) -> str:
    """Variants by their names; how many they are, if that is a long list."""
    if len(names) > LONGEST:
        return f"{len(names)} variants"
    return _sentence(f"**{name}**" for name in names)


def _name(row: Row) -> str:
    return " with ".join(row.variant.split("-")[1::2])


def _differs(row: Row, baseline: Row) -> set[str]:
    """The roles whose initializer is not the baseline's."""
    return {
        role
        for role in ("kernel", "bias")
        if getattr(row, f"{role}_initializer") != getattr(baseline, f"{role}_initializer")
    }


def _highest(rows: Iterable[Row]) -> Row:
    """The best by its mean; of equal ones the first, as in `statistics.choose_pair`."""
    return max(rows, key=lambda row: _measure(row).sign * round(row.judged, 9))


def _accuracy(row: Row) -> str:
    low, high = row.accuracy_ci_low, row.accuracy_ci_high
    return with_interval(100 * row.accuracy_mean, 100 * low, 100 * high)


def _judged(row: Row) -> str:
    measure = _measure(row)
    low, high = measure.scale * row.judged_ci_low, measure.scale * row.judged_ci_high
    return with_interval(measure.scale * row.judged, low, high, fewest=_fewest(measure))


def _difference(row: Row) -> str:
    measure = _measure(row)
    low, high = measure.scale * row.difference_ci_low, measure.scale * row.difference_ci_high
    return with_interval(
        measure.scale * row.difference, low, high, sign="+", fewest=_fewest(measure)
    )


def _fewest(measure: Measure) -> int:
    """Decimals that are shown of it at least."""
    return 1 if measure.share else 0


def _amount(row: Row, value: float, sign: str = "") -> str:
    """An amount of what is judged by, without its unit."""
    if _measure(row).share:
        return f"{round(100 * value, 1) + 0.0:{sign}.1f}"
    return f"{round(value, 3) + 0.0:{sign}g}".replace("inf", "∞")


def with_interval(middle: float, low: float, high: float, sign: str = "", fewest: int = 1) -> str:
    """A number with its interval, rounded to the place where the interval begins.

    Args:
        middle: the number; "" if it is nan.
        low: of its interval; nan if there is none.
        high: likewise.
        sign: "+" for one before positive numbers, too.
        fewest: decimals at least.
    """
    if np.isnan(middle):
        return ""
    half = (high - low) / 2
    places = 2 if fewest else 3
    if np.isfinite(half):
        places = int(np.clip(-np.floor(np.log10(half)), fewest, 3)) if half > 0 else fewest

    def text(value: float) -> str:
        # Adding 0 makes a plain zero of a negative one. Medians of whole numbers may have halves.
        if fewest:
            shown = f"{round(value, places) + 0.0:{sign}.{places}f}"
        else:
            shown = f"{round(value, max(1, places)) + 0.0:{sign}g}"
        return shown.replace("inf", "∞")

    if np.isnan(low):
        return text(middle)
    return f"{text(middle)} [{text(low)}, {text(high)}]"


def _points(value: float) -> str:
    return f"{round(100 * value, 1) + 0.0:+.1f}"


def _p(value: float) -> str:
    return f"{value:.2g}" if value >= 0.001 else "< 0.001"


def p_equals(value: float) -> str:
    """A p-value in words: `p = 0.023`, or `p < 0.001`."""
    text = _p(value)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def _share(value: float) -> str:
    return f"{value:.0%}" if np.isfinite(value) else ""
