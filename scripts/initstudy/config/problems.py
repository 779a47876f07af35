"""Mistakes in a configuration, each with its file, its line and its key."""

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
) -> str:
    """Return a message that lists all problems, each with its key and, if known, its line.

    Args:
        problems: what is wrong.
        files: of the configuration; later ones override earlier ones.
        elsewhere: where the top-level keys were set that were not set in the files, or override
            them, by key: `--config`, a list of studies.
    """
    # Snakemake has read the files; one that is gone since only cannot be pointed into.
    roots = [(file, root) for file in files if (root := _read(file)[1]) is not None]
    lines = []
    for problem in problems:
        where = (elsewhere or {}).get(str(problem.path[0])) or _locate(problem.path, roots)
        lines.append(f"{where + ': ' if where else ''}{problem.key()}: {problem.message}")
    return _listed(lines)


def read_yaml(path: str | Path) -> Any:
    """Return the content of a YAML or JSON file.

    Raises:
        StudyError: if it cannot be read, is no YAML, or has two equal keys in one mapping.
    """
    content, _, problems = _read(path)
    if problems:
        raise StudyError("\n".join(problems))
    return content


def file_problems(files: Iterable[str | Path]) -> str | None:
    """List broken YAML, and equal keys in one mapping, with their lines; None if there are none.

    Snakemake reports broken YAML without its line, and of two equal keys takes the second.
    """
    found = []
    for file in files:
        content, _, problems = _read(file)
        found += problems
        if not problems and not isinstance(content, Mapping):
            found.append(f"{file}: it must hold keys and values")
    return _listed(found) if found else None


def _listed(lines: Sequence[str]) -> str:
    count = "a problem" if len(lines) == 1 else f"{len(lines)} problems"
    return "\n  ".join([f"The configuration has {count}:", *lines])


def _read(file: str | Path) -> tuple[Any, yaml.Node | None, list[str]]:
    """Return the content of a YAML or JSON file, its nodes, and what is wrong with it."""
    try:
        text = Path(file).read_text(encoding="utf-8")
        if _is_json(text):
            text = text.replace("\t", " ")  # It may be indented by tabs, as YAML may not.
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        problems = list(_equal_keys(file, root))  # Before merged keys (<<) count as a mapping's.
        content = None if root is None else loader.construct_document(root)
    except OSError as error:
        return None, None, [f"{file} cannot be read: {error.strerror}"]
    except UnicodeDecodeError as error:
        return None, None, [f"{file} cannot be read: it is not text in UTF-8 ({error.reason})"]
    except yaml.MarkedYAMLError as error:
        begin, end = error.context_mark, error.problem_mark or error.context_mark
        cause = ", ".join(part for part in (error.context, error.problem) if part)
        if begin and end and begin.line != end.line:
            cause += f" (it begins in line {begin.line + 1})"
        return None, None, [f"{file}{f':{end.line + 1}' if end else ''}: this is not YAML: {cause}"]
    except (yaml.YAMLError, ValueError) as error:  # A character or a date that there is not.
        return None, None, [f"{file}: this is not YAML: {' '.join(str(error).split())}"]
    return content, root, problems


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _parts(node: yaml.Node | None) -> Iterator[tuple[tuple[str, str], int, yaml.Node]]:
    """Yield what a mapping or a list holds: the type and text of a key, its line, and a node."""
    if isinstance(node, yaml.MappingNode):
        for key, part in node.value:  # All keys are scalars, or the file was refused before.
            yield (key.tag, key.value), key.start_mark.line + 1, part
    elif isinstance(node, yaml.SequenceNode):
        for index, part in enumerate(node.value):
            yield ("", str(index)), part.start_mark.line + 1, part


def _equal_keys(file: str | Path, root: yaml.Node | None) -> Iterator[str]:
    waiting: list[tuple[str, yaml.Node | None]] = [("", root)]
    looked_at = set()  # An alias (*name) stands for a node that was looked at already.
    while waiting:
        where, node = waiting.pop()
        if id(node) in looked_at:
            continue
        looked_at.add(id(node))
        lines: dict[tuple[str, str], int] = {}
        children = []
        for key, line, part in _parts(node):
            name = f"{where}.{key[1]}".removeprefix(".") if key[0] else f"{where}[{key[1]}]"
            if key in lines:
                yield f"{file}:{line}: {name}: is in line {lines[key]} already; remove one"
            else:
                lines[key] = line
                children.append((name, part))
        waiting += reversed(children)


def _locate(path: KeyPath, roots: Sequence[tuple[str | Path, yaml.Node]]) -> str:
    """`file:line` of a key in the last file that has it; empty if none has (command line)."""
    for file, root in reversed(roots):
        line, node = 0, root
        try:
            for key in path:
                found = {name: (line, part) for (_, name), line, part in _parts(node)}
                line, node = found[str(key)]
        except KeyError:
            continue
        return f"{file}:{line}"
    return ""
