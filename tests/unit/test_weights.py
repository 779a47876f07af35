"""Every kernel of a network is drawn once, as Keras draws it, and all else stays as it is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engines import HE, Spec
from held_to_keras import CLASSES, FILE, SHAPE
from held_to_keras import networks as of_kind
from specs import keras_object

from initstudy.engine.backend import keras
from initstudy.engine.errors import EngineError
from initstudy.engine.initializers import weight_seed
from initstudy.engine.models import Network, Networks, user_model
from initstudy.engine.weights import FROZEN, NO_ROLE, VALUES, assigned, weights_of

kl, ki = keras.layers, keras.initializers
BIAS = keras_object("random_normal", stddev=0.5)
GLOROT = keras_object("glorot_uniform")


def make_with(inner: Callable[[], Any], *shape: int) -> Callable[[int], Any]:
    """What makes a model of one layer, or of several in a list."""

    def make(replicate: int) -> Any:
        keras.utils.clear_session(free_memory=False)
        keras.utils.set_random_seed(replicate)
        parts = inner()
        return keras.Sequential([keras.Input(shape), *(parts if type(parts) is list else [parts])])

    return make


def attention(kind: Any, *sizes: int) -> Callable[[int], Any]:
    """What makes a model that attends to its own rows."""

    def make(replicate: int) -> Any:
        keras.utils.clear_session(free_memory=False)
        keras.utils.set_random_seed(replicate)
        inputs = keras.Input((5, 6))
        return keras.Model(inputs, kind(*sizes, name="attention")(inputs, inputs))

    return make


class Hard(kl.Layer):  # type: ignore[misc]
    """Has initializers in its code, and nothing that a copy could be made of."""

    def __init__(self, units: int, rate: float) -> None:
        super().__init__()
        self._units, self._rate = units, rate

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight((shape[-1], self._units), "he_uniform", name="kernel")
        self.bias = self.add_weight((self._units,), "zeros", name="bias")

    def call(self, x: Any) -> Any:
        return self._rate * (x @ self.kernel + self.bias)


class TwoKernels(kl.Layer):  # type: ignore[misc]
    """Draws several kernels by one argument."""

    def __init__(self, units: int, kernel_initializer: Any = "ones", **more: Any) -> None:
        super().__init__(**more)
        self.units, self.kernel_initializer = units, ki.get(kernel_initializer)

    def build(self, shape: Any) -> None:
        for name in ("first", "second", "third"):
            made = self.add_weight((self.units, self.units), self.kernel_initializer, name=name)
            setattr(self, name, made)

    def call(self, x: Any) -> Any:
        return x @ self.first @ self.second @ self.third

    def get_config(self) -> Any:
        return {
            **super().get_config(),
            "units": self.units,
            "kernel_initializer": ki.serialize(self.kernel_initializer),
        }


class Own(keras.Model):  # type: ignore[misc]
    """Subclassed, with layers in attributes, lists and dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self.first = kl.Dense(4)
        self.blocks = [kl.Dense(4) for _ in range(2)]
        self.parts = {"last": keras.Sequential([kl.Dense(4), kl.BatchNormalization()])}

    def call(self, x: Any, training: bool | None = None) -> Any:
        for layer in (self.first, *self.blocks):
            x = layer(x)
        return self.parts["last"](x, training=training)


def subclassed(replicate: int) -> Any:
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(replicate)
    model = Own()
    model(keras.ops.zeros((1, 4)))
    return model


def recurrent(kind: Any, **more: Any) -> Callable[[], Any]:
    return lambda: kind(3, **more)


# What makes the model; how many kernels and biases are drawn; the ends of the paths of all others.
RECURRENT = ["recurrent_kernel"]
LAYERS: dict[str, tuple[Callable[[int], Any], int, int, list[str]]] = {
    "dense": (make_with(lambda: [kl.Dense(4), kl.Dense(4), kl.Dense(4)], 4), 3, 3, []),
    "convolution": (make_with(lambda: [kl.Conv2D(3, 2), kl.Conv2D(3, 2)], 5, 5, 3), 2, 2, []),
    "grouped": (make_with(lambda: kl.Conv2D(4, 2, groups=2), 5, 5, 4), 1, 1, []),
    "depthwise": (make_with(lambda: kl.DepthwiseConv2D(2, depth_multiplier=2), 5, 5, 3), 1, 1, []),
    "transposed": (make_with(lambda: kl.Conv2DTranspose(4, 2), 5, 5, 3), 1, 1, []),
    "separable": (make_with(lambda: kl.SeparableConv2D(4, 2), 5, 5, 3), 2, 1, []),
    "LSTM": (make_with(recurrent(kl.LSTM), 5, 4), 1, 1, RECURRENT),
    "GRU": (make_with(recurrent(kl.GRU), 5, 4), 1, 1, RECURRENT),
    "SimpleRNN": (make_with(recurrent(kl.SimpleRNN), 5, 4), 1, 1, RECURRENT),
    "ConvLSTM2D": (make_with(lambda: kl.ConvLSTM2D(2, 2), 3, 5, 5, 1), 1, 1, RECURRENT),
    "bidirectional": (
        make_with(lambda: kl.Bidirectional(kl.LSTM(3)), 5, 4),
        *(2, 2, 2 * RECURRENT),
    ),
    "stacked cells": (
        make_with(lambda: kl.RNN([kl.GRUCell(4), kl.GRUCell(4)]), 5, 4),
        *(2, 2, 2 * RECURRENT),
    ),
    "distributed": (make_with(lambda: kl.TimeDistributed(kl.Dense(4)), 5, 4), 1, 1, []),
    "multi-head attention": (attention(kl.MultiHeadAttention, 2, 3), 4, 4, []),
    "group query attention": (attention(kl.GroupQueryAttention, 3, 4, 2), 4, 4, []),
    "einsum": (make_with(lambda: kl.EinsumDense("abc,cde->abde", (5, 2, 4)), 5, 4), 1, 0, []),
    "nested": (
        make_with(lambda: [kl.Dense(4), keras.Sequential([kl.Dense(4), kl.Dense(4)])], 4),
        *(3, 3, []),
    ),
    "subclassed": (subclassed, 4, 4, ["gamma", "beta", "moving_mean", "moving_variance"]),
    "hard-coded": (make_with(lambda: [Hard(4, 2.0), Hard(4, 2.0)], 4), 2, 2, []),
    "several of one argument": (make_with(lambda: TwoKernels(4), 4), 3, 0, []),
    "embedding": (
        make_with(lambda: [kl.Embedding(9, 3), kl.Flatten(), kl.Dense(2)], 4),
        *(1, 1, ["embeddings"]),
    ),
}


def values(network: Network, role: str) -> dict[str, Any]:
    """By its path, each weight that a study draws."""
    return {
        weight.path: network.model.variables[weight.index].numpy()
        for weight in network.weights
        if weight.index in network.rules and weight.role == role
    }


@pytest.mark.parametrize("name", LAYERS)
def test_every_kernel_is_drawn_once_and_all_else_stays(name: str) -> None:
    make, kernels, biases, kept = LAYERS[name]
    networks = Networks(make, {"kernel": HE, "bias": BIAS})
    first, again, other = networks(0), networks(0), networks(1)
    for role, count in (("kernel", kernels), ("bias", biases)):
        drawn, same, different = (values(network, role) for network in (first, again, other))
        assert len(drawn) == count
        for path, value in drawn.items():
            assert np.ptp(value) > 0
            np.testing.assert_array_equal(value, same[path])
            assert not np.array_equal(value, different[path])
        arrays = list(drawn.values())
        for number, one in enumerate(arrays):
            for two in arrays[number + 1 :]:
                assert one.shape != two.shape or not np.array_equal(one, two)
    left = [weight for weight in first.weights if weight.index not in first.rules]
    assert [weight.path.rpartition("/")[2] for weight in left] == kept
    plain = make(0)
    for weight in left:
        mine = first.model.variables[weight.index], plain.variables[weight.index]
        np.testing.assert_array_equal(*mine)
        assert weight.kept
    # Each weight is told once, with its own place.
    assert len({weight.index for weight in first.weights}) == len(first.weights)
    assert len({weight.key for weight in first.weights}) == len(first.weights)


# A layer with initializers, the shape of its inputs, and its arguments that are a study's.
BY_HAND: dict[str, tuple[Callable[..., Any], tuple[int, ...], tuple[str, ...]]] = {
    "dense": (lambda **k: kl.Dense(7, **k), (5,), ("kernel",)),
    "one dimension": (lambda **k: kl.Conv1D(4, 3, **k), (8, 3), ("kernel",)),
    "two dimensions": (lambda **k: kl.Conv2D(4, 3, **k), (8, 8, 3), ("kernel",)),
    "grouped": (lambda **k: kl.Conv2D(4, 3, groups=2, **k), (8, 8, 4), ("kernel",)),
    "transposed": (lambda **k: kl.Conv2DTranspose(4, 3, **k), (5, 5, 2), ("kernel",)),
    "depthwise": (lambda **k: kl.DepthwiseConv2D(3, **k), (8, 8, 3), ("depthwise",)),
    "separable": (
        lambda **k: kl.SeparableConv2D(4, 3, **k),
        *((8, 8, 3), ("depthwise", "pointwise")),
    ),
    "LSTM": (lambda **k: kl.LSTM(4, **k), (5, 3), ("kernel",)),
    "GRU": (lambda **k: kl.GRU(4, **k), (5, 3), ("kernel",)),
    "ConvLSTM2D": (lambda **k: kl.ConvLSTM2D(2, 2, **k), (3, 5, 5, 1), ("kernel",)),
    "einsum": (
        lambda **k: kl.EinsumDense("abc,cde->abde", (5, 4, 8), **k),
        *((5, 8), ("kernel",)),
    ),
}
MADE = {
    "he_normal": lambda seed: ki.HeNormal(seed=seed),
    "glorot_uniform": lambda seed: ki.GlorotUniform(seed=seed),
}


@pytest.mark.parametrize("layer", BY_HAND)
@pytest.mark.parametrize("initializer", MADE)
def test_a_kernel_is_what_keras_draws_from_its_seed(layer: str, initializer: str) -> None:
    """The layer with Keras' own initializers of these seeds, by hand."""
    factory, shape, arguments = BY_HAND[layer]
    networks = Networks(
        make_with(factory, *shape), {"kernel": keras_object(initializer), "bias": BIAS}
    )
    drawn = values(networks(3), "kernel")
    keys = [(0, 0), (0, 0, 1)][: len(arguments)]
    by_hand = factory(
        **{
            f"{argument}_initializer": MADE[initializer](weight_seed(3, *key))
            for argument, key in zip(arguments, keys, strict=True)
        }
    )
    by_hand.build((None, *shape))
    expected = [
        v for v in by_hand.weights if v.path.endswith("kernel") and "recurrent" not in v.path
    ]
    assert len(drawn) == len(expected) == len(arguments)
    for mine, theirs in zip(drawn.values(), expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_the_projections_of_attention_have_the_inputs_that_they_sum_over() -> None:
    """Keras' own He, by the axes of each projection, from a seed of each."""
    network = Networks(attention(kl.MultiHeadAttention, 2, 3), {"kernel": HE, "bias": BIAS})(3)
    drawn = values(network, "kernel")
    for number, (path, value) in enumerate(drawn.items()):
        axes = ([0, 1], [2]) if "output" in path else ([0], [1, 2])
        theirs = ki.VarianceScaling(
            2.0,
            "fan_in",
            "truncated_normal",
            seed=weight_seed(3, number, 0),
            input_axes=axes[0],
            output_axes=axes[1],
        )(value.shape)
        np.testing.assert_array_equal(value, theirs)


@pytest.mark.parametrize(
    ("make", "kernel", "norm"),
    [
        # (8, 4, 8) of 8 inputs: a deviation of 1/2 for 256 numbers.
        (
            make_with(lambda: kl.EinsumDense("abc,cde->abde", (5, 4, 8)), 5, 8),
            *(HE, 8.0),
        ),
        # As a matrix of 3 x 3 x 16 inputs and two units: of each the norm is the root of 2.
        (
            make_with(lambda: kl.Conv2DTranspose(2, 3), 5, 5, 16),
            *(keras_object("gain_corrected"), 2.0),
        ),
        (
            make_with(lambda: kl.EinsumDense("abc,cde->abde", (5, 4, 8)), 5, 8),
            *(keras_object("gain_corrected"), 8.0),
        ),
        (
            make_with(lambda: kl.DepthwiseConv2D(5, depth_multiplier=4), 9, 9, 8),
            *(keras_object("gain_corrected"), 8.0),
        ),
    ],
)
def test_kernels_are_as_large_as_their_inputs_are_many(
    make: Any, kernel: Spec, norm: float
) -> None:
    networks = map(Networks(make, {"kernel": kernel, "bias": BIAS}), range(3))
    drawn = [np.linalg.norm(next(iter(values(one, "kernel").values()))) for one in networks]
    assert np.mean(drawn) == pytest.approx(norm, rel=0.1)


def test_a_users_own_class_has_the_inputs_that_keras_tells_it(tmp_path: Path) -> None:
    """As he_normal, where a layer looks at the class of its initializer."""
    (tmp_path / "mine.py").write_text(
        "import keras\nclass Mine(keras.initializers.HeNormal): pass\n"
    )
    mine = keras_object(f"{tmp_path}/mine.py:Mine")
    for name in ("einsum", "multi-head attention", "dense", "LSTM"):
        one, two = (
            values(Networks(LAYERS[name][0], {"kernel": kernel, "bias": BIAS})(0), "kernel")
            for kernel in (HE, mine)
        )
        for path, value in one.items():
            np.testing.assert_array_equal(value, two[path])


def test_a_forget_gate_stays_one() -> None:
    make = make_with(recurrent(kl.LSTM), 5, 4)
    for bias in (keras_object("zeros"), keras_object("constant", value=0.25), BIAS):
        (drawn,) = values(Networks(make, {"kernel": HE, "bias": bias})(0), "bias").values()
        np.testing.assert_array_equal(drawn[3:6], np.ones(3))
        assert not (drawn[6:] == 1).any()
    free = make_with(recurrent(kl.LSTM, unit_forget_bias=False), 5, 4)
    (drawn,) = values(Networks(free, {"kernel": HE, "bias": BIAS})(0), "bias").values()
    assert not (drawn == 1).any()


def test_a_layer_in_another_one_draws_as_it_does_alone() -> None:
    """Within a wrapper and nested models, by the place that it has in the whole network."""
    inside = make_with(
        lambda: [kl.Dense(4), kl.TimeDistributed(keras.Sequential([kl.Dense(3)]))], 2, 4
    )
    flat = make_with(lambda: [kl.Dense(4), kl.Dense(3)], 2, 4)
    specs = {"kernel": GLOROT, "bias": BIAS}
    one, two = (Networks(make, specs)(5) for make in (inside, flat))
    for role in ("kernel", "bias"):
        for mine, theirs in zip(
            values(one, role).values(), values(two, role).values(), strict=True
        ):
            np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        ("frozen_dense", {"fixed/kernel": FROZEN, "fixed/bias": FROZEN}),
        ("frozen_random_backbone", {"conv2d/kernel": FROZEN, "conv2d/bias": FROZEN}),
        ("frozen_model", dict.fromkeys(["last/kernel", "last/bias"], FROZEN)),
        ("pretrained", {"last/kernel": VALUES}),
        ("pretrained_bias", {"last/bias": VALUES}),
        ("pretrained_backbone", dict.fromkeys(["dense/kernel", "dense/bias"], FROZEN)),
        ("pretrained_embedding", {"vectors/embeddings": VALUES}),
        ("custom_matrix", {"bilinear/matrix": NO_ROLE}),
        # Its seeds are its code's: those are of no weights that were trained before.
        ("seeded_by_code", {}),
        ("perceptron", {}),
    ],
)
def test_what_is_frozen_or_set_by_the_code_keeps_its_values(
    kind: str, kept: dict[str, str]
) -> None:
    network = of_kind(kind, bias=BIAS)(4)
    left = {w.path: w for w in network.weights if w.index not in network.rules}
    found = {"/".join(path.split("/")[-2:]): weight.kept for path, weight in left.items()}
    assert kept.items() <= found.items()
    if kind != "frozen_model":
        assert found == kept
    plain = user_model(f"{FILE}:{kind}", SHAPE, CLASSES)(4).variables
    for weight in left.values():
        np.testing.assert_array_equal(network.model.variables[weight.index], plain[weight.index])


def test_a_part_of_what_one_argument_draws_may_be_set_by_the_code() -> None:
    """Each of the others has a seed of its own all the same."""

    def make(replicate: int) -> Any:
        model = make_with(lambda: TwoKernels(4), 4)(replicate)
        model.layers[0].first.assign(np.eye(4))
        return model

    drawn = values(Networks(make, {"kernel": HE, "bias": BIAS})(0), "kernel")
    assert [path.rpartition("/")[2] for path in drawn] == ["second", "third"]
    assert not np.array_equal(*drawn.values())


def by_paths(paths: list[Any], others: Any = None) -> Spec:
    return keras_object("layers", paths=paths, others=others)


ZEROS, ONES, TWOS = (keras_object("constant", value=value) for value in (0.0, 1.0, 2.0))


def drawn_by(make: Callable[[int], Any], kernel: Spec) -> dict[str, float]:
    """The number that each weight is filled with."""
    network = Networks(make, {"kernel": kernel, "bias": ZEROS})(0)
    return {
        weight.path.partition("/")[2]: float(network.model.variables[weight.index].numpy().mean())
        for weight in network.weights
        if weight.index in network.rules and weight.role != "bias"
    }


def test_weights_may_be_named_by_patterns_of_their_paths() -> None:
    """The first that matches wins; the rest has that of the others."""
    make = LAYERS["dense"][0]
    first = by_paths([["*/dense/*", ONES], ["*dense*", TWOS]])
    assert drawn_by(make, first) == {"dense/kernel": 1, "dense_1/kernel": 2, "dense_2/kernel": 2}
    others = by_paths([["sequential/dense_[12]/kernel", TWOS]], ONES)
    assert drawn_by(make, others) == {"dense/kernel": 1, "dense_1/kernel": 2, "dense_2/kernel": 2}


def test_a_pattern_may_name_what_a_study_leaves_to_the_code() -> None:
    make = LAYERS["LSTM"][0]
    named = by_paths([["*recurrent_kernel", TWOS]], ONES)
    assert drawn_by(make, named) == {
        "lstm/lstm_cell/kernel": 1,
        "lstm/lstm_cell/recurrent_kernel": 2,
    }
    # Others are those that a study draws anyway.
    assert drawn_by(LAYERS["embedding"][0], by_paths([["*dense*", TWOS]], ONES)) == {
        "dense/kernel": 2
    }
    assert drawn_by(LAYERS["embedding"][0], by_paths([["*embeddings", TWOS]], ONES)) == {
        "embedding/embeddings": 2,
        "dense/kernel": 1,
    }
    # It has a seed of its own, and the kernels beside it keep theirs.
    normal = by_paths([["*recurrent_kernel", HE]], HE)
    networks = [Networks(make, {"kernel": kernel, "bias": ZEROS})(0) for kernel in (HE, normal)]
    kernels = [list(values(network, "kernel").values()) for network in networks]
    np.testing.assert_array_equal(kernels[0][0], kernels[1][0])


@pytest.mark.parametrize(
    ("kernel", "parts"),
    [
        (
            by_paths([["*dens", ONES]], ONES),
            ["the pattern '*dens' is of no kernel", "sequential/dense/kernel, sequential/dense_1"],
        ),
        (by_paths([["*dense*", ONES], ["*dense_1*", TWOS]]), ["'*dense_1*'", "one before it"]),
        (
            by_paths([["*dense_1*", ONES]]),
            [
                "no pattern is of sequential/dense/kernel, sequential/dense_2/kernel",
                "the key others",
            ],
        ),
        (by_paths([["*bias", ONES]], ONES), ["'*bias' is of no kernel"]),
        (keras_object("layers", layers=[ONES, TWOS]), ["2 entries, the model 3 layers"]),
    ],
)
def test_patterns_that_do_not_fit_are_refused_by_name(kernel: Spec, parts: list[str]) -> None:
    with pytest.raises(EngineError) as caught:
        drawn_by(LAYERS["dense"][0], kernel)
    for part in parts:
        assert part in str(caught.value)


def test_layers_are_told_apart_from_the_input_on() -> None:
    make = LAYERS["nested"][0]
    listed = keras_object("layers", layers=[ZEROS, ONES, TWOS])
    assert list(drawn_by(make, listed).values()) == [0, 1, 2]
    roles = keras_object("layers", hidden=ONES, output=TWOS)
    assert list(drawn_by(make, roles).values()) == [1, 1, 2]


def test_what_is_drawn_does_not_depend_on_what_is_beside_it() -> None:
    """A bias initializer changes no kernel, nor one of a kernel's any other."""
    make = LAYERS["several of one argument"][0]
    weights = weights_of(make(0), make(1))
    assert [weight.path.rpartition("/")[2] for weight, _ in assigned(weights, "kernel", HE)] == [
        *("first", "second", "third")
    ]
    both = values(Networks(make, {"kernel": HE, "bias": BIAS})(0), "kernel")
    named = by_paths([["*second", ONES]], HE)
    one = values(Networks(make, {"kernel": named, "bias": BIAS})(0), "kernel")
    for path, value in both.items():
        assert np.array_equal(value, one[path]) == (not path.endswith("second"))


def test_a_function_that_returns_another_network_each_time_is_refused(tmp_path: Path) -> None:
    (tmp_path / "varied.py").write_text(
        "import random\nimport keras\nfrom keras import layers\n\n\n"
        "def build(shape, classes):\n"
        "    hidden = [layers.Dense(4) for _ in range(random.randrange(1, 30))]\n"
        "    return keras.Sequential([keras.Input(shape), layers.Flatten(), *hidden,\n"
        "        layers.Dense(classes, activation='softmax')])\n"
    )
    made = user_model(f"{tmp_path / 'varied.py'}:build", (4, 4, 1), 3)
    with pytest.raises(EngineError, match="another network each time: one of "):
        weights_of(made(0), made(2))


class Lying(kl.Layer):
    """Its configuration is that of a smaller layer."""

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight((shape[-1], self.units), "zeros", name="kernel")

    def __init__(self, units: int = 8, **more: Any) -> None:
        super().__init__(**more)
        self.units = units

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": 8}

    def call(self, x: Any) -> Any:
        return x @ self.kernel


def test_what_a_layer_with_another_configuration_draws_is_not_taken_for_pretrained() -> None:
    make = make_with(lambda: Lying(24), 6)
    (weight,) = weights_of(make(0), make(1))
    assert not weight.kept
