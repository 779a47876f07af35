"""A training job is killed at each point at which it touches the disk, or loses its power there.

Whatever had been reached, the same command then comes to the same bytes, and trains again no more
than the epoch that it was in.
"""

import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp
from typing import Any

import pytest
from faults import small_training
from faults.small_training import EPOCHS, SEEDS, work
from helpers import ALL_TESTS, LIBRARY, REPOSITORY

from initstudy.results import checkpoints, files
from initstudy.results.checkpoints import Checkpoint
from initstudy.store import OUTPUTS
from initstudy.training import jobs

STRACE = shutil.which("strace")
# What changes the disk, or makes sure that it is changed.
CALLS = ("openat", "mkdir", "fsync", "rename", "unlink")
WRITING = re.compile(r"O_(WRONLY|RDWR|CREAT)")
# Points at which the real trainer is killed, too: one of each kind, of the middle.
REAL = ("openat", "fsync", "rename", "unlink")

TESTS = REPOSITORY / "tests"


@dataclass(frozen=True)
class Point:
    """The `number`-th call of its kind of a process, and what it is about."""

    call: str
    number: int
    line: str


class Jobs:
    """Starts jobs, one after the other, and kills them where it is told to."""

    def __init__(self, scratch: Path) -> None:
        self._server = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "small_training.py"), str(scratch)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**LIBRARY, "PYTHONPATH": f"{LIBRARY['PYTHONPATH']}:{TESTS}"},
        )

    def run(self, kind: str, folder: Path, options: list[str] | None = None) -> int:
        """How a job ended; run under strace, if with options."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        folder.parent.mkdir(exist_ok=True, parents=True)
        self._server.stdin.write(f"{kind} {folder}\n")
        self._server.stdin.flush()
        pid = int(self._server.stdout.readline())
        tracer = None
        if options is not None:
            tracer = subprocess.Popen(
                ["strace", "-f", "-p", str(pid), "-e", f"trace={','.join(CALLS)}", *options],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            while "TracerPid:\t0\n" in Path(f"/proc/{pid}/status").read_text():
                assert tracer.poll() is None, "strace cannot look into other processes here"
                time.sleep(0.002)
        go = folder.with_name(f"{folder.name}.go")
        go.touch()
        code = int(self._server.stdout.readline())
        go.unlink()
        if tracer is not None:
            tracer.wait()
        return code

    def points(self, kind: str, folder: Path, log: Path) -> list[Point]:
        """Each call of a whole run that touches the folder."""
        assert self.run(kind, folder, ["-y", "-s", "0", "-o", str(log)]) == 0
        lines = log.read_text().splitlines()
        # Calls are counted for each thread, and this is about those of the first.
        thread = next(line.split()[0] for line in lines if str(folder) in line)
        found, counts = [], Counter[str]()
        for line in lines:
            match = re.match(rf"{thread}\s+(\w+)\(", line)
            if not match:
                continue
            call = match[1]
            counts[call] += 1
            about = str(folder) in line and (call != "openat" or WRITING.search(line))
            if about and "resumed>" not in line:
                found.append(Point(call, counts[call], line))
        return found

    def kill(self, kind: str, folder: Path, point: Point, log: Path) -> None:
        """Runs a job as far as a point; it is killed as it calls."""
        inject = f"inject={point.call}:signal=KILL:when={point.number}"
        code = self.run(kind, folder, ["-y", "-s", "0", "-o", str(log), "-e", inject])
        assert code == -signal.SIGKILL, point
        last = [line for line in log.read_text().splitlines() if f" {point.call}(" in line][-1]
        assert str(folder.parent) in last, (point, last)

    def stop(self) -> None:
        self._server.kill()
        self._server.wait()


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    if STRACE is None and not ALL_TESTS:
        pytest.skip("no strace here; on Debian tests/install-debian-packages installs it")
    made = Jobs(tmp_path_factory.mktemp("few"))
    yield made
    made.stop()


def written(folder: Path) -> dict[str, bytes]:
    """What a job has written, besides what it took."""
    # What is hidden is `left`; here the process that left it still lives after a power cut.
    (place,) = folder.glob("epochs-*")
    found = {path.name: path.read_bytes() for path in place.glob("[!.]*")}
    assert found.keys() == {f"seeds-0-1.{ending}" for ending in OUTPUTS.values()}
    return {name: content for name, content in found.items() if "timings" not in name}


def left(folder: Path) -> list[str]:
    """Whatever is neither a result nor a record."""
    names = (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    kept = re.compile(r"epochs-\d+/seeds-0-1\.[a-z0-9.]+|checkpoints/(\d+\.npz|lock)")
    return [name for name in names if not kept.fullmatch(name)]


@pytest.mark.parametrize("kind", ["stand-in", pytest.param("real", marks=pytest.mark.thorough)])
def test_killed_wherever_it_touches_the_disk(started: Jobs, tmp_path: Path, kind: str) -> None:
    log = tmp_path / "strace"
    # Paths of equal length, so that all calls are alike.
    straight = tmp_path / "0000" / "job"
    points = started.points(kind, straight, log)
    expected = written(straight)
    assert {point.call for point in points} >= set(REAL)
    if kind == "real":
        alike = ([point for point in points if point.call == call] for call in REAL)
        points = [group[len(group) // 2] for group in alike]
    for number, point in enumerate(points, 1):
        folder = tmp_path / f"{number:04}" / "job"
        started.kill(kind, folder, point, log)
        assert started.run(kind, folder) == 0, point
        assert written(folder) == expected, point
        assert left(folder) == [], point
        epochs = (folder.parent / "epochs").read_text().count("epoch")
        assert epochs <= len(SEEDS) * EPOCHS + 1, point
        shutil.rmtree(folder.parent)
    counts = Counter(point.call for point in points)
    print(f"{kind}: {len(points)} points: {dict(counts)}")


class PowerCut(BaseException):
    """The machine is off."""


class Disk:
    """What of a folder outlives a power cut: what was synced, and nothing that was not.

    Args:
        folder: on the real disk.
        names_last: whether the names of files are on the disk at once, as some file systems have
            it; only their contents are lost then.
        cut: before which of the calls the power goes; None for never.
    """

    def __init__(self, folder: Path, names_last: bool, cut: int | None) -> None:
        self._folder, self._names_last, self._cut = folder, names_last, cut
        self._contents: dict[int, bytes] = {}
        self._names: dict[int, dict[str, int]] = {}
        self._kinds: dict[int, bool] = {}
        self._whole: dict[str, bytes | None] = {}
        self.calls = 0

    def sync(self, path: Path) -> None:
        self._count()
        number = path.stat().st_ino
        if path.is_dir():
            self._names[number] = {p.name: p.stat().st_ino for p in path.iterdir()}
            self._kinds |= {p.stat().st_ino: p.is_dir() for p in path.iterdir()}
        else:
            self._contents[number] = path.read_bytes()

    def move(self, source: Path, target: Path) -> None:
        self._count()
        source.replace(target)

    def make_folder(self, folder: Path) -> None:
        self._count()
        folder.mkdir(exist_ok=True)

    def make_temporary(self, **options: Any) -> Any:
        handle, name = mkstemp(**options)
        # Its number may have been that of a file that is no more.
        self._contents.pop(Path(name).stat().st_ino, None)
        return handle, name

    def _count(self) -> None:
        self.calls += 1
        if self.calls - 1 == self._cut:
            self._whole = self._outlives()
            raise PowerCut

    def _outlives(self) -> dict[str, bytes | None]:
        """By path, its content; None for a folder."""
        found: dict[str, bytes | None] = {}
        if self._names_last:
            for path in sorted(self._folder.rglob("*")):
                name = str(path.relative_to(self._folder))
                found[name] = None
                if path.is_file():
                    found[name] = self._contents.get(path.stat().st_ino, b"")
            return found

        def look(number: int, prefix: str) -> None:
            for name, inner in self._names.get(number, {}).items():
                folder = self._kinds[inner]
                found[prefix + name] = None if folder else self._contents.get(inner, b"")
                if folder:
                    look(inner, f"{prefix}{name}/")

        look(self._folder.stat().st_ino, "")
        return found

    def power_on(self) -> None:
        """Makes the folder what outlived the cut."""
        shutil.rmtree(self._folder)
        self._folder.mkdir()
        for name, content in self._whole.items():
            path = self._folder / name
            if content is None:
                path.mkdir()
            else:
                path.write_bytes(content)


@pytest.mark.parametrize("names_last", [False, True], ids=["all is lost", "contents are lost"])
def test_the_power_goes_wherever_it_touches_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names_last: bool
) -> None:
    monkeypatch.setattr(jobs.Trainers, "of", small_training.stand_in)
    reached: dict[int, int] = {}
    write = checkpoints.write

    def noting(record: Checkpoint, path: Path) -> None:
        write(record, path)
        reached[int(path.stem)] = len(record.history)

    monkeypatch.setattr(checkpoints, "write", noting)

    def attempt(folder: Path, cut: int | None) -> Disk:
        disk = Disk(folder, names_last, cut)
        with monkeypatch.context() as patch:
            patch.setattr(files, "sync", disk.sync)
            patch.setattr(files, "move", disk.move)
            patch.setattr(files, "make_folder", disk.make_folder)
            patch.setattr(files, "mkstemp", disk.make_temporary)
            try:
                work(folder / "job", {}, Path())
            except PowerCut:
                disk.power_on()
        return disk

    straight = tmp_path / "straight"
    straight.mkdir()
    calls = attempt(straight, None).calls
    expected = written(straight / "job")
    for cut in range(calls):
        folder = tmp_path / str(cut)
        folder.mkdir()
        reached.clear()
        assert attempt(folder, cut).calls == cut + 1
        # What had been written is there, and whole.
        for seed, epochs in reached.items():
            record = checkpoints.read(folder / f"job/checkpoints/{seed}.npz")
            assert record is not None, cut
            assert len(record.history) >= epochs, cut
        work(folder / "job", {}, Path())
        assert written(folder / "job") == expected, cut
    print(f"{calls} points")
    assert calls > 30
