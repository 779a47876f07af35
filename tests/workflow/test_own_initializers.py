"""A person's own initializer, one for each layer, and what is said when they are wrong."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from forks import Server
from helpers import Project, configure

OWN = """import numpy as np

def narrow(shape, dtype, seed, width=0.05):
    return np.random.default_rng(seed).uniform(-width, width, shape)
"""
CLASS = """import keras

class Halved(keras.initializers.HeNormal):
    def __call__(self, shape, dtype=None):
        return super().__call__(shape, dtype) / 2
"""


def test_a_file_of_five_lines_and_one_line_of_configuration(rerun: Project) -> None:
    (rerun / "my_initializers.py").write_text(OWN)
    kernels = ["random_normal", "ones", "my_initializers.py:narrow"]
    configure(rerun, kernel_initializers=kernels)
    target = "results/notebook/summary.md"
    outcome = rerun.run(target)
    assert ("kernel-narrow", 0, 1) in outcome.trained
    # Nothing else is trained, but for a best pair that is another one now.
    assert {variant for variant, _, _ in outcome.trained} <= {"kernel-narrow", "best"}
    assert "| kernel-narrow " in (rerun / target).read_text()
    assert "Nothing to be done" in rerun.run(target).text
    (rerun / "my_initializers.py").write_text(OWN.replace("0.05", "0.06"))
    assert rerun.plan().trained == [("kernel-narrow", 0, 1)]
    # With only another comment, too: what a person's code is, is its bytes.
    (rerun / "my_initializers.py").write_text(f"{OWN}# Narrow.\n")
    assert rerun.plan().trained == [("kernel-narrow", 0, 1)]
    # In another file, the same code is the same.
    (rerun / "my_initializers.py").rename(rerun / "mine.py")
    (rerun / "mine.py").write_text(OWN)
    configure(rerun, kernel_initializers=["random_normal", "ones", "mine.py:narrow"])
    assert rerun.plan().trained == []


def test_it_is_found_beside_the_configuration_that_names_it(project: Project) -> None:
    (project / "studies/mine.py").write_text(CLASS)
    (project / "studies/mine.yaml").write_text(
        "study: mine\nkernel_initializers: ['mine.py:Halved']\nbias_initializers: []\n"
    )
    plan = project.plan("--configfile", "studies/mine.yaml")
    assert ("kernel-Halved", 0, 9) in plan.trained


def test_each_layer_its_own(project: Project) -> None:
    configure(
        project,
        kernel_initializers=[
            ["he_normal", "he_normal", "zeros"],
            {"hidden": "lsuv", "output": {"class_name": "RandomNormal", "config": {"stddev": 0.1}}},
            {"name": "mixed", "layers": ["ZerO", "sparse", "ones"]},
        ],
        bias_initializers=[],
    )
    assert {variant for variant, _, _ in project.plan().trained} == {
        "baseline",
        "kernel-he_normal_then_he_normal_then_zeros",
        "kernel-lsuv_then_RandomNormal",
        "kernel-mixed",
    }


@pytest.mark.parametrize(
    ("source", "entry", "parts"),
    [
        (OWN, "mine.py:wide", ["in mine.py: there is no 'wide' in it, but narrow"]),
        (OWN, "mein.py:narrow", ["no file 'mein.py' in this folder", "did you mean 'mine.py'?"]),
        (OWN.replace("(seed)", "()"), "mine.py:narrow", ["same seed it gives other values each"]),
        (OWN.replace("return ", "return 0 / np.zeros(shape) + "), "mine.py:narrow", ["not finite"]),
        (OWN.replace("uniform", "unifrom"), "mine.py:narrow", ["mine.py, line 4", "unifrom"]),
        (OWN.replace("return", "retrun"), "mine.py:narrow", ["SyntaxError in mine.py, line 4"]),
        (OWN.replace(", shape)", ", 3)"), "mine.py:narrow", ["the shape (3,)"]),
        ("narrow = 3\n", "mine.py:narrow", ["neither a keras.initializers.Initializer nor"]),
        (OWN, ["he_normal", "zeros"], ["2 entries, the network 3 layers"]),
        (OWN, {"hidden": "ones"}, ["either class_name, or layers, or hidden and output"]),
        (OWN, {"hidden": "ones", "output": "he_norml"}, ["output: ", "did you mean 'he_normal'"]),
        (OWN, "../mine", ["not the name of an initializer"]),
    ],
)
def test_what_is_wrong_is_told_with_its_file_and_line(
    project: Project, source: str, entry: object, parts: list[str]
) -> None:
    (project / "mine.py").write_text(source)
    configure(project, kernel_initializers=[entry])
    outcome = project.snakemake("--dry-run")
    assert outcome.code == 1
    assert "Traceback" not in outcome.text
    for part in ["config.yaml:", "kernel_initializers[0]", *parts]:
        assert part in outcome.text, outcome.text


FILES = {
    "model.py": """
import keras
from blocks import dense

print("Keras", keras.__version__)

def build(shape, classes):
    model = keras.Sequential([
        keras.Input(shape), keras.layers.Flatten(), dense(4),
        keras.layers.Dense(classes, activation="softmax"),
    ])
    model.summary()
    return model
""",
    "blocks.py": "import keras\ndef dense(units): return keras.layers.Dense(units)\n",
}


@pytest.mark.thorough
def test_a_model_with_files_beside_it_is_trained_from_any_folder(
    project: Project, server: Server, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for name, text in FILES.items():
        (own / name).write_text(text)
    random = np.random.default_rng(0)
    x, y = random.normal(size=(60, 4, 4)).astype("float32"), np.arange(60) % 3
    np.savez(own / "few.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    few = {"dataset": "few.npz", "epochs": 1, "seeds": 1, "confirmation_seeds": 1}
    own_model = {"model": "model.py:build", "kernel_initializers": [], "bias_initializers": []}
    configure(project, **few, **own_model, published=None)
    (project / "config.yaml").rename(own / "study.yaml")
    (project / "config.yaml").write_text("study: other\n")

    asked = ["-s", str(project / "Snakefile"), "--configfile", "study.yaml"]
    # What the files print stands nowhere among what Snakemake prints.
    told = subprocess.run(["snakemake", "--dag", *asked], cwd=own, capture_output=True, text=True)
    assert told.stdout.startswith("digraph"), told.stderr
    target = "results/notebook/runs/baseline.csv"
    mine = Project(own, server)
    mine.run(*asked, "--", target, cores=1)
    assert (own / target).exists()
    assert "Nothing to be done" in mine.plan(*asked, "--", target).text
    (own / "blocks.py").write_text(FILES["blocks.py"].replace("(units)\n", "(2 * units)\n"))
    assert mine.plan(*asked, "--", target).trained == [("baseline", 0, 0)]
