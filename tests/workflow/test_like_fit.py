"""Networks of users, through the command line, against Keras' own `fit` from the same weights.

All examples are in one batch, so that their order makes no difference.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import yaml
from helpers import Project
from specs import keras_object
from tasks import EXAMPLES, TASKS

from initstudy.engine.losses import make_loss
from initstudy.engine.user_code import load

NETWORKS = Path(__file__).parents[1] / "like_fit.py"
EPOCHS = 3
ADAM: dict[str, Any] = {"class_name": "Adam", "config": {"learning_rate": 0.01}}
SGD: dict[str, Any] = {"class_name": "SGD", "config": {"learning_rate": 0.05, "momentum": 0.9}}
SCHEDULE = {
    "class_name": "ExponentialDecay",
    "config": {"initial_learning_rate": 0.05, "decay_steps": 1, "decay_rate": 0.5},
}
# One of them each time, all with `--thorough`.
ALWAYS = ("subclassed_blocks",)
CASES: dict[str, dict[str, Any] | str] = {
    "subclassed_blocks": SGD,
    "three_deep": ADAM,
    "tied": SGD,
    "bidirectional": {"class_name": "RMSprop", "config": {"clipnorm": 0.1}},
    "convolutional_lstm": ADAM,
    "stacked_cells": SGD,
    "causal_attention": {"class_name": "AdamW", "config": {"weight_decay": 0.1}},
    "grouped_attention": {"class_name": "lamb", "config": {"learning_rate": 0.01}},
    "separable_rows": {"class_name": "Nadam", "config": {"global_clipnorm": 0.5}},
    "upsampled": SGD,
    "dilated": {"class_name": "SGD", "config": {"learning_rate": SCHEDULE}},
    "frozen_backbone": SGD,
    "adapters": ADAM,
    "half": SGD,
    "spectral": SGD,
    "constrained": SGD,
    "masked_embedding": ADAM,
    "bilinear": {"class_name": "muon", "config": {"learning_rate": 0.01}},
    "standardized": {"class_name": "SGD", "config": {"gradient_accumulation_steps": 2}},
    "zero_branch": {"class_name": "SGD", "config": {"loss_scale_factor": 8.0}},
    "without_training": {"class_name": "Adam", "config": {"use_ema": True, "ema_momentum": 0.5}},
    "adapted": SGD,
    "own_optimizer": "model",
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in ALWAYS else pytest.mark.thorough) for name in CASES],
)
def test_a_study_trains_a_network_as_fit_does(project: Project, name: str) -> None:
    random = np.random.default_rng(1)
    x = random.integers(0, 16, (72, 8, 8, 1)).astype(np.uint8)
    y = random.integers(0, 3, 72)
    np.savez(project / "few.npz", x_train=x[:48], y_train=y[:48], x_test=x[48:], y_test=y[48:])
    shutil.copy(NETWORKS, project / "like_fit.py")
    study = {
        "study": "like",
        "dataset": "few.npz",
        "model": f"like_fit.py:{name}",
        "optimizer": CASES[name],
        "batch_size": 48,
        "epochs": EPOCHS,
        "seeds": 1,
        "seeds_per_job": 1,
        "baseline": {"kernel_initializer": "like_fit.py:Ramp", "bias_initializer": "zeros"},
        "kernel_initializers": ["he_normal"],
        "bias_initializers": [],
        "target_accuracy": 0.9,
        "published": None,
    }
    (project / "like.yaml").write_text(yaml.safe_dump(study))
    target = "results/like/runs/baseline.csv"
    outcome = project.run(target, "--configfile", "like.yaml")
    assert outcome.jobs["compare_with_keras"] in (0, 1)
    history = pd.read_csv(project / target)
    mine = history[["loss", "accuracy", "val_loss", "val_accuracy"]].to_numpy()
    theirs, tested = by_fit(name, x, y)
    np.testing.assert_allclose(mine, theirs, rtol=1e-4)
    (tests,) = (project / "results/runs").glob("*/epochs-*/*.tests.csv")
    found = pd.read_csv(tests)[["test_loss", "test_accuracy"]].to_numpy()[0]
    np.testing.assert_allclose(found, tested, rtol=1e-4)


# Of all tasks, which tests/unit/test_tasks.py holds to fit, those that reach a study by files.
THROUGH_FILES = ("root mean square", "several labels", "a tag for each word")


@pytest.mark.thorough
@pytest.mark.parametrize("name", THROUGH_FILES)
def test_a_study_of_another_task_trains_as_fit_does(project: Project, name: str) -> None:
    task = TASKS[name]
    train, test = slice(EXAMPLES), slice(EXAMPLES, None)
    x, y = task.x, task.y
    np.savez(
        project / "few.npz", x_train=x[train], y_train=y[train], x_test=x[test], y_test=y[test]
    )
    for file in ("like_fit.py", "tasks.py"):
        shutil.copy(NETWORKS.parent / file, project / file)
    study = {
        "study": "like",
        "dataset": "few.npz",
        "model": f"tasks.py:{task.build.__name__}",
        "loss": task.loss,
        "metric": task.metric,
        "optimizer": SGD,
        "batch_size": EXAMPLES,
        "epochs": EPOCHS,
        "seeds": 1,
        "baseline": {"kernel_initializer": "like_fit.py:Ramp", "bias_initializer": "zeros"},
        "kernel_initializers": ["he_normal"],
        "bias_initializers": [],
        "published": None,
    }
    (project / "like.yaml").write_text(yaml.safe_dump(study))
    target = "results/like/runs/baseline.csv"
    project.run(target, "--configfile", "like.yaml")
    metric, reference = task.metric, task.reference()
    model = task.build(x.shape[1:], y.shape[-1] if y.ndim > 1 and "tag" not in name else 3)
    model.compile(keras_optimizer(SGD), make_loss(keras_object(task.loss)), metrics=[reference])
    told = model.fit(
        x[train],
        y[train],
        batch_size=EXAMPLES,
        epochs=EPOCHS,
        validation_data=(x[test], y[test]),
        verbose=0,
    ).history
    history = pd.read_csv(project / target)
    for mine, theirs in {"loss": "loss", metric: reference.name}.items():
        for prefix in ("", "val_"):
            np.testing.assert_allclose(
                history[f"{prefix}{mine}"], told[f"{prefix}{theirs}"], rtol=1e-4
            )


def by_fit(name: str, x: Any, y: Any) -> tuple[Any, Any]:
    """The history of fit, and what evaluate tells of the network that it leaves."""
    model = load(f"{NETWORKS}:{name}")((8, 8, 1), 3)
    optimizer = model.optimizer if CASES[name] == "model" else keras_optimizer(CASES[name])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    x = x.astype("float32")
    test = x[48:], y[48:]
    told = model.fit(
        x[:48], y[:48], batch_size=48, epochs=EPOCHS, validation_data=test, verbose=0
    ).history
    names = ("loss", "accuracy", "val_loss", "val_accuracy")
    rows = np.column_stack([told[name] for name in names])
    return rows, model.evaluate(*test, batch_size=24, verbose=0)


def keras_optimizer(entry: Any) -> Any:
    """As a user writes it in Python."""
    entry = json.loads(json.dumps(entry))
    config = entry["config"]
    if isinstance(config.get("learning_rate"), dict):
        schedule = config["learning_rate"]
        kind = getattr(keras.optimizers.schedules, schedule["class_name"])
        config["learning_rate"] = kind(**schedule["config"])
    kinds = {key.lower(): kind for key, kind in vars(keras.optimizers).items()}
    return kinds[entry["class_name"].lower()](**config)
