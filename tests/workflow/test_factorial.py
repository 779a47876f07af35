"""A study becomes factorial by training the new pairs alone, and one-factor again by nothing."""

import pandas as pd
import pytest
import yaml
from helpers import Project, configure

from initstudy import load

NEW = [("kernel-ones-bias-ones", 0, 1), ("kernel-random_normal-bias-ones", 0, 1)]
RESULTS = "results/notebook"


def best_pair(project: Project) -> tuple[str, str]:
    best = yaml.safe_load((project / f"{RESULTS}/best.yaml").read_text())
    return best["kernel_initializer"]["name"], best["bias_initializer"]["name"]


def test_a_study_becomes_factorial_and_one_factor_again(rerun: Project) -> None:
    def expected(trainings: list[tuple[str, int, int]], before: tuple[str, str]) -> list:
        again = best_pair(rerun) != before and best_pair(rerun) != ("glorot_uniform", "zeros")
        return sorted([*trainings, *([("best", 2, 3)] if again else [])])

    before, chosen = rerun.results, best_pair(rerun)
    configure(rerun, design="factorial")
    plan = rerun.plan()
    assert plan.trained == NEW
    # What is made of the choice follows it.
    assert "pairs" in plan.drawn
    assert plan.jobs["analyze"] == 1
    assert rerun.run().trained == expected(NEW, chosen)
    assert "Nothing to be done" in rerun.plan().text

    table = pd.read_csv(rerun / f"{RESULTS}/interaction.csv").set_index("component")
    assert list(table.index) == ["kernel", "bias", "interaction"]
    summary = pd.read_csv(rerun / f"{RESULTS}/summary.csv").set_index("variant")
    pairs = summary.drop("best")
    assert len(pairs) == 6
    highest = pairs["accuracy_mean"].idxmax()
    assert best_pair(rerun) == tuple(pairs.loc[highest, ["kernel_initializer", "bias_initializer"]])
    promised = pairs.loc[highest, "difference"] if highest != "baseline" else 0
    assert abs(summary.loc["best", "selection_difference"] - promised) < 1e-9
    # The accuracies of the grid have these three parts, and no other.
    centred = pairs["accuracy_mean"] - pairs["accuracy_mean"].mean()
    assert table["sd"].pow(2).sum() < 2 * centred.pow(2).mean()
    verdict = (rerun / f"{RESULTS}/verdict.md").read_text()
    # Two seeds are a trial.
    assert "This is a trial: 2 seeds are too few" in verdict
    assert "interaction" not in verdict
    found = load(rerun / RESULTS).findings.interaction
    assert found is not None
    assert found.shares["kernel"] == pytest.approx(table.loc["kernel", "share"], nan_ok=True)
    assert found.best == highest
    assert (rerun / f"{RESULTS}/figures/pairs.png").stat().st_size > 20_000
    report = (rerun / f"{RESULTS}/report.html").read_text()
    assert 'id="pairs-figure"' in report

    configure(rerun, design="one_factor")
    # As far as the verdict; the rest with `--thorough`.
    assert rerun.run(f"{RESULTS}/verdict.md").trained == []
    now = rerun.results
    assert all(now[path] == data for path, data in before.items() if "figures" not in path)
    assert rerun.plan().drawn == ["comparisons"]


@pytest.mark.thorough
def test_one_factor_again_has_the_figures_and_the_report_of_before(rerun: Project) -> None:
    before = rerun.results
    for design in ("factorial", "one_factor"):
        configure(rerun, design=design)
        rerun.run()
    now = rerun.results
    assert {path: now[path] for path in before} == before
    assert 'id="pairs-figure"' not in (rerun / f"{RESULTS}/report.html").read_text()
    assert "Nothing to be done" in rerun.plan().text


def test_a_one_factor_study_has_none_of_it(project: Project) -> None:
    plan = project.plan()
    assert "pairs" not in plan.drawn
    assert plan.jobs["analyze"] == 0
