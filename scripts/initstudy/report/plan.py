"""How many seeds a study needs, planned from a pilot study."""

import numpy as np

from initstudy.analysis.comparisons import fewest_seeds
from initstudy.analysis.levels import ALPHA
from initstudy.analysis.power import plan
from initstudy.config.problems import count
from initstudy.errors import StudyError
from initstudy.report.verdict import Units, headline
from initstudy.report.words import fill
from initstudy.results.findings import NOTHING, Findings

SEEDS = (5, 10, 20, 40, 80, 160)
# Half a point, where no margin says what matters.
SMALLEST = 0.005


def seeds_page(findings: Findings) -> str:
    """Say in Markdown which power larger studies have, or why that cannot be planned."""
    if findings.advice.action == NOTHING:
        return f"No seeds can be planned. {headline(findings)}\n"
    try:
        return plan_page(findings)
    except StudyError as error:
        return f"{error}\n"


def plan_page(findings: Findings) -> str:
    """Say in Markdown which power larger studies have.

    Args:
        findings: of the pilot study.

    Raises:
        StudyError: if the pilot does not show how seeds differ.
    """
    units = Units.of(findings)
    fewest = fewest_seeds(units.measure, ALPHA)
    compared = [
        one.comparison for one in findings.compared if one.comparison and one.comparison.tested
    ]
    seeds = findings.baseline.seeds
    if seeds < fewest:
        raise StudyError(
            f"{findings.study} has {count(seeds, 'seed')}, too few to estimate how seeds differ. "
            f"Plan from {fewest} or more."
        )
    infinite = [one.first for one in compared if not np.isfinite([one.low, one.high]).all()]
    if infinite:
        raise StudyError(
            f"{', '.join(infinite)}: the {units.words} of some seeds is infinite, so no number of "
            "seeds can be planned."
        )
    compared = [one for one in compared if one.low < one.high]
    if not compared:
        raise StudyError(
            f"{findings.study}: the differences from the baseline are the same on all seeds, so no "
            "number of seeds can be planned."
        )
    if findings.margin is None and not units.measure.share:
        raise StudyError(
            f"{findings.study} has no equivalence margin, and the plan takes multiples of it. Set "
            f"`margin` in the unit of the {units.words}."
        )
    smallest = findings.margin or SMALLEST
    sizes = [smallest, 2 * smallest, 4 * smallest]
    table = plan(compared, sizes, SEEDS, units.ranked)
    return fill(
        "plan.md.jinja",
        study=findings.study,
        units=units,
        seeds=seeds,
        comparisons=findings.comparisons,
        columns=[str(seeds) for seeds in SEEDS],
        rows=table.to_dict("records"),
    )
