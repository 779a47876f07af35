"""How a data set of the catalogue comes here: from the first source that has the right arrays."""

import logging
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from initstudy.data.datasets import digest
from initstudy.data.forms import Arrays, Npz
from initstudy.data.sources import Folder, SourceError
from initstudy.data.specs import DatasetSpec, Place
from initstudy.errors import StudyError, reason
from initstudy.results.files import replacing

log = logging.getLogger(__name__)


def download(
    spec: DatasetSpec, path: str | Path, places: Sequence[Place] = (), local: str | None = None
) -> None:
    """Write a data set as a .npz, which appears whole or not at all.

    Args:
        spec: what it must be.
        path: of the file.
        places: where it is looked for, in this order; the catalogue's if none are given. Each one
            that fails is passed over with one warning.
        local: a .npz of it that is looked at before them.

    Raises:
        StudyError: if all fail; it lists each with its reason.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    tried = list(places or spec.places)
    if local:
        own = Path(local).expanduser()
        tried.insert(0, Place(Folder(own.parent), Npz(own.name)))
    failures = []
    for place in tried:
        log.info("Trying %s.", place.source)
        try:
            with tempfile.TemporaryDirectory(dir=target.parent, prefix=".") as folder:
                arrays = _fetch(place, spec, Path(folder))
        except Exception as error:  # noqa: BLE001 - whatever a source does, the next may be good
            log.warning("Passed over %s: %s", place.source, reason(error))
            failures.append(f"  {place.source}: {reason(error)}")
            continue
        with replacing(target) as temporary:
            np.savez(temporary, **arrays)  # type: ignore[arg-type]  # its stub knows no **
        log.info("Wrote %s from %s; its arrays are the right ones.", target, place.source)
        return
    packages = {place.source.debian for place in spec.places if isinstance(place.source, Folder)}
    raise StudyError(
        f"No source has the data set for {target.name}:\n"
        + "\n".join(failures)
        + "\nConnect to the internet, or name a copy of the file: dataset_file in config.yaml"
        + "".join(f"; or install the Debian package {name}" for name in sorted(packages - {""}))
        + "."
    )


def _fetch(place: Place, spec: DatasetSpec, scratch: Path) -> Arrays:
    """Return the arrays of a data set, which are the right ones."""
    # What is compressed may be larger by a little.
    numbers = sum(math.prod(shape) for shape in spec.shapes.values())
    limit = place.form.number_bytes * numbers + 1_000_000
    contents = {file: place.source.read(file, limit, scratch) for file in place.form.files}
    arrays = place.form.arrays(contents, spec.shapes)
    for name, shape in spec.shapes.items():
        if arrays[name].shape != shape:
            raise SourceError(f"{name} has the shape {arrays[name].shape}, not {shape}")
    found = digest(arrays)
    if found != spec.sha256:
        raise SourceError(f"SHA-256 of its arrays is {found}, not {spec.sha256}")
    return arrays
