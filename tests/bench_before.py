"""Trains an epoch by an earlier version of the engine for each line that it is given.

`python bench_before.py FOLDER NETWORK FILE THREADS`: FOLDER has that version; the network itself is
in the variable NETWORK. It says when it is ready, and then the seconds of each epoch.
"""

import json
import os
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    folder, name, file, threads = sys.argv[1:]
    sys.path[:0] = [f"{folder}/scripts", f"{folder}/tests"]
    from bench import NETWORKS, what_of

    from initstudy.training.backend import set_threads
    from initstudy.training.engine import make_trainer

    NETWORKS[name] = json.loads(os.environ["NETWORK"])
    set_threads(int(threads))
    trainer = make_trainer(what_of(name, Path(file), threads=int(threads)), Path(file))
    trainer.compile()
    trainer.start(0)
    print("ready", flush=True)
    for _ in sys.stdin:
        started = time.perf_counter()
        trainer.run_epoch()
        print(time.perf_counter() - started, flush=True)
