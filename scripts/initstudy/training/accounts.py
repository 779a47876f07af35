"""Where the weights of a network come from: a row for each, and a sentence for all."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from initstudy.engine.layers import with_own_variables
from initstudy.engine.weights import ENDING, Weight, assigned
from initstudy.study.problems import count


def table(
    model: Any, weights: Sequence[Weight], baseline: Mapping[Any, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return a row for each weight, as results/<study>/weights.csv has it.

    Args:
        model: that they are of.
        weights: from `weights.weights_of`.
        baseline: the initializer of each role.
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


def in_words(rows: Sequence[Mapping[str, Any]]) -> str:
    """Say how many weights a study draws, by role, and which trained kernels it does not.

    Args:
        rows: from `table`.
    """
    parts = []
    for role, plural in (("kernel", "kernels"), ("bias", "biases")):
        mine = [row for row in rows if row["role"] == role]
        drawn = sum(row["drawn"] for row in mine)
        all_of_them = drawn == len(mine)
        parts.append(
            count(drawn, role, plural) if all_of_them else f"{drawn} of {len(mine)} {plural}"
        )
    if named := sum(row["drawn"] for row in rows if row["role"] not in ("kernel", "bias")):
        parts.append(count(named, "other weight"))
    text = f"the study draws {', '.join(parts[:-1])} and {parts[-1]}"
    matrices = [row for row in rows if "x" in row["shape"] and not row["drawn"]]
    if left := [f"{row['path']} ({row['why']})" for row in matrices if row["trainable"]]:
        text += f"; trained, but not drawn: {', '.join(left)}"
    if frozen := [row["path"] for row in matrices if row["role"] and not row["trainable"]]:
        text += f"; frozen: {', '.join(frozen)}"
    return f"{text}."
