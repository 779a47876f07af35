"""The tables that only some studies have, see `study.TABLES`."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from initstudy.analysis import evidence, interaction, learning_rates, variance
from initstudy.engine.spec import ORDER, WEIGHTS
from initstudy.results import histories
from initstudy.results.contracts import HISTORIES, TESTS
from initstudy.results.jobs import Runs
from initstudy.results.study import StudyResults
from initstudy.results.tables import collect


def _interaction(results: StudyResults, runs: Runs) -> pd.DataFrame:
    """How far the effect of a kernel initializer depends on the bias initializer."""
    study = results.study
    layout = interaction.layout(results.final, study.initializers, study.selection)
    table = interaction.components(layout.accuracies)
    if evidence.of(results).reason:
        table[["sd_ci_low", "sd_ci_high", "p_value"]] = np.nan
    return table


def _variance(results: StudyResults, runs: Runs) -> pd.DataFrame:
    """Return what the variance of each variant's runs is made of."""
    study = results.study
    alone = {}
    for vary, mine in runs.by("vary"):
        found = (collect(mine.jobs, table, study.epochs).frame for table in (HISTORIES, TESTS))
        final = histories.by_variant(histories.final(*found))
        alone[", ".join(vary)] = {
            name: histories.accuracies(final, name, study.by_source) for name in study.variants
        }
    both = {name: results.accuracies(name) for name in study.variants}
    correct = {name: results.correct[name][: len(values)] for name, values in both.items()}
    return variance.table(both, alone[WEIGHTS], alone[ORDER], correct)


MAKERS: dict[str, Callable[[StudyResults, Runs], pd.DataFrame]] = {
    "interaction": _interaction,
    "learning_rates": lambda results, runs: learning_rates.collect(results.study, runs),
    "variance": _variance,
}
