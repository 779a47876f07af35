"""Published results of a suite's variants, such as docs/benchmark: what has them is not run here.

Whoever adds a method to a benchmark runs that one, and the baseline, which decides whether what is
run here can be put beside what is published.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from initstudy.analysis.comparison import compare_suites
from initstudy.results.suite import SuiteResults


@dataclass(frozen=True)
class Trust:
    """Whether what was run here can be put beside what is published.

    Attributes:
        folder: of what is published.
        variants: those that are taken from there.
        shared: variants in studies that were run here and are published, too.
        equal: of these, how many have the same accuracies in every digit.
        same_digest: of these, how many are of the same run by its digest.
        largest: difference of mean accuracies, here less published; 0 if all are equal.
        study, variant: where that is.
    """

    folder: str
    variants: Sequence[str]
    shared: int
    equal: int
    same_digest: int
    largest: float
    study: str
    variant: str


def trust(results: SuiteResults, tables: SuiteResults, variants: Sequence[str]) -> Trust:
    """Compare what was run here with what is published of the same variants.

    Args:
        results: of both.
        tables: what is published.
        variants: those that are taken from there.
    """
    found = compare_suites(results, tables).table
    here = found[~found["variant"].isin(variants)]
    row = here.iloc[int(here["difference"].abs().argmax())]
    return Trust(
        folder=str(tables.folder),
        variants=list(variants),
        shared=len(here),
        equal=int(here["equal"].sum()),
        same_digest=int(here["same_digest"].sum()),
        largest=float(row["difference"]),
        study=str(row["study"]),
        variant=str(row["variant"]),
    )
