"""What stands for the code changes with all that can change a number, and with nothing else."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from helpers import REPOSITORY

from initstudy.study.code import code_digest

# A file, what is there (None: add to the end), what comes instead.
Change = tuple[str, str | None, str]

# Some of everything; `main.py` is the script whose digest is asked for.
PACKAGE = {
    "main.py": """
        from lib.deep import engine
        from lib.deep.engine import run as go
        from lib import shortcut
        import lib.tools.words as w
        def main(): go(engine.RATE, shortcut(), w.UPPER)
    """,
    "lib/__init__.py": "from .tools.short import shortcut\nfrom .tools.short import longcut",
    "lib/deep/__init__.py": 'import os\nos.environ["DEEP"] = "1"\nUNUSED = 1',
    "lib/deep/engine.py": '''
        """Trains."""
        import logging
        import math
        from . import helpers
        from ..tools import words
        from .helpers import scale as scaled

        log = logging.getLogger(__name__)
        RATE, OTHER = 0.1, 1
        STEPS = 10
        UNUSED = 3
        TABLE = {"a": 1}
        TABLE["b"] = 2
        math.added = 3
        for key in "ab":
            TABLE[key] += 1

        class Base:
            """What all share."""
            size = 1
        class Run(Base):
            def __init__(self, steps=STEPS): ...
        def run(x, *rest, width=None):
            """Runs."""
            log.info("Running %s.", x)
            from .late import finish
            scaled(x)
            helpers.shift(x)
            return finish(Run(rest + math.pi))
        def unused(): return words.LOWER
    ''',
    "lib/deep/helpers.py": """
        from lib.deep.engine import TABLE
        def scale(x): return inner(x) * 2
        def inner(x): return x + FIRST + TABLE["a"]
        FIRST = 1
        def shift(x): return x << 1
        def unused(x): return x
    """,
    "lib/deep/late.py": """
        from lib.tools.everything import *
        from lib.tools import passed
        def finish(x): return star(x) + len(vars(passed))
    """,
    "lib/tools/words.py": """
        UPPER = "A"
        LOWER = "a"
        RESET = print
        RESET()
        try: import fast
        except ImportError: fast = None
        with open("x"): pass
        if fast: LIMIT = 1
    """,
    "lib/tools/short.py": "def shortcut(): return 1\ndef longcut(): return 2",
    "lib/tools/everything.py": "def star(x): return x",
    "lib/tools/passed.py": "from .short import longcut\ndef anything(): return 1",
    "lib/tools/far.py": "EVER = 1\nprint(1)",
}

ENGINE, HELPERS = "lib/deep/engine.py", "lib/deep/helpers.py"
WORDS, SHORT = "lib/tools/words.py", "lib/tools/short.py"
# Each may change a number.
COUNTS = {
    "a formula": (ENGINE, "math.pi", "math.tau"),
    "a default": (ENGINE, "width=None", "width=1"),
    "whether there is a default": (ENGINE, "width=None", "width"),
    "the value of a default": (ENGINE, "STEPS = 10", "STEPS = 11"),
    "what an attribute of a module is": (ENGINE, "= 0.1, 1", "= 0.2, 1"),
    "a base class": (ENGINE, "size = 1", "size = 2"),
    "an alias": (ENGINE, "import scale as scaled", "import shift as scaled"),
    "what another package gives": (ENGINE, "import math", "import cmath as math"),
    "an import for its effects": (ENGINE, "import math", "import math\nimport this"),
    "an import of a module that sets up": (ENGINE, "RATE", "import lib.tools.far\nRATE"),
    "a name used in a used function": (HELPERS, "x + FIRST", "x - FIRST"),
    "one of several names": (ENGINE, "= 0.1, 1", "= 0.1, 2"),
    "a later definition": (HELPERS, "def unused", "FIRST = 3\ndef unused"),
    "through a module": (HELPERS, "x << 1", "x << 2"),
    "in a cycle of modules": (ENGINE, '"a": 1', '"a": 7'),
    "a changed table": (ENGINE, 'TABLE["b"] = 2', 'TABLE["b"] = 3'),
    "a set attribute": (ENGINE, "added = 3", "added = 4"),
    "a loop": (ENGINE, "TABLE[key] += 1", "TABLE[key] += 2"),
    "a decorator": (ENGINE, "def run", "@scaled\ndef run"),
    "an import within a function": ("lib/deep/late.py", "len(", "bool("),
    "a star import": ("lib/tools/everything.py", "def star(x):", "def star(x, y):"),
    "a module that is passed on": ("lib/tools/passed.py", "return 1", "return 2"),
    "what such a module imports": (SHORT, "return 2", "return 3"),
    "a name that __init__ passes on": (SHORT, "return 1", "return 3"),
    "what a package sets up": ("lib/deep/__init__.py", '"1"', '"2"'),
    "when a package sets it up": ("lib/__init__.py", "from .tools", "print()\nfrom .tools"),
    "what an imported module runs": (WORDS, "RESET()", "RESET(1)"),
    "what that uses": (WORDS, "RESET = print", "RESET = repr"),
    "a try": (WORDS, "fast = None", "fast = 0"),
    "a with": (WORDS, 'open("x")', 'open("y")'),
    "an if": (WORDS, "LIMIT = 1", "LIMIT = 2"),
    "a letter": (WORDS, 'UPPER = "A"', 'UPPER = "a"'),
    "a setting of logging": (ENGINE, "RATE", 'logging.basicConfig(level="INFO")\nRATE'),
    "what looks like logging": (ENGINE, "log.info", "log.addFilter"),
    "all of the script": ("main.py", "def main(): go(", "def main(): go(1, "),
}

# Each changes none.
COUNTS_NOT = {
    "a comment": (ENGINE, "STEPS = 10", "STEPS = 10  # many"),
    "the layout": (ENGINE, "STEPS = 10", "\n\nSTEPS = (\n    0xA\n)"),
    "a module's docstring": (ENGINE, "Trains.", "Trains networks."),
    "a function's docstring": (ENGINE, "Runs.", "Runs it.\n\n    All of it."),
    "no docstring": (ENGINE, '"""What all share."""', ""),
    "a log message": (ENGINE, '"Running %s.", x', '"Running %d of %d.", x, OTHER'),
    "the level of a log message": (ENGINE, "log.info", "log.warning"),
    "no log message": (ENGINE, 'log.info("Running %s.", x)', ""),
    "an unused function": (ENGINE, "return words.LOWER", "return 0"),
    "what only that uses": (WORDS, 'LOWER = "a"', 'LOWER = "b"'),
    "an unused constant": (ENGINE, "UNUSED = 3", "UNUSED = 4"),
    "a new function": (ENGINE, "def unused", "def new():\n    pass\n\ndef unused"),
    "a new table": (ENGINE, "UNUSED = 3", "NEW = {RATE: Base}"),
    "an import for a new function": (HELPERS, "def unused", "from lib import longcut\ndef unused"),
    "an unused name of a package": ("lib/deep/__init__.py", "UNUSED = 1", "UNUSED = 2"),
    "a module that nothing imports": ("lib/tools/far.py", "EVER = 1", "print()"),
}

# What a training computes with.
ROOT = "initstudy.training.engine:make_trainer"
TRAINER = "training/engine.py"
REAL_COUNTS = [
    (TRAINER, "loss = tf.reduce_mean(losses)", "loss = tf.reduce_sum(losses)"),
    (TRAINER, "LOOKED_AT = 1000", "LOOKED_AT = 999"),
    ("data/datasets.py", "np.sort(order[:images])", "np.sort(order[-images:])"),
    ("training/models.py", "keras.ops.matmul(inputs", "2 * keras.ops.matmul(inputs"),
    ("training/models.py", "drawn[0].kernel", "drawn[-1].kernel"),
    ("training/initializers.py", "generate_state(1)[0] >> 1", "generate_state(1)[0] >> 2"),
    ("training/backend.py", 'set_floatx("float32")', 'set_floatx("float64")'),
    ("training/backend.py", "import tensorflow as tf", "import jax as tf"),
    ("training/__init__.py", None, "import os\nos.nice(1)\n"),
]
REAL_COUNTS_NOT = [
    (TRAINER, "LOOKED_AT = 1000", "# More.\nLOOKED_AT = 1_000"),
    (TRAINER, "Trains one replicate from its beginning.", "Trains it."),
    (TRAINER, "self.start(replicate)\n", 'self.start(replicate); log.info("Started.")\n'),
    ("training/backend.py", "op_parallelism_threads(1)", "op_parallelism_threads(2)"),
    ("training/diagnosing.py", None, "def entropy(outputs):\n    return -np.log(outputs).mean()\n"),
    ("data/catalog.py", '    "mnist": DatasetSpec(', '    "new": None,\n    "mnist": DatasetSpec('),
    ("study/names.py", 'DATASETS = ("mnist",', 'DATASETS = ("mnist", "new",'),
    ("training/literature.py", None, "class New:\n    pass\n"),
    ("study/names.py", '    "lsuv": "', '    "new": "literature:New",\n    "lsuv": "'),
    ("training/replicates.py", "Compiled the epoch in %.1f s.", "Compiled it in %.2f s."),
]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return write(tmp_path / "package", PACKAGE)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return shutil.copytree(REPOSITORY / "scripts", tmp_path / "scripts")


@pytest.mark.parametrize("change", COUNTS.values(), ids=COUNTS.keys())
def test_what_may_change_a_number_changes_the_digest(package: Path, change: Change) -> None:
    assert changes(package, Path("main.py"), *change)


@pytest.mark.parametrize("change", COUNTS_NOT.values(), ids=COUNTS_NOT.keys())
def test_nothing_else_changes_the_digest(package: Path, change: Change) -> None:
    assert not changes(package, Path("main.py"), *change)


@pytest.mark.parametrize(
    "imports, use",
    [
        ("import p.m", "p.m.f()"),
        ("import p.m as m", "m.f()"),
        ("from p import m", "m.f()"),
        ("from p.m import f as g", "g()"),
        ("from p import f", "f()"),  # as p passes it on
        ("import p", "p.f()"),
        ("import p", "getattr(p, 'm')"),
        ("from p.again import *", "f()"),
        ("from p.again import f", "f()"),
        ("from p.again import here", "here.m.f()"),
        ("from p import sub", "getattr(sub, 'x')"),
        ("from p import lazy", "lazy.f()"),
        ("try:\n    from p.m import f\nexcept ImportError:\n    f = None", "f()"),
        ("import bare.m", "bare.m.f()"),
    ],
)
def test_a_definition_is_found_by_any_import(tmp_path: Path, imports: str, use: str) -> None:
    files = {
        "p/__init__.py": "from .m import f",
        "p/m.py": "def f():\n    return 1",
        "p/sub/__init__.py": "",
        "p/sub/x.py": "from ..m import f as x",
        "p/again.py": "from .m import *\nimport p as here",
        "p/lazy.py": "def __getattr__(name):\n    from . import m\n    return getattr(m, name)",
        "bare/m.py": "from p.m import f",  # a package without a file of its own
    }
    indented = imports.replace("\n", "\n    ")
    for source in (f"{imports}\ndef A():\n    {use}", f"def A():\n    {indented}\n    {use}"):
        if "*" not in imports or not source.startswith("def"):  # Python has no such import
            write(tmp_path, files | {"a.py": source})
            assert changes(tmp_path, "a:A", "p/m.py", "return 1", "return 2")


def test_a_root_is_a_definition_a_module_or_a_file_as_it_is_given(package: Path) -> None:
    (package / "page.html").write_text("unused(x):")
    roots = [f"lib.deep.helpers{name}" for name in (":scale", ":unused", "")]
    before = [code_digest(root, folder=package) for root in [*roots, Path("page.html")]]
    for name in (HELPERS, "page.html"):
        edit(package, name, "unused(x):", "unused(x, y):")
    after = [code_digest(root, folder=package) for root in [*roots, Path("page.html")]]
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, False, False]


def test_neither_the_place_nor_the_process_matters(package: Path, tmp_path: Path) -> None:
    digest = code_digest(Path("main.py"), "lib.deep.helpers:shift", folder=package)
    moved = package.rename(tmp_path / "else where")
    script = shutil.move(moved / "main.py", tmp_path / "own.py")
    code = (
        "import sys; from pathlib import Path; from initstudy.study.code import code_digest; "
        "print(code_digest(Path(sys.argv[1]), sys.argv[2], folder=Path(sys.argv[3])))"
    )
    for seed in "12":
        env = {**os.environ, "PYTHONPATH": str(REPOSITORY / "scripts"), "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", code, script, "lib.deep.helpers:shift", moved]
        again = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        assert again.stdout.strip() == digest


@pytest.mark.parametrize("root", ["lib.nothing", "lib.deep.engine:nothing", "nothing:x"])
def test_a_root_that_is_not_there_is_named(package: Path, root: str) -> None:
    with pytest.raises(LookupError, match=root):
        code_digest(root, folder=package)


@pytest.mark.parametrize("change", REAL_COUNTS)
def test_a_changed_formula_of_the_library_changes_a_training(library: Path, change: Change) -> None:
    assert changes(library, ROOT, f"initstudy/{change[0]}", *change[1:])


@pytest.mark.parametrize("change", REAL_COUNTS_NOT)
def test_what_does_not_compute_keeps_a_thousand_trainings(library: Path, change: Change) -> None:
    assert not changes(library, ROOT, f"initstudy/{change[0]}", *change[1:])


def test_an_initializer_depends_on_no_other_one(library: Path) -> None:
    root, file = "initstudy.training.literature:Sparse", "initstudy/training/literature.py"
    assert not changes(library, root, file, "np.eye(fan_in, units)", "-np.eye(fan_in, units)")
    assert changes(library, root, file, "if len(shape) < 2:", "if len(shape) < 1:")


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).strip() + "\n")
    return folder


def edit(folder: Path, name: str, old: str | None, new: str) -> None:
    """Replaces the first place where the old text is, or adds to the end."""
    text = (folder / name).read_text()
    assert old is None or old in text, f"{name} does not have {old!r}"
    (folder / name).write_text(f"{text}\n{new}" if old is None else text.replace(old, new, 1))


def changes(folder: Path, root: str | Path, name: str, old: str | None, new: str) -> bool:
    """Whether an edit changes the digest of a root."""
    before = code_digest(root, folder=folder)
    edit(folder, name, old, new)
    return code_digest(root, folder=folder) != before
