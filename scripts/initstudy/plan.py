"""What a study trains, as far as it has chosen."""

import functools
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from initstudy.code import engine_id, initializer_id, versions
from initstudy.config.description import LOOK
from initstudy.config.problems import suggest
from initstudy.config.study import Study, Variant
from initstudy.engine.literature import PLACES
from initstudy.engine.spec import PER_LAYER, SOURCES, Data, RunSpec, rate_of, with_rate
from initstudy.errors import StudyError
from initstudy.store import OUTPUTS, block, run_folder

# What was chosen, by the name of its file in the study's folder; None if it is not known yet.
Choices = Callable[[str], Mapping[str, Any] | None]

# The two groups of variants whose learning rates are chosen: `best` is known only later.
VARIANTS, BEST = "variants", "best"


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
    def varied(self) -> str:
        """What its seeds differ by, as in `weights` or `weights, order`."""
        return ", ".join(self.spec.vary)

    @property
    def folder(self) -> str:
        """Where its run is kept."""
        return run_folder(self.spec.digest)

    def file(self, kind: str = "history") -> str:
        """The path of one of OUTPUTS."""
        return f"{self.folder}/{block(self.epochs, self.seeds)}.{OUTPUTS[kind]}"


@dataclass(frozen=True)
class Plan:
    """The trainings of a study.

    Attributes:
        study: what is asked.
        dataset_sha256: of its data set.
    """

    study: Study
    dataset_sha256: str

    @functools.cached_property
    def variants(self) -> dict[str, Variant]:
        """All but `best`, by their names."""
        return {variant.name: variant for variant in self.study.variants}

    @functools.cached_property
    def digest(self) -> str:
        """Another one if any training of the variants is another one."""
        digests = [self._spec(variant, None).digest for variant in self.variants.values()]
        return hashlib.sha256(" ".join(digests).encode()).hexdigest()[:20]

    def trials(self, group: str, choices: Choices) -> list[Job]:
        """What the learning rates of a group of variants are chosen on.

        Args:
            group: VARIANTS or BEST.
            choices: what was chosen so far; of BEST the pair must be known.
        """
        variants: Iterable[Variant] = self.variants.values()
        if group == BEST:
            best = self.best(choices)
            variants = [] if best is None else [best]
        return [
            self._job(variant, rate, seeds)
            for variant in variants
            for rate in self.study.learning_rates
            for seeds in self.study.blocks(self.study.tuning)
        ]

    def selection(self, choices: Choices, seeds: int | None = None) -> list[Job]:
        """The trainings of the variants, on which `best` is chosen, as far as the looks tell.

        There are none until the learning rates are chosen.

        Args:
            choices: what was chosen so far.
            seeds: only those that a look at so many sees; None for all.
        """
        rates = self.rates(VARIANTS, choices)
        if rates is None:
            return []
        jobs: list[Job] = []
        names, first = list(self.variants), 0
        for last in self.study.looks:
            if first == seeds:
                break
            if first:
                look = choices(LOOK.format(seeds=first))
                names = [name for name in look["goes_on"] if name in names] if look else []
            jobs += [
                self._job(self.variants[name], rates.get(name), block)
                for name in names
                for block in self.study.blocks(range(first, last))
            ]
            first = last
        return jobs

    def looks(self, choices: Choices, before: int | None = None) -> list[str]:
        """The files of the looks after which something may go on, as far as it does.

        Args:
            choices: what was chosen so far.
            before: only those of fewer seeds; None for all.
        """
        files: list[str] = []
        for seeds in self.study.looks[:-1]:
            if seeds == before:
                break
            files.append(LOOK.format(seeds=seeds))
            look = choices(files[-1])
            if look is None or not look["goes_on"]:
                break
        return files

    def confirmation(self, choices: Choices) -> list[Job]:
        """The trainings of the baseline and of `best` on fresh seeds.

        There are none until the pair and its learning rate are chosen, nor if the choice fell on
        the baseline itself: then there is nothing to confirm.
        """
        rates, best = self.rates(VARIANTS, choices), self.best(choices)
        if rates is None or best is None or self.is_baseline(best):
            return []
        own = self.rates(BEST, choices)
        if own is None:
            return []
        return [
            self._job(variant, rate, seeds)
            for variant, rate in (
                (self.study.baseline, rates.get("baseline")),
                (best, own.get(BEST)),
            )
            for seeds in self.study.blocks(self.study.confirmation)
        ]

    def sources(self, choices: Choices) -> list[Job]:
        """The trainings of the variants that differ by one of SOURCES alone.

        There are none until the learning rates are chosen.
        """
        rates = self.rates(VARIANTS, choices)
        if rates is None:
            return []
        return [
            self._job(variant, rates.get(variant.name), seeds, source)
            for variant in self.variants.values()
            for source in SOURCES
            for seeds in self.study.blocks(range(self.study.variance_seeds))
        ]

    def alone(self, job: Job) -> str:
        """What the replicates of a job differ by alone, for people; "" for what all others do."""
        as_others = job.spec.vary == self.study.vary
        return "" if as_others else f" ({job.varied} alone)"

    def jobs(self, choices: Choices) -> list[Job]:
        """All that the study's tables are made of, as far as it is known."""
        return [*self.selection(choices), *self.confirmation(choices)]

    def of_variant(self, name: str, choices: Choices) -> list[Job]:
        """Those of them that are of one variant.

        Raises:
            StudyError: if the study has no such variant.
        """
        known = [*self.variants, BEST]
        if name not in known:
            raise StudyError(f"{self.study.name} has no variant {name!r}{suggest(name, known)}.")
        # Of the others, the choice of `best` decides nothing.
        jobs = self.jobs(choices) if name == BEST else self.selection(choices)
        return [job for job in jobs if job.variant == name]

    def everything(self, choices: Choices) -> list[Job]:
        """All that the study trains, as far as it is known, the trials of learning rates too."""
        return [
            *self.jobs(choices),
            *self.sources(choices),
            *self.trials(VARIANTS, choices),
            *self.trials(BEST, choices),
        ]

    def rates(self, group: str, choices: Choices) -> Mapping[str, float] | None:
        """The learning rates that were chosen, by variant; empty if the optimizer has its own."""
        return choices(f"learning_rates/{group}.yaml") if self.study.learning_rates else {}

    def best(self, choices: Choices) -> Variant | None:
        """The best pair; None until it is chosen, or if what was chosen is not of this study."""
        choice = choices("best.yaml")
        if choice is None:
            return None
        kernels = {
            v.kernel.name: v.kernel for v in (self.study.baseline, *self.study.kernel_variants)
        }
        biases = {v.bias.name: v.bias for v in (self.study.baseline, *self.study.bias_variants)}
        kernel = kernels.get(choice["kernel_initializer"]["name"])
        bias = biases.get(choice["bias_initializer"]["name"])
        return Variant(BEST, kernel, bias) if kernel and bias else None

    def is_baseline(self, variant: Variant) -> bool:
        """Whether a variant has the baseline's own initializers."""
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
            self._specs[key] = run_spec(self.study, self.dataset_sha256, variant, rate, vary)
        return self._specs[key]

    @functools.cached_property
    def _specs(self) -> dict[tuple[str, str, str, float | None, str | None], RunSpec]:
        return {}


def run_spec(
    study: Study, dataset_sha256: str, variant: Variant, rate: float | None, vary: Sequence[str]
) -> RunSpec:
    """Return the spec of one pair of initializers in a study.

    Args:
        study: has all the rest.
        dataset_sha256: of its data set, see `datasets.DatasetInfo`.
        variant: the pair.
        rate: learning rate instead of the optimizer's own; None for that.
        vary: what each seed has of its own.
    """
    optimizer = dict(study.optimizer) if rate is None else with_rate(study.optimizer, rate)
    return RunSpec(
        model=dict(study.model),
        dataset=Data(study.dataset, dataset_sha256),
        inputs=study.inputs,
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
    )


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
