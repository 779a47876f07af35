"""What is wrong with a user's network, seen before anything is trained."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from initstudy.engine.backend import keras, tf
from initstudy.engine.layers import layers_of
from initstudy.engine.models import as_input, batch_of
from initstudy.engine.optimizers import OF_MODEL
from initstudy.engine.shadows import called
from initstudy.engine.weights import Weight, weights_of

kl = keras.layers
# Methods of a model by which a user changes how `fit` trains it.
TRAINING = (
    *("train_step", "test_step", "compute_loss", "compute_metrics", "fit", "make_train_function"),
    *("_compute_loss", "get_metrics_result", "make_test_function"),
)
# The operations of TensorFlow's that draw random numbers from a state of their own.
STATEFUL = {
    *("RandomUniform", "RandomUniformInt", "RandomStandardNormal", "TruncatedNormal"),
    *("ParameterizedTruncatedNormal", "RandomGamma", "RandomPoisson", "RandomPoissonV2"),
    *("RandomShuffle", "Multinomial"),
}


@dataclass(frozen=True)
class Examined:
    """A model of Keras that initializers are tried on, with all its weights.

    It varies if each seed has something of its own that no study draws.
    """

    model: Any
    weights: Sequence[Weight]
    varies: bool


def examined(model: Any, other: Any) -> Examined:
    """Return what initializers are tried on, of the models of two seeds with nothing drawn."""
    weights = weights_of(model, other)
    left = set(range(len(model.variables)))
    left -= {weight.index for weight in weights if weight.drawn}
    varies = any(not _same(model.variables[n], other.variables[n]) for n in left)
    return Examined(model, weights, varies)


def named(layer: Any) -> str:
    """Name a layer for people: by its name and its class."""
    return f"the layer {layer.name} ({type(layer).__name__})"


def returned_problems(model: Any) -> Iterator[str]:
    """Yield what of a model, as a user's function returned it, is not trained as by `fit`."""
    for kind in type(model).__mro__:
        # Those of Keras come last.
        if kind.__module__.partition(".")[0] == "keras":
            break
        for method in (name for name in TRAINING if name in vars(kind)):
            yield (
                f"its class {kind.__name__} has a custom {method}, by which fit would train it in "
                "another way; remove it"
            )
    if len(outputs := getattr(model, "outputs", None) or [None]) != 1:
        yield f"its model has {len(outputs)} outputs; give it one"
    for layer in layers_of(model):
        if getattr(layer, "stateful", False):
            yield (
                f"{named(layer)} is stateful: its output for a batch depends on the batch before, "
                "even of the validation set. Remove stateful=True"
            )
        if getattr(layer, "quantization_mode", None):
            yield f"{named(layer)} is quantized, and such weights are not trained. Remove that"


def output_problems(model: Any, shape: Sequence[int], classes: int) -> Iterator[str]:
    """Yield what is wrong with what a model, which `returned_problems` passes, makes of inputs."""
    inputs = some_inputs(model, shape)
    outputs = called(model, inputs, training=False)
    if getattr(outputs, "_keras_mask", None) is not None:
        yield (
            "a mask (of keras.layers.Masking, or of an Embedding with mask_zero) reaches its "
            "output, where fit takes it as weights of the loss. Remove the mask, or let a layer "
            "before the last one end it, such as keras.layers.Flatten()"
        )
        return
    values = keras.ops.convert_to_numpy(keras.ops.cast(outputs, "float32"))
    sums = values.sum(axis=-1)
    if values.shape != (len(inputs), classes) or (values < 0).any() or (abs(sums - 1) > 5e-3).any():
        yield (
            f"its model must end in a softmax over {classes} classes; its outputs for "
            f"{len(inputs)} examples have the shape {values.shape}, and those of the first sum to "
            f"{sums.ravel()[0]:.3g}; let its last layer be keras.layers.Dense({classes}, "
            "activation='softmax')"
        )


def some_inputs(model: Any, shape: Sequence[int], count: int = 2) -> Any:
    """Return random inputs, as a model takes them: so many, or as many as it takes at once."""
    features = int(np.prod(shape))
    rows = keras.random.uniform((batch_of(model) or count, features), seed=0)
    return as_input(model, rows, shape)


def traced(model: Any, inputs: Any) -> Any:
    """Return what TensorFlow does if a model is called in training with so many inputs."""
    call = tf.function(lambda x: called(model, x, training=True), autograph=False)
    return call.get_concrete_function(tf.TensorSpec(inputs.shape, inputs.dtype))


def state_problems(model: Any, function: Any) -> Iterator[str]:
    """Yield whether a model, as it was `traced`, uses a state that no variable of it holds."""
    own = {id(variable.value) for variable in model.variables}
    graph = function.graph.as_graph_def()
    nodes = itertools.chain(graph.node, *(part.node_def for part in graph.library.function))
    if any(id(variable) not in own for variable in function.variables) or any(
        node.op in STATEFUL for node in nodes
    ):
        yield (
            "its model draws random numbers from a state that is not its layers' own, or keeps "
            "other numbers there, so that no run could be repeated; give the layer that draws "
            "them an attribute keras.random.SeedGenerator(), and keras.random this as its seed; "
            "numbers belong into a keras.Variable"
        )


def compile_notes(build: str, model: Any, optimizer: Mapping[str, Any]) -> Iterator[str]:
    """Yield what of that which a model was compiled with is not used."""
    if not model.compiled:
        return
    theirs, loss = model.optimizer, getattr(model, "loss", None)
    name = getattr(loss, "name", None) or getattr(loss, "__name__", None) or loss
    rate = ""
    with suppress(AttributeError, TypeError, ValueError):
        rate = f" (learning rate {float(theirs.learning_rate):g})"
    said = f"{build} compiles its model with {type(theirs).__name__}{rate} and the loss {name!s}."
    if optimizer["class_name"] == OF_MODEL:
        yield (
            f"{said} Only the optimizer is used: the loss is sparse categorical cross-entropy, "
            "without weights."
        )
        return
    yield (
        f"{said} These are not used: the key optimizer decides ({optimizer['class_name']}; "
        "optimizer: model takes that of the model), and the loss is sparse categorical "
        "cross-entropy."
    )


def seed_notes(model: Any, other: Any) -> Iterator[str]:
    """Yield which random numbers are the same in the models of two seeds, by their code."""
    layers, fixed = layers_of(model), {}
    for mine, theirs in zip(model.variables, other.variables, strict=True):
        if mine.path.endswith("seed_generator_state") and _same(mine, theirs):
            having = [part for part in layers if any(v is mine for v in part.variables)]
            closest = min(having, key=lambda part: len(layers_of(part)))
            fixed[id(closest)] = named(closest)
    if fixed:
        yield (
            f"the random numbers of {', '.join(fixed.values())} are the same in each seed of the "
            "study, since its code sets a seed (seed=, or keras.utils.set_random_seed). Without "
            "it each seed of the study has other numbers."
        )


def _same(mine: Any, theirs: Any) -> bool:
    return np.array_equal(*(keras.ops.convert_to_numpy(part) for part in (mine, theirs)))
