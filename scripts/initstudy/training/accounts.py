"""Where the weights of a network come from: a row for each."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from initstudy.engine.layers import with_own_variables
from initstudy.engine.weights import ENDING, Weight, assigned


def table(
    model: Any, weights: Sequence[Weight], baseline: Mapping[Any, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return a row for each weight of a model, with the columns `contracts.WEIGHTS`.

    `baseline` has the initializer of each role.
    """
    owned = [layer for layer, _ in with_own_variables(model)]
    drawn = {
        weight.index: spec
        for role, initializer in baseline.items()
        for weight, spec in assigned(weights, role, initializer)
    }
    rows = []
    for weight in weights:
        own = getattr(owned[weight.owner], f"{weight.argument}{ENDING}", None)
        spec = drawn.get(weight.index)
        fan_in, fan_out = weight.layout.fans or ("", "")
        rows.append(
            {
                "path": weight.path,
                "layer": weight.layer,
                "shape": "x".join(map(str, weight.shape)) or "1",
                "numbers": math.prod(weight.shape),
                "role": weight.role or weight.argument or "",
                "kind": weight.layout.kind if fan_in else "",
                "fan_in": fan_in,
                "fan_out": fan_out,
                "trainable": weight.trainable,
                "drawn": spec is not None,
                "initializer": spec["class_name"] if spec else type(own).__name__ if own else "",
                "why": "" if spec else weight.kept,
            }
        )
    return rows
