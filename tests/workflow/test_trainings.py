"""A training is addressed by what decides its numbers, so nothing is trained twice."""

import json
import os
import random
import shutil
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml
from faults.stand_in import project_of_no_work
from forks import Server
from helpers import SMALL, Outcome, Project, configure

HISTORIES = "results/notebook/histories.csv"


def rows_of(project: Project, variant: str) -> list[str]:
    """A variant's lines of the study's table."""
    lines = (project / HISTORIES).read_text().splitlines()
    return [line for line in lines if line.startswith(f"{variant},")]


def one_variant(project: Project, variant: str, *arguments: str) -> tuple[Outcome, list[str], str]:
    """Runs one variant alone; its rows, and what its training job has told."""
    logs = project / "logs/runs"
    before = {path: path.stat().st_mtime_ns for path in logs.glob("*/*/*.log")}
    outcome = project.run(f"results/notebook/runs/{variant}.csv", *arguments)
    lines = (project / f"results/notebook/runs/{variant}.csv").read_text().splitlines()
    told = [
        path.read_text()
        for path in sorted(logs.glob("*/*/*.log"))
        if before.get(path) != path.stat().st_mtime_ns
    ]
    return outcome, lines[1:], "".join(told)


@pytest.fixture
def without_tensorflow(rerun: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """What `rerun` is, where whatever imports TensorFlow fails."""
    package = tmp_path / "broken" / "tensorflow"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('TensorFlow was imported')\n")
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    return Project(rerun.folder)


def normal(deviation: float) -> dict[str, object]:
    config = {"stddev": deviation}
    return {"name": "normal", "class_name": "RandomNormal", "config": config}


@pytest.mark.thorough
def test_going_back_trains_nothing_and_gives_the_same_bytes(rerun: Project) -> None:
    before, old = rerun.results, yaml.safe_load((rerun / "config.yaml").read_text())
    configure(rerun, kernel_initializers=[normal(0.06), "ones"])
    changed = rerun.run(HISTORIES)
    assert ("kernel-normal", 0, 1) in changed.trained
    assert {variant for variant, _, _ in changed.trained} <= {"kernel-normal", "best"}
    assert rows_of(rerun, "kernel-normal")
    assert not rows_of(rerun, "kernel-random_normal")
    configure(rerun, **old)
    assert rerun.run().trained == []
    now = rerun.results
    assert {path: now[path] for path in before} == before
    # What is more belongs to the other configuration.
    assert all(path.startswith("results/runs/") for path in now.keys() - before.keys())
    assert "Nothing to be done" in rerun.plan().text
    # And forth again, without what Snakemake knows of it.
    shutil.rmtree(rerun / ".snakemake")
    configure(rerun, kernel_initializers=[normal(0.06), "ones"])
    plan = rerun.plan()
    assert plan.trained == []
    assert plan.jobs["describe"] == plan.jobs["choose"] == plan.jobs["collect"] == 1


@pytest.mark.thorough
def test_without_snakemakes_records_nothing_is_done_and_nothing_is_stale(rerun: Project) -> None:
    whole = (rerun / HISTORIES).read_bytes()
    (description,) = (
        str(path.relative_to(rerun.folder)) for path in rerun.folder.glob("results/*/study-*.json")
    )
    shutil.rmtree(rerun / ".snakemake")
    assert "Nothing to be done" in rerun.plan().text
    # A variant is dropped and comes back.
    configure(rerun, bias_initializers=[])
    assert rerun.run().trained == []
    assert not rows_of(rerun, "bias-ones")
    assert len(rows_of(rerun, "kernel-ones")) == 2 * 2
    shutil.rmtree(rerun / ".snakemake")
    # A look at another configuration changes nothing.
    assert len(rerun.plan("--config", "optimizer=sgd").trained) == 3
    assert "Nothing to be done" in rerun.plan().text
    configure(rerun, bias_initializers=["ones"])
    plan = rerun.plan()
    assert plan.trained == []
    assert plan.jobs["describe"] == plan.jobs["collect"] == plan.jobs["draw"] == 1
    assert rerun.run(HISTORIES, description).trained == []
    assert (rerun / HISTORIES).read_bytes() == whole


@pytest.mark.thorough
def test_results_moved_to_another_folder_train_nothing(finished: Project, project: Project) -> None:
    """As by a copy that does not keep times, so that whatever is newest is so by chance."""
    shutil.copytree(finished / "results", project / "results")
    shutil.copy(finished / "config.yaml", project / "config.yaml")
    files = [path for path in (project / "results").rglob("*") if path.is_file()]
    random.Random(1).shuffle(files)
    for age, path in enumerate(files):
        os.utime(path, (time.time() - age, time.time() - age))
    trainings = project.trainings
    assert project.run().trained == []
    assert project.trainings == trainings
    assert project.results == finished.results
    assert "Nothing to be done" in project.plan().text


@pytest.mark.parametrize(
    "kernels",
    [
        [{"name": "renamed", "class_name": "RandomNormal"}, "ones"],
        ["RandomNormal", "Ones"],
        ["ones", {"name": "random_normal", "class_name": "RandomNormal", "config": {}}],
    ],
    ids=["renamed", "other spelling", "other order"],
)
def test_another_name_trains_nothing(rerun: Project, kernels: list[object]) -> None:
    configure(rerun, kernel_initializers=kernels)
    plan = rerun.plan()
    assert plan.trained == []
    assert plan.jobs["choose"] == 1


def test_a_renamed_variant_has_its_new_name_in_the_table(rerun: Project) -> None:
    old = [line.partition(",")[2] for line in rows_of(rerun, "kernel-random_normal")]
    configure(
        rerun, kernel_initializers=[{"name": "renamed", "class_name": "RandomNormal"}, "ones"]
    )
    assert rerun.run(HISTORIES).trained == []
    assert [line.partition(",")[2] for line in rows_of(rerun, "kernel-renamed")] == old
    assert not rows_of(rerun, "kernel-random_normal")


def test_a_new_role_trains_nothing_and_a_best_baseline_is_not_confirmed(rerun: Project) -> None:
    """What was best becomes the baseline, and the baseline one of the kernels."""
    assert "random_normal" in (rerun / "results/notebook/best.yaml").read_text()
    baseline, kernel = rows_of(rerun, "baseline")[:4], rows_of(rerun, "kernel-random_normal")
    configure(
        rerun,
        baseline={"kernel_initializer": "random_normal", "bias_initializer": "zeros"},
        kernel_initializers=["glorot_uniform", "ones"],
        bias_initializers=[],
    )
    assert rerun.plan().trained == []
    assert rerun.run().trained == []
    now = rows_of(rerun, "kernel-glorot_uniform")
    assert [line.partition(",")[2] for line in now] == [line.partition(",")[2] for line in baseline]
    now = rows_of(rerun, "baseline")
    assert [line.partition(",")[2] for line in now] == [line.partition(",")[2] for line in kernel]
    # Two seeds alone, so nothing was trained, or taken, to confirm the baseline.
    assert not rows_of(rerun, "best")
    summary = pd.read_csv(rerun / "results/notebook/summary.csv")
    assert summary["variant"].tolist() == ["baseline", "kernel-glorot_uniform", "kernel-ones"]
    verdict = (rerun / "results/notebook/verdict.md").read_text()
    assert "there is no other pair to run again" in verdict
    assert "best" not in pd.read_csv(rerun / "results/notebook/runs.csv")["variant"].tolist()
    assert "Nothing to be done" in rerun.plan().text


def test_more_seeds_and_fewer_again(rerun: Project, finished: Project) -> None:
    records = rerun.records
    three, four = ("--config", "seeds=3"), ("--config", "seeds=4")
    outcome, rows, told = one_variant(rerun, "kernel-ones", *three)
    assert outcome.trained == [("kernel-ones", 2, 2)]
    assert rows[:4] == rows_of(rerun, "kernel-ones")
    assert len(rows) == 3 * 2
    assert "seed 2, epoch 1 of 2" in told
    # The block is another one now, and seed 2 is in both.
    outcome, rows, told = one_variant(rerun, "kernel-ones", *four)
    assert outcome.trained == [("kernel-ones", 2, 3)]
    assert "seed 2 is taken from its checkpoint" in told
    assert "seed 2, epoch" not in told
    assert "seed 3, epoch 1 of 2" in told
    assert len(rows) == 4 * 2
    # The baseline's and the best pair's are there from the confirmation.
    for variant in ("baseline", "kernel-random_normal"):
        outcome, rows, told = one_variant(rerun, variant, *four)
        assert outcome.trained == []
        assert len(rows) == 4 * 2
    # The old records are as they were.
    assert records.items() <= rerun.records.items()
    assert len(rerun.records) == len(records) + 2
    outcome, rows, _ = one_variant(rerun, "kernel-ones")
    assert outcome.trained == []
    assert rows == rows_of(finished, "kernel-ones")


def test_a_dry_run_has_what_is_to_be_trained(rerun: Project) -> None:
    variant, choices = (
        "results/notebook/runs/kernel-ones.csv",
        "of the best pair and the baseline on new seeds",
    )
    text = rerun.plan(variant, "--config", "seeds=4").text
    assert "To run: 2 runs in 1 job, one at a time: about 1 minute.\n" in text
    # Its table does not wait for the choice of the best pair, the study's do.
    assert choices not in text
    text = rerun.plan("--config", "seeds=4", "threads=4").text
    assert " jobs, one at a time: about" in text
    assert choices in text
    assert "A run has 4 threads (key threads), which share 2 here." in text
    # What follows the choice of learning rates is known by its number: two seeds of four variants.
    tuning = {"learning_rates": [0.001, 0.003], "learning_rate_seeds": 1}
    before = (rerun / "config.yaml").read_text()
    configure(rerun, **tuning, validation={"holdout": 1000})
    text = rerun.plan().text
    assert "8 runs in 8 jobs, then 8 at the learning rates that these decide on" in text
    assert choices in text
    (rerun / "config.yaml").write_text(before)
    table = pd.read_csv(rerun / "results/notebook/runs.csv").set_index("variant")
    (rerun / table.loc["kernel-ones", "history"]).unlink()
    text = rerun.plan(variant).text
    assert "2 runs in 1 job, 2 of them from where their checkpoints end" in text
    # Of what is finished no weights are kept, so more epochs start at the first.
    text = rerun.plan(variant, "--config", "epochs=3").text
    assert "2 runs in 1 job, one at a time" in text


@pytest.mark.thorough
def test_other_blocks_are_made_of_the_records_without_tensorflow(
    without_tensorflow: Project,
) -> None:
    rerun = without_tensorflow
    before = rerun.records
    outcome, _, told = one_variant(rerun, "baseline", "--config", "seeds=3")
    assert outcome.trained == [("baseline", 2, 2)]
    assert "seed 2 is taken from its checkpoint" in told
    outcome, rows, _ = one_variant(rerun, "kernel-ones", "--config", "seeds_per_job=1")
    assert outcome.trained == [("kernel-ones", 0, 0), ("kernel-ones", 1, 1)]
    assert rows == rows_of(rerun, "kernel-ones")
    assert rerun.records == before


def test_fewer_epochs_are_a_prefix_made_without_tensorflow(
    without_tensorflow: Project,
) -> None:
    rerun = without_tensorflow
    before = rerun.records
    outcome = rerun.run(HISTORIES, "--config", "epochs=1")
    assert outcome.jobs["train"] == 4
    assert rerun.records == before
    for log in rerun.folder.glob("logs/runs/*/epochs-1/*.log"):
        assert "is taken from its checkpoint" in log.read_text()
        assert "epoch 1" not in log.read_text()
    frame = rerun.histories()
    assert frame["epoch"].unique().tolist() == [1]
    assert frame[["variant", "seed"]].value_counts().max() == 1
    # The numbers are those of the longer training, to the last digit.
    for short in rerun.folder.glob("results/runs/*/epochs-1/seeds-?-?.csv"):
        long = short.parent.parent / "epochs-2" / short.name
        expected = [line for line in long.read_text().splitlines() if line.split(",")[1] != "2"]
        assert short.read_text().splitlines() == expected
    # And nothing is lost by it.
    assert rerun.plan().trained == []


def test_more_epochs_go_on_where_weights_were_kept(project: Project, finished: Project) -> None:
    configure(project, **SMALL, keep_weights=True)
    one_variant(project, "kernel-random_normal", "--config", "epochs=1")
    outcome, _, told = one_variant(project, "kernel-random_normal")
    assert outcome.trained == [("kernel-random_normal", 0, 1)]
    for seed in (0, 1):
        assert f"seed {seed} goes on from epoch 1" in told
        assert f"seed {seed}, epoch 1 of 2" not in told
        assert f"seed {seed}, epoch 2 of 2" in told
    undisturbed = finished.results
    made = {path: data for path, data in project.results.items() if "/epochs-2/" in path}
    assert {Path(path).suffix for path in made} == {".csv", ".npz"}
    assert made == {path: undisturbed[path] for path in made}


def test_more_epochs_begin_anew_where_they_were_not(rerun: Project) -> None:
    old = rows_of(rerun, "kernel-ones")
    outcome, rows, told = one_variant(rerun, "kernel-ones", "--config", "epochs=3")
    assert outcome.trained == [("kernel-ones", 0, 1)]
    assert "goes on" not in told
    assert "seed 0, epoch 1 of 3" in told
    assert [row for row in rows if row.split(",")[2] != "3"] == old


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("engine/trainer.py", "EVALUATION_BATCH = 1000", "EVALUATION_BATCH = 500"),
        ("engine/data.py", "scale = 1 / 255", "scale = 1 / 256"),
    ],
)
def test_a_changed_formula_trains_all(rerun: Project, path: str, old: str, new: str) -> None:
    rerun.edit(f"scripts/initstudy/{path}", old, new)
    variants = ["baseline", "bias-ones", "kernel-ones", "kernel-random_normal"]
    assert rerun.plan().trained == [(variant, 0, 1) for variant in variants]


def test_what_changes_no_number_trains_nothing(rerun: Project) -> None:
    """A comment, a docstring, a message, another data set, and another measure."""
    library = "scripts/initstudy"
    engine = rerun / f"{library}/engine/trainer.py"
    text = engine.read_text().replace('"""', '"""Another docstring. ', 1)
    engine.write_text(f"{text}\n# Another comment.\n")
    rerun.edit(f"{library}/training/seeds.py", "diverged in epoch", "has diverged in epoch")
    rerun.edit(
        f"{library}/data/catalog.py",
        '    "mnist": DatasetSpec(',
        '    "third": DatasetSpec(shapes(9, 9, 1), 64 * "0", classes(3, 0.5, 1.0), ()),\n'
        '    "mnist": DatasetSpec(',
    )
    assert rerun.plan(HISTORIES).trained == []
    rerun.edit(f"{library}/results/contracts.py", 'next step",\n', 'next step",\n"new": "",\n')
    rerun.edit(f"{library}/training/diagnosing.py", "_norm(update),", "_norm(update), 1.0,")
    before = rerun.records
    assert rerun.run(HISTORIES).trained == []
    assert rerun.records == before
    diagnostics = pd.read_csv(rerun / "results/notebook/diagnostics.csv")
    assert diagnostics["new"].isna().all()
    assert diagnostics["update_norm"].notna().all()


def test_a_job_of_a_cluster_reads_its_spec_and_neither_checks_nor_plans(
    tmp_path: Path, server: Server
) -> None:
    project = project_of_no_work(tmp_path / "project", server)
    assert project.plan().trained
    spec = next((project / ".initstudy/specs").glob("*.json"))
    (block,) = json.loads(spec.read_text())["names"]
    first, last = block.rpartition("seeds-")[2].split("-")
    # Whatever becomes of the configuration meanwhile: this one would be refused.
    configure(project, epochs=0, study="no name")
    assert "problems" in project.snakemake("--dry-run").text
    wildcards = f"digest={spec.stem},epochs=2,first={first},last={last}"
    alone = Project(project.folder)
    outcome = alone.snakemake(
        *("--mode", "remote", "--nolock", "--force", "--allowed-rules", "train"),
        *("--target-jobs", f"train:{wildcards}"),
    )
    assert outcome.code == 0, outcome.text
    assert [path.parts[2] for path in map(Path, project.trainings)] == [spec.stem]
    copy = json.loads((project / f"results/runs/{spec.stem}/spec.json").read_text())
    assert copy == {key: json.loads(spec.read_text())[key] for key in ("digest", "spec")}
    # What no study has planned is named, with what to ask for instead.
    missing = alone.snakemake(f"results/runs/{20 * 'a'}/epochs-2/seeds-0-1.csv", "--dry-run")
    assert missing.code == 1
