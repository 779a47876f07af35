"""The list of a suite's figures, as `drawing.catalog` has that of a study's."""

from initstudy.drawing.catalog import Figure, Section

ERRORS = Section("errors", "Errors beside the baseline's", "Errors")
PROFILES = Section("profiles", "Performance profiles", "Profiles")
TUNING = Section("tuning", "Tuning", "Tuning")

# What decides is the number of studies that try learning rates on seeds enough for budgets.
FIGURES: tuple[Figure[int], ...] = (
    Figure(
        "heat_map",
        "Error of each method over the baseline's in each workload, and the decision by its seeds",
        "Each cell is a method's mean error over the baseline's: 0.50 is half as many errors. A "
        "filled triangle marks the decision by the seeds of that workload (up: better, down: "
        "worse, corrected for the number of methods), a square an equivalent method. A cross "
        "marks a method that fails: half of its seeds or more end nearer to the majority-class "
        "accuracy than to the target. Cells without a mark are inconclusive, of any colour.",
        ERRORS,
    ),
    Figure(
        "intervals",
        "Geometric mean of each method's error over the baseline's with its intervals",
        "Large dots are geometric means over the workloads, small dots the workloads. Thick bars "
        "are 95 % confidence intervals of each method alone. Thin bars are the intervals that "
        "decide: with 95 % confidence all of them hold together. Between the dotted ends a new "
        "workload would lie with 95 % probability, if it came from the same population.",
        ERRORS,
    ),
    Figure(
        "profiles",
        "Share of runs above each score, for each method beside the baseline",
        "The share of all runs that end above each score, with pointwise 95 % bands. The bands "
        "are those of other seeds in the same workloads. A step at the left is a workload in "
        "which the method fails. Where two curves cross, the better method depends on the score "
        "that you need.",
        PROFILES,
    ),
    Figure(
        "times",
        "Share of runs that reach the target, by share of the epochs, for each method beside the "
        "baseline",
        "The share of all runs that have reached the target of their workload on validation "
        "examples by each share of its epochs, with pointwise 95 % bands over seeds. It is a mean "
        "over workloads that differ widely: in some of them every run gets there, in others none.",
        PROFILES,
    ),
    Figure(
        "budgets",
        "Mean score of each method by the number of learning rates",
        "The mean score over workloads with only so many of the learning rates, in the mean over "
        "all ways to draw them. The rate is chosen on all tuning seeds but one and evaluated on "
        "that one. There are few of these seeds, so lines that lie close may cross in another "
        "order with other seeds.",
        TUNING,
        when=lambda budgets: budgets > 0,
    ),
)


def figures_of(budgets: int) -> list[Figure[int]]:
    """List the figures of a suite.

    Args:
        budgets: how many of its studies have budgets, see `Entry.has_budgets`.
    """
    return [figure for figure in FIGURES if figure.when is None or figure.when(budgets)]
