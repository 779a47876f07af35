"""The one module that knows Snakemake: it reads what a run asks for, and answers its rules.

Of what Snakemake does not document, it uses this, which has no public counterpart in Snakemake 9:

- `config_settings`: what `--config` and `--configfile` say. It overrides the files of every study
  of a list, and messages name it.
- `modifier.modify_path`: where a file is if another workflow, which uses this one as a module, has
  moved its results.
- `remote_exec`: whether this is a job of a cluster, which reads its spec, and does not plan.
- `IncompleteCheckpointException` and `checkpoint_target`: an input function that asks for several
  choices goes on where one is not made yet, and names them all. If it ended there, as Snakemake
  lets it, a second choice that is up to date would never be taken note of.
"""

import atexit
import functools
import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from snakemake.exceptions import IncompleteCheckpointException, WorkflowError
from snakemake.io import ancient, checkpoint_target, local

from initstudy import costs, forecast
from initstudy.config.forms import find
from initstudy.config.origin import PROJECT, Origin, from_command_line, merged, typed
from initstudy.config.problems import file_problems
from initstudy.data.catalog import SPECS
from initstudy.data.datasets import file_of
from initstudy.drawing.catalog import figures_of
from initstudy.engine.spec import METRIC
from initstudy.errors import StudyError, forbidden
from initstudy.forecast import Awaited
from initstudy.plan import BEST_PAIR, CHOICE, INTERIM, Choices, Job, Plan
from initstudy.report.words import captions
from initstudy.results.lock import hold
from initstudy.store import STATE, Planned, Store
from initstudy.studies import Member, Studies, keras_is_here
from initstudy.study import TABLES, Study
from initstudy.suite.shared import shared_variants
from initstudy.upgrade import move_old_results

CONFIG = "config.yaml"
# Of lists with published results of methods: the tables that these are taken from.
KEPT = ("learning_rates", "scores", "trainings", "trials")

Answer = TypeVar("Answer")


def said_as_it_is(function: Callable[..., Answer]) -> Callable[..., Answer]:
    """Let a method end the run by the text of its StudyError; Snakemake would add lines."""

    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Answer:
        try:
            return function(*arguments, **named)
        except StudyError as error:
            sys.exit(str(error))
        except PermissionError as error:
            sys.exit(forbidden(error))

    return call


def is_module(workflow: Any) -> bool:
    """Return whether another workflow uses this one as its module; asked in rules/."""
    return Path(workflow.basedir) != Path(workflow.current_basedir).parent


def default_file(workflow: Any) -> str:
    """Return the configuration to begin with: this folder's, or, if it has none, the project's.

    A configuration in the folder of another workflow, which uses this one as a module, is that
    one's.
    """
    own = Path(workflow.current_basedir).parent / CONFIG
    return str(own) if is_module(workflow) or not Path(CONFIG).exists() else CONFIG


@said_as_it_is
def configuration_file(workflow: Any) -> str:
    """Return the same for Snakemake, which would not name the line of what is wrong with YAML."""
    file = default_file(workflow)
    if wrong := file_problems([file, *workflow.configfiles]):
        raise StudyError(wrong)
    return file


class Adapter:
    """What the rules ask: the studies of this run, their files, and what a job needs.

    Methods with `wildcards` are input functions or parameters of rules.

    Args:
        workflow: of the Snakefile.
        config: of the Snakefile.
        checkpoints: of the Snakefile.

    Attributes:
        studies: by their names, and those of lists.
        store: the specs of the runs that are asked for.
    """

    def __init__(self, workflow: Any, config: Mapping[str, Any], checkpoints: Any) -> None:
        self._workflow, self._checkpoints = workflow, checkpoints
        self.place: Callable[[str], str] = workflow.modifier.modify_path
        self.store = Store(self.place)
        self._asked: dict[str, tuple[Member, Job]] = {}
        self._choosing: set[str] = set()
        origin, kept = _origin(workflow, config)
        defaults = [file for file in origin.files if file == default_file(workflow)]
        self.kept_folder = kept
        self.studies = Studies(origin, defaults, kept)
        # Runs end with the Snakemake that started them.
        os.environ.update(INITSTUDY_SNAKEMAKE=str(os.getpid()))
        # Where the commands of profiles lie, from whichever folder this is run.
        os.environ.update(INITSTUDY_PROFILES=str(PROJECT / "profiles"))
        if not workflow.remote_exec:
            self._begin()
            # A run says at its start what it costs; a dry run, which has no start, at its end.
            atexit.register(self.say_cost)

    @said_as_it_is
    def _begin(self) -> None:
        if moved := move_old_results(STATE / "lock", self.place):
            print(moved, file=sys.stderr, flush=True)
        self.studies.main  # noqa: B018 - a wrong configuration is refused before anything else

    @said_as_it_is
    def start(self) -> None:
        """Hold the folder until this process ends, however it ends; say what the run costs."""
        hold(STATE / "lock")
        # What the logger counts its progress by.
        os.environ.update(INITSTUDY_RUNS=str(forecast.runs(self._awaited, self._choosing)))
        self.say_cost()
        atexit.unregister(self.say_cost)

    def say_cost(self) -> None:
        """Print what is still to run, and what is worth knowing of it before."""
        lines = list(self.studies.taken)
        for member in {member.study.name: member for member, _ in self._asked.values()}.values():
            compared = self.store.epoch_seconds(member.comparison) is not None
            lines += forecast.notes(member, self.place, compared)
        lines.append(
            forecast.forecast(self._awaited, self._choosing, self._cores, self._workflow.nodes)
        )
        for line in filter(None, lines):
            print(line, file=sys.stderr, flush=True)

    @property
    def _awaited(self) -> list[Awaited]:
        """How far the jobs are that were asked for."""
        return [
            Awaited.of(member, job, self.place, self.store.epoch_seconds(member.comparison))
            for member, job in self._asked.values()
        ]

    @property
    def _cores(self) -> int | None:
        """How many cores there are; None on a cluster, where Snakemake does not know."""
        try:
            cores: int | None = self._workflow.cores
        except WorkflowError:
            return None
        return cores

    @property
    def constraints(self) -> dict[str, str]:
        """The forms of all wildcards."""
        lists = "|".join(self.studies.lists)
        number, name = "[0-9]+", "[A-Za-z0-9_-]+"
        return {
            "study": rf"(?!({lists})/)[A-Za-z0-9][A-Za-z0-9_-]*",
            "suite": lists,
            "variant": name,
            "dataset": "|".join(map(re.escape, SPECS)),
            "digest": "[0-9a-f]{20}",
            "described": "[0-9a-f]{12}",
            "choice": CHOICE,
            "table": "|".join(TABLES),
            **dict.fromkeys(["epochs", "first", "last"], number),
        }

    # What belongs to a study.

    @said_as_it_is
    def study(self, wildcards: Any) -> str:
        """Return the file of a study, which its analysis reads."""
        return self.studies[wildcards.study].file

    def text(self, wildcards: Any, output: Any) -> str:
        """Return what that file says."""
        return self.studies[wildcards.study].text

    def outputs(self, stage: str, kind: str) -> Callable[[Any], list[str]]:
        """Return an input function: the files of a kind that the jobs of a stage make.

        Args:
            stage: a method of `Plan`; of `basis`, `of_variant` and `of_table` a wildcard is what.
            kind: of `store.OUTPUTS`.
        """

        def files(wildcards: Any) -> list[str]:
            return [job.file(kind) for job in self._jobs(stage, wildcards)]

        return said_as_it_is(files)

    def chosen(self, stage: str) -> Callable[[Any], list[str]]:
        """Return an input function: the choices that decide on the jobs of a stage.

        One that is made again is waited for; then Snakemake asks for the inputs again.
        """

        def files(wildcards: Any) -> list[str]:
            member = self.studies[wildcards.study]
            choices = self._choices(member)
            _stage(stage, member.plan, choices, wildcards)
            files = {_choice_file(member, name): made for name, made in choices.consulted.items()}
            return [file if made else checkpoint_target(file) for file, made in files.items()]

        return said_as_it_is(files)

    def runs(self, stage: str, histories: str = "histories") -> Callable[..., list[dict[str, Any]]]:
        """Return a parameter: what each of the histories of a stage is of.

        Args:
            stage: see `outputs`.
            histories: the name of the input.
        """

        def described(wildcards: Any, input: Any) -> list[dict[str, Any]]:
            # Two variants may share a run; and Snakemake may know other files now than it asks for.
            jobs: dict[tuple[str, ...], list[Job]] = {}
            for job in self._jobs(stage, wildcards):
                jobs.setdefault(Path(job.file()).parts[-3:], []).append(job)
            found = [jobs[Path(file).parts[-3:]].pop(0) for file in input[histories]]
            return [job.described for job in found]

        return described

    @said_as_it_is
    def interims(self, wildcards: Any) -> list[str]:
        """Return the interim analyses of a study but the last; of a choice those before it."""
        member = self.studies[wildcards.study]
        kind, _, seeds = getattr(wildcards, "choice", "").partition("/")
        before = int(seeds) if kind == INTERIM else None
        names = member.plan.interims(self._choices(member), before)
        return [_choice_file(member, name) for name in names]

    def table(self, name: str) -> Callable[[Any], list[str]]:
        """Return an input function: a table that only some studies have, see `study.TABLES`."""

        def files(wildcards: Any) -> list[str]:
            study = self.studies[wildcards.study].study
            return [f"{study.folder}/{name}.csv"] if name in study.tables else []

        return said_as_it_is(files)

    @said_as_it_is
    def figures(self, wildcards: Any) -> list[str]:
        """Return the figures that a study's report shows."""
        study = self.studies[wildcards.study].study
        return _figures(study, "svg")

    def captions(self, wildcards: Any) -> dict[str, str]:
        """Return the captions of a study's figures, for `snakemake --report`."""
        study = self.studies[wildcards.study].study
        return {name: one.text for name, one in captions(figures_of(study), study).items()}

    @said_as_it_is
    def published(self, wildcards: Any) -> Any:
        """Return the published results to stand beside a study's, if it has some."""
        study = self.studies[wildcards.study].study
        # They are accuracies.
        used = study.published and study.metric == METRIC
        return local(study.published) if used else []

    @said_as_it_is
    def answer(self, wildcards: Any) -> Any:
        """Return the file of Keras' answer about a study."""
        file = self.studies[wildcards.study].accepted
        return ancient(local(file) if keras_is_here() else file)

    @said_as_it_is
    def question(self, wildcards: Any) -> Any:
        """Return the file of what Keras is asked, where planning cannot ask it."""
        return local(self.studies[wildcards.study].write_question())

    # What belongs to a run: its spec file says all that its jobs need.

    def spec(self, wildcards: Any) -> Planned:
        """Return what was planned of a run."""
        return self.store.planned(wildcards.digest)

    @said_as_it_is
    def dataset(self, wildcards: Any) -> Any:
        """Return the data set of a run; its content is part of what the run's path says."""
        data = self.spec(wildcards).spec.dataset
        file = file_of(data.name, data.sha256)
        return ancient(file if data.name in SPECS else local(file))

    @said_as_it_is
    def local_copy(self, wildcards: Any) -> Any:
        """Return a copy of a data set that the configuration names, which may be another one's."""
        file = self.studies.main.study.dataset_file
        return ancient(local(file)) if file else []

    @said_as_it_is
    def accepted(self, wildcards: Any) -> Any:
        """Return the file of Keras' answer about the study of a run, if it is a job's."""
        file = self.spec(wildcards).accepted
        return ancient(file) if file else []

    @said_as_it_is
    def compared(self, wildcards: Any) -> Any:
        """Return the file that says that a custom network is trained as Keras trains it."""
        file = self.spec(wildcards).compared
        return ancient(file) if file else []

    def job_name(self, wildcards: Any, input: Any) -> str:
        """Return what a job is called. By `input`, Snakemake does not rerun it for another name."""
        return self.spec(wildcards).name(int(wildcards.epochs), _seeds(wildcards))

    def memory(self, wildcards: Any, attempt: int) -> int:
        """Return the memory that a job asks a cluster for, in MB; more for each retry."""
        return attempt * self.spec(wildcards).memory_mb

    def minutes(self, wildcards: Any, attempt: int) -> int:
        """Return the time that a job asks a cluster for, in minutes; more for each retry."""
        epochs = int(wildcards.epochs) * len(_seeds(wildcards))
        return attempt * costs.minutes(self.spec(wildcards).epoch_seconds * epochs)

    def few_minutes(self, wildcards: Any, attempt: int) -> int:
        """Return the time that a job asks for that trains no epoch."""
        return attempt * costs.minutes(0)

    def network_name(self, wildcards: Any, input: Any) -> str:
        """Return what the network of a comparison with Keras is called; see `job_name`."""
        return self.spec(wildcards).names[""]

    def threads(self, wildcards: Any) -> int:
        """Return the cores that a job uses."""
        return self.spec(wildcards).spec.threads

    # What belongs to a list of studies.

    def listed(self, wildcards: Any) -> list[Member]:
        """Return the studies of a list."""
        return self.studies.listed(wildcards.suite)

    def of_each(self, file: str | None = None) -> Callable[[Any], list[str]]:
        """Return an input function: a file of each study of a list; without a name, its own."""

        def files(wildcards: Any) -> list[str]:
            members = self.listed(wildcards)
            # Known by the configurations, so it is refused before anything is run.
            try:
                shared_variants([member.study for member in members])
            except StudyError as error:
                raise StudyError(f"{self.studies.lists[wildcards.suite]}: {error}") from None
            return [
                member.file if file is None else f"{member.study.folder}/{file}"
                for member in members
            ]

        return said_as_it_is(files)

    @said_as_it_is
    def tuned(self, wildcards: Any) -> list[str]:
        """Return the tables of learning rates of the studies of a list that have some."""
        studies = [member.study for member in self.listed(wildcards)]
        return [f"{study.folder}/learning_rates.csv" for study in studies if study.tuned]

    @said_as_it_is
    def kept_tables(self, wildcards: Any) -> list[Any]:
        """Return the published tables of methods of a list that need not be run."""
        self.listed(wildcards)
        if not self.studies.kept.get(wildcards.suite):
            return []
        return [local(f"{self.kept_folder}/{table}.csv") for table in KEPT]

    def kept(self, wildcards: Any) -> list[str]:
        """Name the variants of a list that are taken from there."""
        return self.studies.kept.get(wildcards.suite, [])

    def tags(self, wildcards: Any) -> list[list[str]]:
        """Return the tags of each study of a list."""
        return [list(member.origin.tags) for member in self.listed(wildcards)]

    # What a target consists of.

    @said_as_it_is
    def everything(self, wildcards: Any) -> list[str]:
        """Return all files of the configured study."""
        return _everything(self.studies.main)

    def everything_listed(self, name: str) -> Callable[[Any], list[str]]:
        """Return an input function: all files of the studies of a list."""

        def files(wildcards: Any) -> list[str]:
            return [file for member in self.studies.listed(name) for file in _everything(member)]

        return said_as_it_is(files)

    def _jobs(self, stage: str, wildcards: Any) -> list[Job]:
        """Return the jobs of a stage, as far as it is known; their specs are written."""
        member = self.studies[wildcards.study]
        jobs = _stage(stage, member.plan, self._choices(member), wildcards)
        for job in jobs:
            if job.file() not in self._asked:
                self._asked[job.file()] = member, job
                seconds = self.store.epoch_seconds(member.comparison)
                for planned in member.planned(job, seconds):
                    self.store.plan(planned)
        if getattr(wildcards, "choice", "") == BEST_PAIR:
            self._choosing.add(member.study.name)
        return jobs

    def _choices(self, member: Member) -> Choices:
        """Return what a study has chosen; Snakemake asks again once a choice is made."""

        def read(name: str) -> Any:
            try:
                made = self._checkpoints.choose.get(study=member.study.name, choice=name)
            except IncompleteCheckpointException:
                return None
            file = Path(made.output[0])
            # While it is made again, there is none.
            return yaml.safe_load(file.read_text()) if file.exists() else None

        return Choices(read)


def _origin(workflow: Any, config: Mapping[str, Any]) -> tuple[Origin, str | None]:
    """Return where the configuration of a run comes from, and the folder of published results."""
    module, settings = is_module(workflow), workflow.config_settings
    read, later = (list(map(str, one)) for one in (workflow.configfiles, settings.configfiles))
    files = [*(file for file in read if file not in later), *later]
    command_line: dict[str, Any] = {}
    raw: Mapping[str, Any] = config
    if not module:
        command_line = from_command_line(settings.config)
    elif settings.config:
        # Of what is set inside of another workflow's key, Snakemake makes text.
        raw = typed(config)
    raw = merged(raw, command_line)
    # It is of the run, and not of a study.
    kept = raw.pop("kept", None)
    command_line.pop("kept", None)
    if kept is not None:
        folders = [Path(), Path(os.path.relpath(PROJECT))]
        kept = str(find(f"{kept}/scores.csv", folders).parent)
    origin = Origin("the configuration", raw, files, command_line, located=not module)
    return origin, kept


def _stage(stage: str, plan: Plan, choices: Choices, wildcards: Any) -> list[Job]:
    if stage == "basis":
        return plan.basis(wildcards.choice, choices)
    if stage == "of_variant":
        return plan.of_variant(wildcards.variant, choices)
    if stage == "of_table":
        return plan.of_table(wildcards.table, choices)
    jobs: list[Job] = getattr(plan, stage)(choices)
    return jobs


def _choice_file(member: Member, name: str) -> str:
    return f"{member.study.folder}/{name}.yaml"


def _seeds(wildcards: Any) -> range:
    return range(int(wildcards.first), int(wildcards.last) + 1)


def _figures(study: Study, *endings: str) -> list[str]:
    return [
        f"{study.folder}/figures/{figure.name}.{ending}"
        for figure in figures_of(study)
        for ending in [*endings, *["narrow.svg"] * figure.narrow]
    ]


def _everything(member: Member) -> list[str]:
    """Return all files that a study makes.

    Nothing of it is left to what needs it: Snakemake makes an input again that is missing only if
    what is made of it is missing or outdated, too. And where its own records are lost, a change
    shows only by the study's file, which is not there yet.
    """
    study = member.study
    files = [f"{study.folder}/{name}" for name in study.files]
    return [*files, member.file, *_figures(study, "svg", "png")]
