"""One Snakemake at a time in a folder, one job at a time at a seed.

Both are locks of the kernel's, which end with the process, however it ends. Where a file system has
none, nothing is held: some work may then be done twice, and comes to the same bytes.
"""

import errno
import fcntl
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from initstudy.errors import StudyError
from initstudy.results.files import make_folders

log = logging.getLogger(__name__)

# What a file system answers that knows no locks.
UNKNOWN = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


def hold(path: Path) -> int:
    """Hold a folder for as long as this process lives.

    Args:
        path: the file that is locked; it has the process that holds it, and stays.

    Returns:
        The descriptor, which nobody needs to keep, since it is a number; a file would let go.

    Raises:
        StudyError: if another run does, or the file cannot be made.
        PermissionError: if another user may not.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except PermissionError:
        raise
    except OSError as error:
        raise StudyError(f"The lock of this folder cannot be made: {error}") from None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in UNKNOWN:
            log.warning(
                "%s: this file system has no locks; start no second call of Snakemake here.", path
            )
            return held
        os.close(held)
        holder = path.read_text(errors="replace").strip() or "another process"
        raise StudyError(
            f"Another call of Snakemake is at work in this folder ({holder}). Wait until it has "
            "ended, or stop it; a dry run may go on beside it. Nothing was changed."
        ) from None
    os.ftruncate(held, 0)
    os.write(held, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
    return held


class SeedLocks:
    """Lets jobs that share seeds of a run train each of them once.

    Args:
        file: of which each seed has a byte, which need not exist.
    """

    def __init__(self, file: Any) -> None:
        self._file = file

    @contextmanager
    def hold(self, seed: int, wait: bool) -> Iterator[bool]:
        """Hold one seed, if asked as soon as nobody else does; yields whether it is held."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB), 1, seed)
        except (BlockingIOError, PermissionError):
            yield False
            return
        except OSError:
            yield True
            return
        try:
            yield True
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, seed)


@contextmanager
def seed_locks(folder: Path) -> Iterator[SeedLocks]:
    """Open the locks of the seeds whose checkpoints are in a folder, which is made if need be."""
    make_folders(folder)
    with (folder / "lock").open("ab") as file:
        yield SeedLocks(file)
