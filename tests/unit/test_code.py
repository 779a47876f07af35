"""A code id changes with all that can change a number or a table, and with nothing else."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml
from helpers import REPOSITORY

from initstudy import plan, studies
from initstudy.config.origin import Origin
from initstudy.engine.spec import Data, RunSpec
from initstudy.plan import Choices
from initstudy.studies import Studies

ENGINE = "scripts/initstudy/engine"
PROGRAM = """
import json
from initstudy import code
from initstudy.engine.literature import NAMES
print(json.dumps({
    "networks": code.engine_id({"hidden_units": []}), "models": code.engine_id({"build": ""}),
    **{name: code.initializer_id(name) for name in NAMES},
    "analysis": code.source_id("scripts/conclude.py", "scripts/initstudy/analysis"),
}))
"""


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A copy of the library, to edit."""
    shutil.copytree(REPOSITORY / "scripts", tmp_path / "scripts")
    return tmp_path


@pytest.fixture(scope="session")
def ids_of() -> Callable[[Path], dict[str, str]]:
    def ids(project: Path) -> dict[str, str]:
        outcome = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={"PYTHONPATH": str(project / "scripts")},
            capture_output=True,
            text=True,
            check=True,
        )
        found: dict[str, str] = yaml.safe_load(outcome.stdout)
        return found

    return ids


def edit(project: Path, file: str, old: str, new: str) -> None:
    path = project / file
    text = path.read_text()
    assert old in text, f"{file} does not have {old!r}"
    path.write_text(text.replace(old, new, 1))


# A file, what is there, what comes instead, and the ids that become others.
TRAINED = {"networks", "models"}
EDITS = {
    "a formula": (
        f"{ENGINE}/trainer.py",
        "tf.reduce_mean(evaluation.losses)",
        "tf.reduce_sum(evaluation.losses)",
    ),
    "a number": (f"{ENGINE}/trainer.py", "LOOKED_AT = 1000", "LOOKED_AT = 999"),
    "a seed": (f"{ENGINE}/initializers.py", "[0] >> 1", "[0] >> 2"),
    "the split": (f"{ENGINE}/data.py", "np.sort(order[:examples])", "np.sort(order[-examples:])"),
    "a setting": (f"{ENGINE}/backend.py", 'set_floatx("float32")', 'set_floatx("float64")'),
}
OTHERS = {
    "lsuv": (f"{ENGINE}/literature/lsuv.py", "< rule.tolerance", "<= rule.tolerance", {"lsuv"}),
    "a new initializer": (
        f"{ENGINE}/literature/__init__.py",
        "NAMES = {",
        "A = {}\nNAMES = {",
        set(),
    ),
    "a comment": (f"{ENGINE}/trainer.py", "LOOKED_AT = 1000", "# More.\nLOOKED_AT = 1_000", set()),
    "a docstring": (f"{ENGINE}/trainer.py", "Train one seed from", "Train it from", set()),
    "the layout": (
        f"{ENGINE}/data.py",
        "DATA_ORDER, HELD_OUT, LEARNED = 1, 2, 4",
        "DATA_ORDER, HELD_OUT, LEARNED = (\n    1, 2, 4\n)",
        set(),
    ),
    "a message elsewhere": (
        "scripts/initstudy/data/datasets.py",
        "was changed since",
        "is other than",
        set(),
    ),
    "the help of a key": (
        "scripts/initstudy/config/training.py",
        "Examples per update.",
        "Per update.",
        set(),
    ),
    "a data set": ("scripts/initstudy/config/names.py", '("mnist",', '("mnist", "new",', set()),
    "what measures": (
        "scripts/initstudy/training/diagnosing.py",
        "EXAMPLES = 1000",
        "EXAMPLES = 99",
        set(),
    ),
    "a statistic": (
        "scripts/initstudy/analysis/levels.py",
        "ALPHA = 0.05",
        "ALPHA = 0.01",
        {"analysis"},
    ),
}


@pytest.mark.parametrize("change", EDITS.values(), ids=EDITS.keys())
def test_what_may_change_a_number_trains_again(
    library: Path, ids_of: Callable[[Path], dict[str, str]], change: tuple[str, str, str]
) -> None:
    before = ids_of(library)
    edit(library, *change)
    after = ids_of(library)
    assert {name for name in before if after[name] != before[name]} == TRAINED


@pytest.mark.parametrize("change", OTHERS.values(), ids=OTHERS.keys())
def test_nothing_else_does(
    library: Path, ids_of: Callable[[Path], dict[str, str]], change: tuple[str, str, str, set[str]]
) -> None:
    *what, others = change
    before = ids_of(library)
    edit(library, *what)
    after = ids_of(library)
    assert {name for name in before if after[name] != before[name]} == others


def test_digests_of_0_2_0_are_the_same_where_it_trained_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those of the benchmark's networks by hidden_units; no user's model has its old one."""
    monkeypatch.setattr(studies, "ask_keras", lambda members: None)  # no part of a digest
    # A digest has the packages' versions: those that the benchmark was run with, and its NumPy.
    run = yaml.safe_load((REPOSITORY / "docs/benchmark/run.yaml").read_text())
    then = {"keras": run["keras"], "numpy": "2.4.6", "tensorflow": run["tensorflow"]}
    monkeypatch.setattr(plan, "versions", lambda: then)
    defaults = [str(REPOSITORY / "config.yaml")]
    raw = yaml.safe_load((REPOSITORY / "config.yaml").read_text())
    benchmark = Studies(Origin("the configuration", raw, defaults), defaults)
    table = pd.read_csv(REPOSITORY / "docs/benchmark/trainings.csv", dtype=str)
    rates = pd.read_csv(REPOSITORY / "docs/benchmark/learning_rates.csv")
    chosen = {(row.study, row.variant): float(row.learning_rate) for row in rates.itertuples()}
    compared = 0
    for member in benchmark.listed("suite"):
        name = member.study.name
        known = table[table["study"] == name].groupby("variant")["digest"].agg(set)
        if known.empty:
            continue  # Its data set is none of 0.2.0's.
        by_rate = {v: chosen[name, v] for v in member.study.variants if (name, v) in chosen}
        made: dict[str, set[str]] = {}
        for job in member.plan.selection(Choices(lambda _, by_rate=by_rate: by_rate)):
            made.setdefault(job.variant, set()).add(job.spec.digest)
        assert made.keys() == {*known.index}
        for variant, digests in made.items():
            assert (digests == known[variant]) == ("hidden_units" in member.study.model), variant
            compared += 1
    assert compared == 121


def test_a_spec_is_what_its_digest_says_wherever_it_lies() -> None:
    same: list[RunSpec] = []
    for name, build in (("a.npz", "one/net.py:build"), ("other/b.npz", "net.py:build")):
        spec = RunSpec(
            model={"build": build, "source": "abc"},
            dataset=Data(name, "def"),
            inputs="raw",
            held_out=0,
            training_images=None,
            optimizer={"class_name": "Adam", "config": {}},
            batch_size=128,
            kernel_initializer={"name": name[0], "class_name": "he_normal", "config": {}},
            bias_initializer={"name": "zeros", "class_name": "Zeros", "config": {}},
            compile="auto",
            threads=1,
            vary=("weights",),
            code="",
            versions={},
        )
        same.append(spec)
        assert RunSpec.from_plain(spec.plain()) == spec
    assert same[0].digest == same[1].digest
