"""Find what a suite decides: pure functions of what its studies bring.

In each workload its own seeds decide, as they do in its study (`decisions.analyse`). Over the
workloads each of them is one observation: the logarithm of the error over the baseline's. Methods
are compared by the same paired t test (`comparisons.compare`), in which a workload is what a seed
is in a study, and corrected for the number of methods by Bonferroni's inequality.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from initstudy.analysis import learning_rates
from initstudy.analysis.comparisons import FEWEST_SEEDS, Family, OfMeans, compare
from initstudy.analysis.decisions import BASELINE, Analysis, Rules, analyse
from initstudy.analysis.levels import LEVEL, Floats
from initstudy.analysis.measures import ACCURACY
from initstudy.results.findings import BETTER, EQUIVALENT, INCONCLUSIVE, NAN, WORSE
from initstudy.suite.entry import Entry, Workload, normalized
from initstudy.suite.findings import Counts, Findings, Kind, Method, Over, Rate, Within, Without

# A run has failed if its score is below this: if it ends nearer to chance than to the target.
FAILED = 0.5
# Of fewer workloads of a kind nothing is reported.
FEWEST_OF_A_KIND = 2
# With fewer workloads nothing is decided over them, as with fewer seeds in a study.
FEWEST_WORKLOADS = FEWEST_SEEDS


def find(
    entries: Sequence[Entry],
    left_out: Mapping[str, Sequence[str]] | None = None,
    no_evidence: Mapping[str, str] | None = None,
) -> Findings:
    """Find everything that the runs of a suite's studies decide.

    Args:
        entries: of the studies, all with the same variants, the baseline among them.
        left_out: see `Findings`.
        no_evidence: see `Findings`.

    Raises:
        StudyError: if the target of a study is not above chance.
    """
    workloads = [entry.workload for entry in entries]
    errors = errors_of(entries)
    ratios = errors.div(errors[BASELINE], axis=0)
    failed = [_failed_seeds(entry) for entry in entries]
    seeds = [len(entry.ends) for entry in entries]
    within = [
        _within(entry, dict(zip(errors.columns, row, strict=True)), own)
        for entry, row, own in zip(entries, ratios.to_numpy().tolist(), failed, strict=True)
    ]
    over, without = over_workloads(errors), leave_one_out(errors)
    methods = sorted(
        (
            _method(name, over[name], without.get(name), [one[name] for one in within])
            for name in over
        ),
        key=lambda method: method.over.ratio,
    )
    start = _start(methods)
    return Findings(
        workloads=workloads,
        seeds=seeds,
        runs=sum(len(entry.runs) for entry in entries),
        methods=methods,
        baseline_fails=[
            workload.study
            for workload, own, number in zip(workloads, failed, seeds, strict=True)
            if _fails(own[BASELINE], number)
        ],
        start=start,
        candidates=_candidates(methods) if start == BASELINE else [],
        kinds=by_kind(workloads, ratios),
        rates=chosen_rates(entries),
        budgets=budgets(entries),
        left_out=left_out or {},
        no_evidence=no_evidence or {},
    )


def errors_of(entries: Sequence[Entry]) -> pd.DataFrame:
    """Return the errors, see `Entry.errors`: a row for each workload, a column for each variant."""
    rows = {one.workload.study: pd.Series(one.errors, one.variants) for one in entries}
    return pd.DataFrame(rows).T


def in_workload(entry: Entry) -> Analysis:
    """Compare every two variants in one workload, by its own seeds.

    The methods are one family beside the baseline, all other pairs another one.
    """
    variants, own = entry.variants, entry.workload
    rules = Rules(own.measured, own.margin, all_pairs=False, variants=len(variants))
    scores = dict(zip(variants, own.measured.sign * entry.ends.T, strict=True))
    seeds = len(entry.ends)
    examples = {name: rows[:seeds] for name, rows in entry.examples.items() if len(rows) >= seeds}
    known = len({rows.shape for rows in examples.values()}) == 1 and {*variants} <= {*examples}
    return analyse(scores, entry.evidence, rules, examples=examples if known else None)


def over_workloads(errors: pd.DataFrame) -> dict[str, Over]:
    """Compare each method with the baseline, each workload being one observation.

    Args:
        errors: see `errors_of`; above 0.

    Returns:
        Of each method; without intervals if there is a single workload.

    Reference:
        Fleming and Wallace, 1986, How Not to Lie with Statistics: The Correct Way to Summarize
        Benchmark Results, Communications of the ACM 29 (3): ratios to a baseline have a geometric
        mean. Hahn and Meeker, 1991, Statistical Intervals, section 4.7: of a new observation.
    """
    count, variants = len(errors), list(errors.columns)
    # Of logarithms; the largest score is the best.
    found = compare(-np.log(errors.to_numpy()), ACCURACY)
    assert isinstance(found, OfMeans)  # as of all metrics that are not compared by ranks
    family = Family(len(variants) - 1)
    low, high = found.intervals(LEVEL)
    decided_low, decided_high = found.intervals(family.confidence)
    new = stats.t.isf((1 - LEVEL) / 2, found.freedom) * found.errors * math.sqrt(count + 1)
    p_values = found.p_values()
    result = {}
    for name in variants:
        if name == BASELINE:
            continue
        at = variants.index(name), variants.index(BASELINE)
        # The largest difference of scores is the smallest ratio of errors.
        ends = (high, low, decided_high, decided_low, found.estimates + new, found.estimates - new)
        bounds = [math.exp(-end[at]) for end in ends]
        decision = INCONCLUSIVE
        if count >= FEWEST_WORKLOADS:
            decision = BETTER if bounds[3] < 1 else WORSE if bounds[2] > 1 else INCONCLUSIVE
        p_value = float(p_values[at]) if count > 1 else NAN
        result[name] = Over(
            workloads=count,
            decision=decision,
            ratio=math.exp(-found.estimates[at]),
            low=bounds[0],
            high=bounds[1],
            decided_low=bounds[2],
            decided_high=bounds[3],
            confidence=family.confidence,
            p_value=p_value,
            p_value_adjusted=family.adjusted(p_value),
            new_low=bounds[4],
            new_high=bounds[5],
        )
    return result


def leave_one_out(errors: pd.DataFrame) -> dict[str, Without]:
    """Compare each method with the baseline without each of the workloads.

    Args:
        errors: see `errors_of`.

    Returns:
        Of each method; of none if there are fewer than three workloads.
    """
    if len(errors) < 3:
        return {}
    parts = {study: over_workloads(errors.drop(index=study)) for study in errors.index}
    found = {}
    for name, over in over_workloads(errors).items():
        without = {study: part[name] for study, part in parts.items()}
        ratios = [one.ratio for one in without.values()]
        found[name] = Without(
            min(ratios),
            max(ratios),
            [study for study, one in without.items() if one.decision != over.decision],
            [study for study, one in without.items() if _excludes_1(one) != _excludes_1(over)],
        )
    return found


def by_kind(workloads: Sequence[Workload], ratios: pd.DataFrame) -> list[Kind]:
    """Find the geometric means over the workloads of each kind.

    Args:
        workloads: of the suite.
        ratios: of their errors over the baseline's, as `errors_of` has the errors.

    Returns:
        Of each kind that FEWEST_OF_A_KIND workloads or more are of, but not all of them.
    """
    found = []
    for kind in dict.fromkeys(word for workload in workloads for word in workload.kinds):
        own = [workload.study for workload in workloads if kind in workload.kinds]
        if FEWEST_OF_A_KIND <= len(own) < len(workloads):
            means = np.exp(np.log(ratios.loc[own]).mean(axis=0)).drop(BASELINE)
            found.append(Kind(kind, own, {str(name): float(mean) for name, mean in means.items()}))
    return found


def chosen_rates(entries: Sequence[Entry]) -> list[Rate]:
    """Find the learning rate of each variant in each study that tuned it."""
    found = []
    for entry in entries:
        if entry.trials.empty:
            continue
        metric, study = entry.workload.judged, entry.workload.study
        chosen = learning_rates.choose(entry.trials, metric)
        unsure = learning_rates.within_two_errors(entry.trials, metric)
        tried = entry.trials["learning_rate"]
        ends = float(tried.min()), float(tried.max())
        found += [Rate(study, name, chosen[name], *ends, name in unsure) for name in entry.variants]
    return found


def budgets(entries: Sequence[Entry]) -> dict[str, list[float]]:
    """Find the mean score of each variant over studies by how many learning rates are tried.

    Args:
        entries: of the studies; those without budgets (`Entry.has_budgets`) are passed over.

    Returns:
        For each variant a score for each number of rates that all of these studies tried, from 1;
        nothing without such studies. The scores are of validation examples, see
        `learning_rates.by_budget`.
    """
    found = []
    for entry in entries:
        if entry.has_budgets:
            # Whatever they are chosen by, scores are of the metric; what diverged has the worst.
            own = entry.workload
            values = entry.trials["val_value"].fillna(0.0 if own.perfect else np.inf)
            if not own.perfect:
                values = values.clip(upper=own.chance)
            table = entry.trials.assign(judged=values)
            reached = learning_rates.by_budget(table, own.measured).loc[entry.variants]
            found.append(normalized(reached.to_numpy(), own))
    if not found:
        return {}
    fewest = min(table.shape[1] for table in found)
    means = np.mean([table[:, :fewest] for table in found], axis=0)
    return dict(zip(entries[0].variants, means.tolist(), strict=True))


def _within(
    entry: Entry, ratios: Mapping[str, float], failed: Mapping[str, int]
) -> dict[str, Within]:
    """Decide of each method in one workload, by its own seeds."""
    seeds, analysis = len(entry.ends), in_workload(entry)
    return {
        name: Within(
            workload=entry.workload.study,
            comparison=analysis.comparison(name, BASELINE),
            ratio=ratios[name],
            failed=failed[name],
            fails=_fails(failed[name], seeds),
        )
        for name in entry.variants
        if name != BASELINE
    }


def _method(name: str, over: Over, without: Without | None, within: Sequence[Within]) -> Method:
    decided = Counter(one.comparison.decision for one in within)
    counts = Counts(
        better=decided[BETTER],
        equivalent=decided[EQUIVALENT],
        inconclusive=decided[INCONCLUSIVE],
        worse=decided[WORSE],
        fails=sum(one.fails for one in within),
    )
    return Method(name, counts, over, without, max(within, key=lambda one: one.ratio), within)


def _start(methods: Sequence[Method]) -> str:
    better = [method for method in methods if method.over.decision == BETTER]
    if not better:
        return BASELINE
    return min(better, key=lambda method: (method.counts.fails, method.over.ratio)).name


def _candidates(methods: Sequence[Method]) -> list[str]:
    found = [
        method
        for method in methods
        if method.counts.better
        and not method.counts.worse
        and not method.counts.fails
        and method.over.decision != WORSE
    ]
    found.sort(key=lambda method: (-method.counts.better, method.over.ratio))
    return [method.name for method in found]


def _failed_seeds(entry: Entry) -> dict[str, int]:
    failed: Floats = (entry.scores < FAILED).sum(axis=0)
    return dict(zip(entry.variants, failed.tolist(), strict=True))


def _fails(failed: int, seeds: int) -> bool:
    return 2 * failed >= seeds


def _excludes_1(over: Over) -> bool:
    return over.high < 1 or over.low > 1
