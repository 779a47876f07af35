"""What is wrong with initializers: tried on the kernels and biases that they are to make."""

import inspect
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.config.problems import KeyPath, Problem, suggest
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
from initstudy.training.networks import Examined, some_inputs
from initstudy.training.raised import raised, reason

# Inputs that an initializer is tried on which looks at some.
LOOKED_AT = 16
Shape = tuple[int, ...]
Part = tuple[Weight, Mapping[str, Any]]


@dataclass(frozen=True)
class Entry:
    """An initializer as a configuration has it.

    Attributes:
        path: the key that it stands at.
        name: what the study calls it.
        spec: class_name and config.
        role: what it makes.
        parts: the weights that it draws, each with the initializer of its own, from the input on.
    """

    path: KeyPath
    name: str
    spec: Mapping[str, Any]
    role: Role
    parts: Sequence[Part]

    def draw(self, number: int, replicate: int = 0) -> npt.NDArray[Any]:
        """What a replicate draws for the weight of a part, as it does when it is trained."""
        weight, spec = self.parts[number]
        seed = weight_seed(replicate, *weight.key)
        made = make_initializer(spec["class_name"], spec["config"], seed)
        return _numbers(converted(made, _shape(weight, spec), "float32"))

    def smallest(self) -> int:
        """The part that is drawn soonest."""
        sizes = [math.prod(weight.shape) for weight, _ in self.parts]
        return sizes.index(min(sizes))


def entries(question: Mapping[str, Any], weights: Sequence[Weight]) -> Iterator[Entry | Problem]:
    """The initializers that are asked about, each role's after the other's.

    What cannot be one for these weights is a problem in its place.
    """
    for role in ROLES:
        for entry in question[role]:
            path = tuple(entry["path"])
            try:
                parts = assigned(weights, role, entry)
            except EngineError as error:
                yield Problem(path, str(error))
                continue
            yield Entry(path, entry["name"], entry, role, parts)


def initializer_problems(question: Mapping[str, Any], network: Examined) -> Iterator[Problem]:
    """Tell which initializers cannot make what they are to make, or are another one's double.

    Args:
        question: as `checks.examine` is asked; vary says what its seeds have of their own.
        network: that they are tried on.
    """
    first: dict[tuple[str, str | bytes], list[Entry]] = {}
    for entry in entries(question, network.weights):
        if isinstance(entry, Problem):
            yield entry
            continue
        found = list(_problems(entry))
        found = found or list(_network_problems(entry, question, network))
        found = found or list(_one_run(entry, question, network))
        yield from found
        if found or not entry.parts:
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


def initializer_notes(question: Mapping[str, Any], weights: Sequence[Weight]) -> Iterator[str]:
    """Say of which kernels of a user's own the seed makes no difference, a sentence each."""
    for entry in entries(question, weights):
        if isinstance(entry, Problem) or not entry.parts:
            continue
        # What is one number in all places is meant so.
        meant = not np.ptp(entry.draw(entry.smallest())) if _custom(entry) else True
        if entry.role == "kernel" and not meant and _ignores_seed(entry):
            yield (
                f"{entry.name} draws the same kernels from every seed, so its seeds differ by the "
                "order of the examples and by other weights, and layers of one shape are copies "
                "of each other. If you do not intend that, draw from the seed that it is called "
                "with."
            )


def _network_problems(
    entry: Entry, question: Mapping[str, Any], examined: Examined
) -> Iterator[Problem]:
    """Whether it is for such weights, and can follow the signal through such a network."""
    for weight, spec in entry.parts:
        if text := refused(weight, spec):
            yield Problem(entry.path, f"{text}. Take another initializer for this network")
            return
    first = question[entry.role][0]
    if entry.role == "bias" and not entry.parts and entry.spec is not first:
        yield Problem(
            entry.path,
            "no bias of the model is the study's to draw, so this variant would be the baseline "
            "again. Write bias_initializers: []",
        )
        return
    made = [make_initializer(spec["class_name"], spec["config"], 0) for _, spec in entry.parts]
    # What is custom may do for a shape, and not for a layer that makes more of it.
    if not _custom(entry) and not any(hasattr(one, "adapt") for one in made):
        return
    model, weights = examined.model, examined.weights
    values = [variable.numpy() for variable in model.variables]
    try:
        few = {"steps": 1, "batch": 2} if entry.spec["class_name"] == "metainit" else {}
        spec = {**entry.spec, "config": {**entry.spec["config"], **few}}
        network = Network(model, weights, draw(model, weights, {entry.role: spec}, seed=0))
        adapt(network, some_inputs(model, question["shape"], LOOKED_AT))
    except EngineError as error:
        text = f"it cannot be used with this network: {error} Take another initializer"
        yield Problem(entry.path, text)
    except Exception as error:  # noqa: BLE001 - a user's own code raises what it likes
        text = f"it cannot be used with this network: {raised(error, entry.spec['class_name'])}"
        yield Problem(entry.path, text)
    finally:
        for variable, value in zip(model.variables, values, strict=True):
            variable.assign(value)


def _one_run(entry: Entry, question: Mapping[str, Any], network: Examined) -> Iterator[Problem]:
    """Whether all seeds of a variant would be one and the same run, by a mistake of the user's."""
    if entry.role == "bias" or not _custom(entry) or network.varies:
        return
    found = [one for one in entries(question, network.weights) if isinstance(one, Entry)]
    bias = next((one for one in found if one.role == "bias"), None)
    drawn = [one for one in (entry, bias) if one and not _fixed(one)]
    if list(question["vary"]) == [WEIGHTS] and not drawn:
        yield Problem(
            entry.path,
            f"{entry.name!r} draws the same numbers from every seed, and with vary: [weights] its "
            "seeds differ by nothing else: all of them would be one and the same run. Draw from "
            "the seed that it is called with, or set vary: [weights, order]",
        )


def _problems(entry: Entry) -> Iterator[Problem]:
    parts: dict[int, tuple[Mapping[str, Any], list[Shape]]] = {}
    for weight, spec in entry.parts:
        parts.setdefault(id(spec), (spec, []))[1].append(_shape(weight, spec))
    for spec, shapes in parts.values():
        for problem in _part_problems(entry, spec, shapes):
            yield Problem(problem.path, f"{_label(entry, spec)}{problem.message}")
            return


def _label(entry: Entry, spec: Mapping[str, Any]) -> str:
    """What a part of an initializer is called, if it has several."""
    config = entry.spec["config"]
    if entry.spec["class_name"] != PER_LAYER:
        return ""
    if "layers" in config:
        return f"layer {[part is spec for part in config['layers']].index(True)}: "
    named = {**dict(config.get("paths", [])), **config}
    return next(f"{name}: " for name, part in named.items() if part is spec)


def _part_problems(
    entry: Entry, spec: Mapping[str, Any], shapes: Sequence[Shape]
) -> Iterator[Problem]:
    name, config = spec["class_name"], spec["config"]
    if "seed" in config:
        yield Problem((*entry.path, "config", "seed"), "seeds come from the run; remove it")
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
                converted(make_initializer(name, config, seed=0), shape, "float32")
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
            "with the same seed it gives other values each time, so that no run could be "
            "repeated; draw all that is random from its seed"
        )
    return None


def _custom(entry: Entry) -> bool:
    return any(is_custom(spec["class_name"]) for _, spec in entry.parts)


def _ignores_seed(entry: Entry) -> bool:
    """Whether what is custom of it draws the same for another seed, in every layer that it has."""
    if entry.spec["class_name"] != PER_LAYER:
        return _fixed(entry)
    custom = [n for n, (_, spec) in enumerate(entry.parts) if is_custom(spec["class_name"])]
    return all(_same_again(entry, number) for number in custom)


def _fixed(entry: Entry) -> bool:
    """Whether it draws the same for another seed."""
    numbers = range(len(entry.parts))
    if entry.spec["class_name"] != PER_LAYER and entry.parts:
        numbers = range(entry.smallest(), entry.smallest() + 1)
    return all(_same_again(entry, number) for number in numbers)


def _same_again(entry: Entry, number: int) -> bool:
    return np.array_equal(entry.draw(number), entry.draw(number, 1))


def _rules(entry: Entry) -> str:
    """By which rule it makes each layer, if one changes what is drawn by a look at the network or
    at data, which is not known here; "" if none does.
    """
    rules, looks = [], False
    for weight, spec in entry.parts:
        name, config = spec["class_name"], spec["config"]
        made = make_initializer(name, config, seed=0)
        looks |= hasattr(made, "adapt")
        # All that Keras' own and ours are made with; nobody has to write it for a class of theirs.
        known = dict(config) if is_custom(name) else made.get_config()
        rules.append([weight.path, name if is_custom(name) else type(made).__name__, known])
    return json.dumps(rules, sort_keys=True, default=str) if looks else ""


def _same(one: Entry, other: Entry) -> bool:
    """Whether two draw the same numbers for the whole network."""
    paths = [[weight.path for weight, _ in entry.parts] for entry in (one, other)]
    return paths[0] == paths[1] and all(
        np.array_equal(one.draw(number), other.draw(number)) for number in range(len(one.parts))
    )


def _shape(weight: Weight, spec: Mapping[str, Any]) -> Shape:
    """The shape that an initializer is asked for."""
    return usual_shape(weight, spec) or weight.shape


def _numbers(values: Any) -> npt.NDArray[Any]:
    return np.asarray(keras.ops.convert_to_numpy(values))


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
