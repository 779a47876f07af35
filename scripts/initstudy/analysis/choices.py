"""What decides on the runs to come: learning rates, interim analyses, the best pair."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from initstudy.analysis import learning_rates
from initstudy.analysis.choice import choose_pair
from initstudy.analysis.decisions import decide
from initstudy.analysis.measures import measure_of
from initstudy.plan import BEST_PAIR
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
    kind = Path(name)
    if kind.name == BEST_PAIR and len(kind.parts) == 1:
        return _best_pair(study, runs)
    if kind.parts[0] == "learning_rates":
        return _learning_rates(study, runs)
    return _interim(study, runs, interims, seeds=int(kind.name))


def _learning_rates(study: Study, runs: Runs) -> dict[str, float]:
    """Return the rate at which each variant does best on the validation examples."""
    table = learning_rates.collect(study, runs)
    found = learning_rates.choose(table, measure_of(study))
    for variant, rate in found.items():
        logging.info("%s: %g", variant, rate)
    return found


def _best_pair(study: Study, runs: Runs) -> dict[str, Any]:
    """Return the kernel and the bias initializer that do best on the validation examples."""
    table = collect(runs.jobs, HISTORIES, study.epochs).frame
    judged = study.judge_by, study.target_accuracy, study.epochs
    final = scored(histories.final(table), table, *judged)
    return choose_pair(final, study.variants, measure=measure_of(study))


def _interim(
    study: Study, runs: Runs, interims: Mapping[int, Sequence[str]], seeds: int
) -> dict[str, Any]:
    """Return what is not decided by so many seeds, and goes on to more."""
    table = collect(runs.jobs, HISTORIES, study.epochs).frame
    final = histories.final(table, collect(runs.jobs, TESTS, study.epochs).frame)
    # What is equivalent must be so for other test examples, too, as in the end.
    correct = examples.by_variant(examples.collect(runs.jobs))
    found = decide(study, table, final, correct, interims, until=seeds)
    return {"seeds": seeds, "goes_on": found.goes_on()}
