"""One run at a time in a folder: a lock of the kernel's, which ends with the process."""

import errno
import fcntl
import logging
import os
import socket
from pathlib import Path
from typing import TextIO

from initstudy.errors import StudyError

log = logging.getLogger(__name__)

# What a file system answers that knows no locks.
UNKNOWN = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


def hold(path: Path) -> TextIO:
    """Holds a folder for as long as this process lives, however it ends.

    On a file system without such locks nothing is held: two runs at once then do some work twice,
    and write the same bytes.

    Args:
        path: the file that is locked; it tells who holds it, and stays.

    Returns:
        What holds it, to be kept.

    Raises:
        StudyError: if another run does, or the file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
    except OSError as error:
        raise StudyError(f"The lock of this folder cannot be made: {error}") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in UNKNOWN:
            log.warning("%s: this file system has no locks; start no second run here.", path)
            return file
        file.seek(0)
        holder = file.read().strip() or "another process"
        raise StudyError(
            f"Another run is at work in this folder ({holder}). Wait until it has ended, or stop "
            "it; a dry run may go on beside it. Nothing was changed."
        ) from None
    file.truncate(0)
    file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
    file.flush()
    return file
