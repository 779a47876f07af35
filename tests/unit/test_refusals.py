"""Each kind of network and optimizer trains as Keras' own `fit`, or is refused by name."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from initstudy.engine.backend import keras, tf
from initstudy.engine.data import Dataset
from initstudy.engine.literature import NAMES
from initstudy.engine.models import build_optimizer, build_own_model
from initstudy.engine.trainer import Trainer, data_order
from initstudy.engine.user_code import load
from initstudy.training.checks import examine

KINDS = Path(__file__).parents[1] / "kinds.py"
SHAPE, CLASSES, EPOCHS = (8, 8, 1), 3, 3
# What kinds.py gives its kernels.
CONSTANT = {"class_name": "constant", "config": {"value": 0.03}}
ZEROS: dict[str, Any] = {"class_name": "zeros", "config": {}}
MOMENTUM = {"class_name": "SGD", "config": {"learning_rate": 0.1, "momentum": 0.9}}

TRAINED = [
    *("perceptron", "convolutions", "grouped", "transposed_convolution", "depthwise"),
    *("one_dimensional", "three_dimensional", "batch_normalized", "frozen_normalization"),
    *("normalized", "learned_slopes", "regularized_kernels", "constrained_kernel"),
    *("penalized_activity", "added_loss", "embedded", "positions", "attention_of_dense_layers"),
    *("shared", "residual", "fixed_batch", "nested_without_kernels", "custom_kernel"),
    *("subclass_with_helper", "own_call", "masked_and_ended", "pooled_mask", "one_named_input"),
    *("pooled_mask_of_dense_layer", "registered_activation", "regularized_twice"),
    *("frozen_random_backbone", "changed_attribute", "compiled"),
]
UNDRAWN, FROZEN, VALUES = "kernels that this version does not draw", "is frozen", "pretrained"
FLOATS = "only float32 is trained"
REFUSED = {
    "nested": ["the layer backbone (Sequential)", UNDRAWN],
    "lstm": ["(LSTM)", UNDRAWN, "lstm_cell/recurrent_kernel"],
    "gru": ["(GRU)", UNDRAWN],
    "simple_recurrent": ["(SimpleRNN)", UNDRAWN],
    "cells": ["(RNN)", UNDRAWN, "gru_cell/kernel", "lstm_cell/kernel"],
    "convolutional_recurrent": ["(ConvLSTM2D)", UNDRAWN],
    "bidirectional": ["(Bidirectional)", UNDRAWN],
    "distributed": ["the layer each (TimeDistributed)", UNDRAWN],
    "spectral": ["the layer spectral (SpectralNormalization)", UNDRAWN],
    "separable": ["the layer separable", UNDRAWN, "depthwise_kernel", "pointwise_kernel"],
    "attention": ["the layer attention", UNDRAWN, "query/kernel", "attention_output/kernel"],
    "grouped_attention": ["the layer attention", UNDRAWN],
    "einsum": ["the layer einsum (EinsumDense)", "(8, 2, 3)"],
    "custom_matrix": ["the layer bilinear (Bilinear)", UNDRAWN, "bilinear/matrix"],
    "custom_factors": ["the layer factors (Factors)", "factors/left, ", "factors/right"],
    "custom_local": ["the layer local (Local)", "(8, 8, 4)"],
    "custom_without_bias": ["the layer unbiased (NoBias)", "self.bias = None"],
    "custom_without_activation": ["the layer inactive", "keras.activations.linear"],
    "late_weights": ["the layer late (Conv2D)", "alpha", "only when it is called"],
    "stopped": ["the kernel of the layer stopped (Dense)", "keras.ops.stop_gradient"],
    "frozen_dense": ["the layer fixed (Dense)", FROZEN],
    "frozen_convolution": ["the layer fixed (Conv2D)", FROZEN],
    "frozen_variable": ["the layer vectors (Embedding)", FROZEN, "vectors/embeddings"],
    "forgotten_penalty": ["a copy of its model adds 0 to the loss", "get_config"],
    "frozen_model": ["the layer last (Dense)", FROZEN],
    "frozen_later": ["the layer last (Dense)", FROZEN],
    "pretrained": ["the layer last (Dense)", VALUES, "last/kernel"],
    "pretrained_bias": ["the layer last (Dense)", VALUES, "last/bias"],
    "pretrained_backbone": ["the layer backbone (Sequential)", VALUES],
    "pretrained_embedding": ["the layer vectors (Embedding)", VALUES, "embeddings"],
    "moved_statistics": ["the layer normalized", VALUES, "moving_mean"],
    "adapted": ["the layer adapted (Normalization)", VALUES, "The key inputs"],
    "activity_regularized": ["the layer odd (Dense) has activity_regularizer", "L2(0.0)"],
    "bias_regularized": ["the layer odd (Dense) has bias_regularizer", "L2(0.0)"],
    "bias_constrained": ["the layer odd (Dense) has bias_constraint", "L2(0.0)"],
    "adapters": ["the layer odd (Dense) has lora_rank"],
    "half_precision": ["the layer odd (Dense) computes in mixed_float16", FLOATS],
    "double_precision": ["the layer odd (Dense) computes in float64", FLOATS],
    "half_inside": ["the layer odd (Rescaling) computes in bfloat16", FLOATS],
    "quantized": ["the layer odd (Dense) computes in int8"],
    "policy_of_all": ["it sets the dtype policy mixed_float16", FLOATS],
    "floats_of_all": ["it sets floatx to float64", FLOATS],
    "anonymous": ["the layer anonymous (Lambda)", "keras.layers.Rescaling(1 / 16)"],
    "own_activation": ["the layer bent (Conv2D)", "register_keras_serializable()"],
    "without_configuration": ["the layer tabled (Without)", "get_config"],
    "forgotten_argument": ["something else from the same weights", "get_config"],
    "own_step": ["its class OwnStep has a train_step"],
    "own_loss": ["its class OwnLoss has a compute_loss"],
    "subclassed": ["neither functional nor a keras.Sequential"],
    "two_inputs": ["2 inputs"],
    "two_outputs": ["2 outputs"],
    "masked_loss": ["a mask", "weights of the loss"],
    "mask_through_dense": ["the layer pooled (GlobalAveragePooling1D)", "keras.Model("],
}


def entry(class_name: str, **config: object) -> dict[str, Any]:
    return {"path": [class_name], "name": class_name, "class_name": class_name, "config": config}


def asked(kind: str | None, **changes: object) -> tuple[list[str], list[str]]:
    """What is wrong with a kind of network, and what is to be known of it."""
    model: dict[str, Any] = {"hidden_units": [4], "activation": "relu"}
    config = {
        "model": model if kind is None else {"build": f"{KINDS}:{kind}"},
        "shape": SHAPE,
        "classes": CLASSES,
        "learning_rates": [],
        "vary": ["weights", "order"],
        "optimizer": MOMENTUM,
        "kernel": [entry("he_normal")],
        "bias": [entry("zeros")],
    }
    problems, size = examine({**config, **changes})
    return [problem.message for problem in problems], size.notes


@cache
def data() -> Dataset:
    """Images with rows of zeros, for masks to find."""
    random = np.random.default_rng(0)
    x = (3 * random.random((24, 64))).astype(np.float32)
    x[:12, 24:32] = x[12:, 16:24] = x[3, 8:] = 0
    y = random.integers(0, CLASSES, 24).astype(np.int32)
    return Dataset(x, y, x, y, x, y, SHAPE, CLASSES)


def by_engine(kind: str, optimizer: dict[str, Any]) -> list[tuple[float, ...]]:
    def make(replicate: int) -> Any:
        return build_own_model(f"{KINDS}:{kind}", SHAPE, CLASSES, CONSTANT, ZEROS, replicate)

    trainer = Trainer(
        data(),
        make,
        lambda weights: build_optimizer(optimizer, weights),
        24,
        "raw",
        compile="graph",
    )
    # That compiling changes nothing is tested elsewhere, and it takes most of the time.
    tf.config.run_functions_eagerly(True)
    try:
        return [epoch[:4] for epoch in trainer.train(0, EPOCHS)]
    finally:
        tf.config.run_functions_eagerly(False)


def by_fit(kind: str, optimizer: dict[str, Any]) -> list[tuple[float, ...]]:
    """The same in the order of the engine, since what is summed in another order differs."""
    model = load(f"{KINDS}:{kind}")(SHAPE, CLASSES)
    names = ["sparse_categorical_crossentropy", "sparse_categorical_accuracy"]
    model.compile(
        build_optimizer(optimizer, model.trainable_variables),
        names[0],
        metrics=names,
        run_eagerly=True,
    )
    x, y, orders = data().x_train.reshape(-1, *SHAPE), data().y_train, data_order(0, 24)
    epochs = []
    for _ in range(EPOCHS):
        order = next(orders)
        trained = model.train_on_batch(x[order], y[order], return_dict=True)
        model.reset_metrics()
        tested = model.test_on_batch(x, y, return_dict=True)
        model.reset_metrics()
        epochs.append(tuple(float(part[name]) for part in (trained, tested) for name in names))
    return epochs


@pytest.mark.parametrize("kind", TRAINED)
def test_what_is_not_refused_is_trained_as_keras_trains_it(kind: str) -> None:
    assert asked(kind)[0] == []
    np.testing.assert_allclose(by_engine(kind, MOMENTUM), by_fit(kind, MOMENTUM), rtol=1e-5)


@pytest.mark.parametrize("kind", REFUSED)
def test_what_would_be_trained_otherwise_is_refused_by_name(kind: str) -> None:
    before = keras.config.dtype_policy().name, keras.config.floatx()
    message, *_ = asked(kind)[0]
    for part in [f"{KINDS}:{kind}: ", *REFUSED[kind]]:
        assert part in message
    assert (keras.config.dtype_policy().name, keras.config.floatx()) == before


def test_a_seed_that_the_code_sets_is_not_taken_for_pretrained_weights() -> None:
    assert asked("seeded_by_code") == ([], [])


def test_that_what_a_model_is_compiled_with_is_not_used_is_said() -> None:
    (note,) = asked("compiled")[1]
    for part in ("SGD (learning rate 0.5)", "<lambda>", "the key optimizer decides (SGD)"):
        assert part in note
    assert asked("perceptron")[1] == []


SCHEDULE = {
    "class_name": "ExponentialDecay",
    "config": {"initial_learning_rate": 0.1, "decay_steps": 1, "decay_rate": 0.5},
}
WITH_MODULE = {"module": "keras.optimizers.schedules", **SCHEDULE}


@pytest.mark.parametrize(
    ("name", "config"),
    [
        *((name, {}) for name in ("Adadelta", "Adafactor", "Adagrad", "adam", "Adamax", "AdamW")),
        *((name, {}) for name in ("Ftrl", "Lion", "muon", "Nadam", "RMSprop", "ScheduleFreeAdamW")),
        ("SGD", {"learning_rate": 0.1, "gradient_accumulation_steps": 2}),
        ("SGD", {"learning_rate": 0.1, "global_clipnorm": 0.01, "weight_decay": 0.1}),
        ("Adam", {"learning_rate": WITH_MODULE}),
    ],
)
def test_an_optimizer_that_is_not_refused_does_what_keras_does(
    name: str, config: dict[str, Any]
) -> None:
    optimizer = {"class_name": name, "config": config}
    assert asked(None, optimizer=optimizer)[0] == []
    kind = "perceptron"
    np.testing.assert_allclose(by_engine(kind, optimizer), by_fit(kind, optimizer), rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "config", "parts"),
    [
        ("SGD", {"use_ema": True}, ["use_ema", "averaged", "Remove"]),
        ("adam", {"loss_scale_factor": 1024.0}, ["loss_scale_factor", "Remove"]),
        (
            "LossScaleOptimizer",
            {"inner_optimizer": {"class_name": "SGD", "config": {"use_ema": True}}},
            ["scales the loss", "inside of it"],
        ),
        ("MultiOptimizer", {}, ["one optimizer"]),
        ("lamb", {}, ["keras.optimizers.Lamb", "by its name", "AdamW"]),
        ("adam", {"learning_rate": SCHEDULE}, ["{module: keras.optimizers.schedules, "]),
        ("adam", {"learning_rate": {"class_name": "Exponential"}}, ["ExponentialDecay"]),
    ],
)
def test_an_optimizer_that_fit_treats_otherwise_is_refused(
    name: str, config: dict[str, Any], parts: list[str]
) -> None:
    (message,) = asked(None, optimizer={"class_name": name, "config": config})[0]
    for part in parts:
        assert part in message


def test_learning_rates_do_not_replace_a_schedule_in_silence() -> None:
    optimizer = {"class_name": "adam", "config": {"learning_rate": WITH_MODULE}}
    (message,) = asked(None, optimizer=optimizer, learning_rates=[0.1])[0]
    assert "must be a number" in message


def test_initializers_of_the_literature_are_refused_where_they_take_a_kernel_wrongly() -> None:
    """Keras' own draw each kernel as Keras does, whatever layer it is of."""

    def refused(kind: str) -> set[str]:
        messages = asked(kind, kernel=[entry("he_normal"), *map(entry, NAMES)])[0]
        assert all("the layer " in message or "used more" in message for message in messages)
        return {message.partition(" ")[0] for message in messages}

    assert refused("perceptron") == set()
    assert refused("convolutions") == set()
    assert refused("transposed_convolution") == set(NAMES)
    assert refused("grouped") == {"ZerO", "delta_orthogonal", "IDInit", "tanh_fixed_point"}
    assert refused("depthwise") == {"ZerO", "delta_orthogonal"}
    assert refused("custom_kernel") == {"lsuv", "autoinit"}


def test_an_initializer_that_cannot_follow_a_network_is_refused_before_it_is_trained() -> None:
    messages = asked("shared", kernel=[entry("he_normal"), entry("autoinit"), entry("lsuv")])[0]
    (message,) = messages
    assert "it cannot be used with this network: The signal cannot be followed" in message


def test_initializers_are_looked_at_layer_by_layer() -> None:
    parts = [entry(name) for name in ("gain_corrected", "he_normal", "gain_corrected")]
    (message,) = asked("transposed_convolution", kernel=[entry("layers", layers=parts)])[0]
    assert "gain_corrected cannot make the kernel of the layer conv2d_transpose" in message
    parts[0] = entry("he_normal")
    assert asked("transposed_convolution", kernel=[entry("layers", layers=parts)])[0] == []


def test_bias_initializers_that_a_network_has_no_use_for_are_refused() -> None:
    zeros, ones = entry("zeros"), entry("ones")
    assert asked("without_biases", bias=[zeros]) == ([], [])
    (message,), _ = asked("without_biases", bias=[zeros, ones])
    assert "no layer of the model has a bias" in message
    assert "bias_initializers: []" in message
    # One convolution of four layers has none.
    parts = {"class_name": "ones", "config": {}}
    listed = {**entry("layers", layers=[parts] * 3), "name": "listed"}
    (message,), _ = asked("convolutions", bias=[zeros, listed])
    assert "(Conv2D) has no bias" in message
    assert asked("convolutions", bias=[zeros, ones]) == ([], [])
