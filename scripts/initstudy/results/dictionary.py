"""All tables by their files: the contracts of the runs, and those that follow from the analysis.

templates/tables.yaml has what the latter are. docs/files.md is made of all; a test holds them
against the tables that are written.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from initstudy.results.contracts import (
    DIAGNOSTICS,
    HISTORIES,
    RUNS,
    SEED,
    TESTS,
    TIMINGS,
    VARIANT,
    WEIGHTS,
    Table,
)

FILE = Path(__file__).parents[3] / "templates/tables.yaml"
CONTRACTS = {
    "histories.csv": HISTORIES,
    "tests.csv": TESTS,
    "timings.csv": TIMINGS,
    "diagnostics.csv": DIAGNOSTICS,
    "weights.csv": WEIGHTS,
    "runs.csv": RUNS,
}


def _read() -> list[dict[str, Table]]:
    """Return the tables of a study, and those of a suite.

    Raises:
        KeyError: if a table or a column is not described.
    """
    # The faster one is not part of every build of PyYAML.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    parts = yaml.load(FILE.read_bytes(), loader)
    known = {"variant": f"text | {VARIANT}", "seed": f"count | {SEED}"}
    return [
        {name: _table(found, known) if found else CONTRACTS[name] for name, found in part.items()}
        for part in (parts["study"], parts["suite"])
    ]


def _table(found: Mapping[str, Any], known: dict[str, str]) -> Table:
    """Return a table, whose columns are added to those that are known by their names."""
    texts = {name: text or known[name] for name, text in found["columns"].items()}
    known |= texts | known
    split = {name: text.split(" | ") for name, text in texts.items()}
    kinds: dict[Any, list[str]] = {kind: [] for kind, _ in split.values()}
    for name, (kind, _) in split.items():
        kinds[kind].append(name)
    meanings = {name: meaning for name, (_, meaning) in split.items()}
    return Table(found["row"], meanings, {kind: " ".join(own) for kind, own in kinds.items()})


STUDY_TABLES, SUITE_TABLES = _read()
