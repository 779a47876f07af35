"""The tables that only some studies have, see `study.TABLES`."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from initstudy.analysis import evidence, interaction, learning_rates, variance
from initstudy.analysis.examples import by_example
from initstudy.engine.spec import ORDER, WEIGHTS
from initstudy.results import histories
from initstudy.results.contracts import HISTORIES, TESTS
from initstudy.results.jobs import Runs
from initstudy.results.study import StudyResults
from initstudy.results.tables import collect


def _interaction(results: StudyResults, runs: Runs) -> pd.DataFrame:
    """How far the effect of a kernel initializer depends on the bias initializer."""
    study = results.study
    layout = interaction.layout(results, study.selection)
    table = interaction.components(layout.ends)
    if evidence.of(results).reason:
        table[["sd_ci_low", "sd_ci_high", "p_value"]] = np.nan
    return table


def _variance(results: StudyResults, runs: Runs) -> pd.DataFrame:
    """Return what the variance of each variant's runs is made of."""
    study = results.study
    alone = {}
    for vary, mine in runs.by("vary"):
        tables = (one.measured(study.metric) for one in (HISTORIES, TESTS))
        table, tests = (collect(mine.jobs, one, study.epochs).frame for one in tables)
        final = histories.by_variant(histories.final(table, study, tests))
        alone[", ".join(vary)] = {
            name: histories.ends(final, name, study.by_source, study.metric)
            for name in study.variants
        }
    both = {name: results.ends(name) for name in study.variants}
    examples = {name: by_example(results, name)[: len(values)] for name, values in both.items()}
    return variance.table(both, alone[WEIGHTS], alone[ORDER], examples)


MAKERS: dict[str, Callable[[StudyResults, Runs], pd.DataFrame]] = {
    "interaction": _interaction,
    "learning_rates": lambda results, runs: learning_rates.collect(results.study, runs),
    "variance": _variance,
}
