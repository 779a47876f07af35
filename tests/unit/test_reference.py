"""What is told about the configuration elsewhere is what its classes say."""

import re
from pathlib import Path

import pandas as pd
import pytest
from helpers import REPOSITORY
from made_up import made_up_study

from initstudy.analysis import interaction, learning_rates, summary, variance
from initstudy.config.configuration import Configuration, json_schema
from initstudy.config.schema import at, first_sentence, in_words
from initstudy.report.reference import FILES
from initstudy.results.contracts import DIAGNOSTICS, HISTORIES, RUNS, TESTS, TIMINGS, WEIGHTS
from initstudy.results.dictionary import STUDY_TABLES, SUITE_TABLES
from initstudy.results.suite import TRAININGS
from initstudy.suite import tables


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_what_would_be_made(name: str) -> None:
    made = FILES[name]()
    assert (REPOSITORY / name).read_text(encoding="utf-8") == made, "run: make reference"
    if name in ("config.yaml", "docs/configuration.md"):  # tables and YAML's own lines are longer
        assert max(map(len, made.splitlines())) <= 100


def test_every_key_is_told_in_every_file_with_its_meaning() -> None:
    keys = json_schema()["properties"]
    assert len(keys) == len(Configuration.model_fields) > 20
    for name in ("schemas/config.schema.yaml", "config.yaml", "docs/configuration.md"):
        make = FILES[name]
        text = " ".join(make().replace("#", " ").replace("\\", "").replace("''", "'").split())
        for key, part in keys.items():
            assert f"{key}:" in text or f"`{key}`" in text
            assert first_sentence(part["description"]) in text, (name, key)


WRITTEN = {
    "summary.csv": summary.SUMMARY_COLUMNS,
    "histories.csv": HISTORIES.names,
    "tests.csv": TESTS.names,
    "timings.csv": TIMINGS.names,
    "diagnostics.csv": DIAGNOSTICS.names,
    "pairs.csv": summary.PAIR_COLUMNS,
    "weights.csv": WEIGHTS.names,
    "learning_rates.csv": learning_rates.COLUMNS,
    "runs.csv": RUNS.names,
    "interaction.csv": interaction.COLUMNS,
    "variance.csv": variance.COLUMNS,
}
OF_SUITES = {
    "summary.csv": tables.SUMMARY,
    "decisions.csv": tables.DECISIONS,
    "workloads.csv": tables.WORKLOADS,
    "scores.csv": tables.SCORES,
    "learning_rates.csv": tables.RATES,
    "trainings.csv": TRAININGS,
    "trials.csv": tables.TRIALS,
}


def test_the_dictionary_has_every_column_of_every_table_and_no_other() -> None:
    for known_tables, written in ((STUDY_TABLES, WRITTEN), (SUITE_TABLES, OF_SUITES)):
        assert set(known_tables) == set(written)
        for name, table in known_tables.items():
            left = list(written[name])
            for known, meaning in table.columns.items():
                assert len(meaning) > 5, (name, known)
                start = known.removesuffix("*") if known.endswith("*") else None
                mine = [one for one in left if one == known or (start and one.startswith(start))]
                assert mine, (name, known)
                left = [one for one in left if one not in mine]
            assert not left, name


def test_the_page_of_rules_has_every_rule() -> None:
    text = FILES["docs/rules.md"]()
    files = [REPOSITORY / "Snakefile", *(REPOSITORY / "rules").glob("*.smk")]
    rules = [
        name
        for file in files
        for name in re.findall(r"^(?:rule|checkpoint) (\w+):", file.read_text(), re.M)
    ]
    assert len(rules) > 15
    for rule in rules:
        assert text.count(f"| `{rule}` |") == 1
    # Each says something while it runs.
    assert "|  |  |" not in text
    assert "localrule" not in text


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (("epochs",), "a whole number from 1 to 100000"),
        (("model", "hidden_units"), "a list of at most 1000 entries"),
        (("model", "hidden_units", 0), "a whole number from 1 to 65536"),
        (("learning_rates", 3), "a number from 1e-12 to 1000"),
        (("validation", "holdout"), "a whole number from 1 to 100000000"),
        (("kernel_initializers", 0, "layers", 1, "class_name"), "text of at most 200 characters"),
        (("keep_weights",), "true or false"),
        (("published",), "text or null"),
    ],
)
def test_the_schema_holds_every_bound(path: tuple[str | int, ...], words: str) -> None:
    schema = json_schema()
    assert in_words(schema, at(schema, path)) == words


def test_the_first_sentence_ends_at_its_full_stop() -> None:
    text = "Seeds 0 .. n-1, of [16, ...] at 0.5. And more."
    assert first_sentence(text) == "Seeds 0 .. n-1, of [16, ...] at 0.5"
    assert first_sentence("One.") == "One"


def test_columns_hold_values_of_their_kinds(tmp_path: Path) -> None:
    made_up_study(tmp_path / "s", factorial=True, tuned=True, by_source=True)
    found = [name for name in STUDY_TABLES if (tmp_path / "s" / name).exists()]
    assert len(found) >= 9
    for name in found:
        table, frame = STUDY_TABLES[name], pd.read_csv(tmp_path / "s" / name)
        for column in table.of("count", "share"):
            values = frame[column].dropna()
            assert (values >= 0).all(), (name, column)
            bad = values % 1 != 0 if table.kind(column) == "count" else values > 1
            assert not bad.any(), (name, column)
        for column in table.of("flag"):
            assert set(frame[column].dropna()) <= {True, False}, (name, column)
