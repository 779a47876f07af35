"""Other data, other models, images held out, and a learning rate for each variant."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from forks import Server
from helpers import Project, configure, copy_project

from initstudy.engine.data import Dataset

MODEL = """import keras


def build(shape, classes):
    return keras.Sequential([
        keras.Input(shape),
        keras.layers.Conv2D(4, 5, strides=3, activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(classes, activation="softmax"),
    ])
"""
STUDY = {
    "study": "own",
    "dataset": "own.npz",
    "model": "my_model.py:build",
    "inputs": "unit",
    "validation": {"holdout": 500},
    "optimizer": {"class_name": "SGD", "config": {"momentum": 0.9}},
    "learning_rates": [1.0e-9, 0.1],
    "learning_rate_seeds": 2,
    "kernel_initializers": ["he_normal"],
    "bias_initializers": [],
    "epochs": 2,
    "seeds": 2,
    "confirmation_seeds": 1,
    "published": None,
}


@pytest.fixture(scope="module")
def own(
    tmp_path_factory: pytest.TempPathFactory, mnist_file: Path, mnist: Dataset, server: Server
) -> Project:
    """A person's own data and model, run on two cores."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "studies").mkdir()
    (folder / "studies" / "my_model.py").write_text(MODEL)
    np.savez(
        folder / "studies" / "own.npz",
        x_train=mnist.x_train[:3000].reshape(-1, 28, 28) / 255,
        y_train=mnist.y_train[:3000],
        x_test=mnist.x_test[:500].reshape(-1, 28, 28) / 255,
        y_test=mnist.y_test[:500],
    )
    (folder / "studies" / "own.yaml").write_text(yaml.safe_dump(STUDY))
    project = copy_project(folder, mnist_file, server)
    project.run("--configfile", "studies/own.yaml")
    return project


@pytest.mark.thorough
def test_each_variant_is_trained_at_its_own_best_rate(own: Project) -> None:
    table = pd.read_csv(own / "results/own/learning_rates.csv")
    assert sorted(table["variant"].unique()) == ["baseline", "best", "kernel-he_normal"]
    # Of seeds that are judged in no study.
    assert sorted(table["seed"].unique()) == [1_000_000, 1_000_001]
    chosen = yaml.safe_load((own / "results/own/learning_rates/variants.yaml").read_text())
    assert chosen == {"baseline": 0.1, "kernel-he_normal": 0.1}
    assert yaml.safe_load((own / "results/own/learning_rates/best.yaml").read_text()) == {
        "best": 0.1
    }
    assert (own / "results/own/figures/learning_rates.png").stat().st_size > 10_000
    # At 1e-9 nothing is learned: so the study was trained at 0.1.
    histories = pd.read_csv(own / "results/own/histories.csv")
    assert histories.groupby("variant")["val_accuracy"].last().min() > 0.6
    assert sorted(histories["seed"].unique()) == [0, 1, 2]


def test_a_rate_is_tried_once_and_the_one_that_won_is_trained_on_other_seeds(own: Project) -> None:
    """Of two variants at two rates; `best` is one of them, and is trained on its fresh seed."""
    paths = {path.parts[2:] for path in map(Path, own.trainings)}
    assert len({digest for digest, _, _ in paths}) == 2 * 2
    blocks = [block for _, _, block in paths]
    assert sorted(blocks) == [
        *["seeds-0-1.csv"] * 2,
        *["seeds-1000000-1000001.csv"] * 4,
        *["seeds-2-2.csv"] * 2,
    ]
    table = pd.read_csv(own / "results/own/runs.csv")
    assert table["variant"].tolist() == ["baseline", "kernel-he_normal", "baseline", "best"]
    assert set(table["history"]) <= {*own.trainings}


def test_what_is_judged_is_what_the_test_images_gave(own: Project) -> None:
    tests = pd.read_csv(own / "results/own/tests.csv")
    assert len(tests) == 2 * 2 + 2 * 1
    summary = pd.read_csv(own / "results/own/summary.csv").set_index("variant")
    for variant, seeds in {"baseline": [0, 1], "kernel-he_normal": [0, 1], "best": [2]}.items():
        mine = tests[(tests["variant"] == variant) & tests["seed"].isin(seeds)]
        assert summary.loc[variant, "accuracy_mean"] == pytest.approx(mine["test_accuracy"].mean())
        # Of 500 test images: so they are multiples of 1/500.
        assert (mine["test_accuracy"] * 500 % 1).round(6).isin([0, 1]).all()
    choice = yaml.safe_load((own / "results/own/best.yaml").read_text())
    histories = pd.read_csv(own / "results/own/histories.csv")
    last = histories[(histories["epoch"] == 2) & (histories["seed"] < 2)]
    expected = last[last["variant"] == "baseline"]["val_accuracy"].mean()
    means = choice["chosen_on"]["mean_final_validation_accuracy"]["kernel"]
    assert means["glorot_uniform"] == pytest.approx(expected)
    verdict = (own / "results/own/verdict.md").read_text()
    assert "500 held-out training examples" in verdict
    assert "ran at its best learning rate: 0.1 for" in verdict
    report = (own / "results/own/report.html").read_text()
    assert 'id="learning_rates-figure"' in report
    assert "of the test set classified correctly" in report


def test_a_change_of_the_data_or_the_model_trains_anew(own: Project) -> None:
    arguments = ["--configfile", "studies/own.yaml"]
    assert own.plan(*arguments).jobs == {}
    (own / "studies/my_model.py").write_text(MODEL + "\n# another\n")
    jobs = own.plan(*arguments).jobs
    (own / "studies/my_model.py").write_text(MODEL)
    assert own.plan(*arguments).jobs == {}
    assert (jobs["train"], jobs["choose"]) == (4, 2)
    (own / "studies/own.npz").touch()
    data = (own / "studies/own.npz").read_bytes()
    arrays = dict(np.load(own / "studies/own.npz"))
    np.savez(own / "studies/own.npz", **{**arrays, "y_train": arrays["y_train"][::-1]})
    jobs = own.plan(*arguments).jobs
    (own / "studies/own.npz").write_bytes(data)
    assert (jobs["train"], jobs["choose"]) == (4, 2)
    assert own.plan(*arguments).jobs == {}


@pytest.mark.thorough
def test_the_best_initializer_is_taken_out_of_a_tuned_study(own: Project) -> None:
    """Rates are chosen anew before the best pair is: until then the old one is of no use."""
    both = ["he_normal", "lecun_normal"]

    def run(names: list[str]) -> str:
        asked = f"kernel_initializers=[{','.join(names)}]"
        own.run("results/own/best.yaml", "--configfile", "studies/own.yaml", "--config", asked)
        choice = yaml.safe_load((own / "results/own/best.yaml").read_text())
        return str(choice["kernel_initializer"]["name"])

    best = run(both)
    assert best in both
    # All is trained that is needed for the choice.
    assert run([name for name in both if name != best]) != best


def test_what_is_wrong_with_data_and_model_is_told_before_anything_runs(
    project: Project, mnist: Dataset
) -> None:
    np.savez(project / "own.npz", x_train=mnist.x_train[:10], y_train=mnist.y_train[:9])
    configure(project, dataset="own.npz")
    outcome = project.snakemake("--dry-run")
    assert outcome.code == 1
    assert "config.yaml" in outcome.text
    assert "own.npz has no array x_test; it needs x_train, y_train" in outcome.text
    configure(project, dataset="mnist", validation={"holdout": 60000})
    outcome = project.snakemake("--dry-run")
    assert "validation.holdout: 60000 of 60000 training examples leave none" in outcome.text
    (project / "my_model.py").write_text(MODEL.replace("softmax", "relu"))
    configure(project, validation="test", model="my_model.py:build")
    outcome = project.snakemake("--dry-run")
    assert "model: my_model.py:build: it must end in a softmax" in outcome.text
    assert "let its last layer be keras.layers.Dense(10, activation='softmax')" in outcome.text
    assert "Traceback" not in outcome.text


def test_what_of_a_model_would_not_be_trained_as_it_stands_is_told_before_anything_runs(
    project: Project,
) -> None:
    model = project / "my_model.py"
    made = MODEL.replace("return keras", "model = keras")
    model.write_text(f"{made}    model.trainable = False\n    return model\n")
    configure(project, model="my_model.py:build")
    outcome = project.snakemake("--dry-run")
    assert outcome.code == 1
    assert "my_model.py:build: no kernel of its model is the study's to draw" in outcome.text
    assert "sequential/conv2d/kernel: frozen (trainable=False)" in outcome.text
    model.write_text(f"{made}    model.compile('rmsprop', 'mse')\n    return model\n")
    # Keras is not asked again the second time.
    for outcome in (project.plan(), project.plan()):
        assert "my_model.py:build compiles its model with RMSprop" in outcome.text
        assert (
            "Its optimizer is not used: the key optimizer has adam (optimizer: model takes it)"
            in outcome.text
        )
