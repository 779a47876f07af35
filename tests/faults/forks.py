"""A process that has imported what Snakemake and the scripts of a project use, and forks.

Whatever is asked of it, Snakemake or a script that Snakemake starts, is a fork of that process. The
project's own code is not imported before. Keras is not asked; it accepts everything.
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
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


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


def serve(address: str) -> None:
    """What the process of a `stand_in.Server` does."""
    import snakemake.cli  # noqa: F401
    from snakemake.script import PythonScript

    for name in ("pandas", "scipy.stats", "tabulate", "pydantic", "psutil", "fcntl", "zipfile"):
        importlib.import_module(name)

    def execute_script(self: Any, fname: str, edit: bool = False) -> None:
        code = ask(address, [fname], Path.cwd(), 2).wait()
        if code != 0:
            raise subprocess.CalledProcessError(code, fname)

    PythonScript.execute_script = execute_script
    run = subprocess.run

    def answer(command: Any, **kinds: Any) -> Any:
        if command[-1] != "initstudy.training.checks":
            return run(command, **kinds)
        size = {"problems": [], "weights": 1000, "operations": 1000}
        answers = [size] * len(json.loads(kinds["input"]))
        return subprocess.CompletedProcess(command, 0, json.dumps(answers), "")

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
    serve(sys.argv[1])
