"""What a study brings to a suite, where it is one workload of several."""

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from initstudy.analysis import evidence, learning_rates
from initstudy.analysis.decisions import Correct
from initstudy.analysis.evidence import DIGITS, ONE_RUN, Evidence
from initstudy.analysis.levels import Floats
from initstudy.analysis.measures import MEASURES, Measure
from initstudy.errors import StudyError
from initstudy.results.study import StudyResults
from initstudy.results.suite import TRAININGS, SuiteResults
from initstudy.study import Study, hidden_layers

# Of SCORES and of TRAININGS those of one study; they are by variant.
RUNS = ["variant", "seed", "accuracy", "epochs_to_target"]
OF_TRAININGS = TRAININGS[1:]
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
            validation=study.held_out,
            inputs=asked["inputs"],
            network=network,
            optimizer=optimizer if isinstance(optimizer, str) else optimizer["class_name"],
            learning_rates=asked["learning_rates"] if study.tuned else [],
            epochs=study.epochs,
            judge_by=study.judge_by,
            margin=study.margin if study.judge_by == "accuracy" else None,
            chance=study.constant,
            target=study.target_accuracy,
            kinds=list(tags),
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
    def metric(self) -> Measure:
        """By which its learning rates are chosen."""
        return MEASURES[self.judge_by]


@dataclass(frozen=True, eq=False)
class Entry:
    """What a study brings to a suite: its rows of the suite's tables.

    Attributes:
        workload: what it is.
        runs: RUNS of each variant and seed: the final accuracy of the test examples, and the epochs
            until that of the validation examples reached the target; inf if it never did.
        trials: `learning_rates.COLUMNS` of its tuning runs; empty if there were none.
        trainings: OF_TRAININGS: which run each variant is of, and whether all seeds are one run, so
            that n is 1.
        correct: which test examples each run gets right, bool (seeds, examples) by variant; those
            of which it is not known are missing.
    """

    workload: Workload
    runs: pd.DataFrame
    trials: pd.DataFrame
    trainings: pd.DataFrame
    correct: Correct = field(default_factory=dict, repr=False)

    @functools.cached_property
    def variants(self) -> list[str]:
        """Names of those that are compared, in the order of the columns of all that follows."""
        return list(dict.fromkeys(self.runs["variant"]))

    @functools.cached_property
    def accuracies(self) -> Floats:
        """Final accuracies, float64 (seeds, variants)."""
        return self._by_seed("accuracy")

    @functools.cached_property
    def scores(self) -> Floats:
        """Accuracies as scores, see `normalized`.

        Raises:
            StudyError: names the study, if its target is not above chance.
        """
        try:
            return normalized(self.accuracies, self.workload.chance, self.workload.target)
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
        """Mean share of test examples that are wrong, float64 (variants,).

        They are compared by their ratios, so what makes no error at all counts as half of an error
        on one of the seeds. The smallest gap between two accuracies is taken for an error.
        """
        accuracies = self.accuracies
        found = 1 - np.sort(accuracies, axis=0).mean(axis=0)
        gaps = np.diff(np.unique([*accuracies.ravel(), 1.0]))
        # Tables have nine digits.
        gaps = gaps[gaps > 1e-8]
        least = float(gaps.min()) / 2 / len(accuracies) if gaps.size else 1.0
        return np.asarray(np.maximum(found, least))

    @functools.cached_property
    def evidence(self) -> Evidence:
        """What its runs are evidence of."""
        best = self.accuracies.max(axis=0)
        never = best <= self.workload.chance + DIGITS
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
            {name: rows for name, rows in self.correct.items() if name in variants},
        )

    def beside(self, other: "Entry") -> "Entry":
        """Put the variants of another one behind its own, on the seeds that it has itself."""
        same = other.runs["seed"].isin(self.runs["seed"])
        return Entry(
            self.workload,
            pd.concat([self.runs, other.runs[same]]),
            pd.concat([self.trials, other.trials]),
            pd.concat([self.trainings, other.trainings]),
            {**self.correct, **other.correct},
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
    metrics = ("accuracy", "epochs_to_target")
    seeds = study.selection
    runs = pd.concat(
        pd.DataFrame(
            {"variant": name, "seed": seeds}
            | {metric: results.accuracies(name, seeds, metric) for metric in metrics}
        )
        for name in variants
    )
    counted = 1 if known.reason == ONE_RUN else len(seeds)
    trials = pd.DataFrame(columns=learning_rates.COLUMNS)
    if study.tuned:
        trials = learning_rates.read(results.learning_rates_file)
    return Entry(
        Workload.of_study(study, tags),
        runs[runs["seed"] < counted],
        trials[trials["variant"].isin(variants)],
        _trainings(results, variants, known.one_run),
        {name: results.correct[name][:counted] for name in variants},
    )


def of_tables(tables: SuiteResults, workload: Workload, variants: Sequence[str] = ()) -> Entry:
    """Read what a study brings to a suite from the suite's tables.

    Args:
        tables: of the suite.
        workload: which study, and what it is.
        variants: those that are read; all if there are none.
    """

    def own(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
        return table[table["study"] == workload.study][columns].reset_index(drop=True)

    found = Entry(
        workload,
        own(tables.scores, RUNS),
        own(tables.trials, learning_rates.COLUMNS),
        own(tables.trainings, OF_TRAININGS),
        tables.correct(workload.study),
    )
    return found.of(variants or found.variants)


def of_suite(tables: SuiteResults) -> list[Entry]:
    """Read the studies of a suite from its tables."""
    rows: Any = tables.workloads.to_dict("records")
    return [of_tables(tables, Workload.of_row(row)) for row in rows]


def normalized(accuracies: Floats, chance: float, target: float) -> Floats:
    """Rescale accuracies of one study, so that chance is 0 and its target is 1.

    So studies count alike, whether their accuracies lie between 90 and 95 % or between 10 and 50 %,
    and a variant's score does not depend on which others take part. Runs may score above 1
    (better than the target) or below 0 (diverged, or worse than chance).

    Args:
        accuracies: final ones, float64 (seeds, variants).
        chance: accuracy of always naming the most frequent class.
        target: the study's `target_accuracy`, which was fixed beforehand.

    Returns:
        float64 (seeds, variants).

    Raises:
        StudyError: if the target is not above chance.
    """
    if target <= chance:
        raise StudyError(
            f"its target_accuracy of {100 * target:.2f} % is not above the majority-class "
            f"accuracy of {100 * chance:.2f} %, so that scores from the one to the other mean "
            "nothing"
        )
    return (accuracies - chance) / (target - chance)


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
