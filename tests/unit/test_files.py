"""Files appear whole or not at all, and a job's log has all that it says."""

import subprocess
import sys
from pathlib import Path

import pytest
from helpers import LIBRARY, REPOSITORY

from initstudy.results.files import replacing


def test_a_file_appears_whole(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "a.csv"
    with replacing(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
        assert temporary.suffix == ".csv"
    assert path.read_text() == "half"
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask()
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("new")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    code = "from initstudy.results.files import replacing\n"
    code += f"with replacing({str(path)!r}):\n    input()"
    processes = [
        subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, env=LIBRARY)
        for _ in range(2)
    ]
    while len(list(tmp_path.iterdir())) < 2:
        assert all(process.poll() is None for process in processes)
    processes[0].kill()
    processes[0].wait()
    with replacing(path) as temporary:
        temporary.write_text("whole")
    # The other one is at work, so what it has begun is left to it.
    (left,) = set(tmp_path.iterdir()) - {path}
    assert f".{processes[1].pid}." in left.name
    processes[1].communicate(b"\n")
    assert list(tmp_path.iterdir()) == [path]


def umask() -> int:
    result = subprocess.run(["sh", "-c", "umask"], capture_output=True, text=True, check=True)
    return int(result.stdout, 8)


@pytest.mark.parametrize(
    ("body", "code", "there", "absent"),
    [
        ("logging.info('fine'); print('out')", 0, ["INFO fine", "out"], []),
        ("raise StudyError('mend this')", 1, ["ERROR mend this"], ["Traceback"]),
        ("raise OSError(28, 'No space left on device', 'x.csv')", 1, ["No space left"], ["Trace"]),
        ("raise OSError(2, 'No such file', 'x.csv')", 1, ["Traceback", "x.csv"], []),
        ("1 / 0", 1, ["Traceback", "ZeroDivisionError"], []),
        ("os.write(2, b'from C')", 0, ["from C"], []),
    ],
)
def test_a_log_has_all_that_a_job_says(
    tmp_path: Path, body: str, code: int, there: list[str], absent: list[str]
) -> None:
    log = tmp_path / "logs" / "job.log"
    program = (
        "import logging, os\nfrom initstudy.errors import StudyError\n"
        f"from initstudy.logs import job_log\nwith job_log({str(log)!r}):\n    {body}\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(REPOSITORY / "scripts")},
    )
    assert result.returncode == code
    assert result.stdout + result.stderr == ""
    text = log.read_text()
    for part in there:
        assert part in text
    for part in absent:
        assert part not in text


def test_tensorflow_uses_as_many_threads_as_it_is_told_and_says_nothing() -> None:
    program = (
        "from initstudy.engine.backend import set_threads, tf\nset_threads(2)\n"
        "import gc; assert gc.isenabled()\n"
        "print(tf.config.threading.get_intra_op_parallelism_threads(), float(tf.constant(1.0) + 1))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(REPOSITORY / "scripts")},
    )
    assert (result.stdout, result.stderr) == ("2 2.0\n", "")
