"""What each run makes of each test example at its end, in .npz files.

A job's file has what `jobs.by_example` returns, and `seeds`. A study's file has the same for each
variant, as `<variant>/correct` and `<variant>/seeds`. Version 0.2.0 has written `hits` in the place
of `correct`, with a bit for each, and `images`, their number.
"""

import zipfile
from collections.abc import Iterator, Sequence
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
    files = [beside(history, "examples") for _, history in jobs]
    for (variant, history), path, arrays in zip(jobs, files, _alike(files), strict=True):
        seeds = list(seeds_of(history))
        known = {name: array for name, array in arrays.items() if name != "seeds"}
        shapes = {array.shape for array in known.values()}
        if arrays["seeds"].tolist() != seeds or {shape[:1] for shape in shapes} != {(len(seeds),)}:
            raise StudyError(f"{path}: it is not of the seeds {seeds[0]} to {seeds[-1]}.")
        for _, count in shapes:
            if examples not in (None, count):
                raise StudyError(f"{path}: it is of {count} test examples, not {examples}.")
            examples = count
        for name, array in arrays.items():
            found.setdefault(f"{variant}/{name}", []).append(array)
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _alike(files: Sequence[Path]) -> Iterator[Arrays]:
    """Read the files of jobs, which have the same arrays: all runs of one job may have diverged, so
    that it does not know what examples of the others have.
    """
    parts = [read(path) for path in files]
    names = {name for arrays in parts for name in arrays}
    for arrays in parts:
        if len(names) > 2 and "correct" in arrays:
            nothing = np.full(arrays["correct"].shape, np.nan, np.float32)
            others = dict.fromkeys(sorted(names - {"correct", "seeds"}), nothing)
            yield {**others, "seeds": arrays["seeds"]}
        else:
            yield arrays


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


def by_variant(arrays: Arrays, metric: str) -> Arrays:
    """Return what each variant of a study makes of each example, of what was read.

    Args:
        arrays: as from `read`.
        metric: of the study.

    Returns:
        bool (seeds, examples) of correct predictions, or float32 (seeds, examples) of the metric's
        values.
    """
    found = {}
    for name, array in arrays.items():
        variant, _, kind = name.rpartition("/")
        if kind in ("correct", metric):
            found[variant] = array
    return found
