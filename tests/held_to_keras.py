"""The kinds of networks of kinds.py: what is said of them, how the engine and Keras train them."""

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import kinds
import numpy as np
from engines import Spec, optimizing, own
from specs import keras_object, of_classes

from initstudy.engine.backend import keras, tf
from initstudy.engine.data import Dataset, data_order
from initstudy.engine.initializers import other_seed
from initstudy.engine.layers import layers_of
from initstudy.engine.models import Networks, own_settings
from initstudy.engine.trainer import Trainer
from initstudy.training.checks import examine

FILE = Path(kinds.__file__)
SHAPE, CLASSES, IMAGES, BATCH = (8, 8, 1), 3, 24, 10
LOSS, METRICS = "sparse_categorical_crossentropy", ["loss", "sparse_categorical_accuracy"]
MOMENTUM = keras_object("SGD", learning_rate=0.05, momentum=0.9)
NAMES = [
    name
    for name, value in vars(kinds).items()
    if inspect.isfunction(value) and [*inspect.signature(value).parameters] == ["shape", "classes"]
]


def entry(class_name: str, **config: object) -> Spec:
    """An initializer as a configuration is asked about."""
    return {"path": [class_name], "name": class_name, **keras_object(class_name, **config)}


def asked(kind: str | None, **changes: object) -> tuple[list[str], list[str]]:
    """What is wrong with a kind of network, and what is to be known of it."""
    model: Spec = {"hidden_units": [4], "activation": "relu"}
    config = {
        "model": model if kind is None else {"build": f"{FILE}:{kind}"},
        "shape": SHAPE,
        **of_classes(CLASSES),
        "learning_rates": [],
        "vary": ["weights", "order"],
        "optimizer": MOMENTUM,
        "kernel": [entry("he_normal")],
        "bias": [entry("zeros")],
    }
    problems, size = examine({**config, **changes})
    return [problem.message for problem in problems], size.notes


@cache
def data() -> Dataset:
    """Images with rows of zeros, for masks to find."""
    random = np.random.default_rng(0)
    x = (3 * random.random((IMAGES, 64))).astype(np.float32)
    x[:12, 24:32] = x[12:, 16:24] = x[3, 8:] = 0
    y = random.integers(0, CLASSES, IMAGES).astype(np.int32)
    return Dataset(x, y, x, y, x, y, SHAPE, CLASSES)


def networks(kind: str, **drawn: Spec) -> Networks:
    """Of each seed."""
    return own(f"{FILE}:{kind}", SHAPE, CLASSES, **drawn)


def engine(kind: str, optimizer: Spec, batch: int = BATCH) -> Trainer:
    """What trains a kind of network."""
    return Trainer(data(), networks(kind), optimizing(optimizer), batch, compile="graph")


def has_eager_gradients(model: Any) -> bool:
    """Of grouped convolutions TensorFlow has none on some processors, unless they are compiled."""
    return all(getattr(layer, "groups", 1) == 1 for layer in layers_of(model))


@contextmanager
def eagerly(wanted: bool = True) -> Iterator[None]:
    """Compile nothing: that it changes nothing is tested elsewhere, and takes most of the time."""
    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(wanted)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(before)


def by_engine(trainer: Trainer, epochs: int = 1) -> tuple[list[Any], list[tuple[float, ...]]]:
    """The weights of seed 0, and what the engine makes of it, epoch by epoch."""
    trainer.start(0)
    with eagerly(has_eager_gradients(trainer.model)):
        start = [variable.numpy() for variable in trainer.model.variables]
        return start, [trainer.run_epoch()[:4] for _ in range(epochs)]


def keras_model(kind: str, start: Sequence[Any], optimizer: Any = None) -> Any:
    """The same kind of network as Keras has it, with these weights, compiled.

    Without an optimizer it keeps that of its own `compile()`.
    """
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(other_seed(0))
    with own_settings():
        model = getattr(kinds, kind)(SHAPE, CLASSES)
        model(tf.zeros((IMAGES, *SHAPE)))
    for variable, value in zip(model.variables, start, strict=True):
        variable.assign(value)
    eager = has_eager_gradients(model)
    model.compile(optimizer or model.optimizer, LOSS, metrics=METRICS[1:], run_eagerly=eager)
    return model


def by_keras(model: Any, epochs: int = 1, batch: int = BATCH) -> list[tuple[float, ...]]:
    """What Keras' own steps make of it in the order of the engine.

    What is summed in another order differs.
    """
    x, y, orders = data().x_train.reshape(-1, *SHAPE), data().y_train, data_order(0, IMAGES)

    def means(logs: Any) -> Any:
        return np.array([float(logs[name]) for name in METRICS])

    found = []
    for _ in range(epochs):
        order, total = next(orders), np.zeros(2)
        for begin in range(0, IMAGES, batch):
            rows = order[begin : begin + batch]
            logs = model.train_on_batch(x[rows], y[rows], return_dict=True)
            total += len(rows) / IMAGES * means(logs)
            model.reset_metrics()
        tested = means(model.test_on_batch(x, y, return_dict=True))
        found.append((*total.tolist(), *tested.tolist()))
    return found
