"""What is told of a user's network before it is trained, and what is not trained."""

from typing import Any

import numpy as np
import pandas as pd
import yaml
from helpers import Project

MODEL = """import keras
from keras import layers


class Fickle(layers.Layer):
    calls = 0

    def call(self, x):
        self.calls += 1
        return x * self.calls


def build(shape, classes):
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Reshape(shape[:2]),
            layers.LSTM(4),
            layers.Dropout(0.1, seed=42),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def fickle(shape, classes):
    return keras.Sequential([Fickle(), layers.Flatten(), layers.Dense(classes, "softmax")])
"""


def study(project: Project, name: str, **changes: Any) -> str:
    random = np.random.default_rng(1)
    x, y = random.integers(0, 16, (72, 8, 8, 1)).astype(np.uint8), np.arange(72) % 3
    np.savez(project / "few.npz", x_train=x[:48], y_train=y[:48], x_test=x[48:], y_test=y[48:])
    (project / "mine.py").write_text(MODEL)
    usual = {
        "study": name,
        "dataset": "few.npz",
        "model": "mine.py:build",
        "epochs": 1,
        "seeds": 2,
        "confirmation_seeds": 2,
        "kernel_initializers": ["he_normal"],
        "bias_initializers": [],
        "published": None,
    }
    (project / f"{name}.yaml").write_text(yaml.safe_dump({**usual, **changes}))
    return f"{name}.yaml"


def test_its_weights_are_accounted_for_and_it_is_compared_once(project: Project) -> None:
    (project / ".initstudy/compared").unlink()  # what tests share is new to a user
    file = study(project, "first")
    assert project.plan("--configfile", file).jobs["compare_with_keras"] == 1
    ran = project.run("results/first/report.html", "--configfile", file)
    assert (
        "Note on first: the study draws 2 kernels and 2 biases; trained, but not drawn: "
        "sequential/lstm/lstm_cell/recurrent_kernel (its own recurrent_initializer draws it)."
    ) in ran.text
    assert "the random numbers of the layer dropout (Dropout) are the same in each seed" in ran.text
    assert "on this machine that was not done yet" in ran.text
    assert "Comparing the network of first with Keras' own training" in ran.text
    table = pd.read_csv(project / "results/first/weights.csv").set_index("path")
    kernel = table.loc["sequential/lstm/lstm_cell/kernel"]
    assert list(kernel[["shape", "kind", "fan_in", "drawn"]]) == ["8x16", "recurrent", 8, True]
    assert not table.loc["sequential/lstm/lstm_cell/recurrent_kernel", "drawn"]
    page = (project / "results/first/report.html").read_text()
    assert "the study draws 2 kernels and 2 biases" in page
    assert "sequential/lstm/lstm_cell/recurrent_kernel" in page
    # Another study of the same network need not ask, and knows how long it takes.
    mixed = {"paths": {"*/recurrent_kernel": "orthogonal"}, "others": "he_normal"}
    other = study(project, "second", kernel_initializers=[{"name": "mixed", **mixed}])
    assert project.plan("--configfile", other).jobs["compare_with_keras"] == 0
    mixed["paths"] = {"*/recurent_kernel": "orthogonal"}
    other = study(project, "third", kernel_initializers=[{"name": "mixed", **mixed}])
    refused = project.snakemake("--configfile", other, "--dry-run")
    assert refused.code
    assert "kernel_initializers[0]: the pattern '*/recurent_kernel' is of no kernel" in refused.text


def test_what_does_not_agree_with_keras_is_not_trained(project: Project) -> None:
    file = study(project, "fickle", model="mine.py:fickle")
    outcome = project.snakemake("results/fickle/report.html", "--configfile", file)
    assert outcome.code
    assert "this network would not be trained as Keras' own fit trains it" in outcome.text
    assert not list((project / "results").glob("runs/*"))
