"""What is wrong with a loss, for a metric and for targets of some kind."""

from collections.abc import Iterator, Mapping
from typing import Any

from initstudy.config.problems import KeyPath, Problem
from initstudy.engine.errors import EngineError
from initstudy.engine.losses import (
    BINARY,
    CATEGORICAL,
    HINGES,
    SPARSE,
    Objective,
    known_losses,
    make_loss,
)
from initstudy.engine.spec import OF_CLASSES, OF_MODEL
from initstudy.errors import reason, suggest

PATH: KeyPath = ("loss",)
# The loss of sequences of classes that have another length than the outputs.
UNSUITED = {"CTC": "it aligns sequences of different lengths, of which no metric here is measured"}


def loss_problems(config: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with the loss of a configuration.

    Args:
        config: loss, metric, model and target, see `checks.examine`.
    """
    name = config["loss"]["class_name"]
    if name == OF_MODEL:
        if "build" not in config["model"]:
            yield Problem(PATH, "model is the loss of a custom function's model; name one of Keras")
        return
    try:
        loss = make_loss(config["loss"])
        kind = Objective(loss, config["metric"]).kind
    except KeyError:
        known = [kind.__name__ for kind in known_losses().values()]
        yield Problem(PATH, f"{name!r} is not a loss of Keras{suggest(name, known)}")
        return
    except EngineError as error:
        yield Problem(PATH, str(error))
        return
    except Exception as error:  # noqa: BLE001 - Keras raises of many kinds
        yield Problem((*PATH, "config"), f"{name} does not take these parameters: {reason(error)}")
        return
    if text := unsuited(kind, config["metric"], config["target"]):
        yield Problem(PATH, text)


def unsuited(kind: str, metric: str, target: Mapping[str, Any]) -> str | None:
    """Return why a loss of Keras is not one for a metric and for targets, or None.

    Args:
        kind: the name of its class.
        metric: of the study.
        target: see `checks.examine`.
    """
    if kind in UNSUITED:
        return f"{kind} is not trained here: {UNSUITED[kind]}"
    of_classes = kind in SPARSE | CATEGORICAL | BINARY | HINGES and kind != "KLDivergence"
    if of_classes and metric not in OF_CLASSES:
        return (
            f"{kind} is a loss of classes or labels, and {metric} is measured of numbers. "
            "Set metric: accuracy, or a loss such as mean_squared_error"
        )
    if kind in CATEGORICAL and target["kind"] == "labels" and not target.get("shares"):
        return (
            f"{kind} is for one of several classes, and the labels of an example do not add up to "
            "one. Set loss: binary_crossentropy"
        )
    if kind in SPARSE and target["kind"] == "labels":
        return (
            f"{kind} is for one of several classes, and an example of the data may have several "
            "labels. Set loss: binary_crossentropy"
        )
    return None
