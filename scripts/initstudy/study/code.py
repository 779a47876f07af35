"""Which version of the code something is: a digest of the definitions that it uses.

A training is addressed by it, so it must change whenever the numbers may change, and should not for
a comment or a definition that is not used. Names are followed from one to the next; nothing is run.
"""

import ast
import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
LOGGERS = {"log", "logger", "logging"}
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def code_digest(*roots: str | Path, folder: Path = Path(__file__).parents[2]) -> str:
    """SHA-256, in hexadecimal, over the definitions in a folder that the roots use at any remove.

    What counts: each used definition of a module's top level (function, class, assignment, import)
    with all that it names, in their order; what else stands in a module that is imported, or in its
    packages' `__init__.py`, since it runs: calls, `with`, `if`, `try`, loops, `x[0] = 1`, imports
    from outside the folder. A module that is used in another way than `module.name` counts whole,
    a package with what is below it; so does what is imported by `*` or within another statement.

    What does not: comments, formatting, docstrings, where the folder is; statements like
    `log.info(...)` of `log`, `logger` and `logging`: their arguments are taken to change nothing.

    What is not seen: names that exist only in strings (importlib, `globals()`, annotations that are
    written as strings), definitions that nothing names but which act (by a decorator that registers
    them, `__subclasses__`, a call whose result is assigned and not used), files that the code reads
    (give them as roots), docstrings that it reads, and which versions other packages have.

    Args:
        roots: each the dotted name of a module (`initstudy.training.checks`: all of it), or with
            one of its definitions (`initstudy.training.engine:make_trainer`), or the path of a
            script (`.py`: all of it) or another file (its bytes), from the folder if relative.
        folder: what `import` finds in it is followed.

    Raises:
        LookupError: if there is no such module or definition.
        OSError, SyntaxError: if a file cannot be read, or is no Python.
    """
    digests = (_Walk(folder).digest(root) for root in roots)
    return hashlib.sha256("".join(digests).encode()).hexdigest()


class _Import(NamedTuple):
    """What one name of an import statement stands for."""

    name: str  # that it binds, "*" for all
    module: str
    attribute: str  # of the module, or a module below it; "" for the module itself
    runs: str  # what is run for it, besides the packages that it is in; it need not be a module


@dataclass(eq=False)
class _Part:
    """A statement of a module's top level; of an import, what is for one name."""

    names: set[str]  # that it binds
    text: str  # all of it that counts
    uses: set[str] = field(default_factory=set)  # names, with what is asked of them: `module.name`
    imports: list[_Import] = field(default_factory=list)  # those within it
    stands_for: _Import | None = None  # what it is itself, if it is an import
    runs: bool = False  # whether it counts as soon as its module is imported


class _Walk:
    """Follows names from part to part, and keeps those that count."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._modules: dict[str, list[_Part] | None] = {}
        self._counted: set[tuple[str, _Part]] = set()
        self._followed: set[tuple[str, str]] = set()
        self._todo: list[tuple[str, _Part]] = []

    def digest(self, root: str | Path) -> str:
        """Of all that a root uses, see `code_digest`."""
        if isinstance(root, Path):
            source = (self._folder / root).read_bytes()
            if root.suffix != ".py":
                return hashlib.sha256(source).hexdigest()
            for part in self._begin("", _parse(source, "")):
                if not part.stands_for:  # what it imports counts as far as it is used
                    self._count("", part)
        else:
            name, _, definition = root.partition(":")
            parts = self._run(name)
            if parts is None or definition not in {"", *(n for part in parts for n in part.names)}:
                raise LookupError(f"there is no {root!r} in {self._folder}")
            self._follow(name, definition)
        while self._todo:
            name, part = self._todo.pop()
            for used in part.uses:
                self._use(name, used)
            for found in part.imports:
                self._run(found.runs)
                self._follow(found.module, found.attribute)
        lines = []
        for name, parts in sorted(self._modules.items()):
            texts = [part.text for part in parts or () if (name, part) in self._counted]
            lines += [name, *texts] if texts else []
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def _run(self, name: str) -> list[_Part] | None:
        """The parts of a module, after what its import runs; None if the folder has no such one."""
        if name in self._modules:
            return self._modules[name]
        package = name.rpartition(".")[0]
        missing = package and self._run(package) is None
        if name not in self._modules and not missing:  # the package may import it
            place = self._folder.joinpath(*name.split("."))
            for path, inside in (place / "__init__.py", name), (Path(f"{place}.py"), package):
                if path.is_file():
                    return self._begin(name, _parse(path.read_bytes(), inside))
            if any(place.rglob("*.py")):  # a package may do without a file
                return self._begin(name, [])
        return self._modules.setdefault(name, None)

    def _begin(self, name: str, parts: list[_Part]) -> list[_Part]:
        self._modules[name] = parts
        for part in parts:
            found = part.stands_for
            if part.runs or (found and self._run(found.runs) is self._run(found.module) is None):
                self._count(name, part)
        return parts

    def _count(self, name: str, part: _Part) -> None:
        if (name, part) not in self._counted:
            self._counted.add((name, part))
            self._todo.append((name, part))

    def _follow(self, name: str, used: str) -> None:
        """Counts what is used of a module: an attribute, with those behind it, or "" for all."""
        if self._run(name) is None or (name, used) in self._followed:
            return
        self._followed.add((name, used))
        first, _, rest = used.partition(".")
        below = first and self._run(f"{name}.{first}") is not None
        if below:
            self._follow(f"{name}.{first}", rest)
        if self._use(name, used) or below:
            return
        for part in self._modules[name] or ():
            self._count(name, part)
            if part.stands_for:
                self._follow(part.stands_for.module, part.stands_for.attribute)
        for path in self._folder.joinpath(*name.split(".")).glob("*"):
            self._follow(f"{name}.{path.stem}", "")

    def _use(self, name: str, used: str) -> bool:
        """Counts what a name stands for in a module; False if the module does not bind it."""
        first, _, rest = used.partition(".")
        binding = [part for part in self._modules[name] or () if first in part.names]
        for part in binding:
            self._count(name, part)
            if found := part.stands_for:
                self._follow(found.module, ".".join(filter(None, (found.attribute, rest))))
        return bool(binding)


@functools.cache
def _parse(source: bytes, package: str) -> list[_Part]:
    """Takes a module apart, once for each content."""
    body = (node for node in ast.parse(source).body if not _says_nothing(node))
    return [part for node in body for part in _parts(node, package)]


def _says_nothing(node: Any) -> bool:
    """Whether it is a docstring or the like, or only logs."""
    match node:
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(name), level))):
            return name in LOGGERS and level in LEVELS
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _parts(node: ast.stmt, package: str) -> list[_Part]:
    nodes: list[ast.AST] = []
    text = _text(node, nodes)
    imports = [found for part in nodes for found in _imports(part, package)]
    if isinstance(node, ast.Import | ast.ImportFrom) and imports[0].name != "*":
        return [_Part({found.name}, repr(found), stands_for=found) for found in imports]
    longer = {part.value for part in nodes if isinstance(part, ast.Attribute)}
    uses = {_dotted(part) for part in nodes if part not in longer}
    if isinstance(node, DEFINITIONS):
        return [_Part({node.name}, text, uses, imports)]
    stored = [part for part in nodes if isinstance(getattr(part, "ctx", None), ast.Store)]
    names = {found.name for found in imports}
    names |= {part.id for part in stored if isinstance(part, ast.Name)}
    names |= {part.name for part in nodes if isinstance(part, DEFINITIONS)}
    sets = any(isinstance(part, ast.Attribute | ast.Subscript) for part in stored)
    runs = sets or not isinstance(node, ast.Assign | ast.AnnAssign)
    return [_Part(names, text, uses, imports, runs=runs)]


def _imports(node: ast.AST, package: str) -> Iterator[_Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            module = alias.name if alias.asname else alias.name.partition(".")[0]
            yield _Import(alias.asname or module, module, "", alias.name)
    elif isinstance(node, ast.ImportFrom):
        above = package.split(".")[: package.count(".") + 2 - node.level] if node.level else []
        module = ".".join(filter(None, (*above, node.module)))
        for alias in node.names:
            attribute = alias.name.strip("*")
            yield _Import(alias.asname or alias.name, module, attribute, f"{module}.{alias.name}")


def _dotted(node: ast.AST) -> str:
    """`a.b` of such an expression, "" of one that does not begin with a name."""
    if isinstance(node, ast.Attribute):
        return f"{before}.{node.attr}" if (before := _dotted(node.value)) else ""
    return node.id if isinstance(node, ast.Name) else ""


def _text(node: Any, within: list[ast.AST]) -> str:
    """Writes what counts, and lists its nodes; `ast.dump` is not alike in Python's versions."""
    if isinstance(node, list):
        return f"[{','.join(_text(part, within) for part in node if not _says_nothing(part))}]"
    if not isinstance(node, ast.AST):
        return ascii(node)
    within.append(node)
    fields = ((name, getattr(node, name, None)) for name in node._fields if name != "ctx")
    texts = (f"{name}={_text(value, within)}" for name, value in fields if value not in (None, []))
    return f"{type(node).__name__}({','.join(texts)})"
