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

    def of(self, values: Sequence[Any]) -> Any:
        """Return what the operation makes of values, one for each of its inputs."""
        # As it was called: with lists, numbers and keywords in their places.
        part = keras.Model(list(self.inputs), self.output)
        return part(list(values))


def steps_of(model: Any, initializer: Any) -> Iterator[Step]:
    """Return the operations of a network without its input, each after those that it needs.

    Args:
        model: the network.
        initializer: that needs them.

    Raises:
        EngineError: if it is not a functional model, if an operation is used more than once or
            makes several tensors, or if it is a layer with kernels inside of it.
    """
    who = type(initializer).__name__
    if not getattr(model, "inputs", None):
        raise EngineError(
            f"{who} cannot follow the signal: the model is neither functional nor a "
            "keras.Sequential with an Input."
        )
    known = {id(tensor) for tensor in model.inputs}
    for operation in getattr(model, "operations", model.layers):
        if isinstance(operation, keras.layers.InputLayer):
            continue
        if isinstance(operation, keras.layers.Layer) and _has_kernels_inside(operation):
            raise EngineError(
                f"{who} cannot follow the signal through {operation.name}, which has kernels that "
                "are not its own attribute kernel."
            )
        # Keras knows the first use alone: what comes of another one is not known here.
        inputs, output = operation.input, operation.output
        step = Step(operation, inputs if isinstance(inputs, list) else [inputs], output)
        if not known.issuperset(map(id, step.inputs)):
            raise EngineError(
                f"{who} cannot follow the signal to {operation.name}: a layer before it is used "
                "more than once, or makes several tensors."
            )
        known.add(id(output))
        yield step


def residual_branches(steps: Sequence[Step]) -> list[list[Any]]:
    """Return the layers with kernels of each residual branch of a network, see `Fixup`."""
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
    """Return whether an operation is a layer with a kernel."""
    return isinstance(getattr(operation, "kernel", None), keras.Variable)


def _has_kernels_inside(layer: Any) -> bool:
    """Return whether a layer has trainable matrices besides its kernel, also in layers inside."""
    inside = [variable for part in layers_of(layer)[1:] for variable in part.trainable_variables]
    # A wrapper may show the kernel of the layer inside of it as its own.
    own = [v for v in layer.trainable_variables if not has_kernel(layer) or v is not layer.kernel]
    return any(len(v.shape) > 1 and v.name.endswith("kernel") for v in [*own, *inside])
