"""Measures the training engine against Keras' `Model.fit`, and what a training job takes.

Run by `make bench`; it takes about ten minutes. Each network is trained in a process of its own: in
each round an epoch by `fit` as one writes it, one by `fit` with the settings that suit it best, and
one by the engine, and one by the engine of 0.2.0, which git has, so that a machine whose speed
drifts is unfair to none. The medians over the
rounds are told, and the ratios of the first two to the third; of `fit` the CPU time, too, since
tied to one core it often waits as long as it computes. The engine compiled the other way gets a
tenth of the images once.
Then each network is trained by a job, as the workflow does it, and what that takes is told beside
what was predicted.
"""

import argparse
import contextlib
import itertools
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import psutil

TESTS = Path(__file__).parent
sys.path.append(str(TESTS.parent / "scripts"))

DATASET_FILE = TESTS.parent / "resources" / "datasets" / "mnist.npz"
BATCH = 128
# Version 0.2.0.
BEFORE = "fdea575"
NETWORKS: dict[str, dict[str, Any]] = {
    "784-16-16-10": {"hidden_units": [16, 16]},
    "784-256-256-10": {"hidden_units": [256, 256]},
    "784-2000-2000-10": {"hidden_units": [2000, 2000]},
    "30 layers of 64": {"hidden_units": [64] * 30},
    **{
        name: {"build": f"{TESTS}/networks.py:{name}"}
        for name in (
            *("normalized", "regularized"),
            *("convolution", "lenet", "residual", "transformer", "lstm", "attention"),
        )
    },
}
# Takes as long as all the others together, so it is measured if it is asked for only.
LARGEST = "784-2000-2000-10"


def main() -> None:
    """Measures what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", help=f"of {', '.join(NETWORKS)}; all but {LARGEST}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=int, default=60_000, help="to train on")
    parser.add_argument("--before", default=BEFORE, help="the commit of an earlier engine")
    parser.add_argument("--threads", type=int, default=1, help="and cores, as many")
    asked = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: asked.threads])
    networks = asked.networks or [name for name in NETWORKS if name != LARGEST]
    print(
        f"Seconds for an epoch of {asked.images:,} images with validation, {asked.threads} "
        f"core(s), medians of {asked.rounds} rounds\n\n"
        "| network | Model.fit | its CPU time | at its best | initstudy | ratio | by CPU time "
        "| to the best | before | initstudy / before | compiled, s | other way | limit |\n"
        f"{'| --- ' * 13}|"
    )
    with tempfile.TemporaryDirectory() as folder:
        before = checked_out(asked.before, Path(folder))
        for name in networks:
            in_new_process(bench_network, name, asked.rounds, asked.images, asked.threads, before)
    print(
        "\nTraining jobs of one replicate and three epochs of 60,000 images; s, and MB of memory "
        "at most\n\n| network | imports | data, network | compiling | before the first epoch "
        "| measuring once | epoch | predicted | memory | predicted |\n"
        f"{'| --- ' * 10}|"
    )
    for name in networks:
        in_new_process(bench_job, name, asked.threads)


def in_new_process(function: Callable[..., None], *arguments: object) -> None:
    """Calls it in a process that has done nothing before."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        process.submit(function, *arguments).result()


def checked_out(commit: str, folder: Path) -> Path | None:
    """The project as it was at a commit; None if git does not have that here."""
    made = subprocess.run(
        ["git", "archive", commit, "scripts", "tests"], cwd=TESTS.parent, capture_output=True
    )
    if made.returncode:
        return None
    subprocess.run(["tar", "-x"], cwd=folder, input=made.stdout, check=True)
    return folder


def before_by_line(name: str, file: Path, threads: int, folder: Path) -> Any:
    """A process of the engine as it was, which tells the seconds of an epoch for each line."""
    return subprocess.Popen(
        [sys.executable, "-P", TESTS / "bench_before.py", folder, name, file, str(threads)],
        env={**os.environ, "NETWORK": json.dumps(NETWORKS[name])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def bench_network(name: str, rounds: int, images: int, threads: int, before: Path | None) -> None:
    """Compares an epoch of a network with Keras' own, and with that of an earlier engine."""
    from initstudy.engine.backend import set_threads

    set_threads(threads)
    from initstudy.data.datasets import read
    from initstudy.engine.data import dataset_of
    from initstudy.engine.trainer import make_trainer

    def trainer_of(spec: Any, file: Path) -> Any:
        return make_trainer(
            spec, dataset_of(spec, read(file, spec.dataset.name, spec.dataset.sha256))
        )

    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        files = {}
        for part in (images, images // 10):
            files[part] = Path(folder, f"{part}.npz")
            with np.load(DATASET_FILE) as whole:
                arrays = {
                    key: whole[key][: part if "train" in key else part // 6] for key in whole.files
                }
            np.savez(files[part], **arrays)
            if part == images:
                everything = arrays
        trainer = trainer_of(spec_of(name, files[images]), files[images])
        fit = keras_fit(name, everything)
        xla = trainer.compiled == "xla"
        best = keras_fit(name, everything, steps_per_execution=100, jit_compile=xla)
        other_way = {"xla": "graph", "graph": "xla"}[trainer.compiled]
        few = files[images // 10]
        other = trainer_of(spec_of(name, few, other_way), few)
        earlier = None
        if before:
            earlier = before_by_line(name, files[images], threads, before)
            stack.callback(earlier.kill)
            if not earlier.stdout.readline():  # It does not train such a network.
                earlier = None
        row = rounds_of(name, rounds, images, threads, trainer, other, fit, best, earlier)
    print(f"| {' | '.join(row)} |", flush=True)


def rounds_of(
    name: str,
    rounds: int,
    images: int,
    threads: int,
    trainer: Any,
    other: Any,
    fit: Callable[[], object],
    best: Callable[[], object],
    earlier: Any,
) -> list[str]:
    """Measures all of them in turn; returns the row of the table."""
    compiling = took(trainer.compile)
    trainer.start(0)
    other.compile()
    other.start(0)
    seconds: dict[str, list[float]] = {"fit": [], "best": [], "initstudy": [], "CPU": []}
    seconds["before"] = []
    for _ in range(rounds):
        spent = time.process_time()
        seconds["fit"].append(took(fit))
        seconds["CPU"].append(time.process_time() - spent)
        seconds["best"].append(took(best))
        seconds["initstudy"].append(took(trainer.run_epoch))
        if earlier:
            print("epoch", file=earlier.stdin, flush=True)
            seconds["before"].append(float(earlier.stdout.readline()))
    medians = {way: statistics.median(values) for way, values in seconds.items() if values}
    mine = medians["initstudy"]
    ratios = [f"{medians[way] / mine:.1f}" for way in ("fit", "CPU", "best")]
    return [
        name,
        *(f"{medians[way]:.3f}" for way in ("fit", "CPU", "best", "initstudy")),
        *ratios,
        *([f"{medians['before']:.3f}", f"{mine / medians['before']:.2f}"] if earlier else ["", ""]),
        f"{trainer.compiled}, {compiling:.1f}",
        f"{10 * min(took(other.run_epoch) for _ in range(2)):.2f}",
        limit(name, images, threads),
    ]


def took(function: Callable[[], object]) -> float:
    """Wall seconds of a call."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def limit(name: str, images: int, threads: int) -> str:
    """Seconds of an epoch's products of matrices alone, at the rate of large ones; of dense layers.

    Each layer multiplies its inputs, its gradient with respect to its kernel, and, but for the
    first, that with respect to its inputs.
    """
    from initstudy.engine.backend import tf

    if "build" in NETWORKS[name]:
        return ""
    square = tf.random.stateless_normal((2048, 2048), (0, 0))
    multiply = tf.function(lambda: tf.matmul(square, square), autograph=False)
    multiply()
    rate = 2048**3 / min(took(lambda: multiply().numpy()) for _ in range(3))
    sizes = [784, *NETWORKS[name]["hidden_units"], 10]
    products = [size * following for size, following in itertools.pairwise(sizes)]
    total = (3 * sum(products) - products[0]) * images + sum(products) * (images // 6)
    return f"{total / rate:.3f}"


def keras_fit(name: str, arrays: dict[str, Any], **settings: Any) -> Callable[[], object]:
    """An epoch by Keras, compiled already."""
    from initstudy.engine.backend import keras
    from initstudy.engine.user_code import load

    x = {key: arrays[f"x_{key}"].astype("float32")[..., np.newaxis] for key in ("train", "test")}
    spec = NETWORKS[name]
    if "build" in spec:
        model = load(spec["build"])((28, 28, 1), 10)
    else:
        x = {key: images.reshape(len(images), -1) for key, images in x.items()}
        hidden = [keras.layers.Dense(units, activation="relu") for units in spec["hidden_units"]]
        output = keras.layers.Dense(10, activation="softmax")
        model = keras.Sequential([keras.Input((784,)), *hidden, output])
    metrics = ["sparse_categorical_accuracy"]
    model.compile("adam", "sparse_categorical_crossentropy", metrics=metrics, **settings)

    def fit(images: int | None = None) -> None:
        model.fit(
            x["train"][:images],
            arrays["y_train"][:images],
            batch_size=BATCH,
            validation_data=(x["test"], arrays["y_test"]),
            verbose=0,
        )

    fit(len(x["train"]) // 10)
    return fit


def spec_of(name: str, file: Path, way: str = "auto", threads: int = 1) -> Any:
    """What decides the numbers of a run of a network."""
    from specs import run_spec

    model = {"activation": "relu", **NETWORKS[name]}
    return run_spec(file, model=model, inputs="raw", batch_size=BATCH, compile=way, threads=threads)


def bench_job(name: str, threads: int) -> None:
    """Tells what a training job takes, part by part; it does one in this process."""
    begin = psutil.Process().create_time()
    from specs import planned

    from initstudy.costs import Cost
    from initstudy.engine.trainer import Trainer
    from initstudy.training import jobs, seeds
    from initstudy.training.processes import peak_memory_mb

    imported = time.time()
    spans: dict[str, list[float]] = {}

    def timed(owner: Any, method: str) -> None:
        original = getattr(owner, method)

        def call(*arguments: Any) -> Any:
            started = time.time()
            result = original(*arguments)
            spans.setdefault(method, []).append(time.time() - started)
            if method == "_begin":
                spans["before"] = [time.time() - begin]
            return result

        setattr(owner, method, call)

    timed(seeds, "make_trainer")
    timed(Trainer, "compile")
    timed(seeds.SeedTrainer, "_begin")
    timed(seeds.SeedTrainer, "_look")
    with tempfile.TemporaryDirectory() as folder:
        spec = spec_of(name, DATASET_FILE, threads=threads)
        checkpoints = jobs.train(planned(spec), DATASET_FILE, folder, [0], 3)
    peak = peak_memory_mb()
    cost = Cost(size_of(name), 70_000 * 784, 60_000, BATCH, 1, 1)
    cells = [
        name,
        f"{imported - begin:.1f}",
        *(f"{spans[part][0]:.1f}" for part in ("make_trainer", "compile", "before")),
        f"{statistics.median(spans['_look'][1:]):.2f}",
        f"{statistics.median(checkpoints[0].seconds):.3f}",
        f"{cost.epoch:.3f}",
        f"{peak:.0f}",
        f"{cost.peak:.0f}",
    ]
    print(f"| {' | '.join(cells)} |", flush=True)


def size_of(name: str) -> Any:
    """The size of a network, as the workflow is told it."""
    from specs import of_classes

    from initstudy.training.checks import examine

    question = {
        "model": {"activation": "relu", **NETWORKS[name]},
        "shape": [28, 28, 1],
        **of_classes(10),
        "optimizer": {"class_name": "adam", "config": {}},
        "learning_rates": [],
        "vary": ["weights", "order"],
        "kernel": [{"path": [], "name": "", "class_name": "glorot_uniform", "config": {}}],
        "bias": [{"path": [], "name": "", "class_name": "zeros", "config": {}}],
    }
    return examine(question)[1]


if __name__ == "__main__":
    main()
