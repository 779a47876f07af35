"""What the comparison with Keras finds, and what it lets pass."""

from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from specs import run_spec

from initstudy.data.datasets import read
from initstudy.engine import trainer
from initstudy.engine.shadows import Shadows
from initstudy.engine.spec import Data, RunSpec
from initstudy.errors import StudyError
from initstudy.training.comparison import Comparison, compare, in_words

KINDS = Path(__file__).parents[1] / "kinds.py"
LIKE_FIT = Path(__file__).parents[1] / "like_fit.py"


def compared(build: str, file: Path = KINDS, **changes: Any) -> Comparison:
    random = np.random.default_rng(0)
    x, y = random.integers(0, 20, (77, 8, 8, 1)).astype(np.uint8), random.integers(0, 3, 77)
    arrays = {"x_train": x, "y_train": y, "x_test": x[:20], "y_test": y[:20]}
    usual: dict[str, Any] = {
        "model": {"build": f"{file}:{build}", "source": ""},
        "dataset": Data("few.npz", ""),
        "inputs": "unit",
        "held_out": 0,
        "training_images": None,
        "optimizer": {"class_name": "adam", "config": {}},
        "batch_size": 32,
        "kernel_initializer": {"class_name": "glorot_uniform", "config": {}},
        "bias_initializer": {"class_name": "random_uniform", "config": {}},
        "compile": "graph",
        "threads": 1,
        "vary": (),
        "code": "",
        "versions": {},
    }
    return compare(RunSpec(**{**usual, **changes}), arrays)


@pytest.mark.parametrize(
    "kind",
    [
        "batch_normalized",
        pytest.param("spectral", marks=pytest.mark.thorough),
        pytest.param("half_precision", marks=pytest.mark.thorough),
        pytest.param("all_in_bfloat16", marks=pytest.mark.thorough),
    ],
)
def test_what_is_trained_alike_passes(kind: str) -> None:
    found = compared(kind)
    assert not found.problems
    assert found.epoch_seconds > 0
    # Far below what is allowed, but where there is nothing but rounding.
    ratios = [mine / most if most else 0.0 for mine, most in found.differences.values()]
    assert np.median(ratios) < 0.1


@pytest.mark.parametrize(
    "inputs", ["raw", pytest.param("standardized", marks=pytest.mark.thorough), "features"]
)
def test_whatever_the_inputs_are_scaled_to(inputs: str) -> None:
    assert not compared("convolutions", inputs=inputs).problems


def test_what_overflows_by_keras_too_is_not_a_difference(tmp_path: Path) -> None:
    (tmp_path / "huge.py").write_text(
        "import keras\nfrom keras import layers\n\n\ndef build(shape, classes):\n"
        "    return keras.Sequential([keras.Input(shape), layers.Flatten(),\n"
        "        layers.Rescaling(1e38), layers.Dense(8), layers.Rescaling(1e38),\n"
        "        layers.Dense(classes, activation='softmax')])\n"
    )
    assert not compared("build", tmp_path / "huge.py", inputs="raw").problems


def test_a_lost_penalty_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Shadows.seen

    @contextmanager
    def losing(self: Shadows) -> Any:
        with seen(self):
            yield []

    monkeypatch.setattr(Shadows, "seen", losing)
    problems = compared("regularized_kernels").problems
    assert any(text.startswith("the loss differs by ") for text in problems)
    assert any("the gradient of sequential/conv2d/kernel differs" in text for text in problems)


def test_lost_statistics_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Shadows.seen

    @contextmanager
    def losing(self: Shadows) -> Any:
        before = [variable.value + 0 for variable in self.model.non_trainable_variables]
        with seen(self) as losses:
            yield losses
        for variable, value in zip(self.model.non_trainable_variables, before, strict=True):
            variable.assign(value)

    monkeypatch.setattr(Shadows, "seen", losing)
    problems = compared("batch_normalized").problems
    assert any("the state of the network" in t and "moving_mean" in t for t in problems)


def test_an_optimizer_that_knows_rows_from_columns_is_told_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    optimizer = {"class_name": "model", "config": {}}
    assert not compared("own_optimizer", LIKE_FIT, optimizer=optimizer).problems
    monkeypatch.setattr(trainer, "is_symmetric", lambda optimizer, model: True)
    problems = compared("own_optimizer", LIKE_FIT, optimizer=optimizer).problems
    assert any(text.startswith("the step of sequential/dense") for text in problems)


def test_what_a_layer_does_differently_each_time_is_found(tmp_path: Path) -> None:
    (tmp_path / "fickle.py").write_text(
        "import keras\nfrom keras import layers\n\n\n"
        "class Fickle(layers.Layer):\n    calls = 0\n\n"
        "    def call(self, x):\n        self.calls += 1\n        return x * self.calls\n\n\n"
        "def build(shape, classes):\n    return keras.Sequential([keras.Input(shape), Fickle(),\n"
        "        layers.Flatten(), layers.Dense(classes, activation='softmax')])\n"
    )
    problems = compared("build", tmp_path / "fickle.py").problems
    assert any("the gradient of sequential/dense/kernel differs" in text for text in problems)
    spec: Any = type("Spec", (), {"model": {"build": "fickle.py:build"}, "compile": "auto"})
    message = in_words(spec, problems)
    assert message.startswith("fickle.py:build: this network would not be trained as Keras' own")
    assert "outside of a keras.Variable" in message


@pytest.mark.parametrize("part", ["train", "test"])
@pytest.mark.parametrize("compiled", ["graph", "xla"])
def test_a_token_beyond_an_embedding_is_refused_wherever_it_is(
    part: str, compiled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the last example, which is in no batch that is compared."""
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(
        "import keras\n\n\ndef build(shape, classes):\n    return keras.Sequential([\n"
        "        keras.Input(shape), keras.layers.Embedding(13, 2), keras.layers.Flatten(),\n"
        "        keras.layers.Dense(classes, 'softmax')])\n"
    )
    arrays = {
        f"{axis}_{name}": np.arange(600).reshape(100, 6) % 13 if axis == "x" else np.arange(100) % 2
        for name in ("train", "test")
        for axis in "xy"
    }
    arrays[f"x_{part}"][-1, -1] = 13
    np.savez("few.npz", **arrays)
    spec = run_spec(
        Path("few.npz"),
        model={"build": "net.py:build"},
        inputs="raw",
        batch_size=8,
        compile=compiled,
    )
    read_arrays = read("few.npz", "few.npz", spec.dataset.sha256)
    with pytest.raises(StudyError, match=r"between 0 and 13: .*An Embedding\(n\) takes"):
        compare(spec, read_arrays)
