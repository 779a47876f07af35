"""Compare the studies of a suite, and write down what they show together."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from initstudy.analysis import evidence
from initstudy.analysis.comparison import compare_suites
from initstudy.analysis.evidence import ONE_RUN, Evidence
from initstudy.analysis.measures import Measure, metric_of
from initstudy.drawing.catalog import SUITE_FIGURES, figures_of
from initstudy.drawing.explorer import explorer
from initstudy.drawing.style import save
from initstudy.errors import StudyError
from initstudy.results.files import replacing
from initstudy.results.study import StudyResults
from initstudy.results.suite import SuiteResults
from initstudy.results.tables import write
from initstudy.suite.entry import of_study, of_tables
from initstudy.suite.find import find
from initstudy.suite.pages import report, verdict
from initstudy.suite.shared import shared_variants
from initstudy.suite.tables import tables


def compare_studies(
    folder: Path,
    studies: Sequence[StudyResults],
    tags: Sequence[Sequence[str]],
    kept: SuiteResults | None = None,
    taken: Sequence[str] = (),
) -> None:
    """Compare the studies of a suite: write its tables, figures, words and pages.

    Args:
        folder: of the suite's results, named like the suite.
        studies: all of them.
        tags: of each of them, by which they are grouped.
        kept: published results of some variants, if these were not run here.
        taken: names of these variants.

    Raises:
        StudyError: if the studies share nothing, or nothing can be concluded from any of them.
    """
    tags_of = {one.study.name: words for one, words in zip(studies, tags, strict=True)}
    variants, left_out = shared_variants([one.study for one in studies])
    nothing = without_evidence({one.study.name: evidence.of(one) for one in studies})
    known = [one for one in studies if one.study.name not in nothing]
    entries = [of_study(one, variants, tags_of[one.study.name]) for one in known]
    if kept is not None:
        entries = [one.beside(of_tables(kept, one.workload, taken)) for one in entries]
    findings = find(entries, left_out, nothing)
    for name, table in tables(findings, entries).items():
        write(table, folder / f"{name}.csv")
    figures = figures_of(findings, SUITE_FIGURES)
    for figure in figures:
        files = (folder / f"figures/{figure.name}.{ending}" for ending in ("svg", "png"))
        save(figure.draw(findings, entries), *files)
    beside = trust(SuiteResults(folder), kept, taken) if kept else None
    words = verdict(folder.name, findings, beside)
    page = explorer(folder.name, *_curves(known, variants))
    texts = {
        "suite.md": words,
        "findings.json": json.dumps(findings.plain(), indent=1) + "\n",
        "explorer.html": page,
        "suite.html": report(folder, findings, words, page),
    }
    for name, text in texts.items():
        with replacing(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")


def trust(results: SuiteResults, kept: SuiteResults, taken: Sequence[str]) -> dict[str, Any]:
    """Compare what was run here with what is published of the same variants.

    Args:
        results: of both.
        kept: what is published.
        taken: variants of which the published results are taken.

    Returns:
        How many variants in studies were run here and are published, too (shared), have the same
        accuracies in every digit (equal), and are the same run by its digest (same_digest); where
        the largest difference of mean accuracies is (study, variant), here less published
        (largest); and the folder and the variants that are taken from it.
    """
    found = compare_suites(results, kept).table
    here = found[~found["variant"].isin(taken)]
    row = here.iloc[int(here["difference"].abs().argmax())]
    return {
        "folder": str(kept.folder),
        "variants": list(taken),
        "shared": len(here),
        "equal": int(here["equal"].sum()),
        "same_digest": int(here["same_digest"].sum()),
        "largest": float(row["difference"]),
        "study": str(row["study"]),
        "variant": str(row["variant"]),
    }


def without_evidence(known: Mapping[str, Evidence]) -> dict[str, str]:
    """Find the studies that are left out, since nothing was learned in them.

    Those of which all seeds are one run stay: each is one observation over the workloads.

    Args:
        known: of each study, by its name.

    Returns:
        The reasons (`evidence.REASONS`), by the names of the studies.

    Raises:
        StudyError: if nothing is left.
    """
    found = {name: one.reason for name, one in known.items() if one.reason not in ("", ONE_RUN)}
    if len(found) == len(known):
        listed = ", ".join(f"{name} ({reason.replace('_', ' ')})" for name, reason in found.items())
        raise StudyError(
            f"Nothing can be concluded from any of the studies: {listed}. The report of each "
            "study names the keys to change."
        )
    return found


def _curves(
    studies: Sequence[StudyResults], variants: Sequence[str]
) -> tuple[pd.DataFrame, Measure]:
    """Return the histories of the runs that are compared: study, and `HISTORIES`; and their metric,
    of several metrics the scale of their values.
    """
    tables, metrics = [], {one.study.metric for one in studies}
    several = Measure("metric", metric_of(studies[0].study).sign)
    for results in studies:
        study, table = results.study, results.histories
        own = table["variant"].isin(variants) & table["seed"].isin(study.selection)
        rows = table[own].assign(study=study.name)
        if len(metrics) > 1:
            rows = rows.rename(columns={study.metric: "metric", study.val_metric: "val_metric"})
        tables.append(rows)
    joined = pd.concat(tables, ignore_index=True)
    return joined, several if len(metrics) > 1 else metric_of(studies[0].study)
