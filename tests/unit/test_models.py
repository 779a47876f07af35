"""A user's own model is drawn and trained as it is, and as the built-in one is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engines import ADAM, HE, ZEROS, dense, kernels, optimizing, own, shadowed, trained
from helpers import few_images
from specs import keras_object, of_classes

from initstudy.engine import models
from initstudy.engine.backend import keras, tf
from initstudy.engine.data import Dataset, data_order, scaled
from initstudy.engine.layers import layers_of
from initstudy.engine.models import Network, dense_model, returned_model, suits_xla
from initstudy.engine.optimizers import make_optimizer
from initstudy.engine.trainer import Trainer
from initstudy.engine.user_code import load
from initstudy.training.checks import main

NETWORKS = Path(__file__).parents[1] / "networks.py"
MOMENTUM = keras_object("SGD", learning_rate=0.01, momentum=0.9)
HEAD = "import keras\n\n\ndef build(shape, classes):\n"
PERCEPTRON = """
    return keras.Sequential([
        keras.Input(shape), keras.layers.Flatten(),
        keras.layers.Dense(16, "relu"), keras.layers.Dense(16, "relu"),
        keras.layers.Dense(classes, "softmax"),
    ])
"""
CONTRACTION = """
    class Contraction(keras.layers.Layer):
        bias = None

        def build(self, shape):
            self.kernel = self.add_weight(shape=(shape[-1], 8), name="kernel")

        def call(self, x):
            return keras.ops.einsum("abc,cd->abd", x, self.kernel)

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
    return few_images(mnist, training=2000, testing=1000)


def trainer(
    dataset: Dataset, networks: Callable[[int], Network], optimizer: dict[str, Any] = ADAM
) -> Trainer:
    return Trainer(scaled(dataset, "unit"), networks, optimizing(optimizer), 64)


def test_the_same_perceptron_trains_to_the_same_numbers(few: Dataset, tmp_path: Path) -> None:
    """Its weights are drawn as those of the built-in network, and its kernels are shadowed."""
    build = written(tmp_path, PERCEPTRON)
    engines = [
        trainer(few, networks)
        for networks in (own(build, (28, 28, 1), 10), dense(784, [16, 16], "relu", 10))
    ]
    assert [len(shadowed(engine)) for engine in engines] == [3, 3]
    mine, ours = (trained(engine, 3, 2) for engine in engines)
    assert mine == ours


def test_convolutions_are_initialized_by_their_replicate_and_learn(
    few: Dataset, tmp_path: Path
) -> None:
    build = written(tmp_path, CONVOLUTIONS)
    networks = own(build, (28, 28, 1), 10, HE, keras_object("constant", value=0.125))
    first, again, other = networks(0), networks(0), networks(1)
    assert [kernel.shape for kernel in kernels(first)] == [(5, 5, 1, 4), (3, 3, 4, 8), (72, 10)]
    for kernel, same, different in zip(*map(kernels, (first, again, other)), strict=True):
        np.testing.assert_array_equal(kernel, same)
        assert not np.array_equal(kernel, different)
        fan_in = np.prod(kernel.shape[:-1])
        # He et al. 2015, equation 10.
        assert np.std(kernel) == pytest.approx(np.sqrt(2 / fan_in), rel=0.25)
    np.testing.assert_array_equal(first.model.layers[1].bias, np.full(4, 0.125, np.float32))

    engine = trainer(few, networks)
    epochs = trained(engine, 0, 9)
    assert epochs[-1][3] > 0.55
    # Moving averages and dropout start anew with each replicate, too.
    assert trained(engine, 0, 9) == epochs


def test_a_perceptron_has_the_names_of_a_new_session_without_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To begin one makes TensorFlow prepare all that is compiled again, for each seed."""
    keras.utils.clear_session()
    layers = keras.layers
    plain = keras.Sequential([keras.Input((3,)), *(layers.Dense(n) for n in (4, 4, 2))])
    monkeypatch.setattr(keras.utils, "clear_session", lambda **_: pytest.fail("a new session"))
    make = dense_model(3, [4, 4], "relu", 2)
    for model in (make(0), make(1)):
        assert [v.path for v in model.variables] == [v.path for v in plain.variables]


def test_what_is_trained_is_what_the_function_returned(
    few: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That very object, made once more for each seed; nothing is cloned or exchanged."""
    made: list[Any] = []

    def build(shape: tuple[int, ...], classes: int) -> Any:
        made.append(load(f"{NETWORKS}:residual")(shape, classes))
        return made[-1]

    monkeypatch.setattr(models, "load", lambda name: build)
    networks = own("a.py:build", (28, 28, 1), 10)
    model = networks(3).model
    assert model is made[0]
    kinds = [type(layer) for layer in layers_of(model)]
    assert kinds.count(keras.layers.BatchNormalization) == 3
    assert kinds.count(keras.layers.Dense) == 1
    assert trainer(few, networks).model in made


@pytest.mark.parametrize(
    ("name", "compiled", "optimizer"),
    [
        ("convolution", "graph", ADAM),
        pytest.param("lenet", "graph", ADAM, marks=pytest.mark.thorough),
        ("residual", "graph", MOMENTUM),
        pytest.param("transformer", "graph", ADAM, marks=pytest.mark.thorough),
        ("normalized", "xla", MOMENTUM),
    ],
)
def test_networks_train_as_keras_trains_them(
    few: Dataset, name: str, compiled: str, optimizer: dict[str, Any]
) -> None:
    """To 1e-5, moving statistics and what dropout drops included.

    Normalization over the batch takes away what a bias before it adds, so the bias' gradient is
    rounding alone, of which Adam makes whole steps: with it `Model.fit` with and without
    `jit_compile` differ from each other by 1e-4 on the residual network. With momentum, too, such
    a bias wanders, and the moving mean with it: this is all that the latter's tolerance is for.
    Adam also makes a whole step of a gradient that is zero up to rounding: on one machine weights
    that were changed by 1e-7 gave losses of the normalized network that differ by 0.6 %; on
    another, with momentum, by 9 % after 6,000 images, and by 1e-7 after 4,000.
    """
    build = f"{NETWORKS}:{name}"
    networks = own(build, (28, 28, 1), 10)
    engine = trainer(few, networks, optimizer)
    assert engine.compiled == compiled
    # Each kernel of a dense layer.
    assert len(shadowed(engine)) == {"lenet": 2, "transformer": 4, "normalized": 7}.get(name, 1)
    epoch = next(engine.train(5, 1))

    theirs = load(build)((28, 28, 1), 10)
    for variable, mine in zip(theirs.variables, networks(5).model.variables, strict=True):
        variable.assign(mine)
    theirs.compile(
        make_optimizer(optimizer),
        "sparse_categorical_crossentropy",
        metrics=["sparse_categorical_accuracy"],
    )
    order = next(data_order(5, 2000))
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
    names = ["loss", "sparse_categorical_accuracy"]
    expected = [history[name][0] for name in [*names, *(f"val_{name}" for name in names)]]
    np.testing.assert_allclose(epoch[:4], expected, rtol=1e-5)
    moved = [v for v in theirs.non_trainable_variables if "moving" in v.path]
    mine = [v for v in engine.model.non_trainable_variables if "moving" in v.path]
    assert len(moved) == (6 if name == "residual" else 0)
    for variable, ours in zip(moved, mine, strict=True):
        np.testing.assert_allclose(ours, variable, rtol=1e-3, atol=5e-4)


def test_normalizing_in_one_operation_is_what_keras_does(tmp_path: Path) -> None:
    """Outputs, gradients, moving statistics of batches of two sizes, and what is made of these."""
    layer = (
        'keras.layers.BatchNormalization(momentum=0.9, beta_initializer="random_normal", '
        'gamma_initializer="random_normal")'
    )
    build = written(tmp_path, f"    return keras.Sequential([keras.Input(shape), {layer}])\n")
    (ours,) = returned_model(build, (5, 5, 8), 10, 0).layers
    theirs = keras.layers.BatchNormalization.from_config(ours.get_config())
    random = np.random.default_rng(0)
    x = tf.constant(random.normal(2, 3, (36, 5, 5, 8)).astype(np.float32))
    to = tf.constant(random.normal(0, 1, x.shape).astype(np.float32))
    theirs.build(x.shape)
    theirs.set_weights(ours.get_weights())
    results = []
    for layer in (theirs, ours):
        with tf.GradientTape() as tape:
            tape.watch(x)
            layer(x[:32], training=True)
            outputs = layer(x[32:], training=True)
            loss = tf.reduce_sum(outputs * to[32:])
        gradients = tape.gradient(loss, [x, *layer.trainable_variables])
        results.append([outputs, *gradients, *layer.variables, layer(x, training=False)])
    for expected, found in zip(*results, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_what_xla_is_slow_at_is_not_given_to_it() -> None:
    def suits(name: str) -> bool:
        return suits_xla(load(f"{NETWORKS}:{name}")((28, 28, 1), 10))

    assert suits_xla(dense_model(784, [16, 16], "relu", 10)(0))
    assert suits("normalized")
    assert [suits(name) for name in ("convolution", "lenet", "residual", "transformer")] == [
        False
    ] * 4
    inner = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
    inputs = keras.Input((8,))
    assert suits_xla(keras.Model(inputs, inner(inputs)))
    # What a layer of a user's own or a function does is not known.
    assert not suits_xla(keras.Model(inputs, keras.ops.sin(inner(inputs))))
    assert not suits_xla(
        keras.Sequential([keras.Input((8,)), type("Own", (keras.layers.Dense,), {})(4)])
    )


def test_layers_that_differ_are_told_apart_in_own_models(tmp_path: Path) -> None:
    build = written(tmp_path, CONVOLUTIONS)
    by_role = {"class_name": "layers", "config": {"hidden": HE, "output": ZEROS}}
    network = own(build, (28, 28, 1), 10, by_role)(0)
    assert [bool(np.any(kernel)) for kernel in kernels(network)] == [True, True, False]


def asked(build: str, **changes: object) -> dict[str, Any]:
    def entry(class_name: str, **config: object) -> dict[str, object]:
        return {"path": ["x"], "name": class_name, "class_name": class_name, "config": config}

    config = {
        "model": {"build": build},
        "shape": [28, 28, 1],
        **of_classes(10),
        "learning_rates": [],
        "vary": ["weights", "order"],
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
    # Kernels, biases, what normalizes by batch.
    assert answer["weights"] == (100 + 288 + 720) + (4 + 10) + 16
    # 8 x 8 and 3 x 3 places.
    assert answer["multiplications"] == 64 * 100 + 9 * 288 + 720
    assert answer["compiled"] == "graph"


@pytest.mark.parametrize(
    ("layers", "multiplications", "outputs"),
    [
        # Product, bias, softmax; what the layer before puts out.
        ("keras.layers.Flatten()", 7840, 30),
        ("keras.layers.Conv2D(4, 5, strides=3, use_bias=False)", 64 * 100, 256),
        ("keras.layers.DepthwiseConv2D(5, strides=3, use_bias=False)", 64 * 25, 64),
        ("keras.layers.Reshape((28, 28)), keras.layers.Dense(8, use_bias=False)", 28**2 * 8, 224),
        ("keras.layers.Reshape((28, 28)), Contraction()", 28**2 * 8, 224),
    ],
)
def test_the_work_of_an_own_model_is_counted(
    tmp_path: Path, layers: str, multiplications: int, outputs: int
) -> None:
    end = "keras.layers.Flatten(), keras.layers.Dense(classes, 'softmax')"
    body = f"    return keras.Sequential([keras.Input(shape), {layers}, {end}])\n"
    answer = asked(written(tmp_path, CONTRACTION + body))
    assert answer["problems"] == []
    last = 0 if "Flatten" in layers else 10 * outputs
    assert answer["multiplications"] == multiplications + last
    assert answer["outputs"] == outputs + (0 if "Flatten" in layers else 30)


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("    return 1 / 0\n", ["ZeroDivisionError in", "my_model.py, line 5", "division"]),
        (
            "    class Odd(keras.layers.Layer):\n        def call(self, x, training=None):\n"
            "            return x if not training else x.nothing\n\n"
            "    return keras.Sequential([keras.Input(shape), keras.layers.Flatten(), Odd(),\n"
            "        keras.layers.Dense(classes, 'softmax')])\n",
            ["my_model.py", "nothing"],
        ),
        ("    return keras.layer\n", ["line 5", "no attribute 'layer'"]),
        ("    return (\n", ["SyntaxError in", "my_model.py"]),
        ("    return 3\n", ["it returns 3, which is not a Keras model"]),
        (PERCEPTRON.replace('classes, "softmax"', "classes"), ["softmax over 10 classes"]),
        (PERCEPTRON.replace("classes, ", "7, "), ["for 10 classes", "(2, 7)", "(2, 10)"]),
        (PERCEPTRON.replace("Input(shape)", "Input((5,))"), ["(5,)", "(28, 28, 1)"]),
        # A batch could be reshaped to four times as many of these.
        (PERCEPTRON.replace("Input(shape)", "Input((14, 14, 1))"), ["(14, 14, 1)", "(28, 28, 1)"]),
        (
            "    softmax = keras.layers.Lambda(lambda x: keras.ops.softmax(x[:, :classes]))\n"
            "    return keras.Sequential([keras.Input(shape), keras.layers.Flatten(), softmax])\n",
            ["no kernel of its model is the study's to draw (it has none)"],
        ),
        (
            "    class Mine(keras.Model):\n        pass\n\n    return Mine()\n",
            ["its class Mine has no method call; write one"],
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


@pytest.mark.parametrize(
    ("draw", "refused"),
    [
        ("keras.random.normal((64,))", True),
        ("keras.random.normal((64,), seed=self.seeds)", False),
        ("keras.random.normal((64,), seed=1)", False),
        ("tf.random.normal((64,))", True),
        ("tf.cond(x[0, 0] > 0, lambda: tf.random.uniform((64,)), lambda: tf.zeros(64))", True),
        ("tf.random.stateless_normal((64,), (1, 2))", False),
    ],
)
def test_a_model_that_could_not_be_trained_twice_alike_is_refused(
    tmp_path: Path, draw: str, refused: bool
) -> None:
    layer = f"""
    class Noise(keras.layers.Layer):
        def __init__(self, **more):
            super().__init__(**more)
            self.seeds = keras.random.SeedGenerator()

        def call(self, x, training=None):
            return x + {draw} if training else x

    return keras.Sequential([
        keras.Input(shape), keras.layers.Flatten(), keras.layers.Dropout(0.1),
        keras.layers.Dense(64), Noise(), keras.layers.Dense(classes, "softmax"),
    ])
"""
    build = written(tmp_path, f"    import tensorflow as tf\n{layer}")
    told = [message for _, message in asked(build)["problems"]]
    assert len(told) == refused
    assert all("keras.random.SeedGenerator()" in message for message in told)


def test_initializers_that_cannot_make_an_own_models_kernels_are_told(tmp_path: Path) -> None:
    build = written(tmp_path, CONVOLUTIONS)
    ((_, message),) = asked(build, kernel="identity")["problems"]
    assert "'identity' cannot make a kernel of shape (5, 5, 1, 4)" in message
    ((_, message),) = asked(build, kernel="layers")["problems"]
    assert "1 entries, the model 3 layers" in message
