"""Which test images each replicate gets right at its end: one bit for each, in .npz files.

A job's file has `hits`, uint8 (seeds, bytes), packed by `numpy.packbits`; `seeds`; and `images`,
how many there are. A diverged replicate gets none right. A study's file has `images` once, and
`<variant>/hits` and `<variant>/seeds` for each variant.
"""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.errors import StudyError
from initstudy.results.outputs import Job, beside, seeds_of


def collect(jobs: Sequence[Job]) -> dict[str, npt.NDArray[Any]]:
    """Joins the hits of many training jobs.

    Args:
        jobs: the variant that each is of, and the path of its history.

    Returns:
        What `files.write_arrays` is to write: `images`, and for each variant `<variant>/hits`,
        uint8 (seeds, bytes), and `<variant>/seeds`, both in the order of the jobs.

    Raises:
        StudyError: names the file of the job, and what is wrong there.
    """
    images: int | None = None
    found: dict[str, list[npt.NDArray[Any]]] = {}
    for variant, history in jobs:
        path = beside(history, "hits")
        try:
            with np.load(path, allow_pickle=False) as file:
                hits, seeds, count = (file[name] for name in ("hits", "seeds", "images"))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise StudyError(f"{path}: it cannot be read ({error}); remove it.") from None
        expected = list(seeds_of(history))
        if seeds.tolist() != expected or hits.shape != (len(expected), (int(count) + 7) // 8):
            raise StudyError(f"{path}: it is not of the seeds {expected[0]} to {expected[-1]}.")
        if images not in (None, int(count)):
            raise StudyError(f"{path}: it is of {count} test images, not of {images}.")
        images = int(count)
        found.setdefault(f"{variant}/hits", []).append(hits)
        found.setdefault(f"{variant}/seeds", []).append(seeds)
    return {"images": np.array(images or 0)} | {
        name: np.concatenate(parts) for name, parts in found.items()
    }


def unpacked(arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[np.bool_]]:
    """Unpack what `collect` gives; see `read`."""
    images = int(arrays["images"])
    return {
        name.removesuffix("/hits"): np.unpackbits(arrays[name], axis=1, count=images) > 0
        for name in arrays
        if name.endswith("/hits")
    }


def read(path: str | Path) -> dict[str, npt.NDArray[np.bool_]]:
    """Reads the hits of a study.

    Args:
        path: of what was written of `collect`.

    Returns:
        For each variant bool (seeds, images), the seeds in the order of its trainings.

    Raises:
        StudyError: if it cannot be read.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return unpacked(file)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise StudyError(f"{path}: it cannot be read ({error}); remove it and run again.") from None
