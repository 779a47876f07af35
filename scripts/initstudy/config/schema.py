"""What a JSON Schema has on a key, found by the key's path, in words."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Node = Mapping[str, Any]

WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


def alternatives(schema: Node, node: Node) -> Iterator[Node]:
    """Return the forms that a value may have, one or several; references are followed."""
    if "$ref" in node:
        yield from alternatives(schema, schema["$defs"][node["$ref"].rpartition("/")[2]])
    elif choice := node.get("oneOf") or node.get("anyOf"):
        for one in choice:
            yield from alternatives(schema, one)
    else:
        yield node


def properties(schema: Node, node: Node) -> dict[str, Node]:
    """Return the keys of a mapping, in any of its forms; of the first form that has a key."""
    keys: dict[str, Node] = {}
    for form in alternatives(schema, node):
        keys = {**form.get("properties", {}), **keys}
    return keys


def at(schema: Node, path: Sequence[str | int]) -> Node:
    """Return what is said of the key at a path; {} where nothing is."""
    node = schema
    for part in path:
        if isinstance(part, int):
            items = [form["items"] for form in alternatives(schema, node) if "items" in form]
            node = items[0] if items else {}
        else:
            # Of a mapping whose keys a user chooses, the same is said of all.
            others = [
                form["additionalProperties"]
                for form in alternatives(schema, node)
                if isinstance(form.get("additionalProperties"), Mapping)
            ]
            node = properties(schema, node).get(part, others[0] if others else {})
    return node


def in_words(schema: Node, node: Node) -> str:
    """Return what a value must be: `a whole number from 1 to 100000`."""
    return " or ".join(dict.fromkeys(_in_words(form) for form in alternatives(schema, node)))


def first_sentence(description: str) -> str:
    """Return the first sentence of a description, without its full stop."""
    return re.split(r"(?<!\.)\.\s", f"{description} ", maxsplit=1)[0].strip()


def bounds(node: Node) -> str:
    """From where to where a number may be: `from 1 to 100000`; empty if it is no such number."""
    if "exclusiveMinimum" in node:
        return f"above {node['exclusiveMinimum']}, up to {node['maximum']}"
    return f"from {node['minimum']} to {node['maximum']}" if "maximum" in node else ""


def _in_words(node: Node) -> str:
    if values := node.get("enum", [node["const"]] if "const" in node else []):
        return " or ".join(map(str, values))
    text = " ".join(part for part in (WORDS[node["type"]], bounds(node)) if part)
    if "maxLength" in node:
        text += f" of at most {node['maxLength']} characters"
    if "maxItems" in node:
        least = f"{node['minItems']} to" if "minItems" in node else "at most"
        text += f" of {least} {node['maxItems']} entries"
    return text
