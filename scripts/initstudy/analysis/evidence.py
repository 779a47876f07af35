"""What the runs of a study are evidence of: nothing, where they do not vary or did not learn.

Every test asks whether a difference might be due to the seeds. It has an answer only if runs of
several seeds are several runs, and if they learned something.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from initstudy.results.study import StudyResults
from initstudy.study.problems import count

# Runs that are the same differ by how sums are rounded: measured after one epoch of 40,000 examples
# in one batch, by 5e-8 of the loss at most. Of orders that count, they differ in accuracy as well.
ROUNDING = 1e-6
# Accuracies are written with nine digits.
DIGITS = 1e-7
COPIES = "all seeds of a variant are one and the same run"


@dataclass(frozen=True)
class Evidence:
    """What a study's runs are evidence of.

    Attributes:
        one_run: variants of several seeds that are one and the same run.
        reason: why nothing at all can be concluded; empty if something can.
        advice: what follows of it, and what to do.
    """

    one_run: Collection[str] = frozenset()
    reason: str = ""
    advice: str = ""

    @property
    def nothing(self) -> str:
        """Says that nothing is concluded, why, and what to do; empty if something can be."""
        return f"**Nothing is concluded: {self.reason}.** {self.advice}" if self.reason else ""

    def compares(self, one: str, other: str) -> bool:
        """Whether the seeds of two variants can be tested against each other.

        Where only one of the two varies, the other is a constant that it is compared with. Where
        neither does, there is one difference, however many seeds repeat it.
        """
        return not self.reason and not {one, other} <= {*self.one_run}

    def constant(self, variants: Collection[str]) -> npt.NDArray[np.bool_]:
        """Which of these variants cannot be tested against each other."""
        return np.array([bool(self.reason) or name in self.one_run for name in variants])


def of(results: StudyResults) -> Evidence:
    """What the runs of a study are evidence of; see `find`."""
    study = results.description
    return find(results.histories, results.final, study.chance, study.judge_by)


def find(
    histories: pd.DataFrame, final: pd.DataFrame, chance: float, judge_by: str = "accuracy"
) -> Evidence:
    """What runs are evidence of.

    Args:
        histories: `columns.HISTORY`.
        final: how they ended, see `histories.final`.
        chance: accuracy of always naming the most frequent class.
        judge_by: what they are judged by. A loss may be better than another one though every run
            names the most frequent class alone, so with it only what diverged has learned nothing.
    """
    runs = count(len(final), "run")
    fixed = frozenset(one_run(histories))
    learning = "the learning rate (keys `optimizer` and `learning_rates`)"
    if final["diverged"].all():
        return Evidence(
            fixed,
            f"all {runs} diverged",
            "Their losses stopped being finite, so there is no recommendation. "
            f"Lower {learning}, or scale the `inputs`.",
        )
    reached = final["accuracy"] if judge_by == "accuracy" else histories["val_accuracy"]
    if judge_by != "loss" and not (reached > chance + DIGITS).any():
        return Evidence(
            fixed,
            f"none of the {runs} learned anything",
            "None classifies more examples correctly than always naming the most frequent class "
            f"would ({100 * chance:.1f} %), so there is no recommendation. Change {learning}, or "
            "train for more `epochs`.",
        )
    if set(final["variant"]) - {"best"} <= fixed:
        return Evidence(
            fixed,
            COPIES,
            "Nothing varies between them but how sums are rounded, so n is 1, and whether other "
            "seeds would give the same difference is not known. Set `vary: [weights, order]` and "
            "a `batch_size` below the number of training examples; initializers in your own files "
            "must draw from their seed.",
        )
    return Evidence(fixed)


def one_run(histories: pd.DataFrame) -> list[str]:
    """The variants of several seeds that are one and the same run.

    Those whose seeds agree after the first epoch, in both accuracies exactly and in both losses but
    for rounding. Later epochs are not asked, since what was rounded may grow without bound: of
    gradient descent with a large learning rate, the same run in another order of sums has ended
    at accuracies from 32 to 93 %. What diverged in the first epoch is not known to agree.

    Args:
        histories: `columns.HISTORY`.
    """
    first = histories[histories["epoch"] == 1]
    return [
        str(variant)
        for variant, runs in first.groupby("variant", sort=False)
        if len(runs) > 1
        and all(_spread(runs[name]) == 0 for name in ("accuracy", "val_accuracy"))
        and all(
            _spread(runs[name]) <= ROUNDING * runs[name].abs().max()
            for name in ("loss", "val_loss")
        )
    ]


def _spread(values: "pd.Series[float]") -> float:
    """The largest less the smallest; nan if one is not a number."""
    return float(np.ptp(values.to_numpy()))
