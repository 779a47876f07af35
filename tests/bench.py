"""Measures the training engine against Keras' `Model.fit` as one writes it.

Run by `make bench`. Each network is trained in turn: in each round an epoch by `fit` and one by the
engine, and with `--both` one by the engine compiled the other way, so that a machine whose speed
drifts is unfair to none of them. The medians over the rounds are told, and their ratios; of `fit`
the CPU time, too, since tied to one core it often waits as long as it computes. Then what a
training job of the default study takes until its first epoch, and what measuring its networks costs
it, in a process of its own.
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

TESTS = Path(__file__).parent
sys.path.append(str(TESTS.parent / "scripts"))

DATASET_FILE = TESTS.parent / "resources" / "datasets" / "mnist.npz"
BATCH = 128
# Of a job of the default study.
SEEDS, EPOCHS = 10, 100
NETWORKS: dict[str, dict[str, Any]] = {
    "784-16-16-10": {"hidden_units": [16, 16]},
    "784-256-256-10": {"hidden_units": [256, 256]},
    "784-2000-2000-10": {"hidden_units": [2000, 2000]},
    "30 layers of 64": {"hidden_units": [64] * 30},
    **{
        name: {"build": f"{TESTS}/networks.py:{name}"}
        for name in (
            *("normalized", "regularized"),
            *("convolution", "lenet", "residual", "transformer"),
        )
    },
}


def main() -> None:
    """Measures what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", help=f"of {', '.join(NETWORKS)}; all if none")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=int, default=60_000, help="to train on")
    parser.add_argument("--threads", type=int, default=1, help="and cores, as many")
    parser.add_argument("--both", action="store_true", help="compile each network in both ways")
    asked = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: asked.threads])
    print(
        f"Seconds for an epoch of {asked.images:,} images with validation, {asked.threads} "
        f"core(s), medians of {asked.rounds} rounds\n\n"
        "| network | Model.fit | its CPU time | initstudy | ratio | by CPU time | compiled | in |\n"
        f"{'| --- ' * 8}|"
    )
    for name in asked.networks or NETWORKS:
        bench_network(name, asked.rounds, asked.images, asked.threads, asked.both)
    if not asked.networks:
        bench_job()


def bench_network(name: str, rounds: int, images: int, threads: int, both: bool) -> None:
    """Compares an epoch of a network with Keras' own."""
    from initstudy.training.backend import set_threads

    set_threads(threads)
    from initstudy.training.engine import make_trainer

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "few.npz")
        with np.load(DATASET_FILE) as whole:
            arrays = {key: whole[key][: images if "train" in key else None] for key in whole.files}
        np.savez(file, **arrays)
        contestants: dict[str, Callable[[], object]] = {"fit": keras_fit(name, arrays)}
        facts = {}
        for way in ("auto", "xla", "graph") if both else ("auto",):
            trainer = make_trainer(what_of(NETWORKS[name], file, way), file)
            if trainer.compiled in facts:
                continue
            started = time.perf_counter()
            trainer.compile()
            facts[trainer.compiled] = time.perf_counter() - started
            trainer.start(0)
            contestants[trainer.compiled] = trainer.run_epoch
    seconds: dict[str, list[float]] = {way: [] for way in [*contestants, "fit's CPU"]}
    contestants["fit"]()  # compiles
    for _ in range(rounds):
        for way, run in contestants.items():
            started, spent = time.perf_counter(), time.process_time()
            run()
            seconds[way].append(time.perf_counter() - started)
            if way == "fit":
                seconds["fit's CPU"].append(time.process_time() - spent)
    medians = {way: statistics.median(values) for way, values in seconds.items()}
    fit, cpu = medians["fit"], medians["fit's CPU"]
    for way, compiling in facts.items():
        mine = medians[way]
        print(
            f"| {name} | {fit:.3f} | {cpu:.3f} | {mine:.3f} | {fit / mine:.1f} | {cpu / mine:.1f} "
            f"| {way} | {compiling:.1f} |",
            flush=True,
        )


def keras_fit(name: str, arrays: dict[str, Any]) -> Callable[[], object]:
    """An epoch by Keras."""
    from initstudy.training.backend import keras
    from initstudy.training.initializers import own

    x = {key: arrays[f"x_{key}"].astype("float32")[..., np.newaxis] for key in ("train", "test")}
    spec = NETWORKS[name]
    if "build" in spec:
        model = own(spec["build"])((28, 28, 1), 10)
    else:
        x = {key: images.reshape(len(images), -1) for key, images in x.items()}
        hidden = [keras.layers.Dense(units, activation="relu") for units in spec["hidden_units"]]
        output = keras.layers.Dense(10, activation="softmax")
        model = keras.Sequential([keras.Input((784,)), *hidden, output])
    metrics = ["sparse_categorical_accuracy"]
    model.compile("adam", "sparse_categorical_crossentropy", metrics=metrics)
    return lambda: model.fit(
        x["train"],
        arrays["y_train"],
        batch_size=BATCH,
        validation_data=(x["test"], arrays["y_test"]),
        verbose=0,
    )


def what_of(model: dict[str, Any], file: Path, way: str = "auto") -> dict[str, Any]:
    """What decides a training of a network, see `engine.make_trainer`."""
    from initstudy.data.datasets import file_sha256

    glorot, zeros = ({"class_name": name, "config": {}} for name in ("glorot_uniform", "zeros"))
    return {
        "batch_size": BATCH,
        "bias_initializer": zeros,
        "compile": way,
        "dataset": {"name": "few.npz", "sha256": file_sha256(file)},
        "held_out": 0,
        "inputs": "raw",
        "kernel_initializer": glorot,
        "model": {"activation": "relu", **model},
        "optimizer": {"class_name": "adam", "config": {}},
    }


def bench_job() -> None:
    """Tells what a training job takes before its first epoch, and for measuring its networks."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        begin, total, measuring = process.submit(job_seconds).result()
    print(
        f"\nA training job ({SEEDS} seeds, {EPOCHS} epochs): {total:.1f} CPU s, of which "
        f"{begin:.1f} s before its first epoch, and {measuring:.2f} s ({measuring / total:.1%}) "
        "for measuring its networks"
    )


def job_seconds() -> tuple[float, float, float]:
    """Does a job of the default study's baseline, in a process that has done nothing before.

    Returns:
        The CPU seconds of this process at its first epoch, at its end, and in moments, compilation
        included. A second job without them would tell the same by a difference smaller than the
        noise.
    """
    from initstudy.training import jobs
    from initstudy.training.processes import spent
    from initstudy.training.replicates import Replicates

    spans: list[float] = []
    begin = 0.0
    look, grow = Replicates._look, Replicates._begin

    def timed(*arguments: Any) -> Any:
        started = time.process_time()
        try:
            return look(*arguments)
        finally:
            spans.append(time.process_time() - started)

    def noted(*arguments: Any) -> Any:
        nonlocal begin
        begin = begin or spent()["cpu_seconds"]
        return grow(*arguments)

    Replicates._look, Replicates._begin = timed, noted
    with tempfile.TemporaryDirectory() as folder:
        what = what_of(NETWORKS["784-16-16-10"], DATASET_FILE)
        jobs.train(what, DATASET_FILE, folder, range(SEEDS), EPOCHS, threads=1)
    return begin, spent()["cpu_seconds"], sum(spans)


if __name__ == "__main__":
    main()
