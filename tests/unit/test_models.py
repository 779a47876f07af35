"""A person's own model is initialized, transposed and trained as the built-in one is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import few_images

from initstudy.data.datasets import Dataset
from initstudy.training.backend import keras
from initstudy.training.checks import main
from initstudy.training.engine import Trainer, data_order
from initstudy.training.initializers import own
from initstudy.training.models import (
    TransposedDense,
    build_model,
    build_optimizer,
    build_own_model,
    kernel_layers,
)

HE = {"class_name": "he_normal", "config": {}}
ZEROS = {"class_name": "zeros", "config": {}}
ADAM = {"class_name": "adam", "config": {}}
HEAD = "import keras\n\n\ndef build(shape, classes):\n"
PERCEPTRON = """
    return keras.Sequential([
        keras.Input(shape), keras.layers.Flatten(),
        keras.layers.Dense(16, "relu"), keras.layers.Dense(16, "relu"),
        keras.layers.Dense(classes, "softmax"),
    ])
"""
CONVOLUTIONS = """
    inputs = keras.Input(shape)
    x = keras.layers.Conv2D(4, 5, strides=3, activation="relu")(inputs)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Conv2D(8, 3, strides=2, activation="relu", use_bias=False)(x)
    x = keras.layers.Dropout(0.1)(keras.layers.Flatten()(x))
    x = keras.layers.Dense(classes, "softmax", kernel_regularizer="l2")(x)
    return keras.Model(inputs, x)
"""


def written(folder: Path, body: str) -> str:
    (folder / "my_model.py").write_text(HEAD + body)
    return f"{folder}/my_model.py:build"


@pytest.fixture(scope="module")
def few(mnist: Dataset) -> Dataset:
    return few_images(mnist, training=6000, testing=1000)


def trainer(dataset: Dataset, make_model: Callable[[int], Any]) -> Trainer:
    return Trainer(
        dataset, make_model, lambda variables: build_optimizer(ADAM, variables), 64, "unit"
    )


def test_the_same_perceptron_trains_to_the_same_numbers(few: Dataset, tmp_path: Path) -> None:
    """Its Dense layers are transposed, its weights drawn as those of the built-in network."""
    build = written(tmp_path, PERCEPTRON)

    def own(replicate: int) -> Any:
        return build_own_model(build, (28, 28, 1), 10, HE, ZEROS, replicate)

    def builtin(replicate: int) -> Any:
        return build_model(784, [16, 16], "relu", 10, HE, ZEROS, replicate)

    assert all(isinstance(layer, TransposedDense) for layer in kernel_layers(own(0)))
    mine, ours = (
        [epoch[:4] for epoch in trainer(few, make).train(3, 2)] for make in (own, builtin)
    )
    assert mine == ours


def test_convolutions_are_initialized_by_their_replicate_and_learn(
    few: Dataset, tmp_path: Path
) -> None:
    build = written(tmp_path, CONVOLUTIONS)
    biases = {"class_name": "constant", "config": {"value": 0.125}}

    def make(replicate: int) -> Any:
        return build_own_model(build, (28, 28, 1), 10, HE, biases, replicate)

    first, again, other = make(0), make(0), make(1)
    layers = kernel_layers(first)
    assert [layer.kernel.shape for layer in layers] == [(5, 5, 1, 4), (3, 3, 4, 8), (72, 10)]
    for layer, same, different in zip(
        layers, kernel_layers(again), kernel_layers(other), strict=True
    ):
        np.testing.assert_array_equal(layer.kernel, same.kernel)
        assert not np.array_equal(layer.kernel, different.kernel)
        fan_in = np.prod(layer.kernel.shape[:-1])
        # He et al. 2015, equation 10.
        assert np.std(layer.kernel) == pytest.approx(np.sqrt(2 / fan_in), rel=0.25)
    np.testing.assert_array_equal(layers[0].bias, np.full(4, 0.125, np.float32))
    # A regularized layer stays Keras' own, and is learned with its penalty.
    assert type(layers[2]) is keras.layers.Dense

    engine = trainer(few, make)
    epochs = [epoch[:4] for epoch in engine.train(0, 3)]
    assert epochs[-1][3] > 0.7
    # Moving averages and dropout start anew with each replicate, too.
    assert [epoch[:4] for epoch in engine.train(0, 3)] == epochs


def test_convolutions_train_as_keras_trains_them(few: Dataset, tmp_path: Path) -> None:
    body = CONVOLUTIONS.replace("Dropout(0.1)", "Activation('linear')").replace(
        ', kernel_regularizer="l2"', ""
    )
    build = written(tmp_path, body)
    start = build_own_model(build, (28, 28, 1), 10, HE, ZEROS, 5)
    epoch = next(
        trainer(few, lambda r: build_own_model(build, (28, 28, 1), 10, HE, ZEROS, r)).train(5, 1)
    )

    theirs = own(build)((28, 28, 1), 10)
    for layer, mine in zip(theirs.layers, start.layers, strict=True):
        transposed = isinstance(mine, TransposedDense)
        layer.set_weights([w.T if transposed and w.ndim == 2 else w for w in mine.get_weights()])
    theirs.compile(
        "adam", "sparse_categorical_crossentropy", metrics=["sparse_categorical_accuracy"]
    )
    order = next(data_order(5, 6000))
    pixels = [
        x.reshape(-1, 28, 28, 1).astype("float32") * np.float32(1 / 255)
        for x in (few.x_train[order], few.x_test)
    ]
    history = theirs.fit(
        pixels[0],
        few.y_train[order],
        batch_size=64,
        epochs=1,
        shuffle=False,
        validation_data=(pixels[1], few.y_test),
        verbose=0,
    ).history
    expected = [values[0] for values in history.values()]
    np.testing.assert_allclose(sorted(epoch[:4]), sorted(expected), rtol=2e-3)


def test_layers_that_differ_are_told_apart_in_own_models(tmp_path: Path) -> None:
    build = written(tmp_path, CONVOLUTIONS)
    by_role = {"class_name": "layers", "config": {"hidden": HE, "output": ZEROS}}
    model = build_own_model(build, (28, 28, 1), 10, by_role, ZEROS, 0)
    assert [bool(np.any(layer.kernel)) for layer in kernel_layers(model)] == [True, True, False]


def asked(build: str, **changes: object) -> dict[str, Any]:
    def entry(class_name: str, **config: object) -> dict[str, object]:
        return {"path": ["x"], "name": class_name, "class_name": class_name, "config": config}

    config = {
        "model": {"build": build},
        "shape": [28, 28, 1],
        "classes": 10,
        "learning_rates": [],
        "optimizer": ADAM,
        "kernel": [entry("he_normal")],
        "bias": [entry("zeros")],
    }
    for role, name in changes.items():
        config[role] = [entry(name, layers=[HE])] if name == "layers" else [entry(str(name))]
    answers: list[dict[str, Any]] = json.loads(main(json.dumps([config])))
    return answers[0]


def test_the_size_of_an_own_model_is_told(tmp_path: Path) -> None:
    answer = asked(written(tmp_path, CONVOLUTIONS))
    assert answer["problems"] == []
    assert answer["weights"] == 100 + 288 + 720
    # 8 x 8 and 3 x 3 places.
    assert answer["operations"] == 64 * 100 + 9 * 288 + 720


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("    return 1 / 0\n", ["ZeroDivisionError in", "my_model.py, line 5", "division"]),
        ("    return keras.layer\n", ["line 5", "no attribute 'layer'"]),
        ("    return (\n", ["SyntaxError in", "my_model.py"]),
        ("    return 3\n", ["it returns 3, which is no Keras model"]),
        (PERCEPTRON.replace('classes, "softmax"', "classes"), ["softmax over 10 classes"]),
        (PERCEPTRON.replace("classes, ", "7, "), ["softmax over 10 classes", "(2, 7)"]),
        (PERCEPTRON.replace("Input(shape)", "Input((5,))"), ["(5,)", "[28, 28, 1]"]),
        (
            "    return keras.Sequential([keras.Input(shape), keras.layers.Flatten()])\n",
            ["no layer of its model has a kernel"],
        ),
        (
            "    class Mine(keras.Model):\n        pass\n\n    return Mine()\n",
            ["neither functional nor a keras.Sequential"],
        ),
    ],
)
def test_what_is_wrong_with_an_own_model_is_said(
    tmp_path: Path, body: str, parts: list[str]
) -> None:
    build = written(tmp_path, body)
    ((path, message),) = asked(build)["problems"]
    assert path == ["model"]
    for part in [build, *parts]:
        assert part in message


def test_initializers_that_cannot_make_an_own_models_kernels_are_told(tmp_path: Path) -> None:
    build = written(tmp_path, CONVOLUTIONS)
    ((_, message),) = asked(build, kernel="ZerO")["problems"]
    assert "'ZerO' cannot make a kernel of shape (5, 5, 1, 4)" in message
    ((_, message),) = asked(build, kernel="layers")["problems"]
    assert "1 entries, the model 3 layers" in message
