"""Studies that are no evidence of anything say so first of all, and claim nothing."""

from pathlib import Path

import pandas as pd
import pytest
from faults.stand_in import project_of_no_work
from forks import Server

ORDER_ALONE = {
    "inputs": "standardized",
    "vary": ["order"],
    "batch_size": 100_000,
    "optimizer": {"class_name": "SGD", "config": {"learning_rate": 0.5}},
}
DIVERGES = {
    "inputs": "raw",
    "model": {"hidden_units": [4], "activation": "linear"},
    "optimizer": {"class_name": "SGD", "config": {"learning_rate": 1e30}},
}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param(
            *(ORDER_ALONE, "all seeds of a variant are one and the same run"),
            marks=pytest.mark.thorough,
        ),
        (DIVERGES, "all 12 runs diverged"),
    ],
    ids=["one run", "diverges"],
)
def test_the_verdict_says_that_nothing_is_concluded(
    tmp_path: Path, server: Server, changes: dict[str, object], said: str
) -> None:
    asked = {"bias_initializers": [], "seeds": 6, "seeds_per_job": 6, **changes}
    project = project_of_no_work(tmp_path / "project", server, real=True, **asked)
    asked_for = [f"results/notebook/{name}.md" for name in ("verdict", "plan")]
    project.run(*asked_for)
    results = project / "results/notebook"
    words = (results / "verdict.md").read_text()
    assert words.split("\n\n")[1].startswith(f"**Nothing is concluded: {said}.**")
    assert "p = " not in words
    summary = pd.read_csv(results / "summary.csv").set_index("variant")
    assert summary.loc["kernel-he_normal", "decision"] == "inconclusive"
    assert summary["p_value_adjusted"].isna().all()
    page = (results / "plan.md").read_text()
    assert page.startswith(f"No seeds can be planned. Nothing is concluded: {said}.")
