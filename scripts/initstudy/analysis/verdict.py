"""A study's summary in words: what its evidence supports, and no more."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from initstudy.analysis.statistics import ALPHA, seeds_needed, smallest_p_value
from initstudy.study.problems import count

Row = Any  # a namedtuple of statistics.SUMMARY_COLUMNS

# Longer lists are cut: nobody reads them, and the table has all.
LONGEST = 20


def verdict(
    study: str,
    summary: pd.DataFrame,
    explanation: str = "",
    interaction: pd.DataFrame | None = None,
    rates: pd.DataFrame | None = None,
    held_out: int = 0,
) -> str:
    """A study's verdict as Markdown, made from numbers alone.

    A difference is called one if its p-value, corrected by Holm's method, is below 5 %.

    Args:
        study: its name.
        summary: see `statistics.summarize`; its variants are named baseline, kernel-..., bias-...,
            kernel-...-bias-... and best.
        explanation: a section on why some lose, see `explanation.explanation`.
        interaction: see `interaction.components`; of a factorial design only.
        rates: see `learning_rates.means`; None if no learning rates were compared.
        held_out: training images that choices were made on; 0 if the test images served for that.
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
    sections = [
        f"# Verdict on the study `{study}`",
        _opening(baseline, compared, "test" if held_out else "validation"),
        _held_out(held_out),
        _rates(rates),
        _differences("Kernel initializers", kernels, baseline),
        _differences("Bias initializers", biases, baseline),
        _differences("Other pairs", others, baseline),
        _interaction(interaction, [baseline, *compared], baseline) if others else "",
        explanation,
        _choice(best, tried_together=interaction is not None),
        _limits(rows, compared, best, held_out),
        _published(rows, baseline),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def summary_table(summary: pd.DataFrame) -> str:
    """The summary as a Markdown table, from the best variant to the worst.

    Accuracies are in percent, rounded to what their intervals support.
    """
    ordered = summary.sort_values("accuracy_mean", ascending=False, kind="stable")
    table = pd.DataFrame(
        [
            {
                "variant": row.variant,
                "kernel": row.kernel_initializer,
                "bias": row.bias_initializer,
                "n": row.seeds,
                "accuracy % [95 % interval]": _value(row, "accuracy", signed=False),
                "range %": f"{100 * row.accuracy_min:.1f} to {100 * row.accuracy_max:.1f}",
                "difference, points [95 % interval]": _value(row, "difference", signed=True),
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
    return table.to_markdown(index=False, disable_numparse=True) + "\n"


def _rows(summary: pd.DataFrame) -> list[Row]:
    return list(summary.itertuples(index=False))


def _opening(baseline: Row, compared: list[Row], images: str) -> str:
    text = (
        f"The baseline ({baseline.kernel_initializer} kernels, {baseline.bias_initializer} biases) "
        f"classifies {_value(baseline, 'accuracy', signed=False)} % of the {images} images "
        f"correctly"
    )
    if baseline.seeds == 1:
        text += ", with one seed."
    else:
        text += f": the mean over {baseline.seeds} seeds, and its 95 % interval."
    if compared:
        text += (
            " Each other variant was trained on the same seeds, from the same random numbers in the"
            " same order, and is compared with it seed by seed."
        )
        needed = seeds_needed(len(compared))
        if baseline.seeds < needed:
            text += (
                f"\n\n**With {count(baseline.seeds, 'seed')}, no difference could have been told, "
                f"however large:** {count(len(compared), 'comparison')} need at least {needed} "
                f"seeds. Set `seeds: {needed}` or more."
            )
    return text


def _held_out(images: int) -> str:
    if not images:
        return ""
    return (
        f"All choices were made on {images} held-out training images; the test images were read "
        "once, after the last epoch, for what is said here."
    )


def _rates(means: pd.DataFrame | None) -> str:
    if means is None:
        return ""
    chosen = means.idxmax(axis=1)
    groups = [
        f"{rate:g} for {_list([f'**{name}**' for name in chosen.index[chosen == rate]])}"
        for rate in sorted(chosen.unique())
    ]
    if len(chosen) > LONGEST:
        groups = [
            f"{rate:g} for {count(int((chosen == rate).sum()), 'variant')}"
            for rate in sorted(chosen.unique())
        ]
    text = f"Each variant was trained at its own best learning rate: {'; '.join(groups)}."
    ends = {means.columns.min(), means.columns.max()}
    beyond = list(chosen.index[chosen.isin(ends)])
    if beyond:
        names = _list([f"**{name}**" for name in beyond])
        if len(beyond) > LONGEST:
            names = f"{len(beyond)} variants"
        text += (
            f" That of {names} is the smallest or the largest that was tried, so one beyond may be "
            "better: extend `learning_rates`."
        )
    return text


def _differences(title: str, rows: list[Row], baseline: Row) -> str:
    if not rows:
        return ""
    lines = [f"## {title}"]
    told = [row for row in rows if _significant(row)]
    items = [
        f"- **{_name(row)}** is {_comparison(row)}."
        for row in sorted(told, key=lambda row: -row.difference)
    ]
    if len(items) > LONGEST:
        half = LONGEST // 2
        cut = f"- {len(items) - 2 * half} more lie between these; the table has them all."
        items = [*items[:half], cut, *items[-half:]]
    lines += items
    open_ = [row for row in rows if not _significant(row)]
    if open_:
        names = _list([f"**{_name(row)}**" for row in open_])
        if len(open_) > LONGEST:
            names = f"{len(open_)} {'others' if told else 'of them'}"
        text = (
            f"Whether {names} differ{'s' if len(open_) == 1 else ''} from the baseline cannot be "
            f"told from {count(baseline.seeds, 'seed')}"
        )
        if baseline.seeds >= seeds_needed(1):
            low = min(row.difference_ci_low for row in open_)
            high = max(row.difference_ci_high for row in open_)
            text += (
                f"; that is no proof that {'it does' if len(open_) == 1 else 'they do'} not: "
                f"differences from {_points(low)} to {_points(high)} points lie within "
                f"the intervals"
            )
        lines.append(f"\n{text}." if told else f"{text}.")
    return lines[0] + "\n\n" + "\n".join(lines[1:])


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
    lost = 100 * (best.accuracy_mean - apart.accuracy_mean)
    text = (
        f"The best of all pairs is {best.kernel_initializer} kernels with {best.bias_initializer} "
        f"biases. To choose one at a time, each beside the baseline's other initializer, would "
        f"have found {kernel} kernels with {bias} biases, whose mean is "
    )
    if lost < 0.05:
        return text + "the same to a tenth of a point: it would not have misled."
    text += f"{lost:.1f} points lower"
    if not real:
        return text + ", which may be chance as well."
    return text + f". Part of that is flattery, since the best of {len(pairs)} was chosen for it."


def _choice(best: Row | None, tried_together: bool) -> str:
    if best is None:
        return (
            "## The best pair\n\nNo candidate had a better mean than the baseline's own "
            "initializers on the seeds of the choice, so the best pair is the baseline itself."
        )
    kernel, bias = best.kernel_initializer, best.bias_initializer
    promised = f"the baseline by {_points(best.selection_difference)} points"
    if tried_together:
        promised = f"the pair differs from {promised}"
    else:
        promised = f"the two of them, each tried by itself, differ from {promised} in sum"
    text = (
        f"## The best pair\n\nThe choice fell on {kernel} kernels with {bias} biases. "
        f"On the seeds it was made on, {promised}. A choice flatters what it chose, so it was "
        f"trained again on {count(best.seeds, 'fresh seed')}: there it is {_comparison(best)}"
    )
    text += "." if _significant(best) else ", which is not enough to call it a difference."
    lost = best.selection_difference - best.difference
    word = "less" if lost > 0 else "more"
    return text + f" That is {100 * abs(lost):.1f} points {word} than the choice promised."


def _limits(rows: list[Row], compared: list[Row], best: Row | None, held_out: int) -> str:
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
    failed = [row for row in rows if row.not_learned > 0]
    lines += [
        f"- {row.variant}: of {count(row.seeds, 'replicate')}, {row.diverged} diverged and "
        f"{round(row.not_learned * row.seeds) - row.diverged} never learned. They count as what "
        f"they are, a diverged one with an accuracy of 0."
        for row in failed[:LONGEST]
    ]
    if len(failed) > LONGEST:
        lines.append(f"- Replicates of {len(failed) - LONGEST} more variants never learned, too.")
    scope = "- All of this holds for this network, data set, optimizer and number of epochs"
    if not held_out:
        scope += "; the validation images are the test images, as in the notebook"
    lines.append(f"{scope}.")
    return "## What cannot be told\n\n" + "\n".join(lines)


def _published(rows: list[Row], baseline: Row) -> str:
    with_value = [row for row in rows if np.isfinite(row.notebook_accuracy)]
    if not with_value:
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
    if not _significant(row):
        return f"{word}: cannot be told"
    return f"{word}: {'survives' if implied * row.difference > 0 else 'is reversed'}"


def _within(row: Row) -> bool:
    # Published with four digits.
    low, high = row.accuracy_min - 5e-5, row.accuracy_max + 5e-5
    return bool(low <= row.notebook_accuracy <= high)


def _significant(row: Row) -> bool:
    return bool(row.p_value_holm < ALPHA)


def _comparison(row: Row) -> str:
    word = "better" if row.difference > 0 else "worse"
    wins = row.probability_of_improvement * row.seeds
    text = f"{word} than the baseline" if row.difference else "no different from the baseline"
    details = [
        _value(row, "difference", signed=True) + " points",
        p_equals(row.p_value_holm),
        f"ahead on {wins:g} of {count(row.seeds, 'seed')}",
    ]
    return f"{text} ({', '.join(details)})"


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
    """By its mean; of equal ones the first, as in `statistics.choose_pair`."""
    return max(rows, key=lambda row: round(row.accuracy_mean, 9))


def _value(row: Row, column: str, signed: bool) -> str:
    """The mean with its interval, in percent, rounded to the place where the interval begins."""
    mean = getattr(row, f"{column}_mean" if column == "accuracy" else column)
    if not np.isfinite(mean):
        return ""
    low, high = getattr(row, f"{column}_ci_low"), getattr(row, f"{column}_ci_high")
    sign = "+" if signed else ""
    half = 50 * (high - low)
    if not np.isfinite(half):
        return f"{100 * mean:{sign}.2f}"
    places = int(np.clip(-np.floor(np.log10(half)), 1, 3)) if half > 0 else 1
    # Adding 0 makes a plain zero of a negative one.
    low, mean, high = (
        f"{round(100 * value, places) + 0.0:{sign}.{places}f}" for value in (low, mean, high)
    )
    return f"{mean} [{low}, {high}]"


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


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]
