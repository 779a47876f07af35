"""What was changed is done again, with what depends on it; nothing else is."""

import os
import time

import pytest
import yaml
from helpers import Project, configure

ALL = ["baseline", "bias-ones", "kernel-ones", "kernel-random_normal"]


def test_nothing_changed_nothing_done(rerun: Project) -> None:
    assert "Nothing to be done" in rerun.run().text


def test_touched_files_change_nothing(rerun: Project) -> None:
    later = time.time() + 100
    for path in rerun.folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and ".snakemake" not in path.parts:
            os.utime(path, (later, later))
    assert "Nothing to be done" in rerun.plan().text


def test_an_initializers_parameters_rerun_its_training(rerun: Project) -> None:
    normal = {"name": "normal", "class_name": "RandomNormal", "config": {"stddev": 0.06}}
    configure(rerun, kernel_initializers=["random_normal", normal, "ones"])
    plan = rerun.plan()
    assert plan.trained == [("kernel-normal", 0, 1)]
    # Once the pair is chosen it is known whether `best` is trained, and what else there is to do.
    assert plan.jobs["choose"] == plan.jobs["collect"] == plan.jobs["draw"] == 1


def test_more_seeds_are_one_more_job_for_each_variant(rerun: Project) -> None:
    configure(rerun, seeds=4)
    # The baseline and the best pair, random_normal, have their seeds 2 and 3 from the confirmation.
    assert rerun.plan().trained == [("bias-ones", 2, 3), ("kernel-ones", 2, 3)]


def test_a_new_initializer_is_one_more_job(rerun: Project) -> None:
    configure(rerun, bias_initializers=["ones", "random_uniform"])
    assert rerun.plan().trained == [("bias-random_uniform", 0, 1)]


@pytest.mark.thorough
def test_an_initializer_removed_trains_nothing(rerun: Project) -> None:
    configure(rerun, kernel_initializers=["random_normal"])
    assert rerun.plan().trained == []
    assert rerun.run().trained == []
    for name in ["histories.csv", "summary.csv", "verdict.md", "report.html"]:
        text = (rerun / f"results/notebook/{name}").read_text()
        assert "random_normal" in text
        assert "kernel-ones" not in text
    assert "Nothing to be done" in rerun.plan().text


def test_another_best_pair_is_trained_in_the_same_run(rerun: Project) -> None:
    """Without the initializer that was best, the next pair is, and is trained on fresh seeds."""
    best = rerun / "results/notebook/best.yaml"
    assert yaml.safe_load(best.read_text())["kernel_initializer"]["name"] == "random_normal"
    before = rerun.history("best", 2)
    configure(rerun, kernel_initializers=["ones", "random_uniform"], bias_initializers=[])
    assert rerun.run("results/notebook/histories.csv").trained == [
        ("best", 2, 3),
        ("kernel-random_uniform", 0, 1),
    ]
    assert yaml.safe_load(best.read_text())["kernel_initializer"]["name"] == "random_uniform"
    assert rerun.history("best", 2) != before
    assert rerun.history("best", 2).parent == rerun.history("kernel-random_uniform", 0).parent


def test_the_figures_module_reruns_the_figures_alone(rerun: Project) -> None:
    rerun.edit("scripts/initstudy/drawing/style.py", "linewidth=1.5", "linewidth=1.6")
    drawing = {"conclude": 1, "draw": 1, "draw_more": 1, "write_report": 1, "all": 1}
    assert rerun.plan().jobs == drawing


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("data/sources.py", "15.0, 300.0", "15.0, 301.0"),
        ("suite/find.py", "FEWEST_OF_A_KIND = 2", "FEWEST_OF_A_KIND = 3"),
    ],
)
def test_what_a_study_does_not_use_reruns_nothing(
    rerun: Project, path: str, old: str, new: str
) -> None:
    rerun.edit(f"scripts/initstudy/{path}", old, new)
    assert "Nothing to be done" in rerun.plan().text


def test_other_epochs_rerun_all_trainings(rerun: Project) -> None:
    plan = rerun.plan("--config", "epochs=3")
    assert plan.trained == [(variant, 0, 1) for variant in ALL]
    assert plan.jobs["train"] == 4


@pytest.mark.parametrize("key", ["compile=xla", "threads=2"])
def test_compiled_otherwise_all_is_trained(rerun: Project, key: str) -> None:
    plan = rerun.plan("--config", key)
    assert plan.trained == [(variant, 0, 1) for variant in ALL]


@pytest.mark.thorough
def test_another_study_leaves_this_one_untouched_and_downloads_nothing(rerun: Project) -> None:
    def state() -> dict[str, tuple[int, int]]:
        return {
            str(path): (path.stat().st_mtime_ns, path.stat().st_size)
            for path in (rerun / "results/notebook").rglob("*")
        }

    before, trainings = state(), rerun.trainings
    (rerun / "other.yaml").write_text(
        "study: other\nkernel_initializers: [ones]\nbias_initializers: []\npublished: null\n"
        "model: {hidden_units: [16]}\n"
    )
    target = "results/other/summary.csv"
    outcome = rerun.run(target, "--configfile", "other.yaml")
    assert outcome.jobs["download_dataset"] == 0
    # The baseline is better than ones, so it is its own best pair.
    assert outcome.trained == [("baseline", 0, 1), ("kernel-ones", 0, 1)]
    assert (rerun / target).is_file()
    assert state() == before
    assert trainings.items() <= rerun.trainings.items()
    assert "Nothing to be done" in rerun.plan().text


def test_a_default_written_out_changes_nothing(rerun: Project) -> None:
    config = yaml.safe_load((rerun / "config.yaml").read_text())
    del config["inputs"], config["model"]["activation"], config["dataset_file"]
    config["optimizer"] = {"class_name": "adam", "config": {}}
    (rerun / "config.yaml").write_text(yaml.safe_dump(config))
    assert "Nothing to be done" in rerun.plan().text


@pytest.mark.parametrize(
    "setting", ["seeds_per_job=5", "checkpoint_minutes=1", "keep_weights=true"]
)
def test_how_it_is_run_changes_nothing(rerun: Project, setting: str) -> None:
    assert "Nothing to be done" in rerun.plan("--config", setting).text
