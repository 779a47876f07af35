"""Results of each release are read by this version, and its trainings reused or left alone.

tests/releases/<version>/ has a study that this release has run, without figures and pages.
"""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
from helpers import REPOSITORY, Project

from initstudy import compare, load
from initstudy.study.trainings import ENGINE, code_of, versions

RELEASES = sorted(path for path in (REPOSITORY / "tests/releases").iterdir() if path.is_dir())
VARIANTS = ["baseline", "kernel-he_normal", "kernel-ones"]


@pytest.fixture(params=RELEASES, ids=lambda path: path.name)
def release(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def test_its_results_are_read(release: Path) -> None:
    results = load(release / "results/release")
    assert [*results.summary["variant"]] == [*VARIANTS, "best"]
    assert results.verdict.startswith("# Verdict on the study `release`")
    for row in results.summary.itertuples():
        accuracies = results.accuracies(row.variant)
        assert accuracies.mean() == pytest.approx(row.accuracy_mean, abs=1e-8)
    told = compare(results.variant("kernel-ones"), results.variant("baseline"))
    expected = results.summary.set_index("variant").loc["kernel-ones"]
    assert told.difference == pytest.approx(expected["difference"], abs=1e-8)
    # Each of its trainings says what it is, and where its history lies.
    for training in results.trainings.itertuples():
        assert len(pd.read_csv(release / training.history)) > 0


def test_its_trainings_are_reused_as_long_as_what_computes_is_the_same(
    release: Path, project: Project
) -> None:
    shutil.copytree(release / "results", project / "results")
    shutil.copy2(release / "config.yaml", project / "config.yaml")
    kept = [yaml.safe_load(path.read_text()) for path in release.glob("results/runs/*/spec.json")]
    same = all((one["code"], one["versions"]) == (code_of(ENGINE), versions()) for one in kept)
    before = project.trainings
    plan = project.plan()
    if same:
        assert plan.trained == []
        # Learning rates are chosen anew then; at which ones more is trained is not known yet.
        # As users start it: a dry run tells it as it exits.
        more = Project(project.folder).plan("--config", "seeds=9")
        assert "To be trained: what of 27 replicates at the learning rates" in more.text
        # Other blocks are made of its records.
        fewer = project.run("results/release/histories.csv", "--config", "seeds=6")
        assert fewer.trained
        made = pd.read_csv(project / "results/release/histories.csv")
        old = pd.read_csv(release / "results/release/histories.csv")
        both = made.merge(old, on=["variant", "seed", "epoch"], suffixes=("", "_old"))
        assert 0 < len(both) <= len(made)
        assert (both["val_loss"] == both["val_loss_old"]).all()
    else:
        # All of it is other code's, so all of it is trained anew, beside what is there.
        assert {name for name, _, _ in plan.trained} >= set(VARIANTS)
    assert before.items() <= project.trainings.items()
