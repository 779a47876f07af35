"""Draw the figures of docs/replications.md.

    snakemake --cores 4 replications
    python studies/replications/draw.py

makes results/replications/figures/<paper>.svg and .png of the finished studies in results/.
"""

import logging
from collections.abc import Mapping
from pathlib import Path

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from initstudy.analysis.statistics import epochs_to_target
from initstudy.drawing.figures import COLORS, STYLE, save
from initstudy.results.study import StudyResults

DEPTHS = (4, 16, 32)
log = logging.getLogger(__name__)
# Images that MNIST has to train on.
IMAGES = 60_000
Curves = dict[str, npt.NDArray[np.float64]]
Studies = Mapping[str, StudyResults]


def draw(studies: Studies) -> dict[str, Figure]:
    """The figures, by the names of the papers; the numbers in them go to the log.

    Args:
        studies: all of studies/replications.yaml, by their names.
    """
    with matplotlib.rc_context(STYLE):
        return {
            "he_2015": draw_curves(
                studies["he_2015"],
                "He et al., 2015: a 30-layer ReLU network learns from He and stalls from Xavier",
                {"xavier": ("Xavier", 0), "he": ("He", 0)},
            ),
            "glorot_2010": draw_signals(
                studies["glorot_2010"],
                "Glorot and Bengio, 2010: signals of five tanh layers at the start",
            ),
            "saxe_2014": draw_learning_times(
                studies,
                "Saxe et al., 2014: learning time of deep linear networks, each at its best rate",
            ),
            "lsuv_2016": draw_curves(
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


def curves(results: StudyResults) -> Curves:
    """Validation accuracies of the first seeds, for each kernel initializer (seeds, epochs)."""
    table, study = results.histories, results.study
    first = table[table["seed"].isin(study.selection)]
    return {
        study.initializers[str(name)][0]: rows.pivot_table(
            index="seed", columns="epoch", values="val_accuracy", dropna=False
        ).to_numpy()
        for name, rows in first.groupby("variant")
        if name != "best"
    }


def draw_curves(results: StudyResults, title: str, labels: Mapping[str, tuple[str, int]]) -> Figure:
    """Accuracy by epoch, a thin line for each seed and a thick one for their mean.

    The labels come with how far they are moved up, in points, so that they do not overlap.
    """
    found = curves(results)
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.subplots()
    for (name, (label, up)), color in zip(labels.items(), COLORS[3:] + COLORS, strict=False):
        epochs = np.arange(1, found[name].shape[1] + 1)
        axes.plot(epochs, 100 * found[name].T, color=color, linewidth=0.7, alpha=0.5)
        mean = 100 * found[name].mean(axis=0)
        axes.plot(epochs, mean, color=color, linewidth=2.4, marker="o", markersize=4)
        spread = np.std(100 * found[name], axis=0, ddof=1)
        log.info(
            "%s, %s: mean by epoch %s, sd %s",
            *(results.study.name, name, mean.round(1), spread.round(1)),
        )
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
        f"validation examples classified correctly, %\nmean of n = {seeds} seeds, thin: each seed"
    )
    return titled(figure, title)


def draw_signals(results: StudyResults, title: str) -> Figure:
    """Standard deviations of activations and of back-propagated gradients by hidden layer."""
    table = results.diagnostics
    table = table[table["seed"].isin(results.study.selection)]
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
            log.info("%s, %s: %s, n = %d", name, column, sd.mean().round(3).tolist(), len(sd))
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
    return titled(figure, title)


def learning_times(results: StudyResults) -> tuple[float, Curves]:
    """The learning rate, and the updates until the target accuracy; inf where it is not reached."""
    configuration = results.configuration
    updates = IMAGES / configuration["batch_size"]
    found = {
        name: updates * epochs_to_target(np.nan_to_num(values), 0.9)
        for name, values in curves(results).items()
    }
    return configuration["optimizer"]["config"]["learning_rate"], found


def draw_learning_times(studies: Studies, title: str) -> Figure:
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
                rate, times = learning_times(studies[f"saxe_2014_depth_{depth}{run}"])
                log.info("depth %d, %s, rate %g: %s", depth, name, rate, times[name])
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
    return titled(figure, title)


def titled(figure: Figure, title: str) -> Figure:
    """The figure with its title."""
    figure.suptitle(title, x=0.01, ha="left", weight="bold")
    return figure


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    papers = ("glorot_2010", "he_2015", "lsuv_2016", "saxe_2014")
    folders = [folder for paper in papers for folder in Path("results").glob(f"{paper}*")]
    for paper, figure in draw({folder.name: StudyResults(folder) for folder in folders}).items():
        place = Path("results/replications/figures", paper)
        save(figure, place.with_suffix(".svg"), place.with_suffix(".png"))
