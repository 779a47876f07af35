"""The studies of a run, by their names: read, checked, and asked of Keras."""

import functools
import hashlib
import importlib.util
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from initstudy import examples
from initstudy.code import source_id, versions
from initstudy.config.configuration import Configuration, parse
from initstudy.config.initializers import Initializer, Variant
from initstudy.config.origin import PROJECT, Origin, merged
from initstudy.config.problems import Problem, read_yaml
from initstudy.config.user_files import source_of
from initstudy.costs import Cost, Size, dense
from initstudy.data.datasets import Reading, dataset_info
from initstudy.engine.spec import RunSpec, is_custom
from initstudy.errors import StudyError, suggest
from initstudy.plan import Job, Plan, run_spec
from initstudy.results.files import replacing, write_if_other
from initstudy.store import ACCEPTED, QUESTIONS, RUNS, Planned, block, comparison_file
from initstudy.study import Study, file_name

CHECKS = "initstudy.training.checks"
# The kernel and bias initializer of what is compared with Keras: they leave no gradient zero.
COMPARED_WITH = ("glorot_uniform", "random_uniform")
# What decides Keras' answer.
ASKED = ("scripts/initstudy/engine", "scripts/initstudy/training")


@dataclass(frozen=True)
class Member:
    """A study of a run, and where its configuration comes from."""

    origin: Origin
    study: Study

    @functools.cached_property
    def plan(self) -> Plan:
        """What it runs."""
        return Plan(self.study)

    @functools.cached_property
    def text(self) -> str:
        """The study as JSON, for its analysis."""
        return self.study.text(self.plan.digest)

    @property
    def file(self) -> str:
        """The file of that text, which has another name if the text is another one."""
        return f"{self.study.folder}/{file_name(self.text)}"

    @functools.cached_property
    def question(self) -> str:
        """The digest of what Keras is asked about it, and of what decides the answer."""
        asked = [source_id(*ASKED), json.dumps([self.study.question, versions()], sort_keys=True)]
        return hashlib.sha256("\n".join(asked).encode()).hexdigest()[:20]

    @property
    def answer(self) -> Path:
        """The file of Keras' answer, if planning has asked."""
        return Path(ACCEPTED, f"{self.question}.json")

    @property
    def accepted(self) -> str:
        """The file of Keras' answer: by its question if planning asks, of the study if a job does.

        A job's name must not change with the question, or all runs would be made again by it.
        """
        return str(self.answer) if keras_is_here() else f"{self.study.folder}/accepted.json"

    def write_question(self) -> str:
        """Write down what Keras is asked, for an environment that has it; return the file."""
        path = Path(QUESTIONS, f"{self.question}.json")
        content = {"question": self.study.question, "origin": asdict(self.origin)}
        write_if_other(path, json.dumps(content))
        return str(path)

    @functools.cached_property
    def size(self) -> Size:
        """The size of its network.

        If Keras has not been asked yet, as where the environment that starts Snakemake has none,
        that of a network of medium size takes the place of a custom model's.
        """
        study = self.study
        features, classes = math.prod(study.data.shape), study.data.target.count
        # Not that of a job, which may be of an earlier question.
        if self.answer.exists():
            size = Size(**json.loads(self.answer.read_text()))
        elif "hidden_units" in study.model:
            size = dense(features, study.model["hidden_units"], classes)
        else:
            size = Size(1_000_000, 1_000_000, 30_000, "graph")
        return size if study.compile == "auto" else replace(size, compiled=study.compile)

    @functools.cached_property
    def comparison(self) -> RunSpec | None:
        """What is compared with Keras before anything is run; None if the network is ours."""
        if "hidden_units" in self.study.model:
            return None
        variant = Variant("", *(Initializer(name, name, {}) for name in COMPARED_WITH))
        # No run is like it: a seed of a study has something of its own.
        return run_spec(self.study, variant, None, vary=())

    def planned(self, job: Job, epoch_seconds: float | None = None) -> list[Planned]:
        """Return what a job needs to be run, and what the comparison with Keras needs before.

        An epoch takes `epoch_seconds`, if that was measured.
        """
        cost, study = self.cost(job, len(job.seeds), epoch_seconds), self.study
        name = f"{job.variant} of {study.name}{self.plan.alone(job)}"
        run = Planned(
            spec=job.spec,
            epoch_seconds=cost.epoch,
            memory_mb=cost.memory,
            keep_weights=study.keep_weights,
            checkpoint_minutes=study.checkpoint_minutes,
            accepted=None if keras_is_here() else self.accepted,
            names={block(job.epochs, job.seeds): name},
            compared=comparison_file(self.comparison.digest) if self.comparison else None,
        )
        if self.comparison is None:
            return [run]
        names = {"": f"the network of {study.name}"}
        return [run, replace(run, spec=self.comparison, names=names, compared=None)]

    def cost(self, job: Job, seeds: int, epoch_seconds: float | None = None) -> Cost:
        """Return what it takes to run so many seeds of a job; see `planned`."""
        study = self.study
        images = study.training_images or study.data.examples - study.held_back
        sizes = self.size, study.data.bytes, images, study.batch_size
        return Cost(*sizes, job.epochs, seeds, epoch_seconds)


def read(origin: Origin) -> Member:
    """Check a configuration, but for what only Keras can show.

    Raises:
        StudyError: with all that is wrong with it.
    """
    configuration, problems = parse(origin.raw, origin.folders)
    if configuration is None:
        raise origin.refuse(problems)
    try:
        info = dataset_info(configuration.dataset, _reading(configuration))
        study = Study.of(configuration, info)
    except StudyError as error:
        raise origin.refuse([Problem((error.key or "dataset",), str(error))]) from None
    if problems := examples.problems(study):
        raise origin.refuse(problems)
    if study.folder == RUNS:
        text = "'runs' is where the runs of all studies are kept (results/runs/); take another name"
        raise origin.refuse([Problem(("study",), text)])
    return Member(origin, study)


def _reading(configuration: Configuration) -> Reading:
    """Return how a study reads its data."""
    dataset = configuration.dataset
    return Reading(
        metric=configuration.metric,
        inputs=configuration.inputs,
        columns=configuration.columns,
        test_share=configuration.test_share,
        split_seed=configuration.split_seed,
        source=source_of(dataset.rpartition(":")[0]) if is_custom(dataset) else "",
    )


def keras_is_here() -> bool:
    """Return whether this environment can answer what only Keras knows."""
    return all(importlib.util.find_spec(name) is not None for name in ("keras", "tensorflow"))


def ask_keras(members: Iterable[Member]) -> None:
    """Ask Keras, in another process and all at once, about what it has not accepted before.

    Where this environment has no Keras, the questions are written down for a job that has it.

    Raises:
        StudyError: with all that it refuses of the first study that it refuses.
    """
    if not keras_is_here():
        for member in members:
            member.write_question()
        return
    new = [member for member in members if not Path(member.accepted).exists()]
    if not new:
        return
    places = str(PROJECT / "scripts"), os.environ.get("PYTHONPATH", "")
    answer = subprocess.run(
        # As a job has it: without the folder that this runs in.
        [sys.executable, "-P", "-m", CHECKS],
        input=json.dumps([member.study.question for member in new]),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places))},
    )
    if answer.returncode != 0:
        raise StudyError(f"Keras could not be asked about the configuration:\n{answer.stderr}")
    for member, found in zip(new, json.loads(answer.stdout), strict=True):
        write_answer(found, member.origin, member.accepted)


def write_answer(found: Mapping[str, Any], origin: Origin, path: str | Path) -> None:
    """Write Keras' answer about a configuration, see `training.checks.answer`, if it accepts it.

    Raises:
        StudyError: with all that Keras refuses.
    """
    size = dict(found)
    if problems := size.pop("problems"):
        raise origin.refuse([Problem(tuple(where), message) for where, message in problems])
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(size))


class Studies:
    """The study that is configured, and those of lists such as suite.yaml, by their names.

    The configuration is read when a study is asked for, and lists when it is another one.

    Args:
        main: where the configuration of the run comes from; its command line is for all studies.
        defaults: files that all studies of lists take their other keys from.
        kept: a folder of published results of lists, from which what their studies have is taken,
            instead of being run; see `SuiteResults.has`.

    Attributes:
        kept: by the name of a list, the variants that are taken from there.
    """

    def __init__(self, main: Origin, defaults: Sequence[str] = (), kept: str | None = None) -> None:
        self.kept: dict[str, list[str]] = {}
        self._kept, self._origin, self._defaults = kept, main, list(defaults)
        self._listed: dict[str, Member] = {}
        self._lists: dict[str, list[Member]] = {}

    @functools.cached_property
    def main(self) -> Member:
        """The study that is configured.

        Raises:
            StudyError: with all that is wrong with it.
        """
        main = read(self._origin)
        if taken := self.lists.get(main.study.name):
            text = f"{main.study.name!r} is the name of {taken}, a list of studies; take another"
            raise self._origin.refuse([Problem(("study",), text)])
        ask_keras([main])
        return main

    @property
    def _members(self) -> dict[str, Member]:
        """The studies that are known so far, by their names."""
        return {self.main.study.name: self.main, **self._listed}

    def __getitem__(self, name: str) -> Member:
        """Return a study by its name.

        Raises:
            StudyError: if there is none of that name, or what is wrong with a list of studies.
        """
        if name not in self._members:
            for listed in self.lists:
                self.listed(listed)
        if name not in self._members:
            raise StudyError(f"There is no study {name!r}{suggest(name, self._members)}.")
        return self._members[name]

    @functools.cached_property
    def lists(self) -> dict[str, Path]:
        """The files that list studies, by their names: of this folder, or of the project."""
        found = {}
        for folder in (PROJECT / "studies", PROJECT, Path()):
            for path in sorted(folder.glob("*.yaml")):
                if b"\nstudies:" in b"\n" + path.read_bytes():
                    found[path.stem] = Path(os.path.relpath(path))
        return found

    def listed(self, name: str) -> list[Member]:
        """Return the studies of a list, one of `lists`.

        Raises:
            StudyError: if the list or a configuration is not as it must be, or if two studies,
                or one and the list, would write to the same folder.
        """
        if name not in self._lists:
            members = self._to_train(name, list(self._read_list(self.lists[name])))
            ask_keras(members)
            self._listed |= {member.study.name: member for member in members}
            self._lists[name] = members
        return self._lists[name]

    def _read_list(self, path: Path) -> Iterator[Member]:
        content = read_yaml(path)
        parts = content if isinstance(content, Mapping) else {}
        entries, shared = parts.get("studies"), parts.get("settings", {})
        known = set(parts) <= {"studies", "settings"} and isinstance(shared, Mapping)
        if not isinstance(entries, list) or not entries or not known:
            raise StudyError(
                f"{path}: it must hold the key studies, with a list of their files, and may hold "
                "the key settings, with keys that all of them have."
            )
        named = {path.stem: f"the list {path}"}
        for entry in entries:
            own = dict(entry) if isinstance(entry, Mapping) else {"file": entry}
            file = own.pop("file", None)
            label = own.get("study") if file is None else file
            if not isinstance(label, str):
                raise StudyError(
                    f"{path}: {entry!r} is neither the file of a study, nor a mapping with the key "
                    "file or study, and keys that this study has different."
                )
            kinds = own.pop("kinds", [])
            if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
                raise StudyError(
                    f"{path}, the entry of {label}: kinds: {kinds!r} must be a list of tags, by "
                    "which the studies are grouped, such as [deep, convolutions]."
                )
            member = read(replace(self._origin_of(path, label, file, shared, own), tags=kinds))
            name = member.study.name
            study = member.study
            if study.sign * (study.target - study.constant) <= 0:
                text = (
                    f"{study.target:g} is not better than a constant answer on the test examples, "
                    f"{study.constant:g}; scores in a list go from the one (0) to the other (1). "
                    f"Set it {'above' if study.perfect else 'below'} that"
                )
                raise member.origin.refuse([Problem((study.target_key,), text)])
            if name in named:
                raise StudyError(
                    f"{path}: the results of {label} would go to {member.study.folder}/, as those "
                    f"of {named[name]} do; give it another name (key study), or remove it."
                )
            named[name] = label
            other = self._members.get(name)
            if other is not None and other.study != member.study:
                raise StudyError(
                    f"{path}: {label} and {other.origin.label} are different studies of the name "
                    f"{name!r}; give one another name (key study)."
                )
            yield other or member

    def _to_train(self, name: str, members: list[Member]) -> list[Member]:
        """Return the studies of a list without the variants whose results are kept."""
        if self._kept is None:
            return members
        # Only whoever asks for it waits for pandas.
        from initstudy.results.suite import SuiteResults

        tables = SuiteResults(self._kept)
        if not {member.study.name for member in members} & set(tables.scores["study"]):
            return members
        for member in members:
            if member.study.factorial:
                text = "with kept it must be one_factor: what is kept has no pairs"
                raise member.origin.refuse([Problem(("design",), text)])
        listed = [f"kernel-{one.name}" for one in members[0].study.kernel_initializers]
        taken = [variant for variant in listed if all(tables.has(m.plan, variant) for m in members)]
        if not taken:
            raise StudyError(
                f"{self._kept} has no variant of {self.lists[name]} as it would be trained here: "
                "the code, the versions of Keras, NumPy and TensorFlow, or the studies are others. "
                "Run it without kept."
            )
        if len(taken) == len(listed):
            raise StudyError(
                f"{self._kept} has all variants of {self.lists[name]}, so nothing is to be "
                "trained. Add a line below its kernel_initializers; or, to train all of them here, "
                "run it without kept."
            )
        self.kept[name] = taken
        made = []
        for member in members:
            names = [f"kernel-{one.name}" for one in member.study.kernel_initializers]
            ours = member.study.plain()["kernel_initializers"]
            entries = member.origin.raw.get("kernel_initializers", ours)
            left = [one for name, one in zip(names, entries, strict=True) if name not in taken]
            raw = {**member.origin.raw, "kernel_initializers": left}
            made.append(read(replace(member.origin, raw=raw)))
        return made

    @property
    def taken(self) -> Iterator[str]:
        """What is taken from where, for people."""
        for name, variants in self.kept.items():
            yield (
                f"Taken from {self._kept}, not trained: {', '.join(variants)} of "
                f"{self.lists[name]}."
            )

    def _origin_of(
        self,
        path: Path,
        label: str,
        file: str | None,
        shared: Mapping[str, Any],
        own: Mapping[str, Any],
    ) -> Origin:
        """Return where a study of a list comes from: its own keys override those of the list."""
        files = [*self._defaults, str(path)]
        alone: Mapping[str, Any] = {}
        if file is not None:
            places = [path.parent / file, Path(file), Path(os.path.relpath(PROJECT)) / file]
            found = next((place for place in places if place.is_file()), None)
            if found is None:
                raise StudyError(f"{path}: there is no file {file!r}.")
            files.append(os.path.relpath(found))
            # The configuration that all begin with says nothing of one of them alone.
            alone = {} if files[-1] in self._defaults else read_yaml(found)
        settings = self._origin.command_line
        raw = merged(*map(read_yaml, self._defaults), shared, alone, own, settings)
        entry = {key: f"{path}, settings" for key in shared if key not in alone}
        entry |= dict.fromkeys(own, f"{path}, the entry of {label}")
        return Origin(label, raw, files, settings, entry=entry)
