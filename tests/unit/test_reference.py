"""What is told about the configuration elsewhere is what its classes say."""

import pytest
from helpers import REPOSITORY

from initstudy.study.config import Study, json_schema
from initstudy.study.reference import FILES
from initstudy.study.schema import at, first_sentence, in_words


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_what_would_be_made(name: str) -> None:
    made = FILES[name]()
    assert (REPOSITORY / name).read_text(encoding="utf-8") == made, "run: make reference"
    if name != "schemas/config.schema.yaml":  # YAML's own writer breaks lines where it likes.
        assert max(map(len, made.splitlines())) <= 100


def test_every_key_is_told_in_every_file_with_its_meaning() -> None:
    keys = json_schema()["properties"]
    assert len(keys) == len(Study.model_fields) > 20
    for name, make in FILES.items():
        text = " ".join(make().replace("#", " ").replace("\\", "").replace("''", "'").split())
        for key, part in keys.items():
            assert f"{key}:" in text or f"`{key}`" in text
            assert first_sentence(part["description"]) in text, (name, key)


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
