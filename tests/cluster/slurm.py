"""A real SLURM of two nodes on this machine, for tests and measurements. Needs root."""

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

CONFIGURATION = Path("/etc/slurm/slurm.conf")  # job steps look nowhere else
TEMPLATE = Path(__file__).with_name("slurm.conf")
MODULES = ["snakemake_executor_plugin_slurm", "snakemake_executor_plugin_cluster_generic"]
PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "sinfo"]


def obstacle() -> str | None:
    """Why no such cluster can be started here, if so."""
    if os.geteuid() != 0:
        return "only root may start a SLURM here"
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        return f"no {missing[0]} here; on Debian tests/install-debian-packages installs it"
    if any(importlib.util.find_spec(module) is None for module in MODULES):
        return "the executors for SLURM are not installed; make cluster installs them"
    marker = TEMPLATE.read_text().splitlines()[0]
    if CONFIGURATION.exists() and not CONFIGURATION.read_text().startswith(marker):
        return f"this machine has a SLURM of its own ({CONFIGURATION})"
    return None


class Slurm:
    """The daemons, started by hand and stopped by process id."""

    nodes = ("node1", "node2")

    def __init__(self, state: Path) -> None:
        self.state = state
        self.daemons: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        self.state.chmod(0o755)  # a job of any user starts from there
        for name in ["ctld", *(f"spool.{node}" for node in self.nodes)]:
            (self.state / name).mkdir(parents=True)
        host = socket.gethostname().split(".")[0]
        text = TEMPLATE.read_text().replace("@HOST@", host).replace("@STATE@", str(self.state))
        CONFIGURATION.parent.mkdir(exist_ok=True)
        CONFIGURATION.write_text(text)
        Path("/run/munge").mkdir(parents=True, exist_ok=True)
        shutil.chown("/run/munge", "munge", "munge")
        self._run("munged", "runuser", "-u", "munge", "--", "munged", "--foreground", "--force")
        self.start_controller()
        for node in self.nodes:
            self.start_node(node)
        self.wait_for_nodes()

    def stop(self) -> None:
        subprocess.run(["scancel", "--me"], timeout=30, check=False)
        for name in reversed(list(self.daemons)):
            self.stop_daemon(name)
        CONFIGURATION.unlink(missing_ok=True)

    def start_controller(self) -> None:
        self._run("slurmctld", "slurmctld", "-D")
        self._wait_until(lambda: _ask("scontrol", "ping").returncode == 0)

    def start_node(self, node: str) -> None:
        self._run(node, "slurmd", "-D", "-N", node)

    def stop_daemon(self, name: str) -> None:
        """Ends a daemon; the job steps of a node die with it."""
        process = self.daemons.pop(name)
        below = (
            psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        )
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for child in below:
            if child.is_running():
                child.kill()

    def crash(self, node: str) -> list[str]:
        """A node's power fails: its daemon and all its jobs are gone without a word.

        Returns:
            The numbers of those jobs.
        """
        lost = [
            number
            for number, job in self.jobs().items()
            if job["node"] == node and job["state"] == "RUNNING"
        ]
        daemon = self.daemons.pop(node)
        daemon.kill()
        daemon.wait()
        for process in psutil.process_iter(["cmdline"]):
            command = " ".join(process.info["cmdline"] or [])
            if any(command.startswith(f"slurmstepd: [{number}.") for number in lost):
                for victim in [process, *process.children(recursive=True)]:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        victim.kill()
        return lost

    def wait_for_nodes(self) -> None:
        self._wait_until(lambda: self.states() == dict.fromkeys(self.nodes, "idle"))

    def states(self) -> dict[str, str]:
        """Each node's state: idle, mixed, allocated, down ..."""
        lines = _ask("sinfo", "--noheader", "--Node", "--format=%N %t").stdout.split("\n")
        return dict(line.split() for line in lines if line.strip())

    def jobs(self) -> dict[str, dict[str, str]]:
        """All jobs of the last minutes by their number: name, state, node, folder."""
        keys = ["name", "state", "node", "folder"]
        answer = _ask("squeue", "--noheader", "--states=all", "--format=%i|%j|%T|%N|%Z")
        rows = [line.split("|") for line in answer.stdout.split("\n") if line.strip()]
        return {row[0]: dict(zip(keys, row[1:], strict=True)) for row in rows}

    def _run(self, name: str, *command: str) -> None:
        log = (self.state / f"{name}.out").open("ab")
        self.daemons[name] = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.state)

    def _wait_until(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        ends = time.time() + seconds
        while not condition():
            for name, daemon in self.daemons.items():
                if daemon.poll() is not None:
                    said = (self.state / f"{name}.out").read_text()
                    raise RuntimeError(f"{name} ended with {daemon.returncode}: {said}")
            if time.time() > ends:
                raise TimeoutError(f"SLURM is not ready after {seconds} s: {self.states()}")
            time.sleep(0.2)


def _ask(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
