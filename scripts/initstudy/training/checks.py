"""What only Keras knows of a configuration: names and parameters, and the size of a model.

Importing Keras takes seconds, and the answer depends on the configuration and Keras' version alone.
So the workflow asks in a process of its own, and only if it has not asked the same before.
"""

import inspect
import json
import math
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from initstudy.config.problems import KeyPath, Problem
from initstudy.costs import Size, dense
from initstudy.engine.backend import keras
from initstudy.engine.errors import EngineError
from initstudy.engine.initializers import ROLES
from initstudy.engine.layers import layers_of
from initstudy.engine.losses import Objective, make_loss
from initstudy.engine.models import batch_of, dense_model, returned_model, suits_xla
from initstudy.engine.spec import last_layer
from initstudy.errors import reason, suggest
from initstudy.results.weights import in_words
from initstudy.training.accounts import table
from initstudy.training.initializer_checks import initializer_notes, initializer_problems
from initstudy.training.loss_checks import loss_problems, unsuited
from initstudy.training.networks import (
    Examined,
    compile_notes,
    examined,
    output_problems,
    returned_problems,
    seed_notes,
    some_inputs,
    state_problems,
    traced,
)
from initstudy.training.optimizer_checks import optimizer_problems
from initstudy.training.raised import raised

# Operations that compute nothing.
FREE = {"Const", "ExpandDims", "Identity", "Placeholder", "ReadVariableOp", "Reshape", "Squeeze"}
NOTHING = Size(0, 0, 0, "graph")


def examine(config: Mapping[str, Any]) -> tuple[list[Problem], Size]:
    """Return what is wrong with a configuration for Keras, and the size of its model.

    The initializers are tried once the model is right.

    Args:
        config: has passed the schema: model, the shape of an input, the target (its kind, count
            and shape), loss, metric, optimizer, learning_rates, vary and, for each role, the key
            path, class_name and config of its initializers.
    """
    network: Examined | None = None
    size: Size | None
    found = list(loss_problems(config))
    if found:
        return found, NOTHING
    if "build" in config["model"]:
        found, network, size = _user_network(config)
    else:
        found, network, size = _dense_network(config)
    found += optimizer_problems(
        config["optimizer"], config["learning_rates"], network.model if network else None
    )
    if network is None or size is None:
        return found, size or NOTHING
    tried = list(initializer_problems(config, network))
    found += tried
    if not tried:
        baseline = {role: config[role][0] for role in ROLES if config[role]}
        rows = table(network.model, network.weights, baseline)
        notes = [*size.notes, *initializer_notes(config, network.weights)]
        if "build" in config["model"]:
            notes.insert(0, in_words(rows))
        size = replace(size, notes=notes, table=rows)
    return found, size


def _dense_network(config: Mapping[str, Any]) -> tuple[list[Problem], Examined | None, Size]:
    """Return what is wrong with a multilayer perceptron; the model with its weights, its size."""
    model, target, features = config["model"], config["target"], math.prod(config["shape"])
    is_class = target["kind"] == "classes"
    last = last_layer(config["loss"], config["metric"], target["count"], is_class)
    size = dense(features, model["hidden_units"], last[0])
    found = list(_activation_problems(model["activation"]))
    if len(target["shape"]) > 1 or (is_class and target["shape"]):
        text = "the targets are sequences, which no multilayer perceptron gives; write a function"
        found.append(Problem(("model",), text))
    if found:
        return found, None, size
    make = dense_model(features, model["hidden_units"], model["activation"], *last)
    return [], examined(make(0), make(1)), size


def _activation_problems(name: str) -> Iterator[Problem]:
    known = [
        key
        for key, value in vars(keras.activations).items()
        if inspect.isfunction(value) and key not in ("get", "serialize", "deserialize")
    ]
    path: KeyPath = ("model", "activation")
    if name not in known:
        yield Problem(path, f"{name!r} is not an activation of Keras{suggest(name, known)}")
        return
    try:
        shape = keras.activations.get(name)(keras.ops.ones((2, 4))).shape
    except Exception as error:  # noqa: BLE001 - Keras raises of many kinds
        yield Problem(path, f"{name!r} cannot follow a layer: {reason(error)}")
        return
    if tuple(shape) != (2, 4):
        yield Problem(path, f"{name!r} cannot follow a layer: it changes the number of units")


def _user_network(
    config: Mapping[str, Any],
) -> tuple[list[Problem], Examined | None, Size | None]:
    """Return what is wrong with a user's network; the model with its weights, and its size."""
    build, shape, target = config["model"]["build"], config["shape"], config["target"]
    path: KeyPath = ("model",)

    def wrong(texts: Iterable[str]) -> list[Problem]:
        return [Problem(path, f"{build}: {text}") for text in texts]

    try:
        model = returned_model(build, shape, target["count"], seed=0)
        if found := wrong(returned_problems(model)):
            return found, None, None
        other = returned_model(build, shape, target["count"], seed=1)
        inputs = some_inputs(model, shape)
        objective = Objective(make_loss(config["loss"], model), config["metric"])
        if text := unsuited(objective.kind, config["metric"], target):
            return wrong([f"it is compiled with a loss that does not suit: {text}"]), None, None
        if found := wrong(output_problems(model, shape, target, objective)):
            return found, None, None
        # The difference leaves out what is done once for all inputs, as with the weights.
        batch = batch_of(model)
        functions = [traced(model, part) for part in (inputs if batch else inputs[:1], inputs)]
        network = examined(model, other)
    except EngineError as error:
        return wrong([str(error)]), None, None
    except Exception as error:  # noqa: BLE001 - a user's own code raises what it likes
        return wrong([raised(error, build)]), None, None
    if found := wrong(state_problems(model, functions[0])):
        return found, None, None
    weights = network.weights
    if not any(weight.role == "kernel" and weight.drawn for weight in weights):
        left = [f"{weight.path}: {weight.kept}" for weight in weights if len(weight.shape) > 1]
        text = f"no kernel of its model is the study's to draw ({'; '.join(left) or 'it has none'})"
        return wrong([text]), None, None
    few, more = (_work(function.graph) for function in functions)
    multiplications, outputs = (two - one for one, two in zip(few, more, strict=True))
    if batch:
        multiplications, outputs = (part // batch for part in few)
    numbers = sum(math.prod(weight.shape) for weight in weights)
    notes = [
        *compile_notes(build, model, config["optimizer"], config["loss"]),
        *seed_notes(model, other),
        *_token_notes(model, config.get("inputs", "raw")),
    ]
    compiled = "xla" if suits_xla(model) else "graph"
    return [], network, Size(numbers, multiplications, outputs, compiled, notes)


def _token_notes(model: Any, inputs: str) -> Iterator[str]:
    """Say that whole numbers for an Embedding are such no longer once they are scaled."""
    found = [one.name for one in layers_of(model) if isinstance(one, keras.layers.Embedding)]
    if found and inputs != "raw":
        yield (
            f"The layer {found[0]} takes whole numbers, and inputs: {inputs} scales them. For "
            "tokens set inputs: raw."
        )


def _work(graph: Any) -> tuple[int, int]:
    """Return the multiplications in a graph's products and convolutions, and its outputs."""
    multiplications = outputs = 0
    for operation in graph.get_operations():
        if operation.type in FREE or not operation.outputs:
            continue
        shapes = [tensor.shape for tensor in (operation.outputs[0], *operation.inputs)]
        if not all(shape.is_fully_defined() for shape in shapes):
            continue
        count, *inputs = [shape.num_elements() for shape in shapes]
        outputs += count
        if operation.type == "Einsum":
            left, right = operation.get_attr("equation").decode().split("->")
            sizes = {
                label: size
                for labels, shape in zip(left.split(","), shapes[1:], strict=True)
                for label, size in zip(labels, shape, strict=False)
            }
            multiplications += count * math.prod(
                size for label, size in sizes.items() if label not in right
            )
        elif operation.type in ("MatMul", "BatchMatMulV2", "BatchMatMulV3"):
            summed = operation.get_attr("transpose_a" if operation.type == "MatMul" else "adj_x")
            multiplications += count * shapes[1][-2 if summed else -1]
        elif operation.type in ("Conv2D", "Conv3D"):
            multiplications += count * inputs[1] // shapes[2][-1]
        elif operation.type == "DepthwiseConv2dNative":
            multiplications += count * math.prod(shapes[2][:2])
    return multiplications, outputs


def answer(question: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `examine` finds, for JSON: `problems`, [path, message], and fields of `Size`."""
    problems, size = examine(question)
    return {"problems": [[list(one.path), one.message] for one in problems], **asdict(size)}


def main(stdin: str) -> str:
    """Answer a list of questions, both as JSON."""
    return json.dumps([answer(question) for question in json.loads(stdin)])


if __name__ == "__main__":
    # What a user's code prints must not get among the answers.
    answers = os.dup(1)
    os.dup2(2, 1)
    os.write(answers, main(sys.stdin.read()).encode())
