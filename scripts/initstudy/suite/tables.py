"""What a suite finds as tables, whose columns `results.dictionary` explains."""

import functools
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from initstudy.engine.spec import METRIC
from initstudy.results.dictionary import SUITE_TABLES
from initstudy.results.suite import RATES, SCORES, TRAININGS, TRIALS, WORKLOADS
from initstudy.suite.entry import Entry, Workload, normalized
from initstudy.suite.findings import Findings, Method, Within

SUMMARY, DECISIONS = (SUITE_TABLES[f"{name}.csv"].names for name in ("summary", "decisions"))


def tables(findings: Findings, entries: Sequence[Entry]) -> dict[str, pd.DataFrame]:
    """Return all tables of a suite, by the names of their files without the ending.

    Args:
        findings: of the suite.
        entries: of its studies.
    """
    _measured = functools.partial(_of_metric, alike=_are_accuracies(findings.workloads))
    within = zip(*(method.within for method in findings.methods), strict=True)
    names = [method.name for method in findings.methods]
    return {
        "summary": pd.DataFrame([_summary(one) for one in findings.methods], columns=SUMMARY),
        "decisions": pd.DataFrame(
            [
                _decision(name, one)
                for of_workload in within
                for name, one in zip(names, of_workload, strict=True)
            ],
            columns=DECISIONS,
        ),
        "learning_rates": pd.DataFrame(
            [{**asdict(rate), "at_edge": rate.at_edge} for rate in findings.rates], columns=RATES
        ),
        "workloads": pd.DataFrame([one.row for one in findings.workloads], columns=WORKLOADS),
        "scores": _measured([_scores(entry.of(findings.variants)) for entry in entries], SCORES),
        "trials": _measured([_of_study(entry, entry.trials) for entry in entries], TRIALS),
        "trainings": _joined([_of_study(entry, entry.trainings) for entry in entries], TRAININGS),
    }


def _summary(method: Method) -> dict[str, Any]:
    """Return a row for a method, by the names of SUMMARY."""
    over, without = method.over, method.without
    bounds = {
        f"ratio{name}_{end}": getattr(over, f"{attribute}{end}")
        for name, attribute in (("_ci", ""), ("_decided", "decided_"), ("_new", "new_"))
        for end in ("low", "high")
    }
    return {
        **asdict(over),
        **asdict(method.counts),
        **bounds,
        "variant": method.name,
        "worst_workload": method.worst.workload,
        "worst_ratio": method.worst.ratio,
        "ratio_without_low": without.low if without else np.nan,
        "ratio_without_high": without.high if without else np.nan,
    }


def _decision(name: str, within: Within) -> dict[str, Any]:
    """Return a row for a method in a workload, by the names of DECISIONS."""
    found = within.comparison
    return {
        **{column: getattr(found, column) for column in DECISIONS if hasattr(found, column)},
        "study": within.workload,
        "variant": name,
        "failed_seeds": within.failed,
        "fails": within.fails,
        "ratio": within.ratio,
        "difference_ci_low": found.low,
        "difference_ci_high": found.high,
        "difference_decided_low": found.decided_low,
        "difference_decided_high": found.decided_high,
    }


def _scores(entry: Entry) -> pd.DataFrame:
    score = normalized(entry.runs["value"].to_numpy(), entry.workload)
    return _of_study(entry, entry.runs.assign(score=score))


def _of_study(entry: Entry, rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(study=entry.workload.study)


def _are_accuracies(workloads: Sequence[Workload]) -> bool:
    return all(workload.metric == METRIC for workload in workloads)


def _of_metric(parts: Sequence[pd.DataFrame], columns: list[str], alike: bool) -> pd.DataFrame:
    """Join the rows of studies, whose metric is called accuracy if it is that of all of them."""
    table = _joined(parts, [name.replace(METRIC, "value") for name in columns])
    return table.rename(columns=dict(zip(table.columns, columns, strict=True))) if alike else table


def _joined(parts: Sequence[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    # Parts without rows would turn the numbers of the others into objects.
    known = [part for part in parts if len(part)]
    return pd.concat(known)[columns] if known else pd.DataFrame(columns=columns)
