"""Each optimizer, schedule and setting does what Keras' own steps do, or is refused by name."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from engines import Spec, optimizing
from held_to_keras import (
    BATCH,
    IMAGES,
    MOMENTUM,
    SHAPE,
    asked,
    by_engine,
    by_keras,
    data,
    eagerly,
    engine,
    keras_model,
    networks,
)
from specs import keras_object

from initstudy.engine.backend import keras
from initstudy.engine.data import data_order
from initstudy.engine.optimizers import known_optimizers, known_schedules, make_optimizer
from initstudy.engine.spec import rate_of, with_rate
from initstudy.engine.trainer import Trainer
from initstudy.training.optimizer_checks import optimizer_problems

ko = keras.optimizers
KIND, OF_MODEL = "perceptron", keras_object("model")
DECAY = keras_object("ExponentialDecay", initial_learning_rate=0.1, decay_steps=1, decay_rate=0.5)
AVERAGED = keras_object("SGD", learning_rate=0.2, use_ema=True, ema_momentum=0.7)


@pytest.fixture(autouse=True)
def _eagerly() -> Iterator[None]:
    with eagerly():
        yield


def schedule(rate: float) -> Any:
    return ko.schedules.ExponentialDecay(rate, 1, 0.5)


def agree(kind: str, spec: Spec, optimizer: Any) -> None:
    """Three updates of the engine with a spec, and of Keras with an optimizer made by hand."""
    start, ours = by_engine(engine(kind, spec))
    theirs = by_keras(keras_model(kind, start, optimizer))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


NAMES = sorted({kind.__name__ for kind in known_optimizers().values()} - {"MultiOptimizer"})


@pytest.mark.parametrize("name", [name for name in NAMES if name != "LossScaleOptimizer"])
def test_each_optimizer_of_keras_trains_by_its_name(name: str) -> None:
    for written in (name, name.lower()):
        assert list(optimizer_problems(keras_object(written), [0.1], None)) == []
    agree(KIND, keras_object(name.lower()), getattr(ko, name)())


def test_there_are_optimizers_that_keras_does_not_know_by_a_name() -> None:
    assert {"Lamb", "Muon", "SGD", "Adam", "ScheduleFreeAdamW"} < {*NAMES}


SETTINGS: dict[str, tuple[str, Spec]] = {
    "accumulated": ("SGD", {"learning_rate": 0.1, "gradient_accumulation_steps": 2}),
    "clipped": ("SGD", {"learning_rate": 0.5, "clipnorm": 0.05}),
    "clipped together": ("SGD", {"learning_rate": 0.5, "global_clipnorm": 0.05}),
    "clipped by value": ("Adam", {"clipvalue": 0.01}),
    "decaying": ("AdamW", {"weight_decay": 0.5}),
    "scaled": ("Adam", {"loss_scale_factor": 1024.0}),
    "averaged": ("SGD", {"learning_rate": 0.2, "use_ema": True, "ema_momentum": 0.7}),
    "overwritten by averages": (
        "Adam",
        {"use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 2},
    ),
    "by path": ("Muon", {"exclude_layers": ["last"], "learning_rate": 0.01}),
}


@pytest.mark.parametrize(("name", "config"), SETTINGS.values(), ids=SETTINGS.keys())
def test_each_setting_of_an_optimizer_is_that_of_keras(name: str, config: Spec) -> None:
    spec = keras_object(name, **config)
    assert list(optimizer_problems(spec, [0.1], None)) == []
    agree(KIND, spec, getattr(ko, name)(**config))


def test_a_loss_is_scaled_around_another_optimizer() -> None:
    inner = keras_object("SGD", learning_rate=0.1, use_ema=True, ema_momentum=0.5)
    spec = keras_object("LossScaleOptimizer", inner_optimizer=inner, initial_scale=256.0)
    assert list(optimizer_problems(spec, [0.1], None)) == []
    made = ko.LossScaleOptimizer(ko.SGD(**inner["config"]), initial_scale=256.0)
    agree(KIND, spec, made)


def test_a_model_of_half_precision_has_its_loss_scaled() -> None:
    """As `compile()` does it; what the gradients come to is held elsewhere."""
    trainer = engine("policy_of_all", MOMENTUM)
    start, _ = by_engine(trainer)
    theirs = keras_model("policy_of_all", start, ko.SGD(**MOMENTUM["config"])).optimizer
    assert type(trainer.optimizer) is type(theirs) is ko.LossScaleOptimizer
    assert type(engine("half_precision", MOMENTUM).optimizer) is ko.SGD


@pytest.mark.parametrize(
    ("rate", "first"),
    [
        (DECAY, 0.1),
        ({"module": "keras.optimizers.schedules", **DECAY}, 0.1),
        ({**DECAY, "factor": 0.25}, 0.025),
    ],
)
def test_a_learning_rate_may_follow_a_schedule(rate: Spec, first: float) -> None:
    spec = keras_object("SGD", learning_rate=rate)
    assert list(optimizer_problems(spec, [0.1], None)) == [] or "factor" in rate
    agree(KIND, spec, ko.SGD(schedule(first)))


@pytest.mark.parametrize("name", sorted(known_schedules()))
def test_each_schedule_of_keras_is_known_by_its_name(name: str) -> None:
    steps = {"initial_learning_rate": 0.1, "decay_steps": 10}
    config = {
        "PiecewiseConstantDecay": {"boundaries": [2], "values": [0.1, 0.01]},
        "ExponentialDecay": {**steps, "decay_rate": 0.5},
        "InverseTimeDecay": {**steps, "decay_rate": 0.5},
        "CosineDecayRestarts": {"initial_learning_rate": 0.1, "first_decay_steps": 10},
    }.get(name, steps)
    spec = keras_object("SGD", learning_rate=keras_object(name, **config))
    assert list(optimizer_problems(spec, [0.1], None)) == []
    made = make_optimizer(spec)
    expected = getattr(ko.schedules, name)(**config)(0)
    assert float(made.learning_rate) == pytest.approx(float(expected))


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        (keras_object("adam"), {"learning_rate": 0.5}),
        (keras_object("adam", learning_rate=0.1), {"learning_rate": 0.5}),
        (
            keras_object("adam", learning_rate=DECAY),
            {"learning_rate": {**DECAY, "factor": 0.5}},
        ),
        (
            keras_object("LossScaleOptimizer", inner_optimizer={"class_name": "adam"}),
            {"inner_optimizer": keras_object("adam", learning_rate=0.5)},
        ),
        (OF_MODEL, {"learning_rate": 0.5}),
    ],
)
def test_learning_rates_of_a_study_take_the_place_of_a_rate_and_scale_a_schedule(
    optimizer: Spec, expected: Spec
) -> None:
    """No schedule is replaced in silence."""
    found = with_rate(optimizer, 0.5)
    assert found == {**optimizer, "config": expected}
    assert rate_of(found) == 0.5
    assert "factor" not in str(optimizer)


@pytest.mark.parametrize(
    ("kind", "config", "make"),
    [
        ("with_adam", {}, None),
        ("with_adam", {"learning_rate": 0.05}, lambda: ko.Adam(0.05)),
        ("with_schedule", {}, None),
        ("with_schedule", {"learning_rate": 0.25}, lambda: ko.SGD(schedule(0.025))),
        ("with_own_optimizer", {}, None),
        ("with_exclusion", {}, None),
        ("with_slots", {}, None),
    ],
)
def test_the_optimizer_of_a_model_trains_it(kind: str, config: Spec, make: Any) -> None:
    """What it knows of single weights, of updates that it has made, and a user's own, too."""
    assert asked(kind, optimizer=OF_MODEL, learning_rates=[0.1])[0] == []
    agree(kind, {**OF_MODEL, "config": config}, make and make())


def test_a_replicate_of_a_models_optimizer_does_not_depend_on_the_others() -> None:
    for kind in ("with_adam", "with_slots", "drawn_constant_with_adam"):
        trainer = engine(kind, OF_MODEL)
        _, first = by_engine(trainer)
        trainer.start(1)
        trainer.run_epoch()
        assert by_engine(trainer)[1] == first


@pytest.mark.parametrize(
    ("kind", "optimizer", "rates", "parts"),
    [
        (None, keras_object("MultiOptimizer"), [], ["MultiOptimizer", "Take one optimizer"]),
        (None, keras_object("adamm"), [], ["'adamm'", "did you mean 'adam'"]),
        (None, keras_object("SGD", momentum=2), [], ["Keras refuses 'SGD'", "momentum"]),
        (
            None,
            keras_object("adam", learning_rate=keras_object("Exponential")),
            [],
            ["'Exponential' is not a schedule", "ExponentialDecay"],
        ),
        (None, keras_object("adam", learning_rate=keras_object("CosineDecay")), [], ["decay"]),
        (
            None,
            keras_object("LossScaleOptimizer", inner_optimizer=keras_object("adamm")),
            [],
            ["'adamm' is not an optimizer"],
        ),
        ("perceptron", OF_MODEL, [], ["the model is not compiled", "Compile it in your function"]),
        ("compiled", keras_object("model", clipnorm=1.0), [], ["remove its config"]),
        ("with_adam", OF_MODEL, ["fast"], ["its learning rate cannot be set"]),
    ],
)
def test_an_optimizer_that_cannot_be_is_refused(
    kind: str | None, optimizer: Spec, rates: list[Any], parts: list[str]
) -> None:
    (message,) = asked(kind, optimizer=optimizer, learning_rates=rates)[0]
    for part in parts:
        assert part in message


def test_epochs_are_of_raw_weights_and_the_test_is_of_averaged_ones() -> None:
    """As `fit` leaves them when it ends; and the run goes on from the raw ones."""
    trainer = engine(KIND, AVERAGED)
    start, epochs = by_engine(trainer, 3)
    model = keras_model(KIND, start, ko.SGD(**AVERAGED["config"]))
    np.testing.assert_allclose(epochs, by_keras(model, 3), rtol=1e-5)
    before = trainer.state()
    found = trainer.test()
    for value, again in zip(before, trainer.state(), strict=True):
        np.testing.assert_array_equal(value, again)

    model.optimizer.finalize_variable_values(model.trainable_variables)
    x, y = data().x_train.reshape(-1, *SHAPE), data().y_train
    logs = model.test_on_batch(x, y, return_dict=True)
    np.testing.assert_allclose(found[0], logs["loss"], rtol=1e-5)
    assert found[1] == pytest.approx(float(logs["sparse_categorical_accuracy"]))
    assert found[0] != pytest.approx(epochs[-1][2], rel=1e-3)


@pytest.mark.filterwarnings("ignore:.*experimental_run_functions_eagerly")
def test_fit_itself_ends_with_averaged_weights() -> None:
    trainer = engine(KIND, AVERAGED)
    start, _ = by_engine(trainer)
    model = keras_model(KIND, start, ko.SGD(**AVERAGED["config"]))
    order = next(data_order(0, IMAGES))
    x, y = data().x_train.reshape(-1, *SHAPE), data().y_train
    model.fit(x[order], y[order], batch_size=BATCH, epochs=1, shuffle=False, verbose=0)
    logs = model.test_on_batch(x, y, return_dict=True)
    np.testing.assert_allclose(trainer.test()[0], logs["loss"], rtol=1e-5)


@pytest.mark.parametrize(
    "optimizer",
    [
        AVERAGED,
        keras_object("ScheduleFreeAdamW"),
        keras_object("SGD", learning_rate=0.1, gradient_accumulation_steps=2),
        keras_object("LossScaleOptimizer", inner_optimizer=AVERAGED),
    ],
    ids=lambda spec: spec["class_name"],
)
def test_a_run_that_is_taken_up_again_goes_on_to_the_same_bytes(optimizer: Spec) -> None:
    trainer = engine(KIND, optimizer)
    by_engine(trainer, 2)
    trainer.test()
    state = trainer.state()
    epochs = [trainer.run_epoch()[:4] for _ in range(2)]
    end, test = trainer.state(), trainer.test()

    other = Trainer(data(), networks(KIND), optimizing(optimizer), BATCH, compile="graph")
    other.resume(0, 2, state)
    assert [other.run_epoch()[:4] for _ in range(2)] == epochs
    for one, same in zip(end, other.state(), strict=True):
        np.testing.assert_array_equal(one, same)
    assert other.test()[:2] == test[:2]
