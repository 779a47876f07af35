"""What Keras refuses is told before anything is trained."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from specs import of_classes

from initstudy.costs import dense
from initstudy.training.checks import main


def question(**changes: object) -> dict[str, object]:
    return {
        "model": {"hidden_units": [16], "activation": "relu"},
        "shape": [28, 28, 1],
        **of_classes(10),
        "learning_rates": [],
        "vary": ["weights", "order"],
        "optimizer": {"class_name": "adam", "config": {}},
        "kernel": [entry("glorot_uniform", path=["baseline", "kernel_initializer"])],
        "bias": [entry("zeros", path=["baseline", "bias_initializer"])],
        **changes,
    }


def problems(**changes: object) -> dict[tuple[object, ...], str]:
    (answer,) = json.loads(main(json.dumps([question(**changes)])))
    return {tuple(path): message for path, message in answer["problems"]}


def activation(name: str) -> dict[str, object]:
    return {"model": {"hidden_units": [16], "activation": name}}


def entry(class_name: str, path: list[object] | None = None, **config: object) -> dict:
    return {
        "path": path or ["x"],
        "name": class_name,
        "class_name": class_name,
        "config": config,
    }


def test_what_keras_takes_has_no_problems() -> None:
    assert problems() == {}
    assert problems(kernel=[entry("orthogonal"), entry("identity"), entry("HeNormal")]) == {}
    assert problems(bias=[entry("constant", value=0.1)]) == {}
    assert problems(optimizer={"class_name": "SGD", "config": {"momentum": 0.9}}) == {}


@pytest.mark.parametrize(
    ("changes", "path", "parts"),
    [
        (activation("rleu"), ("model", "activation"), ["'rleu'", "'relu'"]),
        (activation("get"), ("model", "activation"), ["'get'"]),
        (activation("threshold"), ("model", "activation"), ["cannot follow a layer"]),
        (activation("glu"), ("model", "activation"), ["the number of units"]),
        (
            {"optimizer": {"class_name": "adamm", "config": {}}},
            ("optimizer",),
            ["'adamm'", "'adam'"],
        ),
        (
            {"optimizer": {"class_name": "SGD", "config": {"momentum": 2}}},
            ("optimizer",),
            ["momentum", "between [0, 1]"],
        ),
        (
            {"optimizer": {"class_name": "SGD", "config": {"momentun": 0.5}}},
            ("optimizer",),
            ["momentun"],
        ),
        ({"kernel": [entry("he_norml")]}, ("x",), ["'he_norml'", "'he_normal'"]),
        ({"kernel": [entry("Initializer")]}, ("x",), ["not an initializer"]),
        (
            {"kernel": [entry("VarianceScaling", scal=2.0)]},
            ("x", "config", "scal"),
            ["'scale'"],
        ),
        ({"kernel": [entry("VarianceScaling", scale=-1)]}, ("x",), ["positive", "-1"]),
        ({"kernel": [entry("he_normal", seed=1)]}, ("x", "config", "seed"), ["from the run"]),
        ({"bias": [entry("orthogonal")]}, ("x",), ["'orthogonal' cannot make a bias"]),
        ({"bias": [entry("identity")]}, ("x",), ["'identity' cannot make a bias"]),
    ],
)
def test_what_keras_refuses_is_told(changes: dict, path: tuple, parts: list[str]) -> None:
    found = problems(**changes)
    assert list(found) == [path]
    for part in parts:
        assert part in found[path]


def test_many_are_asked_at_once_and_answered_in_their_order() -> None:
    wide = {"hidden_units": [32, 8], "activation": "relu"}
    asked = [question(), question(optimizer={"class_name": "x", "config": {}}, model=wide)]
    first, second = json.loads(main(json.dumps(asked)))
    table = first.pop("table")
    assert first | {"table": []} == {"problems": [], **asdict(dense(784, [16], 10))}
    assert [(row["path"], row["shape"], row["fan_in"], row["drawn"]) for row in table] == [
        ("sequential/dense/kernel", "784x16", 784, True),
        ("sequential/dense/bias", "16", "", True),
        ("sequential/dense_1/kernel", "16x10", 16, True),
        ("sequential/dense_1/bias", "10", "", True),
    ]
    assert {row["initializer"] for row in table} == {"glorot_uniform", "zeros"}
    assert [path for path, _ in second["problems"]] == [["optimizer"]]
    assert second["weights"] == 784 * 32 + 32 * 8 + 8 * 10


def test_a_double_under_another_name_is_told() -> None:
    found = problems(kernel=[entry("he_normal"), entry("HeNormal")])
    assert "'HeNormal' is the same initializer as 'he_normal'" in found[("x",)]


TOKENS = """import keras


def build(shape, classes):
    return keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.Embedding(50, 4, name="words"),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(classes, activation="softmax"),
        ]
    )
"""


def test_scaled_inputs_of_an_embedding_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(TOKENS)
    asked = {
        "model": {"build": "net.py:build"},
        "shape": [12],
    }
    for inputs, said in (("raw", False), ("unit", True)):
        (answer,) = json.loads(main(json.dumps([question(**asked, inputs=inputs)])))
        assert answer["problems"] == []
        text = f"The layer words takes whole numbers, and inputs: {inputs} scales them."
        assert any(text in note for note in answer["notes"]) == said


@pytest.mark.parametrize(
    ("loss", "metric", "said"),
    [
        ("sparse_categorical_crossentropy", "accuracy", None),
        ("sparse_categorical_crossentropy", "mean_absolute_error", "a loss of classes or labels"),
        ("ctc", "accuracy", "aligns sequences"),
    ],
)
def test_the_loss_of_a_compiled_model_must_suit_too(
    loss: str, metric: str, said: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code = (
        TOKENS.replace("return", "model =")
        + f'    model.compile(loss="{loss}")\n    return model\n'
    )
    Path("net.py").write_text(code)
    asked = {"model": {"build": "net.py:build"}, "shape": [12], "inputs": "raw"}
    found = problems(**asked, loss={"class_name": "model", "config": {}}, metric=metric)
    if said is None:
        assert found == {}
    else:
        assert said in found[("model",)]


def test_a_softmax_over_one_unit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(TOKENS)
    numbers = {"target": {"kind": "numbers", "count": 1, "shape": []}}
    asked = {"model": {"build": "net.py:build"}, "shape": [12], "inputs": "raw", **numbers}
    loss = {"class_name": "mean_squared_error", "config": {}}
    found = problems(**asked, loss=loss, metric="mean_absolute_error")
    assert "as that of a softmax over one unit always is" in found[("model",)]
    assert "let its last layer be" in found[("model",)]
