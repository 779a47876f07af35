"""Each initializer of the literature draws each kind of kernel, or is refused by name with why."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from engines import HE, Spec
from held_to_keras import CLASSES, FILE, SHAPE, asked, eagerly, entry, has_eager_gradients
from specs import keras_object

from initstudy.engine.backend import keras, tf
from initstudy.engine.errors import EngineError
from initstudy.engine.literature import NAMES
from initstudy.engine.literature.kinds import KINDS, REFUSED, refusal
from initstudy.engine.models import Network, Networks, adapt, user_model
from initstudy.engine.weights import draw, weights_of
from initstudy.training.networks import some_inputs

kl = keras.layers
# Those that follow the signal from layer to layer, and those that look at layers at all.
FOLLOWING = {"autoinit", "fixup", "IDInit"}
LOOKING = FOLLOWING | {"lsuv", "metainit"}
GATES = {"tanh_fixed_point", "ZerO", "IDInit"}
# A network of tests/kinds.py, and which initializers cannot be its kernels', by kind of kernel.
KERNELS: dict[str, tuple[str, set[str]]] = {
    "dense": ("perceptron", set()),
    "convolution": ("convolutions", set()),
    "grouped convolution": ("grouped", {"delta_orthogonal", *GATES}),
    "depthwise": ("depthwise", {"delta_orthogonal", "ZerO"}),
    "transposed convolution": ("transposed_convolution", set()),
    "attention or einsum": ("einsum", set()),
    "recurrent": ("simple_recurrent", {*GATES, "lsuv", "autoinit", "fixup"}),
    "embedding": ("embedded", {*NAMES}),
    "another shape": ("custom_local", {*NAMES}),
}
# The same by kind of model.
MODELS: dict[str, set[str]] = {
    "residual": set(),
    "learned_slopes": set(),
    "late_weights": set(),
    "stopped": set(),
    "own_call": set(),
    "nested": FOLLOWING,
    "distributed": FOLLOWING,
    "spectral": FOLLOWING,
    "subclassed": FOLLOWING,
    "attention": FOLLOWING,
    "shared": FOLLOWING,
    # It is not known what it makes of its kernel.
    "custom_kernel": {"autoinit"},
    # Its kernels are no attribute kernel.
    "separable": {"delta_orthogonal", "ZerO", *LOOKING},
}
CASES = {
    **{name: (*found, name) for name, found in KERNELS.items()},
    **{f"model {name}": (name, refused, "") for name, refused in MODELS.items()},
}


@pytest.fixture(autouse=True)
def _eagerly() -> Iterator[None]:
    with eagerly():
        yield


def spec_of(name: str) -> Spec:
    return keras_object(name, **({"steps": 2, "batch": 4} if name == "metainit" else {}))


@pytest.mark.parametrize("case", CASES)
def test_a_kernel_is_drawn_or_the_initializer_is_refused_by_name(case: str) -> None:
    kind, refused, kernels = CASES[case]
    make = user_model(f"{FILE}:{kind}", SHAPE, CLASSES)
    model = make(0)
    weights = weights_of(model, make(1))
    assert not kernels or kernels in {weight.layout.kind for weight in weights}
    plain = [variable.numpy() for variable in model.variables]
    inputs = some_inputs(model, SHAPE, 16)
    tf.config.run_functions_eagerly(has_eager_gradients(model))
    for name, place in NAMES.items():
        for variable, value in zip(model.variables, plain, strict=True):
            variable.assign(value)
        spec = spec_of(name)
        if case == "embedding":
            spec = keras_object("layers", paths=[["*embeddings", spec]], others=HE)
        if name in refused:
            with pytest.raises(EngineError) as caught:
                adapt(Network(model, weights, draw(model, weights, {"kernel": spec}, 0)), inputs)
            # By the name of a configuration, or that of its class.
            text, class_name = str(caught.value), place.partition(":")[2]
            assert text.startswith((f"{name} cannot ", f"{class_name} cannot ", class_name))
            assert ": " in text or ", which" in text or ", but" in text
            continue
        rules = draw(model, weights, {"kernel": spec}, 0)
        adapt(Network(model, weights, rules), inputs)
        drawn = [weight for weight in weights if weight.index in rules]
        assert [weight.path for weight in drawn] == [
            weight.path for weight in weights if weight.role == "kernel"
        ]
        for weight in drawn:
            value = model.variables[weight.index].numpy()
            assert np.isfinite(value).all(), (name, weight.path)
            assert not np.array_equal(value, plain[weight.index]), (name, weight.path)


def test_the_table_has_each_initializer_and_each_kind() -> None:
    assert REFUSED.keys() == NAMES.keys()
    assert KERNELS.keys() == {*KINDS}
    for kind, (_, refused) in KERNELS.items():
        by_table = {name for name in NAMES if refusal(name, kind)}
        assert by_table == refused, kind


def drawn(layer: Any, shape: tuple[int, ...], spec: Spec) -> Any:
    """The kernel of a model of one layer."""

    def make(replicate: int) -> Any:
        keras.utils.clear_session(free_memory=False)
        keras.utils.set_random_seed(replicate)
        return keras.Sequential([keras.Input(shape), layer()])

    network = Networks(make, {"kernel": spec, "bias": keras_object("zeros")})(0)
    (index,) = (w.index for w in network.weights if w.role == "kernel")
    return network.model.variables[index].numpy()


@pytest.mark.parametrize(
    ("layer", "shape", "inputs"),
    [
        (lambda: kl.Conv2D(8, 3), (7, 7, 6), (0, 1, 2)),
        (lambda: kl.Conv2D(8, 3, groups=2), (7, 7, 6), (0, 1, 2)),
        (lambda: kl.Conv2DTranspose(8, 3), (7, 7, 6), (0, 1, 3)),
        (lambda: kl.DepthwiseConv2D(3, depth_multiplier=2), (7, 7, 6), (0, 1)),
        (lambda: kl.EinsumDense("abc,cde->abde", (5, 4, 8)), (5, 6), (0,)),
        # Those that are summed over need not stand side by side.
        (lambda: kl.EinsumDense("abc,dbec->ade", (4, 8)), (5, 6), (1, 3)),
        (lambda: kl.LSTM(4), (5, 6), (0,)),
    ],
)
def test_each_unit_has_the_same_number_of_connections(
    layer: Any, shape: tuple[int, ...], inputs: tuple[int, ...]
) -> None:
    """Whatever axes of the kernel are its inputs."""
    kernel = drawn(layer, shape, keras_object("sparse", connections=3))
    assert (np.count_nonzero(kernel, axis=inputs) == 3).all()


def test_what_is_orthogonal_stays_so_in_the_axes_of_each_kernel() -> None:
    transposed = drawn(lambda: kl.Conv2DTranspose(8, 3), (7, 7, 6), spec_of("delta_orthogonal"))
    # (places, units, inputs): at its centre each input is passed on with its own size.
    np.testing.assert_allclose(transposed[1, 1].T @ transposed[1, 1], np.eye(6), atol=1e-5)
    einsum = drawn(lambda: kl.EinsumDense("abc,dbec->ade", (4, 8)), (5, 6), spec_of("lsuv"))
    matrix = einsum.transpose(1, 3, 0, 2).reshape(30, 32)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(30), atol=1e-5)


def test_a_study_is_told_before_anything_is_trained() -> None:
    he = entry("he_normal")
    few = [entry(name, **spec_of(name)["config"]) for name in NAMES]
    assert asked("transposed_convolution", kernel=[he, *few])[0] == []
    with eagerly(False):  # see has_eager_gradients
        messages = asked("grouped", kernel=[he, *few])[0]
    names = sorted(message.partition(" ")[0] for message in messages)
    assert names == sorted(KERNELS["grouped convolution"][1])
    for message in messages:
        assert "cannot make sequential/conv2d_1/kernel of the layer conv2d_1 (Conv2D): " in message
        assert message.endswith("Take another initializer for this network")
    messages = asked("shared", kernel=[he, entry("autoinit"), entry("lsuv")])[0]
    (message,) = messages
    assert "it cannot be used with this network: AutoInit cannot follow the signal" in message


def test_what_is_tried_on_a_network_leaves_it_as_it_was() -> None:
    """Each is tried on the kernels of the baseline, whatever was tried before."""
    he, few = entry("he_normal"), entry("metainit", steps=1, batch=2)
    dead = {**entry("layers", hidden=entry("zeros"), output=entry("lsuv")), "name": "dead"}
    (message,) = asked("perceptron", kernel=[he, dead, few, entry("lsuv"), entry("fixup")])[0]
    assert "LSUV cannot scale the layer dense" in message


def test_initializers_are_looked_at_layer_by_layer() -> None:
    parts = [entry(name) for name in ("ZerO", "he_normal", "he_normal", "ZerO")]
    assert asked("grouped", kernel=[entry("layers", layers=parts)])[0] == []
    parts[1] = entry("ZerO")
    (message,) = asked("grouped", kernel=[entry("layers", layers=parts)])[0]
    assert message.startswith("ZerO cannot make sequential/conv2d_1/kernel")
    paths = [["*conv2d_1/*", entry("he_normal")]]
    named = entry("layers", paths=paths, others=entry("ZerO"))
    assert asked("grouped", kernel=[named])[0] == []


def test_bias_initializers_that_a_network_has_no_use_for_are_refused() -> None:
    zeros, ones = entry("zeros"), entry("ones")
    assert asked("without_biases", bias=[zeros])[0] == []
    (message,) = asked("without_biases", bias=[zeros, ones])[0]
    assert "no bias of the model is the study's to draw" in message
    assert "bias_initializers: []" in message
    # One convolution of four layers has none.
    for number, wrong in ((3, 0), (4, 1)):
        listed = {**entry("layers", layers=[keras_object("ones")] * number), "name": "listed"}
        messages = asked("convolutions", bias=[zeros, listed])[0]
        assert len(messages) == wrong, messages
    assert "it has 4 entries, the model 3 layers with a bias" in messages[0]
    assert asked("convolutions", bias=[zeros, ones])[0] == []
