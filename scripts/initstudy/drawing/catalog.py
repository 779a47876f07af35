"""The list of all figures: what rules draw, pages show and `draw` makes.

A figure is a function in a file, a line here, and its caption in `templates/captions/`. Rules read
the list while Snakemake parses them, so it imports nothing that draws.
"""

import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from initstudy.errors import StudyError, suggest

if TYPE_CHECKING:
    import matplotlib.figure

    from initstudy.study import Study


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        name: of its files and of its caption.
        place: of the function that draws it, as module:function. It takes the results of a study
            and a title, and narrow=True if there is such a form; of a suite its findings and
            entries.
        section: of the page that shows it; figures of one section follow each other.
        when: whether there is such a figure, by the study, or by the findings of a suite; None if
            there always is.
        shown: whether a page shows it, though there always is one; None if it does.
        narrow: whether there is a form of it for phones, too.
    """

    name: str
    place: str
    section: str
    when: Callable[[Any], bool] | None = None
    shown: Callable[[Any], bool] | None = None
    narrow: bool = False

    @property
    def caption(self) -> str:
        """Name the template of its caption: a line that says what it shows, then how to read it."""
        return f"captions/{self.place.partition('.')[0]}/{self.name}.md.jinja"

    @property
    def title(self) -> str:
        """Name the template of its title, which is its claim."""
        return f"titles/{self.name}.md.jinja"

    def draw(self, *of: Any, **form: Any) -> "matplotlib.figure.Figure":
        """Call the function that draws it."""
        found: matplotlib.figure.Figure = pkgutil.resolve_name(f"initstudy.{self.place}")(
            *of, **form
        )
        return found


def _has(role: str) -> "Callable[[Study], bool]":
    """Whether there are variants to be compared with the baseline."""
    return lambda study: len(study.with_role(role)) > 1


# In the order of the page.
FIGURES = (
    Figure("forest", "drawing.forest:forest", "Differences", narrow=True),
    Figure("confirmation", "drawing.confirmation:confirmation", "New seeds", narrow=True),
    Figure("kernel", "drawing.curves:kernel", "Curves", shown=_has("kernel"), narrow=True),
    Figure("bias", "drawing.curves:bias", "Curves", shown=_has("bias"), narrow=True),
    Figure("best_vs_baseline", "drawing.curves:best_vs_baseline", "Curves", narrow=True),
    Figure("signals", "drawing.signals:signals", "Signals"),
    Figure("comparisons", "drawing.comparisons:comparisons", "Pairs", lambda s: s.compares_pairs),
    Figure("pairs", "drawing.pairs:pairs", "Factorial", lambda s: s.factorial),
    Figure("learning_rates", "drawing.rates:learning_rates", "Learning rates", lambda s: s.tuned),
    Figure("budgets", "drawing.rates:budgets", "Learning rates", lambda s: s.has_budgets),
    Figure("variance", "drawing.variance:variance", "Variance", lambda s: bool(s.variance_seeds)),
)
SUITE_FIGURES = (
    Figure("intervals", "suite.figures:intervals", "Errors"),
    Figure("heat_map", "suite.figures:heat_map", "Errors"),
    Figure("profiles", "suite.figures:performance_profiles", "Profiles"),
    Figure("times", "suite.figures:times_to_target", "Profiles"),
    Figure("budgets", "suite.figures:budgets", "Tuning", lambda found: bool(found.budgets)),
)


def always(figures: Sequence[Figure]) -> list[str]:
    """Name those that there are in any case."""
    return [figure.name for figure in figures if figure.when is None]


def narrow(figures: Sequence[Figure]) -> list[str]:
    """Name those that have a form for phones."""
    return [figure.name for figure in figures if figure.narrow]


def figures_of(subject: Any, figures: Sequence[Figure] | None = None) -> list[Figure]:
    """List the figures that there are of a study, or of the findings of a suite.

    Args:
        subject: the study; with SUITE_FIGURES the findings.
        figures: to choose from; FIGURES by default.
    """
    known = FIGURES if figures is None else figures
    return [figure for figure in known if figure.when is None or figure.when(subject)]


def find(name: str, narrow: bool = False) -> Figure:
    """Find a figure of a study by its name.

    Args:
        name: one of `figures_of` that study.
        narrow: whether its form for phones is wanted.

    Raises:
        StudyError: if there is no such figure, or none of that form.
    """
    known = {figure.name: figure for figure in FIGURES}
    if name not in known:
        raise StudyError(f"There is no figure {name!r}{suggest(name, known)}.")
    if narrow and not known[name].narrow:
        narrowed = [figure.name for figure in FIGURES if figure.narrow]
        raise StudyError(f"The figure {name!r} has no narrow form; {', '.join(narrowed)} have one.")
    return known[name]


def judged_set(study: "Study") -> str:
    """Name the set of examples that a study is judged on.

    It is the test set; where this validates, too, as in the notebook, that name is kept.
    """
    return "test" if study.held_out else "validation"
