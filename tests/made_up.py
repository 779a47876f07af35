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
from initstudy.config.description import Description
from initstudy.config.study import parse_study
from initstudy.results import columns, diagnostics, histories, weights
from initstudy.results.columns import moments
from initstudy.results.files import write_arrays
from initstudy.results.findings import dump
from initstudy.results.study import StudyResults

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
    (folder / study.file).write_text(study.text)
    kernel, bias = best
    choice = {"kernel_initializer": {"name": kernel}, "bias_initializer": {"name": bias}}
    (folder / "best.yaml").write_text(yaml.safe_dump(choice))

    rows, measured, right = [], [], {}
    for variant in variants:
        seeds = [*(study.confirmation if variant == "best" else study.selection)]
        if variant == "baseline" and not own:
            seeds += study.confirmation
        correct = chance.random((len(seeds), EXAMPLES)) < 0.7
        right[f"{variant}/hits"] = np.packbits(correct, axis=1)
        right[f"{variant}/seeds"] = np.array(seeds)
        for seed in seeds:
            ends = chance.uniform(0.5, 0.95)
            for epoch in range(1, EPOCHS + 1):
                accuracy = ends * epoch / EPOCHS
                rows.append((variant, seed, epoch, 1 - accuracy, accuracy, 1.1 - accuracy, ends))
            for epoch, layer in itertools.product(moments(EPOCHS), range(1, LAYERS + 1)):
                values = chance.uniform(0.1, 0.9, len(diagnostics.MEASURES))
                measured.append((variant, seed, epoch, layer, "Dense", 10 * layer, *values))
    write_arrays({"images": np.array(EXAMPLES), **right}, folder / "hits.npz")
    table = pd.DataFrame(rows, columns=columns.HISTORY)
    histories.write(table, folder / "histories.csv")
    histories.write(pd.DataFrame(measured, columns=columns.DIAGNOSTICS), folder / "diagnostics.csv")
    replicates = table[table["epoch"] == EPOCHS]
    # Where images are held out, the test images are others, and give other numbers.
    shift = 0.01 if held_out else 0.0
    tests = replicates[["variant", "seed"]].assign(
        test_loss=replicates["val_loss"], test_accuracy=replicates["val_accuracy"] - shift
    )
    histories.write(tests, folder / "tests.csv")
    timings = replicates[["variant", "seed"]].assign(
        epochs=EPOCHS, seconds=2.0, cpu_seconds=60.0, peak_memory_mb=900.0
    )
    histories.write(timings, folder / "timings.csv")
    weights.write([WEIGHT], folder / "weights.csv")
    (folder / "summary.md").write_text("| variant | mean |\n| --- | --- |\n| baseline | 1 |\n")
    (folder / "verdict.md").write_text("# Verdict\n\nNothing is decided.\n")
    (folder / "explorer.html").write_text("<p>an explorer</p>")
    if by_source:
        alone = ({name: chance.uniform(0.5, 0.9, 5) for name in study.variants} for _ in range(3))
        hits = {name: chance.random((5, 30)) < 0.7 for name in study.variants}
        histories.write(variance.table(*alone, hits), folder / "variance.csv")
    if tuned:
        tried = [
            (variant, rate, seed, 0.5, *[chance.uniform(0.5, 0.9)] * 2)
            for variant in variants
            for rate in (0.1, 0.01)
            for seed in range(2)
        ]
        histories.write(
            pd.DataFrame(tried, columns=learning_rates.COLUMNS), folder / "learning_rates.csv"
        )
    results = StudyResults(folder)
    if factorial:
        layout = interaction.layout(results.final, study.initializers, study.selection)
        components = interaction.components(layout.accuracies)
        histories.write(components, folder / "interaction.csv")
    findings = find(results)
    (folder / "findings.json").write_text(dump(findings))
    histories.write(summarize(results, findings), folder / "summary.csv")
    histories.write(pairs(all_pairs(results)), folder / "pairs.csv")
    # Nothing of it was read yet.
    return StudyResults(folder)


def describe(
    name: str = "made_up",
    factorial: bool = False,
    tuned: bool = False,
    held_out: int = 0,
    by_source: bool = False,
    judge_by: str = "accuracy",
) -> Description:
    """What it asks."""
    pairs = {"baseline": (KERNELS[0], BIASES[0])}
    pairs |= {f"kernel-{kernel}": (kernel, BIASES[0]) for kernel in KERNELS[1:]}
    pairs |= {f"bias-{bias}": (KERNELS[0], bias) for bias in BIASES[1:]}
    if factorial:
        others = itertools.product(KERNELS[1:], BIASES[1:])
        pairs |= {f"kernel-{kernel}-bias-{bias}": (kernel, bias) for kernel, bias in others}
    study, _ = parse_study({"published": None})
    assert study is not None
    configuration = {
        **study.plain(),
        "study": name,
        "epochs": EPOCHS,
        "seeds": SEEDS,
        "comparisons": "baseline",
        "margin": 2 if judge_by == "epochs_to_target" else 0.005,
        "confirmation_seeds": CONFIRMATION,
        "validation": {"holdout": held_out} if held_out else "test",
        "design": "factorial" if factorial else "one-factor",
        "learning_rates": [0.1, 0.01] if tuned else [],
        "learning_rate_seeds": 2,
        "target_accuracy": 0.925,
        "judge_by": judge_by,
        "vary": ["weights", "order"],
        "variance_seeds": 5 if by_source else 0,
    }
    return Description(
        configuration,
        0.1,
        {name: (plain(kernel), plain(bias)) for name, (kernel, bias) in pairs.items()},
    )


def plain(name: str) -> dict[str, Any]:
    """An initializer of Keras."""
    return {"name": name, "class_name": name, "config": {}}
