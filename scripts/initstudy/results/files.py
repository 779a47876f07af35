"""Files that appear whole or not at all, and outlive a power cut.

Whatever is written goes to the disk by way of `sync`, `move` and `make_folder`, so that a test can
stand in for a disk that loses what was not synced.
"""

import errno
import glob
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import Any

import numpy as np

# What file systems answer that cannot sync a folder; they keep its entries in their own way.
_UNSYNCED = {errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES}


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path` and move it there when the block ends well.

    The temporary file has the suffix of `path`, since libraries choose formats by it. Nobody ever
    sees `path` half-written; when this ends, it is on the disk. Its folder is made if need be, and
    what a killed process left beside it is removed.

    Examples:
        >>> with replacing("table.csv") as path:
        ...     frame.to_csv(path)
    """
    target = Path(path)
    make_folders(target.parent)
    _remove_left(target)
    prefix = f".{target.name}.{socket.gethostname()}.{os.getpid()}."
    handle, name = mkstemp(dir=target.parent, prefix=prefix, suffix=target.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes files that only their owner may read; results are for everybody.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        sync(temporary)
        move(temporary, target)
        sync(target.parent)
    except OSError as error:
        # A full disk is met in writing, where the system does not know of which file.
        error.filename = error.filename or str(target)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def write_if_other(path: str | Path, text: str) -> None:
    """Write a text whole, unless the file holds it already: then its time stays."""
    target = Path(path)
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        with replacing(target) as temporary:
            temporary.write_text(text, encoding="utf-8")


def set_aside(path: str | Path) -> Path:
    """Move a file to `<path>.damaged`, or `<path>.damaged-2` and so on, and return where it is."""
    file, number = Path(path), 1
    aside = file.with_name(f"{file.name}.damaged")
    while aside.exists():
        number += 1
        aside = file.with_name(f"{file.name}.damaged-{number}")
    move(file, aside)
    sync(file.parent)
    return aside


def make_folders(folder: Path) -> None:
    """Make a folder and those above it that are missing, each on the disk before the next."""
    if not folder.is_dir():
        make_folders(folder.parent)
        make_folder(folder)
        sync(folder.parent)


def make_folder(folder: Path) -> None:
    """Make one folder, if it is not there."""
    folder.mkdir(exist_ok=True)


def move(source: Path, target: Path) -> None:
    """Give a file another name, at once; what had that name is gone."""
    source.replace(target)


def sync(path: Path) -> None:
    """Wait until a file, or the entries of a folder, are on the disk."""
    folder = path.is_dir()
    try:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if not folder or error.errno not in _UNSYNCED:
            raise


def write_arrays(arrays: Mapping[str, Any], path: str | Path) -> None:
    """Write a .npz, whole or not at all. The same arrays always give the same bytes."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)


def _remove_left(target: Path) -> None:
    """Remove what processes of this machine that are no more have left beside a file."""
    prefix = f".{target.name}.{socket.gethostname()}."
    for left in target.parent.glob(f"{glob.escape(prefix)}*"):
        try:
            os.kill(int(left.name.removeprefix(prefix).partition(".")[0]), 0)
        except ProcessLookupError:
            left.unlink(missing_ok=True)
        except (ValueError, PermissionError):
            continue
