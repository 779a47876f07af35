"""A study of its sources of variance runs each source alone, and nothing twice."""

import json

import pandas as pd
import pytest
from helpers import SMALL, Project, configure

from initstudy.analysis.variance import COLUMNS


@pytest.mark.thorough
def test_each_source_alone_is_trained_and_told(project: Project) -> None:
    kernels = {"kernel_initializers": ["ZerO"], "bias_initializers": []}
    seeds = {"seeds": 5, "variance_seeds": 5, "seeds_per_job": 5, "confirmation_seeds": 1}
    configure(project, **{**SMALL, **kernels, **seeds, "inputs": "unit", "epochs": 3})
    outcome = project.run()
    # Each variant with its weights, and with the order of the images alone.
    for variant in ("baseline", "kernel-ZerO"):
        for source in ("weights", "order"):
            told = f"Training {variant} of notebook ({source} alone), seeds 0 to 4;"
            assert outcome.text.count(told) == 1
            assert told.replace(f" ({source} alone)", "") in outcome.text
    assert outcome.jobs["train"] == 2 + 4
    results = project / "results/notebook"
    table = pd.read_csv(results / "variance.csv").set_index("variant")
    assert [*COLUMNS] == ["variant", *table.columns]
    # ZerO draws nothing, so that its replicates differ by the order of the images alone.
    zero = table.loc["kernel-ZerO"]
    assert zero["sd_weights"] == 0
    assert zero["sd_order"] == zero["sd_both"] > 0
    assert zero["share_order"] == 1
    assert (table.loc["baseline", ["sd_both", "sd_weights", "sd_order"]] > 0).all()
    summary = pd.read_csv(results / "summary.csv").set_index("variant")
    assert summary["deterministic"].to_dict() == {"baseline": False, "kernel-ZerO": True}
    verdict = (results / "verdict.md").read_text()
    assert "## Sources of variance" in verdict
    assert (
        "kernel-ZerO has a deterministic initializer: it starts from the same weights in every run."
        in verdict
    )
    assert (results / "figures/variance.svg").exists()
    assert 'id="variance"' in (results / "report.html").read_text()
    varied = {
        tuple(json.loads(path.read_text())["spec"]["vary"])
        for path in (project / "results/runs").glob("*/spec.json")
    }
    assert varied == {("weights", "order"), ("weights",), ("order",)}
    # Its own trainings are those of a study that varies by one of them.
    configure(project, variance_seeds=0, vary=["order"])
    assert project.plan("results/notebook/runs/baseline.csv").trained == []
    (described,) = results.glob("study-*.json")
    assert json.loads(described.read_text())["configuration"]["variance_seeds"] == 5
