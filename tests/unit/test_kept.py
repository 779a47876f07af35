"""What is kept of a suite stands for a training only if it is of that training."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from initstudy.analysis import learning_rates
from initstudy.results.suite import RATES, SCORES, TRAININGS, TRIALS, SuiteResults
from initstudy.study.config import parse_study
from initstudy.study.plan import VARIANTS, Plan
from initstudy.suite.findings import Entry
from initstudy.suite.kept import beside

NAME, CHOSEN = "kernel-he_normal", 0.003
TUNED = {
    "study": "tuned",
    "validation": {"holdout": 100},
    "learning_rates": [0.001, CHOSEN],
    "learning_rate_seeds": 2,
    "seeds": 3,
    "published": None,
}


def plan(**changes: object) -> Plan:
    study, problems = parse_study({**TUNED, **changes})
    assert study is not None, problems
    return Plan(study, "0" * 64)


@pytest.fixture
def tables(tmp_path: Path) -> dict[str, pd.DataFrame]:
    """Those of a suite whose one study was run."""
    own = plan()
    tried = [job for job in own.trials(VARIANTS, lambda _: None) if job.variant == NAME]
    (job,) = [job for job in own.selection(lambda _: {NAME: CHOSEN}) if job.variant == NAME]
    rates = [job.learning_rate for job in tried for _ in job.seeds]
    seeds = [seed for job in tried for seed in job.seeds]
    trials = [
        ("tuned", NAME, rate, seed, 0.1, 0.9, 0.9) for rate, seed in zip(rates, seeds, strict=True)
    ]
    scores = [("tuned", NAME, seed, 0.9 + seed / 100, 1.0, np.inf) for seed in job.seeds]
    return {
        "learning_rates": pd.DataFrame(
            [("tuned", NAME, CHOSEN, 0.001, CHOSEN, True)], columns=RATES
        ),
        "scores": pd.DataFrame(scores, columns=SCORES),
        "trainings": pd.DataFrame(
            [("tuned", NAME, job.spec.digest, job.epochs)], columns=TRAININGS
        ),
        "trials": pd.DataFrame(trials, columns=TRIALS),
    }


def written(folder: Path, tables: dict[str, pd.DataFrame]) -> SuiteResults:
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    return SuiteResults(folder)


def test_what_was_tuned_and_trained_alike_is_there(
    tmp_path: Path, tables: dict[str, pd.DataFrame]
) -> None:
    kept = written(tmp_path, tables)
    assert kept.has(plan(), NAME)
    assert not kept.has(plan(), "kernel-ones")
    assert not kept.has(plan(study="other"), NAME)


@pytest.mark.parametrize(
    "changes",
    [
        {"learning_rates": [0.001, CHOSEN, 0.01]},
        {"learning_rate_seeds": 3},
        {"seeds": 4},
        {"epochs": 99},
        {"batch_size": 64},
    ],
)
def test_what_would_be_trained_otherwise_is_not(
    tmp_path: Path, tables: dict[str, pd.DataFrame], changes: dict[str, object]
) -> None:
    assert not written(tmp_path, tables).has(plan(**changes), NAME)


def test_it_stands_behind_what_was_trained_with_its_trials(
    tmp_path: Path, tables: dict[str, pd.DataFrame]
) -> None:
    own = pd.DataFrame(
        [("baseline", CHOSEN, 1_000_000, 0.2, 0.8, 0.8)], columns=learning_rates.COLUMNS
    )
    entry = Entry("tuned", np.full((3, 1), 0.8), np.full((3, 1), 5.0), 9, 0.1, 0.9, rates=own)
    found = beside(entry, written(tmp_path, tables), [NAME])
    assert found.accuracies.tolist() == [[0.8, 0.9], [0.8, 0.91], [0.8, 0.92]]
    assert found.epochs_to_target.tolist() == [[5.0, np.inf]] * 3
    assert found.rates is not None
    assert [*found.rates.columns] == learning_rates.COLUMNS
    assert found.rates["variant"].tolist() == ["baseline", *[NAME] * 4]
