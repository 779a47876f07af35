"""Moves the results of version 0.2.0 in a folder to where this version keeps them."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import yaml

from initstudy.config.problems import count
from initstudy.results.files import make_folders, move, replacing, sync
from initstudy.results.lock import hold
from initstudy.store import RUNS, checkpoints

OLD = "results/trainings"
DIGEST = "[0-9a-f]" * 20
# The head of the table that says where a study's runs are; a suite's of the same name has another.
HEAD = b"variant,first_seed,last_seed,history\n"


def move_old_results(lock: Path, place: Callable[[str], str] = str) -> str:
    """Move the runs and tables of 0.2.0 by renaming; what was killed amid goes on the next time.

    Args:
        lock: of the folder, held meanwhile.
        place: where a file is, if another workflow has moved it.

    Returns:
        What was done, in one line; empty if nothing was.

    Raises:
        StudyError: if another run works in this folder.
    """
    old, results = Path(place(OLD)), Path(place("results"))
    runs = sorted(old.glob(DIGEST))
    tables = [path for path in sorted(results.glob("*/trainings.csv")) if _is_of_study(path)]
    if not runs and not tables:
        return ""
    held = hold(lock)
    try:
        moved = [run for run in runs if _move_run(run, Path(place(RUNS), run.name))]
        for table in tables:
            _move_table(table)
        if old.is_dir() and not any(old.iterdir()):
            old.rmdir()
    finally:
        os.close(held)
    text = f"Moved {count(len(moved), 'run')} of version 0.2.0 from {old} to {place(RUNS)}"
    left = len(runs) - len(moved)
    if left:
        text += f"; {count(left, 'run')} of the same digest was there already: delete {old}"
    return f"{text}."


def _move_run(old: Path, new: Path) -> bool:
    if new.exists():
        return False
    if (old / "replicates").exists():
        move(old / "replicates", checkpoints(old))
    job = old / "job.yaml"
    if job.exists():
        spec = yaml.safe_load(job.read_text(encoding="utf-8"))
        digest = spec.pop("digest")
        with replacing(old / "spec.json") as path:
            text = json.dumps({"digest": digest, "spec": spec}, indent=1)
            path.write_text(f"{text}\n", encoding="utf-8")
        job.unlink()
    for hits in old.glob("epochs-*/seeds-*.hits.npz"):
        move(hits, hits.with_name(hits.name.replace(".hits.", ".examples.")))
    for sums in old.glob("epochs-*/seeds-*.sha256"):
        sums.unlink()
    make_folders(new.parent)
    move(old, new)
    sync(new.parent)
    return True


def _is_of_study(table: Path) -> bool:
    with table.open("rb") as file:
        return file.readline() == HEAD


def _move_table(old: Path) -> None:
    hits, new = old.with_name("hits.npz"), old.with_name("runs.csv")
    if hits.exists():
        move(hits, old.with_name("examples.npz"))
    old.with_name("histories.csv.sha256").unlink(missing_ok=True)
    text = old.read_bytes().replace(f"{OLD}/".encode(), f"{RUNS}/".encode())
    with replacing(new) as path:
        path.write_bytes(text)
    # So that nothing is made again of it.
    shutil.copystat(old, new)
    old.unlink()
