"""How templates are filled, and how numbers, names and lists are written in them.

All sentences are in `templates/`; what is here only formats what they name. Rules fill captions
while Snakemake plans, so it imports nothing that takes long.
"""

import functools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import jinja2
from markdown_it import MarkdownIt
from markupsafe import Markup

from initstudy.config.names import MEASURES
from initstudy.config.problems import count
from initstudy.drawing.catalog import Figure, judged_set

if TYPE_CHECKING:
    from initstudy.study import Study

# Beside the library, wherever a run is.
TEMPLATES = Path(__file__).parents[3] / "templates"
# Longer lists are cut: nobody reads them, and the table has all.
LONGEST = 20


def render(
    template: str, filters: Mapping[str, Callable[..., Any]] | None = None, /, **values: object
) -> str:
    """Fill a template.

    Args:
        template: the name of one in TEMPLATES; one of HTML escapes what is not marked as safe.
        filters: what it uses besides FILTERS; always the same functions, so that templates are
            compiled once.
        values: all that it uses; what is missing is an error.
    """
    environment = _environment(TEMPLATES, tuple((filters or {}).items()))
    return environment.get_template(template).render(**values)


@functools.cache
def _environment(
    templates: Path, filters: tuple[tuple[str, Callable[..., Any]], ...]
) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        autoescape=jinja2.select_autoescape(["html.jinja"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update({**FILTERS, **dict(filters)})
    return environment


def fill(
    template: str, filters: Mapping[str, Callable[..., Any]] | None = None, /, **values: object
) -> str:
    """Fill a Markdown template; see `render`.

    Blank lines that follow each other become one, so that a template may leave out any part.
    """
    lines: list[str] = []
    for line in render(template, filters, **values).splitlines():
        text = " ".join(line.split())
        # No blank line between the rows of a table, or after another one.
        if text or (lines and lines[-1]):
            if text.startswith("|") and len(lines) > 1 and lines[-2].startswith("|"):
                lines = lines if lines[-1] else lines[:-1]
            lines.append(text)
    return "\n".join(lines).strip() + "\n"


class Caption(NamedTuple):
    """The words of a figure.

    Attributes:
        alt: what it shows, for those who do not see it.
        text: how to read it.
    """

    alt: str
    text: str


def captions(figures: Sequence[Figure], study: "Study | None" = None) -> dict[str, Caption]:
    """Return the captions of figures, by their names.

    Args:
        figures: of a study or of a suite.
        study: that they are of; None for those of a suite.
    """
    words: dict[str, object] = {}
    if study is not None:
        middle = "median" if study.ranked else "mean"
        words = {"study": study, "metric": MEASURES[study.judge_by], "middle": middle}
        words |= {"set": judged_set(study), "measured": MEASURES[study.metric]}
    found = {}
    for figure in figures:
        alt, *text = fill(figure.caption, **words).splitlines()
        found[figure.name] = Caption(alt, " ".join(filter(None, text)))
    return found


def inline(markdown: str) -> Markup:
    """Return a sentence of Markdown as HTML, without a paragraph around it."""
    return Markup(MarkdownIt("commonmark", {"html": False}).renderInline(markdown))


def listed(names: Iterable[object], last: str = "and", most: int = LONGEST) -> str:
    """List names in a sentence, as in `a, b and c`; of a long list only how many more there are."""
    found = [str(name) for name in names]
    if len(found) > most:
        return f"{', '.join(found[: most - 1])} {last} {len(found) - most + 1} more"
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} {last} {found[-1]}"


def bold(names: Iterable[object]) -> list[str]:
    """Print names in bold."""
    return [f"**{name}**" for name in names]


def places_of(ends: Sequence[float], fewest: int = 1, most: int = 3) -> int:
    """Find the decimal place where an interval begins, to which its numbers are rounded."""
    half = (ends[1] - ends[0]) / 2
    if not math.isfinite(half) or half <= 0:
        return fewest
    return min(max(-math.floor(math.log10(half)), fewest), max(fewest, most))


def number(value: float, places: int = 1, sign: bool = False) -> str:
    """Write a number with so many decimals, and with its sign even if it is positive."""
    if not math.isfinite(value):
        return "" if math.isnan(value) else ("-" if value < 0 else "+" * sign) + "∞"
    # Adding 0 makes a plain zero of a negative one.
    return f"{round(value, places) + 0.0:{'+' if sign else ''}.{places}f}"


def with_interval(values: Sequence[float], sign: bool = False, fewest: int = 1) -> str:
    """Write a number with its interval, rounded to the place where the interval begins.

    Args:
        values: the number, and the ends of its interval; "" if the first is nan, and only the
            number if the ends are.
        sign: whether positive numbers have one.
        fewest: decimals at least.
    """
    middle, *ends = values
    places = places_of(ends, fewest)
    text = number(middle, places, sign)
    if math.isnan(ends[0]) or not text:
        return text
    low, high = (number(end, places, sign) for end in ends)
    return f"{text} [{low}, {high}]"


def p_equals(value: float) -> str:
    """Write a p-value as in `p = 0.023`, or `p < 0.001`."""
    return f"p = {value:.2g}" if value >= 0.001 else "p < 0.001"


def rounded(value: float) -> int:
    """Round a number to two digits, or to a whole one."""
    digits = math.floor(math.log10(value)) - 1 if value else 0
    return int(round(value, -max(0, digits)))


def about(value: float) -> str:
    """Round a number of seeds to what one acts on: two digits."""
    return f"{value:.0f}" if value < 20 else f"about {rounded(value):,}"


def percent(share: float, places: int = 0) -> str:
    """Write a share of 1 in percent."""
    return f"{100 * share:.{places}f} %"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "listed": listed,
    "bold": bold,
    "number": number,
    "p_equals": p_equals,
    "about": about,
    "percent": percent,
    "count": count,
    "inline": inline,
    "sentence": lambda text: f"{text[0].upper()}{text[1:]}",
    "slug": lambda title: title.lower().replace(" ", "-"),
}
