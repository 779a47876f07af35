"""What a study asks, as its analysis needs to know it and a results folder keeps it."""

import functools
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from initstudy.config.names import RANKED
from initstudy.errors import StudyError

if TYPE_CHECKING:
    from initstudy.config.study import Study

# The digest in the name makes a description that was changed another file; there is one at a time.
NAME = "study-{digest}.json"
# What was settled at a look, in the folder of a study.
LOOK = "looks/{seeds}.yaml"
# Of more variants than this, only those that may be the best are compared with each other, since a
# table of all pairs nobody would read.
MOST_COMPARED = 40
# Keys that decide how a study is run, not what comes out.
HOW = ("checkpoint_minutes", "dataset_file", "keep_weights", "seeds_per_job")


def hidden_layers(units: Sequence[int]) -> str:
    """In words, as in `16-16`, or `30 x 32` of many alike; `no` of none."""
    if len(units) > 3 and len({*units}) == 1:
        return f"{len(units)} x {units[0]}"
    return "-".join(map(str, units)) or "no"


@dataclass(frozen=True)
class Description:
    """A study, without what only its trainings need.

    Attributes:
        configuration: all keys that decide what comes out, defaults and all.
        chance: share of the most frequent label among the test images.
        variants: kernel and bias initializer of each variant but `best`, by its name, each as
            {name, class_name, config}; the baseline is the first.
        trainings: digest of the variants' trainings, see `Plan.digest`. So that a description is
            another one, too, if the code that trains or the data are.
    """

    configuration: Mapping[str, Any]
    chance: float
    variants: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]]
    trainings: str = ""

    @classmethod
    def of(cls, study: "Study", chance: float, trainings: str = "") -> "Description":
        """The description of a study."""
        return cls(
            {key: value for key, value in study.plain().items() if key not in HOW},
            chance,
            {v.name: (v.kernel.plain(), v.bias.plain()) for v in study.variants},
            trainings,
        )

    @classmethod
    def read(cls, path: str | Path) -> "Description":
        """Reads what a rule has written.

        Raises:
            StudyError: if it is not what was written.
        """
        try:
            found = cls(**json.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise StudyError(f"{path} cannot be read ({error}); remove it and run again.") from None
        return found

    @functools.cached_property
    def text(self) -> str:
        """As JSON, which `read` takes."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @functools.cached_property
    def file(self) -> str:
        """The name of its file."""
        return NAME.format(digest=hashlib.sha256(self.text.encode()).hexdigest()[:12])

    @property
    def name(self) -> str:
        """Of the study."""
        return str(self.configuration["study"])

    @property
    def epochs(self) -> int:
        """Of each replicate."""
        return int(self.configuration["epochs"])

    @property
    def looks(self) -> list[int]:
        """How many seeds each look has; one number if there is one look, at the end."""
        seeds = self.configuration["seeds"]
        return list(seeds) if isinstance(seeds, list) else [int(seeds)]

    @property
    def selection(self) -> range:
        """The seeds that every variant is trained on."""
        return range(self.looks[0])

    @property
    def confirmation(self) -> range:
        """The fresh seeds that `best` and the baseline are compared on."""
        first = self.looks[-1]
        return range(first, first + int(self.configuration["confirmation_seeds"]))

    @property
    def held_out(self) -> int:
        """Training images kept for validation; 0 if the test images are it."""
        validation = self.configuration["validation"]
        return 0 if validation == "test" else int(validation["holdout"])

    @property
    def target_accuracy(self) -> float:
        """The validation accuracy until which epochs are counted."""
        return float(self.configuration["target_accuracy"])

    @property
    def judge_by(self) -> str:
        """What variants are judged by, see `analysis.measures`."""
        return str(self.configuration["judge_by"])

    @property
    def ranked(self) -> bool:
        """Whether that is compared by ranks and told by medians."""
        return self.judge_by in RANKED

    @property
    def margin(self) -> float | None:
        """The smallest difference that would matter, of what variants are judged by."""
        margin: float | None = self.configuration["margin"]
        return margin

    @property
    def all_pairs(self) -> bool:
        """Whether all pairs of variants are what the study compares."""
        return bool(self.configuration["comparisons"] == "all_pairs")

    @property
    def compares_pairs(self) -> bool:
        """Whether there are few enough variants for every two of them to be compared."""
        return 2 <= len(self.variants) <= MOST_COMPARED

    @property
    def scope(self) -> str:
        """In words, what its answers hold for."""
        asked = self.configuration
        model = asked["model"]
        network = f"the network {Path(str(model)).name}"
        if isinstance(model, Mapping):
            layers = hidden_layers(model["hidden_units"])
            network = f"networks of {layers} hidden {model['activation']} units"
        optimizer = asked["optimizer"]
        optimizer = optimizer_in_words(optimizer)
        if self.tuned:
            optimizer += " with the best of several learning rates each"
        images = f"{Path(asked['dataset']).name} ({asked['inputs']} inputs)"
        return (
            f"{network} on {images}, {optimizer}, batches of {asked['batch_size']} and "
            f"{asked['epochs']} epochs"
        )

    @property
    def factorial(self) -> bool:
        """Whether every kernel is trained with every bias initializer."""
        return bool(self.configuration["design"] == "factorial")

    @property
    def variance_seeds(self) -> range:
        """The seeds of replicates that vary by one source alone; empty if there are none."""
        return range(self.configuration["variance_seeds"])

    @property
    def tuned(self) -> bool:
        """Whether each variant has a learning rate of its own."""
        return bool(self.configuration["learning_rates"])

    @property
    def has_budgets(self) -> bool:
        """Whether what is reached by how many learning rates are tried can be told."""
        asked = self.configuration
        several = asked["learning_rate_seeds"] > 1
        return several and not self.ranked and len(asked["learning_rates"]) > 1

    @property
    def initializers(self) -> dict[str, tuple[str, str]]:
        """Names of the kernel and the bias initializer of each variant."""
        return {
            name: (kernel["name"], bias["name"]) for name, (kernel, bias) in self.variants.items()
        }

    def with_role(self, role: str) -> list[str]:
        """The baseline and the variants that differ from it in their kernels, or biases, alone."""
        # Names of initializers have no "-".
        mine = re.compile(rf"{role}-[^-]+")
        return ["baseline", *(name for name in self.variants if mine.fullmatch(name))]

    def with_best(self, choice: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
        """The initializers with `best` as the last, unless that is the baseline itself.

        Args:
            choice: what `statistics.choose_pair` has chosen.
        """
        pair = choice["kernel_initializer"]["name"], choice["bias_initializer"]["name"]
        if pair == self.initializers["baseline"]:
            return self.initializers
        return {**self.initializers, "best": pair}


def optimizer_in_words(optimizer: Any) -> str:
    """Name an optimizer with its parameters, and a schedule among these with its own.

    Args:
        optimizer: as an entry of a configuration.
    """
    if optimizer == "model":
        return "the optimizer of the model's compile()"
    if not isinstance(optimizer, Mapping):
        return str(optimizer)
    config = optimizer.get("config", {})
    told = ", ".join(f"{key} {_value_in_words(value)}" for key, value in config.items())
    return f"{optimizer['class_name']} ({told})" if told else str(optimizer["class_name"])


def _value_in_words(value: Any) -> str:
    named = isinstance(value, Mapping) and "class_name" in value
    return optimizer_in_words(value) if named else str(value)
