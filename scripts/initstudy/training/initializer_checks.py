"""What is wrong with initializers: one list of checks, on the weights that they are to draw."""

import inspect
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.config.problems import KeyPath, Problem
from initstudy.engine.backend import keras
from initstudy.engine.errors import EngineError
from initstudy.engine.initializers import (
    ROLES,
    Role,
    known_initializers,
    make_initializer,
    weight_seed,
)
from initstudy.engine.models import Network, adapt
from initstudy.engine.spec import PER_LAYER, WEIGHTS, is_custom
from initstudy.engine.weights import Weight, assigned, converted, draw, refused, usual_shape
from initstudy.errors import reason, suggest
from initstudy.training.networks import Examined, some_inputs
from initstudy.training.raised import raised

# Inputs that an initializer is tried on which looks at some.
LOOKED_AT = 16
Shape = tuple[int, ...]
# An initializer: {class_name, config}.
Spec = Mapping[str, Any]


def drawn(spec: Spec, shape: Shape, seed: int = 0) -> npt.NDArray[Any]:
    """Return what an initializer draws, as a run has it: float32, also of float64 by NumPy."""
    made = make_initializer(spec["class_name"], spec["config"], seed)
    return np.asarray(keras.ops.convert_to_numpy(converted(made, shape, "float32")))


def refusal(spec: Spec, shape: Shape) -> str | None:
    """Say why an initializer cannot draw a weight of a shape; None if it can."""
    try:
        values, again = drawn(spec, shape), drawn(spec, shape)
    except Exception as error:  # noqa: BLE001 - Keras and custom code raise of many kinds
        return raised(error, spec["class_name"])
    if values.shape != shape:
        return f"it returns the shape {values.shape}"
    if not np.isfinite(values).all():
        return "some of its values are not finite numbers"
    if not np.array_equal(values, again):
        return (
            "with the same seed it gives other values each time, so that no run could be "
            "repeated; draw all that is random from its seed"
        )
    return None


def unknown(spec: Spec) -> tuple[KeyPath, str] | None:
    """Say what is wrong with the name or the parameters of an initializer that is not custom.

    Returns:
        The keys of the parameter, none for the name, and the text; None if both are right.
    """
    name, config, known = spec["class_name"], spec["config"], known_initializers()
    if name not in known:
        usual = [key for key in known if key.islower()]
        return (), f"{name!r} is not an initializer of Keras{suggest(name, usual)}"
    parameters = inspect.signature(known[name]).parameters
    for key in config:
        if key not in parameters:
            hint = suggest(key, [parameter for parameter in parameters if parameter != "seed"])
            return ("config", key), f"{name!r} has no such parameter{hint}"
    try:
        make_initializer(name, config, seed=0)
    except Exception as error:  # noqa: BLE001 - Keras raises of many kinds
        return (), f"Keras refuses {name!r} with {dict(config)}: {reason(error)}"
    return None


@dataclass(frozen=True)
class Entry:
    """An initializer as a configuration has it.

    Attributes:
        path: its key.
        name: of it in the study.
        spec: of it, for all layers.
        role: what it makes.
        parts: the weights that it draws, each with the initializer of its own, from the input on.
    """

    path: KeyPath
    name: str
    spec: Spec
    role: Role
    parts: Sequence[tuple[Weight, Spec]]

    def draw(self, number: int, seed: int = 0) -> npt.NDArray[Any]:
        """Return the weight of a part, as a run with a seed draws it."""
        weight, spec = self.parts[number]
        return drawn(spec, _shape(weight, spec), weight_seed(seed, *weight.key))

    @property
    def custom(self) -> bool:
        """Whether a part of it is user-defined."""
        return any(is_custom(spec["class_name"]) for _, spec in self.parts)

    @property
    def smallest(self) -> int:
        """The part that is drawn soonest."""
        sizes = [math.prod(weight.shape) for weight, _ in self.parts]
        return sizes.index(min(sizes))

    def deterministic(self, custom: bool = False) -> bool:
        """Return whether it, or only its user-defined parts, draw the same from another seed."""
        numbers = range(len(self.parts))
        if self.spec["class_name"] != PER_LAYER and self.parts:
            numbers = range(self.smallest, self.smallest + 1)
        return all(
            np.array_equal(self.draw(number), self.draw(number, seed=1))
            for number in numbers
            if not custom or is_custom(self.parts[number][1]["class_name"])
        )


def entries(question: Mapping[str, Any], weights: Sequence[Weight]) -> Iterator[Entry | Problem]:
    """Yield the initializers that are asked about, those of a role after the other's.

    What cannot be one for these weights is a problem in its place.
    """
    for role in ROLES:
        for entry in question[role]:
            path = tuple(entry["path"])
            try:
                yield Entry(path, entry["name"], entry, role, assigned(weights, role, entry))
            except EngineError as error:
                yield Problem(path, str(error))


def initializer_problems(question: Mapping[str, Any], network: Examined) -> Iterator[Problem]:
    """Yield the first problem of each initializer: it cannot make what it is to make in a network,
    or is another one's double.
    """
    alike: dict[tuple[str, str | bytes], list[Entry]] = {}
    for entry in entries(question, network.weights):
        if isinstance(entry, Problem):
            yield entry
            continue
        found = (check(entry, question, network) for check in CHECKS)
        problem = next((one for one in found if one), None)
        if problem or not entry.parts:
            yield from filter(None, [problem])
            continue
        rules = _rules(entry)
        key = rules or entry.draw(entry.smallest).tobytes()
        others = alike.setdefault((entry.role, key), [])
        double = next((other for other in others if rules or _same(entry, other)), None)
        if double and double.name != entry.name:
            yield Problem(
                entry.path,
                f"{entry.name!r} is the same initializer as {double.name!r}: it draws the same "
                "numbers; remove one",
            )
        others.append(entry)


def initializer_notes(question: Mapping[str, Any], weights: Sequence[Weight]) -> Iterator[str]:
    """Say of which user-defined kernels the seed makes no difference, a sentence each."""
    for entry in entries(question, weights):
        if isinstance(entry, Problem) or entry.role != "kernel" or not entry.custom:
            continue
        # One number in all places is meant so.
        if np.ptp(entry.draw(entry.smallest)) and entry.deterministic(custom=True):
            yield (
                f"{entry.name} draws the same kernels from every seed, so its seeds differ by the "
                "order of the examples and by other weights, and layers of one shape are copies "
                "of each other. If you do not intend that, draw from the seed that it is called "
                "with."
            )


def _on_shapes(entry: Entry, question: Mapping[str, Any], network: Examined) -> Problem | None:
    """Return whether each of its parts can draw weights of the shapes that it is to draw."""
    parts: dict[int, tuple[Spec, list[Shape]]] = {}
    for weight, spec in entry.parts:
        parts.setdefault(id(spec), (spec, []))[1].append(_shape(weight, spec))
    for spec, shapes in parts.values():
        if found := _part_problem(entry, spec, shapes):
            keys, text = found
            return Problem((*entry.path, *keys), f"{_label(entry, spec)}{text}")
    return None


def _part_problem(entry: Entry, spec: Spec, shapes: Sequence[Shape]) -> tuple[KeyPath, str] | None:
    name, config = spec["class_name"], spec["config"]
    if "seed" in config:
        return ("config", "seed"), "seeds come from the run; remove it"
    if not is_custom(name):
        if found := unknown(spec):
            return found
        listed = any(isinstance(value, list) for value in config.values())
        if not listed and entry.spec["class_name"] != PER_LAYER:
            # One that is known makes any dense kernel if it makes one, and any of a convolution.
            by_size = sorted(shapes, key=np.prod, reverse=True)
            shapes = [*{len(shape): shape for shape in by_size}.values()]
    for shape in dict.fromkeys(shapes):
        if why := refusal(spec, shape):
            file, _, attribute = name.rpartition(":")
            place = f" ({file})" if is_custom(name) and file not in why else ""
            return (), f"{attribute!r} cannot make a {entry.role} of shape {shape}: {why}{place}"
    return None


def _label(entry: Entry, spec: Spec) -> str:
    """Return what a part of an initializer is called, if it has several."""
    config = entry.spec["config"]
    if entry.spec["class_name"] != PER_LAYER:
        return ""
    if "layers" in config:
        return f"layer {[part is spec for part in config['layers']].index(True)}: "
    named = {**dict(config.get("paths", [])), **config}
    return next(f"{name}: " for name, part in named.items() if part is spec)


def _on_network(entry: Entry, question: Mapping[str, Any], network: Examined) -> Problem | None:
    """Return whether it is for such weights, and can follow the signal through such a network."""
    for weight, spec in entry.parts:
        if text := refused(weight, spec):
            return Problem(entry.path, f"{text}. Take another initializer for this network")
    if entry.role == "bias" and not entry.parts and entry.spec is not question["bias"][0]:
        return Problem(
            entry.path,
            "no bias of the model is the study's to draw, so this variant would be the baseline "
            "again. Write bias_initializers: []",
        )
    made = [make_initializer(spec["class_name"], spec["config"], 0) for _, spec in entry.parts]
    # What is custom may do for a shape, and not for a layer that makes more of it.
    if not entry.custom and not any(hasattr(one, "adapt") for one in made):
        return None
    model = network.model
    values = [variable.numpy() for variable in model.variables]
    text = "it cannot be used with this network:"
    few = {"steps": 1, "batch": 2} if entry.spec["class_name"] == "metainit" else {}
    spec = {**entry.spec, "config": {**entry.spec["config"], **few}}
    try:
        rules = draw(model, network.weights, {entry.role: spec}, seed=0)
        inputs = some_inputs(model, question["shape"], LOOKED_AT)
        adapt(Network(model, network.weights, rules), inputs)
    except EngineError as error:
        return Problem(entry.path, f"{text} {error} Take another initializer")
    except Exception as error:  # noqa: BLE001 - a user's own code raises what it likes
        return Problem(entry.path, f"{text} {raised(error, entry.spec['class_name'])}")
    finally:
        for variable, value in zip(model.variables, values, strict=True):
            variable.assign(value)
    return None


def _one_run(entry: Entry, question: Mapping[str, Any], network: Examined) -> Problem | None:
    """Return whether all seeds of a variant would be the same run, by a mistake of the user's."""
    if entry.role == "bias" or not entry.custom or network.varies:
        return None
    found = [one for one in entries(question, network.weights) if isinstance(one, Entry)]
    bias = next((one for one in found if one.role == "bias"), None)
    varied = [one for one in (entry, bias) if one and not one.deterministic()]
    if list(question["vary"]) != [WEIGHTS] or varied:
        return None
    return Problem(
        entry.path,
        f"{entry.name!r} draws the same numbers from every seed, and with vary: [weights] its "
        "seeds differ by nothing else: all of them would be one and the same run. Draw from the "
        "seed that it is called with, or set vary: [weights, order]",
    )


# In this order: an initializer has the first problem that is found.
CHECKS = (_on_shapes, _on_network, _one_run)


def _rules(entry: Entry) -> str:
    """Return by which rule it makes each layer, if one changes what is drawn by a look at the
    network or at data, which is not known here; "" if none does.
    """
    rules, looks = [], False
    for weight, spec in entry.parts:
        name, config = spec["class_name"], spec["config"]
        made = make_initializer(name, config, seed=0)
        looks |= hasattr(made, "adapt")
        # All that Keras' own and ours are made with; nobody has to write it for a custom class.
        full = dict(config) if is_custom(name) else made.get_config()
        rules.append([weight.path, name if is_custom(name) else type(made).__name__, full])
    return json.dumps(rules, sort_keys=True, default=str) if looks else ""


def _same(one: Entry, other: Entry) -> bool:
    """Return whether two draw the same numbers for the whole network."""
    paths = [[weight.path for weight, _ in entry.parts] for entry in (one, other)]
    return paths[0] == paths[1] and all(
        np.array_equal(one.draw(number), other.draw(number)) for number in range(len(one.parts))
    )


def _shape(weight: Weight, spec: Spec) -> Shape:
    """Return the shape that an initializer is asked for."""
    return usual_shape(weight, spec) or weight.shape
