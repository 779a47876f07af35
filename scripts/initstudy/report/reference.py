"""Make the files that say what the code says: schema, config.yaml, the documentation's reference.

`python -m initstudy.report.reference` in the project's folder writes them (`make reference`).
"""

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from initstudy.config.configuration import FIRST, SECTIONS, json_schema, keys_of
from initstudy.config.schema import Node, alternatives, bounds, in_words, properties
from initstudy.data.catalog import SPECS
from initstudy.data.forms import Table
from initstudy.data.sources import Package
from initstudy.data.specs import DatasetSpec
from initstudy.data.targets import Target
from initstudy.drawing.catalog import FIGURES
from initstudy.engine.literature import kinds
from initstudy.report.words import render
from initstudy.results.dictionary import STUDY_TABLES, SUITE_TABLES

WIDTH = 100
PROJECT = Path(__file__).parents[3]
STAGES = ("train", "analyze", "report", "suite")

MADE = "made of scripts/initstudy/config/ by `make reference`"


def schema_text() -> str:
    """Return schemas/config.schema.yaml."""
    schema = json_schema()
    definitions = schema.pop("$defs")
    dialect = "https://json-schema.org/draft/2020-12/schema"
    whole = {"$schema": dialect, **schema, "$defs": definitions}
    return f"# {MADE.capitalize()}.\n" + yaml.dump(
        whole, Dumper=Plain, sort_keys=False, width=WIDTH
    )


def config_text() -> str:
    """Return config.yaml: every key with its default, below a comment with its meaning."""
    schema = json_schema()
    head = [
        "The notebook study: every key with its meaning, its values, when to change it, (default).",
        f"Most people change {', '.join(FIRST)} first.",
        "Other studies, which override keys: snakemake --cores 4 --configfile studies/NAME.yaml",
        "A single value: snakemake --cores 4 --config epochs=2 seeds=2",
        "Edit it freely; make reference makes it again from scripts/initstudy/config/.",
    ]
    keys, parts = properties(schema, schema), [_comment("\n".join(head))]
    for section, kind in SECTIONS.items():
        parts.append(f"# ---- {section}: {_lowered(kind.__doc__)} ".ljust(WIDTH, "-"))
        parts += _blocks(schema, {key: keys[key] for key in keys_of(section)})
    return "\n\n".join(parts) + "\n"


def page_text() -> str:
    """Return docs/configuration.md: every key with its type, bounds, default and meaning."""
    schema = json_schema()
    forms = ("Named", "ByLayer", "ByRole", "ByPath", "Layer")
    return _filled(
        "configuration.md.jinja",
        {"wrapped": _paragraphs, "bullets": partial(_keys, schema), "item": _item},
        keys=properties(schema, schema),
        first=FIRST,
        sections={name: (kind.__doc__, keys_of(name)) for name, kind in SECTIONS.items()},
        forms=[schema["$defs"][form] for form in forms],
        type_of=partial(_type_of, schema),
        properties=partial(properties, schema),
        written=_written,
        capitalized=_capitalized,
    )


def datasets_text() -> str:
    """Return docs/datasets.md: every data set that is known by name."""
    return _filled(
        "datasets.md.jinja", specs=SPECS, shown=_shown, predicted=_predicted, source=_source
    )


def files_text() -> str:
    """Return docs/files.md: every table of a study and of a suite, with what each column means."""
    return _filled("files.md.jinja", study=STUDY_TABLES, suite=SUITE_TABLES)


def rules_text() -> str:
    """Return docs/rules.md: every rule of the workflow, with what it says while it runs."""
    files = [PROJECT / "Snakefile", *(PROJECT / "rules" / f"{name}.smk" for name in STAGES)]
    found = {str(file.relative_to(PROJECT)): _rules(file) for file in files}
    return _filled("rules.md.jinja", files={file: rules for file, rules in found.items() if rules})


def methods_text() -> str:
    """Return docs/methods-and-layers.md: which literature initializers draw which kernels."""
    return _filled("methods-and-layers.md.jinja", kinds=kinds, capitalized=_capitalized)


def _caption(figure: str) -> str:
    return f"{{{{ snakemake.params.captions[{figure}] }}}}\n"


FILES: Mapping[str, Callable[[], str]] = {
    "schemas/config.schema.yaml": schema_text,
    "config.yaml": config_text,
    "docs/configuration.md": page_text,
    "docs/datasets.md": datasets_text,
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
    """Write out what is in two places, instead of pointing from the one to the other."""

    def ignore_aliases(self, data: Any) -> bool:
        """Return True, always."""
        return True


def _filled(template: str, filters: Mapping[str, Any] | None = None, **values: object) -> str:
    """Fill a template of a page; what is between its parts is one blank line."""
    text = render(f"reference/{template}", filters, **values)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _rules(file: Path) -> list[dict[str, str]]:
    """Read the rules of a file: name, message, and the comment above it."""
    block = r"((?:^# [^\n]*\n)*)^(?:rule|checkpoint) (\w+):\n((?:^[ \n][^\n]*\n?)*)"
    rules = []
    for comment, name, body in re.findall(block, file.read_text(encoding="utf-8"), re.M):
        message = re.search(r"message:\n((?: +\".*\"\n)+)", body)
        said = "".join(re.findall(r"\"(.*)\"", message[1])) if message else ""
        # As code, or they would be taken for attributes of the text before them.
        said = re.sub(r"(\{[^}]*\})+", r"`\g<0>`", said)
        why = " ".join(line.removeprefix("# ") for line in comment.splitlines())
        rules.append({"name": name, "message": said, "comment": why})
    return rules


def _shown(spec: DatasetSpec) -> str:
    """Say what an input of a data set is."""
    shape, form = spec.shapes["x_train"][1:], spec.places[-1].form
    size = " × ".join(map(str, shape))
    if spec.sequence:
        return f"{shape[0]} steps of {shape[1]} numbers"
    if len(shape) > 1:
        return f"{size} pixels"
    hot = isinstance(form, Table) and form.columns == "categories"
    return f"categories, {size} inputs" if hot else f"{size} numbers"


def _source(spec: DatasetSpec) -> str:
    """Say where a data set comes from, if it is one place."""
    source = spec.places[0].source
    if len(spec.places) > 1:
        return "see below"
    return f"package `{source.name}`" if isinstance(source, Package) else "drawn by NumPy"


def _predicted(target: Target) -> str:
    return "a number" if target.kind == "numbers" else f"{target.count} classes"


def _capitalized(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"


def _blocks(schema: Node, keys: Mapping[str, Node], width: int = WIDTH) -> Iterator[str]:
    """Write keys that have defaults: the comment of each, and its YAML below."""
    for name, part in keys.items():
        default, values = part["default"], bounds(part)
        if default == {}:
            # The mapping of its keys' own defaults.
            blocks = _blocks(schema, properties(schema, part), width - 2)
            inner = textwrap.indent("\n".join(blocks), "  ")
            yield f"{_comment(_help(part), width)}\n{name}:\n{inner}"
            continue
        shown = _written(default)
        text = _help(part, f"{values.capitalize()}." if values else "")
        text += f" ({shown})" if len(shown) <= 40 else " (these)"
        yield f"{_comment(text, width)}\n{name}: {shown}"


def _help(part: Node, values: str = "") -> str:
    """Say what a key does, its values, and when to change it."""
    when = f"Change it {part['when']}" if "when" in part else ""
    return " ".join(filter(None, [part["description"], values, when]))


def _lowered(text: str | None) -> str:
    return f"{(text or '')[:1].lower()}{(text or '')[1:].rstrip('.')}"


def _keys(schema: Node, keys: Mapping[str, Node]) -> str:
    lines = []
    for name, node in keys.items():
        default = f", by default `{_written(node['default'])}`" if "default" in node else ""
        lines.append(_item(f"`{name}`, {_type_of(schema, node)}{default}: {node['description']}"))
    return "\n".join(lines)


def _item(text: str) -> str:
    """Write an item of a list."""
    return textwrap.indent(_paragraphs(text, WIDTH - 2), "  ").replace(" ", "-", 1)


def _type_of(schema: Node, node: Node) -> str:
    """Say what a value may be, with the values of a choice."""
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
    """Break a text into lines, but not inside of braces."""
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
