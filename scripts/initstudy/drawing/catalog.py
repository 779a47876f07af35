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
        "same random numbers and the same order of images. The large dot is their {middle}, the "
        "thick bar its usual 95 % interval. The thin bar decides: all thin bars hold together with "
        "95 % confidence. A variant is better or worse if its thin bar keeps clear of zero, and "
        "equivalent if it lies within the grey band.{looks} The best pair is compared "
        "on new seeds, all others on the seeds it was chosen on.",
        RANKING,
        narrow=True,
    ),
    Figure(
        "ranking",
        "What each variant is judged by, with its interval",
        "The {judged} of every variant, on the {images} images. Small dots are single seeds: a "
        "single training could have ended at any of them. Large dots are {middle}s, bars their "
        "95 % intervals, the grey band is the baseline's interval. Those marked (order alone) "
        "all start from the same weights. A logit scale, one of log odds, spreads what lies near "
        "100 %: from 90 to 99 % is about as far as from 99 to 99.9 %.{published}",
        RANKING,
        narrow=True,
    ),
    Figure(
        "comparisons",
        "Table of the differences of every two variants, coloured by what was decided",
        "Each number is the {middle} difference of the variant of its row from that of its "
        "column on the same seeds; variants are sorted from the best to the worst. Decisions are "
        "those of the verdict. Of variants that share a letter none is better than another.",
        RANKING,
        when=lambda study: study.compares_pairs,
    ),
    Figure(
        "learning_rates",
        "What each variant reaches by learning rate",
        "The {judged} that each variant reaches on the validation images at each learning rate, "
        "the {middle} of seeds that serve for nothing else. Large dots mark the rates that the "
        "variants are judged at in all other figures. A dot at either end of the scale says that a "
        "rate beyond it may be better still.",
        LEARNING_RATES,
        when=lambda study: study.tuned,
    ),
    Figure(
        "budgets",
        "What each variant reaches by the number of learning rates that are tried",
        "How good each variant is to whoever tries only one of the learning rates, two of them, "
        "and so on: the mean over all ways to take so many. The best of them is chosen on some of "
        "the seeds, and judged on another. Where lines cross, which variant is the best depends on "
        "how much one is ready to tune.",
        LEARNING_RATES,
        when=lambda study: study.has_budgets,
    ),
    Figure(
        "pairs",
        "Heat maps of the accuracy of every pair and of the interaction of kernel and bias",
        "Every kernel initializer with every bias initializer. Left: accuracy on the {images} "
        "images after the last epoch. Right: how much better or worse the two are together than "
        "kernel and bias effect in sum, so where the worth of one depends on the other; white "
        "everywhere would mean that each can be chosen by itself. A pair that fails colours its "
        "row and its column as well, since it lowers their means. Where a colour bar ends in a "
        "point, some pairs lie beyond its end.",
        PAIRS,
        when=lambda study: study.factorial,
    ),
    Figure(
        "variance",
        "Standard deviation of each variant's replicates by what they vary by, and its sources",
        "Left: how widely the final accuracies of replicates scatter that differ by weights and "
        "order of the images, by their weights alone, and by the order alone. Right: how much of "
        "the variance is due to the weights whatever the order, to the order whatever the weights, "
        "and to both together, so that it takes only one of them to be another to end somewhere "
        "else. Bars are 95 % intervals. Diamonds: how much of the variance, whatever its cause, "
        "more test images would make disappear.",
        SCATTER,
        when=lambda study: study.variance_seeds > 0,
    ),
    Figure(
        "kernel",
        "Learning curves of the kernel initializers",
        "Kernel initializers, with the baseline's bias initializer. Lines are means over the "
        "seeds, bands one standard deviation to either side, no further than a seed came: what "
        "single trainings do, not how well the mean is known. The numbers beside the labels are "
        "the means after the last epoch.",
        CURVES,
        shown=lambda study: len(study.with_role("kernel")) > 1,
        narrow=True,
    ),
    Figure(
        "bias",
        "Learning curves of the bias initializers",
        "Bias initializers, with the baseline's kernel initializer. Lines are means over the "
        "seeds, bands one standard deviation to either side, no further than a seed came. Whether "
        "lines that lie on top of each other differ, or do not by what matters, is told in the "
        "verdict and not by the eye.",
        CURVES,
        shown=lambda study: len(study.with_role("bias")) > 1,
        narrow=True,
    ),
    Figure(
        "best_vs_baseline",
        "Learning curves of the best pair and the baseline",
        "The pair that was chosen for its accuracy, trained again on seeds that had no part in the "
        "choice, and the baseline on the same seeds. If the choice fell on the baseline's own "
        "pair, there is nothing to train again, and the baseline stands alone.",
        CURVES,
        narrow=True,
    ),
    Figure(
        "signals",
        "Dead units, gradients and activations of each layer at the start and after the last "
        "epoch, and epoch by epoch",
        "What becomes of a signal on its way through the network, and of the gradient on its way "
        "back, measured on a fixed batch of training images. Above by layer, at the start and "
        "after the last epoch; below by epoch, in the layer that each of the two reaches last, "
        "and the dead among all units. A unit is dead if it says the same about "
        "every image: it has nothing to tell the next layer, and is hardly ever revived. "
        "Activations are what leaves a layer, in the last one what enters the softmax; gradients "
        "are those of the batch's mean loss by what enters a layer's activation function. If that "
        "is a layer of its own, all is of what comes before it, where no ReLU is dead yet. Level "
        "lines by layer are healthy: where a line climbs or falls over many orders of magnitude, a "
        "signal explodes or vanishes. diagnostics.csv beside this file has all numbers, with the "
        "norms of weights and updates.",
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
        "looks": " Small circles are what it was at earlier looks." * (len(study.analyses) > 1),
        "published": " Open diamonds are published values of one training each."
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
