"""What decides the numbers of a run."""

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

# What the seeds of a spec differ by: all that a network draws, and the order of the examples.
SOURCES = WEIGHTS, ORDER = ("weights", "order")
# The class_name of one initializer for each layer.
PER_LAYER = "layers"


@dataclass(frozen=True)
class Data:
    """The data set of a run.

    Attributes:
        name: of the catalogue, or the path of a user's own file.
        sha256: of its decoded arrays, or of that file; this alone decides the numbers.
    """

    name: str
    sha256: str


@dataclass(frozen=True)
class RunSpec:
    """All that decides the numbers of a run, but for its seed and how many epochs it has.

    Attributes:
        model: {hidden_units, activation} of a multilayer perceptron, or {build, source} of a user's
            function, as `file.py:name` with the SHA-256 of its code.
        dataset: what is learned from.
        inputs: raw, unit, standardized or features, see `data.scaled`.
        held_out: training examples that are kept for validation; 0 for the test examples.
        training_images: training examples that are learned from; None for all that are left.
        optimizer: {class_name, config}.
        batch_size: examples per update.
        kernel_initializer, bias_initializer: {name, class_name, config}, and the `source` of its
            code if that is not Keras'; or with the class_name PER_LAYER and as config {layers: [one
            for each layer]}, {hidden, output} or {paths: [[pattern, one], ...], others}.
        compile: auto, xla or graph, see `trainer.Trainer`.
        threads: of TensorFlow.
        vary: which of SOURCES each seed has of its own; the rest is that of seed 0.
        code: the code id of the engine, see `initstudy.code`.
        versions: of Keras, NumPy and TensorFlow.
    """

    model: Mapping[str, Any]
    dataset: Data
    inputs: str
    held_out: int
    training_images: int | None
    optimizer: Mapping[str, Any]
    batch_size: int
    kernel_initializer: Mapping[str, Any]
    bias_initializer: Mapping[str, Any]
    compile: str
    threads: int
    vary: tuple[str, ...]
    code: str
    versions: Mapping[str, str]

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "RunSpec":
        """Make it of what `plain` has given, as it comes from a JSON file."""
        parts = {"dataset": Data(**plain["dataset"]), "vary": tuple(plain["vary"])}
        return cls(**{**plain, **parts})

    def plain(self) -> dict[str, Any]:
        """Return it as plain values, which JSON can hold."""
        return asdict(self) | {"vary": list(self.vary)}

    @functools.cached_property
    def identity(self) -> dict[str, Any]:
        """What decides the numbers, whatever it is called and wherever it lies."""
        specs = ("bias_initializer", "kernel_initializer", "model", "optimizer")
        return {
            **self.plain(),
            "dataset": self.dataset.sha256,
            **{name: _nameless(getattr(self, name)) for name in specs},
        }

    @functools.cached_property
    def digest(self) -> str:
        """The first 20 hexadecimal digits of the SHA-256 of the identity as canonical JSON."""
        canonical = json.dumps(self.identity, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:20]


def is_custom(name: str) -> bool:
    """Return whether a name is meant for a user's own code: `file.py:name`."""
    return ".py:" in name


def _nameless(spec: Any) -> Any:
    """Without what a study calls it, where it lies, and which of Keras' two spellings it has."""
    if isinstance(spec, list):
        return [_nameless(part) for part in spec]
    if not isinstance(spec, Mapping):
        return spec
    plain = {key: _nameless(part) for key, part in spec.items() if key not in ("name", "config")}
    if "config" in spec:
        # Parameters are what they are, but for the layers' own initializers.
        nested = spec.get("class_name") == PER_LAYER
        plain["config"] = {
            key: _nameless(part) if nested else part for key, part in spec["config"].items()
        }
    for key in ("class_name", "build"):
        if key in plain:
            name = plain[key]
            plain[key] = (
                name.rpartition(":")[2] if is_custom(name) else name.lower().replace("_", "")
            )
    return plain


def with_rate(optimizer: Mapping[str, Any], rate: float) -> dict[str, Any]:
    """Return an optimizer at another learning rate; of a schedule all rates are multiplied by it.

    Args:
        optimizer: {class_name, config}.
        rate: instead of its own.
    """
    config = dict(optimizer["config"])
    if isinstance(config.get("inner_optimizer"), Mapping):
        inner = {"config": {}, **config["inner_optimizer"]}
        config["inner_optimizer"] = with_rate(inner, rate)
    elif isinstance(config.get("learning_rate"), Mapping):
        config["learning_rate"] = {**config["learning_rate"], "factor": rate}
    else:
        config["learning_rate"] = rate
    return {**optimizer, "config": config}


def rate_of(optimizer: Mapping[str, Any]) -> float | None:
    """Return the learning rate that an optimizer is given, or the factor of a schedule's rates."""
    config = optimizer["config"]
    if isinstance(config.get("inner_optimizer"), Mapping):
        return rate_of({"config": {}, **config["inner_optimizer"]})
    rate = config.get("learning_rate")
    return rate.get("factor") if isinstance(rate, Mapping) else rate
