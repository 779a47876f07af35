"""The metrics of each run, and its score: the primary metric, such that the largest is the best."""

import numpy as np
import pandas as pd

from initstudy.results.histories import bounded
from initstudy.study import Study

KEYS = ["variant", "seed"]


def scored(final: pd.DataFrame, histories: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return how each run ended, with all of its metrics and its score.

    Args:
        final: see `histories.final`.
        histories: `contracts.HISTORIES` of the same runs.
        study: that they belong to.

    Returns:
        `final` with three more columns. Of the validation examples epochs_to_target, inf if the run
        never reached the target, and area_under_curve, the mean height of the metric's curve by
        the trapezoidal rule, with heights as `histories.bounded` has them. And score: the primary
        metric times its sign, for which a diverged run has an infinite loss.
    """
    ahead = study.sign * (histories[study.val_metric] - study.target)
    reached = histories[ahead >= 0]
    first = reached.groupby(KEYS, sort=False)["epoch"].min()
    heights = histories.assign(height=bounded(histories[study.val_metric], study, "val"))
    area = heights.groupby(KEYS, sort=False)["height"].sum()
    if study.epochs > 1:
        ends = heights[heights["epoch"].isin([1, study.epochs])]
        area -= ends.groupby(KEYS, sort=False)["height"].sum() / 2
        area /= study.epochs - 1
    runs = pd.MultiIndex.from_frame(final[KEYS])
    found = final.assign(
        epochs_to_target=first.reindex(runs).fillna(np.inf).to_numpy(dtype=np.float64),
        area_under_curve=area.reindex(runs).to_numpy(),
    )
    primary = found[study.judge_by]
    if study.judge_by == "loss":
        primary = primary.fillna(np.inf)
    return found.assign(score=sign_of(study) * primary)


def sign_of(study: Study) -> int:
    """Return 1 if more of what variants are judged by is better, -1 if less is."""
    return study.sign if study.judge_by in (study.metric, "area_under_curve") else -1
