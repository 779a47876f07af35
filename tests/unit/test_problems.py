"""A configuration file that is broken is told with its lines, before any key is looked at."""

import json
from pathlib import Path

import pytest

from initstudy.config.problems import file_problems, read_yaml
from initstudy.errors import StudyError, forbidden


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\na: 3\n", "x.yaml:3: a: is in line 1 already"),
        ("a: 1\n'a': 2\n", "x.yaml:2: a: is in line 1 already"),
        ("m:\n  - k: 1\n    l: 2\n    k: 3\n", "x.yaml:4: m[0].k: is in line 2 already"),
        ("m: {k: 1, k: 2}\n", "x.yaml:1: m.k: is in line 1 already"),
        ('{"m": {"k": 1,\n\t"k": 2}}', "x.yaml:2: m.k: is in line 1 already"),
        ("a: 1\n  b: 2\n", "x.yaml:2: this is not YAML: mapping values are not allowed here"),
        ("a:\n\tb: 1\n", "x.yaml:2: this is not YAML: while scanning"),
        ("a: 1\nb: 'x\nc: 3\n", "found unexpected end of stream (it begins in line 2)"),
        ("a: *b\n", "x.yaml:1: this is not YAML: found undefined alias"),
        ("a: !!python/object:os.system {}\n", "x.yaml:1: this is not YAML: could not determine"),
        ("a: 2026-13-01\n", "x.yaml: this is not YAML: month must be in 1..12"),
        ("a: \x00\n", "x.yaml: this is not YAML: "),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, told: str) -> None:
    Path("x.yaml").write_text(text)
    message = file_problems(["x.yaml"])
    assert message is not None
    assert message.startswith("The configuration has a problem:\n  x.yaml")
    assert told in message
    with pytest.raises(StudyError) as error:
        read_yaml("x.yaml")
    assert told in str(error.value)


def test_all_is_told_of_all_files() -> None:
    Path("x.yaml").write_text("a: 1\na: 2\na: 3\n")
    Path("y.yaml").write_text("- a\n")
    Path("z.yaml").write_bytes(b"\xff\xfe")
    assert file_problems(["x.yaml", "y.yaml", "z.yaml", "none.yaml"]) == "\n  ".join(
        [
            "The configuration has 5 problems:",
            "x.yaml:2: a: is in line 1 already; remove one",
            "x.yaml:3: a: is in line 1 already; remove one",
            "y.yaml: it must hold keys and values",
            "z.yaml cannot be read: it is not text in UTF-8 (invalid start byte)",
            "none.yaml cannot be read: No such file or directory",
        ]
    )


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb: {a: 1}\nc: {a: 2}\n",
        "a: &x {k: 1, l: 2}\nb: {<<: *x, k: 3}\nc: *x\n",  # overrides what is merged
        "a: 1\n1: 2\n'1': 3\n",
        json.dumps({"a": [1, 2], "b": {"c": None}}, indent="\t"),
    ],
)
def test_what_is_right_is_read(text: str) -> None:
    Path("x.yaml").write_text(text)
    assert file_problems(["x.yaml"]) is None
    assert read_yaml("x.yaml")


def test_a_node_that_holds_itself_ends() -> None:
    Path("x.yaml").write_text("a: &a [*a]\n")
    assert file_problems(["x.yaml"]) is None


def test_a_folder_that_may_not_be_written_to_is_named_with_its_owner(tmp_path: Path) -> None:
    text = forbidden(PermissionError(13, "Permission denied", str(tmp_path / "a/b/lock")))
    assert text.startswith(f"You may not write to {tmp_path}, which belongs to {tmp_path.owner()}.")
    assert "A group of users" in text
