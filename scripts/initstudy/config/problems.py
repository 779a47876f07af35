"""Mistakes in a configuration, each with its file, its line and its key."""

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from initstudy.errors import StudyError

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a configuration, and the key that it is wrong at."""

    path: KeyPath
    message: str

    def key(self) -> str:
        """Return the key as a person writes it: `kernel_initializers[2].config`."""
        text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path)
        return text.removeprefix(".")


def suggest(name: object, known: Iterable[str]) -> str:
    """Return the end of an error message: `; did you mean 'epochs'?`, or the names there are."""
    names = list(dict.fromkeys(known))
    lowered = {other.lower(): other for other in reversed(names)}
    near = difflib.get_close_matches(str(name).lower(), lowered, n=1)
    if near:
        return f"; did you mean {lowered[near[0]]!r}?"
    return "; known are " + ", ".join(names) if names else ""


def show(value: Any) -> str:
    """Return a value in an error message, cut where it is long."""
    text = "nothing (null)" if value is None else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: `1 seed`, `2 seeds`, or with the plural that is given."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def describe(
    problems: Sequence[Problem],
    files: Sequence[str | Path],
    elsewhere: Mapping[str, str] | None = None,
    section: KeyPath = (),
) -> str:
    """Return a message that lists all problems, each with its key and, if known, its line.

    Args:
        problems: what is wrong.
        files: the configuration files, in the order in which later ones override earlier ones.
        elsewhere: where the top-level keys were set that were not set in the files, or override
            them, by key: `--config`, a list of studies.
        section: the keys below which all of it stands in the files.
    """
    roots = [(path, root) for path in files if (root := _compose(path)) is not None]
    lines = []
    for problem in problems:
        whole = Problem((*section, *problem.path), problem.message)
        where = (elsewhere or {}).get(str(problem.path[0])) or _locate(whole.path, roots)
        lines.append(f"{where + ': ' if where else ''}{whole.key()}: {problem.message}")
    return _listed(lines)


def read_yaml(path: str | Path) -> Any:
    """Return the content of a YAML or JSON file.

    Raises:
        StudyError: if it cannot be read, is no YAML, or has two equal keys in one mapping.
    """
    content, problems = _read(path)
    if problems:
        raise StudyError("\n".join(problems))
    return content


def file_problems(files: Iterable[str | Path]) -> str | None:
    """Return the mistakes in configuration files before any key is read, with files and lines.

    Snakemake tells of broken YAML without its line, and of two equal keys takes the second.

    Returns:
        A message that lists broken YAML, and equal keys in one mapping with both lines; or None.
    """
    found = []
    for file in files:
        content, problems = _read(file)
        found += problems
        if not problems and not isinstance(content, Mapping):
            found.append(f"{file}: it must hold keys and values")
    return _listed(found) if found else None


def _listed(lines: Sequence[str]) -> str:
    count = "a problem" if len(lines) == 1 else f"{len(lines)} problems"
    return "\n  ".join([f"The configuration has {count}:", *lines])


def _read(file: str | Path) -> tuple[Any, list[str]]:
    """Return the content of a YAML or JSON file, and what is wrong with it."""
    try:
        text = Path(file).read_text(encoding="utf-8")
        if _is_json(text):
            text = text.replace("\t", " ")  # It may be indented by tabs, as YAML may not.
        root, content = yaml.compose(text, yaml.SafeLoader), yaml.safe_load(text)
    except OSError as error:
        return None, [f"{file} cannot be read: {error.strerror}"]
    except UnicodeDecodeError as error:
        return None, [f"{file} cannot be read: it is not text in UTF-8 ({error.reason})"]
    except yaml.MarkedYAMLError as error:
        begin, end = error.context_mark, error.problem_mark or error.context_mark
        cause = ", ".join(part for part in (error.context, error.problem) if part)
        if begin and end and begin.line != end.line:
            cause += f" (it begins in line {begin.line + 1})"
        return None, [f"{file}{f':{end.line + 1}' if end else ''}: this is not YAML: {cause}"]
    except (yaml.YAMLError, ValueError) as error:  # A character or a date that there is not.
        return None, [f"{file}: this is not YAML: {' '.join(str(error).split())}"]
    return content, list(_equal_keys(file, root))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _equal_keys(file: str | Path, root: yaml.Node | None) -> Iterator[str]:
    waiting: list[tuple[str, yaml.Node | None]] = [("", root)]
    looked_at = set()  # An alias (*name) stands for a node that was looked at already.
    while waiting:
        where, node = waiting.pop()
        if id(node) in looked_at:
            continue
        looked_at.add(id(node))
        children: list[tuple[str, yaml.Node]] = []
        if isinstance(node, yaml.SequenceNode):
            children = [(f"{where}[{index}]", part) for index, part in enumerate(node.value)]
        elif isinstance(node, yaml.MappingNode):
            lines: dict[tuple[str, Any], int] = {}
            for key, value in node.value:  # All keys are scalars, or the file was refused before.
                name, line = f"{where}.{key.value}".removeprefix("."), key.start_mark.line + 1
                same = (key.tag, key.value)
                if same in lines:
                    yield f"{file}:{line}: {name}: is in line {lines[same]} already; remove one"
                else:
                    lines[same] = line
                    children.append((name, value))
        waiting += reversed(children)


def _compose(path: str | Path) -> yaml.Node | None:
    try:
        node: yaml.Node | None = yaml.compose(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None  # Snakemake has read it, so it only cannot be pointed into.
    return node


def _locate(path: KeyPath, roots: Sequence[tuple[str | Path, yaml.Node]]) -> str:
    """`file:line` of a key in the last file that has it; empty if none has (command line)."""
    for file, root in reversed(roots):
        node, line = root, None
        for part in path:
            found = None
            if isinstance(node, yaml.MappingNode):
                found = next((kv for kv in node.value if kv[0].value == str(part)), None)
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
                found = (node.value[part],) * 2 if part < len(node.value) else None
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        else:
            if line is not None:
                return f"{file}:{line}"
    return ""
