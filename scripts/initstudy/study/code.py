"""Which version of the code something is: a digest of the definitions that it uses.

A training is addressed by it, so it must change whenever the numbers may change, and should not
where they cannot: for a comment, a docstring, a log message, or a definition that is not used. So
modules are taken apart into their top-level definitions, and names are followed from one to the
next. Nothing is imported or run.
"""

import ast
import functools
import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# A name and the attributes behind it: `histories.read` is ("histories", "read").
Chain = tuple[str, ...]

LOGGERS = {"log", "logger", "logging"}
LOGGING = {"debug", "info", "warning", "error", "exception", "critical"}
# Decorators from here change what they are put on, and nothing else.
PURE_DECORATORS = {"abc", "contextlib", "dataclasses", "enum", "functools", "typing"}
PURE_DECORATORS |= {"classmethod", "property", "staticmethod"}


def code_digest(*roots: str | Path, folder: Path = Path(__file__).parents[2]) -> str:
    """SHA-256 over the definitions that the roots use, however indirectly, within a folder.

    What counts: a used definition of a module's top level (function, class, assignment, import)
    with its decorators, defaults, bases and annotations; all definitions of that name, if there are
    several. Of each module that is imported on the way, and of its packages' `__init__.py`, also
    what is no definition (calls, `with`, `if`, `try`, loops, `x[0] = 1`, `x += 1`), since that runs
    and may set something up; likewise what is decorated by more than the standard library's
    decorators, which may enter it into a table, and what is imported and never mentioned. If a
    module is used in another way than `module.name`, all of it counts; a package then is all
    modules below it.

    What does not: comments, formatting, docstrings; statements that only log, by a `log`, `logger`
    or `logging` of the module's top level, also under an `if` that calls nothing; those loggers;
    `if __name__ == "__main__"` of what is only imported; the order of functions, classes and
    imports, but for what runs between them; where the folder is. The arguments of a log message are
    taken to change nothing, unless they assign, await, yield or call `next`.

    What is not seen: names that exist only as strings (importlib, `globals()`, `getattr` of a
    computed name; strings as annotations are seen), subclasses that are found only through
    `__subclasses__` or `__init_subclass__`, what reads `__doc__`, an assignment that is made for
    the effects of its right side alone, files that the code reads (give them as roots), and what
    other packages are (their versions belong beside the digest). Moving a definition to another
    module counts. Python's versions parse alike, as far as known, but for some nested f-strings.

    Args:
        roots: each the dotted name of a module (`initstudy.training.engine`: all of it) or of one
            of its definitions (`initstudy.training.literature:Sparse`), or a file: a `Path`, or a
            string that ends in `.py` or has a `/`, from the folder if it is not absolute. A `.py`
            is all of that script; any other file counts by its bytes. Their order is nothing.
        folder: what `import` finds in it is followed.

    Returns:
        64 hexadecimal digits.

    Raises:
        LookupError: if there is no such module or definition.
        OSError: if a file cannot be read.
        SyntaxError: if a module is no Python.
    """
    folder = folder.resolve()
    files = _modules(folder)
    names = {path: name for name, path in files.items()}
    parts, modules = [], []
    for root in roots:
        if isinstance(root, str) and "/" not in root and not root.endswith(".py"):
            modules.append(root)
            continue
        path = folder / root
        path = path.parent.resolve() / path.name
        if path in names:
            modules.append(names[path])
        elif path.suffix == ".py":
            parts.append(f"{path.name} {_digest_within(files | {path.name: path}, [path.name])}")
        else:
            parts.append(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}")
    parts = sorted({_digest_within(files, modules), *parts})
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _digest_within(files: dict[str, Path], roots: list[str]) -> str:
    walk = _Walk(files, {root for root in roots if ":" not in root})
    for root in roots:
        walk.begin(*root.split(":", 1))
    return walk.digest()


@dataclass(frozen=True)
class _Import:
    """What one name of an import statement binds, and what is run for it.

    Attributes:
        name: that it binds, "*" for all.
        target: the module, absolute.
        attribute: of that module, or a module below it; None for the module itself.
        runs: the module that is run; its packages are, too.
    """

    name: str
    target: str
    attribute: str | None
    runs: str


@dataclass(eq=False)
class _Item:
    """A definition or a statement of a module's top level.

    Attributes:
        names: that it binds.
        text: its digest, of all that counts of it.
        uses: the names in it, with what is asked of them.
        imports: the import that it is, or those within it.
        is_import: whether it is one.
        runs: whether it counts as soon as its module is imported.
        is_main: whether it is what only a script runs.
        movable: whether it is the same anywhere between two statements.
    """

    names: set[str]
    text: str
    uses: set[Chain]
    imports: list[_Import]
    is_import: bool = False
    runs: bool = False
    is_main: bool = False
    movable: bool = False


@dataclass
class _Module:
    """A module, taken apart.

    Attributes:
        items: in the order of the source.
        names: what binds each name, of the items.
        stars: modules of which all names are taken.
        mentioned: every name that occurs in it, in log messages, too.
    """

    items: list[_Item] = field(default_factory=list)
    names: dict[str, list[_Item]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    mentioned: set[str] = field(default_factory=set)


class _Walk:
    """Follows names from definition to definition, and keeps those that count.

    Args:
        files: the file of each module, see `_modules`.
        scripts: modules of which `if __name__ == "__main__"` counts.
    """

    def __init__(self, files: dict[str, Path], scripts: set[str]) -> None:
        self._files, self._scripts = files, scripts
        self._modules: dict[str, _Module] = {}
        self._counted: set[_Item] = set()
        self._followed: set[tuple[str, Chain]] = set()
        self._todo: list[tuple[str, _Item]] = []

    def begin(self, name: str, definition: str | None = None) -> None:
        """Counts what a root uses.

        Raises:
            LookupError: if there is no such root.
        """
        if name not in self._files:
            raise LookupError(f"there is no module {name!r}")
        self._run(name)
        if definition is None:
            self._count_all(name)
        elif definition in self._modules[name].names:
            self._use(name, (definition,))
        else:
            raise LookupError(f"the module {name!r} has no definition {definition!r}")

    def digest(self) -> str:
        """Of all that counts, once every root has begun."""
        self._follow_all()
        total = hashlib.sha256()
        for name, module in sorted(self._modules.items()):
            lines: list[str] = []
            movable: list[str] = []
            fixed: list[str] = []
            for item in module.items:
                if item not in self._counted:
                    continue
                if item.movable and all(len(module.names[bound]) == 1 for bound in item.names):
                    movable.append(item.text)
                    continue
                fixed.append(item.text)
                if item.runs:
                    lines += [*sorted(movable), *fixed, ""]
                    movable, fixed = [], []
            lines += [*sorted(movable), *fixed]
            if lines:
                total.update("\n".join([name, *lines, "\n"]).encode())
        return total.hexdigest()

    def _follow_all(self) -> None:
        while self._todo:
            module, item = self._todo.pop()
            for found in item.imports:
                self._run(found.runs)
                if found.name == "*":
                    self._follow(found.target, ())
            for chain in item.uses:
                self._use(module, chain)
                for found in item.imports:
                    if found.name == chain[0]:
                        self._follow_import(found, chain)

    def _run(self, name: str) -> None:
        """What an import of that module runs: it and its packages, and what they import."""
        if name in self._modules:
            return
        package = name.rpartition(".")[0]
        if package and package not in self._modules:
            self._run(package)
        if name not in self._files or name in self._modules:
            return
        path = self._files[name]
        source = path.read_bytes() if path.suffix == ".py" else b""
        is_package = path.stem == "__init__" or path.suffix != ".py"
        module = self._modules[name] = _parse(name, is_package, source)
        for item in module.items:
            if item.runs:
                self._count(name, item)
            elif item.is_import:
                found = item.imports[0]
                self._run(found.runs)
                if not item.names & module.mentioned and found.target not in self._files:
                    self._count(name, item)  # for its effects, since nothing of it is used
        for star in module.stars:
            self._follow(star, ())

    def _count(self, name: str, item: _Item) -> None:
        if item not in self._counted:
            self._counted.add(item)
            self._todo.append((name, item))

    def _count_all(self, name: str) -> None:
        module = self._modules[name]
        for item in module.items:
            if item.is_import and item.names & module.mentioned:
                continue  # followed as it is used
            if item.is_import:
                self._use(name, tuple(item.names))
            elif not item.is_main or name in self._scripts:
                self._count(name, item)
        if self._files[name].suffix != ".py" or self._files[name].stem == "__init__":
            for below in self._files:
                if below.startswith(f"{name}."):
                    self._run(below)
                    self._count_all(below)

    def _follow(self, name: str, chain: Chain) -> None:
        """Counts what is used of a module: an attribute, or all of it."""
        if name not in self._files or (name, chain) in self._followed:
            return
        self._followed.add((name, chain))
        self._run(name)
        below = f"{name}.{chain[0]}" if chain else ""
        if below in self._files:
            self._follow(below, chain[1:])
        if chain and self._use(name, chain):
            return
        if below not in self._files:
            self._count_all(name)

    def _follow_import(self, found: _Import, chain: Chain) -> None:
        attribute = () if found.attribute is None else (found.attribute,)
        self._follow(found.target, (*attribute, *chain[1:]))

    def _use(self, name: str, chain: Chain, passed: frozenset[str] = frozenset()) -> bool:
        """Counts what a name stands for in a module.

        Args:
            name: of the module.
            chain: the name, and what is asked of it.
            passed: modules that import all names of this one.

        Returns:
            Whether the module has it.
        """
        module = self._modules[name]
        for item in module.names.get(chain[0], ()):
            if item.is_main and name not in self._scripts:
                continue  # it does not run
            self._count(name, item)
            for found in item.imports:
                if found.name == chain[0]:
                    self._follow_import(found, chain)
        if chain[0] in module.names:
            return True
        # All of such a module counts anyway; what it imports is followed as it is used here.
        known = False
        for star in module.stars:
            self._run(star)
            if star in self._modules and star not in passed:
                known |= self._use(star, chain, passed | {name})
        return known


def _modules(folder: Path) -> dict[str, Path]:
    """What can be imported from a folder: the file of each module, or the folder if it has none."""
    files: dict[str, Path] = {}
    for where, folders, found in os.walk(folder):
        folders[:] = [name for name in folders if name.isidentifier() and name != "__pycache__"]
        prefix = "".join(f"{part}." for part in Path(where).relative_to(folder).parts)
        for name in folders:
            files.setdefault(prefix + name, Path(where, name))
        for name in found:
            # As Python does: a package comes before a module, and that before a mere folder.
            if name == "__init__.py":
                files[prefix[:-1] or name] = Path(where, name)
            elif name.endswith(".py"):
                files[prefix + name[:-3]] = Path(where, name)
    return files


@functools.lru_cache(maxsize=4096)
def _parse(name: str, is_package: bool, source: bytes) -> _Module:
    """Takes a module apart.

    Args:
        name: absolute.
        is_package: whether it is an `__init__.py`.
        source: of the file; that it is part of the key makes a stale answer impossible.
    """
    tree = ast.parse(source, f"{name.replace('.', '/')}.py")
    return _Parser(name, is_package, tree).module


class _Parser:
    """Takes a module apart, see `_parse`."""

    def __init__(self, name: str, is_package: bool, tree: ast.Module) -> None:
        self._package = name if is_package else name.rpartition(".")[0]
        self.module = _Module()
        top = list(_top_level(tree.body))
        imports = {
            found.name: found.target
            for node in top
            if isinstance(node, ast.Import | ast.ImportFrom)
            for found in self._imports(node)
        }
        self._pure = {
            name
            for name in PURE_DECORATORS | imports.keys()
            if imports.get(name, name).partition(".")[0] in PURE_DECORATORS
        }
        self._loggers = {
            name for node in top if _makes_logger(node) for name in _plain_names(node) & LOGGERS
        } | (LOGGERS & imports.keys())
        for node in top:
            for item in self._items(node):
                self.module.items.append(item)
                for bound in sorted(item.names):
                    self.module.names.setdefault(bound, []).append(item)

    def _items(self, node: ast.stmt) -> Iterator[_Item]:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for found in self._imports(node):
                if found.name == "*":
                    self.module.stars.append(found.target)
                text = f"import {found.name} {found.runs} {found.target} {found.attribute}"
                names = {found.name}
                yield _Item(names, _digest(text), set(), [found], is_import=True, movable=True)
            return
        if self._is_left_out(node):
            return
        self._text: list[str] = []
        self._uses: set[Chain] = set()
        self._within: list[_Import] = []
        self._bound: set[str] = set()
        self._write(node)
        self.module.mentioned |= {chain[0] for chain in self._uses}
        item = _Item(set(), _digest("".join(self._text)), self._uses, self._within)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            item.names = {node.name} | self._bound
            item.runs = not all(self._is_pure(decorator) for decorator in node.decorator_list)
            item.movable = not item.runs
        elif names := _plain_names(node):
            item.names = names
        else:
            # Whatever it binds, in functions within it, too: it counts in any case.
            item.names = self._bound | {
                found.id if isinstance(found, ast.Name) else found.name
                for found in ast.walk(node)
                if (isinstance(found, ast.Name) and isinstance(found.ctx, ast.Store))
                or isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            }
            item.names |= {found.name for found in item.imports}
            self.module.stars += [found.target for found in item.imports if found.name == "*"]
            item.is_main = _is_main(node)
            item.runs = not item.is_main
        yield item

    def _imports(self, node: ast.Import | ast.ImportFrom) -> Iterator[_Import]:
        for alias in node.names:
            if isinstance(node, ast.Import):
                target = alias.name if alias.asname else alias.name.partition(".")[0]
                yield _Import(alias.asname or target, target, None, alias.name)
                continue
            target = node.module or ""
            if node.level:
                parts = self._package.split(".")
                parts = parts[: len(parts) - node.level + 1]
                target = ".".join([*parts, target] if target else parts)
            if alias.name == "*":
                yield _Import("*", target, None, target)
            else:
                # If it is a module, it is run; if not, there is no such module to run.
                runs = f"{target}.{alias.name}"
                yield _Import(alias.asname or alias.name, target, alias.name, runs)

    def _is_pure(self, decorator: ast.expr) -> bool:
        while isinstance(decorator, ast.Call):
            decorator = decorator.func
        chain = _chain(decorator)
        return chain is not None and chain[0] in self._pure

    def _write(self, value: Any) -> None:
        """Writes what counts of a node; what Python's versions leave empty is left out.

        `ast.dump` writes empty fields in some versions, and reads all nodes a second time.
        """
        write = self._text.append
        if isinstance(value, list):
            write("[")
            for part in value:
                self._write(part)
            write("]")
            return
        if not isinstance(value, ast.AST):
            # Not repr: which characters it shows depends on the version of Unicode.
            write(f"{value!a},")
            return
        if isinstance(value, ast.Name):
            self._uses.add((value.id,))
            write(f"Name {value.id},")
            return
        if isinstance(value, ast.Attribute) and (chain := _chain(value)):
            self._uses.add(chain)
            write(f"Name {'.'.join(chain)},")
            return
        if isinstance(value, ast.Constant):
            # Named, since a None in a list of defaults or keys is the lack of one.
            write(f"Constant {value.value!a},")
            return
        if isinstance(value, ast.Import | ast.ImportFrom):
            self._within += self._imports(value)
        elif isinstance(value, ast.Global):
            self._bound |= set(value.names)
        write(f"{type(value).__name__}(")
        for name in value._fields:
            part = getattr(value, name, None)
            if isinstance(part, list):
                part = [one for one in part if not self._is_left_out(one)]
            if part is None or part == [] or name in ("ctx", "type_comment"):
                continue
            write(f"{name}=")
            if name in ("annotation", "returns"):
                for expression in _expressions_in_strings(part):
                    self._write(expression)
            self._write(part)
        write(")")

    def _is_left_out(self, part: Any) -> bool:
        if not isinstance(part, ast.stmt) or not self._says_nothing(part):
            return False
        self.module.mentioned |= {n.id for n in ast.walk(part) if isinstance(n, ast.Name)}
        return True

    def _says_nothing(self, node: ast.stmt) -> bool:
        """Whether nothing changes without a statement, except for what is logged."""
        if isinstance(node, ast.Pass):
            return True
        if isinstance(node, ast.Expr):
            return isinstance(node.value, ast.Constant) or self._only_logs(node.value)
        if _makes_logger(node):
            return _plain_names(node) <= self._loggers
        if isinstance(node, ast.If):
            return (
                all(map(self._says_nothing, [*node.body, *node.orelse]))
                and not any(isinstance(part, ast.Call) for part in ast.walk(node.test))
                and not _acts(node.test)
            )
        return False

    def _only_logs(self, node: ast.expr) -> bool:
        return (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in self._loggers
            and node.func.attr in LOGGING
            and not _acts(node)
        )


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module; imports for annotations are imports like the others."""
    for node in body:
        if isinstance(node, ast.If) and not node.orelse:
            chain = _chain(node.test)
            if chain and chain[-1] == "TYPE_CHECKING":
                yield from _top_level(node.body)
                continue
        yield node


def _plain_names(node: ast.stmt) -> set[str]:
    """What an assignment binds; nothing, if it also changes something that was there before."""
    if isinstance(node, ast.Assign):
        targets: list[Any] = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    elif type(node).__name__ == "TypeAlias":  # from Python 3.12 on
        targets = [node.name]  # type: ignore[attr-defined]
    else:
        return set()
    parts = [part for target in targets for part in ast.walk(target)]
    if any(isinstance(part, ast.Attribute | ast.Subscript) for part in parts):
        return set()
    # Names that the right side assigns, too.
    parts += [part.target for part in ast.walk(node) if isinstance(part, ast.NamedExpr)]
    return {part.id for part in parts if isinstance(part, ast.Name)}


def _makes_logger(node: ast.stmt) -> bool:
    """Whether it is `log = logging.getLogger(...)`."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(node.value, ast.Call):
        return False
    called = _chain(node.value.func)
    return called in (("logging", "getLogger"), ("getLogger",)) and bool(_plain_names(node))


def _acts(node: ast.expr) -> bool:
    """Whether an expression surely does more than it says."""
    return any(
        isinstance(part, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom)
        or (isinstance(part, ast.Name) and part.id == "next")
        for part in ast.walk(node)
    )


def _is_main(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.If)
        and not node.orelse
        and ast.unparse(node.test) in ("__name__ == '__main__'", "'__main__' == __name__")
    )


def _chain(node: ast.AST) -> Chain | None:
    """("a", "b") of `a.b`; None of what does not begin with a name."""
    attributes = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    return (node.id, *reversed(attributes)) if isinstance(node, ast.Name) else None


def _expressions_in_strings(annotation: ast.expr) -> Iterator[ast.expr]:
    """The annotations, or parts of them, that are written as strings."""
    for part in ast.walk(annotation):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            # A Literal may hold any text.
            with suppress(SyntaxError, ValueError):
                yield ast.parse(part.value, mode="eval").body


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
