"""Draws the figures of docs/replications.md, and prints its tables, from what the studies found.

`make replications` runs the studies, then this.
"""

from pathlib import Path

import matplotlib
import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from initstudy.analysis.statistics import epochs_to_target
from initstudy.drawing.figures import COLORS, STYLE, save

DEPTHS = (4, 16, 32)
# Images that MNIST has to train on.
IMAGES = 60_000
Curves = dict[str, npt.NDArray[np.float64]]


def curves(study: str) -> Curves:
    """Validation accuracies of the first seeds, for each kernel initializer (seeds, epochs)."""
    summary = pd.read_csv(f"results/{study}/summary.csv").set_index("variant")
    table = pd.read_csv(f"results/{study}/histories.csv")
    first = table[table.seed < summary.seeds["baseline"]]
    return {
        summary.kernel_initializer[name]: rows.pivot_table(
            index="seed", columns="epoch", values="val_accuracy", dropna=False
        ).to_numpy()
        for name, rows in first.groupby("variant")
        if name != "best"
    }


def draw_curves(study: str, title: str, labels: dict[str, tuple[str, int]], output: str) -> None:
    """Accuracy by epoch, a thin line for each seed and a thick one for their mean.

    The labels come with how far they are moved up, in points, so that they do not overlap.
    """
    found = curves(study)
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.subplots()
    for (name, (label, up)), color in zip(labels.items(), COLORS[3:] + COLORS, strict=False):
        epochs = np.arange(1, found[name].shape[1] + 1)
        axes.plot(epochs, 100 * found[name].T, color=color, linewidth=0.7, alpha=0.5)
        mean = 100 * found[name].mean(axis=0)
        axes.plot(epochs, mean, color=color, linewidth=2.4, marker="o", markersize=4)
        spread = np.std(100 * found[name], axis=0, ddof=1)
        print(f"{study}, {name}: mean by epoch {mean.round(1)}, sd {spread.round(1)}")
        axes.annotate(
            label,
            (epochs[-1], mean[-1]),
            (8, up),
            textcoords="offset points",
            color=color,
            va="center",
        )
    seeds = len(next(iter(found.values())))
    axes.set_ylim(0, 100)
    axes.set_xticks(epochs)
    axes.set_xlabel("epoch")
    axes.set_ylabel(
        f"validation images classified correctly, %\nmean of n = {seeds} seeds, thin: each seed"
    )
    finish(figure, title, output)


def draw_signals(title: str, output: str) -> None:
    """Standard deviations of activations and of back-propagated gradients by hidden layer."""
    table = pd.read_csv("results/glorot_2010/diagnostics.csv")
    start = table[(table.epoch == 0) & (table.layer < table.layer.max())]
    figure = Figure(figsize=(9, 4), layout="constrained")
    panels: tuple[Axes, Axes] = figure.subplots(1, 2, sharex=True)
    for axes, column, what in zip(
        panels,
        ("activation_sd", "gradient_sd"),
        ("activations", "gradients, relative to layer 5"),
        strict=True,
    ):
        for name, label, color in (
            ("baseline", "standard", COLORS[3]),
            ("kernel-normalized", "normalized", COLORS[4]),
        ):
            sd = start[start.variant == name].pivot_table(
                index="seed", columns="layer", values=column
            )
            if column == "gradient_sd":
                sd = sd.div(sd.iloc[:, -1], axis=0)
            print(f"glorot_2010, {name}, {column}: {sd.mean().round(3).tolist()}, n = {len(sd)}")
            axes.plot(sd.columns, sd.mean(), color=color, linewidth=2.4, marker="o")
            axes.fill_between(sd.columns, sd.min(), sd.max(), color=color, alpha=0.2, linewidth=0)
            row = 0 if column == "gradient_sd" else -1
            axes.annotate(
                label,
                (sd.columns[row], sd.mean().iloc[row]),
                (10 if row == 0 else -10, -4 if label == "standard" else -15),
                textcoords="offset points",
                color=color,
                ha="left" if row == 0 else "right",
            )
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(FixedLocator([0.02, 0.05, 0.1, 0.2, 0.5, 1]))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
        axes.set_xticks(sd.columns)
        axes.set_xlabel("hidden layer, from the input on")
        axes.set_title(f"standard deviation of {what}")
    panels[0].set_ylabel(f"mean of n = {len(sd)} seeds, band: lowest to highest")
    finish(figure, title, output)


def learning_times(study: str) -> tuple[float, dict[str, npt.NDArray[np.float64]]]:
    """The learning rate, and the updates until the target accuracy; inf where it is not reached."""
    job = yaml.safe_load(
        next(Path(f"results/{study}/runs/baseline").glob("*.job.yaml")).read_text()
    )
    updates = IMAGES / job["batch_size"]
    found = {}
    for name, values in curves(study).items():
        found[name] = updates * epochs_to_target(np.nan_to_num(values), 0.9)
    return job["optimizer"]["config"]["learning_rate"], found


def draw_learning_times(title: str, output: str) -> None:
    """Updates until nearly all is learned, by depth, each at its best rate."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.subplots()
    for name, label, ending, color in (
        ("gaussian", "Gaussian, sd √(1/n)", "", COLORS[3]),
        ("orthogonal", "orthogonal", "_fast", COLORS[4]),
    ):
        means = []
        for depth in DEPTHS:
            for run in ("", "_fast"):
                rate, times = learning_times(f"saxe_2014_depth_{depth}{run}")
                print(f"saxe_2014, depth {depth}, {name}, rate {rate}: {times[name]}")
                if run == ending:
                    axes.plot([depth] * len(times[name]), times[name], "o", color=color, alpha=0.5)
                    means.append(times[name].mean())
        axes.plot(DEPTHS, means, color=color, linewidth=2.4)
        axes.annotate(
            label,
            (DEPTHS[-1], means[-1]),
            (10, 0),
            textcoords="offset points",
            color=color,
            va="center",
        )
    axes.set_ylim(0)
    axes.set_xticks(DEPTHS)
    axes.set_xlabel("hidden layers of 64 linear units")
    axes.set_ylabel(
        "updates until 90 % are classified correctly\n"
        f"mean of n = {len(times['gaussian'])} seeds (points)"
    )
    finish(figure, title, output)


def finish(figure: Figure, title: str, output: str) -> None:
    """Gives it its title, and writes it."""
    figure.suptitle(title, x=0.01, ha="left", weight="bold")
    save(figure, f"docs/figures/replication_{output}.png")


if __name__ == "__main__":
    with matplotlib.rc_context(STYLE):
        draw_curves(
            "he_2015",
            "He et al., 2015: a 30-layer ReLU network learns from He and stalls from Xavier",
            {"xavier": ("Xavier", 0), "he": ("He", 0)},
            "he_2015",
        )
        draw_signals(
            "Glorot and Bengio, 2010: signals of five tanh layers at the start", "glorot_2010"
        )
        draw_learning_times(
            "Saxe et al., 2014: learning time of deep linear networks, each at its best rate",
            "saxe_2014",
        )
        draw_curves(
            "lsuv_2016",
            "Mishkin and Matas, 2016: LSUV trains 30 ReLU layers where its base does not",
            {
                "orthogonal": ("orthogonal (its base)", 7),
                "lsuv": ("LSUV", 5),
                "orthogonal_times_sqrt2": ("orthogonal times √2", -8),
                "normal_sd_001": ("normal, sd 0.01", -7),
            },
            "lsuv_2016",
        )
