"""Which test examples each run classifies correctly at its end, in .npz files.

A job's file has `correct`, bool (seeds, examples), and `seeds`; a diverged run classifies none
correctly. A study's file has `<variant>/correct` and `<variant>/seeds` for each variant. Version
0.2.0 has written `hits` in the place of `correct`, with a bit for each, and `images`, their number.
"""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.errors import StudyError
from initstudy.results.jobs import Job, beside, seeds_of

Arrays = dict[str, npt.NDArray[Any]]
OLD = "hits"


def collect(jobs: Sequence[Job]) -> Arrays:
    """Join the files of many jobs.

    Args:
        jobs: the variant that each is of, and the path of its history.

    Returns:
        What `files.write_arrays` is to write for the study, the seeds in the order of the jobs.

    Raises:
        StudyError: names the file of the job, and what is wrong there.
    """
    examples: int | None = None
    found: dict[str, list[npt.NDArray[Any]]] = {}
    for variant, history in jobs:
        path = beside(history, "examples")
        arrays, seeds = read(path), list(seeds_of(history))
        correct = arrays.get("correct", np.zeros(0))
        if correct.ndim != 2 or arrays["seeds"].tolist() != seeds or len(correct) != len(seeds):
            raise StudyError(f"{path}: it is not of the seeds {seeds[0]} to {seeds[-1]}.")
        if examples not in (None, correct.shape[1]):
            raise StudyError(f"{path}: it is of {correct.shape[1]} test examples, not {examples}.")
        examples = correct.shape[1]
        for name in ("correct", "seeds"):
            found.setdefault(f"{variant}/{name}", []).append(arrays[name])
    return {name: np.concatenate(parts) for name, parts in found.items()}


def read(path: str | Path) -> Arrays:
    """Read the file of a job or of a study, as it is written today.

    Raises:
        StudyError: if it cannot be read.
    """
    found: Arrays = {}
    try:
        with np.load(path, allow_pickle=False) as file:
            for name in file.files:
                if name.endswith(OLD):
                    bits = np.unpackbits(file[name], axis=1, count=int(file["images"]))
                    found[f"{name.removesuffix(OLD)}correct"] = bits > 0
                elif name != "images":
                    found[name] = file[name]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise StudyError(f"{path}: it cannot be read ({error}); remove it and run again.") from None
    return found


def by_variant(arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[np.bool_]]:
    """Return for each variant of a study bool (seeds, examples), of what was read."""
    ending = "/correct"
    return {
        name.removesuffix(ending): array for name, array in arrays.items() if name.endswith(ending)
    }
