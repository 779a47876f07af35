"""What would be trained otherwise than by Keras' own `fit`, found before anything is trained.

What a copy of a network loses is found in `copies`.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from initstudy.engine.backend import keras
from initstudy.engine.literature import PLACES
from initstudy.engine.models import (
    DEPTHWISE,
    TransposedDense,
    adapt,
    build_optimizer,
    kernel_layers,
    model_to_train,
)
from initstudy.engine.spec import PER_LAYER
from initstudy.training.copies import LATER, flat, named, undrawn

kl = keras.layers
CONVOLUTIONS = (kl.Conv1D, kl.Conv2D, kl.Conv3D)
TRANSPOSED = (kl.Conv1DTranspose, kl.Conv2DTranspose, kl.Conv3DTranspose)
# Layers for whose kernels Keras takes the fans from the shape alone.
DRAWN = (kl.Dense, TransposedDense, *CONVOLUTIONS, *TRANSPOSED, *DEPTHWISE)
# Methods of a model by which a person changes how `fit` trains it.
TRAINING = (
    *("train_step", "test_step", "compute_loss", "compute_metrics", "fit", "make_train_function"),
    *("_compute_loss", "get_metrics_result", "make_test_function"),
)
# Initializers of ours that put an identity or an orthogonal matrix into a kernel.
MATRICES = {"ZerO", "delta_orthogonal", "IDInit", "tanh_fixed_point"}
# Those that follow the signal through the network, so that not every network will do.
FOLLOWING = {"autoinit", "fixup", "IDInit"}
ZEROS: Mapping[str, Any] = {"class_name": "zeros", "config": {}}


@contextmanager
def own_settings() -> Iterator[Callable[[], str | None]]:
    """Keeps what a person's code sets for all of Keras from other studies of this process.

    Yields:
        A function that says in words what of it decides numbers of type and was set; None if
        nothing was.
    """
    config = keras.config
    policy, floatx = config.dtype_policy(), config.floatx()
    others = config.image_data_format(), config.epsilon()

    def changed() -> str | None:
        now, types = config.dtype_policy().name, config.floatx()
        if now == policy.name and types == floatx:
            return None
        what = f"the dtype policy {now}" if now != policy.name else f"floatx to {types}"
        return (
            f"it sets {what} for all of Keras. {LATER}: only float32 is trained. Remove that line."
        )

    try:
        yield changed
    finally:
        config.set_floatx(floatx)
        config.set_dtype_policy(policy)
        config.set_image_data_format(others[0])
        config.set_epsilon(others[1])


def returned_problems(returned: Any) -> Iterator[str]:
    """What is in a model, as a person's function returned it, that is not trained as by `fit`."""
    for kind in type(returned).__mro__:
        # Those of Keras come last.
        if kind.__module__.partition(".")[0] == "keras":
            break
        for method in (name for name in TRAINING if name in vars(kind)):
            yield f"its class {kind.__name__} has a {method} of its own. {LATER}; remove it."
    for what, tensors in ("inputs", returned.inputs), ("outputs", returned.outputs):
        if len(tensors) != 1:
            yield f"its model has {len(tensors)} {what}. {LATER}; give it one."
    drawn = kernel_layers(returned)
    for layer in flat(returned):
        if (found := _dtype(layer)) is not None:
            text = f"{named(layer)} computes in {found}. {LATER}: only float32 is trained. "
            yield text + "Remove its dtype."
    for layer in drawn:
        yield from _kernel_problems(layer)
    if drawn and not any(hasattr(layer, "activation") for layer in drawn):
        yield (
            "none of its layers with a kernel has an attribute activation, at which signals are "
            "measured; let the last layer be a keras.layers.Dense with activation='softmax'."
        )


def _kernel_problems(layer: Any) -> Iterator[str]:
    """What is wrong with a layer that has a kernel of its own."""
    if any(layer.kernel is variable for part in flat(layer)[1:] for variable in part.variables):
        yield undrawn(named(layer), [layer.kernel])
        return
    if isinstance(layer, kl.EinsumDense) or not (
        isinstance(layer, DRAWN) or len(layer.kernel.shape) == 2
    ):
        yield (
            f"{named(layer)} has a kernel of shape {tuple(layer.kernel.shape)}, of which this "
            "version cannot know how many inputs each unit has. Use a keras.layers.Dense with "
            "keras.layers.Reshape and keras.layers.Permute instead."
        )
        return
    if not hasattr(layer, "bias"):
        yield (
            f"{named(layer)} has a kernel, but no attribute bias; set self.bias = None in its "
            "build, or to the weight that is its bias."
        )
        return
    if hasattr(layer, "activation") and not callable(layer.activation):
        yield (
            f"{named(layer)} has the activation {layer.activation!r}, which cannot be called; let "
            "it be keras.activations.linear."
        )
    if not layer.kernel.trainable:
        yield (
            f"{named(layer)} is frozen (trainable=False). {LATER}: its kernel would be drawn from "
            "the study's initializers. Let it be trained."
        )


def copy_problem(returned: Any, error: Exception) -> str | None:
    """Which layer of a model cannot be copied, and what to do; None if it is none of them.

    Args:
        returned: the model.
        error: that the copy has raised.
    """
    for layer in returned.layers:
        try:
            type(layer).from_config(layer.get_config())
        except Exception as raised:  # noqa: BLE001 - Keras and a person's own code raise many kinds
            error = raised
            break
    else:
        return None
    text = f"{named(layer)} cannot be copied, and what is trained is a copy: "
    if any(isinstance(part, kl.Lambda) for part in flat(layer)):
        return text + (
            "Keras does not copy functions. Write a class of keras.layers.Layer with a method call "
            "instead, or call operations of keras.ops on the tensors; for x / 16 there is "
            "keras.layers.Rescaling(1 / 16)."
        )
    if "register_keras_serializable" in str(error):
        return text + (
            "Keras does not find a function or class that it is made with. Put "
            "@keras.saving.register_keras_serializable() above that function or class."
        )
    if "get_config" in str(error) or "__init__()" in str(error):
        return text + (
            "get_config of its class does not give all arguments of its __init__. Write one; see "
            "Keras' guide to making layers by subclassing."
        )
    return f"{text}{type(error).__name__}: {' '.join(str(error).split())}"


def literature_problems(
    returned: Any, trained: Any, entries: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Initializers of the literature that are not made for some layer of a model.

    Args:
        returned: as a person's function returned it.
        trained: the copy that is trained.
        entries: path, name, class_name and config of each of the study's kernel initializers.

    Yields:
        The key path of an initializer, and what is wrong.
    """
    layers = kernel_layers(trained)
    usual = {place: name for name, place in reversed(PLACES.items())}
    for entry in entries:
        parts = _parts(entry, len(layers))
        ours = {
            number: usual[PLACES[part["class_name"]]]
            for number, part in enumerate(parts)
            if part["class_name"] in PLACES
        }
        found = [
            f"{name} cannot make the kernel of {named(layers[number])}: {why}"
            for number, name in ours.items()
            if (why := _not_made_for(name, layers[number]))
        ]
        if not found and FOLLOWING & set(ours.values()):
            found = _not_followed(returned, entry)
        for text in found[:1]:
            yield tuple(entry["path"]), text


def bias_problems(
    trained: Any, entries: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Bias initializers that a model whose layers lack biases has no use for.

    Args:
        trained: the copy that is trained.
        entries: path, name, class_name and config of the baseline's bias initializer, then of each
            of the study's.

    Yields:
        The key path of an initializer, and what is wrong.
    """
    layers = kernel_layers(trained)
    without = [layer for layer in layers if layer.bias is None]
    for number, entry in enumerate(entries):
        text = ""
        if without == layers and number:
            text = (
                "no layer of the model has a bias, so this variant would be the baseline again. "
                "Write bias_initializers: []"
            )
        elif without and without != layers and entry["class_name"] == PER_LAYER:
            text = (
                f"{named(without[0])} has no bias, so it is not clear for which layer each of "
                "these is. Give one initializer for all layers"
            )
        if text:
            yield tuple(entry["path"]), text


def _parts(entry: Mapping[str, Any], layers: int) -> Sequence[Mapping[str, Any]]:
    """The initializer of each layer; none if there is another number of them."""
    config = entry["config"]
    if entry["class_name"] != PER_LAYER:
        return [entry] * layers
    if "layers" in config:
        return config["layers"] if len(config["layers"]) == layers else []
    return [config["hidden"]] * (layers - 1) + [config["output"]]


def _not_made_for(name: str, layer: Any) -> str | None:
    """Why an initializer of the literature is wrong for a layer; None if it is not."""
    if isinstance(layer, TRANSPOSED):
        return (
            "the kernel of a transposed convolution is (..., units, inputs), which it takes for "
            "(..., inputs, units). Take an initializer of Keras for this network."
        )
    if name in MATRICES and getattr(layer, "groups", 1) > 1:
        return (
            "it makes one matrix of all channels, but each group of units sees some of them only. "
            "Take another initializer for this network."
        )
    if name in ("ZerO", "delta_orthogonal") and isinstance(layer, DEPTHWISE):
        return (
            "it makes a matrix that mixes channels, but each unit sees one only. Take another "
            "initializer for this network."
        )
    if not hasattr(layer, "activation") and name in ("lsuv", "autoinit"):
        return (
            "it looks at what enters the layer's activation, but there is no such attribute. Set "
            "self.activation in its class, and call it, or take another initializer."
        )
    return None


def _not_followed(returned: Any, entry: Mapping[str, Any]) -> list[str]:
    """What an initializer that follows the signal raises of a network."""
    try:
        model = model_to_train(returned, entry, ZEROS, replicate=0)
        adapt(model, keras.random.uniform((8, *model.input_shape[1:]), seed=0))
    except Exception as error:  # noqa: BLE001 - it may raise what layers raise
        reason = " ".join(str(error).split())
        return [f"it cannot be used with this network: {reason} Take another initializer."]
    return []


def optimizer_problem(optimizer: Mapping[str, Any]) -> str | None:
    """What of an optimizer `fit` would treat otherwise than the engine does; None if nothing.

    Args:
        optimizer: {class_name, config}, the name one of a class in keras.optimizers.
    """
    known = {name.lower(): kind for name, kind in vars(keras.optimizers).items()}
    kind, base = known[optimizer["class_name"].lower()], keras.optimizers.Optimizer
    name = kind.__name__
    if kind is keras.optimizers.MultiOptimizer:
        return f"{name} is not supported: it is made of the layers of a model. Take one optimizer."
    if kind.scale_loss is not base.scale_loss:
        return (
            f"{name} is not supported: it scales the loss, which this version does not. Take the "
            "optimizer inside of it; in float32 nothing is lost by that."
        )
    if kind.finalize_variable_values is not base.finalize_variable_values:
        return (
            f"{name} is not supported: fit has it change the weights at the end, which this "
            "version does not. Take another optimizer."
        )
    try:
        built = build_optimizer({"class_name": name, "config": {}}, [])
    except (TypeError, ValueError):
        return (
            f"this Keras has keras.optimizers.{name}, but does not find it by its name. Take "
            "another optimizer, such as AdamW."
        )
    built = build_optimizer(optimizer, [])
    if built.use_ema:
        return (
            f"{name} with use_ema is not supported: fit puts the averaged weights into the network "
            "at its end, which this version does not. Remove use_ema."
        )
    if built.loss_scale_factor is not None:
        return (
            f"{name} with loss_scale_factor is not supported: its gradients would be divided by "
            "the factor, but the loss not multiplied. Remove it; in float32 nothing is lost by "
            "that."
        )
    return None


def schedule_problem(optimizer: Mapping[str, Any], learning_rates: Sequence[float]) -> str | None:
    """What is wrong with a learning rate that is no number; None if nothing, or it is one."""
    rate = optimizer["config"].get("learning_rate")
    if not isinstance(rate, Mapping):
        return None
    if learning_rates:
        return "with the key learning_rates it must be a number, which they replace; remove it"
    name, known = rate.get("class_name"), vars(keras.optimizers.schedules)
    schedules = [key for key, kind in known.items() if inspect.isclass(kind)]
    if name not in schedules:
        return f"{name!r} is not a schedule of Keras; it has {', '.join(sorted(schedules))}"
    if rate.get("module") != "keras.optimizers.schedules":
        return (
            f"Keras finds {name} only if its module is named. Write {{module: "
            f"keras.optimizers.schedules, class_name: {name}, config: {{...}}}}"
        )
    return None


def compile_note(build: str, returned: Any, optimizer: Mapping[str, Any]) -> str | None:
    """Says that what a model was compiled with is not used; None if it was not compiled."""
    if not returned.compiled:
        return None
    theirs, loss = returned.optimizer, getattr(returned, "loss", None)
    name = getattr(loss, "name", None) or getattr(loss, "__name__", None) or loss
    rate = ""
    with suppress(AttributeError, TypeError, ValueError):
        rate = f" (learning rate {float(theirs.learning_rate):g})"
    return (
        f"{build} compiles its model with {type(theirs).__name__}{rate} and the loss {name!s}. "
        f"These are not used: the key optimizer decides ({optimizer['class_name']}), and the loss "
        "is sparse categorical cross-entropy."
    )


def _dtype(layer: Any) -> str | None:
    """The numbers that a layer computes with or keeps, if they are of another kind than float32."""
    policy = layer.dtype_policy
    if getattr(layer, "quantization_mode", None):
        return str(policy.name)
    kinds = [str(kind) for kind in (policy.compute_dtype, policy.variable_dtype)]
    return str(policy.name) if any("float" in k and k != "float32" for k in kinds) else None
