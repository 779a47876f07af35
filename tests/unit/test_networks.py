"""Each kind of network trains as Keras' own steps train it, or is refused by name."""

import numpy as np
import pytest
from held_to_keras import (
    BATCH,
    FILE,
    IMAGES,
    MOMENTUM,
    NAMES,
    asked,
    by_engine,
    by_keras,
    engine,
    entry,
    keras_model,
    networks,
)

from initstudy.engine.backend import keras

REFUSED = {
    "frozen_model": ["no kernel of its model is the study's to draw", "last/kernel: frozen"],
    "quantized": ["the layer odd (Dense) is quantized", "Remove that"],
    "floats_of_all": ["it sets floatx to float64", "a dtype policy"],
    "own_step": ["its class OwnStep has a custom train_step", "remove it"],
    "own_loss": ["its class OwnLoss has a custom compute_loss", "remove it"],
    "two_inputs": ["2 inputs"],
    "two_outputs": ["2 outputs"],
    "stateful": ["the layer remembers (LSTM) is stateful", "Remove stateful=True"],
}


# Recurrent ones and those with attention take longest; an LSTM stands for them. And of networks
# that are trained in like ways, one does for the others.
LONG = ("gru", "simple_recurrent", "bidirectional", "convolutional_recurrent", "distributed")
LONG += ("grouped_attention", "cells", "positions", "attention_of_dense_layers")
LONG += ("pretrained_backbone", "frozen_random_backbone", "frozen_convolution", "frozen_later")
LONG += ("one_dimensional", "three_dimensional", "double_precision", "half_inside")
LONG += ("bias_regularized", "bias_constrained", "activity_regularized", "regularized_twice")
LONG += ("masked_and_ended", "mask_through_dense", "pooled_mask", "embedded")
LONG += ("subclass_with_helper", "nested_without_kernels", "custom_without_bias", "with_slots")
LONG += ("custom_without_activation", "custom_local", "custom_factors", "own_activation")
LONG += ("without_biases", "grouped", "frozen_normalization", "learned_slopes", "added_loss")
LONG += ("constrained_kernel", "one_named_input", "own_call", "compiled", "with_schedule")
LONG += ("with_exclusion", "separable", "einsum", "stopped", "frozen_variable", "pretrained_bias")
LONG += ("forgotten_penalty", "pretrained_embedding", "moved_statistics", "policy_of_all")
LONG += ("without_configuration", "noise_seeded_by_code", "drawn_constant_with_adam")
LONG += ("all_in_bfloat16", "custom_matrix")
LONG += ("changed_attribute", "registered_activation", "anonymous", "forgotten_argument")


# Of networks that are odd on purpose: masked_and_ended, one_named_input, stopped.
@pytest.mark.filterwarnings("ignore:Layer 'flatten'.* was passed an input with a mask")
@pytest.mark.filterwarnings("ignore:When providing `inputs` as a dict")
@pytest.mark.filterwarnings("ignore:The structure of `inputs` doesn't match")
@pytest.mark.filterwarnings("ignore:Gradients do not exist for variables")
@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=[pytest.mark.thorough] if kind in LONG else [])
        for kind in NAMES
        if kind not in REFUSED
    ],
)
def test_what_is_not_refused_is_trained_as_keras_trains_it(kind: str) -> None:
    """From drawn weights, in batches of two sizes, with noise and all that is penalized."""
    assert asked(kind)[0] == []
    batch = IMAGES if kind == "fixed_batch" else BATCH
    start, ours = by_engine(engine(kind, MOMENTUM, batch))
    theirs = keras_model(kind, start, keras.optimizers.SGD(**MOMENTUM["config"]))
    np.testing.assert_allclose(ours, by_keras(theirs, batch=batch), rtol=1e-5)


@pytest.mark.parametrize("kind", REFUSED)
def test_what_would_be_trained_otherwise_is_refused_by_name(kind: str) -> None:
    before = keras.config.dtype_policy().name, keras.config.floatx()
    (message,) = asked(kind)[0]
    for part in [f"{FILE}:{kind}: ", *REFUSED[kind]]:
        assert part in message
    assert (keras.config.dtype_policy().name, keras.config.floatx()) == before


def test_a_seed_that_the_code_sets_is_not_taken_for_pretrained_weights() -> None:
    assert asked("seeded_by_code") == ([], ["the study draws 2 kernels and 2 biases."])


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("perceptron", "the study draws 2 kernels and 2 biases."),
        ("without_biases", "the study draws 2 kernels and 0 biases."),
        (
            "lstm",
            "the study draws 3 kernels and 3 biases; trained, but not drawn: "
            "sequential/lstm/lstm_cell/recurrent_kernel (its own recurrent_initializer draws it).",
        ),
        (
            "frozen_dense",
            "the study draws 2 of 3 kernels and 2 of 3 biases; frozen: sequential/fixed/kernel.",
        ),
        (
            "pretrained",
            "the study draws 1 of 2 kernels and 2 biases; trained, but not drawn: "
            "sequential/last/kernel (its values are set by the code, as of pretrained weights).",
        ),
        (
            "custom_matrix",
            "the study draws 2 kernels and 2 biases; trained, but not drawn: "
            "sequential/bilinear/matrix (no argument of its layer draws it).",
        ),
    ],
)
def test_what_a_study_draws_of_a_network_is_said(kind: str, text: str) -> None:
    assert asked(kind) == ([], [text])


def test_a_weight_that_a_study_names_is_said_to_be_drawn() -> None:
    parts = {"paths": [["*recurrent_kernel", entry("orthogonal")]], "others": entry("he_normal")}
    _, (note,) = asked("lstm", kernel=[entry("layers", **parts)])
    assert note == "the study draws 3 kernels, 3 biases and 1 other weight."


def test_that_what_a_model_is_compiled_with_is_not_used_is_said() -> None:
    _, note = asked("compiled")[1]
    for part in ("SGD (learning rate 0.5)", "<lambda>", "Its optimizer is not used: the key"):
        assert part in note
    _, note = asked("compiled", optimizer={"class_name": "model", "config": {}})[1]
    assert "Its loss is not used: the key loss has sparse_categorical_crossentropy" in note
    assert "optimizer is not used" not in note


def test_that_each_seed_has_the_same_noise_is_said() -> None:
    _, note = asked("noise_seeded_by_code")[1]
    assert note.startswith("the random numbers of the layer dropped (Dropout) are the same in each")
    assert len(asked("noisy")[1]) == 1


@pytest.mark.parametrize(("kind", "compilations"), [("perceptron", 1), ("drawn_constant", 2)])
def test_a_seed_whose_network_is_another_is_compiled_anew(kind: str, compilations: int) -> None:
    """What is drawn and is no variable would else be that of the first seed in all of them."""
    trainer = engine(kind, MOMENTUM)
    trainer.start(1)
    after = trainer.run_epoch()[:4]
    assert trainer.compilations == compilations
    alone = engine(kind, MOMENTUM)
    alone.start(0)
    alone.start(1)
    assert alone.run_epoch()[:4] == after
    inputs, network = trainer._few(networks(kind)(1).model), networks(kind)(1)
    trainer.start(1)
    np.testing.assert_array_equal(trainer.model(inputs), network.model(inputs))
