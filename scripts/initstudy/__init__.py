"""Compare weight and bias initializers by runs that are paired by their seeds.

This is for notebooks: `load` reads the results of a study as tables, `compare` reports the
difference of two variants and whether it is real, `draw` makes a figure and `explorer` a page of
learning curves, `check_initializer` checks a custom initializer, and a `StudyError` has the fault,
its place and its remedy in words.

Examples:
    >>> from initstudy import compare, load
    >>> notebook = load("results/notebook")
    >>> notebook.summary
    >>> print(compare(notebook.variant("best"), notebook.variant("baseline")))
"""

import importlib
from typing import Any

# Where they come from: imported when asked for, since whoever wants one module of this package
# must not wait for all others, nor depend on their code.
_HOMES = {
    "StudyError": "initstudy.errors",
    "check_initializer": "initstudy.training.trying",
    "compare": "initstudy.analysis.comparison",
    "draw": "initstudy.report.figures",
    "explorer": "initstudy.drawing.explorer",
    "load": "initstudy.results.study",
}

__version__ = "0.3.0"
__all__ = ["StudyError", "check_initializer", "compare", "draw", "explorer", "load"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
