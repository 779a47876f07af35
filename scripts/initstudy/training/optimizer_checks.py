"""What is wrong with an optimizer, its learning rate and its schedule."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from initstudy.config.problems import KeyPath, Problem
from initstudy.engine.backend import keras
from initstudy.engine.optimizers import known_optimizers, known_schedules, make_optimizer
from initstudy.engine.spec import OF_MODEL, with_rate
from initstudy.errors import reason, suggest

PATH: KeyPath = ("optimizer",)


def optimizer_problems(
    optimizer: Mapping[str, Any], learning_rates: Sequence[float], model: Any
) -> Iterator[Problem]:
    """Yield what is wrong with the optimizer of a configuration.

    Args:
        optimizer: {class_name, config}.
        learning_rates: that it is to have.
        model: that it is to train; None if that is wrong itself.
    """
    name, config = optimizer["class_name"], optimizer["config"]
    if name == OF_MODEL:
        yield from _of_model(config, learning_rates, model)
        return
    known = known_optimizers()
    if name.lower() not in known:
        yield Problem(PATH, f"{name!r} is not an optimizer of Keras{suggest(name, known)}")
        return
    if known[name.lower()] is keras.optimizers.MultiOptimizer:
        text = f"{name} is not supported: it is made of the layers of a model. Take one optimizer"
        yield Problem(PATH, text)
        return
    inner = config.get("inner_optimizer")
    if isinstance(inner, Mapping):
        where = {"class_name": inner.get("class_name", ""), "config": inner.get("config", {})}
        if problem := next(optimizer_problems(where, (), model), None):
            yield Problem((*PATH, "config", "inner_optimizer"), problem.message)
            return
    if wrong := _schedule_problem(config.get("learning_rate")):
        yield Problem((*PATH, "config", "learning_rate"), wrong)
        return
    try:
        for rate in [None, *learning_rates]:
            variable = keras.Variable([[0.0, 1.0]])
            built = make_optimizer(optimizer if rate is None else with_rate(optimizer, rate))
            built.build([variable])
            built.apply([keras.ops.ones((1, 2))], [variable])
    except Exception as error:  # noqa: BLE001 - Keras raises of many kinds
        yield Problem(PATH, f"Keras refuses {name!r} with {dict(config)}: {reason(error)}")


def _of_model(
    config: Mapping[str, Any], learning_rates: Sequence[float], model: Any
) -> Iterator[Problem]:
    if model is None:
        return
    if config:
        text = "model takes the optimizer of the model's compile() as it is; remove its config"
        yield Problem((*PATH, "config"), text)
    elif getattr(model, "optimizer", None) is None:
        text = (
            "model takes the optimizer of the model's compile(), but the model is not compiled. "
            "Compile it in your function, or name an optimizer, such as adam"
        )
        yield Problem(PATH, text)
    elif isinstance(model.optimizer, keras.optimizers.MultiOptimizer):
        yield Problem(PATH, "MultiOptimizer is not supported. Take one optimizer")
    else:
        try:
            for rate in learning_rates:
                make_optimizer({"class_name": OF_MODEL, "config": {"learning_rate": rate}}, model)
        except Exception as error:  # noqa: BLE001 - a user's own code raises what it likes
            text = f"its learning rate cannot be set: {reason(error)}"
            yield Problem(("learning_rates",), text)


def _schedule_problem(rate: Any) -> str | None:
    """Return what is wrong with a learning rate that is not a number; None if nothing is."""
    if not isinstance(rate, Mapping):
        return None
    name, known = rate.get("class_name"), known_schedules()
    if name not in known:
        return f"{name!r} is not a schedule of Keras{suggest(name, sorted(known))}"
    unknown = set(rate) - {"module", "class_name", "config", "registered_name"}
    if unknown:
        return f"there is no such key as {', '.join(sorted(unknown))}; it has class_name and config"
    return None
