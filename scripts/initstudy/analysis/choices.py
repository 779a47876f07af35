"""What decides on the runs to come: learning rates, interim analyses, the best pair."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from initstudy.analysis import learning_rates
from initstudy.analysis.decisions import decide
from initstudy.analysis.examples import linear
from initstudy.analysis.measures import Measure, measure_of
from initstudy.config.initializers import Variant
from initstudy.plan import BEST_PAIR, LEARNING_RATES
from initstudy.results import examples, histories
from initstudy.results.contracts import HISTORIES, TESTS
from initstudy.results.jobs import Runs
from initstudy.results.scores import scored
from initstudy.results.tables import collect
from initstudy.study import Study


def choose(
    name: str, study: Study, runs: Runs, interims: Mapping[int, Sequence[str]]
) -> Mapping[str, Any]:
    """Make a choice of a study.

    Args:
        name: of the choice, see `plan.Choices`.
        study: that asks for it.
        runs: all that the choice is made on.
        interims: which variants went on at earlier interim analyses, by their seeds.

    Returns:
        What the choice's file holds.
    """
    kind, _, which = name.partition("/")
    if kind == LEARNING_RATES:
        rates = learning_rates.choose(learning_rates.collect(study, runs), measure_of(study))
        for variant, rate in rates.items():
            logging.info("%s: %g", variant, rate)
        return rates
    table = collect(runs.jobs, HISTORIES.measured(study.metric), study.epochs).frame
    if kind == BEST_PAIR:
        final = scored(histories.final(table, study), table, study)
        return choose_pair(final, study.variants, measure_of(study))
    tests = collect(runs.jobs, TESTS.measured(study.metric), study.epochs).frame
    final = histories.final(table, study, tests)
    # What is equivalent must be so for other test examples, too, as in the end.
    arrays = examples.by_variant(examples.collect(runs.jobs), study.metric)
    judged = linear(arrays, study) if study.judge_by == study.metric else None
    found = decide(study, table, final, judged, interims, until=int(which))
    return {"seeds": int(which), "goes_on": found.goes_on()}


def choose_pair(
    final: pd.DataFrame, variants: Mapping[str, Variant], measure: Measure
) -> dict[str, Any]:
    """Return the kernel and the bias initializer with the best mean, or median, of the scores.

    The kernel initializer is the best of the variants that differ from the baseline in it alone,
    the bias initializer in the same way, the baseline's own among the candidates of both. If these
    two were run together, the best of all pairs is chosen instead. Of equal ones the first wins,
    and the baseline is the first. Variants that did not go on to the last interim analysis are not
    the best.

    Args:
        final: see `scores.scored`, of the validation examples.
        variants: by name; the first is `baseline`.
        measure: of which the scores are.

    Returns:
        What best.yaml holds: the two initializers, the seeds, and the mean (or median) of every
        candidate.

    Raises:
        StudyError: if a seed is missing.
    """
    pairs = {name: (one.kernel, one.bias) for name, one in variants.items()}
    kernel, bias = pairs["baseline"]
    finals = histories.by_variant(final)
    seeds = range(max(len(rows) for rows in finals.values()))
    means = {
        name: round(measure.center(histories.ends(finals, name, seeds, "score")), 9)
        for name in pairs
        if len(finals[name]) == len(seeds)
    }
    kernels = {name: mean for name, mean in means.items() if pairs[name][1] == bias}
    biases = {name: mean for name, mean in means.items() if pairs[name][0] == kernel}

    def best(candidates: Mapping[str, float]) -> str:
        return max(candidates, key=candidates.__getitem__)

    chosen = pairs[best(kernels)][0], pairs[best(biases)][1]
    if chosen in pairs.values():
        chosen = pairs[best(means)]
    shown = {name: measure.shown(mean)[0] for name, mean in means.items()}
    others = {name: shown[name] for name in means if name not in kernels | biases}
    return {
        "kernel_initializer": chosen[0].plain(),
        "bias_initializer": chosen[1].plain(),
        "chosen_on": {
            "seeds": [seeds[0], seeds[-1]],
            f"{measure.middle}_{measure.file_key}": {
                "kernel": {pairs[name][0].name: shown[name] for name in kernels},
                "bias": {pairs[name][1].name: shown[name] for name in biases},
                **({"other_pairs": others} if others else {}),
            },
        },
    }
