"""The list of a suite's figures, as `drawing.catalog` has that of a study's."""

from initstudy.drawing.catalog import Figure, Section

# With fewer studies or variants there is nothing that ranks could tell.
FEWEST_FOR_RANKS = 3

SCORES = Section("scores", "Scores", "Scores")
PROFILES = Section("profiles", "Performance profiles", "Profiles")
RANKS = Section("ranks", "Ranks", "Ranks")

# They are of a number of studies and of the variants that these share.
FIGURES: tuple[Figure[tuple[int, int]], ...] = (
    Figure(
        "intervals",
        "Interquartile mean of each variant with its interval, and its difference from the "
        "baseline",
        "Left: the interquartile mean of the normalized scores, that is the mean of the middle "
        "half of all replicates of all studies: a few failures do not decide it, but failing in "
        "more than a quarter of the replicates does. Right: how far it is from the baseline's. "
        "Bars are 95 % intervals from the same resamples of seeds for all variants, so those of "
        "the differences, on the right, are the ones to compare by.",
        SCORES,
    ),
    Figure(
        "heat_map",
        "Mean score of each variant in each study",
        "Where the scores come from: the mean normalized score in each study. A variant that is "
        "pale in all columns can be trusted in all of these studies; a dark cell is a study in "
        "which it does not learn.",
        SCORES,
    ),
    Figure(
        "profiles",
        "Share of replicates above each score, for each variant beside the baseline",
        "How many of its replicates get beyond each score, with pointwise 95 % bands. A curve "
        "above another everywhere is better whatever score one asks for; where they cross, the "
        "choice depends on it. A step down at the left is a study in which the variant fails.",
        PROFILES,
    ),
    Figure(
        "ranks",
        "Mean rank of each variant, with bars over groups that are not told apart",
        "The variants are ranked by their mean score in each study, and the ranks averaged. A blue"
        " bar joins variants that Nemenyi's test does not tell apart; the black bar is the "
        "critical difference that two mean ranks must exceed. It looks at studies only, not at "
        "seeds, so with few studies it tells little.",
        RANKS,
        when=lambda counts: min(counts) >= FEWEST_FOR_RANKS,
    ),
)


def figures_of(studies: int, variants: int) -> list[Figure[tuple[int, int]]]:
    """The figures of a suite of so many studies, which share so many variants."""
    counts = studies, variants
    return [figure for figure in FIGURES if figure.when is None or figure.when(counts)]
