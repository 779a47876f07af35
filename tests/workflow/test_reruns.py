"""What was changed is done again, with what depends on it; nothing else is."""

import os
import time

import yaml
from helpers import Project, configure

ALL = ["baseline", "bias-ones", "kernel-ones", "kernel-random_normal"]
FIGURES = ["best_vs_baseline", "bias", "differences", "kernel", "ranking", "signals"]


def test_nothing_changed_nothing_done(rerun: Project) -> None:
    assert "Nothing to be done" in rerun.run().text


def test_touched_files_change_nothing(rerun: Project) -> None:
    later = time.time() + 100
    for path in rerun.folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and ".snakemake" not in path.parts:
            os.utime(path, (later, later))
    assert "Nothing to be done" in rerun.plan().text


def test_an_initializers_parameters_rerun_its_training(rerun: Project) -> None:
    def initializers(deviation: float) -> list[object]:
        config = {"stddev": deviation}
        return [{"name": "normal", "class_name": "RandomNormal", "config": config}, "ones"]

    configure(rerun, kernel_initializers=initializers(0.05))
    rerun.run()
    configure(rerun, kernel_initializers=initializers(0.06))
    plan = rerun.plan()
    assert plan.trained == [("kernel-normal", 0, 1)]
    assert plan.jobs["choose_best"] == plan.jobs["collect_histories"] == 1
    assert plan.drawn == FIGURES


def test_more_seeds_are_one_more_job_for_each_variant(rerun: Project) -> None:
    configure(rerun, seeds=4)
    new = [(variant, 2, 3) for variant in ALL if variant != "baseline"]
    # The baseline has its seeds 2 and 3 from the confirmation.
    assert rerun.plan().trained == sorted([*new, ("baseline", 4, 5), ("best", 4, 5)])


def test_a_new_initializer_is_one_more_job(rerun: Project) -> None:
    configure(rerun, bias_initializers=["ones", "random_uniform"])
    assert rerun.plan().trained == [("bias-random_uniform", 0, 1)]


def test_an_initializer_removed_trains_nothing(rerun: Project) -> None:
    configure(rerun, kernel_initializers=["random_normal"])
    plan = rerun.plan()
    assert plan.trained == []
    assert rerun.run().trained == []
    assert "kernel-ones" not in (rerun / "results/notebook/histories.csv").read_text()
    assert "kernel-ones" not in (rerun / "results/notebook/summary.csv").read_text()


def test_another_best_pair_is_trained_in_the_same_run(rerun: Project) -> None:
    """Without the initializer that was best, the next one is, and `best` is trained anew."""
    best = rerun / "results/notebook/best.yaml"
    assert yaml.safe_load(best.read_text())["kernel_initializer"]["name"] == "random_normal"
    before = (rerun / "results/notebook/runs/best/seeds-2-3.csv").read_text()
    configure(rerun, kernel_initializers=["ones"])
    assert rerun.run().trained == [("best", 2, 3)]
    assert yaml.safe_load(best.read_text())["kernel_initializer"]["name"] == "glorot_uniform"
    assert (rerun / "results/notebook/runs/best/seeds-2-3.csv").read_text() != before
    assert "Nothing to be done" in rerun.plan().text


def test_the_figures_module_reruns_the_figures_alone(rerun: Project) -> None:
    rerun.edit("scripts/initstudy/drawing/figures.py", "linewidth=1.5", "linewidth=1.6")
    plan = rerun.plan()
    drawing = ["draw_ranking", "draw_differences", "draw_signals", "draw_explorer"]
    assert plan.jobs == {
        "draw_learning_curves": 3,
        **dict.fromkeys([*drawing, "write_report", "all"], 1),
    }
    assert plan.drawn == FIGURES


def test_the_training_module_reruns_all_trainings(rerun: Project) -> None:
    rerun.edit(
        "scripts/initstudy/training/engine.py", "EVALUATION_BATCH = 1000", "EVALUATION_BATCH = 500"
    )
    expected = [(variant, 0, 1) for variant in ALL] + [("baseline", 2, 3), ("best", 2, 3)]
    assert rerun.plan().trained == sorted(expected)


def test_the_download_module_reruns_nothing(rerun: Project) -> None:
    rerun.edit(
        "scripts/initstudy/data/downloads.py", "DOWNLOAD_TIMEOUT = 5.0", "DOWNLOAD_TIMEOUT = 6.0"
    )
    assert "Nothing to be done" in rerun.plan().text


def test_other_epochs_rerun_all_trainings(rerun: Project) -> None:
    plan = rerun.plan("--config", "epochs=3")
    assert len(plan.trained) == 6
    assert plan.jobs["train"] == 6


def test_another_study_leaves_this_one_untouched_and_downloads_nothing(rerun: Project) -> None:
    def state() -> dict[str, tuple[int, int]]:
        return {
            str(path): (path.stat().st_mtime_ns, path.stat().st_size)
            for path in (rerun / "results/notebook").rglob("*")
        }

    before = state()
    (rerun / "other.yaml").write_text(
        "study: other\nkernel_initializers: []\nbias_initializers: []\npublished: null\n"
        "model: {hidden_units: [4]}\n"
    )
    outcome = rerun.run("--configfile", "other.yaml")
    assert outcome.jobs["download_dataset"] == 0
    assert outcome.trained == [("baseline", 0, 1), ("baseline", 2, 3), ("best", 2, 3)]
    assert (rerun / "results/other/summary.csv").is_file()
    assert state() == before
    assert "Nothing to be done" in rerun.plan().text


def test_a_default_written_out_changes_nothing(rerun: Project) -> None:
    config = yaml.safe_load((rerun / "config.yaml").read_text())
    del config["inputs"], config["model"]["activation"], config["dataset_file"]
    config["optimizer"] = {"class_name": "adam", "config": {}}
    (rerun / "config.yaml").write_text(yaml.safe_dump(config))
    assert "Nothing to be done" in rerun.plan().text
