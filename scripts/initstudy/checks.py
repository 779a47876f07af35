"""What only Keras can tell of a configuration: which names it knows and what parameters it takes.

Importing Keras takes seconds, and the answer depends on the configuration and Keras' version alone.
So the workflow asks in a process of its own, and only if it has not asked the same before.
"""

import inspect
import json
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from initstudy.backend import keras
from initstudy.config import KeyPath, Problem, suggest
from initstudy.initializers import ROLES, Role, known_initializers, make_initializer
from initstudy.models import build_optimizer
from initstudy.names import PER_LAYER, is_own

# Small shapes that every initializer which makes kernels or biases at all can draw.
SHAPES: Mapping[Role, tuple[int, ...]] = {"kernel": (8, 4), "bias": (4,)}


def problems(config: Mapping[str, Any]) -> Iterator[Problem]:
    """What Keras would refuse.

    Args:
        config: has passed the schema: activation, optimizer and, for each role, the key path,
            class_name and config of its initializers, as `initstudy.checks` is sent them.

    Yields:
        A problem for each name that Keras does not know, each set of parameters that it refuses,
        and each initializer that cannot make what it is to make or is another one's double.
    """
    yield from _activation_problems(config["activation"])
    yield from _optimizer_problems(config["optimizer"])
    for role in ROLES:
        seen: dict[str, str] = {}
        for entry in config[role]:
            found = list(_initializer_problems(role, entry))
            yield from found
            if not found and entry["class_name"] != PER_LAYER:
                built = make_initializer(entry["class_name"], entry["config"], seed=0)
                same = json.dumps([type(built).__name__, built.get_config()], default=str)
                first = seen.setdefault(same, entry["name"])
                if first != entry["name"]:
                    yield Problem(
                        tuple(entry["path"]),
                        f"{entry['name']!r} is the same initializer as {first!r}; remove one",
                    )


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
        yield Problem(path, f"{name!r} cannot follow a layer: {_reason(error)}")
        return
    if tuple(shape) != (2, 4):
        yield Problem(path, f"{name!r} cannot follow a layer: it changes the number of units")


def _optimizer_problems(optimizer: Mapping[str, Any]) -> Iterator[Problem]:
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
    try:
        variable = keras.Variable([[0.0, 1.0]])
        build_optimizer(optimizer, [variable]).apply([keras.ops.ones((1, 2))], [variable])
    except Exception as error:  # noqa: BLE001 - Keras raises of many kinds
        yield Problem(
            path, f"Keras refuses {name!r} with {dict(optimizer['config'])}: {_reason(error)}"
        )


def _initializer_problems(role: Role, entry: Mapping[str, Any]) -> Iterator[Problem]:
    path, name, config = tuple(entry["path"]), entry["class_name"], entry["config"]
    if name == PER_LAYER:
        for number, part in enumerate(config["layers"]):
            for problem in _initializer_problems(role, {**part, "path": path}):
                yield Problem(problem.path, f"layer {number}: {problem.message}")
        return
    if is_own(name):
        yield from _own_problems(role, path, name, config)
        return
    known = known_initializers()
    if name not in known:
        usual = [key for key in known if key.islower()]
        yield Problem(path, f"{name!r} is not an initializer of Keras{suggest(name, usual)}")
        return
    if "seed" in config:
        yield Problem((*path, "config", "seed"), "seeds come from the replicate; remove it")
        return
    parameters = inspect.signature(known[name]).parameters
    for key in config:
        if key not in parameters:
            takes = [parameter for parameter in parameters if parameter != "seed"]
            hint = suggest(key, takes)
            yield Problem((*path, "config", key), f"{name!r} has no such parameter{hint}")
            return
    try:
        initializer = make_initializer(name, config, seed=0)
    except Exception as error:  # noqa: BLE001 - Keras raises of many kinds
        yield Problem(path, f"Keras refuses {name!r} with {dict(config)}: {_reason(error)}")
        return
    try:
        values = keras.ops.convert_to_numpy(initializer(SHAPES[role], dtype="float32"))
    except Exception as error:  # noqa: BLE001 - Keras raises of many kinds
        yield Problem(path, f"{name!r} cannot make a {role}: {_reason(error)}")
        return
    if values.shape != SHAPES[role]:
        yield Problem(path, f"{name!r} cannot make a {role}: it returns the shape {values.shape}")


def _own_problems(
    role: Role, path: KeyPath, name: str, config: Mapping[str, Any]
) -> Iterator[Problem]:
    file, _, attribute = name.rpartition(":")
    try:
        values = keras.ops.convert_to_numpy(
            make_initializer(name, config, seed=0)(SHAPES[role], dtype="float32")
        )
    except Exception as error:  # noqa: BLE001 - a person's own code raises what it likes
        lines = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if Path(frame.filename).resolve() == Path(file).resolve()
        ]
        if isinstance(error, SyntaxError):
            lines.append(error.lineno)
        where = f"{file}, line {lines[-1]}" if lines else file
        text = f"{attribute!r} cannot make a {role}: {type(error).__name__} in {where}: "
        yield Problem(path, text + _reason(error))
        return
    if values.shape != SHAPES[role]:
        text = f"{attribute!r} cannot make a {role}: for the shape {SHAPES[role]} it returns "
        yield Problem(path, f"{text}the shape {values.shape} ({file})")


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, KeyError):
        text = f"it needs {text}"
    return text if len(text) <= 300 else text[:297] + "..."


def main(stdin: str) -> str:
    """Reads a configuration as JSON and returns its problems as JSON: [[path, message], ...]."""
    found: Sequence[Problem] = list(problems(json.loads(stdin)))
    return json.dumps([[list(problem.path), problem.message] for problem in found])


if __name__ == "__main__":
    print(main(sys.stdin.read()))
