"""The weights that a replicate starts from are those that Keras would draw, and all different."""

import numpy as np
import pytest

from initstudy.engine.backend import keras
from initstudy.engine.initializers import ROLES, known_initializers, make_initializer, weight_seed
from initstudy.engine.models import TransposedDense, build_model

HE = {"class_name": "he_normal", "config": {}}
ZEROS = {"class_name": "zeros", "config": {}}
NORMAL = {"class_name": "random_normal", "config": {}}


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("glorot_uniform", {}),
        ("glorot_normal", {}),
        ("he_uniform", {}),
        ("he_normal", {}),
        ("lecun_normal", {}),
        ("random_uniform", {}),
        ("random_normal", {"stddev": 0.3}),
        ("orthogonal", {}),
        ("VarianceScaling", {"scale": 2.0, "mode": "fan_out"}),
        ("ones", {}),
        ("identity", {}),
    ],
)
def test_a_transposed_kernel_holds_what_keras_draws_for_fan_in_units(
    name: str, config: dict
) -> None:
    layer = TransposedDense(
        7, "relu", make_initializer(name, config, seed=3), make_initializer("ones", {}, seed=4)
    )
    layer.build((None, 5))
    expected = make_initializer(name, config, seed=3)((5, 7), dtype="float32")
    assert layer.kernel.shape == (7, 5)
    np.testing.assert_array_equal(layer.kernel.numpy().T, np.asarray(expected))


def test_a_transposed_layer_computes_what_dense_computes() -> None:
    layer = TransposedDense(
        7, "relu", make_initializer("he_normal", {}, 1), make_initializer("random_normal", {}, 2)
    )
    layer.build((None, 5))
    dense = keras.layers.Dense(7, activation="relu")
    dense.build((None, 5))
    dense.set_weights([layer.kernel.numpy().T, layer.bias.numpy()])
    x = np.random.default_rng(0).normal(size=(11, 5)).astype("float32")
    np.testing.assert_array_equal(np.asarray(layer(x)), np.asarray(dense(x)))


def test_every_layer_role_and_replicate_has_a_seed_of_its_own() -> None:
    seeds = [
        weight_seed(replicate, layer, role)
        for replicate in range(200)
        for layer in range(10)
        for role in ROLES
    ]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_layers_of_the_same_shape_have_different_weights() -> None:
    model = build_model(16, [16, 16], "relu", 16, HE, NORMAL, replicate=0)
    kernels = [layer.kernel.numpy() for layer in model.layers]
    biases = [layer.bias.numpy() for layer in model.layers]
    for arrays in (kernels, biases):
        for index, array in enumerate(arrays):
            for other in arrays[index + 1 :]:
                assert not np.array_equal(array, other)


def test_a_replicate_can_be_drawn_again_and_differs_from_the_next() -> None:
    first, again, other = (
        build_model(8, [4], "relu", 3, HE, ZEROS, replicate=r).get_weights() for r in (5, 5, 6)
    )
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first[0], other[0])


def test_variants_share_the_random_numbers_of_a_replicate() -> None:
    """A kernel is the same whatever the bias, and one scale is a multiple of another."""
    one = build_model(8, [4], "relu", 3, HE, ZEROS, replicate=2)
    two = build_model(8, [4], "relu", 3, HE, NORMAL, replicate=2)
    np.testing.assert_array_equal(one.layers[0].kernel.numpy(), two.layers[0].kernel.numpy())
    narrow, wide = (
        build_model(
            8,
            [4],
            "relu",
            3,
            {"class_name": "random_normal", "config": {"stddev": deviation}},
            ZEROS,
            replicate=2,
        )
        .layers[0]
        .kernel.numpy()
        for deviation in (0.1, 0.2)
    )
    np.testing.assert_allclose(wide, 2 * narrow, rtol=1e-6)


def test_all_initializers_of_keras_are_known_by_both_names() -> None:
    known = known_initializers()
    assert known["he_normal"] is known["HeNormal"]
    assert "Initializer" not in known
    assert "get" not in known
