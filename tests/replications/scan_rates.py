"""The best learning rate for each depth and initializer in the studies saxe_2014_depth_*.

PYTHONPATH=scripts:tests python tests/replications/scan_rates.py
"""

import numpy as np
from helpers import REPOSITORY, load
from replications.published import Run, read_study

from initstudy.data.catalog import SPECS
from initstudy.engine.backend import set_threads

RATES = [0.16, 0.08, 0.04, 0.02, 0.01, 0.005]
SEEDS = 2

if __name__ == "__main__":
    set_threads(1)
    mnist = load(
        REPOSITORY / "resources/datasets/mnist.npz",
        {"name": "mnist", "sha256": SPECS["mnist"].sha256},
    )
    print("Epochs until the target accuracy, for each seed; inf: not reached, or diverged.")
    for depth in (4, 16, 32):
        run = Run(read_study(f"saxe_2014_depth_{depth}"), mnist)
        for kernels in ("orthogonal", "gaussian"):
            best = np.inf
            for rate in RATES:
                times = [run.learning_time(kernels, seed, 60, rate) for seed in range(SEEDS)]
                print(f"depth {depth}, {kernels}, rate {rate}: {times}", flush=True)
                # Below its best rate, learning only gets slower.
                if np.mean(times) > best:
                    break
                best = np.mean(times)
