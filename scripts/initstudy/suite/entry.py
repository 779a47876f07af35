"""What a study brings to a suite, where it is one workload of several."""

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from initstudy.analysis import evidence, learning_rates
from initstudy.analysis.decisions import Examples
from initstudy.analysis.evidence import DIGITS, ONE_RUN, Evidence
from initstudy.analysis.examples import by_example
from initstudy.analysis.levels import Floats
from initstudy.analysis.measures import Measure, measure
from initstudy.engine.spec import METRIC
from initstudy.errors import StudyError
from initstudy.results.study import StudyResults
from initstudy.results.suite import TRAININGS, SuiteResults
from initstudy.study import Study, hidden_layers

# Of SCORES and of TRAININGS those of one study; they are by variant.
RUNS = ["variant", "seed", "value", "epochs_to_target"]
OF_TRAININGS = TRAININGS[1:]
# Of `learning_rates.TABLE`, whatever the metric.
OF_TRIALS = learning_rates.TABLE.measured("value").names
# Between the texts of a list in one cell, and between its numbers.
BETWEEN_TEXTS, BETWEEN_NUMBERS = "; ", " "


@dataclass(frozen=True)
class Workload:
    """What a study is: a row of the table of workloads.

    Its attributes are the columns (`results.dictionary`): learning rates and tags are lists, empty
    if there are none, and the margin is None if any difference matters.
    """

    study: str
    dataset: str
    training: str
    validation: int
    inputs: str
    network: str
    optimizer: str
    learning_rates: Sequence[float]
    epochs: int
    judge_by: str
    margin: float | None
    chance: float
    target: float
    kinds: Sequence[str] = ()
    metric: str = METRIC

    @classmethod
    def of_study(cls, study: Study, tags: Sequence[str] = ()) -> "Workload":
        """Describe a study, which has these tags."""
        asked = study.plain()
        optimizer, model = asked["optimizer"], asked["model"]
        network = model
        if not isinstance(model, str):
            network = f"{hidden_layers(model['hidden_units'])} {model['activation']}"
        return cls(
            study=study.name,
            dataset=asked["dataset"],
            training=str(asked["training_images"] or "all"),
            validation=study.held_back or study.data.validation * bool(study.held_out),
            inputs=asked["inputs"],
            network=network,
            optimizer=optimizer if isinstance(optimizer, str) else optimizer["class_name"],
            learning_rates=asked["learning_rates"] if study.tuned else [],
            epochs=study.epochs,
            judge_by=study.judge_by,
            margin=study.margin if study.judge_by == study.metric else None,
            chance=study.constant,
            target=study.target,
            kinds=list(tags),
            metric=study.metric,
        )

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> "Workload":
        """Read what `row` has written."""
        margin, rates, tags = (row[name] for name in ("margin", "learning_rates", "kinds"))
        lists = {
            "margin": None if np.isnan(margin) else float(margin),
            "learning_rates": [float(rate) for rate in rates.split()],
            "kinds": [tag for tag in tags.split(BETWEEN_TEXTS) if tag],
        }
        return cls(**{**row, **lists})

    @property
    def row(self) -> dict[str, Any]:
        """Its row of the table of workloads."""
        return {
            **asdict(self),
            "margin": np.nan if self.margin is None else self.margin,
            "learning_rates": BETWEEN_NUMBERS.join(f"{rate:g}" for rate in self.learning_rates),
            "kinds": BETWEEN_TEXTS.join(self.kinds),
        }

    @property
    def judged(self) -> Measure:
        """By which its learning rates are chosen."""
        return measure(self.judge_by, self.metric, self.chance)

    @property
    def measured(self) -> Measure:
        """By which its networks are compared."""
        return measure(self.metric, self.metric, self.chance)

    @property
    def perfect(self) -> float:
        """What an answer that is always right has: 1 of an accuracy, 0 of an error."""
        return float(self.metric == METRIC)


@dataclass(frozen=True, eq=False)
class Entry:
    """What a study brings to a suite: its rows of the suite's tables.

    Attributes:
        workload: what it is.
        runs: RUNS of each variant and seed: the metric of the test examples at the end, and the
            epochs until that of the validation examples reached the target; inf if it never did.
        trials: OF_TRIALS of its tuning runs; empty if there were none.
        trainings: OF_TRAININGS: which run each variant is of, and whether all seeds are one run, so
            that n is 1.
        examples: what each run makes of each test example, see `examples.linear`, by variant; those
            of which it is not known are missing.
    """

    workload: Workload
    runs: pd.DataFrame
    trials: pd.DataFrame
    trainings: pd.DataFrame
    examples: Examples = field(default_factory=dict, repr=False)

    @functools.cached_property
    def variants(self) -> list[str]:
        """Names of those that are compared, in the order of the columns of all that follows."""
        return list(dict.fromkeys(self.runs["variant"]))

    @functools.cached_property
    def ends(self) -> Floats:
        """The metric at the end, float64 (seeds, variants)."""
        return self._by_seed("value")

    @functools.cached_property
    def scores(self) -> Floats:
        """Values as scores, see `normalized`.

        Raises:
            StudyError: names the study, if its target is not better than a constant answer.
        """
        try:
            return normalized(self.ends, self.workload)
        except StudyError as error:
            raise StudyError(f"{self.workload.study}: {error}.") from None

    @functools.cached_property
    def times(self) -> Floats:
        """Shares of the epochs until the target, (seeds, variants); inf where it never was."""
        return self._by_seed("epochs_to_target") / self.workload.epochs

    @property
    def has_budgets(self) -> bool:
        """Whether its learning rates were tried on seeds enough to choose and to judge."""
        return len(set(self.trials["seed"])) > 1

    @functools.cached_property
    def errors(self) -> Floats:
        """Mean error of the test examples, of accuracies the wrong share: float64 (variants,).

        They are compared by their ratios, so what makes no error at all counts as half of an error
        on one of the seeds. The smallest gap between two values is taken for an error.
        """
        values, perfect = self.ends, self.workload.perfect
        found = abs(perfect - np.sort(values, axis=0).mean(axis=0))
        gaps = np.diff(np.unique([*values.ravel(), perfect]))
        # Tables have nine digits.
        gaps = gaps[gaps > 1e-8 * max(1.0, float(np.abs(values).max()))]
        least = float(gaps.min()) / 2 / len(values) if gaps.size else 1.0
        return np.asarray(np.maximum(found, least))

    @functools.cached_property
    def evidence(self) -> Evidence:
        """What its runs are evidence of."""
        own = self.workload
        gain = (own.measured.sign * (self.ends - own.chance)).max(axis=0)
        never = gain <= DIGITS * (1.0 if own.perfect else own.chance)
        one_run = self.variants
        if len(set(self.runs["seed"])) > 1:
            one_run = self.trainings["variant"][self.trainings["one_run"].astype(bool)].tolist()
        names = frozenset(np.array(self.variants)[never].tolist())
        return Evidence(frozenset(one_run), names, "", len(self.runs), self.workload.chance)

    def of(self, variants: Sequence[str]) -> "Entry":
        """Take these variants alone, in this order."""

        def own(table: pd.DataFrame) -> pd.DataFrame:
            return table[table["variant"].isin(variants)]

        by_variant = dict(list(self.runs.groupby("variant")))
        return Entry(
            self.workload,
            pd.concat([by_variant[name] for name in variants]),
            own(self.trials),
            own(self.trainings),
            {name: rows for name, rows in self.examples.items() if name in variants},
        )

    def beside(self, other: "Entry") -> "Entry":
        """Put the variants of another one behind its own, on the seeds that it has itself."""
        same = other.runs["seed"].isin(self.runs["seed"])
        return Entry(
            self.workload,
            pd.concat([self.runs, other.runs[same]]),
            pd.concat([self.trials, other.trials]),
            pd.concat([self.trainings, other.trainings]),
            {**self.examples, **other.examples},
        )

    def _by_seed(self, column: str) -> Floats:
        # `pivot_table` takes ten times as long.
        table = self.runs.pivot(index="seed", columns="variant", values=column)  # noqa: PD010
        # Sums of columns do not depend on how they lie in memory then.
        return np.ascontiguousarray(table[self.variants].to_numpy())


def of_study(results: StudyResults, variants: Sequence[str], tags: Sequence[str] = ()) -> Entry:
    """Read what a study brings to a suite.

    If all of its runs are one and the same but for the variant, it has one seed.

    Args:
        results: of the study.
        variants: those that are compared, some of its.
        tags: by which it is grouped with others.

    Raises:
        StudyError: if results are missing.
    """
    study, known = results.study, evidence.of(results)
    # All seeds are read, so that none is missing.
    columns = {"value": study.metric, "epochs_to_target": "epochs_to_target"}
    seeds = study.selection
    runs = pd.concat(
        pd.DataFrame(
            {"variant": name, "seed": seeds}
            | {name_of: results.ends(name, seeds, column) for name_of, column in columns.items()}
        )
        for name in variants
    )
    counted = 1 if known.reason == ONE_RUN else len(seeds)
    trials = pd.DataFrame(columns=OF_TRIALS)
    if study.tuned:
        trials = learning_rates.read(results.learning_rates_file, study.metric)
        trials = trials.rename(columns={study.val_metric: "val_value"})
    return Entry(
        Workload.of_study(study, tags),
        runs[runs["seed"] < counted],
        trials[trials["variant"].isin(variants)],
        _trainings(results, variants, known.one_run),
        {name: by_example(results, name)[:counted] for name in variants},
    )


def of_tables(tables: SuiteResults, workload: Workload, variants: Sequence[str] = ()) -> Entry:
    """Read what a study brings to a suite from the suite's tables.

    Args:
        tables: of the suite.
        workload: which study, and what it is.
        variants: those that are read; all if there are none.
    """

    def own(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
        rows = table.rename(columns={METRIC: "value", f"val_{METRIC}": "val_value"})
        return rows[rows["study"] == workload.study][columns].reset_index(drop=True)

    found = Entry(
        workload,
        own(tables.scores, RUNS),
        own(tables.trials, OF_TRIALS),
        own(tables.trainings, OF_TRAININGS),
        tables.correct(workload.study),
    )
    return found.of(variants or found.variants)


def of_suite(tables: SuiteResults) -> list[Entry]:
    """Read the studies of a suite from its tables."""
    rows: Any = tables.workloads.to_dict("records")
    return [of_tables(tables, Workload.of_row(row)) for row in rows]


def normalized(values: Floats, workload: Workload) -> Floats:
    """Rescale values of one study, so that the best constant answer's is 0 and its target is 1.

    So studies count alike, whether their accuracies lie between 90 and 95 % or between 10 and 50 %,
    and a variant's score does not depend on which others take part. Runs may score above 1
    (better than the target) or below 0 (diverged, or worse than the constant answer).

    Args:
        values: of the metric at the end, float64 (seeds, variants).
        workload: that they are of; its target was fixed beforehand.

    Returns:
        float64 (seeds, variants).

    Raises:
        StudyError: if the target is not better than the constant answer.
    """
    chance, target, measured = workload.chance, workload.target, workload.measured
    if measured.sign * (target - chance) <= 0:
        shown = [f"{measured.scale * value:.4g}{measured.unit}" for value in (target, chance)]
        raise StudyError(
            f"its target of {shown[0]} is not better than the best constant answer's {shown[1]}, "
            "so that scores from the one to the other mean nothing"
        )
    return (values - chance) / (target - chance)


def _trainings(
    results: StudyResults, variants: Sequence[str], one_run: Collection[str]
) -> pd.DataFrame:
    """OF_TRAININGS: which runs those of each variant are."""
    study, table = results.study, results.runs
    own = table[table["variant"].isin(variants) & (table["first_seed"] < study.selection.stop)]
    found = pd.DataFrame(
        {
            "variant": own["variant"],
            "digest": [Path(file).parts[-3] for file in own["history"]],
            "epochs": study.epochs,
            "one_run": own["variant"].isin(one_run),
        }
    )
    return found.drop_duplicates(ignore_index=True)
