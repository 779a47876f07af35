"""The engine computes what Keras computes, and the same every time.

Where it does not matter by what a network is compiled it is not XLA, which takes a second for each.
"""

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from engines import ADAM, dense, optimizing
from helpers import few_images
from specs import keras_object

from initstudy.engine.backend import keras
from initstudy.engine.data import Dataset, data_order, hold_out, scaled
from initstudy.engine.errors import EngineError
from initstudy.engine.models import Network, Networks
from initstudy.engine.optimizers import make_optimizer
from initstudy.engine.trainer import Epoch, Trainer

MOMENTUM = keras_object("SGD", learning_rate=0.01, momentum=0.9)


def model_maker(
    hidden_units: list[int],
    activation: str,
    kernel: str = "glorot_uniform",
    features: int = 784,
    classes: int = 10,
) -> Networks:
    return dense(features, hidden_units, activation, classes, keras_object(kernel))


def keras_epoch(
    mnist: Dataset,
    start: Network,
    hidden_units: list[int],
    activation: str,
    optimizer: dict[str, Any],
    batch_size: int,
    pixels: Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]],
    order: npt.NDArray[np.int32],
) -> list[float]:
    """The first epoch by `Model.fit`, with Keras' own layers."""
    model = keras.Sequential(
        [
            keras.Input((784,)),
            *(keras.layers.Dense(units, activation=activation) for units in hidden_units),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.set_weights(start.model.get_weights())
    model.compile(
        keras.optimizers.get({**optimizer}),
        "sparse_categorical_crossentropy",
        metrics=["sparse_categorical_accuracy"],
    )
    history = model.fit(
        pixels(mnist.x_train)[order],
        mnist.y_train[order],
        batch_size=batch_size,
        epochs=1,
        shuffle=False,
        validation_data=(pixels(mnist.x_test), mnist.y_test),
        verbose=0,
    ).history
    names = ["loss", "sparse_categorical_accuracy"]
    return [history[name][0] for name in [*names, *(f"val_{name}" for name in names)]]


def raw(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    return images.astype("float32")


def unit(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    return images.astype("float32") / np.float32(255)


@pytest.fixture(scope="module")
def some(mnist: Dataset) -> Dataset:
    return few_images(mnist, training=12_000, testing=10_000)


@pytest.mark.parametrize(
    ("hidden_units", "activation", "optimizer", "batch_size", "inputs"),
    [
        pytest.param([16, 16], "relu", ADAM, 128, "raw", id="the notebook's"),
        pytest.param(
            *([16, 16], "tanh", MOMENTUM, 128, "unit"),
            id="tanh, SGD with momentum",
            marks=pytest.mark.thorough,
        ),
        pytest.param([16, 16], "relu", ADAM, 1009, "raw", id="batches that do not divide 12,000"),
        pytest.param([32], "relu", ADAM, 128, "raw", id="one layer", marks=pytest.mark.thorough),
        pytest.param([16, 16], "relu", ADAM, 128, "unit", id="unit", marks=pytest.mark.thorough),
        pytest.param([], "relu", ADAM, 99999, "unit", id="no hidden layer, one batch"),
    ],
)
def test_an_epoch_is_that_of_keras_fit(
    some: Dataset,
    hidden_units: list[int],
    activation: str,
    optimizer: dict[str, Any],
    batch_size: int,
    inputs: str,
) -> None:
    """To 1e-5, as long as rounding stays rounding.

    On raw pixels a few starts (random_normal biases, replicate 3) amplify it: there `Model.fit`
    with and without `jit_compile` differ from each other by 1e-3, and this agrees with the former.
    """
    make_model = model_maker(hidden_units, activation)
    trainer = Trainer(scaled(some, inputs), make_model, optimizing(optimizer), batch_size)
    # Another replicate first: nothing of it may be left in the next.
    assert len(list(trainer.train(seed=1, epochs=1))) == 1
    (epoch,) = trainer.train(seed=3, epochs=1)
    expected = keras_epoch(
        some,
        make_model(3),
        hidden_units,
        activation,
        optimizer,
        batch_size,
        {"raw": raw, "unit": unit}[inputs],
        next(data_order(3, 12_000)),
    )
    np.testing.assert_allclose(epoch[:4], expected, rtol=1e-5)


@pytest.fixture(scope="module")
def few(mnist: Dataset) -> Dataset:
    """Enough images to learn from, few enough to be quick."""
    return few_images(mnist, training=3000, testing=1500)


def metrics(epochs: list[Epoch]) -> list[tuple[float, ...]]:
    return [epoch[:4] for epoch in epochs]


def test_a_replicate_does_not_depend_on_the_others_of_its_job(few: Dataset) -> None:
    def trainer() -> Trainer:
        return Trainer(few, model_maker([16, 16], "relu"), optimizing(ADAM), 128)

    one = trainer()
    together = [metrics(list(one.train(seed, epochs=3))) for seed in range(3)]
    assert together[2] == metrics(list(trainer().train(2, epochs=3)))
    assert together[0] != together[1]


def test_what_is_not_varied_is_that_of_replicate_0(few: Dataset) -> None:
    @functools.cache
    def trainer(*vary: str) -> Trainer:
        make = model_maker([16, 16], "relu"), optimizing(ADAM)
        return Trainer(scaled(few, "unit"), *make, 128, vary=vary, compile="graph")

    def begun(replicate: int, *vary: str) -> tuple[np.ndarray, tuple[object, ...]]:
        """The weights that it starts from, and its first epoch."""
        trainer(*vary).start(replicate)
        return trainer(*vary).state()[0].copy(), trainer(*vary).run_epoch()[:4]

    first, first_epoch = begun(0, "weights", "order")
    both, both_epoch = begun(1, "weights", "order")
    order, order_epoch = begun(1, "order")
    weights, weights_epoch = begun(1, "weights")
    assert (weights == both).all()
    assert (order == first).all()
    # The same weights, the other order: what was met comes out another.
    assert weights_epoch != both_epoch
    assert order_epoch != begun(2, "order")[1]
    assert first_epoch == begun(5)[1]

    by_weights = trainer("weights")
    state = by_weights.state()
    goes_on = by_weights.run_epoch()[:4]
    by_weights.resume(1, 1, state)
    assert by_weights.run_epoch()[:4] == goes_on


def test_features_of_any_size_are_learned_from_alike() -> None:
    """A table whose columns are of very different size, which no single scale fits."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(2000, 4)).astype("float32")
    y = (x[:, 0] + x[:, 1] > 0).astype("int32")
    sizes = np.array([1e-3, 1e3, 1.0, 0.0], "float32")

    def accuracy(inputs: str) -> float:
        parts = {"x": x * sizes + 5, "y": y}
        both = (parts["x"][:1500], y[:1500]), (parts["x"][1500:], y[1500:])
        dataset = Dataset(*both[0], *both[1], *both[1], shape=(4,), outputs=2)
        make = model_maker([8], "relu", features=4, classes=2), optimizing(ADAM)
        *_, last = Trainer(scaled(dataset, inputs), *make, 20, compile="graph").train(0, 10)
        return last.val_metric

    assert accuracy("features") > 0.95 > 0.9 > accuracy("standardized")


def test_both_ways_to_compile_agree(few: Dataset) -> None:
    found = {}
    for way in ("auto", "graph"):
        make = model_maker([16, 16], "relu"), optimizing(ADAM)
        trainer = Trainer(scaled(few, "unit"), *make, 128, compile=way)
        found[trainer.compiled] = metrics(list(trainer.train(0, epochs=2)))
    assert sorted(found) == ["graph", "xla"]
    np.testing.assert_allclose(found["graph"], found["xla"], rtol=1e-5)


def test_it_learns(mnist: Dataset) -> None:
    make = model_maker([16, 16], "relu", "he_normal"), optimizing(ADAM)
    trainer = Trainer(scaled(mnist, "unit"), *make, 128)
    epochs = list(trainer.train(seed=0, epochs=3))
    assert epochs[-1].val_metric > 0.93
    assert epochs[0].loss > epochs[1].loss > epochs[2].loss


def test_a_replicate_that_diverges_ends_and_the_next_one_goes_on(few: Dataset) -> None:
    """A rate at which the weights overflow, but only in the one replicate that has it."""
    rates = iter([0.01, 0.01, 1e30, 0.01])

    def optimizer(model: Any) -> Any:
        return make_optimizer(keras_object("SGD", learning_rate=next(rates)), model)

    trainer = Trainer(scaled(few, "unit"), model_maker([16], "relu"), optimizer, 128)
    results = [list(trainer.train(seed, epochs=4)) for seed in range(3)]
    assert [len(epochs) for epochs in results] == [4, 1, 4]
    assert not results[1][-1].finite
    assert all(epoch.finite for seed in (0, 2) for epoch in results[seed])


def test_with_images_held_out_the_test_images_are_others(few: Dataset) -> None:
    held = hold_out(few, 1000)
    epochs, tests = {}, {}
    for name, dataset in {"held": held, "as test": replace(held, x_val=few.x_test + 0)}.items():
        dataset = replace(dataset, y_val=few.y_test) if name == "as test" else dataset
        make = model_maker([16], "relu"), optimizing(ADAM)
        trainer = Trainer(scaled(dataset, "standardized"), *make, 128, compile="graph")
        *_, epochs[name] = trainer.train(0, epochs=3)
        *tests[name], hits = trainer.test()
        assert hits.mean() == tests[name][1]
    # The same 2,000 images are learned from, so its test is what validation on them would tell.
    assert tests["held"] == pytest.approx(epochs["as test"][2:4], rel=1e-6)
    assert epochs["held"].val_metric != epochs["as test"].val_metric


def test_the_test_images_are_those_of_the_validation_if_none_are_held_out(few: Dataset) -> None:
    """To the last digit, also where the last of the batches is smaller than the others."""
    for dataset in (few, few_images(few, 3000, 900), few_images(few, 3000, 1000)):
        make = model_maker([16], "relu"), optimizing(ADAM)
        way = "auto" if dataset is few else "graph"
        trainer = Trainer(scaled(dataset, "unit"), *make, 128, compile=way)
        (epoch,) = trainer.train(0, 1)
        loss, accuracy, hits = trainer.test()
        assert (accuracy, hits.mean()) == (epoch.val_metric, epoch.val_metric)
        assert loss == pytest.approx(epoch.val_loss, rel=1e-6)
        assert len(hits) == trainer.test_examples == len(dataset.y_test)


def test_a_state_is_taken_up_only_by_what_it_is_of(few: Dataset) -> None:
    one, other = (
        Trainer(few, model_maker([units], "relu"), optimizing(ADAM), 128, compile="graph")
        for units in (16, 17)
    )
    epochs = list(one.train(3, 2))
    one.start(3)
    one.run_epoch()
    state = one.state()
    list(one.train(0, 1))
    one.resume(3, 1, state)
    assert one.run_epoch()[:4] == epochs[1][:4]
    with pytest.raises(ValueError, match="of another network"):
        other.resume(3, 1, state)


def test_the_order_of_the_images_is_a_permutation_of_its_own() -> None:
    first, second = (next_orders(data_order(0, 500)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    for order in first:
        assert sorted(order) == list(range(500))
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(first, next_orders(data_order(1, 500)))


def next_orders(orders: Any) -> npt.NDArray[np.int32]:
    return np.array([next(orders) for _ in range(2)])


def test_inputs_are_scaled_as_they_say(mnist: Dataset) -> None:

    def inputs(x: npt.NDArray[Any], asked: str) -> npt.NDArray[np.float64]:
        made = scaled(replace(mnist, x_train=x), asked)
        found: npt.NDArray[np.float64] = x.astype(np.float64) * made.scale + made.offset
        return found

    pixels = mnist.x_train[:5000]
    np.testing.assert_array_equal(inputs(pixels, "raw"), pixels)
    assert (inputs(pixels, "unit").min(), inputs(pixels, "unit").max()) == (0, 1)
    assert abs(inputs(pixels, "standardized").mean()) < 1e-9
    assert abs(inputs(pixels, "standardized").std() - 1) < 1e-9
    numbers = np.array([[-2.0, 0], [1, 6]], np.float32)
    np.testing.assert_allclose(inputs(numbers, "unit"), [[0, 0.25], [0.375, 1]])
    # Each by itself, whatever its size; what never varies becomes 0, not infinite.
    table = np.array([[1, 5000, 7], [3, -5000, 7], [2, 3000, 7]], np.float32)
    each = inputs(table, "features")
    np.testing.assert_allclose(each[:, :2].mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(each[:, :2].std(axis=0), 1, rtol=1e-5)
    assert (each[:, 2] == 0).all()
    for asked in ("standardized", "features"):
        with pytest.raises(EngineError, match="are the same"):
            inputs(np.ones((3, 2), np.float32), asked)
    with pytest.raises(ValueError, match="raw, unit, standardized or features"):
        inputs(pixels, "other")


def test_a_run_does_not_depend_on_the_network_that_was_compiled_for_it() -> None:
    """Also if its first losses are beyond those that Keras computes of probabilities, 16.1."""
    random = np.random.default_rng(0)
    x, y = random.normal(size=(229, 64)).astype(np.float32), np.arange(229, dtype=np.int32) % 10
    # Two batches of 64 and one example: another kernel than that of all at once.
    test = x[100:], y[100:]
    data = Dataset(x[:100], y[:100], *test, *test, (64,), 10)
    large = dense(64, [16], "tanh", 10, keras_object("random_normal", stddev=10.0))
    found = []
    for first in (large, dense(64, [16], "tanh", 10)):
        trainer = Trainer(data, first, optimizing(ADAM), 64, "graph")
        trainer.turn_to(large)
        trainer.start(0)
        found.append((trainer.test().loss, trainer.run_epoch()[:4]))
    assert found[0][0] > 17
    assert found[0] == found[1]
