"""What a study brings to a suite, where it is one workload of several."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from initstudy.analysis.decisions import Correct
from initstudy.analysis.evidence import DIGITS, Evidence
from initstudy.analysis.levels import Floats
from initstudy.analysis.measures import MEASURES, Measure
from initstudy.errors import StudyError

# A run has failed if its score is below this: if it ends nearer to chance than to the target.
FAILED = 0.5


@dataclass(frozen=True)
class Workload:
    """What a study is: a row of the table of workloads.

    Attributes:
        study: its name.
        dataset: that it learns.
        training: examples that it learns from; "all" for those that are not held out.
        validation: examples that are held out; 0 if the test set is used.
        inputs: how they are scaled.
        network: in a few words, or the function that makes it.
        optimizer: its name.
        learning_rates: that were tried; empty if none were.
        epochs: of each run.
        judge_by: by which its learning rates are chosen.
        margin: the smallest difference of accuracies that matters; None if any does.
        chance: accuracy of always naming the most frequent class.
        target: an accuracy that was fixed beforehand.
        kinds: words by which it is grouped with others.
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

    @property
    def measure(self) -> Measure:
        """By which its learning rates are chosen."""
        return MEASURES[self.judge_by]


@dataclass(frozen=True)
class Entry:
    """What a study brings to a suite.

    Attributes:
        workload: what it is.
        accuracies: final ones, of the test examples, float64 (seeds, variants).
        epochs_to_target: of the same runs, on validation examples; inf if never.
        rates: of its tuning, `learning_rates.COLUMNS`; None if there was none.
        one_run: variants whose seeds are one and the same run, so that n is 1.
        correct: which test examples each run gets right, bool (seeds, examples) by variant; those
            of which it is not known are missing.
    """

    workload: Workload
    accuracies: Floats
    epochs_to_target: Floats
    rates: pd.DataFrame | None = None
    one_run: Collection[str] = frozenset()
    correct: Correct = field(default_factory=dict, repr=False, compare=False)

    @property
    def scores(self) -> Floats:
        """Accuracies as scores, see `normalized`.

        Raises:
            StudyError: names the study, if its target says nothing.
        """
        try:
            return normalized(self.accuracies, self.workload.chance, self.workload.target)
        except StudyError as error:
            raise StudyError(f"{self.workload.study}: {error}.") from None

    @property
    def times(self) -> Floats:
        """Shares of the epochs until the target was reached; inf where it never was."""
        return self.epochs_to_target / self.workload.epochs

    @property
    def has_budgets(self) -> bool:
        """Whether its learning rates were tried on seeds enough to choose and to judge."""
        return self.rates is not None and len(set(self.rates["seed"])) > 1

    @property
    def errors(self) -> Floats:
        """Mean share of test examples that are wrong, float64 (variants,).

        They are compared by their ratios, so what makes no error at all counts as half of an error
        on one of the seeds. The smallest gap between two accuracies is taken for an error.
        """
        found = 1 - np.sort(self.accuracies, axis=0).mean(axis=0)
        gaps = np.diff(np.unique([*self.accuracies.ravel(), 1.0]))
        # Tables have nine digits.
        gaps = gaps[gaps > 1e-8]
        least = float(gaps.min()) / 2 / len(self.accuracies) if gaps.size else 1.0
        return np.asarray(np.maximum(found, least))

    def evidence(self, variants: Sequence[str]) -> Evidence:
        """Find what its runs are evidence of.

        Args:
            variants: names of the columns.
        """
        best = self.accuracies.max(axis=0)
        never = frozenset(
            name
            for name, most in zip(variants, best, strict=True)
            if most <= self.workload.chance + DIGITS
        )
        one_run = self.one_run if len(self.accuracies) > 1 else frozenset(variants)
        return Evidence(one_run, never, "", self.accuracies.size, self.workload.chance)

    def ordered(self, variants: Sequence[str], order: Sequence[str]) -> "Entry":
        """Sort its columns.

        Args:
            variants: names of the columns.
            order: the same names, as the columns are to stand.
        """
        places = [list(variants).index(name) for name in order]
        return replace(
            self,
            accuracies=self.accuracies[:, places],
            epochs_to_target=self.epochs_to_target[:, places],
        )


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
