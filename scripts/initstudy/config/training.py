"""Keys of training: how long, by what, at which learning rates."""

from typing import Annotated

from pydantic import BeforeValidator, Field, Strict

from initstudy.config.forms import Keys, Whole, numbers, optional
from initstudy.config.model import AnOptimizer

Rate = Annotated[float, Field(ge=1e-12, le=1000)]
Rates = Annotated[tuple[Rate, ...], Strict(False), BeforeValidator(numbers)]


class TrainingKeys(Keys):
    """How each run is trained."""

    epochs: Whole = optional(
        100,
        "Passes over the training examples.",
        when="to as many as your training has.",
        ge=1,
        le=100_000,
    )
    batch_size: Whole = optional(
        128,
        "Examples per update.",
        when="to yours.",
        ge=1,
        le=1_000_000,
    )
    optimizer: AnOptimizer = optional(
        "adam",
        "A Keras identifier (adam, sgd, ...), or with parameters: "
        "{class_name: SGD, config: {learning_rate: 0.01, momentum: 0.9}}.",
        when="to yours.",
    )
    learning_rates: Rates = optional(
        [],
        "Learning rates to choose from, such as [0.0001, 0.001, 0.01]. Each variant runs at the "
        "rate with the best mean on the validation set (which must be held out), over "
        "learning_rate_seeds tuning runs. [] for the optimizer's own rate.",
        when="before you act on an answer: at a rate that suits another initializer, one may lose "
        "for that reason alone.",
        max_length=100,
    )
    learning_rate_seeds: Whole = optional(
        3,
        "Number of tuning runs for each learning rate. Their seeds are not those of the "
        "comparisons, so a choice does not flatter its result.",
        when="if the verdict names rates within two standard errors of the best.",
        ge=1,
        le=100_000,
    )
