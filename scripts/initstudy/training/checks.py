"""What only Keras can tell of a configuration: the names and parameters it knows, a model's size.

Importing Keras takes seconds, and the answer depends on the configuration and Keras' version alone.
So the workflow asks in a process of its own, and only if it has not asked the same before.
"""

import inspect
import itertools
import json
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from initstudy.engine.backend import keras, tf
from initstudy.engine.models import (
    TransposedDense,
    build_optimizer,
    kernel_layers,
    model_to_train,
    returned_model,
    suits_xla,
)
from initstudy.study.costs import Size, dense
from initstudy.study.problems import KeyPath, Problem, suggest
from initstudy.training.copies import (
    late_problems,
    trained_problems,
    undrawn_problems,
    unlearned_problems,
)
from initstudy.training.initializer_checks import (
    Shapes,
    initializer_notes,
    initializer_problems,
    network_shapes,
    raised,
    reason,
)
from initstudy.training.refusals import (
    ZEROS,
    bias_problems,
    compile_note,
    copy_problem,
    literature_problems,
    optimizer_problem,
    own_settings,
    returned_problems,
    schedule_problem,
)

# Operations that compute nothing.
FREE = {"Const", "ExpandDims", "Identity", "Placeholder", "ReadVariableOp", "Reshape", "Squeeze"}
# The operations of TensorFlow's that draw random numbers from a state of their own.
STATEFUL = {
    *("RandomUniform", "RandomUniformInt", "RandomStandardNormal", "TruncatedNormal"),
    *("ParameterizedTruncatedNormal", "RandomGamma", "RandomPoisson", "RandomPoissonV2"),
    *("RandomShuffle", "Multinomial"),
}


NOTHING = None, Size(0, 0, 0, "graph")


def examine(config: Mapping[str, Any]) -> tuple[list[Problem], Size]:
    """What Keras says of a configuration.

    Args:
        config: has passed the schema: model, the shape of an input, the number of classes,
            optimizer, learning_rates, vary and, for each role, the key path, class_name and config
            of its initializers, as `initstudy.training.checks` is sent them.

    Returns:
        A problem for each name that Keras does not know, each set of parameters that it refuses,
        each initializer that cannot make what it is to make or is another one's double, and what
        is wrong with a user's own model, whose initializers are tried once it is right; and the
        size of the model.
    """
    model, shape, classes = config["model"], config["shape"], config["classes"]
    shapes: Shapes | None
    if "build" in model:
        found, shapes, size = _own_model(config)
    else:
        found = list(_activation_problems(model["activation"]))
        size = dense(math.prod(shape), model["hidden_units"], classes)
        shapes = network_shapes(math.prod(shape), [*model["hidden_units"], classes])
    found += _optimizer_problems(config["optimizer"], config["learning_rates"])
    if shapes:
        tried = list(initializer_problems(config, shapes))
        found += tried
        if not tried:
            size = replace(size, notes=[*size.notes, *initializer_notes(config, shapes)])
    return found, size


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


def _own_model(config: Mapping[str, Any]) -> tuple[list[Problem], Shapes | None, Size]:
    """What is wrong with a user's own model, the shapes that it needs, and its size."""
    build, shape, classes = config["model"]["build"], config["shape"], config["classes"]
    with own_settings() as changed:
        try:
            returned = returned_model(build, shape, classes, replicate=0)
            found = [text] if (text := changed()) else [*returned_problems(returned)]
        except Exception as error:  # noqa: BLE001 - a user's own code raises what it likes
            found = [raised(error, build)]
        if found:
            return [Problem(("model",), f"{build}: {text}") for text in found], *NOTHING
        return _copied_model(config, returned)


def _copied_model(
    config: Mapping[str, Any], returned: Any
) -> tuple[list[Problem], Shapes | None, Size]:
    """The same, for a model as the user's function returned it."""
    build, shape, classes = config["model"]["build"], config["shape"], config["classes"]
    notes = [text] if (text := compile_note(build, returned, config["optimizer"])) else []

    def wrong(what: str) -> list[Problem]:
        return [Problem(("model",), f"{build}: {what}")]

    try:
        model = model_to_train(returned, ZEROS, ZEROS, replicate=0)
        first = model.variables
        # Of the shape that the training will give it.
        inputs = keras.random.uniform((2, *model.input_shape[1:]), seed=0)
        outputs = keras.ops.convert_to_numpy(model(inputs, training=False))
        traced = [_traced(model, count) for count in (1, 2)]
    except Exception as error:  # noqa: BLE001 - a person's own code raises what it likes
        return wrong(copy_problem(returned, error) or raised(error, build)), *NOTHING
    if math.prod(model.input_shape[1:]) != math.prod(shape):
        text = f"its model takes inputs of shape {model.input_shape[1:]}, the data has {shape}"
        return wrong(text), *NOTHING
    sums = outputs.sum(axis=-1)
    if outputs.shape != (2, classes) or (outputs < 0).any() or (abs(sums - 1) > 1e-3).any():
        text = f"its model must end in a softmax over {classes} classes"
        text += f"; its outputs for two images have the shape {outputs.shape}, and those of the "
        text += f"first sum to {sums.ravel()[0]:.3g}; let its last layer be "
        text += f"keras.layers.Dense({classes}, activation='softmax')"
        return wrong(text), *NOTHING
    if _draws_from_elsewhere(model, traced[0]):
        text = "its model draws random numbers from a state that is not its layers' own, so that no"
        text += " seed could be trained twice alike; give the layer that draws them an attribute"
        text += " keras.random.SeedGenerator(), and keras.random this as its seed"
        return wrong(text), *NOTHING

    def again() -> Any:
        return returned_model(build, shape, classes, replicate=1)

    lost = [*late_problems(model, first)]
    lost = lost or [*undrawn_problems(model, traced[0]), *trained_problems(returned, model, again)]
    lost = lost or [*unlearned_problems(model)]  # it moves statistics
    if lost:
        return [Problem(("model",), f"{build}: {text}") for text in lost], *NOTHING
    found = [Problem(*one) for one in literature_problems(returned, model, config["kernel"])]
    found += [Problem(*one) for one in bias_problems(model, config["bias"])]
    layers = kernel_layers(model)
    kernels = [
        tuple(layer.kernel.shape)[:: -1 if isinstance(layer, TransposedDense) else 1]
        for layer in layers
    ]
    # The difference leaves out what is done once for all inputs, as with the weights.
    of_one, of_two = (_work(of_some.graph) for of_some in traced)
    multiplications, outputs = (two - one for one, two in zip(of_one, of_two, strict=True))
    count = sum(math.prod(kernel) for kernel in kernels)
    size = Size(count, multiplications, outputs, "xla" if suits_xla(model) else "graph", notes)
    biases = [tuple(layer.bias.shape) for layer in layers if layer.bias is not None]
    return found, {"kernel": kernels, "bias": biases or [(1,)]}, size


def _traced(model: Any, inputs: int) -> Any:
    """What TensorFlow does if a model is called in training with so many inputs."""
    call = tf.function(lambda inputs: model(inputs, training=True), autograph=False)
    return call.get_concrete_function(tf.TensorSpec((inputs, *model.input_shape[1:])))


def _work(graph: Any) -> tuple[int, int]:
    """The multiplications of a graph's products and convolutions; the numbers it computes."""
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


def _draws_from_elsewhere(model: Any, traced: Any) -> bool:
    """Whether what a model does in training depends on a state that its variables do not hold."""
    own = {id(variable.value) for variable in model.variables}
    graph = traced.graph.as_graph_def()
    nodes = itertools.chain(graph.node, *(part.node_def for part in graph.library.function))
    return any(id(variable) not in own for variable in traced.variables) or any(
        node.op in STATEFUL for node in nodes
    )


def _optimizer_problems(
    optimizer: Mapping[str, Any], learning_rates: Sequence[float]
) -> Iterator[Problem]:
    base = keras.optimizers.Optimizer
    known = {
        key.lower(): key
        for key, value in vars(keras.optimizers).items()
        if inspect.isclass(value) and issubclass(value, base) and value is not base
    }
    name = optimizer["class_name"]
    path: KeyPath = ("optimizer",)
    if name.lower() not in known:
        hint = suggest(name, [*known])
        yield Problem(path, f"{name!r} is not an optimizer of Keras{hint}")
        return
    if text := schedule_problem(optimizer, learning_rates):
        yield Problem((*path, "config", "learning_rate"), text)
        return
    try:
        if text := optimizer_problem(optimizer):
            yield Problem(path, text)
            return
        variable = keras.Variable([[0.0, 1.0]])
        built = build_optimizer(optimizer, [variable])
        for rate in learning_rates:
            built.learning_rate = rate
        built.apply([keras.ops.ones((1, 2))], [variable])
    except Exception as error:  # noqa: BLE001 - Keras raises of many kinds
        yield Problem(
            path, f"Keras refuses {name!r} with {dict(optimizer['config'])}: {reason(error)}"
        )


def main(stdin: str) -> str:
    """Reads a list of configurations as JSON and answers in JSON.

    Returns:
        For each {"problems": [[path, message], ...], "weights": ..., ...}, with the rest of `Size`.
    """
    answers = []
    for question in json.loads(stdin):
        problems, size = examine(question)
        told = [[list(problem.path), problem.message] for problem in problems]
        answers.append({"problems": told, **asdict(size)})
    return json.dumps(answers)


if __name__ == "__main__":
    # What a user's code prints must not stand among the answers.
    answers = os.dup(1)
    os.dup2(2, 1)
    os.write(answers, main(sys.stdin.read()).encode())
