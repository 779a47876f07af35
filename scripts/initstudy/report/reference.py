"""Makes what describes the code elsewhere: the schema, config.yaml, the documentation's reference.

`python -m initstudy.report.reference` in the project's folder writes them anew (`make reference`).
"""

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from initstudy.config.configuration import json_schema
from initstudy.config.schema import Node, alternatives, bounds, in_words, properties
from initstudy.drawing.catalog import FIGURES
from initstudy.engine.literature import kinds
from initstudy.results.dictionary import STUDY_TABLES, SUITE_TABLES

WIDTH = 100
PROJECT = Path(__file__).parents[3]
STAGES = ("train", "analyze", "report", "suite")

MADE = "made of scripts/initstudy/config/ by `make reference`"


def schema_text() -> str:
    """schemas/config.schema.yaml."""
    schema = json_schema()
    definitions = schema.pop("$defs")
    dialect = "https://json-schema.org/draft/2020-12/schema"
    whole = {"$schema": dialect, **schema, "$defs": definitions}
    return f"# {MADE.capitalize()}.\n" + yaml.dump(
        whole, Dumper=Plain, sort_keys=False, width=WIDTH
    )


def config_text() -> str:
    """config.yaml: every key with its default, below a comment that tells what it means."""
    schema = json_schema()
    head = [
        "The notebook study: every key with its meaning, its values and (default).",
        "Other studies, which override keys: snakemake --cores 4 --configfile studies/NAME.yaml",
        "A single value: snakemake --cores 4 --config epochs=2 seeds=2",
        "Edit it freely; make reference makes it again from scripts/initstudy/config/.",
    ]
    return "\n\n".join([_comment("\n".join(head)), *_blocks(schema, schema)]) + "\n"


def page_text() -> str:
    """docs/configuration.md: every key with its type, bounds, default and meaning."""
    schema = json_schema()
    parts = ["# The configuration", f"<!-- {MADE.capitalize()}. -->", _paragraphs(INTRODUCTION)]
    for name, node in properties(schema, schema).items():
        inner = properties(schema, node)
        values = f"{_kinds(schema, node)}."
        if "default" in node and node["default"] != {}:
            values += f" By default `{_written(node['default'])}`."
        parts += [f"## `{name}`", _paragraphs(f"{values[0].upper()}{values[1:]}")]
        parts += [_paragraphs(node["description"]), *([_keys(schema, inner)] if inner else [])]
    parts += ["## The forms of an initializer", _paragraphs(FORMS)]
    for form in ("Named", "ByLayer", "ByRole", "ByPath", "Layer"):
        node = schema["$defs"][form]
        parts += [_paragraphs(node["description"]), _keys(schema, node["properties"])]
    return "\n\n".join(parts) + "\n"


def files_text() -> str:
    """docs/files.md: every table of a study and of a suite, with what each column means."""
    made = "made of scripts/initstudy/results/contracts.py and dictionary.py by `make reference`"
    parts = [
        "# The tables",
        f"<!-- {made.capitalize()}. -->",
        _paragraphs(
            "All are CSV with a header, UTF-8, and numbers in full precision; `nan` is a number "
            "that does not exist, `inf` a time that is never reached. A *count* is a whole number "
            "from 0 on, a *share* a fraction of 1, a *flag* True or False. Accuracies, losses and "
            "shares have no unit."
        ),
    ]
    for title, tables in (
        ("Of a study: `results/<study>/`", STUDY_TABLES),
        ("Of a suite: `results/<suite>/`", SUITE_TABLES),
    ):
        parts.append(f"## {title}")
        if tables is STUDY_TABLES:
            parts += ["### `findings.json`", _paragraphs(FINDINGS)]
        for name, table in tables.items():
            rows = [
                f"| `{column}` | {table.kind(column)} | {meaning} |"
                for column, meaning in table.columns.items()
            ]
            parts += [
                f"### `{name}`",
                f"A row is {table.rows}.",
                "\n".join(["| column | kind | meaning |", "| --- | --- | --- |", *rows]),
            ]
    return "\n\n".join(parts) + "\n"


def rules_text() -> str:
    """docs/rules.md: every rule of the workflow, with what it says while it runs."""
    parts = [
        "# The rules",
        "<!-- Made of Snakefile and rules/ by `make reference`. -->",
        _paragraphs(
            "The rules, in the order of the stages. A rule has a script of its name in "
            "`scripts/`; words in braces are filled in."
        ),
    ]
    for file in [PROJECT / "Snakefile", *(PROJECT / "rules" / f"{name}.smk" for name in STAGES)]:
        text = file.read_text(encoding="utf-8")
        block = r"((?:^# [^\n]*\n)*)^(?:rule|checkpoint) (\w+):\n((?:^[ \n][^\n]*\n?)*)"
        found = re.findall(block, text, re.M)
        rows = []
        for comment, name, body in found:
            message = re.search(r"message:\n((?: +\".*\"\n)+)", body)
            said = "".join(re.findall(r"\"(.*)\"", message[1])) if message else ""
            why = " ".join(line.removeprefix("# ") for line in comment.splitlines())
            # As code, or they would be taken for attributes of what stands before them.
            said = re.sub(r"(\{[^}]*\})+", r"`\g<0>`", said)
            rows.append(f"| `{name}` | {said} | {why} |")
        if rows:
            head = ["| rule | message | reason |", "| --- | --- | --- |"]
            parts += [f"## `{file.relative_to(PROJECT)}`", "\n".join([*head, *rows])]
    return "\n\n".join(parts) + "\n"


def methods_text() -> str:
    """docs/methods-and-layers.md: which initializers of the literature draw which kernels."""
    names, reasons = list(kinds.REFUSED), list[str]()

    def cell(why: str | None) -> str:
        if why is None:
            return "drawn"
        if why not in reasons:
            reasons.append(why)
        return f"refused ({reasons.index(why) + 1})"

    models = {
        "of a layer with two kernels (SeparableConv)": (kinds.LOOKING, SEVERAL),
        "inside of another layer or model": (kinds.FOLLOWING, FOLLOWED),
        "of a subclassed model": (kinds.FOLLOWING, UNKNOWN),
    }
    rows = [[kind, *(cell(kinds.refusal(name, kind)) for name in names)] for kind in kinds.KINDS]
    rows += [
        [kind, *(cell(why if name in among else None) for name in names)]
        for kind, (among, why) in models.items()
    ]
    table = [["kernel", *(f"`{name}`" for name in names)], ["---"] * (len(names) + 1), *rows]
    numbered = [f"{n}. {why[0].upper()}{why[1:]}." for n, why in enumerate(reasons, 1)]
    parts = [
        "# Which methods draw which kernels?",
        f"<!-- Made of {kinds.__name__.replace('.', '/')}.py by `make reference`. -->",
        _paragraphs(METHODS),
        "\n".join(f"| {' | '.join(cells)} |" for cells in table),
        "\n".join(numbered),
    ]
    return "\n\n".join(parts) + "\n"


FINDINGS = """\
The findings as data: the advice, and for each variant its decision with all numbers, its failed
runs, the seeds needed and its published result. `initstudy.load(...).findings` reads them as an
object; [its attributes](library.md#initstudy.results.findings.Findings) are the keys of the file.
`NaN`, `Infinity` and `-Infinity` are texts, since JSON has no such numbers."""

METHODS = """\
Initializers of the literature are made for some layers. The table shows the kernels that each of
them draws, with the number of inputs that a unit really sees. *Refused*: a study ends with a
message before anything runs. The numbers are those of the reasons below. Keras' own initializers
draw every kernel, as Keras does: a transposed convolution and a depthwise one have the fans that
Keras reads off their shapes. `weights.csv` of a study has the row of this table for each kernel."""
SEVERAL = "it uses the kernel of each layer, and this layer has two"
FOLLOWED = "it follows the signal from layer to layer, and does not see inside of a layer or model"
UNKNOWN = "it follows the signal, and only functional and sequential models define its way"

INTRODUCTION = """\
A study is a YAML file with some of these keys. A key that it leaves out has the value of
`config.yaml`, or else the default. On the command line, `--configfile studies/NAME.yaml` overrides
keys of `config.yaml`, and `--config epochs=2 seeds=2` overrides both. In a mapping each key is
overridden by itself; a list is replaced. An unknown key, a value of another type or beyond its
bounds, and two equal keys in one mapping are refused before anything runs."""

FORMS = """\
An identifier, a list with one for each layer, or a mapping. These are the mappings. The list,
`layers`, `hidden`, `output`, `paths` and `others` hold identifiers or the last mapping."""


def _caption(figure: str) -> str:
    return f"{{{{ snakemake.params.captions[{figure}] }}}}\n"


FILES: Mapping[str, Callable[[], str]] = {
    "schemas/config.schema.yaml": schema_text,
    "config.yaml": config_text,
    "docs/configuration.md": page_text,
    "docs/files.md": files_text,
    "docs/methods-and-layers.md": methods_text,
    "docs/rules.md": rules_text,
    # For `snakemake --report`, which takes captions from files: these give it those of the catalog.
    "templates/captions/any.rst": lambda: _caption("snakemake.wildcards.figure"),
    **{
        f"templates/captions/{figure.name}.rst": partial(_caption, repr(figure.name))
        for figure in FIGURES
        if figure.when is None
    },
}


class Plain(yaml.SafeDumper):
    """Writes out what stands in two places, instead of pointing from the one to the other."""

    def ignore_aliases(self, data: Any) -> bool:
        """Always."""
        return True


def _blocks(schema: Node, node: Node, width: int = WIDTH) -> Iterator[str]:
    """Each key of a mapping that has a default: its comment, and its YAML below."""
    for name, part in properties(schema, node).items():
        default, values = part["default"], bounds(part)
        if default == {}:
            # The mapping of its keys' own defaults.
            inner = textwrap.indent("\n".join(_blocks(schema, part, width - 2)), "  ")
            yield f"{_comment(part['description'], width)}\n{name}:\n{inner}"
            continue
        value = _written(default)
        text = [part["description"], f"{values.capitalize()}." if values else ""]
        text += [f"({value})" if len(value) <= 40 else "(these)"]
        yield f"{_comment(' '.join(filter(None, text)), width)}\n{name}: {value}"


def _keys(schema: Node, keys: Mapping[str, Node]) -> str:
    lines = []
    for name, node in keys.items():
        default = f", by default `{_written(node['default'])}`" if "default" in node else ""
        text = f"`{name}`, {_kinds(schema, node)}{default}: {node['description']}"
        lines.append(textwrap.indent(_paragraphs(text, WIDTH - 2), "  ").replace(" ", "-", 1))
    return "\n".join(lines)


def _kinds(schema: Node, node: Node) -> str:
    """What a value may be, in words, with the values of a choice."""
    found, forms = [], list(alternatives(schema, node))
    for form in forms:
        values = form.get("enum", [form["const"]] if "const" in form else [])
        found.append(" or ".join(f"`{value}`" for value in values) or in_words(schema, form))
        if "items" in form and len(forms) == 1:
            found[-1] += f", each {in_words(schema, form['items'])}"
    return " or ".join(dict.fromkeys(found))


def _written(value: Any) -> str:
    text: str = yaml.dump(value, Dumper=Plain, default_flow_style=True, width=10_000)
    return text.removesuffix("...\n").strip()


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of text, which are not broken inside of braces."""
    inside = re.compile(r"\{[^{}]*(\{[^{}]*\}[^{}]*)*\}")
    whole = inside.sub(lambda found: found[0].replace(" ", "\0"), text)
    lines = textwrap.wrap(whole, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace("\0", " ") for line in lines] or [""]


def _comment(text: str, width: int = WIDTH) -> str:
    lines = [line for paragraph in text.split("\n") for line in _wrapped(paragraph, width - 2)]
    return "\n".join(f"# {line}".rstrip() for line in lines)


def _paragraphs(text: str, width: int = WIDTH) -> str:
    # Markdown would take <study> for a tag.
    paragraphs = text.replace("<", "\\<").split("\n\n")
    return "\n\n".join("\n".join(_wrapped(part, width)) for part in paragraphs)


if __name__ == "__main__":
    for name, make in FILES.items():
        Path(name).write_text(make(), encoding="utf-8")
