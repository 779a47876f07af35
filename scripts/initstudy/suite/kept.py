"""Results of a suite that are kept as tables, such as docs/benchmark: what has them is not trained.

So who adds a method to a benchmark trains that one, and the baseline, which decides whether what is
trained here can be put beside what is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from initstudy.analysis import learning_rates
from initstudy.analysis.comparison import compare_suites
from initstudy.analysis.levels import Floats
from initstudy.results.suite import SuiteResults
from initstudy.suite.entry import Entry
from initstudy.suite.tables import workload


@dataclass(frozen=True)
class Trust:
    """Whether what was trained here can be put beside what is kept.

    Attributes:
        folder: of what is kept.
        variants: those that are taken from there.
        shared: variants in studies that were trained here and are kept, too.
        equal: of these, how many have the same accuracies in every digit.
        same_digest: of these, how many are of the same training by its digest.
        largest: difference of mean accuracies, here less kept; 0 if all are equal.
        study, variant: where that is.
    """

    folder: str
    variants: Sequence[str]
    shared: int
    equal: int
    same_digest: int
    largest: float
    study: str
    variant: str


def beside(entry: Entry, tables: SuiteResults, variants: Sequence[str]) -> Entry:
    """Put what is kept of other variants beside what a study brings to a suite.

    Args:
        entry: of the variants that were trained.
        tables: what is kept.
        variants: those of which it is taken; they become the last columns, in this order.
    """
    study = entry.workload.study
    kept = _entry(entry, tables, variants)
    # Of a study whose seeds are one and the same run, there is one.
    seeds = len(entry.accuracies)
    rates = entry.rates
    if rates is not None:
        rates = pd.concat([rates, _trials(tables, study, variants)], ignore_index=True)
    return replace(
        entry,
        accuracies=np.hstack([entry.accuracies, kept.accuracies[:seeds]]),
        epochs_to_target=np.hstack([entry.epochs_to_target, kept.epochs_to_target[:seeds]]),
        rates=rates,
        one_run=frozenset(entry.one_run) | frozenset(kept.one_run),
        correct={**entry.correct, **kept.correct},
    )


def entries(tables: SuiteResults) -> tuple[list[str], list[Entry]]:
    """Read the studies of a suite from its tables alone.

    Returns:
        The variants, and what each study brings, with these as its columns.

    Raises:
        StudyError: if a table cannot be read.
    """
    variants = list(dict.fromkeys(tables.scores["variant"]))
    found = []
    for _, row in tables.workloads.iterrows():
        own = workload(row)
        nothing = np.empty((0, len(variants)))
        trials = _trials(tables, own.study, variants)
        bare = Entry(own, nothing, nothing, None if trials.empty else trials)
        found.append(_entry(bare, tables, variants))
    return variants, found


def trust(results: SuiteResults, tables: SuiteResults, variants: Sequence[str]) -> Trust:
    """Compare what was trained here with what is kept of the same variants.

    Args:
        results: of both.
        tables: what is kept.
        variants: those that are taken from there.
    """
    found = compare_suites(results, tables).table
    trained = found[~found["variant"].isin(variants)]
    row = trained.iloc[int(trained["difference"].abs().argmax())]
    return Trust(
        folder=str(tables.folder),
        variants=list(variants),
        shared=len(trained),
        equal=int(trained["equal"].sum()),
        same_digest=int(trained["same_digest"].sum()),
        largest=float(row["difference"]),
        study=str(row["study"]),
        variant=str(row["variant"]),
    )


def _entry(entry: Entry, tables: SuiteResults, variants: Sequence[str]) -> Entry:
    """The same study with the runs that are kept of these variants."""
    study = entry.workload.study
    scores = tables.scores[tables.scores["study"] == study]
    trained = tables.trainings[tables.trainings["study"] == study]

    def columns(name: str) -> Floats:
        table = scores.pivot_table(index="seed", columns="variant", values=name)
        return table[list(variants)].to_numpy()

    return replace(
        entry,
        accuracies=columns("accuracy"),
        epochs_to_target=columns("epochs_to_target"),
        one_run=frozenset(trained[trained["one_run"]]["variant"]) & frozenset(variants),
        correct={name: rows for name, rows in tables.correct(study).items() if name in variants},
    )


def _trials(tables: SuiteResults, study: str, variants: Sequence[str]) -> pd.DataFrame:
    trials = tables.trials
    own = (trials["study"] == study) & trials["variant"].isin(variants)
    return trials[own][learning_rates.COLUMNS].reset_index(drop=True)
