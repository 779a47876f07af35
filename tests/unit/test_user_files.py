"""A user's files are run as modules of their folder, and what they import there counts."""

import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from engines import ZEROS, dense, own
from helpers import LIBRARY
from specs import keras_object, of_classes

from initstudy.config.user_files import source_of
from initstudy.engine.models import dense_model
from initstudy.engine.user_code import load
from initstudy.engine.weights import weights_of
from initstudy.training.checks import main
from initstudy.training.initializer_checks import initializer_notes
from initstudy.training.trying import check_initializer

MODEL = """
from __future__ import annotations
import dataclasses
import keras
from blocks import UNITS
from parts.dense import dense

@dataclasses.dataclass
class Size:
    units: int = UNITS

def build(shape, classes):
    from later import ACTIVATION
    print("building")
    model = keras.Sequential([
        keras.Input(shape), keras.layers.Flatten(), dense(Size().units, ACTIVATION),
        keras.layers.Dense(classes, activation="softmax"),
    ])
    model.summary()
    return model
"""
BESIDE = {
    "blocks.py": "UNITS = {units}\n",
    "later.py": "ACTIVATION = 'relu'\n",
    "parts/__init__.py": "",
    "parts/dense.py": (
        "import keras\nfrom . import names\n"
        "def dense(units, kind): return keras.layers.Dense(units, kind, name=names.NAME)\n"
    ),
    "parts/names.py": "NAME = 'first'\n",
    "not_imported.py": "1 / 0\n",
}
INITIALIZERS = """
import functools
import keras
import numpy as np

class Scaled(keras.initializers.Initializer):
    def __init__(self, scale, seed=None):
        self.scale, self.seed = scale, seed
    def __call__(self, shape, dtype=None):
        return np.random.default_rng(self.seed).normal(0, self.scale, shape)

class PassesOn(keras.initializers.RandomNormal):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)

class TakesNoSeed(keras.initializers.Initializer):
    def __init__(self, **kwargs):
        assert "seed" in kwargs
        self.value = kwargs["value"]
    def __call__(self, shape, dtype=None):
        return np.full(shape, self.value)

def normal(shape, dtype, seed, deviation=0.1):
    return np.random.default_rng(seed).normal(0, deviation, shape)

half = functools.partial(normal, deviation=0.07)

def fixed(shape, dtype, seed):
    return np.random.default_rng(42).normal(0, 0.2, shape)

def prior(shape, dtype, seed):
    return np.log([0.8, 0.15, 0.05])

def flat(shape, dtype, seed):
    return np.full(shape, 0.5)

def listed(shape, dtype, seed):
    return np.arange(np.prod(shape)).reshape(shape).tolist()

class Tensors(Scaled):
    def __call__(self, shape, dtype=None):
        return keras.ops.convert_to_tensor(super().__call__(shape), dtype="float64")

class Adapting(Scaled):
    def adapt(self, model, layers, inputs):
        pass

MADE = keras.initializers.HeNormal()
"""


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    path, modules = [*sys.path], dict(sys.modules)
    yield
    sys.path[:] = path
    for name in sys.modules.keys() - modules.keys():
        if name in ("model", "mine", "blocks", "later") or name.startswith("parts"):
            del sys.modules[name]


def written(folder: Path, units: int = 5) -> Path:
    for name, text in {"model.py": MODEL, **BESIDE}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("{units}", str(units)))
    return folder / "model.py"


def test_files_of_one_name_in_two_folders_are_never_taken_for_each_other(tmp_path: Path) -> None:
    (tmp_path / "one/mine.py").parent.mkdir()
    (tmp_path / "one/mine.py").write_text(INITIALIZERS)
    normal = keras_object(f"{tmp_path}/one/mine.py:normal")
    for folder, units in (("one", 5), ("two", 7), ("one", 5)):
        path = written(tmp_path / folder, units)
        model = own(f"{path}:build", (4, 4, 1), 3, normal, ZEROS)(0).model
        assert [layer.units for layer in model.layers if hasattr(layer, "units")] == [units, 3]


def test_what_is_at_the_top_of_a_file_is_drawn_alike_for_each_seed(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import numpy as np\nDRAWN = np.random.normal()\n")
    drawn = []
    for _ in range(2):
        np.random.seed(3)  # noqa: NPY002 - as keras.utils.set_random_seed does
        drawn.append(load(f"{tmp_path}/mine.py:DRAWN"))
    assert drawn[0] == drawn[1]


def test_a_module_of_the_user_is_a_whole_one(tmp_path: Path) -> None:
    size = load(f"{written(tmp_path)}:Size")(9)
    assert size == pickle.loads(pickle.dumps(size))
    # A name that another module has stays that one's.
    (tmp_path / "json.py").write_text("here = 1\n")
    assert load(f"{tmp_path}/json.py:here") == 1
    assert sys.modules["json"] is json


def test_what_is_imported_below_the_folder_counts_for_the_digest(tmp_path: Path) -> None:
    path = written(tmp_path)
    alone = tmp_path / "alone.py"
    alone.write_text(INITIALIZERS)
    # Of one file it is that of its bytes, as in 0.2.0.
    sums = subprocess.run(["sha256sum", alone], capture_output=True, text=True, check=True)
    assert source_of(alone) == sums.stdout.split()[0]
    known = source_of(path)
    for name in ("blocks.py", "later.py", "parts/__init__.py", "parts/dense.py", "parts/names.py"):
        file = tmp_path / name
        before = file.read_text()
        file.write_text(f"{before}# another comment\n")
        assert source_of(path) != known, name
        file.write_text(before)
        assert source_of(path) == known
    (tmp_path / "not_imported.py").write_text("2 / 0\n")
    assert source_of(path) == known
    moved = tmp_path.rename(tmp_path.with_name("moved"))
    assert source_of(moved / "model.py") == known


def problems(folder: Path, role: str, entries: list[object], **changes: object) -> list[str]:
    def entry(number: int, spec: object) -> dict[str, object]:
        name, config = spec if isinstance(spec, tuple) else (spec, {})
        class_name = f"{folder}/mine.py:{name}" if str(name)[0] != "=" else str(name)[1:]
        told = f"{str(name).strip('=')}{number}"
        return {"path": ["x", number], "name": told, "class_name": class_name, "config": config}

    (folder / "mine.py").write_text(INITIALIZERS)
    question = {
        "model": {"hidden_units": [8], "activation": "relu"},
        "shape": [4],
        **of_classes(3),
        "learning_rates": [],
        "vary": ["weights", "order"],
        "optimizer": {"class_name": "adam", "config": {}},
        "kernel": [],
        "bias": [],
        role: [entry(number, spec) for number, spec in enumerate(entries)],
        **changes,
    }
    (answer,) = json.loads(main(json.dumps([question])))
    return [message for _, message in answer["problems"]]


def test_initializers_as_people_write_them_are_taken(tmp_path: Path) -> None:
    right = [
        ("Scaled", {"scale": 0.05}),
        ("Scaled", {"scale": 0.5}),
        ("PassesOn", {"stddev": 0.3}),
        ("TakesNoSeed", {"value": 0.25}),
        ("Adapting", {"scale": 0.05}),
        ("Adapting", {"scale": 0.5}),
        ("Tensors", {"scale": 0.3}),
        *("normal", "half", "flat", "listed"),
    ]
    assert problems(tmp_path, "kernel", right) == []


def test_biases_are_those_of_their_own_layers(tmp_path: Path) -> None:
    mine = f"{tmp_path}/mine.py:prior"
    for output in (
        {"class_name": mine, "config": {}},
        {"class_name": "Constant", "config": {"value": [-0.22, -1.9, -3.0]}},
    ):
        hidden = {"class_name": "zeros", "config": {}}
        roles = {"hidden": hidden, "output": output}
        assert problems(tmp_path, "bias", [("=layers", roles)]) == []
        (message,) = problems(tmp_path, "bias", [("=layers", {"hidden": output, "output": hidden})])
        assert "hidden: " in message
        assert "cannot make a bias of shape (8,)" in message
        (message,) = problems(tmp_path, "bias", [(f"={output['class_name']}", output["config"])])
        assert "cannot make a bias of shape (8,)" in message


@pytest.mark.parametrize(
    "double",
    [
        ("=VarianceScaling", {"scale": 2.0, "mode": "fan_in"}),
        ("=layers", {"layers": [{"class_name": "he_normal", "config": {}}] * 2}),
        "=HeNormal",
    ],
)
def test_two_that_draw_the_same_numbers_are_one(tmp_path: Path, double: object) -> None:
    (message,) = problems(tmp_path, "kernel", ["=glorot_normal", "=he_normal", double])
    assert "is the same initializer as 'he_normal1': it draws the same numbers" in message
    # Alike in the square layer alone, where fan-in and fan-out are equal.
    square = {"model": {"hidden_units": [4], "activation": "relu"}}
    assert problems(tmp_path, "kernel", ["=glorot_normal", "=lecun_normal"], **square) == []
    # What they come to is decided later, by a look at the network or at data.
    assert problems(tmp_path, "kernel", ["=lsuv", "=orthogonal", "=fixup", "=he_normal"]) == []


@pytest.mark.parametrize(
    ("entries", "part"),
    [
        (["=lsuv", ("=LSUV", {"tolerance": 0.1})], "'LSUV1' is the same initializer as 'lsuv0'"),
        ([("Adapting", {"scale": 0.5})] * 2, "is the same initializer as 'Adapting0'"),
        (["MADE"], "'MADE' is one HeNormal, not a class: name the class, HeNormal"),
        ([("normal", {"seed": 3})], "seeds come from the run"),
        ([("Scaled", {"scal": 3})], "scal"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, entries: list[object], part: str) -> None:
    (message,) = problems(tmp_path, "kernel", entries)
    assert part in message


def test_kernels_that_no_seed_changes_are_named(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(INITIALIZERS)
    make = dense_model(6, [6], "relu", 3)
    weights = weights_of(make(0), make(1))

    def told(name: str) -> list[str]:
        config = {"scale": 1.0} if name == "Scaled" else {}
        class_name = f"{tmp_path}/mine.py:{name}"
        entry = {"path": ["x"], "name": name, "class_name": class_name, "config": config}
        question = {"kernel": [entry], "bias": [entry]}
        return list(initializer_notes(question, weights))

    (line,) = told("fixed")
    assert line.startswith("fixed draws the same kernels from every seed")
    assert told("normal") == told("flat") == told("Scaled") == []


def test_one_that_ignores_its_seed_is_recognised(tmp_path: Path) -> None:
    assert problems(tmp_path, "kernel", ["fixed"]) == []
    (message,) = problems(tmp_path, "kernel", ["fixed", "normal"], vary=["weights"])
    assert "'fixed0' draws the same numbers from every seed" in message
    assert "set vary: [weights, order]" in message
    # Something else varies: the output layer, or the biases.
    output = {"class_name": "he_normal", "config": {}}
    hidden = {"class_name": f"{tmp_path}/mine.py:fixed", "config": {}}
    part = ("=layers", {"hidden": hidden, "output": output})
    assert problems(tmp_path, "kernel", [part], vary=["weights"]) == []
    normal = {"path": ["y"], "name": "n", "class_name": "random_normal", "config": {}}
    assert problems(tmp_path, "kernel", ["fixed"], vary=["weights"], bias=[normal]) == []


def test_what_is_printed_does_not_stand_among_the_answers(tmp_path: Path) -> None:
    path = written(tmp_path)
    question = {
        "model": {"build": f"{path}:build", "source": ""},
        "shape": [4, 4, 1],
        **of_classes(3),
        "learning_rates": [],
        "vary": ["weights", "order"],
        "optimizer": {"class_name": "adam", "config": {}},
        "kernel": [],
        "bias": [],
    }
    outcome = subprocess.run(
        [sys.executable, "-m", "initstudy.training.checks"],
        input=json.dumps([question]),
        capture_output=True,
        text=True,
        env=LIBRARY,
        cwd=tmp_path.parent,
    )
    assert "building" in outcome.stderr
    assert [answer["problems"] for answer in json.loads(outcome.stdout)] == [[]]


def test_values_of_numpy_are_cast_as_keras_casts_them(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(INITIALIZERS)
    mine = keras_object(f"{tmp_path}/mine.py:Scaled", scale=0.5)
    model = dense(6, [4], "relu", 3, mine, mine)(0).model
    assert {variable.dtype for variable in model.variables} == {"float32"}
    # Whoever tries it by hand is not told otherwise.
    assert not check_initializer(f"{tmp_path}/mine.py:Scaled", config={"scale": 0.5}).problems
