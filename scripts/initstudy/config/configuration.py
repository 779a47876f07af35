"""The configuration of a study: all keys, and what is wrong with one, in words.

The schema, config.yaml and docs/configuration.md are made of the classes of this folder, one for
each section: see `initstudy.report.reference`.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import ErrorDetails

from initstudy.config import checks, schema
from initstudy.config.comparison import ComparisonKeys
from initstudy.config.data import DataKeys
from initstudy.config.forms import FORMS, HERE, Keys
from initstudy.config.model import ModelKeys
from initstudy.config.output import OutputKeys, PerformanceKeys
from initstudy.config.problems import KeyPath, Problem, show
from initstudy.config.training import TrainingKeys
from initstudy.errors import suggest

# Keys that there were, and why there are no more.
GONE = {
    "diagnose_after": "every run is measured at the start, after epochs 1, 2, 5, 10, 20, 50, "
    "100, ... and after the last; remove this key"
}


# What the keys are about, in the order of the reference, which is that of config.yaml.
SECTIONS: Mapping[str, type[Keys]] = {
    "Data": DataKeys,
    "Model": ModelKeys,
    "Training": TrainingKeys,
    "Comparison": ComparisonKeys,
    "Output": OutputKeys,
    "Performance": PerformanceKeys,
}
# What people change first.
FIRST = ("study", "dataset", "model", "kernel_initializers", "epochs", "seeds")


# Pydantic takes the keys of the last class first.
class Configuration(PerformanceKeys, OutputKeys, ComparisonKeys, TrainingKeys, ModelKeys, DataKeys):
    """One network, one data set, and the initializers to compare on them."""

    def plain(self) -> dict[str, Any]:
        """Return all keys, defaults and all, as YAML can hold them."""
        return self.model_dump(mode="json", by_alias=True)

    def for_keras(self) -> dict[str, Any]:
        """Return what `training.checks` looks at, as plain values, with the keys."""
        asked: dict[str, Any] = {
            "model": self.model,
            "inputs": self.inputs,
            "optimizer": self.optimizer,
            "learning_rates": list(self.learning_rates),
            "vary": list(self.vary),
            "loss": self.loss,
            "metric": self.metric,
        }
        for role in ("kernel", "bias"):
            first = {"path": ["baseline", f"{role}_initializer"]}
            key = f"{role}_initializers"
            asked[role] = [{**first, **getattr(self.baseline, role).plain()}]
            asked[role] += (
                {"path": [key, n], **one.plain()} for n, one in enumerate(getattr(self, key))
            )
        return asked


def keys_of(section: str) -> list[str]:
    """Return the keys of one of SECTIONS, as a configuration has them."""
    fields = SECTIONS[section].model_fields
    return [field.alias or name for name, field in fields.items()]


class Schema(GenerateJsonSchema):
    """JSON Schema without titles, which would only repeat the keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never."""
        return False


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a configuration, draft 2020-12."""
    return Configuration.model_json_schema(schema_generator=Schema)


def parse(
    raw: Mapping[str, Any], folders: Sequence[Path] = HERE
) -> tuple[Configuration | None, list[Problem]]:
    """Check what a configuration holds, but for what only Keras or the data can show.

    Args:
        raw: as read from YAML, merged from all its files.
        folders: where custom files are looked for; NOWHERE if they were found before.

    Returns:
        The configuration and an empty list, or None and all that is wrong.
    """
    try:
        made = Configuration.model_validate(dict(raw), context=folders)
    except ValidationError as error:
        whole = json_schema()
        return None, [problem for one in error.errors() for problem in _explain(one, whole)]
    found = list(checks.problems(made))
    return (None, found) if found else (made, [])


def _explain(error: ErrorDetails, whole: Mapping[str, Any]) -> Iterator[Problem]:
    """One of pydantic's errors in the words of a configuration, by its schema."""
    kind, loc, value = error["type"], error["loc"], error["input"]
    path = tuple(part for part in loc[:-1] if part not in FORMS)
    if kind in ("extra_forbidden", "invalid_key"):
        # As a person wrote it, be it like one of FORMS.
        yield _unknown(path, str(loc[-1]), schema.properties(whole, schema.at(whole, path)))
        return
    path = (*path, *(part for part in loc[-1:] if part not in FORMS))
    node = schema.at(whole, path)
    if kind == "refused":
        message = error["ctx"]["message"]
    elif kind == "missing":
        hint = schema.first_sentence(node["description"])
        path, message = path[:-1], f"{show(value)} lacks the key {path[-1]!r}: {hint}"
    elif kind == "union_tag_not_found" and isinstance(value, Mapping):
        known = schema.properties(whole, node)
        unknown = [_unknown(path, str(name), known) for name in value if name not in known]
        if unknown:
            yield from unknown
            return
        message = (
            f"{show(value)} must have either class_name, or layers, or hidden and output, or paths"
        )
    elif kind == "literal_error" and "enum" in node:
        message = f"{show(value)} is not one of its values{suggest(value, node['enum'])}"
    elif kind == "string_pattern_mismatch":
        marks = "_ or -" if "-]" in node["pattern"] else "_"
        message = (
            f"{show(value)} cannot become part of a file name; use letters, digits and {marks}, "
            "beginning with a letter or digit"
        )
    else:
        message = f"{show(value)} must be {schema.in_words(whole, node)}"
        if "description" in node:
            message += f" ({schema.first_sentence(node['description'])})"
    yield Problem(path, message)


def _unknown(path: KeyPath, name: str, known: Mapping[str, Any]) -> Problem:
    message = f"there is no such key{suggest(name, known)}"
    if not path and name in GONE:
        message = GONE[name]
    elif name in known:  # In another form, to which it belongs.
        message = "it belongs to the initializer of a layer"
    return Problem((*path, name), message)
