"""Specs of small runs."""

from pathlib import Path
from typing import Any

from initstudy.data.datasets import file_sha256
from initstudy.engine.spec import Data, RunSpec
from initstudy.store import Planned


def keras_object(class_name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": config}


def of_classes(count: int) -> dict[str, Any]:
    """What Keras is asked of the usual task: one of so many classes."""
    return {
        "target": {"kind": "classes", "count": count, "shape": []},
        "loss": keras_object("sparse_categorical_crossentropy"),
        "metric": "accuracy",
    }


def run_spec(dataset: Path, **changes: Any) -> RunSpec:
    """A run of a small network on a user's own data set, in batches of 64."""
    usual: dict[str, Any] = {
        "model": {"hidden_units": [8, 8], "activation": "relu"},
        "dataset": Data("few.npz", file_sha256(dataset)),
        "inputs": "unit",
        "held_out": 0,
        "training_images": None,
        "optimizer": keras_object("adam"),
        "batch_size": 64,
        "kernel_initializer": keras_object("glorot_uniform"),
        "bias_initializer": keras_object("zeros"),
        "compile": "auto",
        "threads": 1,
        "vary": ("weights", "order"),
        "code": "",
        "versions": {},
    }
    return RunSpec(**{**usual, **changes})


def planned(spec: RunSpec, keep_weights: bool = False, checkpoint_minutes: float = 5) -> Planned:
    """A run of a spec, of which nothing else is known."""
    return Planned(spec, 1.0, 1000, keep_weights, checkpoint_minutes, None, {})
