"""How a signal goes through a network, operation by operation."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from initstudy.engine.backend import keras
from initstudy.engine.errors import EngineError
from initstudy.engine.layers import layers_of


@dataclass(frozen=True)
class Step:
    """An operation of a network, with what enters and leaves it as Keras' symbolic tensors."""

    operation: Any
    inputs: Sequence[Any]
    output: Any


def steps_of(model: Any) -> Iterator[Step]:
    """The operations of a network without its input, each after those that it needs.

    Raises:
        EngineError: if it is not a functional model, if an operation is used more than once or
            makes several tensors, or if it is a layer with kernels inside of it.
    """
    if not getattr(model, "inputs", None):
        raise EngineError(
            "The signal cannot be followed: the model is neither functional nor a keras.Sequential "
            "with an Input."
        )
    known = {id(tensor) for tensor in model.inputs}
    for operation in getattr(model, "operations", model.layers):
        if isinstance(operation, keras.layers.InputLayer):
            continue
        if isinstance(operation, keras.layers.Layer) and _has_kernels_inside(operation):
            raise EngineError(
                f"The signal cannot be followed through {operation.name}, which has kernels that "
                "are not its own attribute kernel."
            )
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


def _has_kernels_inside(layer: Any) -> bool:
    """Whether a layer has trainable matrices besides its kernel, or has any in layers inside."""
    own = layer.kernel if has_kernel(layer) else None
    inside = [variable for part in layers_of(layer)[1:] for variable in part.trainable_variables]
    return any(
        len(variable.shape) > 1 and variable is not own and variable.name.endswith("kernel")
        for variable in [*layer.trainable_variables, *inside]
    )
