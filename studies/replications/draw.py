"""Draw the figures of docs/replications.md, and print its numbers.

    snakemake --cores 4 replications
    python studies/replications/draw.py

makes results/replications/figures/<paper>.svg and .png of the finished studies in results/.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from initstudy import load
from initstudy.analysis.statistics import epochs_to_target
from initstudy.drawing.scales import set_ticks
from initstudy.drawing.style import COLORS, canvas, save
from initstudy.errors import StudyError
from initstudy.results.study import StudyResults

DEPTHS = (4, 16, 32)
# Examples that MNIST has to train on.
EXAMPLES = 60_000
FOLDER = Path("results/replications/figures")


def curves(results: StudyResults) -> dict[str, npt.NDArray[np.float64]]:
    """Return the validation accuracies by kernel initializer, float64 (seeds, epochs)."""
    study = results.study
    return {
        kernel: results.curves(variant, study.selection, "val_accuracy")
        for variant, (kernel, _) in study.initializers.items()
    }


def accuracy_by_epoch(
    results: StudyResults, title: str, labels: Mapping[str, tuple[str, int]]
) -> Figure:
    """Draw a thin line for each seed and a thick one for their mean.

    Args:
        results: of the study.
        title: of the figure.
        labels: of the kernel initializers, and how far each is moved up, in points.
    """
    found = curves(results)
    with canvas(title, (9, 4)) as (figure, (axes,)):
        for (name, (label, up)), color in zip(labels.items(), COLORS[3:] + COLORS, strict=False):
            values = 100 * found[name]
            mean, spread = values.mean(axis=0), values.std(axis=0, ddof=1)
            epochs = range(1, len(mean) + 1)
            axes.plot(epochs, values.T, color=color, linewidth=0.7, alpha=0.5)
            axes.plot(epochs, mean, color=color, linewidth=2.4, marker="o", markersize=4)
            write(axes, label, (epochs[-1], mean[-1]), (8, up), color)
            print(f"{results.study.name}, {name}: {mean.round(1)} %, sd {spread.round(1)}")
        axes.set_ylim(0, 100)
        axes.set_xticks(epochs)
        axes.set_xlabel("epoch")
        axes.set_ylabel(f"validation accuracy, %\nmean of n = {len(values)} seeds, thin: each seed")
    return figure


def signals_at_start(results: StudyResults, title: str) -> Figure:
    """Draw standard deviations of activations and of gradients by hidden layer, before epoch 1."""
    table = results.diagnostics
    start = table[(table.epoch == 0) & (table.layer < table.layer.max())]
    start = start[start["seed"].isin(results.study.selection)]
    whats = "activations", "gradients, relative to layer 5"
    with canvas(title, (9, 4), (1, 2), sharex=True) as (figure, panels):
        for axes, column, what in zip(panels, ("activation_sd", "gradient_sd"), whats, strict=True):
            for variant, label, color, up in (
                ("baseline", "standard", COLORS[3], -4),
                ("kernel-normalized", "normalized", COLORS[4], -15),
            ):
                own = start[start["variant"] == variant]
                sd = own.pivot_table(index="seed", columns="layer", values=column)
                backward = column == "gradient_sd"
                sd = sd.div(sd.iloc[:, -1], axis=0) if backward else sd
                mean, layers = sd.mean(), sd.columns
                print(f"{variant}, {column}: {mean.round(3).tolist()}, n = {len(sd)}")
                axes.plot(layers, mean, color=color, linewidth=2.4, marker="o")
                axes.fill_between(layers, sd.min(), sd.max(), color=color, alpha=0.2, linewidth=0)
                place = 0 if backward else -1
                at = layers[place], mean.iloc[place]
                write(axes, label, at, (10 if backward else -10, up), color, right=not backward)
            axes.set_yscale("log")
            set_ticks(axes.yaxis, [0.02, 0.05, 0.1, 0.2, 0.5, 1], "{:g}".format)
            axes.set_xticks(layers)
            axes.set_xlabel("hidden layer, from the input on")
            axes.set_title(f"standard deviation of {what}")
        panels[0].set_ylabel(f"mean of n = {len(sd)} seeds, band: lowest to highest")
    return figure


def learning_times(results: StudyResults) -> dict[str, npt.NDArray[np.float64]]:
    """Return the updates until 90 % are classified correctly, by kernel; inf if they never are."""
    updates = EXAMPLES / results.configuration["batch_size"]
    return {
        kernel: updates * epochs_to_target(np.nan_to_num(values), 0.9)
        for kernel, values in curves(results).items()
    }


def learning_time_by_depth(studies: Mapping[str, StudyResults], title: str) -> Figure:
    """Draw the learning times, each at the best learning rate of its depth and kernels."""
    with canvas(title, (9, 4)) as (figure, (axes,)):
        for name, label, best, color in (
            ("gaussian", "Gaussian, sd √(1/n)", "", COLORS[3]),
            ("orthogonal", "orthogonal", "_fast", COLORS[4]),
        ):
            means = []
            for depth in DEPTHS:
                for run in ("", "_fast"):
                    study = studies[f"saxe_2014_depth_{depth}{run}"]
                    times = learning_times(study)[name]
                    rate = study.configuration["optimizer"]["config"]["learning_rate"]
                    print(f"depth {depth}, {name}, rate {rate:g}: {times}")
                    if run == best:
                        axes.plot([depth] * len(times), times, "o", color=color, alpha=0.5)
                        means.append(times.mean())
            axes.plot(DEPTHS, means, color=color, linewidth=2.4)
            write(axes, label, (DEPTHS[-1], means[-1]), (10, 0), color)
        axes.set_ylim(0)
        axes.set_xticks(DEPTHS)
        axes.set_xlabel("hidden layers of 64 linear units")
        n = f"mean of n = {len(times)} seeds (points)"
        axes.set_ylabel(f"updates until 90 % are classified correctly\n{n}")
    return figure


def write(
    axes: Axes,
    text: str,
    at: tuple[float, float],
    offset: tuple[float, float],
    color: str,
    right: bool = False,
) -> None:
    """Write a label beside a point, so many points of the page to the right and up."""
    axes.annotate(
        text,
        at,
        offset,
        textcoords="offset points",
        color=color,
        va="center",
        ha="right" if right else "left",
    )


def main() -> None:
    """Draw all of them."""
    names = ["he_2015", "glorot_2010", "lsuv_2016"]
    names += [f"saxe_2014_depth_{depth}{run}" for depth in DEPTHS for run in ("", "_fast")]
    studies = {name: load(f"results/{name}") for name in names}
    figures = {
        "he_2015": accuracy_by_epoch(
            studies["he_2015"],
            "He et al., 2015: a 30-layer ReLU network learns from He and stalls from Xavier",
            {"xavier": ("Xavier", 0), "he": ("He", 0)},
        ),
        "glorot_2010": signals_at_start(
            studies["glorot_2010"],
            "Glorot and Bengio, 2010: signals of five tanh layers at the start",
        ),
        "saxe_2014": learning_time_by_depth(
            studies,
            "Saxe et al., 2014: learning time of deep linear networks, each at its best rate",
        ),
        "lsuv_2016": accuracy_by_epoch(
            studies["lsuv_2016"],
            "Mishkin and Matas, 2016: LSUV trains 30 ReLU layers where its base does not",
            {
                "orthogonal": ("orthogonal (its base)", 7),
                "lsuv": ("LSUV", 5),
                "orthogonal_times_sqrt2": ("orthogonal times √2", -8),
                "normal_sd_001": ("normal, sd 0.01", -7),
            },
        ),
    }
    for paper, figure in figures.items():
        save(figure, *(FOLDER / f"{paper}.{ending}" for ending in ("svg", "png")))


if __name__ == "__main__":
    try:
        main()
    except StudyError as error:
        sys.exit(f"{error}\nTo run these studies: snakemake --cores 4 replications")
