"""What is wrong with initializers: tried on the kernels and biases that they are to make."""

import inspect
import itertools
import json
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.engine.backend import keras
from initstudy.engine.initializers import ROLES, Role, known_initializers, make_initializer
from initstudy.engine.models import converted, layer_initializer
from initstudy.engine.spec import PER_LAYER, WEIGHTS, is_custom
from initstudy.study.problems import KeyPath, Problem, suggest

Shape = tuple[int, ...]
Shapes = Mapping[Role, Sequence[Shape]]


def network_shapes(features: int, units: Sequence[int]) -> Shapes:
    """The shapes of the kernels and biases of dense layers, one after the other."""
    sizes = [features, *units]
    kernels = [(size, following) for size, following in itertools.pairwise(sizes)]
    return {"kernel": kernels, "bias": [(size,) for size in units]}


@dataclass(frozen=True)
class Entry:
    """An initializer as a configuration has it.

    Attributes:
        path: the key that it stands at.
        name: what the study calls it.
        spec: class_name and config.
        role: what it makes.
        shapes: of all kernels or biases of the network, from the input on.
    """

    path: KeyPath
    name: str
    spec: Mapping[str, Any]
    role: Role
    shapes: Sequence[Shape]

    def parts(self) -> Iterator[tuple[str, Mapping[str, Any], Sequence[Shape]]]:
        """What it calls its parts, if it has one for each layer, each part, and what it makes."""
        config = self.spec["config"]
        if self.spec["class_name"] != PER_LAYER:
            yield "", self.spec, self.shapes
        elif "layers" in config:
            for number, (part, shape) in enumerate(zip(config["layers"], self.shapes, strict=True)):
                yield f"layer {number}: ", part, [shape]
        else:
            yield "hidden: ", config["hidden"], self.shapes[:-1]
            yield "output: ", config["output"], self.shapes[-1:]

    def draw(self, layer: int, replicate: int = 0) -> npt.NDArray[Any]:
        """What a replicate draws for a layer, as it does when it is trained."""
        made = layer_initializer(self.spec, layer, len(self.shapes), self.role, replicate)
        values = converted(made)(self.shapes[layer], dtype="float32")
        return np.asarray(keras.ops.convert_to_numpy(values))

    def smallest(self) -> int:
        """The layer that is drawn soonest."""
        sizes = [int(np.prod(shape)) for shape in self.shapes]
        return sizes.index(min(sizes))


def entries(question: Mapping[str, Any], shapes: Shapes) -> Iterator[Entry]:
    """The initializers that are asked about, each role's after the other's."""
    for role in ROLES:
        for entry in question[role]:
            yield Entry(tuple(entry["path"]), entry["name"], entry, role, shapes[role])


def initializer_problems(question: Mapping[str, Any], shapes: Shapes) -> Iterator[Problem]:
    """Tell which initializers cannot make what they are to make, or are another one's double.

    Args:
        question: as `checks.examine` is asked; vary says what its seeds have of their own.
        shapes: of the network.
    """
    first: dict[tuple[str, str | bytes], list[Entry]] = {}
    for entry in entries(question, shapes):
        found = list(_problems(entry)) or list(_one_run(entry, question, shapes))
        yield from found
        if found:
            continue
        rules = _rules(entry)
        key = rules or entry.draw(entry.smallest()).tobytes()
        alike = first.setdefault((entry.role, key), [])
        double = next((other for other in alike if rules or _same(entry, other)), None)
        if double and double.name != entry.name:
            yield Problem(
                entry.path,
                f"{entry.name!r} is the same initializer as {double.name!r}: it draws the same "
                "numbers; remove one",
            )
        alike.append(entry)


def initializer_notes(question: Mapping[str, Any], shapes: Shapes) -> Iterator[str]:
    """Say of which kernels of a user's own the seed makes no difference, a sentence each."""
    for entry in entries(question, shapes):
        # What is one number in all places is meant so.
        meant = not np.ptp(entry.draw(entry.smallest())) if _custom(entry) else True
        if entry.role == "kernel" and not meant and _ignores_seed(entry):
            yield (
                f"{entry.name} draws the same kernels from every seed, so its seeds differ by the "
                "order of the examples and by what else is drawn, and layers of one shape are "
                "copies of each other. If that is not meant, draw from the seed that it is given."
            )


def _one_run(entry: Entry, question: Mapping[str, Any], shapes: Shapes) -> Iterator[Problem]:
    """Whether all seeds of a variant would be one and the same run, by a mistake of the user's.

    In a model of a user's own something else may be drawn, such as dropout's noise.
    """
    if entry.role == "bias" or not _custom(entry) or "build" in question["model"]:
        return
    bias = next((one for one in entries(question, shapes) if one.role == "bias"), None)
    drawn = [one for one in (entry, bias) if one and not _fixed(one)]
    if list(question["vary"]) == [WEIGHTS] and not drawn:
        yield Problem(
            entry.path,
            f"{entry.name!r} draws the same numbers from every seed, and with vary: [weights] its "
            "seeds differ by nothing else: all of them would be one and the same run. Draw from "
            "the seed that it is given, or set vary: [weights, order]",
        )


def _problems(entry: Entry) -> Iterator[Problem]:
    config = entry.spec["config"]
    listed = config.get("layers") if entry.spec["class_name"] == PER_LAYER else None
    if listed is not None and len(listed) != len(entry.shapes):
        text = f"it has {len(listed)} entries, the model {len(entry.shapes)} layers with a "
        yield Problem(entry.path, f"{text}{entry.role}")
        return
    for label, spec, shapes in entry.parts():
        for problem in _part_problems(entry, spec, shapes):
            yield Problem(problem.path, f"{label}{problem.message}")
            return


def _part_problems(
    entry: Entry, spec: Mapping[str, Any], shapes: Sequence[Shape]
) -> Iterator[Problem]:
    name, config = spec["class_name"], spec["config"]
    if "seed" in config:
        yield Problem((*entry.path, "config", "seed"), "seeds come from the replicate; remove it")
        return
    if not is_custom(name):
        found = list(_name_problems(entry.path, name, config))
        if found:
            yield from found
            return
    listed = any(isinstance(value, list) for value in config.values())
    if not is_custom(name) and not listed and entry.spec["class_name"] != PER_LAYER:
        # One that is known makes any dense kernel if it makes one, and any of a convolution.
        by_size = sorted(shapes, key=np.prod, reverse=True)
        shapes = [*{len(shape): shape for shape in by_size}.values()]
    for shape in dict.fromkeys(shapes):
        what = _refusal(name, config, shape)
        if what:
            file, _, attribute = name.rpartition(":")
            place = f" ({file})" if is_custom(name) and file not in what else ""
            text = f"{attribute!r} cannot make a {entry.role} of shape {shape}: {what}{place}"
            yield Problem(entry.path, text)
            return


def _refusal(name: str, config: Mapping[str, Any], shape: Shape) -> str | None:
    """Why an initializer cannot make a kernel or bias of this shape; None if it can."""
    try:
        values, again = (
            keras.ops.convert_to_numpy(
                converted(make_initializer(name, config, seed=0))(shape, dtype="float32")
            )
            for _ in range(2)
        )
    except Exception as error:  # noqa: BLE001 - Keras and own code raise of many kinds
        return raised(error, name)
    if values.shape != shape:
        return f"it returns the shape {values.shape}"
    if not np.isfinite(values).all():
        return "some of its values are not finite numbers"
    if not np.array_equal(values, again):
        return (
            "with the same seed it gives other values each time, so that no training could be "
            "repeated; draw all that is random from its seed"
        )
    return None


def _custom(entry: Entry) -> bool:
    return any(is_custom(spec["class_name"]) for _, spec, _ in entry.parts())


def _ignores_seed(entry: Entry) -> bool:
    """Whether what is custom of it draws the same for another seed, in every layer that it has."""
    if entry.spec["class_name"] != PER_LAYER:
        return _fixed(entry)
    kinds = [spec["class_name"] for _, spec, shapes in entry.parts() for _ in shapes]
    return all(_same_again(entry, n) for n, kind in enumerate(kinds) if is_custom(kind))


def _fixed(entry: Entry) -> bool:
    """Whether it draws the same for another seed."""
    layers = range(len(entry.shapes))
    if entry.spec["class_name"] != PER_LAYER:
        layers = range(entry.smallest(), entry.smallest() + 1)
    return all(_same_again(entry, layer) for layer in layers)


def _same_again(entry: Entry, layer: int) -> bool:
    return np.array_equal(entry.draw(layer), entry.draw(layer, 1))


def _rules(entry: Entry) -> str:
    """By which rule it makes each layer, if one changes what is drawn by a look at the network or
    at data, which is not known here; "" if none does.
    """
    rules, looks = [], False
    for _, spec, shapes in entry.parts():
        name, config = spec["class_name"], spec["config"]
        made = make_initializer(name, config, seed=0)
        looks |= hasattr(made, "adapt")
        # All that Keras' own and ours are made with; nobody has to write it for a class of theirs.
        told = dict(config) if is_custom(name) else made.get_config()
        rules += [[name if is_custom(name) else type(made).__name__, told]] * len(shapes)
    return json.dumps(rules, sort_keys=True, default=str) if looks else ""


def _same(one: Entry, other: Entry) -> bool:
    """Whether two draw the same numbers for the whole network."""
    return all(
        np.array_equal(one.draw(layer), other.draw(layer)) for layer in range(len(one.shapes))
    )


def _name_problems(path: KeyPath, name: str, config: Mapping[str, Any]) -> Iterator[Problem]:
    known = known_initializers()
    if name not in known:
        usual = [key for key in known if key.islower()]
        yield Problem(path, f"{name!r} is not an initializer of Keras{suggest(name, usual)}")
        return
    parameters = inspect.signature(known[name]).parameters
    for key in config:
        if key not in parameters:
            takes = [parameter for parameter in parameters if parameter != "seed"]
            hint = suggest(key, takes)
            yield Problem((*path, "config", key), f"{name!r} has no such parameter{hint}")
            return
    try:
        make_initializer(name, config, seed=0)
    except Exception as error:  # noqa: BLE001 - Keras raises of many kinds
        yield Problem(path, f"Keras refuses {name!r} with {dict(config)}: {reason(error)}")


def raised(error: Exception, name: str) -> str:
    """What was raised; by a user's own code with the line of it."""
    if not is_custom(name):
        return reason(error)
    file = name.rpartition(":")[0]
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).resolve() == Path(file).resolve()
    ]
    if isinstance(error, SyntaxError):
        lines.append(error.lineno)
    where = f"{file}, line {lines[-1]}" if lines else file
    return f"{type(error).__name__} in {where}: {reason(error)}"


def reason(error: Exception) -> str:
    """What an error says, in one line."""
    text = " ".join(str(error).split())
    if isinstance(error, KeyError):
        text = f"it needs {text}"
    return text if len(text) <= 300 else text[:297] + "..."
