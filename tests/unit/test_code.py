"""What stands for the code changes with all that can change a number, and with nothing else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import REPOSITORY

from initstudy.study.code import code_digest

# Some of everything; `main.py` is the script whose digest is asked for.
PACKAGE = {
    "main.py": """
        from lib.deep import engine
        from lib.deep.engine import run as go
        from lib import shortcut
        import lib.tools.paths
        import lib.tools.words as w

        if __name__ == "__main__":
            go(engine.RATE, shortcut(), lib.tools.paths.join("a"), w.UPPER)
    """,
    "lib/__init__.py": """
        from .tools.short import shortcut
        from .tools.short import longcut
    """,
    "lib/deep/__init__.py": """
        import os
        os.environ["DEEP"] = "1"
        UNUSED = 1
    """,
    "lib/deep/engine.py": '''
        """Trains."""
        from __future__ import annotations
        import logging
        import math
        import time
        from typing import TYPE_CHECKING

        from . import helpers
        from ..tools import words
        from .helpers import scale as scaled

        if TYPE_CHECKING:
            from .types import Result

        log = logging.getLogger(__name__)
        RATE = 0.1
        STEPS = 10
        OTHER = 3
        TABLE = {"a": 1}
        TABLE["b"] = 2

        class Base:
            """What all share."""
            size = 1

        class Run(Base):
            def __init__(self, steps=STEPS) -> Result:
                self.steps = steps

        def run(x, *rest, width=None):
            """Runs."""
            log.info("Running %s.", x)
            if width:
                log.debug("Wide.")
            from .late import finish
            scaled(x)
            helpers.shift(x)
            value = rest + math.pi + time.time()
            return finish(Run(value))

        def unused():
            return words.LOWER

        if __name__ == "__main__":
            value = unused()
    ''',
    "lib/deep/helpers.py": """
        from lib.deep.engine import TABLE
        def scale(x):
            return inner(x) * 2
        def inner(x):
            return x + FIRST + TABLE["a"]
        FIRST, SECOND = 1, 2
        def shift(x):
            return x << 1
        def unused(x):
            return x
    """,
    "lib/deep/late.py": """
        from lib.tools.everything import *
        from lib.tools import passed
        def finish(x):
            return star(x) + len(vars(passed))
    """,
    "lib/deep/types.py": """
        Result = 1
        Unused = 2
    """,
    "lib/tools/words.py": """
        UPPER = "A"
        LOWER = "a"
        RESET = print
        RESET()
    """,
    "lib/tools/short.py": """
        def shortcut():
            return 1
        def longcut():
            return 2
    """,
    "lib/tools/paths.py": """
        def register(function):
            return function
        def join(x):
            return x
        @register
        def listed(x):
            return x
        def unused(x):
            return x
    """,
    "lib/tools/everything.py": """
        from .short import longcut as far
        def star(x):
            return x
        def moon(x):
            return x
    """,
    "lib/tools/passed.py": """
        def anything():
            return 1
        if __name__ == "__main__":
            anything()
    """,
    "lib/tools/far.py": "EVER = 1",
}

# file, what is there, what comes instead: each may change a number.
COUNTS = {
    "a formula": ("lib/deep/engine.py", "math.pi", "math.tau"),
    "a default": ("lib/deep/engine.py", "width=None", "width=1"),
    "whether there is a default": ("lib/deep/engine.py", "width=None", "width"),
    "the value of a default": ("lib/deep/engine.py", "STEPS = 10", "STEPS = 11"),
    "what an attribute of a module is": ("lib/deep/engine.py", "RATE = 0.1", "RATE = 0.2"),
    "a base class": ("lib/deep/engine.py", "size = 1", "size = 2"),
    "a type": ("lib/deep/types.py", "Result = 1", "Result = 3"),
    "an alias": ("lib/deep/engine.py", "import scale as scaled", "import shift as scaled"),
    "what another package gives": ("lib/deep/engine.py", "import math", "import cmath as math"),
    "a name used in a used function": ("lib/deep/helpers.py", "x + FIRST", "x - FIRST"),
    "one of several names": ("lib/deep/helpers.py", "SECOND = 1, 2", "SECOND = 2, 1"),
    "a later definition": ("lib/deep/helpers.py", "def unused", "FIRST = 3\n\ndef unused"),
    "through a module": ("lib/deep/helpers.py", "x << 1", "x << 2"),
    "in a cycle of modules": ("lib/deep/engine.py", '"a": 1', '"a": 7'),
    "a changed table": ("lib/deep/engine.py", 'TABLE["b"] = 2', 'TABLE["a"] = 2'),
    "an import within a function": ("lib/deep/late.py", "len(", "bool("),
    "a star import": (
        "lib/tools/everything.py",
        "star(x):\n    return x",
        "star(x):\n    return 1",
    ),
    "all of a star import": ("lib/tools/everything.py", "moon(x):", "moon(y, x):"),
    "a module that is passed on": ("lib/tools/passed.py", "return 1", "return 2"),
    "a name that __init__ passes on": ("lib/tools/short.py", "return 1", "return 3"),
    "what a package sets up": ("lib/deep/__init__.py", '"1"', '"2"'),
    "when a package sets it up": ("lib/__init__.py", "from .tools", "print()\nfrom .tools"),
    "what an imported module runs": ("lib/tools/words.py", "RESET()", "RESET(1)"),
    "what that uses": ("lib/tools/words.py", "RESET = print", "RESET = repr"),
    "a module's own name": ("main.py", "go(engine", "go(1, engine"),
    "through the names of packages": ("lib/tools/paths.py", "join(x):", "join(x, y):"),
    "through a module's alias": ("lib/tools/words.py", 'UPPER = "A"', 'UPPER = "B"'),
    "what enters itself into a table": ("lib/tools/paths.py", "listed(x):", "listed(x, y):"),
    "what does so": ("lib/tools/paths.py", "return function", "return None"),
    "a log message that draws": ("lib/deep/engine.py", '%s.", x', '%s.", next(x)'),
    "a log message that assigns": ("lib/deep/engine.py", '%s.", x', '%s.", (x := 2)'),
    "what is tested before a log message": ("lib/deep/engine.py", "if width:", "if x():"),
    "a setting of logging": (
        "lib/deep/engine.py",
        "RATE",
        'logging.basicConfig(level="INFO")\nRATE',
    ),
    "an import for its effects": ("lib/deep/engine.py", "import math", "import math\nimport this"),
    "a bytes literal": ("lib/tools/words.py", 'UPPER = "A"', 'UPPER = b"A"'),
    "an equal number": ("lib/deep/engine.py", "size = 1", "size = 1.0"),
}

# Each changes none.
COUNTS_NOT = {
    "a comment": ("lib/deep/engine.py", "STEPS = 10", "STEPS = 10  # many"),
    "the layout": ("lib/deep/engine.py", "STEPS = 10", "\n\nSTEPS = (\n    0xA\n)"),
    "a module's docstring": ("lib/deep/engine.py", "Trains.", "Trains networks."),
    "a function's docstring": ("lib/deep/engine.py", "Runs.", "Runs it.\n\n    All of it."),
    "no docstring": ("lib/deep/engine.py", '"""What all share."""', ""),
    "a log message": ("lib/deep/engine.py", '"Running %s.", x', '"Running %d of %d.", x, x.y()'),
    "the level of a log message": ("lib/deep/engine.py", "log.info", "log.warning"),
    "no log message": ("lib/deep/engine.py", 'log.info("Running %s.", x)', "pass"),
    "a condition for a log message": ("lib/deep/engine.py", "if width:", "if width > 3:"),
    "a log message in a branch": (
        "lib/deep/engine.py",
        'log.debug("Wide.")',
        'log.debug("Wide.")\n    else:\n        log.debug("Narrow.")',
    ),
    "what only a log message uses": (
        "lib/deep/engine.py",
        'log.info("Running %s.", x)',
        'log.info("Running %s, %s.", unused, OTHER)',
    ),
    "a logger": ("lib/deep/engine.py", "getLogger(__name__)", 'getLogger("lib")'),
    "an unused function": ("lib/deep/engine.py", "return words.LOWER", "return 0"),
    "what only that uses": ("lib/tools/words.py", 'LOWER = "a"', 'LOWER = "b"'),
    "an unused constant": ("lib/deep/engine.py", "OTHER = 3", "OTHER = 4"),
    "a new function": ("lib/deep/engine.py", "def unused", "def new():\n    pass\n\ndef unused"),
    "a new table": ("lib/deep/engine.py", "OTHER = 3", "OTHER = 3\nNEW = {RATE: Base}"),
    "an import for a new function": (
        "lib/deep/engine.py",
        "def unused():",
        "import lib.tools.far\ndef unused():\n    lib.tools.far.EVER",
    ),
    "an unused name of a package": ("lib/deep/__init__.py", "UNUSED = 1", "UNUSED = 2"),
    "an unused type": ("lib/deep/types.py", "Unused = 2", "Unused = 3"),
    "what an imported module would run as a script": (
        "lib/deep/engine.py",
        "value = unused()",
        "value = unused(1)",
    ),
    "what a module that is passed on would run as a script": (
        "lib/tools/passed.py",
        "    anything()",
        "    anything(1)",
    ),
    "the order of functions": (
        "lib/deep/helpers.py",
        "def scale(x):\n    return inner(x) * 2\n"
        'def inner(x):\n    return x + FIRST + TABLE["a"]\n',
        'def inner(x):\n    return x + FIRST + TABLE["a"]\n'
        "def scale(x):\n    return inner(x) * 2\n",
    ),
    "an import for unused annotations": (
        "lib/deep/engine.py",
        "import Result",
        "import Result, Unused",
    ),
    "an import for a log message": (
        "lib/deep/engine.py",
        "STEPS = 10",
        "STEPS = 10\nimport this\nlog.info(this)",
    ),
    "a module that nothing imports": ("lib/tools/far.py", "EVER = 1", "print()"),
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return write(tmp_path / "package", PACKAGE)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A copy of the real one, to change."""
    return shutil.copytree(REPOSITORY / "scripts", tmp_path / "scripts")


@pytest.mark.parametrize("change", COUNTS.values(), ids=COUNTS.keys())
def test_what_may_change_a_number_changes_the_digest(
    package: Path, change: tuple[str, str, str]
) -> None:
    before = code_digest("main.py", folder=package)
    edit(package, *change)
    assert code_digest("main.py", folder=package) != before


@pytest.mark.parametrize("change", COUNTS_NOT.values(), ids=COUNTS_NOT.keys())
def test_nothing_else_changes_the_digest(package: Path, change: tuple[str, str, str]) -> None:
    before = code_digest("main.py", folder=package)
    edit(package, *change)
    assert code_digest("main.py", folder=package) == before


def test_what_runs_before_and_after_a_set_up_is_told_apart(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "import os\nos.environ['X'] = '1'\nimport keras\nkeras.run()\n"})
    before = code_digest("a", folder=tmp_path)
    write(tmp_path, {"a.py": "import os\nimport keras\nos.environ['X'] = '1'\nkeras.run()\n"})
    assert code_digest("a", folder=tmp_path) != before


@pytest.mark.parametrize(
    "one, other",
    [
        ("A = 1\nA, B = 2, 3", "A, B = 2, 3\nA = 1"),
        ("def A(): 1\nA = 3", "A = 3\ndef A(): 1"),
        ("A = {**b}", "A = {None: b}"),
        ("def A(*, b): 1", "def A(*, b=None): 1"),
        ("def A(log):\n    log.info(1)", "def A(log):\n    log.info(2)"),
        ("def A():\n    if b: c()", "def A():\n    if b: c()\n    else: c()"),
        ("A = a.b.c", "A = a.b['c']"),
        ("try:\n    A = 1\nexcept E: A = 2", "try:\n    A = 1\nexcept E: A = 3"),
        ("def f():\n    global A\n    A = 1", "def f():\n    global A\n    A = 2"),
    ],
)
def test_different_programs_have_different_digests(tmp_path: Path, one: str, other: str) -> None:
    digests = set()
    for source in (one, other):
        write(tmp_path, {"a.py": source})
        digests.add(code_digest("a:A", folder=tmp_path))
    assert len(digests) == 2


@pytest.mark.parametrize(
    "imports, use",
    [
        ("import p.m", "p.m.f()"),
        ("import p.m as m", "m.f()"),
        ("from p import m", "m.f()"),
        ("from p.m import f", "f()"),
        ("from p.m import f as g", "g()"),
        ("from p import f", "f()"),  # as p passes it on
        ("import p", "p.f()"),
        ("from p.m import *", "f()"),
        ("from p.again import *", "f()"),
        ("from p.all import *", "far.f()"),
        ("from p import sub", "getattr(sub, 'x')"),
        ("from p.again import here", "here.m.f()"),
        ("try:\n    from p.m import f\nexcept ImportError:\n    f = None", "f()"),
        ("import p", "getattr(p, 'm')"),
        ("from p import m", "vars(m)"),
        ("from p import lazy", "lazy.f()"),
        ("from p.n import D", "D()"),
        ("from p.s import h", "h()"),
    ],
)
def test_a_definition_is_found_however_it_is_imported(
    tmp_path: Path, imports: str, use: str
) -> None:
    files = {
        "p/__init__.py": "from .m import f",
        "p/m.py": "def f():\n    return 1\ndef g(): ...",
        "p/all.py": "from . import m as far\nx = far.g",
        "p/sub/__init__.py": "",
        "p/sub/x.py": "from ..m import f\nx = f",
        "p/n.py": "from .m import f\n@f\ndef D(): ...",
        "p/s.py": "from .m import f\ndef h(x: 'list[f]'): ...",
        "p/again.py": "from .m import *\nimport p as here",
        "p/lazy.py": "def __getattr__(name):\n    from . import m\n    return getattr(m, name)",
    }
    indented = imports.replace("\n", "\n    ")
    for source in (f"{imports}\ndef A():\n    {use}", f"def A():\n    {indented}\n    {use}"):
        if "*" in imports and source.startswith("def"):
            continue  # Python has no such import
        write(tmp_path, files | {"a.py": source})
        before = code_digest("a:A", folder=tmp_path)
        edit(tmp_path, "p/m.py", "return 1", "return 2")
        assert code_digest("a:A", folder=tmp_path) != before


def test_only_the_definition_that_is_asked_for_counts(package: Path) -> None:
    def digests() -> list[str]:
        roots = ["helpers:scale", "helpers:unused", "helpers"]
        return [code_digest(f"lib.deep.{root}", folder=package) for root in roots]

    scale, unused, module = digests()
    edit(package, "lib/deep/helpers.py", "unused(x):", "unused(x, y):")
    assert digests()[0] == scale
    assert digests()[1] != unused
    assert digests()[2] != module


def test_a_script_counts_with_what_it_runs_only_as_a_script(package: Path) -> None:
    before = code_digest("lib.deep.engine", folder=package)
    edit(package, "lib/deep/engine.py", "value = unused()", "value = unused(1)")
    assert code_digest("lib.deep.engine", folder=package) != before


def test_a_file_that_is_no_python_counts_by_its_bytes(package: Path) -> None:
    template, style = package / "page.html", package / "page.css"
    template.write_text("<p>")
    style.write_text("p {}")
    before = code_digest("main.py", template, style, folder=package)
    assert before == code_digest(style, "./page.html", Path("main.py"), folder=package)
    template.write_text("<p> ")
    assert code_digest("main.py", template, style, folder=package) != before


def test_a_script_elsewhere_uses_what_is_in_the_folder(package: Path, tmp_path: Path) -> None:
    script = tmp_path / "own.py"
    script.write_text("from lib.tools.short import longcut\nlongcut()  # at once\n")
    before = code_digest(script, folder=package)
    script.write_text("from lib.tools.short import longcut\nlongcut()\n")
    assert code_digest(script, folder=package) == before
    edit(package, "lib/tools/short.py", "return 2", "return 4")
    assert code_digest(script, folder=package) != before


def test_neither_the_folder_nor_an_order_nor_the_process_matters(package: Path) -> None:
    roots = ["lib.tools.short", "main.py", "lib.deep.helpers:shift"]
    digest = code_digest(*roots, folder=package)
    assert code_digest(*reversed(roots), folder=package) == digest
    roundabout = [roots[0], package / "lib" / ".." / "main.py", roots[2]]
    assert code_digest(*roundabout, folder=package) == digest
    moved = package.with_name("else where")
    package.rename(moved)
    assert code_digest(*roots, folder=moved) == digest
    code = (
        "import sys; from pathlib import Path; from initstudy.study.code import code_digest; "
        "print(code_digest(*sys.argv[2:], folder=Path(sys.argv[1])))"
    )
    for seed in "123":
        env = {**os.environ, "PYTHONPATH": str(REPOSITORY / "scripts"), "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", code, str(moved), *roots]
        again = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        assert again.stdout.strip() == digest


@pytest.mark.parametrize("root", ["lib.deep.nothing", "lib.deep.engine:nothing"])
def test_a_root_that_is_not_there_is_named(package: Path, root: str) -> None:
    with pytest.raises(LookupError, match="nothing"):
        code_digest(root, folder=package)


@pytest.mark.parametrize("root", ["nothing.py", Path("nothing.html")])
def test_a_file_that_is_not_there_is_named(package: Path, root: str | Path) -> None:
    with pytest.raises(OSError, match="nothing"):
        code_digest(root, folder=package)


ENGINE = "training/engine.py"
REAL_COUNTS = [
    (ENGINE, "loss = tf.reduce_mean(losses)", "loss = tf.reduce_sum(losses)"),
    (ENGINE, "LOOKED_AT = 1000", "LOOKED_AT = 999"),
    (ENGINE, "return 1 / 255, 0.0", "return 1 / 256, 0.0"),
    ("data/datasets.py", "np.sort(order[:images])", "np.sort(order[-images:])"),
    ("data/datasets.py", "HELD_OUT = 2", "HELD_OUT = 4"),
    ("training/models.py", "keras.ops.matmul(inputs", "2 * keras.ops.matmul(inputs"),
    ("training/models.py", "< rule.tolerance", "<= rule.tolerance"),
    (
        "training/initializers.py",
        "WEIGHTS, DATA_ORDER, OTHERS = 0, 1",
        "WEIGHTS, DATA_ORDER, OTHERS = 1, 0",
    ),
    ("training/initializers.py", "generate_state(1)[0] >> 1", "generate_state(1)[0] >> 2"),
    ("training/literature.py", "np.eye(fan_in, units)", "-np.eye(fan_in, units)"),
    ("training/backend.py", 'set_floatx("float32")', 'set_floatx("float64")'),
    ("training/backend.py", '"KERAS_BACKEND"] = "tensorflow"', '"KERAS_BACKEND"] = "jax"'),
    ("training/backend.py", "import tensorflow as tf", "import jax as tf"),
    ("training/__init__.py", None, "import os\nos.nice(1)\n"),
    ("study/names.py", 'PER_LAYER = "layers"', 'PER_LAYER = "layer"'),
]
REAL_COUNTS_NOT = [
    (ENGINE, "LOOKED_AT = 1000", "# More.\nLOOKED_AT = 1_000"),
    (ENGINE, "Trains one replicate from its beginning.", "Trains it."),
    (ENGINE, "Compiled the epoch in %.1f s.", "Compiled it in %.2f s."),
    (ENGINE, '"%d of %d seeds trained%s."', '"%d/%d%s."'),
    ("training/backend.py", "Limits TensorFlow to so many threads", "Limits threads"),
    ("training/diagnosing.py", None, "def entropy(outputs):\n    return -np.log(outputs).mean()\n"),
    ("training/diagnosing.py", "ROUNDING = 1e-5", "ROUNDING = 1e-6"),
    ("results/diagnostics.py", None, 'NEW = ["entropy"]\n'),
    ("study/names.py", 'DATASETS = ("mnist",', 'DATASETS = ("mnist", "new",'),
    ("study/costs.py", None, "def hours(minutes):\n    return minutes / 60\n"),
    ("training/literature.py", None, "class New:\n    pass\n"),
    ("training/models.py", None, "import re\ndef new(text):\n    return re.sub(text)\n"),
]
# All that a training of the notebook's study computes with.
TRAINING = ["initstudy.training.engine", "initstudy.training.jobs:make_trainer"]


@pytest.mark.parametrize("path, old, new", REAL_COUNTS)
def test_a_changed_formula_of_the_library_changes_a_training(
    library: Path, path: str, old: str | None, new: str
) -> None:
    before = code_digest(*TRAINING, folder=library)
    edit(library, f"initstudy/{path}", old, new)
    assert code_digest(*TRAINING, folder=library) != before


@pytest.mark.parametrize("path, old, new", REAL_COUNTS_NOT)
def test_what_does_not_compute_keeps_a_thousand_trainings(
    library: Path, path: str, old: str | None, new: str
) -> None:
    before = code_digest(*TRAINING, folder=library)
    edit(library, f"initstudy/{path}", old, new)
    assert code_digest(*TRAINING, folder=library) == before


def test_an_initializer_depends_on_no_other_one(library: Path) -> None:
    root = "initstudy.training.literature:Sparse"
    before = code_digest(root, folder=library)
    literature = "initstudy/training/literature.py"
    edit(library, literature, '"lsuv": LSUV,', '"lsuv": LSUV,\n    "new": LSUV,')
    edit(library, literature, "np.eye(fan_in, units)", "-np.eye(fan_in, units)")
    assert code_digest(root, folder=library) == before
    edit(library, literature, "if len(shape) != 2:", "if len(shape) < 2:")
    assert code_digest(root, folder=library) != before


def test_every_script_of_the_library_has_its_own_digest() -> None:
    scripts = sorted((REPOSITORY / "scripts").glob("*.py"))
    assert len({code_digest(path) for path in scripts}) == len(scripts) > 10


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = text.strip("\n").split("\n")
        margin = len(lines[0]) - len(lines[0].lstrip())
        path.write_text("\n".join(line[margin:] for line in lines).rstrip() + "\n")
    return folder


def edit(folder: Path, name: str, old: str | None, new: str) -> None:
    """Replaces the one place where the old text is, or adds to the end."""
    text = (folder / name).read_text()
    if old is None:
        (folder / name).write_text(f"{text}\n{new}")
        return
    assert text.count(old) >= 1, f"{name} does not have {old!r}"
    (folder / name).write_text(text.replace(old, new, 1))
