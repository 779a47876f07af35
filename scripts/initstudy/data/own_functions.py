"""Functions of users that return the arrays, called once in a process of its own."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from initstudy.data import npz
from initstudy.data.made import Made
from initstudy.errors import StudyError

CALLED = "initstudy.training.calling"
SCRIPTS = Path(__file__).parents[2]


def call(name: str, folder: Path) -> Made:
    """Call a user's function, and return the arrays that it returns.

    It runs in another process, so that what it imports and prints is not in this one.

    Args:
        name: `file.py:name`.
        folder: in which the arrays are for a while.

    Raises:
        StudyError: with the user's line if the function fails, or what it returns is not right.
    """
    places = str(SCRIPTS), os.environ.get("PYTHONPATH", "")
    print(f"Calling {name} for the data; its arrays are kept.", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        file = f"{temporary}/arrays.npz"
        done = subprocess.run(
            [sys.executable, "-P", "-m", CALLED, name, file],
            # What it prints is for people; Snakemake's own output may be for programs.
            stdout=2,
            env={
                "TF_CPP_MIN_LOG_LEVEL": "3",
                **os.environ,
                "KERAS_BACKEND": "tensorflow",
                "PYTHONPATH": os.pathsep.join(filter(None, places)),
            },
        )
        said = Path(temporary, "said")
        if done.returncode != 0 and said.exists():
            raise StudyError(said.read_text(encoding="utf-8"))
        if done.returncode != 0 or not Path(file).exists():
            raise StudyError(
                f"{name} has ended its process (exit code {done.returncode}), perhaps for lack of "
                "memory."
            )
        arrays = {one: npz.array(file, one) for one in npz.names(file)}
    names = {f"{axis}_{part}" for axis in "xy" for part in ("train", "test", "val")}
    notes = [
        f"{name} was called once. If files that it reads have changed, remove .initstudy/data/."
    ]
    if unread := sorted(set(arrays) - names):
        notes.append(f"{name} also returns {', '.join(unread)}, which initstudy does not read.")
    return Made({one: array for one, array in arrays.items() if one in names}, tuple(notes))
