"""What is measured of a network is what NumPy computes by hand, and nothing of it is changed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from engines import ADAM, HE, ZEROS, optimizing
from engines import dense as dense_network
from specs import keras_object

from initstudy.engine.backend import keras
from initstudy.engine.data import Dataset, scaled
from initstudy.engine.models import Network, Networks
from initstudy.engine.trainer import Trainer
from initstudy.results.contracts import MEASURES
from initstudy.training.diagnosing import EXAMPLES, measuring

RATE = 0.01
SGD = keras_object("SGD", learning_rate=RATE)
FEATURES, CLASSES = 12, 4

Arrays = list[npt.NDArray[np.float64]]


@pytest.fixture(scope="module")
def few() -> Dataset:
    """More images than are looked at, of labels that can be learned."""
    generator = np.random.default_rng(0)
    x = generator.integers(0, 256, (1500, FEATURES)).astype(np.uint8)
    y = (x[:, :CLASSES].argmax(axis=1)).astype(np.int32)
    return Dataset(x, y, x[:200], y[:200], x[:200], y[:200], (FEATURES,), CLASSES)


def dense(hidden_units: list[int], activation: str = "relu") -> Networks:
    drawn = keras_object("glorot_uniform"), keras_object("random_normal")
    return dense_network(FEATURES, hidden_units, activation, CLASSES, *drawn)


def changed(networks: Networks, change: Callable[[list[Any]], None]) -> Callable[[int], Network]:
    """Networks whose layers start with other weights."""

    def made(replicate: int) -> Network:
        network = networks(replicate)
        change(network.model.layers)
        return network

    return made


def make(
    few: Dataset, networks: Callable[[int], Network], optimizer: dict[str, Any] = SGD
) -> Trainer:
    trainer = Trainer(scaled(few, "unit"), networks, optimizing(optimizer), 128)
    trainer.start(0)
    return trainer


def measured(trainer: Trainer) -> list[dict[str, Any]]:
    columns = ["name", "units", *MEASURES]
    return [dict(zip(columns, row, strict=True)) for row in measuring(trainer)()]


def fixed_batch(few: Dataset) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]:
    chosen = [int(place) for place in np.linspace(0, len(few.y_train) - 1, EXAMPLES)]
    return few.x_train[chosen] / 255, few.y_train[chosen]


def by_hand(few: Dataset, kernels: Arrays, biases: Arrays) -> tuple[Arrays, Arrays, Arrays]:
    """Activations, gradients by what enters them and gradients of the kernels of a ReLU network.

    Kernels are (units, fan_in); the last activations are what enters the softmax.
    """
    x, y = fixed_batch(few)
    inputs, sums = [x], []
    for kernel, bias in zip(kernels, biases, strict=True):
        sums.append(inputs[-1] @ kernel.T + bias)
        inputs.append(np.maximum(sums[-1], 0))
    powers = np.exp(sums[-1] - sums[-1].max(axis=1, keepdims=True))
    delta = powers / powers.sum(axis=1, keepdims=True)
    delta[np.arange(len(y)), y] -= 1
    deltas = [delta / len(y)]
    for kernel, total in zip(kernels[:0:-1], sums[-2::-1], strict=True):
        deltas.insert(0, deltas[0] @ kernel * (total > 0))
    return (
        [*inputs[1:-1], sums[-1]],
        deltas,
        [delta.T @ entering for delta, entering in zip(deltas, inputs[:-1], strict=True)],
    )


def weights(trainer: Trainer) -> tuple[Arrays, Arrays]:
    layers = trainer.model.layers
    kernels = [layer.kernel.numpy().T.astype(np.float64) for layer in layers]
    return kernels, [layer.bias.numpy().astype(np.float64) for layer in layers]


@pytest.mark.parametrize("hidden_units", [[7], [6, 5, 4], []])
def test_measures_are_those_computed_by_hand(few: Dataset, hidden_units: list[int]) -> None:
    trainer = make(few, dense(hidden_units))
    kernels, biases = weights(trainer)
    activations, deltas, gradients = by_hand(few, kernels, biases)
    rows = measured(trainer)
    assert [row["units"] for row in rows] == [*hidden_units, CLASSES]
    assert {row["name"] for row in rows} == {"Dense"}
    for index, row in enumerate(rows):
        expected = {
            "activation_mean": activations[index].mean(),
            "activation_sd": activations[index].std(),
            "gradient_sd": deltas[index].std(),
            "weight_norm": np.linalg.norm(kernels[index]),
            "update_norm": RATE * np.linalg.norm(gradients[index]),
        }
        assert {name: row[name] for name in expected} == pytest.approx(expected, rel=1e-4)
        assert row["gradient_mean"] == pytest.approx(deltas[index].mean(), abs=1e-9)
        dead = (activations[index] == activations[index][0]).all(axis=0).mean()
        assert row["dead_units"] == pytest.approx(dead)


def test_adams_first_step_moves_every_weight_by_its_rate(few: Dataset) -> None:
    """Whatever the gradient (Kingma and Ba, 2015, section 2.1), if there is one."""
    trainer = make(few, dense([6], "tanh"), ADAM)
    for row, layer in zip(measured(trainer), trainer.model.layers, strict=True):
        expected = 0.001 * np.sqrt(np.prod(layer.kernel.shape))
        assert row["update_norm"] == pytest.approx(expected, rel=1e-2)


def test_dead_and_repeated_units_are_found(few: Dataset) -> None:
    """Of eight: two never positive, one that is always the same, three alike."""

    def change(layers: list[Any]) -> None:
        kernel, bias = layers[0].kernel.numpy().T, np.zeros(8, np.float32)
        kernel[:2], bias[:2] = -np.abs(kernel[:2]), -1
        kernel[2], bias[2] = 0, 5
        kernel[3:6] = np.abs(kernel[3])
        kernel[6:] = np.abs(kernel[6:])
        layers[0].set_weights([kernel.T, bias])

    first, last = measured(make(few, changed(dense([8]), change)))
    assert first["dead_units"] == 3 / 8
    assert first["repeated_units"] == 2 / 8
    assert (last["dead_units"], last["repeated_units"]) == (0, 0)


def test_a_saturated_tanh_is_dead(few: Dataset) -> None:
    trainer = make(
        few,
        changed(dense([4], "tanh"), lambda layers: layers[0].bias.assign([100, -100, 0, 0])),
    )
    assert measured(trainer)[0]["dead_units"] == 2 / 4
    assert measured(trainer)[0]["repeated_units"] == 0


def test_measuring_changes_nothing(few: Dataset) -> None:
    """Not even the training that follows, to its last bit."""
    plain = list(make(few, dense([5]), ADAM).train(0, 3))
    trainer = make(few, dense([5]), ADAM)
    activation = trainer.model.layers[0].activation
    epochs = []
    for epoch in trainer.train(0, 3):
        before = trainer.state()
        first, second = measured(trainer), measured(trainer)
        assert first == second
        for one, other in zip(before, trainer.state(), strict=True):
            np.testing.assert_array_equal(one, other)
        epochs.append(epoch)
    assert [epoch[:4] for epoch in epochs] == [epoch[:4] for epoch in plain]
    assert trainer.model.layers[0].activation is activation


def test_models_of_keras_own_layers_can_be_measured(few: Dataset) -> None:
    """Convolutions, a branch, a model in a model, normalization, dropout: in order."""

    def model(replicate: int) -> Any:
        keras.utils.clear_session(free_memory=False)
        inputs = keras.Input((FEATURES,))
        x = keras.layers.Reshape((FEATURES, 1))(inputs)
        x = keras.layers.Conv1D(3, 4, activation="relu", name="eyes")(x)
        x = keras.layers.Flatten()(x)
        inner = keras.Sequential([keras.Input((27,)), keras.layers.Dense(6, activation="tanh")])
        x = keras.layers.Dropout(0.5, seed=1)(inner(x))
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.Concatenate()([x, keras.layers.Dense(2)(inputs)])
        return keras.Model(inputs, keras.layers.Dense(CLASSES, activation="softmax")(x))

    trainer = make(few, Networks(model, {"kernel": HE, "bias": ZEROS}))
    before = trainer.state()
    rows = measured(trainer)
    assert [(row["name"], row["units"]) for row in rows] == [
        ("eyes", 3),
        ("sequential/Dense", 6),
        ("Dense", 2),
        ("Dense", CLASSES),
    ]
    for one, other in zip(before, trainer.state(), strict=True):
        np.testing.assert_array_equal(one, other)
    convolution = trainer.model.layers[2]
    outputs = convolution(fixed_batch(few)[0][:, :, None].astype("float32")).numpy()
    assert rows[0]["activation_sd"] == pytest.approx(outputs.std(), rel=1e-4)
    assert all(row["gradient_sd"] > 0 and row["update_norm"] > 0 for row in rows)


def test_what_is_not_finite_is_nan(few: Dataset) -> None:
    large = np.full((FEATURES, 5), 3e38, np.float32)
    trainer = make(few, changed(dense([5]), lambda layers: layers[0].kernel.assign(large)))
    first, last = measured(trainer)
    assert np.isnan([first[name] for name in MEASURES[:6]]).all()
    assert np.isnan(last["activation_sd"])
    assert np.isfinite(first["weight_norm"])
    assert not any(np.isinf([row[name] for name in MEASURES]).any() for row in (first, last))
