"""Data in other forms than .npz: read once, and kept by the digest of their arrays.

What was found out about a file, a folder or a function is kept beside, by all that decides it; so
neither a dry run nor a job reads or calls it again.
"""

import functools
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from initstudy.data import own_functions, own_pictures, own_tables
from initstudy.data.made import Made
from initstudy.engine.spec import is_custom
from initstudy.errors import StudyError
from initstudy.results.files import make_folders, replacing

FOLDER = Path(".initstudy/data")
TABLES = (".csv", ".tsv")
# Packages whose modules have another name.
PACKAGES = {"PIL": "pillow"}
# What reading takes of the machine's memory, for each byte of a table's file and of pictures.
OF_TABLE, OF_PICTURES = 3, 2


def is_table(dataset: str) -> bool:
    """Whether a data set is a table; some programs write its ending in capitals."""
    return dataset.lower().endswith(TABLES)


def arrays_file(sha256: str) -> Path:
    """Return the .npz of arrays, by their digest."""
    return FOLDER / f"{sha256}.npz"


def known_file(dataset: str, content: str, reading: Mapping[str, Any]) -> Path:
    """Return the file of what is known of a data set.

    Args:
        dataset: as the configuration names it.
        content: its digest.
        reading: how it is read, as plain values.
    """
    asked = json.dumps([dataset, content, dict(sorted(reading.items())), _this_code()])
    return FOLDER / f"{hashlib.sha256(asked.encode()).hexdigest()[:20]}.json"


def content_of(dataset: str, source: str) -> str:
    """Return the SHA-256 of what a data set is made of: of a file, of all pictures, or of code."""
    if is_custom(dataset):
        return source
    if not dataset.endswith("/"):
        return file_sha256(dataset)
    total = hashlib.sha256()
    for path in own_pictures.layout(dataset).files:
        total.update(f"{path.relative_to(dataset)} {file_sha256(path)}\n".encode())
    return total.hexdigest()


def made_of(dataset: str, target: tuple[str, ...], metric: str) -> Made:
    """Read a table or pictures, or call a function.

    Raises:
        StudyError: if it is not as it must be, or larger than this machine's memory.
    """
    make_folders(FOLDER)
    try:
        if is_custom(dataset):
            return own_functions.call(dataset, FOLDER)
        if is_table(dataset):
            _check_memory(dataset, OF_TABLE * Path(dataset).stat().st_size)
            return own_tables.read_table(dataset, target, metric)
        found = own_pictures.layout(dataset)
        _check_memory(dataset, OF_PICTURES * found.bytes)
        return own_pictures.read_pictures(found)
    except ModuleNotFoundError as error:  # Of the environment that starts Snakemake alone.
        raise StudyError(
            f"{dataset} cannot be read: the environment that starts Snakemake lacks the package "
            f"{PACKAGES.get(str(error.name), error.name)}."
        ) from None


def keep(arrays: Mapping[str, Any], sha256: str) -> None:
    """Write arrays by their digest, unless they are there."""
    if not arrays_file(sha256).exists():
        with replacing(arrays_file(sha256)) as path, path.open("wb") as file:
            np.savez(file, **arrays)


def file_sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def memory() -> int:
    """Return the bytes of memory that this machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _check_memory(dataset: str, needed: int) -> None:
    if needed > memory():
        raise StudyError(
            f"{dataset} takes about {needed / 1e9:.3g} GB of memory to be read, and this machine "
            f"has {memory() / 1e9:.3g} GB. Take a part of it."
        )


@functools.cache
def _this_code() -> str:
    """Return the digest of this folder, another version of which may read data in another way."""
    total = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        total.update(path.read_bytes())
    return total.hexdigest()
