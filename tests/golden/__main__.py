"""Writes the golden numbers of this version, as computed on this machine.

    PYTHONPATH=scripts:tests .venv/bin/python -m golden

For a change of the engine that is to change numbers; what differs is printed.
"""

import hashlib
import json
import tempfile
from pathlib import Path

from golden.cases import FILE, cases, computed, processor, write_data
from initstudy.code import engine_id, initializer_id
from initstudy.engine.backend import set_threads
from initstudy.engine.literature import NAMES

if __name__ == "__main__":
    set_threads(1)
    old = json.loads(FILE.read_text())["cases"]
    made = {}
    with tempfile.TemporaryDirectory() as folder:
        write_data(Path(folder, "golden.npz"))
        for name in cases():
            found = computed(name, Path(folder, "golden.npz"))
            found["sha256"] = hashlib.sha256(found.pop("bytes")).hexdigest()
            made[name] = found
            if found != old.get(name):
                print(f"{name}: other numbers")
    ids = {"networks": engine_id({"hidden_units": []}), "models": engine_id({"build": ""})}
    ids |= {name: initializer_id(name) for name in NAMES}
    numbers = {"processor": processor(), "ids": ids, "cases": made}
    FILE.write_text(json.dumps(numbers, indent=1) + "\n")
