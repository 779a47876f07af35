"""Every kind of task, trained by the engine and by Keras' own `fit` from the same weights."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from specs import keras_object, run_spec
from tasks import EXAMPLES, TASKS, Task

from initstudy.data.datasets import Reading, dataset_info, read
from initstudy.engine.backend import tf
from initstudy.engine.data import data_order, dataset_of
from initstudy.engine.losses import looks_at_batch, make_loss, usual_objective
from initstudy.engine.trainer import make_trainer
from initstudy.training.checks import main
from initstudy.training.comparison import compare

SOURCE = Path(__file__).parents[1] / "tasks.py"
RAMP = keras_object(f"{SOURCE.parent / 'like_fit.py'}:Ramp")
SGD = keras_object("SGD", learning_rate=0.05, momentum=0.9)
# Two batches of 20 and a smaller one; the test in one batch, and the rest of it.
SIZE, EPOCHS, SEED = 20, 3, 4


def asked(task: Task) -> dict[str, Any]:
    given = task.loss
    return given if isinstance(given, dict) else keras_object(given)


# What is compared with Keras each time, as a study does before it runs; all with `--thorough`.
COMPARED = ("root mean square", "a loss of the batch")


# Each loss, metric and form of targets once; the others with `--thorough`.
LONG = ("words", "a transformer", "a number for each step", "smoothed", "focal labels", "hinge")
LONG += ("binary softmax", "a function of one number", "squares of classes", "logits", "cosine")


@pytest.fixture(params=[pytest.param(n, marks=[pytest.mark.thorough] * (n in LONG)) for n in TASKS])
def case(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: Any) -> Any:
    """A task, its spec and its arrays as a job reads them from a user's file."""
    monkeypatch.chdir(tmp_path)
    task = TASKS[request.param]
    parts = {"train": slice(EXAMPLES), "test": slice(EXAMPLES, None)}
    arrays = {
        f"{axis}_{part}": getattr(task, axis)[at] for part, at in parts.items() for axis in "xy"
    }
    np.savez("few.npz", **arrays)
    info = dataset_info("few.npz", Reading(task.metric))
    spec = run_spec(
        Path("few.npz"),
        model={"build": f"{SOURCE}:{task.build.__name__}", "source": ""},
        inputs="raw",
        optimizer=SGD,
        batch_size=SIZE,
        kernel_initializer=RAMP,
        compile="graph",
        loss=asked(task),
        metric=task.metric,
    )
    return task, info, spec, read("few.npz", "few.npz", spec.dataset.sha256, task.metric)


def by_fit(task: Task, count: int) -> tuple[Any, list[float]]:
    """What fit reports of each epoch, in a run's order of the examples, and of a test."""
    model = task.build(task.x.shape[1:], count)
    own = task.loss == "model"
    loss = model.loss if own else make_loss(asked(task))
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9)
    metric = task.reference()
    model.compile(optimizer, loss, metrics=[metric])
    names = ("loss", metric.name, "val_loss", f"val_{metric.name}")
    targets = task.given(task.y)
    x, y = task.x[:EXAMPLES], targets[:EXAMPLES]
    test = task.x[EXAMPLES:], targets[EXAMPLES:]
    rows = []
    orders = data_order(SEED, EXAMPLES)
    for _ in range(EPOCHS):
        order = next(orders)
        history = model.fit(
            x[order],
            y[order],
            batch_size=SIZE,
            shuffle=False,
            validation_data=test,
            validation_batch_size=SIZE,
            verbose=0,
        ).history
        rows.append([history[name][0] for name in names])
    return np.array(rows), model.evaluate(*test, batch_size=SIZE, verbose=0)


def test_a_run_is_that_of_fit(case: Any) -> None:
    task, info, spec, arrays = case
    trainer = make_trainer(spec, dataset_of(spec, arrays))
    mine = np.array([epoch[:4] for epoch in trainer.train(SEED, EPOCHS)])
    theirs, tested = by_fit(task, info.target.count)
    np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)
    found = trainer.test()
    np.testing.assert_allclose([found.loss, found.metric], tested, rtol=1e-4, atol=1e-6)
    if found.by_example.dtype == bool:
        assert found.by_example.mean() == pytest.approx(found.metric)
    else:
        assert found.by_example.shape == (2, len(task.y) - EXAMPLES)
        metric = trainer.objective.finished(found.by_example[1].mean(dtype=np.float64))
        assert metric == pytest.approx(found.metric, rel=1e-5)


@pytest.mark.parametrize(
    "case",
    [pytest.param(name, marks=[] if name in COMPARED else pytest.mark.thorough) for name in TASKS],
    indirect=True,
)
def test_it_is_accepted_and_compared_with_keras(case: Any) -> None:
    _, info, spec, arrays = case
    target = info.target
    initializer = {"path": ["baseline", "x"], "name": "a", **keras_object("he_normal")}
    question = {
        "model": spec.model,
        "shape": list(info.shape),
        "target": {
            "kind": target.kind,
            "count": target.count,
            "shape": list(target.shape),
            "shares": target.shares,
        },
        "loss": spec.loss,
        "metric": spec.metric,
        "optimizer": spec.optimizer,
        "learning_rates": [],
        "vary": ["weights", "order"],
        "kernel": [initializer],
        "bias": [{**initializer, **keras_object("zeros")}],
    }
    (answer,) = json.loads(main(json.dumps([question])))
    assert answer["problems"] == []
    assert compare(spec, arrays).problems == []


@pytest.mark.parametrize("size", [1, 1000])
def test_how_a_network_is_evaluated_does_not_depend_on_what_was_drawn(size: float) -> None:
    """Losses beyond 16.1, where Keras cuts off those of probabilities, are each example's own."""
    x = np.random.default_rng(0).normal(size=(8, 5)).astype(np.float32)
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3, "softmax")])
    model.layers[0].kernel.assign(size * model.layers[0].kernel)
    outputs, targets = model(x), tf.constant(np.arange(8) % 3)
    losses = usual_objective()(targets, outputs).losses.numpy()
    assert (losses.max() > 17) == (size > 1)
    assert not looks_at_batch(usual_objective(), targets, outputs)
