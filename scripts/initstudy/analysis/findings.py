"""What a study finds: from its results to one object that holds all of it as data."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from initstudy.analysis import evidence as evidences
from initstudy.analysis import learning_rates, power
from initstudy.analysis.comparisons import compare
from initstudy.analysis.decisions import BASELINE, Decisions, Rules, analyse
from initstudy.analysis.decisions import decide as decisions_of
from initstudy.analysis.evidence import Evidence
from initstudy.analysis.examples import by_example, linear
from initstudy.analysis.explanation import explain
from initstudy.analysis.levels import Floats
from initstudy.analysis.measures import (
    RankedMeasure,
    mean,
    mean_interval,
    measure_of,
    metric_of,
)
from initstudy.analysis.statistics import collapsed, not_learned
from initstudy.engine.spec import METRIC
from initstudy.results.findings import (
    BETTER,
    DECISIONS,
    EQUIVALENT,
    INCONCLUSIVE,
    NAN,
    NOTHING,
    START,
    STAY,
    TRIAL,
    WORSE,
    Advice,
    Comparison,
    Confirmation,
    Failures,
    Findings,
    Interaction,
    Interim,
    LearningRates,
    Needed,
    Peak,
    Published,
    Role,
    Variant,
)
from initstudy.results.study import StudyResults
from initstudy.study import MOST_COMPARED, Study

BEST = "best"
ROLES = "kernel", "bias"
# A curve's ends are means over a twentieth of the epochs, so that a lucky epoch is not its peak.
PARTS = 20
# What a curve must lose to have declined, without a margin.
DECLINE = 0.005
# Published with four digits.
HALF_A_DIGIT = 5e-5


def decide(results: StudyResults) -> Decisions:
    """Analyse a study, as often as it was to be; see `decisions.decide`."""
    study = results.study
    examples = linear(results.by_example, study) if study.judge_by == study.metric else None
    return decisions_of(study, results.histories, results.final, examples, results.interims)


def find(results: StudyResults, published: pd.DataFrame | None = None) -> Findings:
    """Find all that the results of a study support, and no more.

    Args:
        results: of which all but findings, verdict and report must be there.
        published: results to stand beside these: kernel_initializer, bias_initializer, loss,
            accuracy.
    """
    study = results.study
    known, decisions = evidences.of(results), decide(results)
    confirmed = _confirm(results, known)
    variants = [
        _variant(results, name, decisions, confirmed, known, published)
        for name in results.initializers
    ]
    advice = _advice(results, variants, decisions, confirmed, known)
    losing = sorted(
        (one for one in variants[1:] if one.decision == WORSE and one.name != BEST),
        key=lambda one: decisions.analyses[0].rules.measure.sign * one.value,
    )
    ends = study.sign * results.final.set_index(["variant", "seed"])[study.metric]
    variance: Any = results.variance.to_dict("records") if study.variance_seeds else []
    return Findings(
        study=study.name,
        scope=study.scope,
        judge_by=study.judge_by,
        metric=study.metric,
        margin=study.margin,
        comparisons=decisions.analyses[0].rules.families()[0].size,
        all_pairs=study.all_pairs,
        advice=advice,
        variants=variants,
        roles=[role for role in (_role(role, variants) for role in ROLES) if role],
        confirmation=confirmed,
        interims=_interims(results, decisions),
        rates=_rates(results),
        interaction=_interaction(results, variants, decisions),
        variance=variance,
        held_out=study.held_out,
        runs=known.runs,
        constant=study.constant,
        published_as="" if published is None else Path(study.published or "").stem,
        why=explain(
            [one.name for one in losing],
            results.diagnostics,
            {name: ends[name] for name in study.variants},
        )
        if losing
        else [],
        counted=study.counted,
    )


def _advice(
    results: StudyResults,
    variants: Sequence[Variant],
    decisions: Decisions,
    confirmed: Confirmation | None,
    known: Evidence,
) -> Advice:
    compared = [one for one in variants if one.name != BEST]
    rules = decisions.analyses[-1].rules
    fewest = rules.fewest_seeds(decisions.analyses[-1].share)
    leader = decisions.leader(decisions.names)
    if known.reason:
        return Advice(NOTHING, "", leader, [], [], "", known.reason, fewest)
    possible = decisions.may_be_best

    def best_but(refuted: str) -> str:
        names = [one.name for one in compared if one.decision == BETTER and one.name != refuted]
        # What another one is better than is not advised, if there is a choice.
        return decisions.leader([name for name in names if name in possible] or names)

    advised, unconfirmed = best_but(""), ""
    again = confirmed.comparison.decision if confirmed else ""
    own = confirmed.chosen_from if confirmed else ""
    if again == BETTER:
        advised = advised or own or BEST
    elif advised and own == advised and again in (WORSE, EQUIVALENT):
        advised, unconfirmed = best_but(advised), advised
    if not advised and (len(compared) < 2 or results.study.analyses[-1] < fewest):
        return Advice(TRIAL, "", leader, [], [], "", "", fewest)
    action, chosen = (START, advised) if advised else (STAY, BASELINE)
    measure = rules.measure
    # The best first, and of equal ones in the study's order.
    order = [one.name for one in sorted(compared, key=lambda one: -measure.sign * one.value)]
    tied = [name for name in order if name in possible and name != chosen]
    out = [name for name in order if name not in possible and name != chosen]
    return Advice(action, chosen, leader, tied, out, unconfirmed, "", fewest)


def _confirm(results: StudyResults, known: Evidence) -> Confirmation | None:
    study = results.study
    if BEST not in results.initializers:
        return None
    names = (BEST, BASELINE)
    scores = {name: results.scores(name, study.confirmation) for name in names}
    seeds = len(study.confirmation)
    examples = None
    if study.judge_by == study.metric:
        parts = {BEST: slice(seeds), BASELINE: slice(-seeds, None)}
        examples = {name: by_example(results, name)[part] for name, part in parts.items()}
    rules = Rules(measure_of(study), study.margin, all_pairs=False, variants=2)
    found = analyse(scores, known, rules, examples=examples)
    pair = results.initializers[BEST]
    own = next((name for name, other in study.initializers.items() if other == pair), "")
    return Confirmation(
        *pair,
        chosen_from=own,
        promised=_promised(results, pair, own),
        comparison=found.comparison(BEST, BASELINE),
        possible=seeds >= rules.fewest_seeds(),
    )


def _promised(results: StudyResults, pair: tuple[str, str], own: str) -> float:
    """Return the difference on the seeds of the choice, which are those of the last analysis.

    The pair's own difference from the baseline there, or if it was not run there, the sum of its
    two initializers' differences.
    """
    study, measure = results.study, measure_of(results.study)
    seeds = range(max(len(results.judged_on(name)) for name in study.variants))
    kernel, bias = study.initializers[BASELINE]
    halves = ((pair[0], bias), (kernel, pair[1]))
    parts = [name for name, one in study.initializers.items() if one in halves and name != BASELINE]
    both = (
        np.column_stack([results.scores(name, seeds) for name in (part, BASELINE)])
        for part in ([own] if own else parts)
    )
    return measure.sign * sum(float(compare(one, measure).estimates[0, 1]) for one in both) + 0.0


def _variant(
    results: StudyResults,
    name: str,
    decisions: Decisions,
    confirmed: Confirmation | None,
    known: Evidence,
    published: pd.DataFrame | None,
) -> Variant:
    study, measure = results.study, measure_of(results.study)
    pair = results.initializers[name]
    differs = (
        own != other for own, other in zip(pair, results.initializers[BASELINE], strict=True)
    )
    seeds = results.judged_on(name)
    scores, ends = results.scores(name, seeds), results.ends(name, seeds)
    one_run = name in known.one_run
    bounds = (NAN, NAN) if one_run else measure.interval(scores)
    low, value, high = measure.shown(bounds[0], measure.center(scores), bounds[1])
    metric_low, metric_high = (NAN, NAN) if one_run else metric_of(study).interval(ends)
    comparison = confirmed.comparison if confirmed and name == BEST else None
    if name not in (BASELINE, BEST):
        comparison = decisions.comparison(name)
    asked = name != BEST and not known.reason and len(study.variants) > 1
    to_decide, to_show = _needed(comparison, decisions, study.margin)
    return Variant(
        name=name,
        kernel=pair[0],
        bias=pair[1],
        differs=[role for role, own in zip(ROLES, differs, strict=True) if own],
        seeds=len(seeds),
        one_run=one_run,
        deterministic=name in results.deterministic and not one_run,
        never_learned=name in known.never_learned,
        value=value,
        low=low,
        high=high,
        metric=mean(ends),
        metric_low=metric_low,
        metric_high=metric_high,
        metric_min=float(ends.min()),
        metric_max=float(ends.max()),
        training_metric=mean(results.curves(name, seeds, study.metric)[:, -1]),
        comparison=comparison,
        may_be_best=name in decisions.may_be_best if asked else None,
        beaten_by=decisions.leader(decisions.better_than(name)) if asked else "",
        to_decide=to_decide,
        to_show=to_show,
        failures=_failures(results, name, one_run),
        peak=_peak(results.curves(name, seeds, study.val_metric), study),
        published=_published(results, name, comparison, published),
    )


def _needed(
    found: Comparison | None, decisions: Decisions, margin: float | None
) -> tuple[Needed, Needed]:
    """Return the seeds that it takes to decide such a difference, and one of the margin."""
    rules = decisions.analyses[-1].rules
    fewest, ranked = rules.fewest_seeds(), isinstance(rules.measure, RankedMeasure)
    if (
        found is None
        or found.decision != INCONCLUSIVE
        or not found.tested
        or found.seeds < fewest
        or len(decisions.names) > MOST_COMPARED
        or not np.isfinite([found.low, found.high]).all()
    ):
        return Needed(), Needed()
    seen = power.needed(found, None, fewest, ranked)
    return seen, power.needed(found, margin, fewest, ranked) if margin else Needed()


def _failed(results: StudyResults, name: str, seeds: range) -> npt.NDArray[np.bool_]:
    """Which runs diverged, never learned, or ended far below the others."""
    ends, study = results.ends(name, seeds), results.study
    return not_learned(ends, study) | collapsed(ends, study)


def _failures(results: StudyResults, name: str, one_run: bool) -> Failures | None:
    seeds, study = results.judged_on(name), results.study
    ends, failed = results.ends(name, seeds), _failed(results, name, seeds)
    base_failed = _failed(results, BASELINE, seeds)
    if one_run or not (failed.any() or (base_failed.any() and name != BASELINE)):
        return None
    final = results.final
    mine = final[(final["variant"] == name) & final["seed"].isin(seeds)]
    p_value, difference, low, high = NAN, NAN, NAN, NAN
    both = ~failed & ~base_failed
    if name != BASELINE:
        table = np.array([[part.sum(), (~part).sum()] for part in (failed, base_failed)])
        p_value = float(stats.fisher_exact(table).pvalue)
        gained = ends[both] - results.ends(BASELINE, seeds)[both]
        if len(gained) > 1:
            difference = mean(gained)
            low, high = mean_interval(gained)
    return Failures(
        failed=int(failed.sum()),
        diverged=int(mine["diverged"].sum()),
        not_learned=int(not_learned(ends, study).sum()),
        mean=mean(ends[failed]) if failed.any() else NAN,
        mean_learned=mean(ends[~failed]) if not failed.all() else NAN,
        p_value=p_value,
        difference=difference,
        low=low,
        high=high,
        seeds=int(both.sum()) if name != BASELINE else 0,
    )


def _peak(curves: Floats, study: Study) -> Peak | None:
    """Find the best of the mean curve, if it gets worse after it by more than the margin."""
    window = max(1, curves.shape[1] // PARTS)
    means = np.sort(curves, axis=0).mean(axis=0)
    smooth = np.convolve(means, np.full(window, 1 / window), mode="valid")
    top = int((study.sign * smooth).argmax())
    lost = study.sign * float(smooth[top] - smooth[-1])
    if lost <= least_decline(study.margin, study.judge_by, study.metric, study.unit):
        return None
    return Peak(top + 1 + window // 2, float(smooth[top]), lost)


def least_decline(margin: float | None, judge_by: str, metric: str, unit: float) -> float:
    """Return what a curve of the metric must lose to have declined; the unit is `Study.unit`."""
    return margin if margin is not None and judge_by == metric else DECLINE * unit


def _published(
    results: StudyResults, name: str, found: Comparison | None, table: pd.DataFrame | None
) -> Published | None:
    if table is None or results.study.metric != METRIC:
        return None
    rows = {
        (row["kernel_initializer"], row["bias_initializer"]): (row["accuracy"], row["loss"])
        for row in table.to_dict("records")
    }
    mine = rows.get(results.initializers[name])
    base = rows.get(results.initializers[BASELINE])
    if mine is None:
        return None
    accuracy, loss = (float(value) for value in mine)
    ends = results.ends(name)
    low, high = ends.min() - HALF_A_DIGIT, ends.max() + HALF_A_DIGIT
    implied, survives = "", None
    if found is not None and base is not None and results.study.judge_by == METRIC:
        ahead = accuracy - float(base[0])
        implied = BETTER if ahead > 0 else WORSE if ahead < 0 else EQUIVALENT
        if found.decision != INCONCLUSIVE:
            survives = implied == found.decision
    return Published(accuracy, loss, bool(low <= accuracy <= high), implied, survives)


def _role(role: str, variants: Sequence[Variant]) -> Role | None:
    mine = [one for one in variants[1:] if list(one.differs) == [role] and one.name != BEST]
    if not mine:
        return None
    decided = {
        decision: [one.name for one in mine if one.decision == decision] for decision in DECISIONS
    }
    matters = bool(decided[BETTER] or decided[WORSE])
    return Role(role, matters if matters or not decided[INCONCLUSIVE] else None, decided)


def _interims(results: StudyResults, decisions: Decisions) -> list[Interim]:
    if len(results.study.analyses) < 2:
        return []
    before: set[str] = {BASELINE}
    found = []
    following = [*(len(one.names) for one in decisions.analyses[1:]), 0]
    for analysis, went_on in zip(decisions.analyses, following, strict=True):
        decided = [
            name
            for name in analysis.names
            if name not in before and analysis.decision(name, BASELINE) != INCONCLUSIVE
        ]
        before |= {*decided}
        found.append(
            Interim(len(analysis.scores), len(analysis.names), decided, went_on, analysis.share)
        )
    return found


def _rates(results: StudyResults) -> LearningRates | None:
    if not results.study.tuned:
        return None
    measure = measure_of(results.study)
    table = learning_rates.read(results.learning_rates_file, results.study.metric)
    chosen = learning_rates.choose(table, measure)
    ends = {table["learning_rate"].min(), table["learning_rate"].max()}
    return LearningRates(
        chosen=chosen,
        within_two_errors=learning_rates.within_two_errors(table, measure),
        at_edge=[name for name, rate in chosen.items() if rate in ends],
    )


def _interaction(
    results: StudyResults, variants: Sequence[Variant], decisions: Decisions
) -> Interaction | None:
    if not results.study.factorial:
        return None
    rows: Any = results.interaction.set_index("component").to_dict("index")
    both = rows["interaction"]
    compared = [one for one in variants if one.name != BEST]

    def best_of(role: str) -> Variant:
        leader = decisions.leader([one.name for one in compared if {*one.differs} <= {role}])
        return next(one for one in compared if one.name == leader)

    pair = best_of("kernel").kernel, best_of("bias").bias
    apart = next(one for one in compared if (one.kernel, one.bias) == pair)
    best = next(one for one in compared if one.name == decisions.leader(decisions.names))
    sign = measure_of(results.study).sign
    return Interaction(
        shares={name: float(row["share"]) for name, row in rows.items()},
        sds={name: float(row["sd"]) for name, row in rows.items()},
        low=float(both["sd_ci_low"]),
        high=float(both["sd_ci_high"]),
        p_value=float(both["p_value"]),
        one_at_a_time=apart.name,
        best=best.name,
        lost=sign * (best.value - apart.value),
    )


def all_pairs(results: StudyResults) -> list[Comparison]:
    """Compare every two variants but `best`, the better one first, from the best on.

    Nothing if there are more than MOST_COMPARED variants.
    """
    if not results.study.compares_pairs:
        return []
    decisions, measure = decide(results), measure_of(results.study)
    names = sorted(decisions.names, key=lambda name: -measure.center(results.scores(name)))
    found = (decisions.comparison(*pair) for pair in itertools.combinations(names, 2))
    return [
        decisions.comparison(one.second, one.first) if measure.sign * one.difference < 0 else one
        for one in found
    ]
