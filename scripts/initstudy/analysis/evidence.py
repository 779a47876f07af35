"""What the runs of a study are evidence of: nothing, where they do not vary or did not learn.

A comparison has an answer only if runs of several seeds are several runs, and if they learned.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from initstudy.engine.spec import METRIC
from initstudy.results.scores import KEYS
from initstudy.results.study import StudyResults
from initstudy.study import Study

# Runs that are the same differ by how sums are rounded: measured after one epoch of 40,000 examples
# in one batch, by 5e-8 of the loss at most. Of orders that count, they differ in accuracy as well.
ROUNDING = 1e-6
# Metrics are written with nine digits.
DIGITS = 1e-7
# Why nothing can be concluded from a study; templates/nothing.md.jinja has the words.
REASONS = ALL_DIVERGED, NOTHING_LEARNED, ONE_RUN, ONE_CLASS = (
    "all_diverged",
    "nothing_learned",
    "one_run",
    "one_class",
)


@dataclass(frozen=True)
class Evidence:
    """What a study's runs are evidence of.

    Attributes:
        one_run: variants of several seeds that are one and the same run, so that n is 1.
        never_learned: variants of which no run learned anything.
        reason: why nothing at all can be concluded, one of REASONS; empty if something can.
        runs: how many there are.
        constant: what the best constant answer has.
    """

    one_run: Collection[str] = frozenset()
    never_learned: Collection[str] = frozenset()
    reason: str = ""
    runs: int = 0
    constant: float = float("nan")

    def compares(self, one: str, other: str) -> bool:
        """Whether the seeds of two variants can be compared: both must have several runs."""
        return not self.reason and not {one, other} & {*self.one_run}


def of(results: StudyResults) -> Evidence:
    """Find what the runs of a study are evidence of; see `find`."""
    return find(results.study, results.histories, results.final)


def find(study: Study, histories: pd.DataFrame, final: pd.DataFrame) -> Evidence:
    """Find what runs are evidence of.

    Args:
        study: that they belong to.
        histories: `contracts.HISTORIES`.
        final: how they ended, see `histories.final`.
    """
    learned = ~final["diverged"]
    # A loss may be better than another one though every run names the most frequent class alone.
    if study.judge_by == study.metric:
        learned &= beats_constant(final[study.metric], study)
    elif study.judge_by != "loss":
        ahead = study.sign * histories[study.val_metric]
        best = study.sign * ahead.groupby([histories[key] for key in KEYS]).max()
        runs = pd.MultiIndex.from_frame(final[KEYS])
        learned &= beats_constant(best.reindex(runs), study).to_numpy()
    some = learned.groupby(final["variant"], sort=False).any()
    never_learned = frozenset(map(str, some.index[~some]))
    fixed = frozenset(one_run(histories, study))
    reason = ""
    if study.constant == study.perfect:
        reason = ONE_CLASS
    elif final["diverged"].all():
        reason = ALL_DIVERGED
    elif not learned.any():
        reason = NOTHING_LEARNED
    elif {*final["variant"]} - {"best"} <= fixed:
        reason = ONE_RUN
    return Evidence(fixed, never_learned, reason, len(final), study.constant)


def beats_constant(values: "pd.Series[float]", study: Study) -> "pd.Series[bool]":
    """Return which values of the metric are better than the best constant answer's."""
    return study.sign * (values - study.constant) > DIGITS * study.unit


def one_run(histories: pd.DataFrame, study: Study | None = None) -> list[str]:
    """Name the variants of several seeds that are one and the same run.

    Their seeds agree after the first epoch of `contracts.HISTORIES`: in accuracies exactly, in
    losses and errors but for rounding. Later epochs do not count, since rounding may grow: of
    gradient descent with a large learning rate, the same run in another order of sums has ended at
    accuracies from 32 to 93 %. What diverged in the first epoch is not known to agree.

    Different networks have the same error, but for rounding, until they have learned the size of
    large targets, such as prices. So errors agree but for rounding only where sums may be in
    another order: where each batch has all examples. Elsewhere one run has the same bytes.

    Args:
        histories: `contracts.HISTORIES`.
        study: that they belong to; None if it is not known.
    """
    rounding = ROUNDING if study is None or study.perfect or _in_one_batch(study) else 0.0
    first = histories[histories["epoch"] == 1]
    return [
        str(variant)
        for variant, runs in first.groupby("variant", sort=False)
        if len(runs) > 1
        and all(
            _spread(runs[name]) <= (0 if METRIC in name else rounding * runs[name].abs().max())
            for name in runs.columns[-4:]
        )
    ]


def _in_one_batch(study: Study) -> bool:
    """Whether an update sees all examples that are learned from."""
    learned = study.training_images or study.data.examples - study.held_back
    return study.batch_size >= learned


def _spread(values: "pd.Series[float]") -> float:
    """Return the largest less the smallest; nan if one is not a number."""
    return float(np.ptp(values.to_numpy()))
