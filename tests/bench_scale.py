"""Measures how cost grows with the number of variants, and writes what it finds into docs/.

Run by `make bench-scale`; it takes about half an hour on two cores. Its jobs are empty:
what is measured is all the rest. Each study has 10 seeds of 100 epochs, as the default one.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib
import psutil
import yaml
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE / "cluster"), str(HERE.parent / "scripts")]

from helpers import Project, copy_project  # noqa: E402
from slurm import Slurm, obstacle  # noqa: E402

from initstudy.drawing.style import COLORS, STYLE, save  # noqa: E402

DOCS = HERE.parent / "docs"


@dataclass
class Cost:
    """What a command took: wall seconds, and the largest memory of its processes together, MB."""

    seconds: float
    memory: float


@dataclass
class Row:
    """What one number of variants took."""

    variants: int
    costs: dict[str, Cost] = field(default_factory=dict)


def main(sizes: Sequence[int], jobs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = [measure(Path(folder), size) for size in sizes]
        rates = local_rates(Path(folder), rows[-1])
        reason = obstacle()
        if reason is None:
            rates |= cluster_rates(Path(folder), jobs)
        else:
            print(f"Left out: SLURM, since {reason}.")
    table = tabulate(rows, rates)
    print(table)
    picture(rows)
    page = DOCS / "scaling.md"
    text = page.read_text(encoding="utf-8")
    begin, end = "<!-- measured -->\n", "<!-- end -->"
    head, rest = text.split(begin)
    page.write_text(f"{head}{begin}{table}{end}{rest.split(end)[1]}", encoding="utf-8")


def study(folder: Path, variants: int) -> Project:
    """A project with that many variants, whose jobs are empty."""
    folder.mkdir()
    dataset = folder / "no-images.npz"  # nobody reads it
    dataset.touch()
    project = copy_project(folder, dataset)
    shutil.copy2(HERE / "no_work.py", project / "scripts/train.py")
    (project / ".initstudy/accepted").unlink()  # what tests share is new to a user
    kernels, biases = variants // 2, variants - variants // 2 - 1
    config = yaml.safe_load((project / "config.yaml").read_text())
    config["kernel_initializers"] = [
        {
            "name": f"uniform_{i:04d}",
            "class_name": "RandomUniform",
            "config": {"minval": -0.001 * (i + 1), "maxval": 0.001 * (i + 1)},
        }
        for i in range(kernels)
    ]
    config["bias_initializers"] = [
        {
            "name": f"normal_{i:04d}",
            "class_name": "RandomNormal",
            "config": {"stddev": 0.001 * (i + 1)},
        }
        for i in range(biases)
    ]
    (project / "config.yaml").write_text(yaml.safe_dump(config))
    return project


def measure(folder: Path, variants: int) -> Row:
    project = study(folder / f"of-{variants}", variants)
    row = Row(variants)

    def run(what: str, *arguments: str) -> None:
        row.costs[what] = cost(project, arguments)
        print(f"{variants} variants, {what}: {row.costs[what]}", flush=True)

    run("first dry run", "--dry-run", "--quiet", "all")
    run("dry run", "--dry-run", "--quiet", "all")
    run("empty jobs", "results/notebook/best.yaml")
    run("collecting", "results/notebook/histories.csv")
    run("summarising and drawing")
    run("nothing to do")
    return row


def local_rates(folder: Path, row: Row) -> dict[str, float]:
    """Empty jobs a minute on this machine, by each scheduler, without Snakemake's start.

    Args:
        folder: for a project with as many variants as the row has.
        row: what these took by Snakemake's own choice of a scheduler, ilp.
    """
    project = study(folder / "greedy", row.variants)
    cost(project, ["--dry-run", "--quiet", "all"])  # asks Keras, which is not counted
    greedy = cost(project, ["--scheduler", "greedy", "results/notebook/best.yaml"])
    print(f"{row.variants} variants, empty jobs by greedy: {greedy}", flush=True)
    start = row.costs["dry run"].seconds
    return {
        f"this machine, `--cores 2 --scheduler {name}`": 60 * row.variants / (took.seconds - start)
        for name, took in (("ilp", row.costs["empty jobs"]), ("greedy", greedy))
    }


def cost(project: Project, arguments: Sequence[str], cluster: bool = False) -> Cost:
    cores = [] if cluster else ["--cores", "2"]
    started = time.perf_counter()
    process = psutil.Popen(
        [sys.executable, "-m", "snakemake", *cores, *arguments],
        cwd=project.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    peak = 0.0

    def watch() -> None:
        nonlocal peak
        while process.poll() is None:
            total = 0
            try:
                for one in [process, *process.children(recursive=True)]:
                    total += one.memory_info().rss
            except psutil.NoSuchProcess:
                continue
            peak = max(peak, total / 2**20)
            time.sleep(0.05)

    watcher = threading.Thread(target=watch)
    watcher.start()
    text, _ = process.communicate()
    seconds = time.perf_counter() - started
    watcher.join()
    if process.returncode != 0:
        sys.exit(text)
    return Cost(seconds, peak)


def cluster_rates(folder: Path, jobs: int) -> dict[str, float]:
    """Empty jobs a minute, through a SLURM of two nodes on this machine."""
    ways = {
        "`generic-slurm`": ["generic-slurm", "--seconds-between-status-checks", "2"],
        "`slurm`": ["slurm", "--slurm-init-seconds-before-status-checks", "3"],
        "`slurm`, arrays": [
            "slurm",
            *("--slurm-init-seconds-before-status-checks", "3"),
            *("--slurm-array-jobs", "train"),
        ],
    }
    rates = {}
    cluster = Slurm(folder / "slurm")
    try:
        cluster.start()
        for number, (name, (profile, *arguments)) in enumerate(ways.items()):
            project = study(folder / f"cluster-{number}", jobs)
            look = ["--dry-run", "--quiet", "all"]
            cost(project, look)  # the first asks Keras, which is not counted
            start = cost(project, look)
            took = cost(
                project,
                [
                    *("results/notebook/best.yaml", "--profile", f"profiles/{profile}"),
                    *("--set-resources", "train:mem_mb=500"),
                    *arguments,
                ],
                cluster=True,
            )
            rates[name] = 60 * jobs / (took.seconds - start.seconds)
            print(f"{name}: {took}, {rates[name]:.0f} jobs a minute", flush=True)
    finally:
        cluster.stop()
    return rates


def tabulate(rows: Sequence[Row], rates: dict[str, float]) -> str:
    steps = list(rows[0].costs)
    lines = [
        "| variants | " + " | ".join(f"{step}, s" for step in steps) + " | peak memory, MB |",
        "| --- " * (len(steps) + 2) + "|",
    ]
    for row in rows:
        seconds = [f"{row.costs[step].seconds:.1f}" for step in steps]
        peak = max(row.costs[step].memory for step in ("collecting", "summarising and drawing"))
        lines.append(f"| {row.variants} | " + " | ".join(seconds) + f" | {peak:.0f} |")
    lines += ["", "| empty jobs through | jobs a minute |", "| --- | --- |"]
    lines += [f"| {name} | {rate:.0f} |" for name, rate in rates.items()]
    return "\n" + "\n".join(lines) + "\n\n"


def picture(rows: Sequence[Row]) -> None:
    shown = {
        "empty jobs": "empty jobs",
        "dry run, or nothing to do": "dry run",
        "collecting": "collecting",
        "summarising and drawing": "summarising and drawing",
    }
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8, 4.4), layout="constrained")
        axes = figure.subplots()
        sizes = [row.variants for row in rows]
        for color, (label, step) in zip(COLORS, shown.items(), strict=False):
            seconds = [row.costs[step].seconds for row in rows]
            axes.plot(sizes, seconds, marker="o", color=color)
            axes.annotate(
                f"  {label}",
                (sizes[-1], seconds[-1]),
                color=color,
                va="center",
                annotation_clip=False,
            )
        axes.set_xscale("log")
        axes.set_xlim(0.8 * sizes[0], 8 * sizes[-1])
        axes.set_yscale("log")
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axes.minorticks_off()
        axes.yaxis.set_major_formatter(FuncFormatter(lambda seconds, _: f"{seconds:g}"))
        axes.set_xlabel("variants, each with 10 seeds of 100 epochs")
        axes.set_ylabel("seconds, two cores")
        figure.suptitle(
            "How cost grows with the number of variants", x=0.01, ha="left", weight="bold"
        )
    save(figure, DOCS / "figures" / "scaling.svg", DOCS / "figures" / "scaling.png")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--cluster-jobs", type=int, default=40, help="through each way (40)")
    given = parser.parse_args()
    main(given.sizes, given.cluster_jobs)
