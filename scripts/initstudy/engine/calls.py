"""What enters and leaves the layers of a model while it is called, at any depth."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from initstudy.engine.backend import tf
from initstudy.engine.layers import layers_of


@dataclass(frozen=True)
class Call:
    """A call of a layer.

    Attributes:
        layer: that was called.
        entering: its first argument.
        sums: what enters its activation; what leaves it, if it has none.
        leaving: what leaves it.
    """

    layer: Any
    entering: Any
    sums: Any
    leaving: Any


@contextmanager
def noted(model: Any) -> Iterator[list[Call]]:
    """Note each call of each layer while a model is called, each after those inside of it.

    What is called in a loop, as the cell of a recurrent layer, cannot be seen from outside of it:
    its calls are left out.
    """
    calls: list[Call] = []
    graph = tf.compat.v1.get_default_graph()

    def noting(layer: Any, usual: Any, sums: list[Any]) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            leaving = usual(*args, **kwargs)
            inside = not tf.is_tensor(leaving) or tf.compat.v1.get_default_graph() is graph
            if inside and args and tf.is_tensor(leaving):
                calls.append(Call(layer, args[0], sums[-1] if sums else leaving, leaving))
            sums.clear()
            return leaving

        return call

    def activating(activation: Any, sums: list[Any]) -> Any:
        def activate(entering: Any) -> Any:
            sums.append(entering)
            return activation(entering)

        return activate

    changed: list[tuple[Any, str, Any]] = []
    try:
        for layer in layers_of(model):
            sums: list[Any] = []
            activation = vars(layer).get("activation")
            if callable(activation):
                changed.append((layer, "activation", activation))
                layer.activation = activating(activation, sums)
            changed.append((layer, "call", vars(layer).get("call")))
            layer.call = noting(layer, layer.call, sums)
        yield calls
    finally:
        for layer, name, value in reversed(changed):
            if value is None:
                delattr(layer, name)
            else:
                setattr(layer, name, value)
