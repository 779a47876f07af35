"""The weights of a network: which of them a study draws, and how Keras draws these.

A weight has a *role* by the argument of its layer that Keras draws it with. The initializers of a
study stand in the place of that argument in a fresh copy of the layer, which draws as Keras does:
with this Keras' fans, and with all that the layer's own code makes of an initializer.
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from initstudy.engine.backend import keras
from initstudy.engine.errors import EngineError
from initstudy.engine.initializers import Role, make_initializer, weight_seed
from initstudy.engine.layers import with_own_variables
from initstudy.engine.layouts import Layout, layout_of
from initstudy.engine.literature import NAMES, PLACES
from initstudy.engine.literature.kinds import refusal
from initstudy.engine.spec import PER_LAYER, is_custom

# The arguments of Keras' layers that draw the kernels and the biases of a study. What the others
# draw stays as the user's code says, unless a study names it by a pattern.
ROLES: Mapping[str, Role] = {
    "kernel": "kernel",
    "depthwise": "kernel",
    "pointwise": "kernel",
    "bias": "bias",
}
ENDING = "_initializer"
# The third part of the key of a seed, see `initializers.weight_seed`, of all other weights.
OTHER = 2
# Why weights start as the user's code says.
FROZEN, UNTRAINED = "frozen (trainable=False)", "not trained"
VALUES = "its values are set by the code, as of pretrained weights"
OTHER_ROLE, NO_ROLE = "its own {argument}_initializer draws it", "no argument of its layer draws it"


@dataclass(frozen=True)
class Weight:
    """A variable of a network.

    Attributes:
        index: in the variables of the model.
        owner: the number of its layer among `layers.with_own_variables`.
        layer: the name and the class of its layer.
        path: as Keras calls it.
        trainable: whether training changes it.
        argument: of its layer that draws it, without its ending; a kernel or bias that no argument
            draws has its name here; None of all others.
        role: what it is to a study: kernel, bias or None.
        kept: why it starts as the user's code says; empty if the study draws it.
        copied: whether a copy of its layer draws it, and not its shape alone.
        layout: how its axes are arranged.
        key: that its seed depends on, see `initializers.weight_seed`.
    """

    index: int
    owner: int
    layer: str
    path: str
    trainable: bool
    argument: str | None
    role: Role | None
    kept: str
    copied: bool
    layout: Layout
    key: tuple[int, ...]

    @property
    def drawn(self) -> bool:
        """Whether a study draws it, without naming it."""
        return not self.kept

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the variable."""
        return self.layout.shape


def weights_of(model: Any, other: Any) -> list[Weight]:
    """Return all weights of a model, in the order of its layers.

    Args:
        model: before anything is drawn.
        other: the same, made once more from another seed: what is random differs there, and values
            that the code sets do not.

    Raises:
        EngineError: if the two are different networks.
    """
    index = {id(variable): number for number, variable in enumerate(model.variables)}
    trainable = {id(variable) for variable in model.trainable_variables}
    again = other.variables
    kinds = [[(v.path, tuple(v.shape)) for v in made] for made in (model.variables, again)]
    if kinds[0] != kinds[1]:
        raise EngineError(
            f"its function returns another network each time: one of {len(kinds[0])} weights, then "
            f"one of {len(kinds[1])} or of other shapes or names. Let it depend on the shape and "
            "the number of classes alone"
        )
    found: list[Weight] = []
    layers = 0
    for owner, (layer, variables) in enumerate(with_own_variables(model)):
        counts = dict.fromkeys(("kernel", "bias"), 0)
        for variable, (argument, copied) in zip(
            variables, _arguments(layer, variables), strict=True
        ):
            role = ROLES.get(argument or "")
            number = index[id(variable)]
            if id(variable) not in trainable:
                kept = FROZEN if role else UNTRAINED
            elif _is_set(layer, variables, variable, again[number]):
                kept = VALUES
            elif role is None:
                kept = OTHER_ROLE.format(argument=argument) if argument else NO_ROLE
            else:
                kept = ""
            key: tuple[int, ...] = (owner, OTHER, len(found))
            if role and not kept:
                same = counts[role]
                key = (layers, list(counts).index(role), *([same] if same else []))
                counts[role] += 1
            found.append(
                Weight(
                    index=number,
                    owner=owner,
                    layer=f"{layer.name} ({type(layer).__name__})",
                    path=str(variable.path),
                    trainable=id(variable) in trainable,
                    argument=argument,
                    role=role,
                    kept=kept,
                    copied=copied,
                    layout=layout_of(layer, variable, argument),
                    key=key,
                )
            )
        layers += any(counts.values())
    return found


def assigned(
    weights: Sequence[Weight], role: Role, spec: Mapping[str, Any]
) -> list[tuple[Weight, Mapping[str, Any]]]:
    """Return the weights that an initializer draws, each with the {class_name, config} of its own.

    Args:
        weights: all of a network.
        role: what it is an initializer of.
        spec: {class_name, config}; with the class_name PER_LAYER and as config {layers: [one for
            each layer, from the input on]}, or {hidden, output}, or {paths: [[pattern, one], ...],
            others: one or None}.

    Raises:
        EngineError: if it is for another number of layers, or if its patterns do not fit.
    """
    usual = [weight for weight in weights if weight.role == role and weight.drawn]
    if spec["class_name"] != PER_LAYER:
        return [(weight, spec) for weight in usual]
    parts = spec["config"]
    if "paths" in parts:
        return _by_paths(weights, usual, role, parts)
    places = sorted({weight.key[0] for weight in usual})
    listed = parts.get("layers")
    if listed is None:
        listed = [parts["hidden"]] * (len(places) - 1) + [parts["output"]]
    if len(listed) != len(places):
        raise EngineError(
            f"it has {len(listed)} entries, the model {len(places)} layers with a {role}"
        )
    return [(weight, listed[places.index(weight.key[0])]) for weight in usual]


def draw(
    model: Any,
    weights: Sequence[Weight],
    initializers: Mapping[Role, Mapping[str, Any]],
    seed: int,
) -> dict[int, Any]:
    """Draw those weights of a model that a study draws, and leave all others.

    Args:
        model: as it was made.
        weights: all of it, or of one that was made in the same way.
        initializers: of each role, see `assigned`.
        seed: decides the random numbers.

    Returns:
        By the index of a weight, the initializer that has drawn it.
    """
    specs = {
        weight.index: spec
        for role, parts in initializers.items()
        for weight, spec in assigned(weights, role, parts)
    }
    made = {
        weight.index: make_initializer(
            specs[weight.index]["class_name"],
            specs[weight.index]["config"],
            weight_seed(seed, *weight.key),
        )
        for weight in weights
        if weight.index in specs
    }
    for weight in weights:
        if weight.index in specs and (why := refused(weight, specs[weight.index])):
            raise EngineError(why)
    owned = list(with_own_variables(model))
    for owner in dict.fromkeys(weight.owner for weight in weights if weight.index in made):
        layer, variables = owned[owner]
        mine = [weight for weight in weights if weight.owner == owner]
        _draw_layer(layer, variables, mine, made, specs)
    return made


def refused(weight: Weight, spec: Mapping[str, Any]) -> str | None:
    """Say why an initializer of the literature does not make a kernel; None if it does.

    Args:
        weight: the kernel.
        spec: {class_name, config} of the initializer.
    """
    place = PLACES.get(spec["class_name"])
    if place is None or weight.role == "bias":
        return None
    name = next(name for name, known in NAMES.items() if known == place)
    why = refusal(name, weight.layout.kind)
    return f"{name} cannot make {weight.path} of the layer {weight.layer}: {why}" if why else None


def _draw_layer(
    layer: Any,
    variables: Sequence[Any],
    weights: Sequence[Weight],
    made: Mapping[int, Any],
    specs: Mapping[int, Mapping[str, Any]],
) -> None:
    """Draw those of a layer's variables that an initializer was made for."""
    # In the order in which the layer asks for them; of what is not drawn so, no number is kept.
    by_copy: dict[str, list[Any]] = {}
    kept = []
    for weight, variable in zip(weights, variables, strict=True):
        initializer, spec = made.get(weight.index), specs.get(weight.index)
        usual = spec and usual_shape(weight, spec)
        if usual:
            values = converted(initializer, usual, variable.dtype)
            variable.assign(weight.layout.arranged(values))
        elif spec and not weight.copied:
            variable.assign(converted(initializer, weight.shape, variable.dtype))
        if not weight.copied or not weight.argument:
            continue
        one: Any = Marking()
        if spec and not usual:
            kept.append(weight)
            # This layer looks at the class, and gives these the axes that are inputs.
            by_axes = isinstance(layer, keras.layers.EinsumDense) and isinstance(
                initializer, keras.initializers.VarianceScaling
            )
            plain = by_axes or not is_custom(spec["class_name"])
            one = initializer if plain else Converting(initializer)
        by_copy.setdefault(weight.argument, []).append(one)
    if not kept:
        return
    asked = {weight.argument for weight in kept}
    copy = _copied(
        layer,
        {
            argument + ENDING: parts[0] if len(parts) == 1 else Converting(*parts)
            for argument, parts in by_copy.items()
            if argument in asked
        },
    )
    for weight, variable, drawn in zip(weights, variables, copy, strict=True):
        if weight in kept:
            variable.assign(drawn)


def usual_shape(weight: Weight, spec: Mapping[str, Any]) -> tuple[int, ...] | None:
    """Return the shape that an initializer of the literature makes a kernel in; None of all others.

    Args:
        weight: the kernel.
        spec: {class_name, config} of the initializer.
    """
    return weight.layout.usual if spec["class_name"] in PLACES else None


class Marking(keras.initializers.Initializer):  # type: ignore[misc]
    """Fills with what is not a number, by which it is seen what an argument draws."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Return as many of them."""
        return keras.ops.full(tuple(shape), float("nan"), dtype=dtype)


class Converting(keras.initializers.Initializer):  # type: ignore[misc]
    """Draws as others do, one for each call, and converts what NumPy has drawn, in float64.

    Args:
        initializers: in the order of the weights that they draw; the last one draws all that
            follow.
    """

    def __init__(self, *initializers: Any) -> None:
        self._left = list(initializers)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Return what the next one draws."""
        one = self._left.pop(0) if len(self._left) > 1 else self._left[0]
        return converted(one, shape, dtype)


def converted(initializer: Any, shape: Sequence[int], dtype: Any) -> Any:
    """Return what an initializer draws, as a tensor of the dtype that it is asked for."""
    values = initializer(tuple(shape), dtype=dtype)
    return keras.ops.convert_to_tensor(values, dtype=dtype)


def copied(layer: Any, **initializers: Any) -> list[Any] | None:
    """Return the variables of a fresh copy of a layer; None if it cannot be copied.

    Args:
        layer: not one of those inside of it is copied.
        initializers: in the place of its own.
    """
    try:
        return _copied(layer, initializers)
    except Exception:  # noqa: BLE001 - a user's own code raises what it likes
        return None


def _copied(layer: Any, initializers: Mapping[str, Any]) -> list[Any]:
    config = layer.get_config()
    # What a class must have and does not write down; what need not be written down: functions,
    # and objects of the user's own.
    parameters = inspect.signature(type(layer)).parameters.values()
    lacking = [p.name for p in parameters if p.default is p.empty and p.name not in config]
    live = {
        key: getattr(layer, key)
        for key in [*lacking, *config]
        if hasattr(layer, key)
        and (key in lacking or callable(getattr(layer, key)))
        and not isinstance(getattr(layer, key), keras.layers.Layer)
    }
    copy = type(layer).from_config({**config, **live, **initializers})
    copy.build_from_config(layer.get_build_config())
    owned = [variables for owner, variables in with_own_variables(copy) if owner is copy]
    return owned[0] if owned else []


def _arguments(layer: Any, variables: Sequence[Any]) -> list[tuple[str | None, bool]]:
    """Return the argument that draws each variable of a layer, and whether a copy shows it."""
    shapes = [tuple(variable.shape) for variable in variables]
    found: list[tuple[str | None, bool]] = [
        (variable.name if variable.name in ("kernel", "bias") else None, False)
        for variable in variables
    ]
    try:
        keys = [key for key in layer.get_config() if key.endswith(ENDING)]
    except Exception:  # noqa: BLE001 - a user's own code raises what it likes
        return found
    for key in keys:
        copy = copied(layer, **{key: Marking()})
        if copy is None or [tuple(variable.shape) for variable in copy] != shapes:
            continue
        for number, variable in enumerate(copy):
            if np.isnan(_numbers(variable)).any():
                found[number] = key.removesuffix(ENDING), True
    return found


def _is_set(layer: Any, variables: Sequence[Any], variable: Any, again: Any) -> bool:
    """Return whether a variable has values that no initializer gave it.

    Args:
        layer: that has it.
        variables: of the layer.
        variable: one of them.
        again: the same variable of a model that was made from another seed.
    """
    values = _numbers(variable)
    if not np.array_equal(values, _numbers(again), equal_nan=True):
        return False
    # A layer's own initializers give the same once more: their seeds are chosen when they are made.
    copy = copied(layer)
    shapes = [[tuple(one.shape) for one in made] for made in (copy or [], variables)]
    if shapes[0] != shapes[1]:
        return bool(np.ptp(values))
    (same,) = (one for one, own in zip(copy or [], variables, strict=True) if own is variable)
    return not np.array_equal(values, _numbers(same), equal_nan=True)


def _numbers(variable: Any) -> Any:
    return np.asarray(keras.ops.convert_to_numpy(variable)).astype(np.float64)


def _by_paths(
    weights: Sequence[Weight], usual: Sequence[Weight], role: Role, parts: Mapping[str, Any]
) -> list[tuple[Weight, Mapping[str, Any]]]:
    """Return the weights that patterns name, and those of the role that none names."""
    # Of what the code draws by other arguments, matrices may have a kernel's initializer.
    named = [
        weight
        for weight in weights
        if weight.trainable
        and weight.kept != VALUES
        and (weight.role or ("kernel" if len(weight.shape) > 1 else "bias")) == role
    ]
    found: list[tuple[Weight, Mapping[str, Any]]] = []
    left = dict.fromkeys(pattern for pattern, _ in parts["paths"])
    missed = []
    for weight in named:
        part = parts.get("others") if weight in usual else None
        for pattern, one in parts["paths"]:
            if fnmatchcase(weight.path, pattern):
                left.pop(pattern, None)
                part = one
                break
        if part is not None:
            found.append((weight, part))
        elif weight in usual:
            missed.append(weight.path)
    known = ", ".join(weight.path for weight in named)
    for pattern in left:
        raise EngineError(
            f"the pattern {pattern!r} is of no {role}, or of what one before it names; there are "
            f"{known or 'none'}"
        )
    if missed:
        raise EngineError(
            f"no pattern is of {', '.join(missed)}; add one, or the key others with the "
            "initializer of all that no pattern names"
        )
    return found
