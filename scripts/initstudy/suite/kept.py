"""Results of a suite that are kept as tables, such as docs/benchmark: what has them is not trained.

So who adds a method to a benchmark trains that one, and the baseline, which tells whether what is
trained here can be put beside what is kept.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from initstudy.analysis.comparison import compare_suites
from initstudy.analysis.levels import Floats
from initstudy.results.suite import SuiteResults
from initstudy.suite.findings import Entry


def beside(entry: Entry, tables: SuiteResults, variants: Sequence[str]) -> Entry:
    """What a study brings to a suite, with what is kept of other variants.

    Args:
        entry: of the variants that were trained.
        tables: what is kept.
        variants: those of which it is taken; they become the last columns, in this order.
    """
    scores = tables.scores[tables.scores["study"] == entry.study]

    def columns(name: str) -> Floats:
        table = scores.pivot_table(index="seed", columns="variant", values=name)
        return table[list(variants)].to_numpy()

    rates = entry.rates
    if rates is not None:
        trials = tables.trials
        own = (trials["study"] == entry.study) & trials["variant"].isin(variants)
        rates = pd.concat([rates, trials[own][rates.columns]], ignore_index=True)
    return replace(
        entry,
        accuracies=np.hstack([entry.accuracies, columns("accuracy")]),
        epochs_to_target=np.hstack([entry.epochs_to_target, columns("epochs_to_target")]),
        rates=rates,
    )


def trust(results: SuiteResults, tables: SuiteResults, variants: Sequence[str]) -> str:
    """Whether what was trained here can be put beside what is kept, in words.

    Args:
        results: of both.
        tables: what is kept.
        variants: those of which it is taken.
    """
    found = compare_suites(results, tables)
    trained = replace(found, table=found.table[~found.table["variant"].isin(variants)])
    return (
        f"The results of {', '.join(f'**{name}**' for name in variants)} are those of "
        f"`{tables.folder}`: they were not trained here. What was trained here and is kept there, "
        f"too, tells whether they can be put beside each other: {trained}"
    )
