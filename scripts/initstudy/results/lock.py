"""One run at a time in a folder: a lock of the kernel's, which ends with the process."""

import errno
import fcntl
import logging
import os
import socket
from pathlib import Path

from initstudy.errors import StudyError

log = logging.getLogger(__name__)

# What a file system answers that knows no locks.
UNKNOWN = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


def hold(path: Path) -> int:
    """Holds a folder for as long as this process lives, however it ends.

    On a file system without such locks nothing is held: two runs at once then do some work twice,
    and write the same bytes.

    Args:
        path: the file that is locked; it tells who holds it, and stays.

    Returns:
        The descriptor that holds it. A number, which nobody needs to keep: a file would let go as
        soon as it is not referred to any more.

    Raises:
        StudyError: if another run does, or the file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise StudyError(f"The lock of this folder cannot be made: {error}") from None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in UNKNOWN:
            log.warning(
                ("%s: this file system has no locks; start no second call of Snakemake here."), path
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
