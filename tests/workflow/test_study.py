"""A study makes the files that the design names, and the same bytes however it is run."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers import SMALL, Project, configure

from initstudy.analysis.summary import SUMMARY_COLUMNS
from initstudy.results.contracts import HISTORIES
from initstudy.results.tables import read

VARIANTS = ["baseline", "kernel-random_normal", "kernel-ones", "bias-ones", "best"]


def log_of(project: Project, variant: str, seed: int) -> str:
    """What the training job of a replicate has told."""
    history = project.history(variant, seed).relative_to(project / "results")
    return (project / "logs" / history.with_suffix(".log")).read_text()


def test_every_file_is_there(finished: Project) -> None:
    results = finished / "results/notebook"
    for name in ["histories", "runs", "timings", "diagnostics", "tests", "summary"]:
        assert (results / f"{name}.csv").is_file()
    for name in ["examples.npz", "best.yaml", "summary.md", "verdict.md", "card.html"]:
        assert (results / name).is_file()
    for name in ["report.html", "explorer.html"]:
        assert (results / name).is_file()
    for figure in ["kernel", "bias", "best_vs_baseline"]:
        assert (results / f"figures/{figure}.svg").stat().st_size > 5_000
        assert (results / f"figures/{figure}.png").stat().st_size > 20_000
    hidden = (finished / "results").rglob(".*")
    leftovers = [path for path in hidden if path.name != ".snakemake_timestamp"]
    assert leftovers == []


def test_histories_has_every_replicate(finished: Project) -> None:
    frame = read(finished / "results/notebook/histories.csv", HISTORIES, 2)
    replicates = set(zip(frame["variant"], frame["seed"], strict=True))
    assert replicates == {
        *((variant, seed) for variant in VARIANTS[:-1] for seed in (0, 1)),
        *((variant, seed) for variant in ("baseline", "best") for seed in (2, 3)),
    }


def test_the_best_pair_is_the_one_with_the_best_means(finished: Project) -> None:
    frame = read(finished / "results/notebook/histories.csv", HISTORIES, 2)
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
    assert list(summary.reset_index().columns) == SUMMARY_COLUMNS
    assert list(summary.index) == VARIANTS
    frame = read(finished / "results/notebook/histories.csv", HISTORIES, 2)
    final = frame[frame["epoch"] == 2].set_index(["variant", "seed"])["val_accuracy"]
    for variant, seeds in [("kernel-ones", [0, 1]), ("baseline", [0, 1]), ("best", [2, 3])]:
        values = final.loc[variant].loc[seeds]
        assert summary.loc[variant, "accuracy_mean"] == pytest.approx(values.mean())
        assert summary.loc[variant, "accuracy_sd"] == pytest.approx(values.std())
    assert summary.loc["kernel-random_normal", "published_accuracy"] == 0.9517
    assert (summary["seeds"] == 2).all()
    assert (summary["seconds_per_epoch"] > 0).all()


def test_the_log_of_a_training_shows_its_progress_and_nothing_else(finished: Project) -> None:
    lines = log_of(finished, "kernel-ones", 0).splitlines()
    assert len(lines) == 2 + 2 * (2 + 1) + 1
    assert "Done in" in lines[-1]
    assert "Begun on" in lines[0]
    assert "Compiled" in lines[1]
    assert re.search(
        r"seed 0, epoch 1 of 2: loss \d+\.\d+, accuracy 0\.\d+, val_loss \d+\.\d+, "
        r"val_accuracy 0\.\d+, \d+\.\d\d s$",
        lines[2],
    )
    assert re.search(r"1 of 2 seeds done, about \d+ s to go\.$", lines[4])


def test_the_bytes_do_not_depend_on_cores_blocks_or_what_else_runs(
    finished: Project, project: Project
) -> None:
    """One core and a job for each seed here, two cores and a job for both there."""
    configure(project, **{**SMALL, "seeds_per_job": 1})
    variant = "kernel-random_normal"
    project.run(f"results/notebook/runs/{variant}.csv", cores=1)
    assert len(project.trainings) == 2
    both = finished.history(variant, 0)
    folder = project / both.relative_to(finished.folder).parent
    for ending in ["csv", "diagnostics.csv", "tests.csv"]:
        first, second = (
            (folder / f"seeds-{seed}-{seed}.{ending}").read_text().splitlines() for seed in (0, 1)
        )
        assert [*first, *second[1:]] == both.with_suffix(f".{ending}").read_text().splitlines()
    with np.load(both.with_suffix(".examples.npz")) as together:
        for seed in (0, 1):
            with np.load(folder / f"seeds-{seed}-{seed}.examples.npz") as single:
                assert (single["correct"] == together["correct"][[seed]]).all()


def test_a_training_has_the_threads_that_are_asked_for(project: Project) -> None:
    """Though there are fewer cores, since the bytes depend on them."""
    project.edit(
        "scripts/initstudy/engine/backend.py",
        "op_parallelism_threads(1)\n",
        'op_parallelism_threads(1)\n    logging.getLogger(__name__).info("%d threads.", threads)\n',
    )
    project.edit(
        "scripts/initstudy/engine/backend.py", "import gc\n", "import gc\nimport logging\n"
    )
    alone = Project(project.folder)  # a process of its own, since TensorFlow is told only once
    asked = ("threads=2", "seeds=1", "epochs=1", "training_images=1000", "compile=graph")
    target = "results/notebook/runs/kernel-ones.csv"
    alone.run(target, "--until", "train", "--config", *asked, cores=1)
    (log,) = (project / "logs/runs").rglob("*.log")
    assert "2 threads." in log.read_text()
    (job,) = (project / "results/runs").rglob("spec.json")
    assert json.loads(job.read_text())["spec"]["threads"] == 2


def test_one_variant_is_a_target_of_its_own(project: Project) -> None:
    outcome = project.plan("results/notebook/runs/kernel-he_uniform.csv")
    assert outcome.trained == [("kernel-he_uniform", 0, 9)]
    assert outcome.jobs == {"describe": 1, "train": 1, "collect_variant": 1}


def test_where_the_trainings_of_each_variant_are_is_told(finished: Project) -> None:
    table = pd.read_csv(finished / "results/notebook/runs.csv")
    assert table["variant"].tolist() == [*VARIANTS[:-1], "baseline", "best"]
    for row in table.itertuples():
        history = pd.read_csv(finished / row.history)
        assert sorted(history["seed"].unique()) == [row.first_seed, row.last_seed]
        told = json.loads((finished / row.history).parents[1].joinpath("spec.json").read_text())
        assert told["digest"] == (finished / row.history).parents[1].name
        assert told["spec"]["optimizer"] == {"class_name": "adam", "config": {}}
    # The best pair is random_normal with zeros, and so is one of the kernel variants.
    paths = table.set_index("variant")["history"]
    assert paths["best"] == paths["kernel-random_normal"].replace("seeds-0-1", "seeds-2-3")


def test_the_default_study_has_the_notebooks_trainings(project: Project) -> None:
    """Those on fresh seeds are asked for when the best pair is chosen."""
    outcome = project.plan()
    names = ["glorot_normal", "ones", "random_uniform", "random_normal", "he_uniform", "he_normal"]
    assert outcome.trained == sorted(
        [
            ("baseline", 0, 9),
            *((f"kernel-{name}", 0, 9) for name in names),
            *((f"bias-{name}", 0, 9) for name in names),
        ]
    )


def test_a_diverging_replicate_ends_in_a_summary_and_figures(project: Project) -> None:
    """Kernels so large that float32 overflows in the first batch."""
    huge = {"name": "huge", "class_name": "constant", "config": {"value": 1.0e30}}
    configure(project, **{**SMALL, "kernel_initializers": [huge], "bias_initializers": []})
    outcome = project.run("all", "results/notebook/runs/kernel-huge.csv")
    assert outcome.trained == [("baseline", 0, 1), ("kernel-huge", 0, 1)]
    text = (project / "results/notebook/runs/kernel-huge.csv").read_text()
    assert text.splitlines()[1:] == [f"kernel-huge,{seed},1,nan,nan,nan,nan" for seed in (0, 1)]
    assert "seed 1 diverged in epoch 1; it ends there" in log_of(project, "kernel-huge", 0)
    tests = pd.read_csv(project / "results/notebook/tests.csv").set_index("variant")
    assert tests.loc["kernel-huge", "test_accuracy"].isna().all()
    with np.load(project / "results/notebook/examples.npz") as found:
        assert not found["kernel-huge/correct"].any()
        assert found["baseline/correct"].any()
    # It is measured before its first epoch, and no more.
    measured = pd.read_csv(project / "results/notebook/diagnostics.csv").set_index("variant")
    assert measured.loc["kernel-huge", "epoch"].tolist() == [0] * 2 * 3
    summary = pd.read_csv(project / "results/notebook/summary.csv").set_index("variant")
    assert summary.loc["kernel-huge", "diverged"] == 2
    assert summary.loc["kernel-huge", "accuracy_mean"] == 0
    assert pd.isna(summary.loc["kernel-huge", "loss_mean"])
    # The baseline is its own best pair: there is nothing to confirm.
    assert list(summary.index) == ["baseline", "kernel-huge"]


def test_a_history_edited_by_hand_stops_the_study_with_its_line(rerun: Project) -> None:
    path = rerun.history("kernel-ones", 0).relative_to(rerun.folder)
    lines = (rerun / path).read_text().splitlines()
    assert lines[3].startswith("1,1,")
    lines[3] = lines[3].replace("1,1,", "1,2,", 1)
    (rerun / path).write_text("\n".join(lines) + "\n")
    outcome = rerun.snakemake()
    assert outcome.code != 0
    assert f"{path}, line 4: this row does not have the epoch that follows" in outcome.text


def test_an_unknown_variant_is_told_with_those_there_are(project: Project) -> None:
    outcome = project.snakemake("results/notebook/runs/kernel-he_norml.csv")
    assert outcome.code != 0
    assert "no variant 'kernel-he_norml'" in outcome.text
    assert "did you mean 'kernel-he_normal'?" in outcome.text
