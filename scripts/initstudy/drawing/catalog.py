"""The list of a study's figures: what rules draw, the report shows and `drawing.study` makes.

Rules read it while Snakemake parses them, so it imports nothing that draws.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from initstudy.config.names import MEASURES

if TYPE_CHECKING:
    from initstudy.study import Study

# What decides whether there is a figure: for a study's, its description.
Subject = TypeVar("Subject")


@dataclass(frozen=True)
class Section:
    """A part of a page that shows figures.

    Attributes:
        id: that addresses end in.
        title: above it.
        link: what leads to it.
    """

    id: str
    title: str
    link: str


@dataclass(frozen=True)
class Figure(Generic[Subject]):
    """One figure, and what stands with it.

    Attributes:
        name: of its files, and of the function that draws it.
        alt: what it shows, for those who do not see it.
        caption: how to read it.
        section: where the report shows it.
        when: whether there is such a figure; None if there always is.
        shown: whether a page shows it, though there always is one; None if it does.
        narrow: whether there is a form of it for phones, too.
    """

    name: str
    alt: str
    caption: str
    section: Section
    when: Callable[[Subject], bool] | None = None
    shown: Callable[[Subject], bool] | None = None
    narrow: bool = False


RANKING = Section("ranking", "Ranking and differences", "Ranking")
LEARNING_RATES = Section("learning-rates", "Learning rates", "Learning rates")
PAIRS = Section("pairs", "Pairs", "Pairs")
SCATTER = Section("scatter", "Sources of variance", "Variance")
CURVES = Section("curves", "Learning curves", "Learning curves")
SIGNALS = Section("signals", "Signals by depth", "Signals")

# In the order of the report; figures of one section stand together.
FIGURES: "tuple[Figure[Study], ...]" = (
    Figure(
        "differences",
        "Mean difference of each variant from the baseline with its interval",
        "Each small dot is one seed: the variant's {judged} minus the baseline's, both from the "
        "same random numbers and the same order of examples. The large dot is their {middle}, the "
        "thick bar its usual 95 % interval. The thin bar decides: all thin bars hold together "
        "with 95 % confidence. A variant is better or worse if its thin bar excludes zero, and "
        "equivalent if it lies within the grey band, the equivalence margin.{looks} The best pair "
        "is compared on new seeds, all others on the seeds of the choice.",
        RANKING,
        narrow=True,
    ),
    Figure(
        "ranking",
        "The primary metric of each variant, with its interval",
        "The {judged} of every variant, on the {images} set. Small dots are single seeds: a "
        "single run could have ended at any of them. Large dots are {middle}s, bars their 95 % "
        "intervals, the grey band is the baseline's interval. Variants marked (order alone) have "
        "deterministic initializers: all their runs start from the same weights. The logit scale, "
        "one of log odds, stretches values near 100 %: from 90 to 99 % is about as far as from 99 "
        "to 99.9 %.{published}",
        RANKING,
        narrow=True,
    ),
    Figure(
        "comparisons",
        "Table of the differences of every two variants, coloured by decision",
        "Each number is the {middle} difference of the variant of its row from that of its column "
        "on the same seeds; variants are sorted from the best to the worst. Decisions are those "
        "of the verdict. The letters are a compact letter display: two variants share a letter "
        "unless one is better.",
        RANKING,
        when=lambda study: study.compares_pairs,
    ),
    Figure(
        "learning_rates",
        "Result of each variant by learning rate",
        "The {judged} that each variant reaches on the validation set at each learning rate, the "
        "{middle} of the tuning runs. Large dots mark the chosen rates, which all other figures "
        "use. With a dot at either end of the scale, a rate beyond it may be better.",
        LEARNING_RATES,
        when=lambda study: study.tuned,
    ),
    Figure(
        "budgets",
        "Result of each variant by the number of learning rates in the list",
        "The result of each variant with only one of the learning rates, two of them, and so on: "
        "the mean over all ways to take so many. The best rate is chosen on some of the tuning "
        "seeds, and evaluated on another. Where lines cross, the best variant depends on the "
        "effort of tuning.",
        LEARNING_RATES,
        when=lambda study: study.has_budgets,
    ),
    Figure(
        "pairs",
        "Heat maps of the accuracy of every pair and of the interaction of kernel and bias",
        "Every kernel initializer with every bias initializer. Left: accuracy on the {images} set "
        "after the last epoch. Right: the interaction, how much better or worse a pair is than "
        "the sum of its kernel and bias effect. If all is white, each can be chosen by itself. A "
        "pair that fails colours its row and its column as well, since it lowers their means. "
        "Where a colour bar ends in a point, some pairs lie beyond its end.",
        PAIRS,
        when=lambda study: study.factorial,
    ),
    Figure(
        "variance",
        "Standard deviation of each variant's runs by source, and the share of each source",
        "Left: the standard deviation of final accuracies of runs that differ by weights and "
        "order of the examples, by their weights alone, and by the order alone. Right: the shares "
        "of the variance that come from the weights, from the order, and from both together (a "
        "change of either one changes the result). Bars are 95 % intervals. Diamonds: the share "
        "of the variance, of any source, that more test examples would remove.",
        SCATTER,
        when=lambda study: study.variance_seeds > 0,
    ),
    Figure(
        "kernel",
        "Learning curves of the kernel initializers",
        "Kernel initializers, with the baseline's bias initializer. Lines are means over the "
        "seeds, bands one standard deviation to either side, within the range of the seeds: they "
        "show how single runs vary, not how precise the mean is. The numbers beside the labels "
        "are the means after the last epoch.",
        CURVES,
        shown=lambda study: len(study.with_role("kernel")) > 1,
        narrow=True,
    ),
    Figure(
        "bias",
        "Learning curves of the bias initializers",
        "Bias initializers, with the baseline's kernel initializer. Lines are means over the "
        "seeds, bands one standard deviation to either side, within the range of the seeds. Where "
        "lines overlap, see the verdict for the decision.",
        CURVES,
        shown=lambda study: len(study.with_role("bias")) > 1,
        narrow=True,
    ),
    Figure(
        "best_vs_baseline",
        "Learning curves of the best pair and the baseline",
        "The pair that was chosen for its accuracy, run again on new seeds, and the baseline on "
        "the same seeds. If the best pair is the baseline, the figure shows the baseline alone.",
        CURVES,
        narrow=True,
    ),
    Figure(
        "signals",
        "Dead units, gradients and activations of each layer at the start and after the last "
        "epoch, and epoch by epoch",
        "Signals on their way through the network, and gradients on their way back, measured on a "
        "fixed batch of training examples. Above by layer, at the start and after the last epoch; "
        "below by epoch, in the layer that each of the two reaches last, and the dead among all "
        "units. A unit is dead if it gives the same output for every example: it passes no "
        "information on, and rarely recovers. Activations are the outputs of a layer, in the last "
        "one the inputs of the softmax; gradients are those of the batch's mean loss by the "
        "inputs of a layer's activation function. If that is a separate layer, all quantities are "
        "of the layer before it, where no ReLU is dead yet. Level lines by layer are healthy: "
        "where a line climbs or falls over many orders of magnitude, a signal explodes or "
        "vanishes. diagnostics.csv beside this file has all numbers, with the norms of weights "
        "and updates.",
        SIGNALS,
    ),
)


def always(figures: Sequence[Figure[Any]]) -> list[str]:
    """The names of those that there are in any case."""
    return [figure.name for figure in figures if figure.when is None]


def narrow(figures: Sequence[Figure[Any]]) -> list[str]:
    """The names of those that have a form for phones."""
    return [figure.name for figure in figures if figure.narrow]


def shown(figures: Sequence[Figure[Subject]], subject: Subject) -> list[Figure[Subject]]:
    """Those of them that a page shows."""
    return [figure for figure in figures if figure.shown is None or figure.shown(subject)]


def figures_of(study: "Study") -> "list[Figure[Study]]":
    """The figures that a study has."""
    words = {
        "images": images_of(study),
        "judged": MEASURES[study.judge_by],
        "middle": "median" if study.ranked else "mean",
        "looks": " Small circles are the values at interim analyses." * (len(study.analyses) > 1),
        "published": " Open diamonds are published values of one run each."
        * (study.published is not None),
    }
    return [
        replace(figure, caption=figure.caption.format(**words))
        for figure in FIGURES
        if figure.when is None or figure.when(study)
    ]


def images_of(study: "Study") -> str:
    """What the images are called that a study is judged on.

    They are the test images; where these validate, too, as in the notebook, that name is kept.
    """
    return "test" if study.held_out else "validation"


def by_section(
    figures: Sequence[Figure[Subject]],
) -> list[tuple[Section, list[Figure[Subject]]]]:
    """The sections of some figures in their order, each with its own."""
    sections = dict.fromkeys(figure.section for figure in figures)
    return [(section, [f for f in figures if f.section == section]) for section in sections]
