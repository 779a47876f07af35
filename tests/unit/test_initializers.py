"""The weights that a replicate starts from are those that Keras would draw, and all different."""

from typing import Any

import numpy as np
import pytest
from engines import HE, ZEROS, Spec, dense
from specs import keras_object

from initstudy.engine.initializers import known_initializers, make_initializer, weight_seed

NORMAL = keras_object("random_normal")


def drawn(
    features: int, hidden: list[int], classes: int, kernel: Spec, bias: Spec, replicate: int
) -> list[Any]:
    """Kernel and bias of each layer."""
    found: list[Any] = dense(features, hidden, "relu", classes, kernel, bias)(
        replicate
    ).model.get_weights()
    return found


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
def test_a_kernel_holds_what_keras_draws_for_fan_in_units(
    name: str, config: dict[str, Any]
) -> None:
    found = drawn(5, [7], 3, keras_object(name, **config), NORMAL, 4)
    for layer, shape in enumerate(((5, 7), (7, 3))):
        expected = make_initializer(name, config, weight_seed(4, layer, 0))(shape, dtype="float32")
        np.testing.assert_array_equal(found[2 * layer], expected)
        expected = make_initializer("random_normal", {}, weight_seed(4, layer, 1))(shape[1:])
        np.testing.assert_array_equal(found[2 * layer + 1], expected)


def test_every_layer_role_and_replicate_has_a_seed_of_its_own() -> None:
    # Kernel, bias, a second kernel; the first and second weight that a study names.
    keys = [(0,), (1,), (0, 1), (2, 0), (2, 1)]
    seeds = [
        weight_seed(replicate, layer, *key)
        for replicate in range(200)
        for layer in range(10)
        for key in keys
    ]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_layers_of_the_same_shape_have_different_weights() -> None:
    weights = drawn(16, [16, 16], 16, HE, NORMAL, 0)
    for arrays in (weights[::2], weights[1::2]):
        for index, array in enumerate(arrays):
            for other in arrays[index + 1 :]:
                assert not np.array_equal(array, other)


def test_a_replicate_can_be_drawn_again_and_differs_from_the_next() -> None:
    first, again, other = (drawn(8, [4], 3, HE, ZEROS, replicate) for replicate in (5, 5, 6))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first[0], other[0])


def test_variants_share_the_random_numbers_of_a_replicate() -> None:
    """A kernel is the same whatever the bias, and one scale is a multiple of another."""
    one, *_ = drawn(8, [4], 3, HE, ZEROS, 2)
    two, *_ = drawn(8, [4], 3, HE, NORMAL, 2)
    np.testing.assert_array_equal(one, two)
    narrow, wide = (
        drawn(8, [4], 3, keras_object("random_normal", stddev=deviation), ZEROS, 2)[0]
        for deviation in (0.1, 0.2)
    )
    np.testing.assert_allclose(wide, 2 * narrow, rtol=1e-6)


def test_all_initializers_of_keras_are_known_by_both_names() -> None:
    known = known_initializers()
    assert known["he_normal"] is known["HeNormal"]
    assert "Initializer" not in known
    assert "get" not in known
