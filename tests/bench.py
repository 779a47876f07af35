"""Measures the training engine against Keras and against the limit of the machine, on one core.

Run by `make bench`. In each round all contestants are measured in turn, so that a machine whose
speed drifts is unfair to none of them; the medians over the rounds and their ratios are printed.
Then what measuring itself costs a training job of the default study, each job in a process of its
own with all that belongs to it.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).parent.parent / "scripts"))

IMAGES, TEST_IMAGES, FEATURES, UNITS, BATCH = 60000, 10000, 784, 16, 128
DATASET_FILE = Path(__file__).parent.parent / "resources" / "datasets" / "mnist.npz"
# Of a job of the default study.
SEEDS, EPOCHS = 10, 100


def main(rounds: int, epochs: int) -> None:
    """Measures `rounds` times the mean of `epochs` epochs."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    bench_engine(rounds, epochs)
    bench_diagnosis()


def bench_diagnosis() -> None:
    """Tells which part of a training job's CPU time goes into measuring the network."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        total, measuring = process.submit(job_seconds).result()
    print(
        f"CPU time of a training job ({SEEDS} seeds, {EPOCHS} epochs): {total:.1f} s; "
        f"{measuring:.2f} s of it, {measuring / total:.1%}, for measuring itself"
    )


def job_seconds() -> tuple[float, float]:
    """Does a job of the default study's baseline.

    Returns:
        The CPU time of this process, and how much of it went into moments, compilation included.
        A second job without them would tell the same by a difference smaller than the noise.
    """
    from initstudy.training import jobs
    from initstudy.training.processes import spent
    from initstudy.training.replicates import Replicates

    measuring = 0.0
    look = Replicates._look

    def timed(*arguments: Any) -> Any:
        nonlocal measuring
        started = time.process_time()
        try:
            return look(*arguments)
        finally:
            measuring += time.process_time() - started

    Replicates._look = timed
    glorot, zeros = ({"class_name": name, "config": {}} for name in ("glorot_uniform", "zeros"))
    what = {
        "batch_size": BATCH,
        "bias_initializer": zeros,
        "dataset": "mnist",
        "held_out": 0,
        "model": {"hidden_units": [UNITS, UNITS], "activation": "relu"},
        "inputs": "raw",
        "kernel_initializer": glorot,
        "optimizer": {"class_name": "adam", "config": {}},
    }
    with tempfile.TemporaryDirectory() as folder:
        jobs.train(what, DATASET_FILE, folder, range(SEEDS), EPOCHS, threads=1)
    return spent()["cpu_seconds"], measuring


def bench_engine(rounds: int, epochs: int) -> None:
    """Compares one epoch with Keras' and with the limit of the machine."""
    from initstudy.training.backend import keras, set_threads, tf

    set_threads(1)
    from initstudy.data.datasets import SPECS, load
    from initstudy.training.engine import Trainer
    from initstudy.training.models import build_model, build_optimizer

    mnist = load(DATASET_FILE, SPECS["mnist"])
    x, x_test = mnist.x_train.astype("float32"), mnist.x_test.astype("float32")

    def keras_fit(**options: object) -> Callable[[], None]:
        model = keras.Sequential(
            [
                keras.Input((FEATURES,)),
                keras.layers.Dense(UNITS, activation="relu"),
                keras.layers.Dense(UNITS, activation="relu"),
                keras.layers.Dense(10, activation="softmax"),
            ]
        )
        model.compile(
            optimizer="adam",
            loss="sparse_categorical_crossentropy",
            metrics=["sparse_categorical_accuracy"],
            **options,
        )

        def run() -> None:
            model.fit(
                x,
                mnist.y_train,
                batch_size=BATCH,
                epochs=epochs,
                validation_data=(x_test, mnist.y_test),
                verbose=0,
            )

        return run

    def engine() -> Callable[[], None]:
        glorot, zeros = ({"class_name": name, "config": {}} for name in ("glorot_uniform", "zeros"))
        trainer = Trainer(
            mnist,
            lambda replicate: build_model(
                FEATURES, [UNITS, UNITS], "relu", 10, glorot, zeros, replicate
            ),
            lambda variables: build_optimizer({"class_name": "adam", "config": {}}, variables),
            BATCH,
            "raw",
        )
        return lambda: list(trainer.train(0, epochs)) and None

    def peak() -> float:
        """GFLOP/s of a large matrix product."""
        size = 2048
        a = tf.constant(np.random.default_rng(0).normal(size=(size, size)).astype("float32"))
        tf.linalg.matmul(a, a).numpy()
        started = time.perf_counter()
        tf.linalg.matmul(a, a).numpy()
        return 2 * size**3 / (time.perf_counter() - started) / 1e9

    contestants = {
        "Keras Model.fit, as in the notebook": keras_fit(),
        "Keras, jit_compile, steps_per_execution=32": keras_fit(
            jit_compile=True, steps_per_execution=32
        ),
        "initstudy": engine(),
    }
    limit = "the two large products at peak SGEMM"
    seconds: dict[str, list[float]] = {name: [] for name in [*contestants, limit]}
    for run in contestants.values():
        run()  # compiles
    # Forward and weight gradient of the first layer in training, forward in validation.
    products = 2 * FEATURES * UNITS * (2 * IMAGES + TEST_IMAGES)
    peaks = []
    for _ in range(rounds):
        for name, run in contestants.items():
            started = time.perf_counter()
            run()
            seconds[name].append((time.perf_counter() - started) / epochs)
        peaks.append(peak())
        seconds[limit].append(products / peaks[-1] / 1e9)

    first = np.median(seconds[next(iter(contestants))])
    print(f"One epoch with validation, one core, {rounds} rounds of {epochs} epochs")
    print(f"{'':44}{'median':>9}{'min':>9}{'max':>9}{'ratio':>8}")
    for name, values in seconds.items():
        median = np.median(values)
        print(
            f"{name:44}{median:7.3f} s{min(values):7.3f} s{max(values):7.3f} s{first / median:8.1f}"
        )
    print(f"Peak SGEMM: {np.median(peaks):.0f} GFLOP/s (median)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=5, help="in each round")
    arguments = parser.parse_args()
    main(arguments.rounds, arguments.epochs)
