"""What a suite finds as tables, whose columns `results.dictionary` explains."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd

from initstudy.results.suite import RATES, SCORES, TRIALS, WORKLOADS
from initstudy.suite.entry import Entry, Workload
from initstudy.suite.findings import Findings

SUMMARY_COLUMNS = ["variant", "workloads", "better", "equivalent", "inconclusive", "worse", "fails"]
SUMMARY_COLUMNS += ["ratio", "ratio_ci_low", "ratio_ci_high", "decision"]
SUMMARY_COLUMNS += ["ratio_decided_low", "ratio_decided_high", "p_value", "p_value_adjusted"]
SUMMARY_COLUMNS += ["ratio_new_low", "ratio_new_high", "worst_workload", "worst_ratio"]
SUMMARY_COLUMNS += ["ratio_without_low", "ratio_without_high"]
DECISION_COLUMNS = ["study", "variant", "decision", "seeds", "failed_seeds", "fails", "ratio"]
DECISION_COLUMNS += ["difference", "difference_ci_low", "difference_ci_high"]
DECISION_COLUMNS += ["difference_decided_low", "difference_decided_high", "confidence"]
DECISION_COLUMNS += ["p_value", "p_value_adjusted", "p_value_equivalence"]
DECISION_COLUMNS += ["p_value_equivalence_adjusted", "wins", "ties"]
# How the texts of a list stand in one cell, and the numbers of one.
BETWEEN_TEXTS, BETWEEN_NUMBERS = "; ", " "


def summary(findings: Findings) -> pd.DataFrame:
    """SUMMARY_COLUMNS: a row for each method, from the smallest geometric mean to the largest."""
    rows = []
    for method in findings.methods:
        over, without = method.over, method.without
        rows.append(
            {
                "variant": method.name,
                "workloads": over.workloads,
                **asdict(method.counts),
                "ratio": over.ratio,
                "ratio_ci_low": over.low,
                "ratio_ci_high": over.high,
                "decision": over.decision,
                "ratio_decided_low": over.decided_low,
                "ratio_decided_high": over.decided_high,
                "p_value": over.p_value,
                "p_value_adjusted": over.p_value_adjusted,
                "ratio_new_low": over.new_low,
                "ratio_new_high": over.new_high,
                "worst_workload": method.worst.workload,
                "worst_ratio": method.worst.ratio,
                "ratio_without_low": without.low if without else np.nan,
                "ratio_without_high": without.high if without else np.nan,
            }
        )
    return pd.DataFrame(rows, columns=SUMMARY_COLUMNS)


def decisions(findings: Findings) -> pd.DataFrame:
    """DECISION_COLUMNS: a row for each method in each workload."""
    rows = []
    for place in range(len(findings.workloads)):
        for method in findings.methods:
            within = method.within[place]
            found = within.comparison
            rows.append(
                {
                    "study": within.workload,
                    "variant": method.name,
                    "failed_seeds": within.failed,
                    "fails": within.fails,
                    "ratio": within.ratio,
                    "difference_ci_low": found.low,
                    "difference_ci_high": found.high,
                    "difference_decided_low": found.decided_low,
                    "difference_decided_high": found.decided_high,
                    **{
                        column: getattr(found, column)
                        for column in DECISION_COLUMNS
                        if hasattr(found, column)
                    },
                }
            )
    return pd.DataFrame(rows, columns=DECISION_COLUMNS)


def scores(findings: Findings, entries: Sequence[Entry]) -> pd.DataFrame:
    """SCORES: a row for each run that is judged.

    Args:
        findings: of the suite.
        entries: of its studies, with the variants in the order of the findings.
    """
    return pd.DataFrame(
        [
            (
                *(entry.workload.study, variant, seed, entry.accuracies[seed, column]),
                *(found[seed, column], entry.epochs_to_target[seed, column]),
            )
            for entry, found in ((entry, entry.scores) for entry in entries)
            for column, variant in enumerate(findings.variants)
            for seed in range(len(found))
        ],
        columns=SCORES,
    )


def rates(findings: Findings) -> pd.DataFrame:
    """RATES: a row for each learning rate that was chosen."""
    rows = [{**asdict(rate), "at_edge": rate.at_edge} for rate in findings.rates]
    return pd.DataFrame(rows, columns=RATES)


def trials(findings: Findings, entries: Sequence[Entry]) -> pd.DataFrame:
    """TRIALS: a row for each run that a learning rate was tried on."""
    tables = [
        entry.rates[entry.rates["variant"].isin(findings.variants)].assign(
            study=entry.workload.study
        )
        for entry in entries
        if entry.rates is not None
    ]
    return pd.concat([pd.DataFrame(columns=TRIALS), *tables])[TRIALS]


def workloads(found: Sequence[Workload]) -> pd.DataFrame:
    """WORKLOADS: a row for each study; `workload` reads one."""
    rows = [
        {
            **asdict(one),
            "margin": np.nan if one.margin is None else one.margin,
            "learning_rates": BETWEEN_NUMBERS.join(f"{rate:g}" for rate in one.learning_rates),
            "kinds": BETWEEN_TEXTS.join(one.kinds),
        }
        for one in found
    ]
    return pd.DataFrame(rows, columns=WORKLOADS)


def workload(row: pd.Series) -> Workload:
    """Read a row of WORKLOADS."""
    values = {str(name): value for name, value in row.items()}
    return Workload(
        **{
            **values,
            "margin": None if np.isnan(values["margin"]) else float(values["margin"]),
            "learning_rates": [float(rate) for rate in values["learning_rates"].split()],
            "kinds": [kind for kind in values["kinds"].split(BETWEEN_TEXTS) if kind],
        }
    )
