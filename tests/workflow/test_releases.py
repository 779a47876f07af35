"""Results of each release are read by this version, and its trainings reused or left alone.

tests/releases/<version>/ has a study that this release has run, without figures and pages.
"""

import contextlib
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers import REPOSITORY, Project

from initstudy import compare, load, upgrade

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
        accuracies = results.ends(row.variant)
        assert accuracies.mean() == pytest.approx(row.accuracy_mean, abs=1e-8)
    told = compare(results.variant("kernel-ones"), results.variant("baseline"))
    expected = results.summary.set_index("variant").loc["kernel-ones"]
    assert told.difference == pytest.approx(expected["difference"], abs=1e-8)
    # Each of its trainings says what it is, and where its history lies.
    for training in results.runs.itertuples():
        assert len(pd.read_csv(release / training.history)) > 0


def test_its_runs_are_moved_and_reused(release: Path, project: Project) -> None:
    shutil.copytree(release / "results", project / "results")
    shutil.copy2(release / "config.yaml", project / "config.yaml")
    # Only 0.2.0 had them elsewhere.
    old = len([*release.glob("results/trainings/*")])
    runs = old or len([*release.glob("results/runs/*")])
    plan = project.plan()
    moved = f"Moved {runs} runs of version 0.2.0 from results/trainings to results/runs."
    assert plan.text.count(moved) == bool(old)
    assert plan.trained == []
    before = project.trainings
    assert len(before) >= runs
    # What it trained has the digest that its path says, computed anew.
    specs = {path.stem for path in (project / ".initstudy/specs").glob("*.json")}
    assert specs <= {path.name for path in (project / "results/runs").iterdir()}
    # Learning rates are chosen anew then; at which ones more is trained is not known yet.
    more = project.plan("--config", "seeds=9")
    assert "Moved" not in more.text
    assert "To run: what of 27 runs at the learning rates" in more.text
    # Other blocks are made of its checkpoints.
    fewer = project.run("results/release/histories.csv", "--config", "seeds=6")
    assert fewer.trained
    made = pd.read_csv(project / "results/release/histories.csv")
    old = pd.read_csv(release / "results/release/histories.csv")
    both = made.merge(old, on=["variant", "seed", "epoch"], suffixes=("", "_old"))
    assert 0 < len(both) <= len(made)
    assert (both["val_loss"] == both["val_loss_old"]).all()
    assert before.items() <= project.trainings.items()
    assert load(project / "results/release").runs["history"].str.startswith("results/runs/").all()


def test_a_move_that_is_killed_goes_on_where_it_was(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tree(folder: Path) -> dict[str, bytes]:
        found = [path for path in folder.rglob("*") if path.is_file() and path.name != "held"]
        return {str(path.relative_to(folder)): path.read_bytes() for path in found}

    def moved(folder: Path) -> None:
        monkeypatch.chdir(folder)
        upgrade.move_old_results(Path("held"))

    shutil.copytree(release / "results", tmp_path / "whole/results")
    moved(tmp_path / "whole")
    expected = tree(tmp_path / "whole")
    assert not any("trainings" in name or "replicates" in name for name in expected)
    assert any(name.endswith("checkpoints/0.npz") for name in expected)
    steps = ["move", "replacing", "make_folders", "sync"]
    for number in range(30):
        shutil.copytree(release / "results", tmp_path / f"{number}/results")
        left = [number]

        def killed(real: Any, left: list[int]) -> Any:
            def step(*arguments: Any) -> Any:
                left[0] -= 1
                if left[0] < 0:
                    raise KeyboardInterrupt
                return real(*arguments)

            return step

        with monkeypatch.context() as patch:
            for name in steps:
                patch.setattr(upgrade, name, killed(getattr(upgrade, name), left))
            with contextlib.suppress(KeyboardInterrupt):
                moved(tmp_path / str(number))
        moved(tmp_path / str(number))
        assert tree(tmp_path / str(number)) == expected
        if left[0] >= 0:
            break
    assert left[0] < 30
