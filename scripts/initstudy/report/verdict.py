"""A study's findings in words: fills the templates of the verdict and of the table of results."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jinja2
import numpy as np

from initstudy.analysis.comparisons import fewest_seeds
from initstudy.analysis.findings import least_decline
from initstudy.analysis.levels import ALPHA
from initstudy.analysis.measures import Measure, RankedMeasure, measure_of, metric_of
from initstudy.report.words import (
    LONGEST,
    about,
    fill,
    number,
    p_equals,
    places_of,
    render,
    rounded,
    with_interval,
)
from initstudy.results.findings import Comparison, Failures, Findings, Needed, Variant

# Metrics in training and of other examples that differ by so much of `Study.unit` want a word.
FAR_APART = 0.1
# Decimals that are shown at most.
MOST_PLACES = 4
# Up to so many are written as a word.
WORDS = ["None", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"]


@dataclass(frozen=True)
class Units:
    """How amounts of what variants are judged by are written.

    Attributes:
        measure: what that is.
        margin_of_study: the smallest difference that matters; None if any does.
        metric: by which networks are measured: the same, or a part of it.
        unit: see `Study.unit`.
        constant: what the best constant answer has of the metric.
    """

    measure: Measure
    margin_of_study: float | None
    metric: Measure
    unit: float = 1.0
    constant: float = math.nan

    @classmethod
    def of(cls, findings: Findings) -> "Units":
        """Return those of a study's findings."""
        measures = measure_of(findings), findings.margin, metric_of(findings)
        return cls(*measures, findings.unit, findings.constant)

    @property
    def words(self) -> str:
        """What it is called."""
        return self.measure.words

    @property
    def middle(self) -> str:
        """What the centre of the runs is called."""
        return self.measure.middle

    @property
    def parts(self) -> str:
        """Begin what an accuracy is a share of, if that is not the examples themselves."""
        counted = self.metric.counted
        return "" if counted == "examples" else f"{counted} of the "

    @property
    def lead_in(self) -> str:
        """What follows an amount by which one is ahead, where it has no unit that says of what."""
        return "" if self.measure.unit_of_difference else f" in {self.measure.words}"

    @property
    def ranked(self) -> bool:
        """Whether it is compared by ranks."""
        return isinstance(self.measure, RankedMeasure)

    @property
    def margin(self) -> str:
        """The margin with its unit; empty if there is none."""
        if self.margin_of_study is None:
            return ""
        margin = self.measure.scale * self.margin_of_study
        return f"{margin:.3g}{self.measure.unit_of_difference}"

    @property
    def fewest(self) -> int:
        """Decimals that are shown of it at least."""
        return self.measure.places

    @property
    def usual(self) -> int:
        """Decimals that are shown where no interval asks for others."""
        return max(1, self.measure.places)

    def places(self, *ends: float) -> int:
        """Decimals that are shown of an interval, so that no end looks like 0 or the margin."""
        places = places_of(ends, self.fewest) if np.isfinite(ends).all() else self.usual
        margin = self.measure.scale * (self.margin_of_study or 0.0)
        while places < max(MOST_PLACES, self.fewest + 2) and any(
            abs(end - mark) > 1e-9 and round(end, places) == round(mark, places)
            for end in ends
            for mark in (-margin, 0.0, margin)
        ):
            places += 1
        return places

    def amount(self, value: float, sign: bool = True) -> str:
        """Write a difference without its interval."""
        text = number(self.measure.scale * value, self.usual, sign)
        return text + self.measure.unit_of_difference

    def interval(self, found: Comparison) -> str:
        """Write a difference with its usual interval and its unit."""
        values = found.difference, found.low, found.high
        return self._with_unit([self.measure.scale * value for value in values], sign=True)

    def lead(self, found: Comparison) -> str:
        """By how much the first is ahead, whether more is better or less."""
        ahead = [self.measure.scale * value for value in (found.difference, found.low, found.high)]
        if self.measure.sign < 0:
            middle, low, high = (-value for value in ahead)
            ahead = [middle, high, low]
        return self._with_unit(ahead, sign=False)

    def _with_unit(self, values: Sequence[float], sign: bool) -> str:
        middle, *ends = values
        unit = self.measure.unit_of_difference
        if np.isnan(ends[0]):
            return number(middle, self.usual, sign) + unit
        places = self.places(*ends)
        low, high = (number(end, places, sign) for end in ends)
        return f"{number(middle, places, sign)}{unit} [95 % CI {low}, {high}]"

    def bare(self, found: Comparison) -> str:
        """Write a difference with its usual interval, without a unit."""
        values = [self.measure.scale * one for one in (found.difference, found.low, found.high)]
        return with_interval(values, sign=True, fewest=self.places(*values[1:]))

    def decided(self, found: Comparison) -> str:
        """Write the interval that decided."""
        return self.plain(found.decided_low, found.decided_high)

    def plain(self, low: float, high: float) -> str:
        """Write an interval of a difference, with its unit."""
        ends = [self.measure.scale * end for end in (low, high)]
        places = self.places(*ends)
        text = ", ".join(number(end, places, sign=True) for end in ends)
        return f"[{text}]{self.measure.unit_of_difference}"

    def learned(self, failures: Failures) -> str:
        """Write the difference of the metric where neither variant fails."""
        ends = [
            self.metric.scale * value
            for value in (failures.difference, failures.low, failures.high)
        ]
        return with_interval(ends, sign=True, fewest=self.metric.places)

    def ended(self, one: Variant, bare: bool = False) -> str:
        """Write the mean of the metric with its interval; bare in a table that has its unit."""
        scale = self.metric.scale
        values = [scale * value for value in (one.metric, one.metric_low, one.metric_high)]
        text = self._bounded(one) + with_interval(values, fewest=self.metric.places)
        if bare:
            return text
        middle, bracket, ends = text.partition(" [")
        return f"{middle}{self.metric.unit}{bracket and ' [95 % CI '}{ends}"

    def _bounded(self, one: Variant) -> str:
        """Say that some runs of a variant are worse than they count: see `histories.bounded`."""
        return "≥ " * (self.metric.sign < 0 and one.metric_max >= self.constant)

    def of_metric(self, value: float, places: int = 0) -> str:
        """Write a value or a difference of the metric without its unit."""
        return number(self.metric.scale * value, max(places, self.metric.places))

    def overfits(self, one: Variant) -> bool:
        """Whether a variant is much better on the training examples than on the others."""
        if not self.metric.share and one.metric >= self.constant:
            return False  # It learned nothing, and counts as the constant answer.
        gap = self.metric.sign * (one.training_metric - one.metric)
        return gap > FAR_APART * self.unit

    def value(self, one: Variant) -> str:
        """Write what a variant is judged by, with its interval."""
        scale = self.measure.scale
        values = [scale * value for value in (one.value, one.low, one.high)]
        finite = np.isfinite(values[1:]).all()
        fewest = self.fewest if finite else self.usual
        beyond = self._bounded(one) if self.measure == self.metric else ""
        return beyond + with_interval(values, fewest=fewest) + self.measure.unit

    def seeds(self, needed: Needed) -> str:
        """How many seeds it takes, and between what numbers that lies."""
        if np.isinf(needed.seeds):
            return "more than 10,000 seeds"
        low = about(needed.low).removeprefix("about ")
        if np.isinf(needed.high):
            return f"{about(needed.seeds)} seeds (at least {low}, with no upper limit)"
        high = about(needed.high).removeprefix("about ")
        return f"{about(needed.seeds)} seeds ({low} to {high})"

    def seeds_needed(self, one: Variant) -> str:
        """How many seeds decide a difference of the size that was seen, in a cell of a table."""
        seeds = one.to_decide.seeds
        if one.decision != "inconclusive" or np.isnan(seeds):
            return ""
        return "> 10,000" if np.isinf(seeds) else about(seeds).removeprefix("about ")

    def part(self, row: Mapping[str, Any], name: str) -> str:
        """Write a share of the variance with its interval, in percent."""
        share, low, high = (row[f"share_{name}{end}"] for end in ("", "_ci_low", "_ci_high"))
        if not np.isfinite(share):
            return ""
        return f"{self.share(share)} [{100 * low:.0f}, {100 * high:.0f}]"

    def share(self, value: float) -> str:
        """Write a share of a whole, whose estimate may lie beyond its ends by chance."""
        return f"{100 * np.clip(value, 0, 1):.0f}" if np.isfinite(value) else ""


def verdict(findings: Findings) -> str:
    """Say in Markdown what a study finds, and nothing more."""
    return fill("verdict/verdict.md.jinja", FILTERS, **_values(findings))


def title(template: str, findings: Findings) -> str:
    """Fill the template of a figure's title."""
    return " ".join(fill(template, FILTERS, **_values(findings)).split())


def warnings(findings: Findings) -> list[str]:
    """List what limits the answer, the gravest first, a sentence or two each."""
    text = fill("verdict/warnings.md.jinja", FILTERS, **_values(findings))
    return [line.removeprefix("- ") for line in text.splitlines() if line]


def reasons(findings: Findings) -> dict[str, str]:
    """Say of each variant that loses what sets its networks apart from the baseline's."""
    text = fill("verdict/why.md.jinja", FILTERS, **_values(findings))
    lines = [line.partition(": ")[2] for line in text.splitlines() if line.startswith("- ")]
    return dict(zip((one.variant for one in findings.why), lines, strict=True))


def filled(template: str, findings: Findings, **values: object) -> str:
    """Fill a template of HTML that speaks of findings."""
    return render(template, FILTERS, **_values(findings), **values)


def headline(findings: Findings) -> str:
    """Say in a few sentences of plain text what to start from."""
    text = fill("verdict/advice.md.jinja", FILTERS, **_values(findings))
    return " ".join(text.replace("*", "").split())


def _values(findings: Findings) -> dict[str, Any]:
    """Return what the templates say besides the findings themselves."""
    variants, units = findings.variants, Units.of(findings)
    growing = [one.seeds for one in findings.interims]
    again = findings.confirmation.chosen_from if findings.confirmation else ""
    # What was published of the pair that was run again stands beside its first run.
    published = [one for one in variants if one.published and not (again and one.name == "best")]
    most = growing[-1] if growing else findings.baseline.seeds
    return {
        "findings": findings,
        "units": units,
        "most_seeds": most,
        "test_name": "test set" if findings.held_out else "validation set",
        "groups": _groups(findings),
        "rates": _rates(findings),
        "seeds_run": sum(
            one.variants * (one.seeds - earlier)
            for one, earlier in zip(findings.interims, [0, *growing], strict=False)
        ),
        "seeds_in_full": (len(findings.compared) + 1) * most,
        "fewest_new": fewest_seeds(units.measure, ALPHA),
        "never_learned": [one for one in findings.compared if one.never_learned],
        "deterministic": [one.name for one in variants if one.deterministic],
        "failed": any(one.failures for one in variants),
        "peaks": [
            f"{one.name} (epoch {one.peak.epoch}, then {_lost(one.peak.lost, units.metric)})"
            for one in variants
            if one.peak
        ],
        "one_run": [one.name for one in variants if one.one_run],
        "best_is_asked": len(findings.compared) > 1,
        "wants_seeds": _wanted(findings),
        "decline": _declined(findings, units.metric),
        "published": published,
        "inside": sum(one.published.within for one in published if one.published),
    }


def summary_table(findings: Findings) -> str:
    """Put what was found of each variant into a Markdown table, from the best on."""
    units, worst = Units.of(findings), -np.inf
    ordered = sorted(
        findings.variants,
        key=lambda one: -(worst if np.isnan(one.value) else units.measure.sign * one.value),
    )
    return fill(
        "verdict/summary.md.jinja",
        FILTERS,
        variants=ordered,
        units=units,
        fewest=findings.advice.fewest_seeds,
        fewest_new=fewest_seeds(units.measure, ALPHA),
        metric_alone=findings.judge_by == findings.metric,
        any_published=any(one.published for one in findings.variants),
    )


def pair_of(one: Variant) -> str:
    """Name a variant by its two initializers."""
    return f"{one.kernel} kernels with {one.bias} biases"


def own_name(name: str) -> str:
    """Name a variant by what it does not share with the baseline: `he_normal`."""
    return " with ".join(name.split("-")[1::2]) or name


def role_name(one: Variant) -> str:
    """Name a variant by the initializers that it does not share with the baseline."""
    if len(one.differs) == 2:
        return pair_of(one)
    return f"{one.kernel} kernels" if one.differs == ["kernel"] else f"{one.bias} biases"


def p_value(value: float) -> str:
    """Write a p-value in a cell of a table."""
    return "" if np.isnan(value) else p_equals(value).removeprefix("p ").removeprefix("= ")


def number_word(value: int) -> str:
    """Begin a sentence with a number."""
    return WORDS[value] if value < len(WORDS) else str(value)


def shortened(variants: Sequence[Variant]) -> list[Variant | str]:
    """Take the first and the last of a long list, the largest differences first."""
    ordered = sorted(
        variants, key=lambda one: -one.comparison.difference if one.comparison else 0.0
    )
    if len(ordered) <= LONGEST:
        return list(ordered)
    half = LONGEST // 2
    between = f"{len(ordered) - 2 * half} more lie between these; the table has them all."
    return [*ordered[:half], between, *ordered[-half:]]


def change(log: float) -> str:
    """Say how many times a signal changes, by its decimal logarithm."""
    factor = 10 ** abs(log)
    text = f"{factor:.1f}" if factor < 10 else f"{factor:,.0f}" if factor < 1e5 else f"{factor:.0e}"
    return f"{'grow' if log > 0 else 'shrink'} {text} times"


def _lost(lost: float, metric: Measure) -> str:
    """Write how much worse a curve gets, with the sign of the metric."""
    text = number(-metric.sign * metric.scale * lost, max(1, metric.places), metric.sign < 0)
    return text + metric.unit_of_difference


def _declined(findings: Findings, metric: Measure) -> str:
    """Write the least that a curve must lose to have declined."""
    least = least_decline(findings.margin, findings.judge_by, findings.metric, findings.unit)
    return f"{metric.scale * least:.3g}{metric.unit_of_difference}"


def _groups(findings: Findings) -> list[tuple[str, list[Variant]]]:
    titles = {
        ("kernel",): "Kernel initializers",
        ("bias",): "Bias initializers",
        ("kernel", "bias"): "Other pairs",
    }
    groups = [
        (title, [one for one in findings.compared if tuple(one.differs) == roles])
        for roles, title in titles.items()
    ]
    return [(title, variants) for title, variants in groups if variants]


def _rates(findings: Findings) -> list[tuple[str, list[str]]]:
    if findings.rates is None:
        return []
    chosen = findings.rates.chosen
    return [
        (f"{rate:g}", [name for name, own in chosen.items() if own == rate])
        for rate in sorted({*chosen.values()})
    ]


def _wanted(findings: Findings) -> int:
    """How many seeds the next study should plan for: half of what is inconclusive needs fewer."""
    if findings.interims:
        return 0
    asked = [
        one.to_decide.seeds if findings.margin is None else one.to_show.seeds
        for one in findings.compared
        if one.decision == "inconclusive"
    ]
    finite = [seeds for seeds in asked if np.isfinite(seeds)]
    wanted = rounded(float(np.median(finite))) if finite else 0
    return wanted if wanted > findings.baseline.seeds else 0


@jinja2.pass_context
def _variant_of(context: jinja2.runtime.Context, name: str) -> Variant:
    found: Variant = context["findings"].variant(name)
    return found


def _own_name(one: Variant) -> str:
    return own_name(one.name)


def _last_rows(rows: Iterable[Any]) -> list[Any]:
    return list(rows)[-LONGEST:]


def _when(epoch: int) -> str:
    return f"After epoch {epoch}" if epoch else "At the start"


def _is_vanished(log: float) -> bool:
    return log == -np.inf


# What templates that speak of findings use besides those of `words`.
FILTERS: dict[str, Callable[..., Any]] = {
    "variant_of": _variant_of,
    "named": pair_of,
    "own_name": _own_name,
    "role_name": role_name,
    "number_word": number_word,
    "shortened": shortened,
    "shortened_rows": _last_rows,
    "when": _when,
    "is_vanished": _is_vanished,
    "change": change,
    "p_value": p_value,
}
