"""Which version of a user's own code something is: a digest of a file and of what it imports."""

import ast
import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path


def source_of(path: str | Path) -> str:
    """Return the SHA-256 of a user's file, and of all that it imports from its folder or below.

    What these import counts likewise. Of a file that imports nothing from there it is that of its
    bytes. What is imported by a computed name, and files that the code reads, are not seen.

    Raises:
        OSError: if it cannot be read.
    """
    first = Path(path)
    others = _imported(first)
    total = hashlib.sha256(first.read_bytes())
    for name, file in sorted(others.items()):
        total.update(f"\n{name} {hashlib.sha256(file.read_bytes()).hexdigest()}".encode())
    return total.hexdigest()


def _imported(first: Path) -> dict[str, Path]:
    """Return the files that a file imports at any remove, by their paths in its folder."""
    folder, found, waiting = first.parent, dict[str, Path](), [first]
    while waiting:
        path = waiting.pop()
        stat = path.stat()
        for name in _names(path, stat.st_mtime_ns, stat.st_size):
            for file in _files(folder, path, name):
                key = file.relative_to(folder).as_posix()
                if key not in found and file != first:
                    found[key] = file
                    waiting.append(file)
    return found


@functools.lru_cache(maxsize=1000)
def _names(path: Path, mtime: int, size: int) -> tuple[str, ...]:
    """Return the modules of a file's imports, or what may be modules; dots mark relative ones."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):  # Keras, which runs it, says where.
        return ()
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            joint = "" if module.endswith(".") or not module else "."
            found += [module, *(f"{module}{joint}{alias.name}" for alias in node.names)]
    return tuple(dict.fromkeys(found))


def _files(folder: Path, path: Path, name: str) -> Iterator[Path]:
    """Return the files of a folder that are run if a file in it imports a module by a name."""
    parts = name.lstrip(".").split(".")
    level = len(name) - len(name.lstrip("."))
    place = folder if not level else path.parents[level - 1]
    if place != folder and folder not in place.parents:
        return
    for part in filter(None, parts):
        place = place / part
        for file in (place / "__init__.py", place.with_name(f"{part}.py")):
            if file.is_file():
                yield file
                break
        else:
            if not place.is_dir():
                return
