"""Each mistake in a configuration is told with its key, its value and what would be right."""

from copy import deepcopy
from datetime import date
from pathlib import Path

import pytest
import yaml
from helpers import REPOSITORY
from made_up import configured

from initstudy.config.configuration import parse
from initstudy.config.initializers import Initializer
from initstudy.config.problems import Problem, describe

CONFIG = yaml.safe_load((REPOSITORY / "config.yaml").read_text())


def problems(changes: dict | None = None, /, **more: object) -> dict[str, str]:
    config = {**deepcopy(CONFIG), **(changes or {}), **more}
    study, found = parse(config)
    assert (study is None) == bool(found)
    return {problem.key(): problem.message for problem in found}


def test_an_empty_configuration_is_the_default_one() -> None:
    study, found = parse({})
    assert not found
    assert study is not None
    assert study.plain() == CONFIG
    assert list(study.plain()) == list(CONFIG)


def test_what_is_left_out_has_its_default() -> None:
    study, found = parse({"model": {"activation": "tanh"}})
    assert not found
    assert study is not None
    assert study.model == {"hidden_units": [16, 16], "activation": "tanh"}
    assert study.epochs == 100
    assert study.baseline.kernel.name == "glorot_uniform"


def test_a_study_can_be_written_out_again() -> None:
    mapping = {"name": "wide", "class_name": "RandomNormal", "config": {"stddev": 0.2}}
    changes = {
        "kernel_initializers": ["ones", mapping],
        "optimizer": {"class_name": "SGD", "config": {"momentum": 0.9}},
    }
    for config in (CONFIG, {**CONFIG, **changes}):
        study, _ = parse(config)
        assert study is not None
        assert yaml.safe_load(yaml.safe_dump(study.plain())) == config


def test_the_default_study_has_the_notebooks_variants() -> None:
    study = configured(**CONFIG)
    published = (REPOSITORY / "resources" / "notebook.csv").read_text().splitlines()[1:]
    assert [*study.variants, "best"] == [row.split(",")[0] for row in published]
    for variant, row in zip(study.variants.values(), published, strict=False):
        assert [variant.kernel.name, variant.bias.name] == row.split(",")[1:3]


@pytest.mark.parametrize(
    ("changes", "key", "parts"),
    [
        ({"epoch": 5}, "epoch", ["no such key", "'epochs'"]),
        ({"model": {"hidden_unit": [3]}}, "model.hidden_unit", ["'hidden_units'"]),
        ({"epochs": "ten"}, "epochs", ["'ten'", "a whole number from 1", "training examples"]),
        ({"diagnose_after": [1]}, "diagnose_after", ["epochs 1, 2, 5, 10", "remove this key"]),
        ({"dataset": "letters"}, "dataset", ["'letters' any more", "'letter'", "another test set"]),
        ({"dataset": "satellite"}, "dataset", ["'satellite' any more", "'satimage'"]),
        ({"dataset": "shuttle"}, "dataset", ["'shuttle' any more", "'magic'"]),
        ({1: 5}, "1", ["no such key"]),
        ({"keep_weights": "yes"}, "keep_weights", ["'yes' must be true or false", "weights"]),
        ({"keep_weights": 1}, "keep_weights", ["1 must be true or false"]),
        ({"checkpoint_minutes": 0}, "checkpoint_minutes", ["0 must be a number above 0"]),
        ({"checkpoint_minutes": float("inf")}, "checkpoint_minutes", ["inf", "above 0"]),
        ({"target_accuracy": 90}, "target_accuracy", ["90", "from 0 to 1"]),
        ({"study": 7}, "study", ["7 must be text of at most 64 characters"]),
        ({"optimizer": {"config": {}}}, "optimizer", ["lacks the key 'class_name'", "keras"]),
        ({"baseline": {"kernels": "ones"}}, "baseline.kernels", ["kernel_initializer"]),
        ({"baseline": ["ones"]}, "baseline", ["must be a mapping"]),
        ({"kernel_initializers": [[]]}, "kernel_initializers[0]", ["a list of 1 to 1001 entries"]),
        ({"kernel_initializers": [3]}, "kernel_initializers[0]", ["3 must be text", "a mapping"]),
        (
            {"optimizer": {"class_name": "SGD", "config": {"a": date(2026, 1, 1)}}},
            "optimizer.config",
            ["plain values"],
        ),
        (
            {"optimizer": {"class_name": "SGD", "config": {1: 1, "a": 1}}},
            "optimizer.config",
            ["names and plain values"],
        ),
        ({"epochs": True}, "epochs", ["True", "a whole number"]),
        ({"epochs": float("nan")}, "epochs", ["nan", "a whole number"]),
        ({"epochs": 0}, "epochs", ["0", "from 1 to 100000"]),
        ({"seeds": -3}, "seeds", ["-3", "from 1 to"]),
        ({"batch_size": 1.5}, "batch_size", ["1.5", "a whole number"]),
        ({"dataset": "mnits"}, "dataset", ["'mnits'", "'mnist'"]),
        ({"inputs": "standardised"}, "inputs", ["'standardised'", "'standardized'"]),
        ({"model": None}, "model", ["nothing (null)", "a mapping"]),
        ({"model": {"hidden_units": [16, 0]}}, "model.hidden_units[1]", ["0", "from 1"]),
        ({"study": "../x"}, "study", ["'../x'", "file name"]),
        ({"kernel_initializers": ["../x"]}, "kernel_initializers[0]", ["'../x'", "file name"]),
        ({"kernel_initializers": ["a/b"]}, "kernel_initializers[0]", ["'a/b'"]),
        ({"kernel_initializers": ["x\n"]}, "kernel_initializers[0]", ["file name"]),
        ({"kernel_initializers": ["ones", "ones"]}, "kernel_initializers[1]", ["'ones'", "[0]"]),
        ({"bias_initializers": ["ones", "Ones"]}, "bias_initializers[1]", ["'Ones'", "[0]"]),
        ({"bias_initializers": ["zeros"]}, "bias_initializers[0]", ["baseline's own"]),
        ({"bias_initializers": None}, "bias_initializers", ["nothing (null)", "a list"]),
        (
            {"kernel_initializers": [{"class_name": "VarianceScaling"}]},
            "kernel_initializers[0]",
            ["lacks the key 'name'"],
        ),
        (
            {"kernel_initializers": [{"name": "x", "class_name": "Ones", "confg": {}}]},
            "kernel_initializers[0].confg",
            ["'config'"],
        ),
        (
            {"kernel_initializers": [{"name": "x", "clas_name": "Ones"}]},
            "kernel_initializers[0].clas_name",
            ["did you mean 'class_name'"],
        ),
        (
            {"kernel_initializers": [{"hidden": "ones", "ouput": "ones"}]},
            "kernel_initializers[0].ouput",
            ["did you mean 'output'"],
        ),
        ({"design": "factorail"}, "design", ["'factorail'", "'factorial'"]),
        (
            {
                "design": "factorial",
                "kernel_initializers": [f"k{i}" for i in range(200)],
                "bias_initializers": [f"b{i}" for i in range(100)],
            },
            "design",
            ["200 kernel and 100 bias", "make 20301 pairs"],
        ),
        ({"published": "nowhere.csv"}, "published", ["no file 'nowhere.csv'"]),
    ],
)
def test_a_mistake_is_told(changes: dict, key: str, parts: list[str]) -> None:
    found = problems(changes)
    assert list(found) == [key]
    for part in parts:
        assert part in found[key]


def test_a_factorial_design_adds_every_other_pair() -> None:
    lists = {"kernel_initializers": ["ones", "lsuv"], "bias_initializers": ["ones", "he_normal"]}
    factorial = configured(**lists, design="factorial")
    assert factorial.plain()["design"] == "factorial"
    variants = list(factorial.variants.values())
    assert variants[:5] == list(configured(**lists).variants.values())
    assert [(v.name, v.kernel.name, v.bias.name) for v in variants[5:]] == [
        (f"kernel-{kernel}-bias-{bias}", kernel, bias)
        for kernel in ("ones", "lsuv")
        for bias in ("ones", "he_normal")
    ]
    without = configured(**{**lists, "bias_initializers": []}, design="factorial")
    assert len(without.variants) == 3


def test_numbers_that_came_as_text_are_numbers() -> None:
    """As YAML reads 1e-3, and Snakemake what stands inside of a mapping on the command line."""
    initializer = {"name": "x", "class_name": "X", "config": {"scale": "2", "mode": "fan_in"}}
    study, _ = parse(
        {
            "optimizer": {"class_name": "SGD", "config": {"learning_rate": "1e-3"}},
            "model": {"hidden_units": ["32", 8]},
            "kernel_initializers": [initializer],
        },
    )
    assert study is not None
    assert study.optimizer["config"] == {"learning_rate": 0.001}
    assert study.model["hidden_units"] == [32, 8]
    assert study.kernel_initializers[0].config == {"scale": 2, "mode": "fan_in"}


def test_a_truth_that_came_as_text_is_refused() -> None:
    """As in a file that quotes it, or has YAML's y or n, which its reader takes for text."""
    optimizer = {"class_name": "SGD", "config": {"momentum": 0.9, "nesterov": "false"}}
    (message,) = problems(optimizer=optimizer).values()
    assert message.startswith("nesterov: 'false' is text here, which Keras takes as true")
    kernel = {"name": "own", "class_name": "Orthogonal", "config": {"more": {"deep": "n"}}}
    assert "deep: 'n' is text here" in problems(kernel_initializers=[kernel]).popitem()[1]


def test_a_whole_number_may_be_written_with_a_point() -> None:
    study, _ = parse({"epochs": 5.0, "model": {"hidden_units": [8.0]}})
    assert study is not None
    assert repr((study.epochs, study.model["hidden_units"])) == "(5, [8])"


def test_weights_are_kept_and_checkpoints_written_as_asked() -> None:
    study, _ = parse({"keep_weights": True, "checkpoint_minutes": 0.5})
    assert study is not None
    assert (study.keep_weights, study.checkpoint_minutes) == (True, 0.5)


def test_all_mistakes_are_told_at_once() -> None:
    assert set(problems(epochs=0, seedz=3, inputs="x")) == {"epochs", "seedz", "inputs"}
    wrong = {"kernel_initializers": ["o/o"], "model": "none.py:build", "published": "none.csv"}
    assert set(problems(**wrong, dataset="mnits")) == {
        "kernel_initializers[0]",
        "model",
        "published",
        "dataset",
    }


@pytest.mark.parametrize("name", ["(text)", "(mapping)", "[key]", "x y", "a.b"])
def test_a_key_of_any_name_is_told_as_it_is_written(name: str) -> None:
    assert list(problems(**{name: 1})) == [name]
    assert list(problems(model={name: 1})) == [f"model.{name}"]


def test_a_problem_is_located_in_the_last_file_that_has_its_key(tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text("epochs: 1\nmodel:\n  hidden_units:\n    - 3\n    - x\n")
    second.write_text("# the other\nepochs: 0\n")
    text = describe(
        [
            Problem(("epochs",), "A"),
            Problem(("model", "hidden_units", 1), "B"),
            Problem(("seeds",), "C"),
            Problem(("inputs",), "D"),
        ],
        [first, second],
        elsewhere={"inputs": "--config", "epoch": "no"},
    )
    assert f"{second}:2: epochs: A" in text
    assert f"{first}:5: model.hidden_units[1]: B" in text
    assert "\n  seeds: C" in text
    assert "\n  --config: inputs: D" in text


def test_a_key_that_is_merged_is_located_where_it_is_written(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("a: &x\n  k: 1\n  l: 2\nb:\n  <<: *x\n  k: 3\n")
    text = describe([Problem(("b", "k"), "A"), Problem(("b", "l"), "B")], [file])
    assert f"{file}:6: b.k: A" in text
    assert f"{file}:3: b.l: B" in text


def test_blocks_cover_the_seeds_once() -> None:
    study = configured(seeds=25, seeds_per_job=10)
    assert study.blocks(study.selection) == [range(10), range(10, 20), range(20, 25)]
    assert study.blocks(study.confirmation) == [range(25, 35)]


def test_an_initializer_is_an_identifier_or_a_mapping() -> None:
    assert Initializer.parse("ones") == Initializer("ones", "ones", {})
    mapping = {"name": "a", "class_name": "B", "config": {"c": 1}}
    assert Initializer.parse(mapping).plain() == mapping


def kernels(*entries: object, hidden_units: tuple[int, ...] = (16, 16)) -> list[Initializer]:
    study, found = parse(
        {
            "kernel_initializers": list(entries),
            "model": {"hidden_units": list(hidden_units)},
            "published": None,
        },
    )
    assert study is not None, found
    return list(study.kernel_initializers)


def test_initializers_by_layer() -> None:
    by_list, by_role, named = kernels(
        ["he_normal", "ones", {"class_name": "Constant", "config": {"value": 2}}],
        {"hidden": "lsuv", "output": "ones"},
        {"name": "mixed", "layers": ["ones", "ones", "zeros"]},
    )
    assert by_list.name == "he_normal_then_ones_then_Constant"
    assert by_list.class_name == "layers"
    assert by_list.config["layers"][2] == {"class_name": "Constant", "config": {"value": 2}}
    assert by_role.name == "lsuv_then_ones"
    assert {key: part["class_name"] for key, part in by_role.config.items()} == {
        "hidden": "lsuv",
        "output": "ones",
    }
    assert named.name == "mixed"
    for initializer in (by_list, by_role, named):
        assert Initializer.parse(initializer.entry()) == initializer


def test_a_persons_own_file_is_part_of_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("a = 1\n")
    (first,) = kernels("mine.py:f")
    assert (first.name, first.class_name) == ("f", "mine.py:f")
    (again,) = kernels("mine.py:f")
    assert first == again
    (tmp_path / "mine.py").write_text("a = 2\n")
    (changed,) = kernels("mine.py:f")
    assert changed != first
    (layered,) = kernels(["mine.py:f", "ones", "zeros"])
    assert layered.config["layers"][0]["source"] == changed.source
    # The first folder that has it.
    (tmp_path / "studies").mkdir()
    folders = [tmp_path / "studies", Path()]
    assert Initializer.parse("mine.py:f", folders).class_name == "mine.py:f"
    (tmp_path / "studies" / "mine.py").touch()
    assert Initializer.parse("mine.py:f", folders).class_name.endswith("studies/mine.py:f")


@pytest.mark.parametrize(
    ("entry", "key", "message"),
    [
        (["ones"], "kernel_initializers[0]", "it has 1 entries, the network 3 layers"),
        ({"hidden": "ones"}, "kernel_initializers[0]", "either class_name, or layers, or hidden"),
        ({"name": "a"}, "kernel_initializers[0]", "either class_name, or layers, or hidden"),
        ({"class_name": "ones"}, "kernel_initializers[0]", "lacks the key 'name'"),
        (["o/o", "ones", "ones"], "kernel_initializers[0][0]", "not the name of an initializer"),
        ("none.py:f", "kernel_initializers[0]", "there is no file 'none.py'"),
        (["x" * 60] * 3, "kernel_initializers[0]", "give it a name"),
        (
            {"name": "a", "layers": ["ones"] * 3, "config": {}},
            "kernel_initializers[0].config",
            "belongs to the initializer of a layer",
        ),
    ],
)
def test_an_entry_in_none_of_its_forms_is_told(entry: object, key: str, message: str) -> None:
    found = problems(kernel_initializers=[entry])
    assert list(found) == [key]
    assert message in found[key]


def test_what_is_held_out_and_a_persons_own_data_and_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "data.npz").touch()
    (tmp_path / "own" / "model.py").write_text("def build(): pass\n")
    changes = {
        "dataset": "data.npz",
        "model": "model.py:build",
        "validation": {"holdout": "500"},
        "learning_rates": ["1e-3", 0.01],
        "published": None,
    }
    study, found = parse(changes, [Path("own")])
    assert study is not None, found
    assert study.dataset == "own/data.npz"
    assert study.model["build"] == "own/model.py:build"
    assert len(study.model["source"]) == 64
    assert study.held_out == 500
    assert study.learning_rates == (0.001, 0.01)
    again, _ = parse(study.plain())
    assert again == study


@pytest.mark.parametrize(
    ("changes", "key", "message"),
    [
        ({"dataset": "minst"}, "dataset", "did you mean 'mnist'?"),
        ({"dataset": "none.npz"}, "dataset", "there is no file 'none.npz' in this folder"),
        ({"validation": "tests"}, "validation", "'tests' must be test or x_val or a mapping"),
        ({"validation": {"hold": 3}}, "validation.hold", "'holdout'"),
        ({"validation": {"holdout": 0}}, "validation.holdout", "from 1 to"),
        ({"model": "model"}, "model", "file.py:name"),
        ({"model": "none.py:build"}, "model", "there is no file 'none.py'"),
        ({"learning_rates": [0.1, 1]}, "learning_rates", "validation: {holdout: 10000}"),
        ({"learning_rates": [0]}, "learning_rates[0]", "0 must be a number"),
    ],
)
def test_what_is_wrong_with_data_model_and_rates(
    changes: dict[str, object], key: str, message: str
) -> None:
    found = problems(**changes)
    assert key in found
    assert message in found[key]


def test_interim_analyses_are_for_comparisons_with_the_baseline_only() -> None:
    assert (
        "interim analyses are for"
        in problems(seeds=[10, 20], comparisons="all_pairs")["comparisons"]
    )
    assert "grow from each analysis" in problems(seeds=[10, 10])["seeds"]
    assert "seeds[1]" in problems(seeds=[10, 0])
    assert "seeds" in problems(seeds=[])


def test_what_replicates_vary_by() -> None:
    study, _ = parse({"vary": ["order", "weights"]})
    assert study is not None
    assert study.plain()["vary"] == ["weights", "order"]
    assert "name weights, order or both" in problems(vary=[])["vary"]
    assert "has one twice" in problems(vary=["order", "order"])["vary"]
    assert "did you mean 'weights'?" in problems(vary=["weight"])["vary[0]"]
    assert "5 are the fewest" in problems(variance_seeds=4)["variance_seeds"]
    assert "5 are the fewest" in problems(variance_seeds=5, seeds=4)["seeds"]
    found = problems(variance_seeds=5, vary=["order"])
    assert "each alone is added" in found["vary"]
    assert list(found) == ["vary"]


def test_learning_rates_stand_in_one_place() -> None:
    held = {"validation": {"holdout": 100}, "learning_rates": [0.1, 0.1]}
    optimizer = {"class_name": "SGD", "config": {"learning_rate": 0.1}}
    found = problems(**held, optimizer=optimizer)
    assert "is twice" in found["learning_rates"]
    assert "learning_rates has it already" in found["optimizer.config.learning_rate"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("variant,kernel_initializer,loss,accuracy\n", "lacks the column bias_initializer"),
        ("a,b\n", "lacks the column kernel_initializer"),
        ("", "lacks the column kernel_initializer"),
        (
            "kernel_initializer,bias_initializer,loss,accuracy\nones,zeros,0.3,94.4\n",
            "line 2: accuracy must be a fraction from 0 to 1 and loss a number, got 94.4 and 0.3",
        ),
        (
            "kernel_initializer,bias_initializer,loss,accuracy\nones,zeros,,0.9\n",
            "line 2: accuracy must be a fraction",
        ),
    ],
)
def test_published_results_are_read_before_anything_runs(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "published.csv").write_text(text)
    assert said in problems(published=str(tmp_path / "published.csv"))["published"]
