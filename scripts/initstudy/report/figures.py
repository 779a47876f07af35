"""The figures of a study, each with its claim as its title."""

from dataclasses import replace
from typing import TYPE_CHECKING

from initstudy.analysis.findings import find
from initstudy.drawing import catalog
from initstudy.report.verdict import title
from initstudy.results.study import StudyResults

if TYPE_CHECKING:
    import matplotlib.figure


def draw(name: str, results: StudyResults, narrow: bool = False) -> "matplotlib.figure.Figure":
    """Draw a figure of a study.

    Args:
        name: of a figure that the study has: forest, confirmation, kernel, bias, best_vs_baseline
            or signals; some studies also have comparisons, pairs, learning_rates, budgets or
            variance.
        results: of it; only the files of this figure are read.
        narrow: as a phone shows it, if it has such a form.

    Raises:
        StudyError: if a file is missing or is not as it must be, or if there is no such figure, or
            none of that form.
    """
    figure = catalog.find(name, narrow)
    form = {"narrow": True} if narrow else {}
    if results.made_by_an_older_version:
        results = replace(results, found=find(results))
    return figure.draw(results, title(figure.title, results.findings), **form)
