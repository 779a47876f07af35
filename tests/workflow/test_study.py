"""A study makes the files that the design names, and the same bytes however it is run."""

import re

import pandas as pd
import pytest
import yaml
from helpers import SMALL, Project, configure

from initstudy.analysis import statistics
from initstudy.results import histories

VARIANTS = ["baseline", "kernel-random_normal", "kernel-ones", "bias-ones", "best"]


def test_every_file_is_there(finished: Project) -> None:
    results = finished / "results/notebook"
    for name in ["histories.csv", "best.yaml", "summary.csv"]:
        assert (results / name).is_file()
    for figure in ["kernel", "bias", "best_vs_baseline"]:
        assert (results / f"figures/{figure}.svg").stat().st_size > 5_000
        assert (results / f"figures/{figure}.png").stat().st_size > 20_000
    leftovers = [path for path in results.rglob(".*") if path.name != ".snakemake_timestamp"]
    assert leftovers == []


def test_histories_has_every_replicate(finished: Project) -> None:
    frame = histories.read(finished / "results/notebook/histories.csv", epochs=2)
    replicates = set(zip(frame["variant"], frame["seed"], strict=True))
    assert replicates == {
        *((variant, seed) for variant in VARIANTS[:-1] for seed in (0, 1)),
        *((variant, seed) for variant in ("baseline", "best") for seed in (2, 3)),
    }


def test_the_best_pair_is_the_one_with_the_best_means(finished: Project) -> None:
    frame = histories.read(finished / "results/notebook/histories.csv", epochs=2)
    means = (
        frame[(frame["epoch"] == 2) & (frame["seed"] < 2)].groupby("variant")["val_accuracy"].mean()
    )
    best = yaml.safe_load((finished / "results/notebook/best.yaml").read_text())
    kernels = {
        "glorot_uniform": means["baseline"],
        "random_normal": means["kernel-random_normal"],
        "ones": means["kernel-ones"],
    }
    biases = {"zeros": means["baseline"], "ones": means["bias-ones"]}
    assert best["kernel_initializer"]["name"] == max(kernels, key=kernels.get)
    assert best["bias_initializer"]["name"] == max(biases, key=biases.get)
    told = best["chosen_on"]["mean_final_validation_accuracy"]
    assert told["kernel"] == pytest.approx(kernels)
    assert told["bias"] == pytest.approx(biases)


def test_the_summary_agrees_with_the_histories(finished: Project) -> None:
    summary = pd.read_csv(finished / "results/notebook/summary.csv").set_index("variant")
    assert list(summary.reset_index().columns) == statistics.SUMMARY_COLUMNS
    assert list(summary.index) == VARIANTS
    frame = histories.read(finished / "results/notebook/histories.csv", epochs=2)
    final = frame[frame["epoch"] == 2].set_index(["variant", "seed"])["val_accuracy"]
    for variant, seeds in [("kernel-ones", [0, 1]), ("baseline", [0, 1]), ("best", [2, 3])]:
        values = final.loc[variant].loc[seeds]
        assert summary.loc[variant, "accuracy_mean"] == pytest.approx(values.mean())
        assert summary.loc[variant, "accuracy_sd"] == pytest.approx(values.std())
    assert summary.loc["kernel-random_normal", "notebook_accuracy"] == 0.9517
    assert (summary["seeds"] == 2).all()
    assert (summary["seconds_per_epoch"] > 0).all()


def test_the_log_of_a_training_shows_its_progress_and_nothing_else(finished: Project) -> None:
    log = (finished / "logs/notebook/train/kernel-ones/seeds-0-1.log").read_text()
    lines = log.splitlines()
    assert len(lines) == 1 + 2 * (2 + 1) + 1
    assert "Done in" in lines[-1]
    assert "Compiled" in lines[0]
    assert re.search(
        r"seed 0, epoch 1 of 2: loss \d+\.\d+, accuracy 0\.\d+, val_loss \d+\.\d+, "
        r"val_accuracy 0\.\d+, \d+\.\d\d s$",
        lines[1],
    )
    assert re.search(r"1 of 2 seeds trained, about \d+ s to go\.$", lines[3])


def test_the_bytes_do_not_depend_on_cores_blocks_or_what_else_runs(
    finished: Project, project: Project
) -> None:
    """One core and a job for each seed here, two cores and a job for both there."""
    (project / "config.yaml").write_text((finished / "config.yaml").read_text())
    targets = [
        f"results/notebook/runs/{variant}/seeds-{seed}-{seed}.csv"
        for variant in ("baseline", "kernel-random_normal")
        for seed in (0, 1)
    ]
    project.run(*targets, cores=1)
    for variant in ("baseline", "kernel-random_normal"):
        runs = f"results/notebook/runs/{variant}"
        first, second = (
            (project / f"{runs}/seeds-{seed}-{seed}.csv").read_text().splitlines()
            for seed in (0, 1)
        )
        both = (finished / f"{runs}/seeds-0-1.csv").read_text().splitlines()
        assert [*first, *second[1:]] == both


def test_one_training_is_a_target_of_its_own(project: Project) -> None:
    outcome = project.plan("results/notebook/runs/kernel-he_uniform/seeds-0-9.csv")
    assert outcome.trained == [("kernel-he_uniform", 0, 9)]
    assert outcome.jobs == {"train": 1}


def test_the_default_study_has_the_notebooks_trainings_and_fresh_replicates(
    project: Project,
) -> None:
    outcome = project.plan()
    names = ["glorot_normal", "ones", "random_uniform", "random_normal", "he_uniform", "he_normal"]
    assert outcome.trained == sorted(
        [
            ("baseline", 0, 9),
            ("baseline", 10, 19),
            ("best", 10, 19),
            *((f"kernel-{name}", 0, 9) for name in names),
            *((f"bias-{name}", 0, 9) for name in names),
        ]
    )


def test_a_diverging_replicate_ends_in_a_summary_and_figures(project: Project) -> None:
    """Kernels so large that float32 overflows in the first batch."""
    huge = {"name": "huge", "class_name": "constant", "config": {"value": 1.0e30}}
    configure(project, **{**SMALL, "kernel_initializers": [huge], "bias_initializers": []})
    project.run()
    text = (project / "results/notebook/runs/kernel-huge/seeds-0-1.csv").read_text()
    assert text.splitlines()[1:] == [f"kernel-huge,{seed},1,nan,nan,nan,nan" for seed in (0, 1)]
    assert "diverged" in (project / "logs/notebook/train/kernel-huge/seeds-0-1.log").read_text()
    summary = pd.read_csv(project / "results/notebook/summary.csv").set_index("variant")
    assert summary.loc["kernel-huge", "diverged"] == 2
    assert summary.loc["kernel-huge", "accuracy_mean"] == 0
    assert pd.isna(summary.loc["kernel-huge", "loss_mean"])
    assert summary.loc["best", "kernel_initializer"] == "glorot_uniform"


def test_a_history_edited_by_hand_stops_the_study_with_its_line(rerun: Project) -> None:
    path = "results/notebook/runs/kernel-ones/seeds-0-1.csv"
    lines = (rerun / path).read_text().splitlines()
    lines[3] = lines[3].replace(",1,1,", ",1,2,")
    (rerun / path).write_text("\n".join(lines) + "\n")
    outcome = rerun.snakemake()
    assert outcome.code != 0
    assert f"{path}, line 4: this row does not have the epoch that follows" in outcome.text


def test_an_unknown_variant_is_told_with_those_there_are(project: Project) -> None:
    outcome = project.snakemake("results/notebook/runs/kernel-he_norml/seeds-0-9.csv")
    assert outcome.code != 0
    assert "no variant 'kernel-he_norml'" in outcome.text
    assert "did you mean 'kernel-he_normal'?" in outcome.text
