"""Each initializer of the literature has the property that its paper claims, on real networks."""

import textwrap
from pathlib import Path

import numpy as np
import pytest
from engines import HE, ZEROS, Spec, dense, kernels, own
from specs import keras_object

from initstudy.engine.backend import keras, tf
from initstudy.engine.data import Dataset
from initstudy.engine.errors import EngineError
from initstudy.engine.initializers import make_initializer, weight_seed
from initstudy.engine.literature import PLACES
from initstudy.engine.literature.gain_corrected import second_moment
from initstudy.engine.literature.metainit import gradient_quotient
from initstudy.engine.literature.network import residual_branches, steps_of
from initstudy.engine.models import Network, adapt


def kernel(name: str, shape: tuple[int, ...], seed: int = 0, **config: object) -> np.ndarray:
    return np.asarray(make_initializer(name, config, seed)(shape))


def network(kernel: Spec, activation: str, hidden: list[int], replicate: int = 0) -> Network:
    return dense(784, hidden, activation, 10, kernel)(replicate)


def pre_activations(network: Network, inputs: np.ndarray) -> list[np.ndarray]:
    found = []
    for layer in network.model.layers:
        activation, layer.activation = layer.activation, keras.activations.linear
        found.append(np.asarray(layer(inputs)))
        layer.activation = activation
        inputs = layer(inputs)
    return found


@pytest.fixture(scope="module")
def images(mnist: Dataset) -> np.ndarray:
    """Standardized, as all of the papers have their inputs."""
    pixels = mnist.x_train[:1000].astype("float32")
    return (pixels - pixels.mean()) / pixels.std()


def test_zero_is_made_of_zeros_and_ones_up_to_a_scale() -> None:
    np.testing.assert_array_equal(kernel("ZerO", (5, 5)), np.eye(5))
    np.testing.assert_array_equal(kernel("ZerO", (7, 3)), np.eye(7, 3))
    wide = kernel("ZerO", (16, 100))
    # Algorithm 1: m = ceil(log2 100) = 7 and c = 2^-3; columns of Hadamard matrices are orthogonal.
    assert set(np.abs(wide).ravel()) == {0.125}
    full = kernel("ZerO", (64, 128)).T
    np.testing.assert_allclose(full.T @ full, 128 / 2**6 * np.eye(64), atol=1e-5)


def test_zero_lets_hidden_kernels_learn_more_directions_than_there_are_inputs() -> None:
    """The paper's section 2: from the partial identity the rank of what is learned is bounded."""

    def learned_rank(first: np.ndarray) -> int:
        generator = np.random.default_rng(0)
        x = generator.normal(size=(256, 4)).astype("float32")
        y = tf.constant(generator.normal(size=(256, 32)), tf.float32)
        kernels = [tf.Variable(first), tf.Variable(tf.eye(32)), tf.Variable(tf.eye(32))]
        for _ in range(60):
            with tf.GradientTape() as tape:
                h = tf.nn.relu(x @ kernels[0])
                h = tf.nn.relu(h @ kernels[1])
                loss = tf.reduce_mean((h @ kernels[2] - y) ** 2)
            for variable, gradient in zip(kernels, tape.gradient(loss, kernels), strict=True):
                variable.assign_sub(0.5 * gradient)
        change = kernels[1].numpy() - np.eye(32)
        return int(np.linalg.matrix_rank(change, tol=1e-4 * np.linalg.norm(change, 2)))

    identity = np.eye(4, 32, dtype="float32")
    assert learned_rank(identity) <= 4
    assert learned_rank(kernel("ZerO", (4, 32))) > 4


@pytest.mark.parametrize(("fan_in", "expected"), [(784, 15), (16, 15), (5, 5)])
def test_sparse_gives_each_unit_the_same_few_connections(fan_in: int, expected: int) -> None:
    values = kernel("sparse", (fan_in, 40))
    assert ((values != 0).sum(axis=0) == expected).all()
    # Not the same ones.
    assert len({tuple(np.flatnonzero(column)) for column in values.T}) > 1 or expected == fan_in
    assert (
        abs(kernel("sparse", (784, 4000), stddev=0.5)[:, :].std() - 0.5 * (15 / 784) ** 0.5) < 2e-3
    )


def test_sparse_inputs_do_not_grow_with_their_number() -> None:
    sizes = []
    for fan_in in (100, 10_000):
        x = np.random.default_rng(0).normal(size=(200, fan_in))
        sizes.append((x @ kernel("sparse", (fan_in, 300))).std())
    assert sizes[0] == pytest.approx(sizes[1], rel=0.1)
    assert sizes[0] == pytest.approx(15**0.5, rel=0.1)


@pytest.mark.parametrize(
    ("activation", "moment"),
    [("relu", 0.5), ("linear", 1.0), ("tanh", 0.394294), ("sigmoid", 0.293379), ("selu", 1.0)],
)
def test_second_moments(activation: str, moment: float) -> None:
    z = np.random.default_rng(0).normal(size=2_000_000).astype("float32")
    function = keras.activations.get(activation)
    assert second_moment(function) == pytest.approx(moment, rel=2e-3)
    assert np.mean(np.asarray(function(z), dtype=float) ** 2) == pytest.approx(moment, rel=4e-3)


@pytest.mark.parametrize(
    "activation",
    ["relu", *(pytest.param(name, marks=pytest.mark.thorough) for name in ("tanh", "elu"))],
)
def test_gain_correction_keeps_the_signal_through_thirty_layers(
    images: np.ndarray, activation: str
) -> None:
    def spread(kernel: Spec) -> float:
        found = [
            pre_activations(network(kernel, activation, [256] * 30, r), images) for r in range(3)
        ]
        return float(np.median([last[-2].std() / last[1].std() for last in found]))

    corrected = keras_object("gain_corrected", activation=activation)
    assert 0.5 < spread(corrected) < 2
    # Of all, LeCun's fits none of these activations.
    assert spread(keras_object("lecun_normal")) < 0.3


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("scale", [1.0, 255.0])
def test_lsuv_gives_every_layer_the_variance_one(
    images: np.ndarray, activation: str, scale: float
) -> None:
    model = network(keras_object("lsuv"), activation, [128] * 10)
    before = [kernel.numpy() for kernel in kernels(model)]
    adapt(model, scale * images)
    for outputs in pre_activations(model, scale * images):
        assert 0.9 < outputs.var() < 1.1
    for old, kernel in zip(before, kernels(model), strict=True):
        # Still orthogonal: only the size of the kernels has changed.
        ratios = kernel.numpy() / old
        np.testing.assert_allclose(ratios, ratios[0, 0], rtol=1e-3)
        gram = old.T @ old
        np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-4)


def test_only_what_is_adaptive_looks_at_data(images: np.ndarray) -> None:
    listed = keras_object("layers", layers=[HE, keras_object("lsuv")])
    model = network(listed, "relu", [16])
    before = [kernel.numpy() for kernel in kernels(model)]
    adapt(model, images)
    first, second = (kernel.numpy() for kernel in kernels(model))
    np.testing.assert_array_equal(first, before[0])
    assert not np.array_equal(second, before[1])


def test_lsuv_says_when_a_layer_is_dead() -> None:
    model = network(keras_object("lsuv"), "relu", [16])
    with pytest.raises(EngineError, match=r"the layer \w+: .* variance 0"):
        adapt(model, np.zeros((10, 784), "float32"))


def own_network(
    tmp_path: Path, code: str, kernel: Spec, shape: tuple[int, ...] = (28, 28, 1)
) -> Network:
    """A user's own model, of functions of keras and layers."""
    file = tmp_path / "model.py"
    header = "import keras\nfrom keras import layers\n\n\ndef build(shape, classes):\n"
    file.write_text(header + textwrap.indent(textwrap.dedent(code), "    "))
    return own(f"{file}:build", shape, 10, kernel)(0)


# Blocks of two convolutions, without normalization, as Fixup is made for.
RESIDUAL = """
    x = inputs = keras.Input(shape)
    x = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(x)
    for _ in range({blocks}):
        y = layers.Conv2D(16, 3, padding="same", activation="relu")(x)
        x = {sum}
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))
"""
BRANCH = 'layers.Conv2D(16, 3, padding="same")(y)'


@pytest.mark.parametrize(
    "activation",
    [
        "relu",
        "tanh",
        *(pytest.param(name, marks=pytest.mark.thorough) for name in ("gelu", "selu")),
    ],
)
def test_autoinit_keeps_the_variance_one_through_thirty_layers(
    images: np.ndarray, activation: str
) -> None:
    model = network(keras_object("autoinit"), activation, [256] * 30)
    adapt(model, images)
    # Of random kernels the variance scatters; GELU lets a small deviation grow.
    variances = [outputs.var() for outputs in pre_activations(model, images)]
    assert 0.2 < np.median(variances) < 5
    assert 0.05 < variances[-1] < 20


def test_autoinit_follows_the_signal_through_whatever_layers_there_are(tmp_path: Path) -> None:
    code = """
        x = inputs = keras.Input(shape)
        x = layers.Conv2D(64, 3, activation="gelu")(x)
        x = layers.MaxPooling2D()(x)
        x = layers.Add()([layers.Conv2D(64, 3, padding="same", activation="relu")(x), x])
        x = layers.Dropout(0.5)(layers.Conv2D(64, 3)(x))
        x = layers.Flatten()(layers.LayerNormalization()(x))
        return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))
    """
    network = own_network(tmp_path, code, keras_object("autoinit"))
    noise = np.random.default_rng(0).normal(size=(200, 28, 28, 1)).astype("float32")
    adapt(network, noise)
    model = network.model
    for layer in [layer for layer in model.layers if hasattr(layer, "kernel")]:
        layer.activation, activation = keras.activations.linear, layer.activation
        # The first convolution sees nine numbers: its kernels scatter most. After pooling, places
        # that are near each other are alike, which the paper, too, takes to be independent.
        assert 0.5 < float(keras.ops.var(keras.Model(model.inputs[0], layer.output)(noise))) < 2
        layer.activation = activation


def test_fixup_finds_the_branches_and_makes_them_nothing(tmp_path: Path) -> None:
    for total in (f"layers.Add()([x, {BRANCH}])", f"x + {BRANCH}"):
        code = RESIDUAL.format(blocks=4, sum=total)
        model = own_network(tmp_path, code, keras_object("fixup"))
        he = own_network(tmp_path, code, keras_object("he_normal"))
        branches = residual_branches(list(steps_of(model.model, None)))
        assert [len(branch) for branch in branches] == [2] * 4
        adapt(model, np.zeros((1, 28, 28, 1), "float32"))
        ratios = [
            float(np.linalg.norm(one) / np.linalg.norm(other))
            for one, other in zip(kernels(model), kernels(he), strict=True)
        ]
        # L = 4 branches of m = 2 kernels: 4^(-1 / 2) for the first, zero for the last.
        assert ratios == pytest.approx([1, *[0.5, 0] * 4, 0], abs=1e-6)


def test_idinit_begins_residual_branches_as_the_identity(tmp_path: Path) -> None:
    code = RESIDUAL.format(blocks=3, sum=f"layers.Add()([x, {BRANCH}])")
    model = own_network(tmp_path, code, keras_object("IDInit"))
    adapt(model, np.zeros((1, 28, 28, 1), "float32"))
    norms = [float(np.linalg.norm(kernel)) for kernel in kernels(model)]
    # The stem, the last kernel of each of the branches, and the output.
    assert [norm < 1e-4 for norm in norms] == [False, *[False, True] * 3, False]
    plain = network(keras_object("IDInit"), "relu", [16, 16])
    before = [kernel.numpy() for kernel in kernels(plain)]
    adapt(plain, np.zeros((1, 784), "float32"))
    for old, kernel in zip(before, kernels(plain), strict=True):
        np.testing.assert_array_equal(kernel, old)


@pytest.mark.thorough
def test_fixup_keeps_the_size_of_an_update_whatever_the_depth(tmp_path: Path) -> None:
    """The paper's section 3: an update of a given learning rate changes the outputs by as much."""

    def change(name: str, blocks: int) -> float:
        code = RESIDUAL.format(blocks=blocks, sum=f"layers.Add()([x, {BRANCH}])")
        network = own_network(tmp_path, code, keras_object(name))
        x = np.random.default_rng(0).normal(size=(64, 28, 28, 1)).astype("float32")
        y = np.arange(64) % 10
        adapt(network, x)
        model = network.model
        optimizer = keras.optimizers.SGD(0.01)
        logits = keras.Model(model.inputs[0], model.layers[-1].input)
        before = np.asarray(logits(x))
        for _ in range(3):
            with tf.GradientTape() as tape:
                losses = keras.losses.sparse_categorical_crossentropy(y, model(x))
                loss = tf.reduce_mean(losses)
            variables = model.trainable_variables
            optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)
        return float(np.abs(np.asarray(logits(x)) - before).mean())

    # He's features move further the deeper the network is, and are not finite at last.
    assert change("fixup", 16) < 3 * change("fixup", 2)
    assert not change("he_normal", 16) < 30 * change("he_normal", 2)


def test_metainit_lowers_the_gradient_quotient(images: np.ndarray) -> None:
    model = network(keras_object("metainit", steps=60), "relu", [64] * 10)
    drawn = kernels(model)
    directions = [np.asarray(k) / np.linalg.norm(np.asarray(k)) for k in drawn]
    x = tf.constant(np.random.default_rng(0).normal(size=(256, 784)), tf.float32)
    y = tf.constant(np.arange(256) % 10)
    before = float(gradient_quotient(model.model, drawn, x, y))
    adapt(model, images)
    assert float(gradient_quotient(model.model, drawn, x, y)) < 0.5 * before
    for kernel, direction in zip(drawn, directions, strict=True):
        values = np.asarray(kernel)
        # Nothing but the sizes has changed.
        np.testing.assert_allclose(values / np.linalg.norm(values), direction, atol=1e-5)


def test_metainit_draws_the_same_again_and_looks_at_no_image(images: np.ndarray) -> None:
    def sizes(replicate: int, inputs: np.ndarray) -> list[float]:
        model = network(keras_object("metainit", steps=5), "relu", [16], replicate)
        adapt(model, inputs)
        return [float(np.linalg.norm(kernel)) for kernel in kernels(model)]

    assert sizes(0, images) == sizes(0, 5 * images)
    assert sizes(0, images) != sizes(1, images)


def test_an_own_class_sees_the_network_once_with_all_of_its_layers(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "import keras\n\n\nclass Halved(keras.initializers.HeNormal):\n"
        "    def adapt(self, model, layers, inputs):\n"
        "        for layer in layers:\n"
        "            layer.kernel.assign(layer.kernel / len(layers) + float(inputs[0, 0]))\n"
    )
    mine = keras_object(f"{tmp_path / 'own.py'}:Halved")
    model = network(keras_object("layers", hidden=mine, output=ZEROS), "relu", [8, 8, 8])
    before = [kernel.numpy() for kernel in kernels(model)]
    adapt(model, np.full((2, 784), 7, "float32"))
    for old, kernel in zip(before[:3], kernels(model)[:3], strict=True):
        np.testing.assert_allclose(kernel, old / 3 + 7, rtol=1e-6)
    np.testing.assert_array_equal(kernels(model)[3], before[3])


def test_who_adapts_refuses_a_layer_that_is_used_twice(tmp_path: Path) -> None:
    code = """
        inputs = keras.Input(shape)
        shared = layers.Dense(16)
        x = layers.Dense(16)(layers.Flatten()(inputs))
        x = shared(layers.ReLU()(shared(x)))
        return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))
    """
    for name in ("autoinit", "fixup"):
        model = own_network(tmp_path, code, keras_object(name))
        with pytest.raises(EngineError, match="used more than once"):
            adapt(model, np.ones((8, 28, 28, 1), "float32"))


@pytest.mark.parametrize(("fan_in", "units"), [(4, 4), (3, 8), (8, 3), (16, 100)])
def test_idinit_gives_every_unit_an_input_and_every_input_a_unit(fan_in: int, units: int) -> None:
    values = kernel("IDInit", (fan_in, units))
    assert set(values.ravel()) <= {0.0, 1.0}
    assert (values.sum(axis=0) == max(1, fan_in // units)).all() or fan_in % units
    assert (values.sum(axis=0) >= 1).all()
    assert (values.sum(axis=1) >= 1).all()
    np.testing.assert_array_equal(kernel("IDInit", (4, 4), scale=0.5), 0.5 * np.eye(4))


def test_idinit_passes_signals_on_as_they_are(images: np.ndarray) -> None:
    """Through thirty layers of any width, once they are positive."""
    model = network(keras_object("IDInit"), "relu", [256] * 30)
    found = pre_activations(model, images)
    np.testing.assert_allclose(found[-2], np.maximum(found[0], 0), rtol=1e-5)
    wider = network(keras_object("IDInit"), "relu", [64, 200, 64, 200])
    last = pre_activations(wider, images)[3]
    assert np.linalg.matrix_rank(last) > 30


@pytest.mark.parametrize("shape", [(784, 300), (16, 10), (3, 3, 8, 20)])
def test_sinusoidal_units_lean_to_neither_sign(shape: tuple[int, ...]) -> None:
    """Section 3 of the paper: whole periods add up to zero; and the variance is He's."""
    values = kernel("sinusoidal", shape)
    fan_in, units = int(np.prod(shape[:-1])), shape[-1]
    flat = values.reshape(fan_in, units)
    whole = np.arange(1, units + 1) % fan_in != 0
    np.testing.assert_allclose(flat.sum(axis=0)[whole], 0, atol=1e-4)
    assert flat.var() == pytest.approx(2 / fan_in, rel=0.02)
    # By channel, then by place: one channel has neighbouring values of the sine.
    if len(shape) == 4:
        j, k = 3 * 9 + 4, 5
        phase = 2 * np.pi * (j / 72 + 1 / 20) * k
        ratio = values[1, 1, 3, k - 1] / np.sin(phase)
        assert ratio == pytest.approx(values[0, 0, 0, 0] / np.sin(2 * np.pi / 20), rel=1e-4)


def test_sinusoidal_units_are_active_for_half_of_the_images(images: np.ndarray) -> None:
    """The paper's aim: fewer skewed units, that are active for most images or for few."""

    def skewed(name: str) -> float:
        found = []
        for replicate in range(3):
            model = network(keras_object(name), "relu", [256] * 4, replicate)
            active = np.array([(x > 0).mean(axis=0) for x in pre_activations(model, images)[:4]])
            found.append(np.mean(np.abs(active - 0.5) > 0.3))
        return float(np.mean(found))

    assert skewed("sinusoidal") < 0.5 * skewed("he_normal")


@pytest.mark.thorough
def test_tanh_networks_of_any_depth_neither_die_out_nor_saturate(images: np.ndarray) -> None:
    """The paper's figure: activations of the last of many layers, in narrow networks too."""

    def last(name: str, width: int) -> np.ndarray:
        hidden = [width] * 50
        model = network(keras_object(name), "tanh", hidden)
        return np.tanh(pre_activations(model, images)[-2])

    for width in (16, 64):
        ours, glorot = (last(name, width) for name in ("tanh_fixed_point", "glorot_uniform"))
        assert 0.1 < np.abs(ours).mean() < 0.9
        assert np.abs(glorot).mean() < np.abs(ours).mean()
        assert np.abs(ours).std(axis=0).mean() > 0
    wide = kernel("tanh_fixed_point", (100, 1000), noise=0.0)
    assert (wide.sum(axis=0) == 1).all()
    assert kernel("tanh_fixed_point", (400, 300)).std() == pytest.approx(
        np.sqrt(0.085**2 / 400 + 1 / 400), rel=0.05
    )


def test_delta_orthogonal_convolutions_keep_the_size_of_every_signal() -> None:
    """Also where other convolutions lose it: at the highest frequencies."""
    checks = np.indices((8, 8)).sum(axis=0) % 2 * 2.0 - 1
    x = np.random.default_rng(0).normal(size=(4, 1, 1, 16)) * checks[None, :, :, None]

    def after(name: str) -> float:
        outputs = keras.ops.convert_to_tensor(x, "float32")
        for seed in range(20):
            values = kernel(name, (3, 3, 16, 16), seed)
            outputs = tf.nn.conv2d(outputs, values, 1, "SAME")
        return float(np.linalg.norm(outputs) / np.linalg.norm(x))

    assert after("delta_orthogonal") == pytest.approx(1, rel=1e-4)
    assert not 0.5 < after("orthogonal") < 2
    values = kernel("delta_orthogonal", (5, 3, 8, 20)).copy()
    centre = values[2, 1]
    np.testing.assert_allclose(centre @ centre.T, np.eye(8), atol=1e-5)
    values[2, 1] = 0
    assert not values.any()


@pytest.mark.parametrize("name", ["ZerO", "IDInit", "sparse", "gain_corrected", "sinusoidal"])
def test_convolutions_have_the_fans_of_all_that_they_see(name: str) -> None:
    values = kernel(name, (3, 3, 8, 20))
    assert values.shape == (3, 3, 8, 20)
    if name == "ZerO":
        np.testing.assert_array_equal(values[1, 1], kernel("ZerO", (8, 20)))
        assert np.count_nonzero(values) == 160
    elif name == "sparse":
        assert (np.count_nonzero(values.reshape(72, 20), axis=0) == 15).all()
    elif name == "gain_corrected":
        many = kernel(name, (3, 3, 8, 2000))
        assert many.var() == pytest.approx(2 / 72, rel=0.03)


def test_units_of_a_depthwise_convolution_see_one_channel(tmp_path: Path) -> None:
    code = """
        inputs = keras.Input(shape)
        x = layers.DepthwiseConv2D(3, depth_multiplier=4)(inputs)
        x = layers.GlobalAveragePooling2D()(x)
        return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))
    """
    drawn = own_network(tmp_path, code, keras_object("gain_corrected"), (5, 5, 500))
    values = np.asarray(kernels(drawn)[0])
    assert values.shape == (3, 3, 500, 4)
    # Keras itself takes all channels for inputs of each unit, and he_normal is a 500th of that.
    assert values.var() == pytest.approx(2 / 9, rel=0.05)
    seed = weight_seed(0, 0, 0)
    again = np.asarray(make_initializer("gain_corrected", {}, seed)((3, 3, 1, 2000)))
    np.testing.assert_array_equal(values[:, :, 7, 2], again[:, :, 0, 7 * 4 + 2])


def test_they_make_kernels_only() -> None:
    for name in sorted(PLACES.keys() - {"lsuv", "LSUV"}):
        with pytest.raises(ValueError, match="kernels of shape"):
            make_initializer(name, {}, 0)((16,))
