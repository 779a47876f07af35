"""What can be wrong with the folder of a study ends in a clear message or in right results."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from forks import Server
from helpers import ALL_TESTS, Project, configure, wait_until
from stand_in import TRAINED, project_of_no_work

from initstudy.store import OUTPUTS

# Trainings that wait until they are let go.
GATE = "go"
WAITING = f"open('waiting-' + str(seed), 'w')\n        while not Path('{GATE}').exists():\n"
WAITING += "            time.sleep(0.02)"


@pytest.fixture
def small_disk(tmp_path: Path, server: Server) -> Iterator[Project]:
    """A project whose results are on a file system with room for about two trainings."""
    project = project_of_no_work(tmp_path / "project", server, seeds=1, confirmation_seeds=1)
    folder = project / "results"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=84k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        assert not ALL_TESTS, "a file system of a fixed size must be mounted"
        pytest.skip("only root may mount a file system of a fixed size")
    yield project
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def held(tmp_path: Path, server: Server) -> Project:
    """A project whose trainings wait to be let go."""
    project = project_of_no_work(tmp_path / "project", server)
    project.edit("scripts/train.py", "time.sleep(0.01)", WAITING)
    return project


def test_a_full_disk(small_disk: Project) -> None:
    outcome = small_disk.snakemake()
    assert outcome.code == 1
    assert "ERROR [Errno 28] No space left on device: 'results/runs/" in outcome.text
    assert "Traceback" not in outcome.text
    there = list(small_disk.folder.glob("results/runs/*/epochs-*/seeds-*"))
    # Of each training all its files or none.
    assert 0 < len(there) == len(OUTPUTS) * len(small_disk.trainings)
    finished, records = small_disk.trainings, small_disk.records
    subprocess.run(["mount", "-o", "remount,size=50m", str(small_disk / "results")], check=True)
    small_disk.run()
    assert finished.items() <= small_disk.trainings.items()
    assert records.items() <= small_disk.records.items()


def test_a_results_folder_that_may_not_be_written_to(small_disk: Project) -> None:
    results = str(small_disk / "results")
    subprocess.run(["mount", "-o", "remount,ro", results], check=True)
    outcome = small_disk.snakemake()
    assert outcome.code == 1
    assert "Read-only file system: 'results/" in outcome.text
    assert "Traceback" not in outcome.text


def test_a_second_run_in_the_same_folder_is_refused(held: Project) -> None:
    first, said = held.start()
    wait_until((held / "waiting-0").exists)
    second = held.snakemake()
    assert second.code == 1
    holder = f"process {first.pid} on "
    assert f"Another call of Snakemake is at work in this folder ({holder}" in second.text
    assert "Nothing was changed" in second.text
    assert "Traceback" not in second.text
    assert "Training" not in second.text
    # A dry run changes nothing, so it may go on beside.
    plan = held.run("--dry-run")
    assert "lock" not in plan.text
    (held / GATE).touch()
    assert first.wait() == 0, said.read()
    said.close()
    assert "Nothing to be done" in held.run().text
    lines = (held / TRAINED).read_text().splitlines()
    assert len(lines) == len(set(lines)) == 10


def test_two_runs_started_at_once(again: Project) -> None:
    configure(again, bias_initializers=["ones", "random_normal"])
    runs = [again.start() for _ in range(2)]
    codes = [task.wait() for task, _ in runs]
    texts = []
    for _, said in runs:
        with said:
            said.seek(0)
            texts.append(said.read())
    assert sorted(codes) in ([0, 0], [0, 1]), texts
    for code, text in zip(codes, texts, strict=True):
        assert (code == 1) == ("Another call of Snakemake is at work" in text), text
    assert "Nothing to be done" in again.run().text


def test_after_a_kill_the_same_command_goes_on(held: Project, done: Project) -> None:
    task, said = held.start()
    wait_until((held / "waiting-0").exists)
    task.kill()
    task.wait()
    said.close()
    (held / GATE).touch()
    outcome = held.run()
    assert "lock" not in outcome.text
    assert held.results == done.results


@pytest.mark.parametrize("how", ["stale", "emptied"])
def test_a_lock_file_that_nobody_holds_does_not_matter(again: Project, how: str) -> None:
    """Of another machine, or of a Snakemake that has locks of its own."""
    lock = again / ".initstudy/lock"
    assert lock.read_text().startswith("process ")
    lock.write_text("process 1 on another-machine\n" if how == "stale" else "")
    locks = again / ".snakemake/locks"
    locks.mkdir(exist_ok=True)
    (locks / "0.output.lock").write_text("results/notebook/histories.csv\n")
    configure(again, target_accuracy=0.5)
    again.run()
    assert "another-machine" not in lock.read_text()


def test_a_history_with_a_number_that_cannot_be_is_refused(again: Project) -> None:
    before, records = again.results, again.records
    path = again.history("kernel-he_normal", 0)
    lines = path.read_text().splitlines(keepends=True)
    cells = lines[2].split(",")
    lines[2] = ",".join([*cells[:-1], "1.99\n"])
    path.write_text("".join(lines))
    outcome = again.snakemake()
    assert outcome.code == 1
    assert (
        f"{path.relative_to(again.folder)}, line 3: this row has val_accuracy outside"
        in outcome.text
    )
    assert "Traceback" not in outcome.text
    path.unlink()
    outcome = again.run()
    assert outcome.trained == [("kernel-he_normal", 0, 1)]
    # By the records, without training.
    assert again.records == records
    assert again.results == before


def test_a_history_cut_off_is_refused(again: Project) -> None:
    path = again.history("kernel-he_normal", 0)
    path.write_bytes(path.read_bytes()[:-7])
    outcome = again.snakemake()
    assert outcome.code == 1
    assert f"{path.relative_to(again.folder)}: it ends in the middle of a line" in outcome.text


def test_a_damaged_record_is_named_set_aside_and_trained_again(again: Project) -> None:
    before, records, trained = again.results, again.records, (again / TRAINED).read_text()
    history = again.history("kernel-he_normal", 0)
    record = history.parents[1] / "checkpoints/1.npz"
    content = record.read_bytes()
    record.write_bytes(content[:200] + bytes([content[200] ^ 1]) + content[201:])
    # Nobody asks for it, as long as what was made of it is there.
    assert "Nothing to be done" in again.run().text
    history.unlink()
    again.edit("config.yaml", "target_accuracy: 0.9", "target_accuracy: 0.8")
    again.run()
    digest = history.parents[1].name
    log = (again / f"logs/runs/{digest}/epochs-2/seeds-0-1.log").read_text()
    name = record.relative_to(again.folder)
    assert f"{name} is damaged (its SHA-256 is not the one at its end)" in log
    assert "it is now 1.npz.damaged, and this seed starts again" in log
    assert record.read_bytes() == content
    assert (record.parent / "1.npz.damaged").is_file()
    assert (again / TRAINED).read_text() == f"{trained}{digest} 1 2\n"
    others = {path: time for path, time in records.items() if path != str(name)}
    assert others.items() <= again.records.items()
    again.edit("config.yaml", "target_accuracy: 0.8", "target_accuracy: 0.9")
    again.run()
    assert again.results == before


def test_results_without_snakemakes_records_are_kept_or_made_anew(again: Project) -> None:
    shutil.rmtree(again / ".snakemake")
    assert "Nothing to be done" in again.run().text
    shutil.rmtree(again / ".snakemake")
    configure(again, optimizer="sgd")
    # A look at another configuration changes nothing.
    assert len(again.run("--dry-run").trained) == 3
    configure(again, optimizer="adam")
    assert "Nothing to be done" in again.run().text
    configure(again, optimizer="sgd")
    assert len(again.run().trained) == 5
