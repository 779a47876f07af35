"""The layers inside of a model, at any depth, and the variables that each has by itself."""

from collections.abc import Iterator
from typing import Any

from initstudy.engine.backend import keras


def layers_of(model: Any) -> list[Any]:
    """Return a model, and all layers inside of it, each once, from the input on.

    What is inside of a layer comes right behind it: the layers of a model, the cell of a recurrent
    layer, the projections of attention, and what a custom class keeps in its attributes.

    Args:
        model: a model or a layer.
    """
    found: dict[int, Any] = {}
    # By how they are reached: of a layer itself, or of what holds layers in an attribute.
    left = [model]
    seen: set[int] = set()
    while left:
        part = left.pop(0)
        if id(part) in seen:
            continue
        if isinstance(part, keras.layers.Layer):
            found[id(part)] = part
            # A model knows the order in which its layers are called; attributes come after it.
            inner = [*getattr(part, "layers", ()), *vars(part).values()]
        elif isinstance(part, dict):
            inner = list(part.values())
        elif isinstance(part, list | tuple):
            inner = list(part)
        else:
            continue
        seen.add(id(part))
        left = [one for one in inner if isinstance(one, _HOLDING)] + left
    return list(found.values())


_HOLDING = (keras.layers.Layer, dict, list, tuple)


def with_own_variables(model: Any) -> Iterator[tuple[Any, list[Any]]]:
    """Yield each layer that has variables which no layer inside of it has, with these.

    States of random generators are not among them.

    Args:
        model: a model or a layer.
    """
    known: set[int] = set()
    layers = layers_of(model)
    inside = {
        id(layer): {id(v) for part in layers_of(layer)[1:] for v in part.weights}
        for layer in layers
        if layer.weights
    }
    for layer in layers:
        own = [v for v in layer.weights if id(v) not in inside[id(layer)] and id(v) not in known]
        known |= {id(v) for v in own}
        if own:
            yield layer, own
