"""The studies of a run, by their names: read, checked, and asked of Keras; and what they train."""

import functools
import hashlib
import importlib.util
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from initstudy import costs, examples
from initstudy.code import source_id, versions
from initstudy.config.description import Description
from initstudy.config.problems import Problem, count, describe, read_yaml, suggest
from initstudy.config.study import (
    Initializer,
    KeyPath,
    Study,
    Variant,
    find,
    parse_study,
)
from initstudy.data.catalog import SPECS
from initstudy.data.datasets import DatasetInfo, dataset_info
from initstudy.engine.spec import RunSpec
from initstudy.errors import StudyError
from initstudy.plan import BEST, Job, Plan, run_spec
from initstudy.results.files import replacing
from initstudy.store import RUNS, Planned, Store, block, checkpoints, comparison_file

PROJECT = Path(__file__).parents[2]
# What this project keeps of its own beside results: locks, and what Keras has accepted.
STATE = Path(".initstudy")
CHECKS = "initstudy.training.checks"
# The kernel and bias initializer of what is compared with Keras.
COMPARED_WITH = ("glorot_uniform", "random_uniform")
# What decides Keras' answer.
ASKED = ("scripts/initstudy/engine", "scripts/initstudy/training")


@dataclass(frozen=True)
class Source:
    """Where the configuration of a study comes from.

    Attributes:
        label: what a message calls it.
        raw: what all layers together say.
        files: that it was read from; later ones override earlier ones.
        command_line: keys that were set there, which override all files.
        section: the keys below which it stands in its files, as where another workflow uses this
            one; None if it does not stand there.
        entry: where the keys stand that a list of studies sets for this one, by key.
        kinds: what a list says of it, by which its studies are told together.
    """

    label: str
    raw: Mapping[str, Any]
    files: Sequence[str] = ()
    command_line: Mapping[str, Any] = field(default_factory=dict)
    section: KeyPath | None = ()
    entry: Mapping[str, str] = field(default_factory=dict)
    kinds: Sequence[str] = ()

    def plain(self) -> dict[str, Any]:
        """As plain values, of which `Source(**plain)` makes it again."""
        return {
            "label": self.label,
            "raw": dict(self.raw),
            "files": list(self.files),
            "command_line": dict(self.command_line),
            "section": self.section,
            "entry": dict(self.entry),
            "kinds": list(self.kinds),
        }

    @property
    def folders(self) -> list[Path]:
        """Where files that the configuration names are looked for, the first ones first."""
        own = [Path(os.path.relpath(file)).parent for file in reversed(self.files)]
        project = Path(os.path.relpath(PROJECT))
        return list(dict.fromkeys([*(one for one in own if one != project), Path(), project]))

    def refuse(self, problems: Sequence[Problem]) -> StudyError:
        """The error that tells what is wrong with it."""
        files = [] if self.section is None else self.files
        elsewhere = {**self.entry, **dict.fromkeys(self.command_line, "--config")}
        return StudyError(describe(problems, files, elsewhere, self.section or ()))


def section_of(part: Mapping[str, Any], whole: Mapping[str, Any]) -> KeyPath | None:
    """The keys below which a mapping stands in another one, which may be itself; None if nowhere.

    It is the mapping itself that is looked for, not one that is equal to it.
    """
    if part is whole:
        return ()
    for key, value in whole.items():
        if isinstance(value, Mapping) and (below := section_of(part, value)) is not None:
            return (key, *below)
    return None


def settings_of(settings: Mapping[str, Any], section: KeyPath | None) -> Mapping[str, Any]:
    """What was set on the command line below these keys, as a file would say it; nothing if none.

    Args:
        settings: as Snakemake has read them: of a key itself it has taken off quotes, and made
            numbers; all that a list or a mapping holds is text, and `key=` is None, or the text
            `None` for the jobs that it starts.
        section: the keys; None if there are none.
    """
    if section is None:
        return {}
    inner: Any = settings
    for key in section:
        inner = inner.get(key) if isinstance(inner, Mapping) else None
    found = _typed(inner) if isinstance(inner, Mapping) else {}
    return found if section else {k: None if v == "None" else v for k, v in found.items()}


def _typed(value: Any) -> Any:
    """What text means where it stands without quotes in a YAML file; but a date stays text."""
    if isinstance(value, Mapping):
        return {key: _typed(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_typed(part) for part in value]
    if not isinstance(value, str):
        return value
    yaml_1_1: Any = yaml.SafeLoader("")
    tag = yaml_1_1.resolve(yaml.ScalarNode, value, (True, False))
    if tag.rpartition(":")[2] not in ("bool", "float", "int", "null"):
        return value
    try:
        return yaml_1_1.construct_object(yaml.ScalarNode(tag, value))
    except ValueError:  # Of `0x_`, which a file could not hold, either.
        return value


@dataclass(frozen=True)
class Member:
    """A study of a run.

    Attributes:
        source: where it comes from.
        study: what is asked.
        data: what is known of its data set.
    """

    source: Source
    study: Study
    data: DatasetInfo

    @functools.cached_property
    def plan(self) -> Plan:
        """What it trains."""
        return Plan(self.study, self.data.sha256)

    @functools.cached_property
    def description(self) -> Description:
        """What its analysis needs to know."""
        return Description.of(self.study, self.data.majority_accuracy, self.plan.digest)

    @property
    def folder(self) -> str:
        """Where its results are."""
        return f"results/{self.study.name}"

    def named(self, key: str) -> str | None:
        """The path of the file that a key names, as published; None if it names none."""
        file: str | None = getattr(self.study, key)
        return None if file is None else str(find(file, self.source.folders))

    @property
    def question(self) -> dict[str, Any]:
        """What Keras is asked about it."""
        shape = {"shape": list(self.data.shape), "classes": self.data.classes}
        return self.study.for_keras() | shape

    @functools.cached_property
    def accepted(self) -> Path:
        """Where it is kept that Keras has accepted it."""
        asked = [source_id(*ASKED), json.dumps([self.question, versions()], sort_keys=True)]
        name = hashlib.sha256("\n".join(asked).encode()).hexdigest()
        return STATE / "accepted" / name

    @functools.cached_property
    def size(self) -> costs.Size:
        """That of its network.

        If Keras has not been asked yet, as where the environment that starts Snakemake has none,
        that of a network of medium size stands for a model of a person's own.
        """
        features, classes = math.prod(self.data.shape), self.data.classes
        if self.accepted.exists():
            size = costs.Size(**json.loads(self.accepted.read_text()))
        elif "hidden_units" in self.study.model:
            size = costs.dense(features, self.study.model["hidden_units"], classes)
        else:
            size = costs.Size(1_000_000, 1_000_000, 30_000, "graph")
        asked = self.study.compile
        return size if asked == "auto" else replace(size, compiled=asked)

    @functools.cached_property
    def comparison(self) -> RunSpec | None:
        """What is compared with Keras before anything is trained; None if the network is ours.

        It has initializers that leave no gradient zero, whatever the study's are.
        """
        if "hidden_units" in self.study.model:
            return None
        variant = Variant("", *(Initializer(name, name, {}) for name in COMPARED_WITH))
        # No run is like it: a seed of a study has something of its own.
        return run_spec(self.study, self.data.sha256, variant, None, vary=())

    def planned(self, job: Job, keras: bool, measured: float | None) -> Planned:
        """What a job needs to be run.

        Args:
            job: of this study.
            keras: whether Keras was asked about the study already, and not by a job of its own.
            measured: the seconds of an epoch, if these were measured.
        """
        cost = self.cost(job, len(job.seeds), measured)
        compared = self.comparison
        return Planned(
            spec=job.spec,
            epoch_seconds=cost.epoch,
            memory_mb=cost.memory,
            keep_weights=self.study.keep_weights,
            checkpoint_minutes=self.study.checkpoint_minutes,
            accepted=None if keras else f"{self.folder}/accepted.json",
            names={
                block(job.epochs, job.seeds): f"{job.variant} of {self.study.name}"
                f"{self.plan.alone(job)}"
            },
            compared=comparison_file(compared.digest) if compared else None,
        )

    def cost(self, job: Job, replicates: int, measured: float | None = None) -> costs.Cost:
        """What it takes to train so many replicates of a job."""
        return costs.Cost(
            self.size,
            self.data.bytes,
            self.study.training_images or self.data.examples - self.study.held_out,
            self.study.batch_size,
            job.epochs,
            replicates,
            measured,
        )


def read(source: Source) -> Member:
    """Checks a configuration, but for what only Keras can tell.

    Raises:
        StudyError: with all that is wrong with it.
    """
    study, problems = parse_study(source.raw, source.folders)
    if study is None:
        raise source.refuse(problems)
    try:
        found = dataset_info(study.dataset)
    except StudyError as error:
        raise source.refuse([Problem(("dataset",), str(error))]) from None
    if problems := examples.problems(study, found):
        raise source.refuse(problems)
    member = Member(source, study, found)
    if member.folder == RUNS:
        text = "'runs' is where the runs of all studies are kept (results/runs/); take another name"
        raise source.refuse([Problem(("study",), text)])
    return member


def keras_is_here() -> bool:
    """Whether this environment can answer what only Keras knows."""
    return all(importlib.util.find_spec(name) is not None for name in ("keras", "tensorflow"))


def ask_keras(members: Iterable[Member]) -> None:
    """Asks Keras, in another process and all at once, about what it has not accepted before.

    Raises:
        StudyError: with all that it refuses of the first study that it refuses.
    """
    new = [member for member in members if not member.accepted.exists()]
    if not new:
        return
    places = str(PROJECT / "scripts"), os.environ.get("PYTHONPATH", "")
    answer = subprocess.run(
        # As a job has it: without the folder that this runs in.
        [sys.executable, "-P", "-m", CHECKS],
        input=json.dumps([member.question for member in new]),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places))},
    )
    if answer.returncode != 0:
        raise StudyError(f"Keras could not be asked about the configuration:\n{answer.stderr}")
    for member, size in zip(new, json.loads(answer.stdout), strict=True):
        found = [Problem(tuple(path), message) for path, message in size.pop("problems")]
        if found:
            raise member.source.refuse(found)
        with replacing(member.accepted) as path:
            path.write_text(json.dumps(size))


class Studies:
    """The study that is configured, and those of lists such as suite.yaml, by their names.

    The configuration is read when a study is asked for, and lists when it is another one.

    Args:
        main: where the configuration of the run comes from.
        defaults: files that all studies of lists take their other keys from.
        settings: keys that were set on the command line, for all studies.
        place: where a file of `results/` is, if another workflow has moved them.
        kept: a folder of results of lists, from which what their studies have is taken, instead of
            being trained; see `SuiteResults.has`.

    Attributes:
        choosing: names of studies whose best pair is chosen in this run, if it is not yet.
        kept: by the name of a list, the variants that are taken from there.
    """

    def __init__(
        self,
        main: Source,
        defaults: Sequence[str] = (),
        settings: Mapping[str, Any] | None = None,
        place: Callable[[str], str] = str,
        kept: str | None = None,
    ) -> None:
        self.choosing: set[str] = set()
        self.kept: dict[str, list[str]] = {}
        self._kept = kept
        self._defaults, self._settings, self.place = list(defaults), settings or {}, place
        self.store = Store(place)
        self._source = main
        self._listed: dict[str, Member] = {}
        self._lists: dict[str, list[Member]] = {}
        self._asked: dict[str, tuple[Member, Job]] = {}

    @functools.cached_property
    def main(self) -> Member:
        """The study that is configured.

        Raises:
            StudyError: with all that is wrong with it.
        """
        main = read(self._source)
        if main.study.name in self.lists:
            taken = f"{main.study.name!r} is the name of {self.lists[main.study.name]}"
            raise self._source.refuse(
                [Problem(("study",), f"{taken}, a list of studies; take another")]
            )
        if keras_is_here():
            ask_keras([main])
        return main

    @property
    def _members(self) -> dict[str, Member]:
        """The studies that are known so far, by their names."""
        return {self.main.study.name: self.main, **self._listed}

    def __getitem__(self, name: str) -> Member:
        """A study by its name.

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
        """The studies of a list.

        Args:
            name: one of `lists`.

        Raises:
            StudyError: if the list or a configuration is not as it must be, or if two studies,
                or one and the list, would write to the same folder.
        """
        if name not in self._lists:
            members = self._to_train(name, list(self._read_list(self.lists[name])))
            if keras_is_here():
                ask_keras(members)
            self._listed |= {member.study.name: member for member in members}
            self._lists[name] = members
        return self._lists[name]

    def asked(self, study: str, jobs: Iterable[Job]) -> list[Job]:
        """Plan the jobs that are asked for: their specs are written; returns them."""
        jobs, member = list(jobs), self[study]
        for job in jobs:
            if job.file() not in self._asked:
                self._asked[job.file()] = member, job
                planned = member.planned(job, keras_is_here(), self.measured(member))
                self.store.plan(planned)
                if spec := member.comparison:
                    names = {"": f"the network of {member.study.name}"}
                    self.store.plan(replace(planned, spec=spec, names=names, compared=None))
        return jobs

    def measured(self, member: Member) -> float | None:
        """The seconds that an epoch of a study takes, if its network was compared with Keras."""
        if member.comparison is None:
            return None
        file = Path(self.place(comparison_file(member.comparison.digest)))
        if not file.exists():
            return None
        seconds: float = json.loads(file.read_text())["epoch_seconds"]
        return seconds

    def cost(self, cores: int | None, jobs: int | None) -> str:
        """What is still to be trained of what was asked for, and about how long it takes.

        Args:
            cores: how many there are; None on a cluster, where each job is given its own.
            jobs: how many are done at one time at most; None for as many as the cores allow.
        """
        new = [asked for path, asked in self._asked.items() if not Path(self.place(path)).exists()]
        if not new:
            return self._awaited()
        threads = max(member.study.threads for member, _ in new)
        at_once = max(1, min(len(new), cores // threads if cores else jobs or 1))
        seconds, replicates, recorded, judged = 0.0, 0, 0, 0
        for member, job in new:
            folder = checkpoints(self.place(job.folder))
            known = sum(Path(folder, f"{seed}.npz").exists() for seed in job.seeds)
            # Unless its record is of fewer epochs, or was written on the way.
            seconds += member.cost(job, len(job.seeds) - known, self.measured(member)).seconds
            replicates, recorded = replicates + len(job.seeds), recorded + known
        tried = [(m, j) for m, j in new if j.seeds[0] in m.study.tuning and j.variant != BEST]
        tuned = {member.study.name: (member, job) for member, job in tried}
        for member, job in tuned.values():
            # Whatever rates are chosen, each variant is trained at one of them.
            later = len(member.plan.variants) * len(member.study.selection)
            cost = member.cost(job, later, self.measured(member))
            seconds, judged = seconds + cost.seconds, judged + later
        text = f"To be trained: {count(replicates, 'replicate')} in {count(len(new), 'job')}, "
        if judged:
            text += f"then {judged} at the learning rates that are chosen on these, "
        if recorded:
            text += f"{recorded} of them from where their records end, "
        minutes = math.ceil(seconds / at_once / 60)
        text += f"{at_once} at one time" if at_once > 1 else "one at a time"
        text += f": about {count(minutes, 'minute')}"
        if any(
            m.study.name in {*self.choosing, *tuned} and job.seeds[0] != m.study.confirmation.start
            for m, job in new
        ):
            text += "; then what the choices call for (the best pair on fresh seeds)"
        text += "."
        if cores and cores < threads:
            text += f" A training has {threads} threads (key threads), which share {cores} here."
        return text

    def _awaited(self) -> str:
        """What a choice of learning rates that is made anew will call for; it needs no training."""
        asked: dict[str, tuple[Member, list[Job]]] = {}
        for member, job in self._asked.values():
            asked.setdefault(member.study.name, (member, []))[1].append(job)
        awaited = sum(
            len(member.plan.variants) * len(member.study.selection)
            for member, jobs in asked.values()
            if all(job.seeds[0] in member.study.tuning for job in jobs)
        )
        if not awaited:
            return ""
        return (
            f"To be trained: what of {count(awaited, 'replicate')} at the learning rates that are "
            "chosen anew has no records; then what the choices call for."
        )

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
                    f"{path}, the entry of {label}: kinds: {kinds!r} must be a list of words, by "
                    "which the studies are told together, such as [deep, convolutions]."
                )
            member = read(replace(self._source_of(path, label, file, shared, own), kinds=kinds))
            name = member.study.name
            if member.study.target_accuracy <= member.data.majority_accuracy:
                text = (
                    f"{member.study.target_accuracy:g} is no more than a constant prediction "
                    f"reaches on the test examples, {member.data.majority_accuracy:g}; scores in a "
                    "list go from the one (0) to the other (1). Set it above that"
                )
                raise member.source.refuse([Problem(("target_accuracy",), text)])
            if name in named:
                raise StudyError(
                    f"{path}: the results of {label} would go to {member.folder}/, as those of "
                    f"{named[name]} do; give it another name (key study), or remove it."
                )
            named[name] = label
            other = self._members.get(name)
            if other is not None and other.study != member.study:
                raise StudyError(
                    f"{path}: {label} and {other.source.label} are different studies of the name "
                    f"{name!r}; give one another name (key study)."
                )
            yield other or member

    def _to_train(self, name: str, members: list[Member]) -> list[Member]:
        """The studies of a list without the variants whose results are kept."""
        if self._kept is None:
            return members
        # Only whoever asks for it waits for pandas.
        from initstudy.results.suite import SuiteResults

        tables = SuiteResults(self._kept)
        if not {member.study.name for member in members} & set(tables.scores["study"]):
            return members
        for member in members:
            if member.description.factorial:
                text = "with kept it must be one_factor: what is kept has no pairs"
                raise member.source.refuse([Problem(("design",), text)])
        listed = [variant.name for variant in members[0].study.kernel_variants]
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
            ours = member.study.plain()["kernel_initializers"]
            entries = member.source.raw.get("kernel_initializers", ours)
            left = [
                entry
                for entry, variant in zip(entries, member.study.kernel_variants, strict=True)
                if variant.name not in taken
            ]
            raw = {**member.source.raw, "kernel_initializers": left}
            made.append(read(replace(member.source, raw=raw)))
        return made

    @property
    def taken(self) -> Iterator[str]:
        """What is taken from where, for people."""
        for name, variants in self.kept.items():
            yield (
                f"Taken from {self._kept}, not trained: {', '.join(variants)} of "
                f"{self.lists[name]}."
            )

    @property
    def notes(self) -> Iterator[str]:
        """What is worth knowing of the studies that are asked for before they are run."""
        asked = {member.study.name: member for member, _ in self._asked.values()}
        for name, member in asked.items():
            data = member.study.dataset
            file = self.place(f"resources/datasets/{data}.npz") if data in SPECS else data
            for note in (*member.size.notes, *examples.notes(member.study, member.data, file)):
                yield f"Note on {name}: {note}"
            if member.comparison and self.measured(member) is None:
                yield (
                    f"Note on {name}: its network is compared with Keras' own training before it "
                    "is trained; on this machine that was not done yet."
                )

    def _source_of(
        self,
        path: Path,
        label: str,
        file: str | None,
        shared: Mapping[str, Any],
        own: Mapping[str, Any],
    ) -> Source:
        """Where a study of a list comes from: what is said of it alone overrides what is shared."""
        files = [*self._defaults, str(path)]
        layers = [*(read_yaml(one) for one in self._defaults), shared]
        alone: Mapping[str, Any] = {}
        if file is not None:
            places = [path.parent / file, Path(file), Path(os.path.relpath(PROJECT)) / file]
            found = next((place for place in places if place.is_file()), None)
            if found is None:
                raise StudyError(f"{path}: there is no file {file!r}.")
            files.append(os.path.relpath(found))
            # The configuration that all begin with says nothing of one of them alone.
            alone = {} if files[-1] in self._defaults else read_yaml(found)
        raw: dict[str, Any] = {}
        for layer in [*layers, alone, own, self._settings]:
            raw = merged(raw, layer)
        entry = {key: f"{path}, settings" for key in shared if key not in alone}
        entry |= dict.fromkeys(own, f"{path}, the entry of {label}")
        return Source(label, raw, files, self._settings, entry=entry)


def merged(old: Any, new: Any) -> dict[str, Any]:
    """Mappings are merged key by key, as Snakemake does, all else is replaced."""
    made = dict(old) if isinstance(old, Mapping) else {}
    for key, value in (new or {}).items():
        made[key] = merged(made.get(key), value) if isinstance(value, Mapping) else value
    return made
