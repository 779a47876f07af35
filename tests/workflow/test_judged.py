"""A study judged by something else than accuracy chooses, and compares by that."""

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers import Project, configure

TARGET = 0.3


@pytest.mark.thorough
def test_a_study_judged_by_the_epochs_to_its_target(rerun: Project) -> None:
    project = rerun
    configure(project, judge_by="epochs_to_target", margin=0.005)
    outcome = project.snakemake("--dry-run")
    assert outcome.code == 1
    assert "margin: 0.005 is less than an epoch" in outcome.text
    configure(project, margin=1, target_accuracy=TARGET, confirmation_seeds=1)
    # What is judged by is analysis: but for another best pair nothing is trained.
    outcome = project.run()
    assert {variant for variant, _, _ in outcome.trained} <= {"best", "baseline"}
    results = project / "results/notebook"
    table = pd.read_csv(results / "histories.csv")
    reached = table[table["val_accuracy"] >= TARGET].groupby(["variant", "seed"])["epoch"].min()
    summary = pd.read_csv(results / "summary.csv").set_index("variant")
    assert (summary["metric"] == "epochs_to_target").all()
    for variant, seeds in table[table["seed"] < 2].groupby("variant")["seed"]:
        values = [reached.get((variant, seed), np.inf) for seed in sorted(seeds.unique())]
        assert summary.loc[variant, "metric_value"] == np.median(values)
    # Ones never learn.
    assert summary.loc["kernel-ones", "metric_value"] == np.inf
    assert summary.loc["kernel-random_normal", "metric_value"] < np.inf
    best = yaml.safe_load((results / "best.yaml").read_text())
    medians = best["chosen_on"]["median_epochs_to_target"]["kernel"]
    chosen = best["kernel_initializer"]["name"]
    assert medians[chosen] == min(medians.values())
    assert medians["ones"] == np.inf
    assert "The primary metric is the number of epochs" in (results / "verdict.md").read_text()
