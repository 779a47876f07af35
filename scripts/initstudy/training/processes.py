"""The process of a job: that it ends when it is not wanted any more, and what it took."""

import os
import resource
import sys
import threading
import time

import psutil


def end_with(pid: int, poll: float = 0.2) -> None:
    """End this process, at once, when another is gone, which is looked at every `poll` seconds.

    A Snakemake that is killed cannot stop its jobs; they would work on beside those of the next
    one.
    """

    def watch() -> None:
        try:
            other = psutil.Process(pid)
            while other.is_running() and other.status() != psutil.STATUS_ZOMBIE:
                time.sleep(poll)
        except psutil.NoSuchProcess:
            pass
        # The main thread may be in compiled code for long, so it is not asked.
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def peak_memory_mb() -> float:
    """Return the largest resident set of this process so far, in units of 2^20 bytes."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)
