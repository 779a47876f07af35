"""A study: what was configured, with what is known of its data; written down for its analysis."""

import functools
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import Field, TypeAdapter

from initstudy.config.configuration import Configuration, parse
from initstudy.config.forms import NOWHERE
from initstudy.config.initializers import Variant
from initstudy.config.names import RANKED
from initstudy.data.datasets import DatasetInfo
from initstudy.data.targets import Target
from initstudy.engine.spec import OWN_VALIDATION
from initstudy.errors import StudyError

# The digest in the name makes a study that was changed another file; there is one at a time.
FILE = "study-{digest}.json"
# Learning rates are chosen on seeds from this number on, which no study compares or confirms.
FIRST_TUNED = 1_000_000
# Of more variants than this, only those that may be the best are compared with each other, since a
# table of all pairs nobody would read.
MOST_COMPARED = 40
# The tables that only some studies have, and which: a table goes with its line.
TABLES: dict[str, Callable[["Study"], bool]] = {
    "learning_rates": lambda study: study.tuned,
    "interaction": lambda study: study.factorial,
    "variance": lambda study: study.variance_seeds > 0,
}
# The files of every study; what is missing of them is made again.
FILES = (
    "report.html",
    "explorer.html",
    "histories.csv",
    "runs.csv",
    "diagnostics.csv",
    "tests.csv",
    "timings.csv",
    "examples.npz",
    "weights.csv",
    "best.yaml",
    "summary.csv",
    "pairs.csv",
    "summary.md",
    "findings.json",
    "verdict.md",
    "card.html",
    "plan.md",
)
# The default margins: of accuracies and losses, and of errors, beside the constant answer's.
SMALL, SMALL_ERROR = 0.005, 0.01
# Keys that decide how a study is run, not what comes out.
HOW = ("checkpoint_minutes", "dataset_file", "keep_weights", "seeds_per_job")


class Study(Configuration):
    """A configuration that was checked, with what is known of its data.

    Attributes:
        data: shape, classes, digest and the like of the data set; no key.
    """

    data: DatasetInfo = Field(exclude=True)

    @classmethod
    def of(cls, configuration: Configuration, data: DatasetInfo) -> "Study":
        """Return the study of a configuration and its data."""
        return cls.model_construct(**{**dict(configuration), "data": data})

    @classmethod
    def load(cls, path: str | Path) -> "Study":
        """Read what `text` has written. Custom files that it names may be gone.

        Raises:
            StudyError: if it is not what was written.
        """
        try:
            found = json.loads(Path(path).read_text(encoding="utf-8"))
            configuration, problems = parse(found["configuration"], NOWHERE)
            if "data" in found:
                data = TypeAdapter(DatasetInfo).validate_python(found["data"])
            else:  # Version 0.2.0 has written only this of them.
                target = Target("classes", 0, (), {"accuracy": found["chance"]})
                data = DatasetInfo(0, (), target, "", 0)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StudyError(f"{path} cannot be read ({error}); remove it and run again.") from None
        if configuration is None:
            first = f"{problems[0].key()}: {problems[0].message}"
            raise StudyError(f"{path} cannot be read ({first}); remove it and run again.")
        return cls.of(configuration, data)

    def text(self, runs: str = "") -> str:
        """Return the study as JSON.

        Args:
            runs: the digest of its runs, so that the text is another one, too, if the code that
                trains is another one.
        """
        asked = {key: value for key, value in self.plain().items() if key not in HOW}
        content = {"configuration": asked, "data": asdict(self.data), "runs": runs}
        return json.dumps(content, indent=1) + "\n"

    @property
    def counted(self) -> str:
        """What an accuracy is a share of: examples, or their labels or steps."""
        target = self.data.target
        if len(target.shape) > (target.kind != "classes"):
            return "steps"
        loss = self.loss["class_name"].replace("_", "").lower()
        one_of_several = "categorical" in loss or loss.startswith("kl")
        return "labels" if target.kind == "labels" and not one_of_several else "examples"

    @property
    def held_back(self) -> int:
        """How many training examples are kept for validation."""
        return 0 if isinstance(self.held_out, str) else self.held_out

    @property
    def constant(self) -> float:
        """What the best constant answer has on the test examples, by the study's metric."""
        return self.data.target.constant[self.metric]

    def constant_on(self, part: str) -> float:
        """Return what the best constant answer has on the examples of a part: test, val or train.

        Held-out examples are some of those for training. What is not known is taken from the test.
        """
        if part == "val":
            own = self.held_out == OWN_VALIDATION
            part = "val" if own else "train" if self.held_out else "test"
        return self.data.target.elsewhere.get(part, self.data.target.constant)[self.metric]

    @property
    def perfect(self) -> float:
        """What an answer that is always right has: 1 of an accuracy, 0 of an error."""
        return float(self.metric == "accuracy")

    @property
    def sign(self) -> int:
        """1 if more of the metric is better, -1 if less is."""
        return 1 if self.perfect else -1

    @property
    def unit(self) -> float:
        """What amounts of the metric are large or small beside: 1, or the constant answer's."""
        return 1.0 if self.perfect else self.constant

    @property
    def target(self) -> float:
        """The value of the metric whose first epoch is looked for."""
        if self.perfect:
            return self.target_accuracy
        return self.constant / 2 if self.target_error is None else self.target_error

    @property
    def target_key(self) -> str:
        """The key of the target."""
        return "target_accuracy" if self.perfect else "target_error"

    @property
    def judge_by(self) -> str:
        """What variants are judged by: the metric, or another of `names.MEASURES`."""
        return self.metric if self.judged in ("metric", "accuracy") else self.judged

    @property
    def margin(self) -> float | None:
        """The equivalence margin, in the unit of what variants are judged by."""
        if self.asked_margin != "auto":
            return self.asked_margin
        if self.judge_by == "epochs_to_target":
            return 1.0
        of_errors = not self.perfect and self.judge_by != "loss"
        return SMALL_ERROR * self.constant if of_errors else SMALL

    @property
    def val_metric(self) -> str:
        """The column of the metric on validation examples."""
        return f"val_{self.metric}"

    @property
    def folder(self) -> str:
        """The folder of its results."""
        return f"results/{self.name}"

    @functools.cached_property
    def variants(self) -> dict[str, Variant]:
        """All but `best`, which is known only when these were run, by name; the baseline first."""
        kernel, bias = self.baseline.kernel, self.baseline.bias
        kernels = [Variant(f"kernel-{k.name}", k, bias) for k in self.kernel_initializers]
        biases = [Variant(f"bias-{b.name}", kernel, b) for b in self.bias_initializers]
        # Names of initializers have no "-", so these are unambiguous.
        pairs = [
            Variant(f"{one.name}-{other.name}", one.kernel, other.bias)
            for one in kernels
            for other in biases
            if self.factorial
        ]
        baseline = Variant("baseline", kernel, bias)
        return {one.name: one for one in (baseline, *kernels, *biases, *pairs)}

    @property
    def initializers(self) -> dict[str, tuple[str, str]]:
        """Names of the kernel and the bias initializer of each variant."""
        return {name: (one.kernel.name, one.bias.name) for name, one in self.variants.items()}

    def with_role(self, role: str) -> list[str]:
        """Name the baseline and the variants that differ from it in their kernels, or biases."""
        # Names of initializers have no "-".
        mine = re.compile(rf"{role}-[^-]+")
        return ["baseline", *(name for name in self.variants if mine.fullmatch(name))]

    def pair(self, kernel: str, bias: str) -> Variant | None:
        """Return `best` of two names of initializers; None if the study has not these."""
        kernels = {one.kernel.name: one.kernel for one in self.variants.values()}
        biases = {one.bias.name: one.bias for one in self.variants.values()}
        found = kernels.get(kernel), biases.get(bias)
        return Variant("best", found[0], found[1]) if found[0] and found[1] else None

    @property
    def selection(self) -> range:
        """The seeds of every variant."""
        return range(self.analyses[0])

    @property
    def confirmation(self) -> range:
        """The new seeds on which `best` is compared with the baseline."""
        return range(self.analyses[-1], self.analyses[-1] + self.confirmation_seeds)

    @property
    def tuning(self) -> range:
        """The seeds on which learning rates are chosen."""
        return range(FIRST_TUNED, FIRST_TUNED + self.learning_rate_seeds)

    @property
    def by_source(self) -> range:
        """The seeds of the runs that vary by one source alone; empty if there are none."""
        return range(self.variance_seeds)

    def blocks(self, seeds: range) -> list[range]:
        """Divide seeds into those of each job: `seeds_per_job` at a time.

        Examples:
            With seeds_per_job = 10, `range(0, 15)` gives `[range(0, 10), range(10, 15)]`.
        """
        starts = range(seeds.start, seeds.stop, self.seeds_per_job)
        return [range(start, min(start + self.seeds_per_job, seeds.stop)) for start in starts]

    @property
    def factorial(self) -> bool:
        """Whether every kernel is combined with every bias initializer."""
        return self.design == "factorial"

    @property
    def tuned(self) -> bool:
        """Whether each variant has a learning rate of its own."""
        return bool(self.learning_rates)

    @property
    def has_budgets(self) -> bool:
        """Whether what is reached by how many learning rates are tried can be estimated."""
        several = self.learning_rate_seeds > 1 and len(self.learning_rates) > 1
        return several and not self.ranked

    @property
    def ranked(self) -> bool:
        """Whether the primary metric is compared by ranks and reported by medians."""
        return self.judge_by in RANKED

    @property
    def all_pairs(self) -> bool:
        """Whether all pairs of variants are what the study compares."""
        return self.comparisons == "all_pairs"

    @property
    def compares_pairs(self) -> bool:
        """Whether there are few enough variants for every two of them to be compared."""
        return 2 <= len(self.variants) <= MOST_COMPARED

    @property
    def tables(self) -> list[str]:
        """Those of TABLES that this study has."""
        return [name for name, there in TABLES.items() if there(self)]

    @property
    def files(self) -> list[str]:
        """The files that it makes in its folder, but for figures and its own."""
        return [*FILES, *(f"{table}.csv" for table in self.tables)]

    @property
    def question(self) -> dict[str, Any]:
        """What Keras is asked about it."""
        target = self.data.target
        asked = {
            "kind": target.kind,
            "count": target.count,
            "shape": list(target.shape),
            "shares": target.shares,
        }
        return self.for_keras() | {"shape": list(self.data.shape), "target": asked}

    @property
    def scope(self) -> str:
        """In words, what its answers hold for."""
        if custom := self.model.get("build"):
            network = f"the network {Path(custom).name}"
        else:
            layers = hidden_layers(self.model["hidden_units"])
            network = f"networks of {layers} hidden {self.model['activation']} units"
        optimizer = optimizer_in_words(self.optimizer)
        if self.tuned:
            optimizer += " with the best of several learning rates each"
        data = f"{Path(self.dataset).name} ({self.inputs} inputs)"
        return (
            f"{network} on {data}, {optimizer}, batches of {self.batch_size} and "
            f"{self.epochs} epochs"
        )


def file_name(text: str) -> str:
    """Return the name of the file of a study's text."""
    return FILE.format(digest=hashlib.sha256(text.encode()).hexdigest()[:12])


def hidden_layers(units: Sequence[int]) -> str:
    """Write hidden layers as `16-16`, or `30 x 32` of many alike; `no` of none."""
    if len(units) > 3 and len({*units}) == 1:
        return f"{len(units)} x {units[0]}"
    return "-".join(map(str, units)) or "no"


def optimizer_in_words(optimizer: Any) -> str:
    """Name an optimizer with its parameters, and a schedule among these with its own.

    Args:
        optimizer: {class_name, config}, or its entry in a configuration.
    """
    if not isinstance(optimizer, Mapping):
        optimizer = {"class_name": optimizer}
    if optimizer["class_name"] == "model":
        return "the optimizer of the model's compile()"
    config = optimizer.get("config", {})
    listed = ", ".join(f"{key} {_value_in_words(value)}" for key, value in config.items())
    return f"{optimizer['class_name']} ({listed})" if listed else str(optimizer["class_name"])


def _value_in_words(value: Any) -> str:
    named = isinstance(value, Mapping) and "class_name" in value
    return optimizer_in_words(value) if named else str(value)
