"""One style for all figures: colours, frames, lines, and labels beside their ends."""

import io
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from initstudy.analysis.decisions import BASELINE
from initstudy.analysis.levels import Floats
from initstudy.results.files import replacing

# Okabe and Ito, 2008, "Color Universal Design": they differ with every common colour vision.
# Without black, which is the baseline's, and without yellow, which is too pale for lines.
COLORS = ["#E69F00", "#56B4E9", "#009E73", "#D55E00", "#0072B2", "#CC79A7"]
# Of the two bands of many means, and of what is beside the point.
PALE, GREY, DARK = "#e4e4e4", "#c8c8c8", "#777777"
# Text, and the words of decisions: dark enough to be read (a contrast of 4.5 with white at least).
INK = "#1c2126"
DECISION_COLORS = {
    "better": "#116329",
    "worse": "#a33b00",
    "equivalent": "#0550ae",
    "inconclusive": "#57606a",
}
BASELINE_STYLE: Any = {"color": "black", "linestyle": "-", "linewidth": 2.0, "zorder": 3}

# More lines than there are colours and dashes cannot be distinguished: then the best and as many
# of the worst are drawn.
MANY_LINES, ENDS_OF_LINES = 24, 5
# So few places of a line are marked.
FEW = 10
# In inches, and in characters of a line: as wide as a page, or as a phone.
WIDE, NARROW = 9.0, 4.9
LINE = {WIDE: 100, NARROW: 46}
# Longer labels beside lines are cut.
MOST_LETTERS = 34
# Bold letters of a title in an inch.
LETTERS = 9.3

STYLE: Any = {
    "figure.dpi": 100,
    "savefig.dpi": 160,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "svg.fonttype": "none",  # text stays text: smaller, and can be searched
    "svg.hashsalt": "initstudy",  # the same picture gives the same bytes
    "path.simplify": True,
}


@contextmanager
def canvas(
    title: str, size: tuple[float, float], shape: tuple[int, int] = (1, 1), **subplots: Any
) -> Iterator[tuple[Figure, npt.NDArray[Any]]]:
    """Make a figure in our style; its title is written when the block ends.

    Args:
        title: of the figure, wrapped to its width.
        size: width and height in inches.
        shape: rows and columns of panels.
        subplots: what `Figure.subplots` takes besides.

    Returns:
        The figure, and its panels by rows: Axes (rows * columns,).
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(*shape, squeeze=False, **subplots).ravel()
        yield figure, panels
        lines = textwrap.fill(title, int(LETTERS * size[0]))
        figure.suptitle(lines, x=0.01, ha="left", weight="bold")


def save(figure: Figure, *paths: str | Path) -> None:
    """Write a figure in the formats that the files' suffixes name, without dates."""
    for path in paths:
        with matplotlib.rc_context(STYLE), replacing(path) as temporary:
            metadata = {"Date": None} if Path(path).suffix == ".svg" else None
            figure.savefig(temporary, metadata=metadata)


def wrapped(text: str, narrow: bool = False) -> str:
    """Break a text into lines that are not wider than the figure."""
    width = LINE[NARROW if narrow else WIDE]
    return "\n".join(textwrap.fill(line, width) for line in text.splitlines())


def legend(figure: Figure, handles: Sequence[Any], columns: int | None = None) -> None:
    """Put a legend below the panels, in one row unless the number of columns is given."""
    ncols = columns or len(handles)
    figure.legend(handles=handles, loc="outside lower center", ncols=ncols, frameon=False)


def best_and_worst(labels: Sequence[str], scores: Sequence[float], count: int) -> list[int]:
    """Choose what is drawn of many: the `count` best and worst, `baseline` and `best`.

    Args:
        labels: of all.
        scores: of all; the largest is the best.
        count: of the best, and of the worst.

    Returns:
        Their places, in order.
    """
    order: list[int] = np.argsort(scores, kind="stable").tolist()
    named = [place for place, label in enumerate(labels) if label in (BASELINE, "best")]
    return sorted({*order[:count], *order[-count:], *named})


def line_styles(labels: Sequence[str]) -> list[dict[str, Any]]:
    """Give each label a colour, and other dashes each time that the colours are used up."""
    patterns = cycle((color, dashes) for dashes in ("-", "--", ":", "-.") for color in COLORS)
    return [
        BASELINE_STYLE
        if label == BASELINE
        else dict(zip(("color", "linestyle"), next(patterns), strict=True), linewidth=1.5)
        for label in labels
    ]


def variant_styles(initializers: Mapping[str, tuple[str, str]]) -> dict[str, dict[str, Any]]:
    """Give each variant the line of its initializer, which is the same one in all figures.

    Args:
        initializers: the kernel and the bias initializer of each variant, the baseline's first.

    Returns:
        By variant: that of its kernel initializer where this is not the baseline's, or else that of
        its bias initializer.
    """
    own_kernel, own_bias = initializers[BASELINE]
    names = {
        name: kernel if kernel != own_kernel else bias
        for name, (kernel, bias) in initializers.items()
        if (kernel, bias) != (own_kernel, own_bias)
    }
    known = list(dict.fromkeys(names.values()))
    styles = dict(zip(known, line_styles(known), strict=True))
    return {name: styles[names[name]] if name in names else BASELINE_STYLE for name in initializers}


def shortened(text: str, most: int) -> str:
    """Cut a name that is too long for its place."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def draw_line(axes: Axes, mean: Floats, style: dict[str, Any], band: Floats | None = None) -> None:
    """Draw a line whose x counts from 1, with a band from low to high around it.

    Where there are few places it is marked where they are, and a single one has no line.

    Args:
        axes: to draw in.
        mean: float64 (x,).
        style: from `line_styles`.
        band: its lower and upper edge, float64 (2, x); None if there is none.
    """
    places = np.arange(1, len(mean) + 1)
    axes.plot(places, mean, marker="o" if len(places) <= FEW else "", markersize=4, **style)
    if band is not None:
        axes.fill_between(places, band[0], band[1], color=style["color"], alpha=0.13, linewidth=0)


def draw_all(axes: Axes, means: Floats, limits: tuple[float, float]) -> None:
    """Draw how the lines of many variants are distributed: quantiles in grey behind all else.

    Args:
        axes: in which x counts from 1.
        means: float64 (variants, x); what is nan counts as the lower limit.
        limits: lines end at these.
    """
    known = np.nan_to_num(means, nan=limits[0])
    levels = np.clip(np.quantile(known, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0), *limits)
    places = np.arange(1, levels.shape[1] + 1)
    for low, high, color in ((0, 4, PALE), (1, 3, GREY)):
        axes.fill_between(places, levels[low], levels[high], color=color, linewidth=0, zorder=0)
    axes.plot(places, levels[2], color=DARK, linewidth=1.2, zorder=1)


def many_note(total: int) -> str:
    """Say what is drawn of many variants, see `best_and_worst` and `draw_all`."""
    return (
        f"Lines: the baseline, the best and the worst {ENDS_OF_LINES}. Grey: the middle "
        f"half and nine tenths of the means of all {total}, and their median."
    )


def label_ends(
    axes: Axes, ends: Sequence[float], labels: Sequence[str], styles: Sequence[dict[str, Any]]
) -> None:
    """Write each label to the right of its line's end, moved up or down so that none overlap.

    Args:
        axes: where the lines end at the right; its limits are final.
        ends: their heights there.
        labels: one for each.
        styles: from `line_styles`.
    """
    limits = axes.get_ylim()
    to_axes = axes.transData + axes.transAxes.inverted()
    starts = [float(to_axes.transform((1, end))[1]) for end in ends]
    heights = _apart(starts, gap=0.055)
    for label, style, start, height in zip(labels, styles, starts, heights, strict=True):
        line = {"arrowstyle": "-", "linewidth": 1.6, "relpos": (0, 0.5), "color": style["color"]}
        axes.annotate(
            shortened(label, MOST_LETTERS),
            xy=(1, start),
            xytext=(1.06, height),
            xycoords="axes fraction",
            va="center",
            color=INK,
            weight="bold" if style == BASELINE_STYLE else "normal",
            arrowprops=line,
        )
    axes.set_ylim(limits)


def _apart(heights: Sequence[float], gap: float) -> list[float]:
    """Move heights in 0..1 as little as need be for neighbours to be `gap` apart.

    It goes up the sorted heights and keeps each off the one below, then down again from the top.
    """
    order = np.argsort(heights, kind="stable")
    gap = min(gap, 1 / max(1, len(order) - 1))
    placed = np.array(heights, dtype=float)
    floor = 0.0
    for index in order:
        placed[index] = max(placed[index], floor)
        floor = placed[index] + gap
    ceiling = 1.0
    for index in order[::-1]:
        placed[index] = min(placed[index], ceiling)
        ceiling = placed[index] - gap
    return [float(height) for height in placed]


def svg(figure: Figure) -> bytes:
    """Return a figure as SVG, the same bytes each time."""
    file = io.BytesIO()
    with matplotlib.rc_context(STYLE):
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()
