"""The list of a suite's figures, as `drawing.catalog` has that of a study's."""

from initstudy.drawing.catalog import Figure, Section

# With fewer studies or variants there is nothing that ranks could tell.
FEWEST_FOR_RANKS = 3

SCORES = Section("scores", "Scores", "Scores")
PROFILES = Section("profiles", "Performance profiles", "Profiles")
RANKS = Section("ranks", "Ranks", "Ranks")
TUNING = Section("tuning", "Tuning", "Tuning")

# Of a suite: the numbers of its studies, of the variants that these share, and of those studies
# that choose learning rates on replicates enough for budgets.
Size = tuple[int, int, int]
FIGURES: tuple[Figure[Size], ...] = (
    Figure(
        "intervals",
        "Interquartile mean of each variant with its interval, and its difference from the "
        "baseline",
        "Left: the interquartile mean of the scores, that is the mean of the middle "
        "half of all replicates of all studies: a few failures do not decide it, but failing in "
        "more than a quarter of the replicates does. Right: how far it is from the baseline's. "
        "Bars are 95 % intervals from the same resamples of seeds for all variants, so those of "
        "the differences, on the right, are the ones to compare by.",
        SCORES,
    ),
    Figure(
        "heat_map",
        "Mean score of each variant in each study",
        "Where the scores come from: the mean score in each study. A variant that is "
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
        "times",
        "Share of replicates that reach the target, by share of the epochs, for each variant "
        "beside the baseline",
        "How many of its replicates have reached the accuracy that was fixed as the target of "
        "their study, on validation images, by which share of the study's epochs, with pointwise "
        "95 % bands. Who is above starts faster; who never reaches it is missing at the right.",
        PROFILES,
    ),
    Figure(
        "ranks",
        "Mean rank of each variant, with bars over groups that are not told apart",
        "The variants are ranked by their mean score in each study, and the ranks averaged. A blue"
        " bar joins variants that signed-rank tests over studies, corrected for the number of "
        "pairs, do not tell apart. They look at studies only, not at seeds, so with few studies "
        "they tell little.",
        RANKS,
        when=lambda size: min(size[:2]) >= FEWEST_FOR_RANKS,
    ),
    Figure(
        "budgets",
        "Mean score of each variant by how many learning rates are tried",
        "What a variant reaches if only so many of the learning rates are tried: the best of "
        "those, in the mean over all ways to draw them, chosen on one replicate and judged on "
        "another. Where lines cross, which variant is better depends on how much one tunes.",
        TUNING,
        when=lambda size: size[2] > 0,
    ),
)


def figures_of(size: Size) -> list[Figure[Size]]:
    """The figures of a suite of this size."""
    return [figure for figure in FIGURES if figure.when is None or figure.when(size)]
