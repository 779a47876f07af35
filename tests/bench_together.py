"""Measures what a short run costs on a cluster: a job each, and twenty together in one.

`python tests/bench_together.py 40`, in an environment of `make cluster`, as root, on idle cores:
40 variants of one seed each, 5 epochs of 2,000 examples, through a SLURM of two nodes on this
machine. It prints wall seconds and core seconds a run, of all processes of the machine together.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import yaml

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE / "cluster"), str(HERE.parent / "scripts")]

from helpers import Project, copy_project  # noqa: E402
from slurm import Slurm, obstacle  # noqa: E402

PROFILES = ("generic-slurm", "together-slurm")


def study(folder: Path, variants: int) -> Project:
    """A project with a study of that many variants of one short run each."""
    folder.mkdir()
    chance = np.random.default_rng(0)
    arrays = {}
    for part, count in (("train", 2000), ("test", 500)):
        arrays[f"x_{part}"] = chance.integers(0, 255, (count, 8, 8), np.uint8)
        arrays[f"y_{part}"] = chance.integers(0, 3, count).astype(np.uint8)
    np.savez(folder / "few.npz", **arrays)
    project = copy_project(folder, folder / "few.npz")
    (folder / "few.npz").rename(project / "few.npz")
    config = yaml.safe_load((project / "config.yaml").read_text())
    config |= {
        "dataset": "few.npz",
        "published": None,
        "epochs": 5,
        "seeds": 1,
        "bias_initializers": [],
        "kernel_initializers": [
            {"name": f"u{n}", "class_name": "RandomUniform", "config": {"maxval": 0.001 * n}}
            for n in range(1, variants)
        ],
    }
    (project / "config.yaml").write_text(yaml.safe_dump(config))
    return project


def busy() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.system)


def main(variants: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        (state := Path(place, "slurm")).mkdir()
        cluster = Slurm(state)
        cluster.start()
        try:
            for profile in PROFILES:
                project = study(Path(place, profile), variants)
                asked = ["results/notebook/histories.csv", "--profile", f"profiles/{profile}"]
                asked += ["--seconds-between-status-checks", "2"]
                # Planning, and Keras' answer, are not what is measured.
                command = [sys.executable, "-m", "snakemake"]
                subprocess.run(
                    [*command, *asked, "--dry-run", "--quiet", "all"], cwd=project.folder
                )
                started, before = time.perf_counter(), busy()
                with Path(place, f"{profile}.log").open("w") as log:
                    subprocess.run(
                        [*command, *asked], cwd=project.folder, stdout=log, stderr=log, check=True
                    )
                wall, cores = time.perf_counter() - started, busy() - before
                print(
                    f"{profile}: {wall:.0f} s, {wall / variants:.2f} s and "
                    f"{cores / variants:.2f} core seconds a run",
                    flush=True,
                )
        finally:
            cluster.stop()


if __name__ == "__main__":
    if reason := obstacle():
        sys.exit(f"No SLURM can be started here: {reason}.")
    main(int(sys.argv[1]))
