"""What decides the numbers of a run."""

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

# What the seeds of a spec differ by: all that a network draws, and the order of the examples.
SOURCES = WEIGHTS, ORDER = ("weights", "order")
# The class_name of one initializer for each layer.
PER_LAYER = "layers"
# What takes the place of an optimizer's or a loss' name for that of the user's `compile()`.
OF_MODEL = "model"
# What follows the scale of inputs that are scaled in float64, since float32 does not hold them.
WIDE = ", in float64"
# What is validated on instead of training examples, if the data have their own for it.
OWN_VALIDATION = "x_val"
# What networks are trained for and judged by unless something else is asked for.
# The metrics of classes and labels, and those of numbers.
OF_CLASSES = ("accuracy", "log_loss")
OF_NUMBERS = ("mean_absolute_error", "mean_squared_error", "root_mean_squared_error")
LOSS, METRIC = "sparse_categorical_crossentropy", "accuracy"


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
        inputs: raw, unit, standardized or features, see `data.scaled`; the latter three may be
            followed by WIDE.
        held_out: training examples that are kept for validation; 0 for the test examples, and
            OWN_VALIDATION for those that the data have for it.
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
        loss: {class_name, config}.
        metric: see `losses.Objective`.
    """

    model: Mapping[str, Any]
    dataset: Data
    inputs: str
    held_out: int | str
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
    loss: Mapping[str, Any] = field(default_factory=lambda: {"class_name": LOSS, "config": {}})
    metric: str = METRIC

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "RunSpec":
        """Make it of what `plain` has given, as it comes from a JSON file."""
        parts = {"dataset": Data(**plain["dataset"]), "vary": tuple(plain["vary"])}
        return cls(**{**plain, **parts})

    def plain(self) -> dict[str, Any]:
        """Return it as plain values, which JSON can hold; loss and metric unless it is the usual
        one.
        """
        plain = asdict(self) | {"vary": list(self.vary)}
        if _nameless(self.loss) == {"class_name": LOSS.replace("_", ""), "config": {}}:
            del plain["loss"]
        if self.metric == METRIC:
            del plain["metric"]
        return plain

    @functools.cached_property
    def identity(self) -> dict[str, Any]:
        """What decides the numbers, whatever it is called and wherever it lies."""
        plain = self.plain()
        specs = ("bias_initializer", "kernel_initializer", "model", "optimizer", "loss")
        return {
            **plain,
            "dataset": self.dataset.sha256,
            **{name: _nameless(plain[name]) for name in specs if name in plain},
        }

    @functools.cached_property
    def digest(self) -> str:
        """The first 20 hexadecimal digits of the SHA-256 of the identity as canonical JSON."""
        canonical = json.dumps(self.identity, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:20]


def is_custom(name: str) -> bool:
    """Return whether a name is meant for a user's own code: `file.py:name`."""
    return ".py:" in name


def last_layer(
    loss: Mapping[str, Any], metric: str, outputs: int, one_of: bool
) -> tuple[int, str | None]:
    """Return the units of the last layer of a multilayer perceptron, and its activation.

    Of numbers, scores around zero and logits it has none; of labels, and of two classes with a
    binary loss, it is a sigmoid; else a softmax over the classes.

    Args:
        loss: {class_name, config}.
        metric: see `losses.Objective`.
        outputs: how many classes, labels or numbers there are.
        one_of: whether an example is of one of several classes.
    """
    name = loss["class_name"].lower().replace("_", "")
    binary = name.startswith("binary")
    scores = "hinge" in name
    units = (
        1 if one_of and outputs == 2 and (binary or name in ("hinge", "squaredhinge")) else outputs
    )
    if metric not in OF_CLASSES or scores or loss["config"].get("from_logits"):
        return units, None
    categorical = name.startswith(("sparse", "categorical"))
    return units, "sigmoid" if binary or not (one_of or categorical) else "softmax"


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
