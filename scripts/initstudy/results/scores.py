"""The metrics of each run, and its score: the primary metric, such that the largest is the best."""

import numpy as np
import pandas as pd

from initstudy.study import Study

# By the values of the key `judge_by`: 1 if more is better, -1 if less is.
SIGNS = {"accuracy": 1, "loss": -1, "epochs_to_target": -1, "area_under_curve": 1}
KEYS = ["variant", "seed"]


def scored(final: pd.DataFrame, histories: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return how each run ended, with all of its metrics and its score.

    Args:
        final: see `histories.final`.
        histories: `contracts.HISTORIES` of the same runs.
        study: that they belong to.

    Returns:
        `final` with three more columns. Of the validation examples epochs_to_target, inf if the run
        never reached the target accuracy, and area_under_curve, the mean height of the curve by the
        trapezoidal rule, where a diverged run has an accuracy of 0 from then on. And score: the
        primary metric times its sign, for which a diverged run has an infinite loss.
    """
    reached = histories[histories["val_accuracy"] >= study.target_accuracy]
    first = reached.groupby(KEYS, sort=False)["epoch"].min()
    heights = histories.assign(height=histories["val_accuracy"].fillna(0.0))
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
    return found.assign(score=SIGNS[study.judge_by] * primary)
