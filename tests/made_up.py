"""Results of a small study that nobody ran, in a folder as a run leaves it."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from initstudy.analysis import interaction, learning_rates, variance
from initstudy.analysis.findings import all_pairs, find
from initstudy.analysis.summary import pairs, summarize
from initstudy.config.configuration import parse
from initstudy.config.forms import NOWHERE
from initstudy.config.initializers import Initializer
from initstudy.data.datasets import DatasetInfo
from initstudy.data.targets import Target
from initstudy.report.card import card
from initstudy.results.contracts import (
    DIAGNOSTICS,
    HISTORIES,
    MEASURES,
    WEIGHTS,
    measurement_epochs,
)
from initstudy.results.files import write_arrays
from initstudy.results.findings import dump
from initstudy.results.jobs import write_rows
from initstudy.results.study import StudyResults
from initstudy.results.tables import write
from initstudy.study import Study, file_name

KERNELS, BIASES = ["glorot_uniform", "ones", "he_normal"], ["zeros", "he_uniform"]
EPOCHS, SEEDS, CONFIRMATION = 5, 4, 3
LAYERS, EXAMPLES = 3, 40
WEIGHT: dict[str, Any] = {
    "path": "sequential/dense/kernel",
    "layer": "dense (Dense)",
    "shape": "784x10",
    "numbers": 7840,
    "role": "kernel",
    "kind": "dense",
    "fan_in": 784,
    "fan_out": 10,
    "trainable": True,
    "drawn": True,
    "initializer": "glorot_uniform",
    "why": "",
}


def made_up_study(
    folder: Path,
    factorial: bool = False,
    tuned: bool = False,
    held_out: int = 0,
    best: tuple[str, str] = ("he_normal", "he_uniform"),
    by_source: bool = False,
    judge_by: str = "accuracy",
) -> StudyResults:
    """Writes a study's files, with numbers by chance, always the same.

    Args:
        folder: to be made.
        factorial: whether all pairs are trained.
        tuned: whether each variant has a learning rate of its own.
        held_out: training images that validate; 0 if the test images do.
        best: the pair that was chosen.
        by_source: whether it has the sources of its variance.
        judge_by: what its variants are judged by.
    """
    chance = np.random.default_rng(0)
    study = describe(folder.name, factorial, tuned, held_out, by_source, judge_by)
    own = best == (KERNELS[0], BIASES[0])
    variants = study.initializers | ({} if own else {"best": best})
    folder.mkdir(parents=True)
    (folder / file_name(study.text())).write_text(study.text())
    kernel, bias = best
    choice = {"kernel_initializer": {"name": kernel}, "bias_initializer": {"name": bias}}
    (folder / "best.yaml").write_text(yaml.safe_dump(choice))

    rows, measured, right = [], [], {}
    for variant in variants:
        seeds = [*(study.confirmation if variant == "best" else study.selection)]
        if variant == "baseline" and not own:
            seeds += study.confirmation
        correct = chance.random((len(seeds), EXAMPLES)) < 0.7
        right[f"{variant}/correct"] = correct
        right[f"{variant}/seeds"] = np.array(seeds)
        for seed in seeds:
            ends = chance.uniform(0.5, 0.95)
            for epoch in range(1, EPOCHS + 1):
                accuracy = ends * epoch / EPOCHS
                rows.append((variant, seed, epoch, 1 - accuracy, accuracy, 1.1 - accuracy, ends))
            for epoch, layer in itertools.product(measurement_epochs(EPOCHS), range(1, LAYERS + 1)):
                values = chance.uniform(0.1, 0.9, len(MEASURES))
                measured.append((variant, seed, epoch, layer, "Dense", 10 * layer, *values))
    write_arrays(right, folder / "examples.npz")
    table = pd.DataFrame(rows, columns=HISTORIES.names)
    write(table, folder / "histories.csv")
    write(pd.DataFrame(measured, columns=DIAGNOSTICS.names), folder / "diagnostics.csv")
    replicates = table[table["epoch"] == EPOCHS]
    # Where images are held out, the test images are others, and give other numbers.
    shift = 0.01 if held_out else 0.0
    tests = replicates[["variant", "seed"]].assign(
        test_loss=replicates["val_loss"], test_accuracy=replicates["val_accuracy"] - shift
    )
    write(tests, folder / "tests.csv")
    timings = replicates[["variant", "seed"]].assign(
        epochs=EPOCHS, seconds=2.0, cpu_seconds=60.0, peak_memory_mb=900.0
    )
    write(timings, folder / "timings.csv")
    write_rows(WEIGHTS.names, [WEIGHT.values()], folder / "weights.csv")
    (folder / "summary.md").write_text("| variant | mean |\n| --- | --- |\n| baseline | 1 |\n")
    (folder / "verdict.md").write_text("# Verdict\n\nNothing is decided.\n")
    (folder / "explorer.html").write_text("<p>an explorer</p>")
    if by_source:
        alone = ({name: chance.uniform(0.5, 0.9, 5) for name in study.variants} for _ in range(3))
        hits = {name: chance.random((5, 30)) < 0.7 for name in study.variants}
        write(variance.table(*alone, hits), folder / "variance.csv")
    if tuned:
        tried = [
            (variant, rate, seed, 0.5, *[chance.uniform(0.5, 0.9)] * 2)
            for variant in variants
            for rate in (0.1, 0.01)
            for seed in range(2)
        ]
        write(pd.DataFrame(tried, columns=learning_rates.COLUMNS), folder / "learning_rates.csv")
    results = StudyResults(folder)
    if factorial:
        layout = interaction.layout(results, study.selection)
        components = interaction.components(layout.ends)
        write(components, folder / "interaction.csv")
    findings = find(results)
    (folder / "findings.json").write_text(dump(findings))
    (folder / "card.html").write_text(card(findings, study))
    write(summarize(results, findings), folder / "summary.csv")
    write(pairs(all_pairs(results)), folder / "pairs.csv")
    # Nothing of it was read yet.
    return StudyResults(folder)


def describe(
    name: str = "made_up",
    factorial: bool = False,
    tuned: bool = False,
    held_out: int = 0,
    by_source: bool = False,
    judge_by: str = "accuracy",
) -> Study:
    """What it asks."""
    return configured(
        study=name,
        epochs=EPOCHS,
        seeds=5 if by_source else SEEDS,
        margin=2 if judge_by == "epochs_to_target" else 0.005,
        confirmation_seeds=CONFIRMATION,
        validation={"holdout": held_out or 10} if tuned or held_out else "test",
        kernel_initializers=KERNELS[1:],
        bias_initializers=BIASES[1:],
        design="factorial" if factorial else "one_factor",
        learning_rates=[0.1, 0.01] if tuned else [],
        learning_rate_seeds=2,
        target_accuracy=0.925,
        judge_by=judge_by,
        variance_seeds=5 if by_source else 0,
    )


# What the best constant answer has of an error.
CONSTANT = 4.5


def configured(majority: float = 0.1, **keys: Any) -> Study:
    """A study of a data set that is not there."""
    configuration, problems = parse({"published": None, "study": "made_up", **keys}, NOWHERE)
    assert configuration is not None, problems
    target = Target("classes", 10, (), {"accuracy": majority, "log_loss": 2.3})
    if configuration.metric not in target.constant:
        target = Target("numbers", 1, (), {configuration.metric: CONSTANT})
    return Study.of(configuration, DatasetInfo(60_000, (28, 28), target, "d" * 64, 0))


def initializer(name: str) -> Initializer:
    """An initializer of Keras."""
    return Initializer(name, name, {})
