"""Runs whose numbers are kept: ten updates of each initializer, kind of network and optimizer."""

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from initstudy.data.datasets import file_sha256, read
from initstudy.engine.data import Dataset, dataset_of
from initstudy.engine.models import networks_of
from initstudy.engine.spec import RunSpec
from initstudy.engine.trainer import Trainer, make_trainer

FILE = Path(__file__).with_name("numbers.json")
NETWORKS = Path(__file__).with_name("networks.py")
DENSE = {"hidden_units": [8, 8], "activation": "relu"}
OWN = ("residual", "depthwise", "noisy", "penalized")
KERNELS: dict[str, dict[str, Any]] = {
    name: {}
    for name in (
        *("glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "lecun_normal"),
        *("lecun_uniform", "random_normal", "random_uniform", "truncated_normal", "orthogonal"),
        *("zeros", "ones", "sparse", "gain_corrected", "sinusoidal", "tanh_fixed_point"),
        *("delta_orthogonal", "ZerO", "IDInit", "lsuv", "autoinit", "fixup"),
    )
} | {
    "VarianceScaling": {"scale": 0.5, "mode": "fan_out", "distribution": "uniform"},
    "constant": {"value": 0.01},
    "metainit": {"steps": 5, "batch": 4},
}
# Those that look at the network, on one of convolutions, too.
LOOKING = ("delta_orthogonal", "ZerO", "IDInit", "autoinit", "fixup", "metainit")
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "SGD": {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True},
    "RMSprop": {"rho": 0.8},
    "AdamW": {"weight_decay": 0.01},
    "Nadam": {},
    "Lion": {},
    "Adafactor": {},
}
SETTINGS: dict[str, dict[str, Any]] = {
    "raw": {"inputs": "raw"},
    "unit": {"inputs": "unit"},
    "features": {"inputs": "features"},
    "held_out": {"held_out": 30},
    "training_images": {"training_images": 75},
    "weights": {"vary": ["weights"]},
    "order": {"vary": ["order"]},
    "graph": {"compile": "graph"},
    "xla": {},
    "layers": {
        "kernel_initializer": {
            "class_name": "layers",
            "config": {"hidden": {"class_name": "he_normal", "config": {}}}
            | {"output": {"class_name": "zeros", "config": {}}},
        }
    },
}


def initializer(name: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "class_name": name, "config": config}


def cases() -> dict[str, dict[str, Any]]:
    """What is different from `usual`, by name."""
    found: dict[str, dict[str, Any]] = {}
    for name, config in KERNELS.items():
        # Not by XLA, which takes longer to compile; the others are.
        change = {"kernel_initializer": initializer(name, config), "compile": "graph"}
        found[f"kernel {name}"] = change
    for name in ("random_normal", "ones"):
        found[f"bias {name}"] = {"bias_initializer": initializer(name, {})}
    for name in OWN:
        found[f"network {name}"] = {"model": {"build": f"{NETWORKS}:{name}", "source": ""}}
    for name in LOOKING:
        found[f"residual {name}"] = {
            "kernel_initializer": initializer(name, KERNELS[name]),
            "model": {"build": f"{NETWORKS}:residual", "source": ""},
        }
    for name, config in OPTIMIZERS.items():
        found[f"optimizer {name}"] = {"optimizer": {"class_name": name, "config": config}}
    return found | {f"setting {name}": change for name, change in SETTINGS.items()}


def usual(sha256: str) -> dict[str, Any]:
    """The plain values of a `RunSpec`, as the other tests have it, too."""
    return {
        "batch_size": 8,
        "bias_initializer": initializer("zeros", {}),
        "code": "",
        "compile": "auto",
        "dataset": {"name": "golden.npz", "sha256": sha256},
        "held_out": 0,
        "inputs": "standardized",
        "kernel_initializer": initializer("he_normal", {}),
        "model": DENSE,
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.01}},
        "threads": 1,
        "training_images": 75,
        "vary": ["weights", "order"],
        "versions": {},
    }


def write_data(path: Path) -> None:
    """A hundred pictures of six by six bytes in three classes, the same bytes each time."""
    random = np.random.default_rng(0)
    labels = np.arange(140) % 3
    pictures = random.integers(0, 200, (140, 6, 6))
    pictures[np.arange(140), labels] += 50
    parts = {"train": slice(0, 110), "test": slice(110, 140)}
    np.savez(
        path,
        **{f"x_{part}": pictures[rows].astype(np.uint8) for part, rows in parts.items()},
        **{f"y_{part}": labels[rows] for part, rows in parts.items()},
    )


@lru_cache(1)
def compiled(asked: str, data: Path) -> tuple[Trainer, Dataset]:
    """What trains a spec, given as JSON, and those that differ in their initializers alone."""
    spec = RunSpec.from_plain(json.loads(asked))
    dataset = dataset_of(spec, read(data, spec.dataset.name, spec.dataset.sha256))
    return make_trainer(spec, dataset), dataset


def computed(name: str, data: Path) -> dict[str, Any]:
    """What ten updates of seed 1 give: the epoch's means, and each variable's Euclidean norm."""
    known = usual(file_sha256(data))
    drawn = {key: known[key] for key in ("kernel_initializer", "bias_initializer")}
    plain = {**known, **cases()[name]}
    trainer, dataset = compiled(json.dumps({**plain, **drawn}), data)
    spec = RunSpec.from_plain(plain)
    trainer.turn_to(networks_of(spec, dataset.shape, dataset.outputs, dataset.one_of))
    trainer.start(1)
    *metrics, _ = trainer.run_epoch()
    state = trainer.state()
    norms = [float(np.linalg.norm(np.asarray(part, np.float64))) for part in state]
    parts = b"".join(np.ascontiguousarray(part).tobytes() for part in state)
    return {"metrics": metrics, "norms": norms, "bytes": parts}


def processor() -> list[str]:
    """The instruction sets of this processor that decide in which order sums are added up."""
    place = Path("/proc/cpuinfo")
    flags = re.search(r"^flags\s*: (.*)$", place.read_text() if place.exists() else "", re.M)
    found = flags[1].split() if flags else []
    return sorted(flag for flag in found if re.match("avx|fma|amx", flag))
