"""What can be wrong with the folder of a study ends in a clear message or in right results."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import ALL_TESTS, SMALL, Project, configure, wait_until

TINY = {**SMALL, "seeds": 1, "seeds_per_job": 1, "confirmation_seeds": 1}


@pytest.fixture
def small_disk(project: Project) -> Iterator[Path]:
    """The results of the project on a file system with room for two trainings."""
    folder = project / "results"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=40k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        assert not ALL_TESTS, "a file system of a fixed size must be mounted"
        pytest.skip("only root may mount a file system of a fixed size")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(project: Project, small_disk: Path) -> None:
    configure(project, **TINY)
    outcome = project.snakemake()
    assert outcome.code == 1
    assert "ERROR [Errno 28] No space left on device: 'results/notebook/runs/" in outcome.text
    assert "Traceback" not in outcome.text
    there = [path.name for path in (small_disk / "notebook/runs").glob("*/*")]
    # Of each training all its files or none.
    assert 0 < len(there) == 4 * len(project.trainings)
    finished = project.trainings
    subprocess.run(["mount", "-o", "remount,size=50m", str(small_disk)], check=True)
    project.run()
    assert finished.items() <= project.trainings.items()


def test_a_results_folder_that_may_not_be_written_to(project: Project, small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    outcome = project.snakemake()
    assert outcome.code == 1
    assert "Read-only file system: 'results/notebook'" in outcome.text
    assert "Traceback" not in outcome.text


def test_a_second_run_in_the_same_folder_is_refused(rerun: Project) -> None:
    configure(rerun, bias_initializers=["ones", "random_normal"])
    first = rerun.start()
    wait_until((rerun / ".snakemake/locks/0.output.lock").exists)
    second = rerun.snakemake()
    assert second.code == 1
    assert "no other Snakemake process is trying to create the same files" in second.text
    assert "Traceback" not in second.text
    # A dry run changes nothing, so it may go on beside.
    rerun.plan()
    assert first.poll() is None
    text, _ = first.communicate()
    assert first.returncode == 0, text
    assert "Nothing to be done" in rerun.run().text


def test_two_runs_started_at_once(rerun: Project) -> None:
    configure(rerun, bias_initializers=["ones", "random_normal"])
    runs = [rerun.start(cores=1), rerun.start(cores=1)]
    texts = [run.communicate()[0] for run in runs]
    assert sorted(run.returncode for run in runs) in ([0, 0], [0, 1]), texts
    for run, text in zip(runs, texts, strict=True):
        assert (run.returncode == 1) == ("cannot be locked" in text), text
    assert "Nothing to be done" in rerun.run().text


def test_a_history_with_another_number_in_it_is_refused(rerun: Project) -> None:
    before = rerun.results
    path = rerun / "results/notebook/runs/kernel-ones/seeds-0-1.csv"
    lines = path.read_text().splitlines(keepends=True)
    cells = lines[2].split(",")
    lines[2] = ",".join([*cells[:-1], "0.99\n"])
    path.write_text("".join(lines))
    outcome = rerun.snakemake()
    assert outcome.code == 1
    assert "runs/kernel-ones/seeds-0-1.csv: it was changed since it was written" in outcome.text
    assert "Remove it and run again" in outcome.text
    path.unlink()
    outcome = rerun.run()
    assert outcome.trained == [("kernel-ones", 0, 1)]
    assert rerun.results == before


def test_the_collected_histories_with_another_number_are_refused(rerun: Project) -> None:
    path = rerun / "results/notebook/histories.csv"
    path.write_text(path.read_text().replace("baseline,0,1,", "baseline,0,1,1"))
    outcome = rerun.snakemake()
    assert outcome.code == 1
    assert "histories.csv: it was changed since it was written" in outcome.text


def test_a_history_cut_off_is_refused(rerun: Project) -> None:
    path = rerun / "results/notebook/runs/kernel-ones/seeds-0-1.csv"
    path.write_bytes(path.read_bytes()[:-7])
    outcome = rerun.snakemake()
    assert outcome.code == 1
    assert "runs/kernel-ones/seeds-0-1.csv: it ends in the middle of a line" in outcome.text


def test_results_without_snakemakes_records_are_kept_or_made_anew(rerun: Project) -> None:
    shutil.rmtree(rerun / ".snakemake")
    assert "Nothing to be done" in rerun.run().text
    shutil.rmtree(rerun / ".snakemake")
    configure(rerun, optimizer="sgd")
    # A look at another configuration changes nothing.
    assert len(rerun.plan().trained) == 6
    configure(rerun, optimizer="adam")
    assert "Nothing to be done" in rerun.plan().text


def test_a_lock_from_another_machine_is_left_alone(rerun: Project) -> None:
    """Its run may be at work there, in a folder that both machines see."""
    locks = rerun / ".snakemake/locks"
    locks.mkdir(exist_ok=True)
    (locks / "0.output.lock").write_text("results/notebook/histories.csv\n")
    (rerun / ".snakemake/initstudy-run").write_text("another-machine")
    outcome = rerun.snakemake()
    assert outcome.code == 1
    assert "cannot be locked" in outcome.text
    (rerun / ".snakemake/initstudy-run").write_text(os.uname().nodename)
    assert "The last run was killed" in rerun.run().text
