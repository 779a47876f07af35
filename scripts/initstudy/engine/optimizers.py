"""The optimizers of Keras by their names, and whether they may train a kernel transposed."""

from collections.abc import Mapping
from typing import Any

from initstudy.engine.backend import classes_of, keras
from initstudy.engine.spec import OF_MODEL

ko = keras.optimizers
# Optimizers that do the same to a matrix and to its transpose: they work number by number, or by
# norms of the whole; Adafactor has a mean of each row and each column; Muon makes a matrix
# orthogonal. A user's own may not.
SYMMETRIC = {
    *(ko.SGD, ko.RMSprop, ko.Adam, ko.AdamW, ko.Adadelta, ko.Adagrad, ko.Adamax, ko.Ftrl),
    *(ko.Nadam, ko.Lion, ko.Lamb, ko.Adafactor, ko.Muon, ko.ScheduleFreeAdamW),
}


def known_optimizers() -> dict[str, type[Any]]:
    """Return the classes of keras.optimizers that train, by their names in small letters."""
    return {name.lower(): kind for name, kind in classes_of(ko, ko.Optimizer).items()}


def known_schedules() -> dict[str, type[Any]]:
    """Return the classes of keras.optimizers.schedules, by their names."""
    return classes_of(ko.schedules, ko.schedules.LearningRateSchedule)


class Scaled(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A schedule whose rates are all multiplied by the same factor.

    Args:
        schedule: of Keras.
        factor: of its rates.
    """

    def __init__(self, schedule: Any, factor: float) -> None:
        self.schedule, self.factor = schedule, factor

    def __call__(self, step: Any) -> Any:
        """Return the rate at an update, counted from 0."""
        return self.factor * self.schedule(step)

    def get_config(self) -> dict[str, Any]:
        """Return its parameters."""
        return {"schedule": self.schedule, "factor": self.factor}


def make_optimizer(optimizer: Mapping[str, Any], model: Any = None) -> Any:
    """Return a fresh Keras optimizer, as `compile` gives it to a model.

    Args:
        optimizer: {class_name, config}, of keras.optimizers or OF_MODEL; the learning rate in its
            config may be a schedule, {class_name, config}, with a factor of all its rates beside
            these; the config of OF_MODEL may have a learning rate alone.
        model: that it is to train. One that computes in mixed_float16 gets an optimizer that scales
            the loss; of OF_MODEL it is its own.

    Raises:
        KeyError: if there is no such optimizer or schedule.
        TypeError, ValueError: from Keras, if it refuses the parameters.
    """
    if optimizer["class_name"] == OF_MODEL:
        rate = optimizer["config"].get("learning_rate")
        return model.optimizer if rate is None else _with_rate(model.optimizer, rate)
    made = _made(optimizer)
    return made if model is None else scaling(made, model)


def scaling(optimizer: Any, model: Any) -> Any:
    """Return an optimizer that scales the loss, if `compile` would have it do so for a model."""
    half = model.dtype_policy.name == "mixed_float16"
    if half and not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer


def inner_of(optimizer: Any) -> Any:
    """Return the optimizer that changes the weights: that inside of one which scales the loss."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def is_symmetric(optimizer: Any, model: Any) -> bool:
    """Return whether an optimizer does the same to the kernels of a model and to their transposes.

    That of a user's `compile()` may know the kernels themselves: its slots are made of them, or
    some have no weight decay.
    """
    return type(inner_of(optimizer)) in SYMMETRIC and optimizer is not getattr(
        model, "optimizer", None
    )


def finalizes(optimizer: Any) -> bool:
    """Return whether `fit` has the optimizer change the weights when it ends."""
    inner = inner_of(optimizer)
    own = type(inner).finalize_variable_values
    return bool(inner.use_ema) or own is not keras.optimizers.Optimizer.finalize_variable_values


def _made(optimizer: Mapping[str, Any]) -> Any:
    config = dict(optimizer["config"])
    if isinstance(config.get("learning_rate"), Mapping):
        config["learning_rate"] = _schedule(config["learning_rate"])
    if isinstance(config.get("inner_optimizer"), Mapping):
        config["inner_optimizer"] = _made({"config": {}, **config["inner_optimizer"]})
    return known_optimizers()[optimizer["class_name"].lower()](**config)


def _schedule(rate: Mapping[str, Any]) -> Any:
    made = known_schedules()[rate["class_name"]](**rate.get("config", {}))
    return Scaled(made, rate["factor"]) if "factor" in rate else made


def _with_rate(made: Any, rate: float) -> Any:
    """Return an optimizer at another learning rate; of a schedule all rates are scaled."""
    if isinstance(made, keras.optimizers.LossScaleOptimizer):
        made.inner_optimizer = _with_rate(made.inner_optimizer, rate)
        return made
    config = made.get_config()
    if isinstance(config.get("learning_rate"), Mapping):
        schedule = keras.optimizers.schedules.deserialize(config["learning_rate"])
        made.learning_rate = Scaled(schedule, rate)
        return made
    made.learning_rate = rate
    return made
