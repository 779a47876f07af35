"""Every training measures itself as it passes, and tells which test images it gets right."""

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers import Project

from initstudy.results.contracts import DIAGNOSTICS
from initstudy.results.tables import read

VARIANTS = ["baseline", "kernel-random_normal", "kernel-ones", "bias-ones"]
RESULTS = "results/notebook"


def test_there_is_a_row_per_variant_seed_moment_and_layer(finished: Project) -> None:
    frame = read(finished / f"{RESULTS}/diagnostics.csv", DIAGNOSTICS, 2)
    seeds = {name: [0, 1] for name in VARIANTS} | {"baseline": [0, 1, 2, 3], "best": [2, 3]}
    expected = {
        (variant, seed, epoch, layer)
        for variant, own in seeds.items()
        for seed in own
        for epoch in (0, 1, 2)
        for layer in (1, 2, 3)
    }
    index = ["variant", "seed", "epoch", "layer"]
    assert set(frame[index].itertuples(index=False, name=None)) == expected
    assert len(frame) == len(expected)
    assert frame.loc[frame["variant"] == "best", "units"].tolist() == [16, 16, 10] * 6
    ones = frame[(frame["variant"] == "kernel-ones") & (frame["epoch"] == 0)]
    assert (ones["weight_norm"].round(3) == [112, 16, 12.649] * 2).all()
    assert (ones.loc[ones["layer"] < 3, "repeated_units"] == 15 / 16).all()


def test_correct_predictions_are_those_of_the_test_accuracies(finished: Project) -> None:
    tests = pd.read_csv(finished / f"{RESULTS}/tests.csv").set_index(["variant", "seed"])
    with np.load(finished / f"{RESULTS}/examples.npz") as arrays:
        found = {
            (name.removesuffix("/seeds"), seed): row
            for name in arrays.files
            if name.endswith("/seeds")
            for seed, row in zip(
                arrays[name].tolist(),
                arrays[f"{name.removesuffix('seeds')}correct"],
                strict=True,
            )
        }
    assert set(found) == set(tests.index)
    for run, right in found.items():
        assert right.shape == (10_000,)
        assert right.mean() == tests.loc[run, "test_accuracy"]
    # Single images, not only how many: networks of one kind are right about the same ones more
    # often than by chance.
    first, second = found["baseline", 0], found["baseline", 1]
    assert (first != second).any()
    assert (first & second).mean() > first.mean() * second.mean()


def test_what_was_tested_is_what_was_validated_where_both_are_the_same(finished: Project) -> None:
    """With the test images as validation, as in the notebook, the last epoch's are the test's.

    Two functions have computed them, so single examples of which two classes are equally probable
    may fall to either side.
    """
    tests = pd.read_csv(finished / f"{RESULTS}/tests.csv").set_index(["variant", "seed"])
    histories = finished.histories()
    last = histories[histories["epoch"] == 2].set_index(["variant", "seed"])
    assert tests["test_accuracy"].tolist() == pytest.approx(last["val_accuracy"].tolist(), abs=3e-4)
    assert tests["test_loss"].tolist() == pytest.approx(last["val_loss"].tolist(), rel=1e-5)


def test_an_old_configuration_hears_that_every_run_is_measured(project: Project) -> None:
    text = (project / "config.yaml").read_text()
    (project / "config.yaml").write_text(text + "\ndiagnose_after: [1, 5]\n")
    line = 1 + text.count("\n") + 1
    outcome = project.snakemake("--dry-run")
    assert outcome.code == 1
    assert f"config.yaml:{line}: diagnose_after: every run" in outcome.text
    assert "remove this key" in outcome.text
    assert "Traceback" not in outcome.text
    (project / "config.yaml").write_text(text)
    assert "diagnose" not in project.plan().jobs
    assert "diagnose_after" not in yaml.safe_load(text)
