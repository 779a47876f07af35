"""The score of each run: its primary metric, such that the largest is the best."""

import numpy as np
import numpy.typing as npt
import pandas as pd

# By the values of the key `judge_by`: 1 if more is better, -1 if less is.
SIGNS = {"accuracy": 1, "loss": -1, "epochs_to_target": -1, "area_under_curve": 1}
KEYS = ["variant", "seed"]


def scored(
    final: pd.DataFrame, histories: pd.DataFrame, judge_by: str, target: float, epochs: int
) -> pd.DataFrame:
    """Return how each run ended, with its score.

    Args:
        final: see `histories.final`.
        histories: `contracts.HISTORIES` of the same runs.
        judge_by: one of SIGNS.
        target: the accuracy until which epochs are counted.
        epochs: of the study.

    Returns:
        `final` with the column score: the primary metric, times its sign. Accuracy and loss are
        those of `final`, with an infinite loss of a diverged run; the others are of the validation
        examples, where a diverged run has an accuracy of 0 from then on. A run that never reached
        the target has taken infinitely many epochs.
    """
    if judge_by == "accuracy":
        values = final["accuracy"].to_numpy()
    elif judge_by == "loss":
        values = final["loss"].fillna(np.inf).to_numpy()
    elif judge_by == "epochs_to_target":
        reached = histories[histories["val_accuracy"] >= target]
        first = reached.groupby(KEYS, sort=False)["epoch"].min().astype(float)
        values = _of(first, final, np.inf)
    else:
        heights = histories.assign(height=histories["val_accuracy"].fillna(0.0))
        area = heights.groupby(KEYS, sort=False)["height"].sum()
        if epochs > 1:
            ends = heights[heights["epoch"].isin([1, epochs])]
            # By the trapezoidal rule, as `statistics.area_under_curve`.
            area = (area - ends.groupby(KEYS, sort=False)["height"].sum() / 2) / (epochs - 1)
        values = _of(area, final, 0.0)
    return final.assign(score=SIGNS[judge_by] * values)


def _of(found: pd.Series, final: pd.DataFrame, otherwise: float) -> npt.NDArray[np.float64]:
    """Return what was found for each run, in the order of `final`."""
    values = found.reindex(pd.MultiIndex.from_frame(final[KEYS])).fillna(otherwise)
    return np.asarray(values, dtype=np.float64)
