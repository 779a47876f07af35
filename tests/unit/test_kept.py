"""What is kept of a suite stands for a training only if it is of that training."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up import configured

from initstudy.plan import VARIANTS, Choices, Plan
from initstudy.results.suite import RATES, SCORES, TRAININGS, TRIALS, SuiteResults
from initstudy.suite.comparison import trust
from initstudy.suite.entry import OF_TRAININGS, OF_TRIALS, RUNS, Entry, Workload, of_tables

NAME, CHOSEN = "kernel-he_normal", 0.003
TUNED = {
    "study": "tuned",
    "validation": {"holdout": 100},
    "learning_rates": [0.001, CHOSEN],
    "learning_rate_seeds": 2,
    "seeds": 3,
}


def plan(**changes: object) -> Plan:
    return Plan(configured(**{**TUNED, **changes}))


@pytest.fixture
def tables(tmp_path: Path) -> dict[str, pd.DataFrame]:
    """Those of a suite whose one study was run."""
    own = plan()
    tried = [job for job in own.tuning(VARIANTS, Choices()) if job.variant == NAME]
    (job,) = [
        job for job in own.selection(Choices(lambda _: {NAME: CHOSEN})) if job.variant == NAME
    ]
    rates = [job.learning_rate for job in tried for _ in job.seeds]
    seeds = [seed for job in tried for seed in job.seeds]
    trials = [
        ("tuned", NAME, rate, seed, 0.1, 0.9, 0.9) for rate, seed in zip(rates, seeds, strict=True)
    ]
    scores = [("tuned", NAME, seed, 0.9 + seed / 100, 1.0, np.inf) for seed in job.seeds]
    return {
        "learning_rates": pd.DataFrame(
            [("tuned", NAME, CHOSEN, 0.001, CHOSEN, True, False)], columns=RATES
        ),
        "scores": pd.DataFrame(scores, columns=SCORES),
        "trainings": pd.DataFrame(
            [("tuned", NAME, job.spec.digest, job.epochs, True)], columns=TRAININGS
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
    trials = pd.DataFrame([("baseline", CHOSEN, 1_000_000, 0.2, 0.8, 0.8)], columns=OF_TRIALS)
    trainings = pd.DataFrame([("baseline", "0", 5, False)], columns=OF_TRAININGS)
    own = Workload.of_study(plan().study)
    kept = of_tables(written(tmp_path, tables), own, [NAME])

    def entry(seeds: int) -> Entry:
        runs = pd.DataFrame([("baseline", n, 0.8, 5.0) for n in range(seeds)], columns=RUNS)
        return Entry(own, runs, trials, trainings)

    found = entry(3).beside(kept)
    assert found.variants == ["baseline", NAME]
    assert found.ends.tolist() == [[0.8, 0.9], [0.8, 0.91], [0.8, 0.92]]
    assert (found.times * own.epochs).tolist() == [[5.0, np.inf]] * 3
    assert found.evidence.one_run == {NAME}
    assert [*found.trials.columns] == OF_TRIALS
    assert found.trials["variant"].tolist() == ["baseline", *[NAME] * 4]
    # Of a study whose seeds are one and the same run, there is one of the others, too.
    assert entry(1).beside(kept).ends.tolist() == [[0.8, 0.9]]


def test_what_was_trained_again_shows_whether_it_can_be_put_beside_what_is_kept(
    tmp_path: Path,
) -> None:
    """The baseline of one study is the same, that of another 1 pp better."""
    folders = []
    for name, better in (("here", 0.01), ("kept", 0.0)):
        scores = [
            (study, variant, seed, 0.8 + seed / 100 + better * (study == "b"), 1.0, 5.0)
            for study in "ab"
            for variant in ("baseline", NAME)
            for seed in range(6)
        ]
        trainings = [
            (study, variant, f"{study}{better * (study == 'b')}", 9, False)
            for study in "ab"
            for variant in ("baseline", NAME)
        ]
        (tmp_path / name).mkdir()
        folder = tmp_path / name
        pd.DataFrame(scores, columns=SCORES).to_csv(folder / "scores.csv", index=False)
        pd.DataFrame(trainings, columns=TRAININGS).to_csv(folder / "trainings.csv", index=False)
        folders.append(SuiteResults(folder))
    found = trust(*folders, [NAME])
    assert (found["shared"], found["equal"], found["same_digest"]) == (2, 1, 1)
    assert found["largest"] == pytest.approx(0.01)
    assert (found["study"], found["variant"]) == ("b", "baseline")
