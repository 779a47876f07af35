"""Dense kernels are trained transposed, and neither the model nor its numbers show it."""

from typing import Any

import numpy as np
import pytest
from engines import shadowed
from held_to_keras import MOMENTUM, engine
from specs import keras_object

from initstudy.engine.backend import keras
from initstudy.engine.shadows import Shadows

kl = keras.layers


@pytest.fixture
def model() -> Any:
    """Dense layers with all that a layer assigns and adds to the loss."""
    keras.utils.clear_session(free_memory=False)
    return keras.Sequential(
        [
            keras.Input((5,)),
            kl.Dense(4, kernel_regularizer=keras.regularizers.L2(0.5), bias_initializer="ones"),
            kl.BatchNormalization(momentum=0.5),
            kl.Dropout(0.5, seed=3),
            kl.Dense(3, activity_regularizer=keras.regularizers.L1(0.1)),
        ]
    )


def test_a_model_sees_its_kernels_as_they_are_trained(model: Any) -> None:
    """What it puts out, adds to the loss and assigns is what the same model does by itself."""
    shadows = Shadows(model, transposing=True)
    assert [v.shape for v in shadows.trained] == [(4, 5), (4,), (4,), (4,), (3, 4), (3,)]
    assert [v.path for v in shadows.trained] == [v.path for v in model.trainable_variables]
    x = np.random.default_rng(0).normal(size=(6, 5)).astype("float32")
    before = [variable.numpy() for variable in model.variables]
    for variable in shadows.trained:
        if variable.name == "kernel":
            variable.assign(2 * variable)

    # By hand: the model with these values.
    twin = keras.models.clone_model(model)
    for mine, own in zip(twin.variables, model.variables, strict=True):
        mine.assign(2 * own if own.name == "kernel" else own)
    expected = twin(x, training=True)
    expected_losses = [np.asarray(part) for part in twin.losses]

    with shadows.seen() as losses:
        outputs = model(x, training=True)
    np.testing.assert_allclose(outputs, expected, rtol=1e-6)
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-6)
    for variable, value, mine in zip(model.variables, before, twin.variables, strict=True):
        kernel = variable.name == "kernel"
        # Moving statistics and the state of dropout are assigned; kernels are when it is asked.
        np.testing.assert_allclose(variable, value if kernel else mine, rtol=1e-6)
    shadows.write()
    for variable, mine in zip(model.variables, twin.variables, strict=True):
        np.testing.assert_allclose(variable, mine, rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "paths"),
    [
        ("perceptron", ["last/kernel", "dense/kernel"]),
        ("nested", ["last/kernel", "dense/kernel"]),
        ("subclassed", ["dense/kernel"]),
        ("shared", ["shared/kernel", "dense/kernel"]),
        ("distributed", ["dense/kernel", "last/kernel", "dense_1/kernel"]),
        # With a constraint, frozen, computed of several variables, contracted over more axes.
        ("constrained_kernel", ["last/kernel", "dense_1/kernel"]),
        ("frozen_later", ["dense/kernel"]),
        ("adapters", ["last/kernel", "dense/kernel"]),
        ("einsum", ["last/kernel", "dense/kernel"]),
        # It assigns to its kernel when it is called, before it multiplies with it.
        ("spectral", []),
    ],
)
def test_which_kernels_are_trained_transposed(kind: str, paths: list[str]) -> None:
    found = [path.split("/")[-2:] for path in shadowed(engine(kind, MOMENTUM))]
    assert ["/".join(parts) for parts in found] == paths


@pytest.mark.parametrize(
    "kind", ["with_adam", "with_own_optimizer", "with_exclusion", "with_slots"]
)
def test_an_optimizer_of_the_model_which_may_know_its_kernels_sees_them_as_they_are(
    kind: str,
) -> None:
    assert not shadowed(engine(kind, keras_object("model")))
