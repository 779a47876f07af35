"""Trainings: what decides their numbers, and the files that they are kept in.

A training is a network, its data, its optimizer and the initializers that it starts from, without
the seeds and the epochs that are asked for. It lies at a path that holds the digest of all that
decides its numbers. So what was changed is trained, since it is another path; what is there
already is not, whichever study asks for it.
"""

import functools
import hashlib
import importlib.metadata
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from initstudy.errors import StudyError
from initstudy.study.code import code_digest
from initstudy.study.names import LITERATURE, is_own

if TYPE_CHECKING:
    from initstudy.study.config import Initializer, Study

TRAININGS = "results/trainings"
# What makes a trainer of a training: the numbers depend on all that it uses.
ENGINE = "initstudy.training.engine:make_trainer"
# Of these, other versions may compute other numbers.
PACKAGES = ("keras", "numpy", "tensorflow")
# Where their versions stand if the environment that starts Snakemake does not train.
ENVIRONMENT = Path(__file__).parents[3] / "envs" / "training.yaml"
# The endings of the files that a training job makes of its replicates' records. The sums are of all
# others, and written last: where they are, all are.
OUTPUTS = {
    "history": "csv",
    "diagnostics": "diagnostics.csv",
    "tests": "tests.csv",
    "timings": "timings.csv",
    "hits": "hits.npz",
    "sums": "sha256",
}


@dataclass(frozen=True)
class Training:
    """One network, trained in one way.

    Attributes:
        what: all that is needed to train it, as plain values: batch_size, inputs, held_out,
            training_images; model and optimizer; kernel_initializer and bias_initializer; dataset,
            as {name, sha256}; compile, threads and vary; code and versions. Names of files are
            where they are on this machine.
    """

    what: Mapping[str, Any]

    @functools.cached_property
    def identity(self) -> dict[str, Any]:
        """What decides the numbers, whatever it is called and wherever it lies."""
        what = self.what
        return {
            **what,
            "bias_initializer": _nameless(what["bias_initializer"]),
            "dataset": what["dataset"]["sha256"],
            "kernel_initializer": _nameless(what["kernel_initializer"]),
            "model": _nameless(what["model"]),
            "optimizer": _nameless(what["optimizer"]),
        }

    @functools.cached_property
    def digest(self) -> str:
        """The first 20 hexadecimal digits of the SHA-256 of the identity as canonical JSON."""
        canonical = json.dumps(self.identity, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:20]

    @property
    def folder(self) -> str:
        """Where it is kept."""
        return f"{TRAININGS}/{self.digest}"


@dataclass(frozen=True)
class Job:
    """Replicates of one training that are trained by one job, one after the other.

    Attributes:
        variant: what the study that asks for it calls it.
        training: what is trained.
        epochs: of each replicate.
        seeds: the replicates.
    """

    variant: str
    training: Training
    epochs: int
    seeds: range

    @property
    def learning_rate(self) -> float | None:
        """The optimizer's, if it is given one."""
        rate: float | None = self.training.what["optimizer"]["config"].get("learning_rate")
        return rate

    @property
    def varied(self) -> str:
        """What its replicates differ by, as in `weights` or `weights, order`."""
        return ", ".join(self.training.what["vary"])

    def file(self, kind: str = "history") -> str:
        """The path of one of OUTPUTS."""
        block = f"seeds-{self.seeds[0]}-{self.seeds[-1]}.{OUTPUTS[kind]}"
        return f"{self.training.folder}/epochs-{self.epochs}/{block}"


def training(
    study: "Study",
    dataset_sha256: str,
    kernel: "Initializer",
    bias: "Initializer",
    learning_rate: float | None = None,
    vary: Sequence[str] | None = None,
) -> Training:
    """The training of one pair of initializers in a study.

    Args:
        study: has all the rest.
        dataset_sha256: of its data set, see `data.facts`.
        kernel: initializer of the kernels.
        bias: initializer of the biases.
        learning_rate: instead of the optimizer's own; None for that.
        vary: what its replicates have of their own; None for what the study's have.
    """
    optimizer = {**study.optimizer}
    if learning_rate is not None:
        optimizer["config"] = {**optimizer["config"], "learning_rate": learning_rate}
    return Training(
        {
            "batch_size": study.batch_size,
            "bias_initializer": _with_source(bias.plain()),
            "code": code_of(ENGINE),
            "compile": study.compile,
            "dataset": {"name": study.dataset, "sha256": dataset_sha256},
            "held_out": study.held_out,
            "inputs": study.inputs,
            "kernel_initializer": _with_source(kernel.plain()),
            "model": dict(study.model),
            "optimizer": optimizer,
            "threads": study.threads,
            "training_images": study.training_images,
            "vary": list(study.vary if vary is None else vary),
            "versions": versions(),
        }
    )


@functools.cache
def code_of(root: str) -> str:
    """The digest of code of ours, as it was when this process first asked for it."""
    return code_digest(root)


@functools.cache
def versions() -> dict[str, str]:
    """The versions of PACKAGES that train: those that are installed, or, unless all are, those of
    the environment that trainings are given (`--software-deployment-method conda`).
    """
    try:
        return {package: importlib.metadata.version(package) for package in PACKAGES}
    except importlib.metadata.PackageNotFoundError:
        pins = dict(re.findall(r"^ *- (\S+)==(\S+)$", ENVIRONMENT.read_text(), re.M))
        return {package: pins[package] for package in PACKAGES}


def check(training: Training) -> None:
    """Checks that what decides its numbers is still what it was when it was asked for.

    Raises:
        StudyError: if the code, a package or a person's own file was changed since the run began.
    """
    what = training.what
    now = {"code": code_of(ENGINE), "versions": versions()}
    changed = [name for name, value in now.items() if what[name] != value]
    for spec in _specs(what):
        name = spec.get("build", spec.get("class_name", ""))
        if is_own(name):
            file = name.rpartition(":")[0]
            if hashlib.sha256(Path(file).read_bytes()).hexdigest() != spec["source"]:
                changed.append(file)
    if changed:
        raise StudyError(
            f"{' and '.join(changed)} changed since this run began, so what would be trained is "
            "not what was asked for. Start it again."
        )


def describe(training: Training) -> str:
    """What a training is, for people, as YAML."""
    return yaml.safe_dump({"digest": training.digest, **training.identity}, sort_keys=False)


def _with_source(initializer: dict[str, Any]) -> dict[str, Any]:
    """With the version of its code, which only trainings from it depend on, if it is of ours."""
    spec = {**initializer}
    config = spec["config"]
    if "layers" in config and spec["class_name"] == "layers":
        spec["config"] = {"layers": [_with_source(part) for part in config["layers"]]}
    elif "hidden" in config and spec["class_name"] == "layers":
        spec["config"] = {name: _with_source(part) for name, part in config.items()}
    elif spec["class_name"] in LITERATURE:
        spec["source"] = code_of(f"initstudy.training.{LITERATURE[spec['class_name']]}")
    return spec


def _specs(part: Any) -> Iterator[Mapping[str, Any]]:
    """All mappings in it, which may have names of a person's own code."""
    if isinstance(part, Mapping):
        yield part
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _specs(inner)


def _nameless(spec: Any) -> Any:
    """Without what a study calls it, where it lies, and which of Keras' two spellings it has."""
    if isinstance(spec, list):
        return [_nameless(part) for part in spec]
    if not isinstance(spec, Mapping):
        return spec
    plain = {key: _nameless(part) for key, part in spec.items() if key not in ("name", "config")}
    if "config" in spec:
        # Parameters are what they are, but for the layers' own initializers.
        nested = spec.get("class_name") == "layers"
        plain["config"] = {
            key: _nameless(part) if nested else part for key, part in spec["config"].items()
        }
    for key in ("class_name", "build"):
        if key in plain:
            name = plain[key]
            plain[key] = name.rpartition(":")[2] if is_own(name) else name.lower().replace("_", "")
    return plain
