"""What is wrong with a user's network, seen before anything is trained."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.engine.backend import keras, tf
from initstudy.engine.layers import layers_of
from initstudy.engine.losses import BINARY, CATEGORICAL, SPARSE, Objective
from initstudy.engine.models import as_input, batch_of
from initstudy.engine.shadows import called
from initstudy.engine.spec import OF_MODEL, last_layer
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


def output_problems(
    model: Any, shape: Sequence[int], target: Mapping[str, Any], objective: Objective
) -> Iterator[str]:
    """Yield what is wrong with what a model, which `returned_problems` passes, makes of inputs.

    Args:
        model: of Keras.
        shape: of an input.
        target: kind, count and shape of what an example is to be given, see `targets.Target`.
        objective: what the model is trained for.
    """
    inputs = some_inputs(model, shape)
    outputs = called(model, inputs, training=False)
    values = keras.ops.convert_to_numpy(keras.ops.cast(outputs, "float32"))
    found = values.shape[1:]
    fitting = _fitting(target, objective)
    if found not in fitting:
        wanted = " or ".join(str((len(inputs), *one)) for one in fitting)
        yield (
            f"its outputs for {len(inputs)} examples have the shape {values.shape}; for "
            f"{_in_words(target)} and the loss {objective.kind} they must have {wanted}: let its "
            f"last layer be {_last(target, objective, fitting[0][-1])}"
        )
    elif text := _range_problem(values, target, objective):
        yield f"{text}; let its last layer be {_last(target, objective, found[-1])}"


def _fitting(target: Mapping[str, Any], objective: Objective) -> list[tuple[int, ...]]:
    """Return the shapes that outputs for one example may have."""
    count, own = target["count"], tuple(target["shape"])
    if target["kind"] == "classes":
        one = [(*own, 1)] if count == 2 and objective.kind not in SPARSE | CATEGORICAL else []
        return [*one, (*own, count)]
    # As Keras, which takes (examples,) and (examples, 1) for the same.
    return [own or (1,)]


def _range_problem(
    values: npt.NDArray[Any], target: Mapping[str, Any], objective: Objective
) -> str:
    """Say what is wrong with the values of outputs; empty if nothing is."""
    if values.shape[-1] == 1 and (values == 1).all():
        return "its output is 1 for every example, as that of a softmax over one unit always is"
    if target["kind"] == "numbers":
        return ""
    inside = bool((values >= 0).all() and (values <= 1 + 5e-3).all())
    sums = values.sum(axis=-1)
    adding = inside and values.shape[-1] > 1 and not (abs(sums - 1) > 5e-3).any()
    shares = objective.kind in SPARSE | CATEGORICAL
    if objective.from_logits:
        if adding or (inside and not shares):
            return (
                f"the loss {objective.kind} has from_logits: true, but its outputs are "
                "probabilities, so that the loss would take a softmax or a sigmoid twice"
            )
        return ""
    if shares and not adding:
        return (
            f"it must end in a softmax over {target['count']} classes: the outputs for the first "
            f"example sum to {sums.ravel()[0]:.3g}, and the smallest is {values.min():.3g} "
            "(of logits, set from_logits: true in the config of the loss)"
        )
    probable = objective.kind in BINARY or objective.metric == "log_loss"
    if probable and not inside:
        return (
            f"its outputs must be probabilities, and lie between {values.min():.3g} and "
            f"{values.max():.3g} (of logits, set from_logits: true in the config of the loss)"
        )
    return ""


def _in_words(target: Mapping[str, Any]) -> str:
    kind, count = target["kind"], target["count"]
    # A class has no dimension of its own, labels and numbers have one.
    is_sequence = len(target["shape"]) > (kind != "classes")
    steps = f" at each of {target['shape'][0]} steps" if is_sequence else ""
    return f"{count} {kind if count > 1 else kind[:-1]}{steps}"


def _last(target: Mapping[str, Any], objective: Objective, units: int) -> str:
    """Write the last layer that suits."""
    loss = {"class_name": objective.kind, "config": {"from_logits": objective.from_logits}}
    is_class = target["kind"] == "classes"
    _, activation = last_layer(loss, objective.metric, target["count"], is_class)
    if activation == "softmax" and units == 1:
        activation = "sigmoid"
    ending = f", activation={activation!r}" if activation else ""
    return f"keras.layers.Dense({units}{ending})"


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


def compile_notes(
    build: str, model: Any, optimizer: Mapping[str, Any], loss_of_study: Mapping[str, Any]
) -> Iterator[str]:
    """Yield what of that which a model was compiled with is not used."""
    if not model.compiled:
        return
    takes = [part["class_name"] == OF_MODEL for part in (optimizer, loss_of_study)]
    if all(takes):
        return
    theirs, loss = model.optimizer, getattr(model, "loss", None)
    name = getattr(loss, "name", None) or getattr(loss, "__name__", None) or loss
    rate = ""
    with suppress(AttributeError, TypeError, ValueError):
        rate = f" (learning rate {float(theirs.learning_rate):g})"
    said = f"{build} compiles its model with {type(theirs).__name__}{rate} and the loss {name!s}."
    used = {"optimizer": optimizer["class_name"], "loss": loss_of_study["class_name"]}
    for (key, name), own in zip(used.items(), takes, strict=True):
        if not own:
            said += f" Its {key} is not used: the key {key} has {name} ({key}: model takes it)."
    yield said


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
