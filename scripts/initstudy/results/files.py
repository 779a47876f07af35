"""Files that appear whole or not at all, and that tell whether they were changed since."""

import glob
import hashlib
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from initstudy.errors import StudyError


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Gives a temporary path beside `path` and moves it there when the block ends well.

    The temporary file has the suffix of `path`, since libraries choose formats by it. Whatever
    happens, nobody ever sees `path` half-written. What a killed process left beside `path` is
    removed.

    Args:
        path: the file to make; its folder is made if need be.

    Example:
        >>> with replacing("table.csv") as path:
        ...     frame.to_csv(path)
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_left(target)
    prefix = f".{target.name}.{socket.gethostname()}.{os.getpid()}."
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=prefix, suffix=target.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes files that only their owner may read; results are for everybody.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(target)
    except OSError as error:
        # A full disk is met in writing, where the system does not know of which file.
        error.filename = error.filename or str(target)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def write_sum(path: str | Path) -> None:
    """Writes the SHA-256 of a file beside it, to `<path>.sha256`, as `sha256sum` does."""
    file = Path(path)
    with replacing(_sum_file(file)) as temporary:
        temporary.write_text(f"{_sha256(file)}  {file.name}\n")


def check_sum(path: str | Path) -> None:
    """Checks a file against the sum that `write_sum` left beside it, if there is one.

    Raises:
        StudyError: if the file is not what was written.
    """
    file = Path(path)
    if _sum_file(file).exists() and _sum_file(file).read_text().split()[:1] != [_sha256(file)]:
        raise StudyError(
            f"{file}: it was changed since it was written (its SHA-256 is not the one in "
            f"{_sum_file(file).name}). Remove it and run again: it is made anew."
        )


def _remove_left(target: Path) -> None:
    """Removes what processes of this machine that are no more have left beside a file."""
    prefix = f".{target.name}.{socket.gethostname()}."
    for left in target.parent.glob(f"{glob.escape(prefix)}*"):
        try:
            os.kill(int(left.name.removeprefix(prefix).partition(".")[0]), 0)
        except ProcessLookupError:
            left.unlink(missing_ok=True)
        except (ValueError, PermissionError):
            continue


def _sum_file(file: Path) -> Path:
    return file.with_name(f"{file.name}.sha256")


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
