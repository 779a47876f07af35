"""After a run that was killed: what it left in the folder, and what of it counts."""

import base64
import fcntl
import os
import shutil
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

import yaml


def claim(state: Path) -> TextIO | None:
    """Holds the folder for as long as this process lives; the kernel lets go when it is killed.

    Args:
        state: Snakemake's own folder, `.snakemake`.

    Returns:
        What holds it, to be kept; None if another run does, if the last one was on another
        machine that may share the folder, or if the file system knows no such locks. Snakemake's
        own lock is to be trusted then.
    """
    state.mkdir(exist_ok=True)
    file = (state / "initstudy-run").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return None
    file.seek(0)
    host, before = socket.gethostname(), file.read()
    if before not in ("", host) and (state / "locks").exists():
        return None
    file.truncate(0)
    file.write(host)
    file.flush()
    return file


def forget_killed_run(state: Path, finished: Iterable[Path]) -> bool:
    """Removes what keeps the next run from going on where a killed one stopped.

    To be called by who has claimed the folder. That is Snakemake's lock, and its mark on the files
    of trainings that it had not yet taken note of, though they are whole. Snakemake then knows
    nothing of these files; what they were trained as is in `trained_as`.

    Args:
        state: Snakemake's own folder, `.snakemake`.
        finished: the files of the finished trainings, relative to the working folder.

    Returns:
        Whether a run had been killed.
    """
    locks = state / "locks"
    if not (locks.exists() and any(locks.iterdir())):
        return False
    for path in finished:
        # Longer names are kept in several parts; such a training is just done again.
        mark = base64.urlsafe_b64encode(os.fsencode(path)).decode()
        if len(mark) < 255 and (state / "incomplete" / mark).exists():
            (state / "metadata" / mark).unlink(missing_ok=True)
            (state / "incomplete" / mark).unlink()
    # The last, so that a run that is killed in here is tidied up after by the next.
    shutil.rmtree(locks)
    return True


def trained_as(path: str | Path) -> Any:
    """What a training was, by the file that it writes last; None if it has not written it."""
    try:
        return yaml.load(Path(path).read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except FileNotFoundError:
        return None
