"""How a signal goes through a network, operation by operation."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from initstudy.engine.backend import keras
from initstudy.engine.errors import EngineError


@dataclass(frozen=True)
class Step:
    """An operation of a network, with what enters and leaves it as Keras' symbolic tensors."""

    operation: Any
    inputs: Sequence[Any]
    output: Any


def steps_of(model: Any) -> Iterator[Step]:
    """The operations of a network without its input, each after those that it needs.

    Raises:
        EngineError: if one is used more than once, or makes several tensors.
    """
    known = {id(tensor) for tensor in model.inputs}
    for operation in getattr(model, "operations", model.layers):
        if isinstance(operation, keras.layers.InputLayer):
            continue
        # Keras tells of the first use alone: what comes of another one is not known here.
        inputs, output = operation.input, operation.output
        step = Step(operation, inputs if isinstance(inputs, list) else [inputs], output)
        if not known.issuperset(map(id, step.inputs)):
            raise EngineError(
                f"The signal cannot be followed to {operation.name}: a layer before it is used "
                "more than once, or makes several tensors."
            )
        known.add(id(output))
        yield step


def residual_branches(steps: Sequence[Step]) -> list[list[Any]]:
    """The layers with kernels of each residual branch of a network, see `Fixup`."""
    # The layers with kernels that a tensor depends on, in the order of the network.
    before: dict[int, Mapping[int, Any]] = {}
    found = []
    for step in steps:
        entering = [before.get(id(tensor), {}) for tensor in step.inputs]
        merged = {key: layer for part in entering for key, layer in part.items()}
        if has_kernel(step.operation):
            merged[id(step.operation)] = step.operation
        before[id(step.output)] = merged
        # The layer, the function of keras.ops, or a + b.
        if type(step.operation).__name__ == "Add":
            shared = set.intersection(*(set(part) for part in entering))
            branch = max(
                ([layer for key, layer in part.items() if key not in shared] for part in entering),
                key=len,
            )
            if branch:
                found.append(branch)
    return found


def has_kernel(operation: Any) -> bool:
    """Whether an operation is a layer with a kernel."""
    return isinstance(getattr(operation, "kernel", None), keras.Variable)
