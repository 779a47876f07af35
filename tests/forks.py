"""A process that has imported what Snakemake and the scripts of a project use, and forks.

To import it all takes longer than most of what tests ask for. Whatever is asked of that process,
Snakemake, a script that Snakemake starts, Keras' answer about a configuration or the call of a
user's function, is a fork of it. The project's own code is not imported before. What each fork
would compute again of the same bytes, the digests of our sources and the JavaScript of the
explorer, is known to it.
"""

import atexit
import contextlib
import fcntl
import gc
import hashlib
import importlib
import importlib.machinery
import importlib.metadata
import json
import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parent.parent
CHECKS, CALLED = "initstudy.training.checks", "initstudy.training.calling"
MODULES = ["fcntl", "jinja2", "markdown_it", "nbformat", "pandas", "psutil", "pydantic.dataclasses"]
MODULES += ["scipy.stats", "smart_open", "snakemake.cli", "snakemake.report", "tabulate", "yaml"]
DRAWING = ["agg", "mixed", "svg"]
FOR_REAL_WORK = ["altair", "keras", "matplotlib.figure", "PIL.PngImagePlugin"]
FOR_REAL_WORK += [f"matplotlib.backends.backend_{name}" for name in DRAWING]
# Writes the digests of all sources in a folder, by those of their bytes.
DIGESTS = """
import hashlib, json, pathlib, sys
from initstudy.code import _digest
sources = pathlib.Path(sys.argv[1]).rglob("*.py")
print(json.dumps({hashlib.sha256(one.read_bytes()).hexdigest(): _digest(one) for one in sources}))
"""


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
    """Such a process, which all workers of a run of the tests share.

    The first that needs it starts it, and the last that is through with it ends it.

    Args:
        folder: that the workers share.
        real: whether real networks are trained and real figures drawn, and Keras is asked what it
            accepts; else it accepts everything.
    """

    def __init__(self, folder: Path, real: bool) -> None:
        self._folder, self._real = folder, real
        self._state = folder / f"server-{'real' if real else 'stand-in'}.json"

    def __enter__(self) -> "Server":
        with self._known() as known:
            if not known:
                known |= {"users": 0, **self._started()}
            known["users"] += 1
            self.address: str = known["address"]
        return self

    def __exit__(self, *_: object) -> None:
        with self._known() as known:
            known["users"] -= 1
            if not known["users"]:
                # And all of its forks that are still at work.
                os.killpg(known["process"], signal.SIGKILL)
                shutil.rmtree(Path(self.address).parent)
                known.clear()

    @contextlib.contextmanager
    def _known(self) -> Iterator[dict[str, Any]]:
        """Its address, its process and the number of its users, to change; nothing without it."""
        with self._state.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            known = json.loads(self._state.read_text()) if self._state.exists() else {}
            yield known
            self._state.write_text(json.dumps(known))

    def _started(self) -> dict[str, Any]:
        address = f"{tempfile.mkdtemp()}/socket"
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
        environment = {**os.environ, **quiet, "OPENBLAS_NUM_THREADS": "1", "COLUMNS": "200"}
        process = subprocess.Popen(
            [sys.executable, __file__, address, *(["real"] if self._real else [])],
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        return {"address": address, "process": process.pid}

    def start(self, folder: Path, *arguments: str) -> tuple[Task, Any]:
        """Snakemake at work, and the file of what it says, which whoever asks closes."""
        said = tempfile.TemporaryFile("w+")  # noqa: SIM115
        return ask(self.address, ["snakemake", *arguments], folder, said.fileno()), said


def ask(
    address: str, command: Sequence[str], folder: Path, output: int, *others: int, path: str = ""
) -> Task:
    """Has a server do something.

    Args:
        address: of the server.
        command: `snakemake` with its arguments, a script of Python, or `-m` and a module.
        folder: in which it runs.
        output: where it writes.
        others: where it writes its errors, unless there, too; and what it reads.
        path: in which modules are looked for first.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.connect(address)
    environment = {k: v for k, v in os.environ.items() if k.startswith("INITSTUDY")}
    text = json.dumps([list(command), str(folder), environment, path]).encode()
    socket.send_fds(connection, [text], [output, *others])
    return Task(int(connection.recv(16)), connection)


def serve(address: str, real: bool) -> None:
    """What the process of a `Server` does."""
    for name in [*MODULES, *(FOR_REAL_WORK if real else [])]:
        importlib.import_module(name)
    from snakemake.cli import get_argument_parser
    from snakemake.script import PythonScript

    get_argument_parser()  # it finds all plugins

    def execute_script(self: Any, fname: str, edit: bool = False) -> None:
        code = ask(address, [fname], Path.cwd(), 2).wait()
        if code != 0:
            raise subprocess.CalledProcessError(code, fname)

    PythonScript.execute_script = execute_script
    run = subprocess.run

    def answer(command: Any, **kinds: Any) -> Any:
        words = list(command)
        module = words[words.index("-m") + 1] if "-m" in words else ""
        if real and module == CALLED:
            path = kinds["env"]["PYTHONPATH"]
            code = ask(address, words[words.index("-m") :], Path.cwd(), 2, path=path).wait()
            return subprocess.CompletedProcess(command, code)
        if module != CHECKS:
            return run(command, **kinds)
        if real:
            return _ask_keras(address, command, kinds)
        # The project's, which this process has imported by now.
        from initstudy.costs import dense

        size = {"problems": [], **asdict(dense(28, [16], 10))}
        answers = [size] * len(json.loads(kinds["input"]))
        return subprocess.CompletedProcess(command, 0, json.dumps(answers), "")

    sys.meta_path.insert(0, Digests())
    subprocess.run = answer  # type: ignore[assignment]
    if real:
        import vl_convert

        bundle = _bundle(vl_convert.javascript_bundle)
        vl_convert.javascript_bundle = bundle
    assert not any(name.startswith("initstudy") for name in sys.modules)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    gc.collect()
    gc.freeze()  # so that they share its memory
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


def _ask_keras(address: str, command: Any, kinds: Any) -> Any:
    """What `subprocess.run` does for it."""
    with contextlib.ExitStack() as stack:
        question, said, errors = (
            stack.enter_context(tempfile.TemporaryFile("w+")) for _ in range(3)
        )
        question.write(kinds["input"])
        question.seek(0)
        files = [file.fileno() for file in (said, errors, question)]
        path = kinds["env"]["PYTHONPATH"]
        code = ask(address, command[-2:], Path.cwd(), *files, path=path).wait()
        texts = []
        for file in (said, errors):
            file.seek(0)
            texts.append(file.read())
    return subprocess.CompletedProcess(command, code, *texts)


class Digests:
    """Gives a project's `initstudy.code` the digests of our sources, where it is our own."""

    def __init__(self) -> None:
        self._own = (REPOSITORY / "scripts/initstudy/code.py").read_bytes()
        # In another process, so that none of it is imported in this one.
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "scripts")}
        command = [sys.executable, "-c", DIGESTS, str(REPOSITORY / "scripts")]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
        self._known = json.loads(done.stdout)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if name != "initstudy.code" or spec is None or spec.loader is None or spec.origin is None:
            return None
        if Path(spec.origin).read_bytes() != self._own:
            return None
        execute = spec.loader.exec_module

        def exec_module(module: Any) -> None:
            execute(module)
            digest: Callable[[Path], str] = module._digest

            def known(path: Path) -> str:
                return self._known.get(_content(path)) or digest(path)

            module._digest = known

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _content(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _bundle(make: Callable[..., str]) -> Callable[..., str]:
    """Altair's JavaScript, which takes a second to make, once for each version and question."""
    version = importlib.metadata.version("vl-convert-python")

    def bundle(*arguments: Any, **named: Any) -> str:
        asked = hashlib.sha256(repr([version, arguments, sorted(named.items())]).encode())
        kept = REPOSITORY / ".initstudy" / f"bundle-{asked.hexdigest()[:20]}.js"
        if not kept.exists():
            kept.parent.mkdir(exist_ok=True)
            own = kept.with_suffix(f".{os.getpid()}")
            own.write_text(make(*arguments, **named), encoding="utf-8")
            own.replace(kept)
        return kept.read_text(encoding="utf-8")

    return bundle


def _do(connection: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    atexit._clear()  # what is to be done at the end of the server
    text, descriptors, _, _ = socket.recv_fds(connection, 1 << 20, 3)
    command, folder, environment, path = json.loads(text)
    output, errors, *read = descriptors if len(descriptors) > 1 else descriptors * 2
    for here, given in [(1, output), (2, errors), *((0, one) for one in read)]:
        os.dup2(given, here)
    os.chdir(folder)
    os.environ.update(environment)
    connection.send(str(os.getpid()).encode())
    code: Any = 0
    try:
        if command[0] == "snakemake":
            from snakemake.cli import main

            sys.argv = command
            try:
                main(command[1:])
            finally:
                atexit._run_exitfuncs()
        elif command[0] == "-m":
            sys.argv, sys.path[:1] = command[1:], path.split(os.pathsep)
            runpy.run_module(command[1], run_name="__main__", alter_sys=True)
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
