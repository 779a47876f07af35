"""The table of diagnostics: its contract, kept in one place for those who write and read it.

It has a row per variant, seed, epoch and layer: the seeds in order, for each the
`moments` of the training; the layers from 1 at the input. A replicate that diverged has
no rows from that epoch on. A measure that is not a finite number is `nan`.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from initstudy.errors import StudyError
from initstudy.results.columns import DIAGNOSTICS, MEASURES, SHARES, moments
from initstudy.results.outputs import Collected, Job, collected, replicates
from initstudy.results.tables import check, read_table

WHOLE = ["seed", "epoch", "layer", "units"]
WORDS = ["name"]


def read(path: str | Path, epochs: int) -> pd.DataFrame:
    """Reads diagnostics and checks that they keep the contract.

    Args:
        path: a CSV file with DIAGNOSTICS.
        epochs: of the study.

    Returns:
        DIAGNOSTICS: variant and name str, seed, epoch, layer and units int64, the measures
        float64.

    Raises:
        StudyError: names the file, the line and what is wrong there.
    """
    frame = read_table(path, DIAGNOSTICS, WHOLE, words=WORDS)
    _check_contract(path, frame, epochs)
    return frame


def collect(jobs: Sequence[Job], epochs: int) -> Collected:
    """Joins the diagnostics of many training jobs, and checks that they keep the contract.

    Args:
        jobs: the variant that each is of, and the path of its history.
        epochs: of the study.

    Returns:
        The table as text and as numbers, see `read`.

    Raises:
        StudyError: names the file of the job, the line and what is wrong there.
    """

    def check_all(path: str | Path, frame: pd.DataFrame, jobs: Sequence[Job]) -> None:
        begins = _check_contract(path, frame, epochs)
        found = list(frame.loc[begins, ["variant", "seed"]].itertuples(index=False, name=None))
        expected = replicates(jobs)
        for one, other in zip(found, expected, strict=False):
            if one != other:
                raise StudyError(f"{path}: it has {_named(one)} where {_named(other)} must be.")
        if len(found) != len(expected):
            raise StudyError(f"{path}: it has {len(found)} runs, not {len(expected)}.")

    optional = [*WORDS, *MEASURES]
    return collected(jobs, "diagnostics", DIAGNOSTICS, WHOLE, check_all, optional, WORDS)


def start_alike(table: pd.DataFrame) -> set[str]:
    """The variants whose replicates all start from the same network, so that they draw nothing.

    Args:
        table: DIAGNOSTICS of at least two replicates each.
    """
    first = table[table["epoch"] == 0]
    keys = ["variant", "layer"]
    measures = first[MEASURES].fillna(np.inf)
    alike = measures == measures.groupby([first[key] for key in keys]).transform("first")
    found = alike.all(axis=1).groupby(first["variant"]).all()
    alone = first.groupby("variant")["seed"].nunique() < 2
    return {str(name) for name in found.index[found & ~alone]}


def _check_contract(path: str | Path, frame: pd.DataFrame, epochs: int) -> npt.NDArray[np.bool_]:
    """Checks what every table must keep, and returns where its replicates begin."""
    values, shares = frame[MEASURES].to_numpy(), frame[SHARES].to_numpy()
    check(path, np.isinf(values).any(1), "has an infinite number; it must be nan")
    check(path, ((shares < 0) | (shares > 1)).any(1), "has a share outside 0..1")

    # Each row must follow from the one before it: the next layer, the next moment, or a replicate.
    replicate = frame[["variant", "seed"]]
    begins = (replicate != replicate.shift()).any(axis=1).to_numpy()
    enters = begins | (frame["epoch"] != frame["epoch"].shift()).to_numpy()
    layer = frame["layer"].to_numpy()
    before = np.where(enters, 0, frame["layer"].shift(fill_value=0).to_numpy())
    check(path, layer != before + 1, "does not have the layer that follows")
    due = moments(epochs)
    moment = np.searchsorted(due, frame["epoch"])
    before = np.where(begins, -1, np.roll(moment, 1))[enters]
    wrong = enters.copy()
    wrong[enters] = moment[enters] != before + 1
    wrong |= ~frame["epoch"].isin(due).to_numpy()
    check(path, wrong, f"does not have the epoch that follows; they are {', '.join(map(str, due))}")
    ends = np.append(enters[1:], True)[: len(frame)]
    layers = layer.max(initial=0)
    check(path, ends & (layer != layers), f"is its epoch's last, but there are {layers} layers")
    return np.asarray(begins)


def _named(replicate: tuple[str, int]) -> str:
    return f"seed {replicate[1]} of {replicate[0]}"
