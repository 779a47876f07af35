"""Each variant is diagnosed by a job of its own, and what is diagnosed trains nothing."""

import re

from helpers import Outcome, Project, configure

from initstudy.results import diagnostics

VARIANTS = ["baseline", "kernel-random_normal", "kernel-ones", "bias-ones"]


def diagnosed(outcome: Outcome) -> list[str]:
    return sorted(set(re.findall(r"Diagnosing (\S+)", outcome.text)))


def test_there_is_a_row_per_variant_seed_epoch_and_layer(finished: Project) -> None:
    path = finished / "results/notebook/diagnostics.csv"
    frame = diagnostics.read(path, [1], VARIANTS, range(2))
    assert len(frame) == 4 * 2 * 2 * 3
    assert frame.loc[frame["variant"] == "baseline", "units"].tolist() == [16, 16, 10] * 4
    ones = frame[(frame["variant"] == "kernel-ones") & (frame["epoch"] == 0)]
    assert (ones["weight_norm"].round(3) == [112, 16, 12.649] * 2).all()
    assert (ones.loc[ones["layer"] < 3, "repeated_units"] == 15 / 16).all()


def test_a_new_initializer_is_diagnosed_alone(rerun: Project) -> None:
    configure(rerun, bias_initializers=["ones", "random_uniform"])
    assert diagnosed(rerun.plan()) == ["bias-random_uniform"]


def test_more_epochs_of_training_diagnose_nothing(rerun: Project) -> None:
    plan = rerun.plan("--config", "epochs=3")
    assert len(plan.trained) == 6
    assert diagnosed(plan) == []
