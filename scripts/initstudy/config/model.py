"""Keys of the model: the network, its loss and its metric; and the form of an optimizer."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
)

from initstudy.config.forms import (
    MAPPING,
    TEXT,
    Keys,
    Parameters,
    Written,
    custom_code,
    form_of,
    numbers,
    optional,
    whole,
    wrong,
)
from initstudy.config.problems import show
from initstudy.engine.spec import LOSS, METRIC, OF_CLASSES, OF_NUMBERS, is_custom

# The bounds come before the validator: pydantic does not tell them in the schema otherwise.
Unit = Annotated[int, Field(ge=1, le=65_536), BeforeValidator(whole)]
Units = Annotated[list[Unit], BeforeValidator(numbers)]


class Network(Keys):
    """Layers of units, one after the other."""

    hidden_units: Units = optional(
        [16, 16], "Units of each hidden layer, from the input on; [] for none.", max_length=1000
    )
    activation: str = optional(
        "relu", "Activation of the hidden layers, a Keras identifier: relu, tanh, selu, ..."
    )


ModelForm = Annotated[
    Annotated[str, Field(max_length=200), Tag(TEXT)] | Annotated[Network, Tag(MAPPING)],
    Discriminator(form_of),
]


def _model(form: str | Network, info: ValidationInfo) -> dict[str, Any]:
    if isinstance(form, Network):
        return form.model_dump()
    if not is_custom(form):
        raise wrong(f"{show(form)} is not of the form file.py:name, a custom function")
    build, source = custom_code(form, info)
    return {"build": build, **source}


Model = Annotated[
    Mapping[str, Any], Written(ModelForm, _model, lambda model: model.get("build", model))
]


class Optimizer(Keys):
    """An optimizer with its parameters."""

    class_name: str = Field(description="Class of the optimizer in keras.optimizers.")
    config: Parameters = optional({}, "Its parameters.")


OptimizerForm = Annotated[
    Annotated[str, Tag(TEXT)] | Annotated[Optimizer, Tag(MAPPING)], Discriminator(form_of)
]


def _named(form: str | Keys, info: ValidationInfo) -> dict[str, Any]:
    """Return the long form of what is written by its class, or with its parameters."""
    return form.model_dump() if isinstance(form, Keys) else {"class_name": form, "config": {}}


def _shortest(made: Mapping[str, Any]) -> Any:
    """Return the class alone where there are no parameters."""
    return made if made["config"] else made["class_name"]


AnOptimizer = Annotated[Mapping[str, Any], Written(OptimizerForm, _named, _shortest)]

# What is often written for a metric, and what it is.
SHORT = {"mae": OF_NUMBERS[0], "mse": OF_NUMBERS[1], "rmse": OF_NUMBERS[2]}


def _metric(name: str) -> str:
    known = (*OF_CLASSES, *OF_NUMBERS)
    made = SHORT.get(name, name)
    if made not in known:
        raise wrong(f"{show(name)} is not a metric; known are {', '.join(known)}")
    return made


Metric = Annotated[str, Field(max_length=100), AfterValidator(_metric)]


class Loss(Keys):
    """A loss with its parameters."""

    class_name: str = Field(description="Class of the loss in keras.losses.")
    config: Parameters = optional({}, "Its parameters.")


LossForm = Annotated[
    Annotated[str, Tag(TEXT)] | Annotated[Loss, Tag(MAPPING)], Discriminator(form_of)
]


ALoss = Annotated[Mapping[str, Any], Written(LossForm, _named, _shortest)]


class ModelKeys(Keys):
    """What is trained, and what for."""

    model: Model = optional(
        {},
        "The network: hidden layers as below, with a last layer that suits the loss (a softmax "
        "over the classes, say), or a custom function that returns a Keras model, "
        "my_model.py:build.",
        when="to your network.",
    )
    loss: ALoss = optional(
        LOSS,
        "What a network is trained for, a loss of Keras: sparse_categorical_crossentropy for one "
        "of several classes, binary_crossentropy for two classes or several labels, "
        "mean_squared_error or huber for numbers, ...; or with parameters: {class_name: Huber, "
        "config: {delta: 2.0}}; or model, that of the model's compile().",
        when="if the task is not one of several classes.",
    )
    metric: Metric = optional(
        METRIC,
        "What a network is judged by: accuracy or log_loss of classes and labels; "
        "mean_absolute_error, mean_squared_error or root_mean_squared_error of numbers. It also "
        "says how targets are read: 0, 1, 2 are classes for an accuracy, numbers for an error.",
        when="with the loss: an error for numbers.",
    )
