"""A job ends with the process that it is for, and knows what it took."""

import subprocess
import sys
import time

from helpers import REPOSITORY

from initstudy.training.processes import peak_memory_mb

JOB = """
import sys, time
sys.path.append({scripts!r})
from initstudy.training.processes import end_with
end_with(int(sys.argv[1]), poll=0.05)
print("at work", flush=True)
time.sleep(60)
"""


def test_a_job_ends_with_another_process() -> None:
    other = subprocess.Popen(["sleep", "60"])
    code = JOB.format(scripts=str(REPOSITORY / "scripts"))
    command = [sys.executable, "-c", code, str(other.pid)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as job:
        try:
            assert job.stdout is not None
            assert job.stdout.readline() == "at work\n"
            time.sleep(0.5)
            assert job.poll() is None
            other.kill()  # and not waited for, so that it is a zombie
            assert job.wait(timeout=20) == 1
            other.wait()
            # One that was gone before.
            assert subprocess.run(command, stdout=subprocess.DEVNULL, timeout=20).returncode == 1
        finally:
            other.kill()
            job.kill()


def test_the_memory_that_a_process_took() -> None:
    block = bytearray(300 * 2**20)
    block[::4096] = b"x" * len(block[::4096])
    assert 300 < peak_memory_mb() < 20_000
