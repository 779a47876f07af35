"""What a study runs: its stages, each a list of jobs, as far as what they depend on was chosen."""

import functools
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from initstudy.code import engine_id, initializer_id, versions
from initstudy.config.initializers import Variant
from initstudy.engine.literature import PLACES
from initstudy.engine.spec import PER_LAYER, SOURCES, WIDE, Data, RunSpec, rate_of, with_rate
from initstudy.errors import StudyError, suggest
from initstudy.store import OUTPUTS, block, run_folder
from initstudy.study import Study

# The two groups of variants whose learning rates are chosen: `best` is known only later.
VARIANTS, BEST = "variants", "best"
# The kinds of choices. The name of one is that of its file in the folder of a study, without the
# ending: `best`, `learning_rates/<group>` or `looks/<seeds>`.
BEST_PAIR, LEARNING_RATES, INTERIM = "best", "learning_rates", "looks"
CHOICE = rf"{BEST_PAIR}|{LEARNING_RATES}/(?:{VARIANTS}|{BEST})|{INTERIM}/[0-9]+"


class Choices:
    """What a study has chosen, asked for by what it decides; None where it is not chosen yet.

    Args:
        read: returns the content of a choice by its name, or None.

    Attributes:
        consulted: the choices that were asked for, by name, and whether each is made.
    """

    def __init__(self, read: Callable[[str], Any] = lambda name: None) -> None:
        self._read = read
        self.consulted: dict[str, bool] = {}

    def _ask(self, name: str) -> Any:
        found = self._read(name)
        self.consulted[name] = found is not None
        return found

    def learning_rates(self, group: str) -> Mapping[str, float] | None:
        """Return the learning rate of each variant of a group."""
        found: Mapping[str, float] | None = self._ask(f"{LEARNING_RATES}/{group}")
        return found

    def best(self) -> tuple[str, str] | None:
        """Return the names of the kernel and the bias initializer of the best pair."""
        found = self._ask(BEST_PAIR)
        if found is None:
            return None
        return found["kernel_initializer"]["name"], found["bias_initializer"]["name"]

    def goes_on(self, seeds: int) -> Sequence[str] | None:
        """Name the variants that an interim analysis of so many seeds gives more seeds."""
        found = self._ask(f"{INTERIM}/{seeds}")
        return None if found is None else found["goes_on"]


@dataclass(frozen=True)
class Job:
    """Seeds of one spec that are run by one job, one after the other.

    Attributes:
        variant: what the study that asks for it calls it.
        spec: what is run.
        epochs: of each seed.
        seeds: which are run.
    """

    variant: str
    spec: RunSpec
    epochs: int
    seeds: range

    @property
    def learning_rate(self) -> float | None:
        """The optimizer's, if it is given one."""
        return rate_of(self.spec.optimizer)

    @property
    def described(self) -> dict[str, Any]:
        """What a table of many jobs adds to the files of each: see `results.jobs.Runs`."""
        return {
            "variant": self.variant,
            "learning_rate": self.learning_rate,
            "vary": list(self.spec.vary),
        }

    @property
    def folder(self) -> str:
        """Where its run is kept."""
        return run_folder(self.spec.digest)

    def file(self, kind: str = "history") -> str:
        """Name the path of one of OUTPUTS."""
        return f"{self.folder}/{block(self.epochs, self.seeds)}.{OUTPUTS[kind]}"


@dataclass(frozen=True)
class Plan:
    """The jobs of a study.

    Attributes:
        study: that is planned.
    """

    study: Study

    @functools.cached_property
    def digest(self) -> str:
        """Another one if any run of the variants is another one."""
        digests = [self._spec(one, None).digest for one in self.study.variants.values()]
        return hashlib.sha256(" ".join(digests).encode()).hexdigest()[:20]

    def basis(self, choice: str, choices: Choices) -> list[Job]:
        """Return the jobs that a choice is made of.

        Args:
            choice: its name, of the form CHOICE.
            choices: what was chosen so far.
        """
        kind, _, which = choice.partition("/")
        if kind == BEST_PAIR:
            return self.selection(choices)
        if kind == LEARNING_RATES:
            return self.tuning(which, choices)
        return self.selection(choices, int(which))

    def tuning(self, group: str, choices: Choices) -> list[Job]:
        """Return what the learning rates of a group of variants are chosen on.

        Args:
            group: VARIANTS or BEST; of this the pair must be known.
            choices: what was chosen so far.
        """
        variants: Iterable[Variant] = self.study.variants.values()
        if group == BEST:
            best = self.best(choices)
            variants = [] if best is None else [best]
        return [
            self._job(variant, rate, seeds)
            for variant in variants
            for rate in self.study.learning_rates
            for seeds in self.study.blocks(self.study.tuning)
        ]

    def tuning_runs(self, choices: Choices) -> list[Job]:
        """Return what all learning rates are chosen on, of `best` unless it is the baseline."""
        if not self.study.tuned:
            return []
        best = self.best(choices)
        groups = [VARIANTS] if best is None or self.is_baseline(best) else [VARIANTS, BEST]
        return [job for group in groups for job in self.tuning(group, choices)]

    def selection(self, choices: Choices, seeds: int | None = None) -> list[Job]:
        """Return the jobs of the variants, on which `best` is chosen.

        There are none until the learning rates are chosen; more seeds follow interim analyses.

        Args:
            choices: what was chosen so far.
            seeds: only those that the interim analysis of so many sees; None for all.
        """
        rates = self.rates(VARIANTS, choices)
        if rates is None:
            return []
        jobs: list[Job] = []
        names, first = list(self.study.variants), 0
        for last in self.study.analyses:
            if first == seeds:
                break
            if first:
                goes_on = choices.goes_on(first) or ()
                names = [name for name in goes_on if name in names]
            jobs += [
                self._job(self.study.variants[name], rates.get(name), block)
                for name in names
                for block in self.study.blocks(range(first, last))
            ]
            first = last
        return jobs

    def interims(self, choices: Choices, before: int | None = None) -> list[str]:
        """Name the interim analyses after which something may go on, as far as it does.

        Args:
            choices: what was chosen so far.
            before: only those of fewer seeds; None for all.
        """
        names: list[str] = []
        for seeds in self.study.analyses[:-1]:
            if seeds == before:
                break
            names.append(f"{INTERIM}/{seeds}")
            if not choices.goes_on(seeds):
                break
        return names

    def of_table(self, table: str, choices: Choices) -> list[Job]:
        """Return the jobs that one of `study.TABLES` is made of alone."""
        stages = {"learning_rates": self.tuning_runs, "variance": self.sources}
        return stages[table](choices) if table in stages else []

    def confirmation(self, choices: Choices) -> list[Job]:
        """Return the jobs of the baseline and of `best` on new seeds.

        There are none until the pair and its learning rate are chosen, nor if the choice fell on
        the baseline itself: then there is nothing to confirm.
        """
        rates, best = self.rates(VARIANTS, choices), self.best(choices)
        if rates is None or best is None or self.is_baseline(best):
            return []
        own = self.rates(BEST, choices)
        if own is None:
            return []
        baseline = self.study.variants["baseline"]
        return [
            self._job(variant, rate, seeds)
            for variant, rate in ((baseline, rates.get("baseline")), (best, own.get(BEST)))
            for seeds in self.study.blocks(self.study.confirmation)
        ]

    def sources(self, choices: Choices) -> list[Job]:
        """Return the jobs of the variants that differ by one of SOURCES alone.

        There are none until the learning rates are chosen.
        """
        rates = self.rates(VARIANTS, choices)
        if rates is None:
            return []
        return [
            self._job(variant, rates.get(variant.name), seeds, source)
            for variant in self.study.variants.values()
            for source in SOURCES
            for seeds in self.study.blocks(self.study.by_source)
        ]

    def alone(self, job: Job) -> str:
        """Say what the seeds of a job differ by alone; "" for what all others do."""
        return "" if job.spec.vary == self.study.vary else f" ({', '.join(job.spec.vary)} alone)"

    def compared(self, choices: Choices) -> list[Job]:
        """Return all that the study's tables are made of, as far as it is known."""
        return [*self.selection(choices), *self.confirmation(choices)]

    def of_variant(self, name: str, choices: Choices) -> list[Job]:
        """Return those of one variant.

        Raises:
            StudyError: if the study has no such variant.
        """
        known = [*self.study.variants, BEST]
        if name not in known:
            raise StudyError(f"{self.study.name} has no variant {name!r}{suggest(name, known)}.")
        # Of the others, the choice of `best` decides nothing.
        jobs = self.compared(choices) if name == BEST else self.selection(choices)
        return [job for job in jobs if job.variant == name]

    def everything(self, choices: Choices) -> list[Job]:
        """Return all that the study runs, as far as it is known, tuning runs too."""
        return [*self.compared(choices), *self.sources(choices), *self.tuning_runs(choices)]

    def rates(self, group: str, choices: Choices) -> Mapping[str, float] | None:
        """Return the learning rates that were chosen; empty if the optimizer has its own."""
        return choices.learning_rates(group) if self.study.tuned else {}

    def best(self, choices: Choices) -> Variant | None:
        """Return the best pair; None until it is chosen, or if the study has no such pair."""
        names = choices.best()
        return None if names is None else self.study.pair(*names)

    def is_baseline(self, variant: Variant) -> bool:
        """Return whether a variant has the baseline's own initializers."""
        baseline = self.study.baseline
        return (variant.kernel, variant.bias) == (baseline.kernel, baseline.bias)

    def _job(
        self, variant: Variant, rate: float | None, seeds: range, source: str | None = None
    ) -> Job:
        return Job(variant.name, self._spec(variant, rate, source), self.study.epochs, seeds)

    def _spec(self, variant: Variant, rate: float | None, source: str | None = None) -> RunSpec:
        key = (variant.name, variant.kernel.name, variant.bias.name, rate, source)
        if key not in self._specs:
            vary = self.study.vary if source is None else (source,)
            self._specs[key] = run_spec(self.study, variant, rate, vary)
        return self._specs[key]

    @functools.cached_property
    def _specs(self) -> dict[tuple[str, str, str, float | None, str | None], RunSpec]:
        return {}


def run_spec(study: Study, variant: Variant, rate: float | None, vary: Sequence[str]) -> RunSpec:
    """Return the spec of one pair of initializers in a study.

    Args:
        study: has all the rest.
        variant: the pair.
        rate: learning rate instead of the optimizer's own; None for that.
        vary: what each seed has of its own.
    """
    optimizer = dict(study.optimizer) if rate is None else with_rate(study.optimizer, rate)
    return RunSpec(
        model=dict(study.model),
        dataset=Data(study.dataset, study.data.sha256),
        inputs=scaling_of(study),
        held_out=study.held_out,
        training_images=study.training_images,
        optimizer=optimizer,
        batch_size=study.batch_size,
        kernel_initializer=_with_source(variant.kernel.plain()),
        bias_initializer=_with_source(variant.bias.plain()),
        compile=study.compile,
        threads=study.threads,
        vary=tuple(vary),
        code=engine_id(study.model, optimizer),
        versions=versions(),
        loss=dict(study.loss),
        metric=study.metric,
    )


def scaling_of(study: Study) -> str:
    """Return how inputs are scaled: in float64, if float32 does not hold them before that."""
    wide = study.data.wide and study.inputs != "raw"
    return study.inputs + WIDE if wide else study.inputs


def _with_source(initializer: Mapping[str, Any]) -> dict[str, Any]:
    """With the version of its code, which only runs from it depend on, if it is of ours."""
    spec, config = dict(initializer), initializer["config"]
    if spec["class_name"] == PER_LAYER and "layers" in config:
        spec["config"] = {"layers": [_with_source(part) for part in config["layers"]]}
    elif spec["class_name"] == PER_LAYER and "paths" in config:
        others = config["others"]
        spec["config"] = {
            "paths": [[pattern, _with_source(part)] for pattern, part in config["paths"]],
            "others": None if others is None else _with_source(others),
        }
    elif spec["class_name"] == PER_LAYER:
        spec["config"] = {name: _with_source(part) for name, part in config.items()}
    elif spec["class_name"] in PLACES:
        spec["source"] = initializer_id(spec["class_name"])
    return spec
