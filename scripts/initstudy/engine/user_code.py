"""The user's own files, run as modules of their folder.

A file is run again each time that something of it is asked for, with all that it imports from its
folder: what it draws at its top level is then drawn alike for each seed, whichever was run before,
and files of the same name in two folders are never taken for each other.
"""

import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any


def load(name: str) -> Any:
    """Run a user's file, and return what it calls by a name.

    Args:
        name: `file.py:name`.

    Raises:
        NameError: if the file has no such name.
        Exception: whatever the file raises.
    """
    file, _, attribute = name.rpartition(":")
    module = _run(Path(file).resolve())
    if attribute not in vars(module):
        there = [
            key
            for key, value in vars(module).items()
            if getattr(value, "__module__", None) == module.__name__
        ]
        raise NameError(f"there is no {attribute!r} in it, but {', '.join(there) or 'nothing'}")
    return vars(module)[attribute]


def _run(path: Path) -> ModuleType:
    folder = path.parent
    _enter(folder)
    # Its own name, by which its classes are known and what lies beside it may import it; unless
    # that is another module's.
    taken = path.stem in sys.modules or path.stem in sys.stdlib_module_names
    name = f"{path.stem}_of_user" if taken else path.stem
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _enter(folder: Path) -> None:
    """Make what lies in a folder what is imported first, and forget what was run before."""
    for name in [name for name in sys.modules if name not in _known]:
        if _is_users(sys.modules[name]):
            del sys.modules[name]
    _known.update(sys.modules)
    sys.path[:] = [place for place in sys.path if place not in _entered]
    sys.path.insert(0, str(folder))
    _entered.add(str(folder))
    # A compiled file is taken for new if its source has the same size and second.
    sys.dont_write_bytecode, sys.pycache_prefix = True, os.devnull
    importlib.invalidate_caches()


# The folders of all files that were run in this process, and the modules that are not of them.
_entered: set[str] = set()
_known: set[str] = set()


def _is_users(module: ModuleType) -> bool:
    """Return whether a module lies in one of these folders, and not in an installed package."""
    file = getattr(module, "__file__", None)
    if not file:
        return False
    parents = [str(parent) for parent in Path(file).resolve().parents]
    installed = str(Path(sys.prefix).resolve()) in parents or "site-packages" in file
    return not installed and not _entered.isdisjoint(parents)
