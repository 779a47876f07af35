"""A process that has imported what Snakemake and the scripts of a project use, and forks.

To import it all takes longer than most of what tests ask for. Whatever is asked of that process,
Snakemake or a script that Snakemake starts, is a fork of it. The project's own code is not imported
before.
"""

import contextlib
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MODULES = ["fcntl", "pandas", "psutil", "pydantic", "scipy.stats", "snakemake.cli", "tabulate"]
FOR_REAL_WORK = ["keras", "matplotlib.figure", "altair", "jinja2"]


@dataclass(frozen=True)
class Task:
    """Something that a server does: its process, and the connection that tells its end."""

    pid: int
    connection: socket.socket

    def wait(self) -> int:
        """The exit code; -9 if it was killed."""
        with self.connection:
            answer = self.connection.recv(16)
        return int(answer) if answer else -signal.SIGKILL

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


class Server:
    """Such a process.

    Args:
        real: whether real networks are trained and real figures drawn, and Keras is asked what it
            accepts; else it accepts everything.
    """

    def __init__(self, real: bool) -> None:
        self._real = real

    def __enter__(self) -> "Server":
        self._folder = tempfile.TemporaryDirectory()
        self.address = f"{self._folder.name}/socket"
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
        environment = {**os.environ, **quiet, "OPENBLAS_NUM_THREADS": "1", "COLUMNS": "200"}
        self._process = subprocess.Popen(
            [sys.executable, __file__, self.address, *(["real"] if self._real else [])],
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"
        return self

    def __exit__(self, *_: object) -> None:
        # And all of its forks that are still at work.
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._folder.cleanup()

    def start(self, folder: Path, *arguments: str) -> tuple[Task, Any]:
        """Snakemake at work, and the file of what it says, which whoever asks closes."""
        said = tempfile.TemporaryFile("w+")  # noqa: SIM115
        return ask(self.address, ["snakemake", *arguments], folder, said.fileno()), said


def ask(address: str, command: Sequence[str], folder: Path, output: int) -> Task:
    """Has a server do something.

    Args:
        address: of the server.
        command: `snakemake` with its arguments, or a script of Python.
        folder: in which it runs.
        output: where it writes.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.connect(address)
    environment = {k: v for k, v in os.environ.items() if k.startswith("INITSTUDY")}
    text = json.dumps([list(command), str(folder), environment]).encode()
    socket.send_fds(connection, [text], [output])
    return Task(int(connection.recv(16)), connection)


def serve(address: str, real: bool) -> None:
    """What the process of a `Server` does."""
    for name in [*MODULES, *(FOR_REAL_WORK if real else [])]:
        importlib.import_module(name)
    from snakemake.script import PythonScript

    def execute_script(self: Any, fname: str, edit: bool = False) -> None:
        code = ask(address, [fname], Path.cwd(), 2).wait()
        if code != 0:
            raise subprocess.CalledProcessError(code, fname)

    PythonScript.execute_script = execute_script
    run = subprocess.run

    def answer(command: Any, **kinds: Any) -> Any:
        if command[-1] != "initstudy.training.checks":
            return run(command, **kinds)
        # The project's, which this process has imported by now.
        from initstudy.costs import dense

        size = {"problems": [], **asdict(dense(28, [16], 10))}
        answers = [size] * len(json.loads(kinds["input"]))
        return subprocess.CompletedProcess(command, 0, json.dumps(answers), "")

    if not real:
        subprocess.run = answer  # type: ignore[assignment]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(address)
        listening.listen(64)
        os.write(1, b"ready\n")
        while True:
            connection, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _do(connection)
            connection.close()


def _do(connection: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    text, descriptors, _, _ = socket.recv_fds(connection, 1 << 20, 1)
    command, folder, environment = json.loads(text)
    for descriptor in (1, 2):
        os.dup2(descriptors[0], descriptor)
    os.chdir(folder)
    os.environ.update(environment)
    connection.send(str(os.getpid()).encode())
    code: Any = 0
    try:
        if command[0] == "snakemake":
            from snakemake.cli import main

            sys.argv = command
            main(command[1:])
        else:
            sys.argv, sys.path[0] = command, str(Path(command[0]).parent)
            runpy.run_path(command[0], run_name="__main__")
    except SystemExit as end:
        code = end.code
        if isinstance(code, str):
            print(code, file=sys.stderr)
        code = 1 if isinstance(code, str) else code or 0
    except BaseException:  # noqa: BLE001 - as Python itself does
        traceback.print_exc()
        code = 1
    with contextlib.suppress(ValueError, OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    connection.send(str(code).encode())
    os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1], "real" in sys.argv[2:])
