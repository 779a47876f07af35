"""Dense kernels that are trained transposed, while the model stays as it is.

The gradient of a dense kernel is xᵀg, which XLA compiles for a CPU far worse than gᵀx, the gradient
of its transpose. So what an optimizer trains is the transpose of each such kernel, its *shadow*,
and the model sees the transposed shadow in the place of its kernel.
"""

import inspect
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from initstudy.engine.backend import keras
from initstudy.engine.layers import layers_of


class Shadows:
    """The variables that training changes, some of which are the transposes of a model's.

    Args:
        model: that is trained.
        transposing: whether kernels may be transposed.

    Attributes:
        model: the same.
        trained: what the optimizer trains, in the order of the model's trainable variables.
        variables: of the model, with shadows in the place of what they are of.
    """

    def __init__(self, model: Any, transposing: bool) -> None:
        self.model = model
        kernels = _dense_kernels(model) if transposing else []
        self._shadows = {id(kernel): _transposed(kernel) for kernel in kernels}
        self._kernels = [(kernel, self._shadows[id(kernel)]) for kernel in kernels]
        self.trained = [self.of(variable) for variable in model.trainable_variables]
        self.variables = [self.of(variable) for variable in model.variables]

    def of(self, variable: Any) -> Any:
        """Return what is trained for a variable: its shadow, or the variable itself."""
        return self._shadows.get(id(variable), variable)

    @contextmanager
    def seen(self) -> Iterator[list[Any]]:
        """Have the model see its kernels as they are trained.

        Yields:
            What layers add to the loss, once they have been called: a list that is filled at the
            end of this scope, when what layers have assigned is assigned, too.
        """
        losses: list[Any] = []
        if not self._kernels:
            yield losses
            losses += self.model.losses
            return
        mapped = {id(kernel): keras.ops.transpose(shadow) for kernel, shadow in self._kernels}
        variables = self.model.variables
        # Keras asks the scope alone for what a regularizer is to penalize.
        values = [(v, mapped.get(id(v), v.value)) for v in variables if self._is_asked(v, mapped)]
        with keras.StatelessScope(values, collect_losses=True) as scope:
            yield losses
            losses += self.model.losses
        before = {id(variable): value for variable, value in values}
        for variable in variables:
            value = scope.get_current_value(variable)
            if value is not None and value is not before.get(id(variable)):
                variable.assign(value)

    @staticmethod
    def _is_asked(variable: Any, mapped: dict[int, Any]) -> bool:
        return id(variable) in mapped or (variable.trainable and variable.regularizer is not None)

    def write(self) -> None:
        """Give the model's kernels the values of their shadows."""
        for kernel, shadow in self._kernels:
            kernel.assign(keras.ops.transpose(shadow))


def assigned_by_call(model: Any, inputs: Any) -> list[Any]:
    """Return the variables of a model that it assigns to when it is called in training.

    Args:
        model: as it is; it stays so.
        inputs: of one batch.
    """
    with keras.StatelessScope(collect_losses=True) as scope:
        called(model, inputs, training=True)
    return [v for v in model.variables if scope.get_current_value(v) is not None]


def adds_to_loss(model: Any, inputs: Any) -> bool:
    """Return whether layers of a model add to the loss what depends on a batch.

    Args:
        model: as it is; it stays so.
        inputs: of one batch.
    """
    with keras.StatelessScope(collect_losses=True) as scope:
        called(model, inputs, training=False)
        return bool(scope.losses)


def called(model: Any, inputs: Any, training: bool) -> Any:
    """Call a model as `fit` does: with the argument `training` only if its `call` has one."""
    has = "training" in inspect.signature(model.call).parameters
    return model(inputs, training=training) if has else model(inputs)


def _dense_kernels(model: Any) -> list[Any]:
    trained = {id(variable) for variable in model.trainable_variables}
    found = {}
    for layer in layers_of(model):
        if isinstance(layer, keras.layers.Dense):
            kernel = layer.kernel
            # With an adapter (LoRA) it is computed of several variables.
            plain = isinstance(kernel, keras.Variable) and id(kernel) in trained
            if plain and kernel.constraint is None and len(kernel.shape) == 2:
                found[id(kernel)] = kernel
    return list(found.values())


def _transposed(kernel: Any) -> Any:
    """Return a variable that is the transpose of another one, of the same path."""
    *scopes, name = kernel.path.split("/")
    with ExitStack() as stack:
        for scope in scopes:
            stack.enter_context(keras.name_scope(scope))
        return keras.Variable(keras.ops.transpose(kernel), dtype=kernel.dtype, name=name)
