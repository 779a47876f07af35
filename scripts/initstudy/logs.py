"""The log file of a job."""

import errno
import logging
import os
import platform
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from initstudy.errors import StudyError

# A full disk, a folder that may not be written to: the user can mend it, the program cannot.
BEYOND_THE_PROGRAM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


@contextmanager
def job_log(path: str | Path) -> Iterator[None]:
    """Send all that a job writes to its log: logging, stdout, stderr, errors.

    An error ends the process with exit code 1. What the user can mend is written as it is, any
    other error with its traceback.

    Args:
        path: the log file; it begins empty.
    """
    if "INITSTUDY_BY_HAND" in os.environ:  # As in a debugger, which could not be seen in a log.
        yield
        return
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with Path(path).open("w", buffering=1, encoding="utf-8") as file:
        # The descriptors too, so that what C++ code writes does not go astray.
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)
        sys.stdout = sys.stderr = file
        logging.basicConfig(
            stream=file,
            level=logging.INFO,
            format="%(asctime)s %(levelname)s %(message)s",
            datefmt="%H:%M:%S",
            force=True,
        )
        started = time.perf_counter()
        # Of what is empty Snakemake shows nothing, nor the log of the cluster beside it.
        logging.info("Begun on %s.", platform.node())
        try:
            yield
            logging.info("Done in %.1f s.", time.perf_counter() - started)
        except StudyError as error:
            logging.error("%s", error)
            raise SystemExit(1) from None
        except OSError as error:
            if error.errno not in BEYOND_THE_PROGRAM:
                traceback.print_exc(file=file)
            logging.error("%s", error)
            raise SystemExit(1) from None
        except Exception:  # noqa: BLE001 - the log is the place for all of them
            traceback.print_exc(file=file)
            raise SystemExit(1) from None
