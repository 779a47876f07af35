"""A model of a person's own beside the copy of it that is trained: whatever is lost is named.

The study draws the kernels and biases of the copy (see `models.model_to_train`). All else of it
must be as the person's function returned it.
"""

import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from initstudy.engine.backend import keras, tf
from initstudy.engine.models import FusedBatchNormalization, TransposedDense, kernel_layers

kl = keras.layers
LATER = "This version cannot train it as Keras does"
# Operations that take a matrix of weights element by element, or pick rows of it. Any other one
# that brings weights and a signal together may multiply them as matrices: these are kernels.
ELEMENTWISE = {
    *("Add", "AddV2", "AddN", "Sub", "Mul", "Div", "RealDiv", "DivNoNan", "Pow", "BiasAdd"),
    *("Maximum", "Minimum", "SquaredDifference", "Greater", "GreaterEqual", "Less", "LessEqual"),
    *("Select", "SelectV2", "ConcatV2", "Pack", "BroadcastTo", "Tile", "Reshape", "Slice"),
    *("StridedSlice", "Gather", "GatherV2", "GatherNd", "ResourceGather", "ResourceGatherNd"),
    *("FusedBatchNormV3", "Identity", "IdentityN", "Fill"),
}
# What they give depends on no number of a signal.
SHAPES = {"Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike", "BroadcastGradientArgs"}


def trained_problems(returned: Any, trained: Any, again: Callable[[], Any]) -> Iterator[str]:
    """What of a model is lost in the copy that is trained.

    The copy gets the values of the model, to compare what they make of the same inputs.

    Args:
        returned: as a person's function returned it.
        trained: the copy.
        again: makes the model once more, from another seed.
    """
    lost = [*_lost_settings(returned, trained), *_lost_masks(returned, trained)]
    if lost:
        yield from lost
        return
    if [_shape(v) for v in returned.variables] != [
        _untransposed(v, trained) for v in trained.variables
    ]:
        yield (
            "a copy of its model has other weights than the model itself, as if two layers share "
            f"one. {LATER}; give each layer weights of its own."
        )
        return
    lost = [*_lost_flags(returned, trained), *_lost_values(returned, trained, again)]
    yield from lost
    if not lost and (text := _other_function(returned, trained)):
        yield text


def _lost_settings(returned: Any, trained: Any) -> Iterator[str]:
    """What Dense layers are set to, but not those that are trained in their place."""
    copies = {layer.name: layer for layer in trained.layers}
    for layer in returned.layers:
        copy = copies.get(layer.name)
        if type(copy) is TransposedDense:
            plain = kl.Dense(layer.units, use_bias=layer.use_bias).get_config()
            free = {"name", "activation", "kernel_initializer", "bias_initializer"}
            lost = [
                key
                for key, value in layer.get_config().items()
                if key not in free and plain.get(key) != value
            ]
            if "trainable" in lost:
                continue  # it is told as what is frozen
            if lost:
                # With one of these a Dense layer is trained as it is.
                kept = set(lost) <= {"activity_regularizer", "bias_regularizer", "bias_constraint"}
                do = "Give it kernel_regularizer=keras.regularizers.L2(0.0), too, and it can"
                text = f"{named(layer)} has {' and '.join(lost)}. {LATER}. "
                yield text + (f"{do}." if kept else "Remove that.")


def _lost_masks(returned: Any, trained: Any) -> Iterator[str]:
    """Masks that `fit` takes as weights of the loss, or that do not reach a layer in the copy."""
    shape = trained.input_shape
    inputs = keras.ops.ones((shape[0] or 2, *shape[1:]))
    if _masked(returned(inputs)):
        yield (
            "a mask (of keras.layers.Masking, or of an Embedding with mask_zero) reaches its "
            f"output, where fit takes it as weights of the loss. {LATER}; remove the mask, or let "
            "a layer before the last one end it, such as keras.layers.Flatten()."
        )
    if not isinstance(returned, keras.Sequential):
        return  # there the copy is given each mask as an input
    reached = []
    for model in (returned, trained):
        signal, taken = inputs, []
        for layer in model.layers:
            takes = "mask" in inspect.signature(layer.call).parameters
            taken.append(takes and _masked(signal))
            signal = layer(signal)
        reached.append(taken)
    for layer, theirs, ours in zip(returned.layers, *reached, strict=True):
        if theirs and not ours:
            yield (
                f"the mask that reaches {named(layer)} would be dropped by a Dense layer before "
                f"it. {LATER} in a keras.Sequential; write the model as keras.Model(inputs, "
                "outputs)."
            )
            return


def _lost_flags(returned: Any, trained: Any) -> Iterator[str]:
    """Weights that are frozen in the one, but not in the other."""
    ours, theirs = (
        {id(variable) for variable in model.trainable_variables} for model in (trained, returned)
    )
    frozen = [
        variable
        for variable, copy in zip(returned.variables, trained.variables, strict=True)
        if (id(variable) in theirs) != (id(copy) in ours)
    ]
    for owner, variables in _by_layer(returned, frozen):
        yield (
            f"{owner} is frozen (trainable=False), as to {_listed(variables)}. {LATER}; let it be "
            "trained."
        )


def _lost_values(returned: Any, trained: Any, again: Callable[[], Any]) -> Iterator[str]:
    """Weights that were given values which the copy does not have."""
    drawn = {
        id(variable)
        for layer in kernel_layers(returned)
        for variable in (layer.kernel, layer.bias)
        if variable is not None
    }
    # As these are drawn by the study: whatever else the code draws, it draws again here.
    fresh = keras.models.clone_model(returned).variables if drawn else []
    owners = [part for part in flat(returned) if part is not returned]
    suspects = [
        variable
        for variable, copy, new in zip(returned.variables, trained.variables, fresh, strict=True)
        if not _equal(variable, new if id(variable) in drawn else copy)
        and "seed_generator_state" not in variable.path
        and not _as_initialized(variable, owners)
    ]
    if not suspects:
        return
    # What is drawn differs from seed to seed, what was loaded or adapted does not.
    pairs = zip(returned.variables, again().variables, strict=True)
    values = {id(variable): value for variable, value in pairs}
    lost = [variable for variable in suspects if _equal(variable, values[id(variable)])]
    for owner, variables in _by_layer(returned, lost):
        hint = " The key inputs scales what enters a network." if "(Normalization)" in owner else ""
        yield (
            f"{owner} has weights with values of their own (pretrained, loaded or adapted): "
            f"{_listed(variables)}. {LATER}: they would start anew. Remove what sets them.{hint}"
        )


def _as_initialized(variable: Any, owners: Sequence[Any]) -> bool:
    """Whether a weight has the random values that an initializer of its layer gives."""
    if np.ptp(keras.ops.convert_to_numpy(variable)) == 0:
        return False  # many an initializer gives what a person may have set
    for owner in owners:
        if any(variable is one for one in owner.variables):
            for name, initializer in vars(owner).items():
                if name.endswith("initializer") and callable(initializer):
                    try:
                        values = initializer(_shape(variable), dtype=variable.dtype)
                    except Exception:  # noqa: BLE001 - it may be for weights of another shape
                        continue
                    if _shape(values) == _shape(variable) and _equal(values, variable):
                        return True
    return False


def _other_function(returned: Any, trained: Any) -> str | None:
    """Says in words that the copy computes something else from the same weights, if it does."""
    generator = np.random.default_rng(0)
    transposed = _transposed(trained)
    for variable, copy in zip(returned.variables, trained.variables, strict=True):
        value = keras.ops.convert_to_numpy(variable)
        if variable.trainable:
            value = value + 0.1 * generator.standard_normal(value.shape).astype(value.dtype)
        variable.assign(value)
        copy.assign(value.T if id(copy) in transposed else value)
    shape = trained.input_shape
    drawn = generator.random((shape[0] or 8, *shape[1:])).astype(np.float32)
    # Whole rows of zeros, and whole numbers, as masks and embeddings look for them.
    whole = np.rint(3 * drawn)
    whole[:, : max(1, whole.shape[1] // 2)] = 0
    for inputs, training in (drawn, False), (whole, False), (drawn, True):
        made = []
        for model in (returned, trained):
            outputs = keras.ops.convert_to_numpy(model(inputs, training=training))
            penalty = sum(float(loss) for loss in model.losses) if training else 0.0
            made.append((outputs, penalty))
        (theirs, penalty), (ours, other) = made
        if theirs.shape != ours.shape or not np.allclose(theirs, ours, 1e-3, 1e-4, equal_nan=True):
            return (
                "a copy of its model computes something else from the same weights, "
                f"{ours.ravel()[:2]} instead of {theirs.ravel()[:2]}. {LATER}: let get_config of "
                "each class of yours give all arguments of its __init__, and change no attribute "
                "of a layer once it is made."
            )
        if not math.isclose(penalty, other, rel_tol=1e-3, abs_tol=1e-5):
            return (
                f"a copy of its model adds {other:.4g} to the loss, where the model adds "
                f"{penalty:.4g}. {LATER}: let get_config of each class of yours give all arguments "
                "of its __init__."
            )
    return None


def late_problems(trained: Any, first: Sequence[Any]) -> Iterator[str]:
    """Weights that a network has not before it is called, so that no optimizer knows them.

    Args:
        trained: the copy that is trained, after it was called.
        first: its variables before that.
    """
    known = {id(variable) for variable in first}
    late = [variable for variable in trained.variables if id(variable) not in known]
    for owner, variables in _by_layer(trained, late):
        yield (
            f"{owner} makes {_listed(variables)} only when it is called. {LATER}; let what makes "
            "it be a layer of its own, such as keras.layers.PReLU() after a layer instead of as "
            "its activation, or make it in build."
        )


def unlearned_problems(trained: Any) -> Iterator[str]:
    """Layers with a kernel that no gradient reaches, at which nothing can be measured.

    Args:
        trained: the copy that is trained.
    """
    layers, shape = kernel_layers(trained), trained.input_shape
    with tf.GradientTape() as tape:
        outputs = trained(keras.random.uniform((shape[0] or 2, *shape[1:]), seed=0), training=True)
    gradients = tape.gradient(outputs, [layer.kernel.value for layer in layers])
    for layer, gradient in zip(layers, gradients, strict=True):
        if gradient is None:
            yield (
                f"the outputs do not depend on the kernel of {named(layer)}, or by a way that has "
                f"no gradient, such as keras.ops.stop_gradient. {LATER}; remove that layer, or "
                "what stops its gradient."
            )


def undrawn_problems(trained: Any, traced: Any) -> Iterator[str]:
    """Kernels that the study's initializers would not reach.

    Args:
        trained: the copy that is trained.
        traced: what TensorFlow does if it is called.
    """
    drawn = {id(layer.kernel) for layer in kernel_layers(trained)}
    matrices = _multiplied(trained, traced)
    missed = [
        variable
        for variable in trained.trainable_variables
        if id(variable) in matrices and id(variable) not in drawn and variable.name != "bias"
    ]
    for owner, variables in _by_layer(trained, missed):
        yield undrawn(owner, variables)


def undrawn(owner: str, variables: Sequence[Any]) -> str:
    """Says that kernels would not be drawn.

    Args:
        owner: the layer that has them, in words.
        variables: the kernels.
    """
    return (
        f"{owner} has kernels that this version does not draw: {_listed(variables)}. The study "
        "compares initializers of Dense, Conv, ConvTranspose and DepthwiseConv layers, and of "
        "classes of yours with an attribute kernel, that are called in the model itself, not "
        "inside of another layer or model. Build the network of these."
    )


def _multiplied(model: Any, traced: Any) -> set[int]:
    """The ids of a model's variables of two axes or more that it may multiply as matrices."""
    large = {
        id(variable.value.handle): id(variable)
        for variable in model.variables
        if len(variable.shape) >= 2
    }
    # By a tensor's name, the weights that it is made of; what is or has met a signal is not in it.
    made_of: dict[str, frozenset[int]] = {
        inner.name: frozenset({large[id(outer)]} if id(outer) in large else ())
        for outer, inner in traced.graph.captures
    }
    found: set[int] = set()
    for operation in traced.graph.get_operations():
        entering = [made_of.get(tensor.name) for tensor in operation.inputs]
        weights = frozenset().union(*(part for part in entering if part is not None))
        if operation.type in SHAPES or (None not in entering and operation.type != "Placeholder"):
            kept = frozenset() if operation.type in SHAPES else weights
            made_of |= {tensor.name: kept for tensor in operation.outputs}
        elif operation.type not in ELEMENTWISE:
            found |= weights
    return found


def flat(layer: Any) -> list[Any]:
    """A layer or a model, and all layers inside of it."""
    seen: dict[int, Any] = {}
    left = [layer]
    while left:
        part = left.pop(0)
        if id(part) in seen:
            continue
        if isinstance(part, kl.Layer):
            left += [*getattr(part, "layers", ()), *vars(part).values()]
        elif isinstance(part, dict):
            left += part.values()
        elif isinstance(part, list | tuple):
            left += part
        else:
            continue
        seen[id(part)] = part
    return [part for part in seen.values() if isinstance(part, kl.Layer)]


def named(layer: Any) -> str:
    """Names a layer for people: by its name and its class."""
    kind = type(layer)
    if kind is TransposedDense:
        kind = kl.Dense
    elif kind is FusedBatchNormalization:
        kind = kl.BatchNormalization
    return f"the layer {layer.name} ({kind.__name__})"


def _masked(tensor: Any) -> bool:
    return getattr(tensor, "_keras_mask", None) is not None


def _transposed(trained: Any) -> set[int]:
    return {id(layer.kernel) for layer in trained.layers if isinstance(layer, TransposedDense)}


def _shape(variable: Any) -> tuple[int, ...]:
    return tuple(variable.shape)


def _untransposed(variable: Any, trained: Any) -> tuple[int, ...]:
    """The shape that a variable of the copy has in the model."""
    return _shape(variable)[:: -1 if id(variable) in _transposed(trained) else 1]


def _equal(one: Any, other: Any) -> bool:
    mine, theirs = (keras.ops.convert_to_numpy(part) for part in (one, other))
    return bool(np.array_equal(mine, theirs, equal_nan=True))


def _by_layer(model: Any, variables: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Layers of a model, in words, with those of the variables that they hold."""
    left = {id(variable): variable for variable in variables}
    for layer in model.layers:
        mine = [left.pop(id(variable)) for variable in layer.variables if id(variable) in left]
        if mine:
            yield named(layer), mine
    if left:
        yield "the model itself", [*left.values()]


def _listed(variables: Sequence[Any]) -> str:
    paths = [str(variable.path) for variable in variables]
    more = f" and {len(paths) - 4} more" if len(paths) > 4 else ""
    return ", ".join(paths[:4]) + more
