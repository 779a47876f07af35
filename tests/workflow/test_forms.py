"""A table, a folder of pictures and a function are trained on; the table as far as a report."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from forks import Server
from helpers import Project, copy_project
from PIL import Image

STUDY = {
    "inputs": "features",
    "model": {"hidden_units": [4], "activation": "relu"},
    "compile": "graph",
    "batch_size": 16,
    "kernel_initializers": ["he_normal"],
    "bias_initializers": [],
    "epochs": 2,
    "seeds": 2,
    "confirmation_seeds": 1,
    "published": None,
}
FUNCTION = "results/function/runs/baseline.csv"
CODE = """from pathlib import Path

import numpy as np


def load():
    print("digraph of nothing")
    with Path("calls").open("a") as file:
        file.write("called\\n")
    x = np.random.default_rng(0).normal(size=(60, 4))
    y = np.where(x[:, 0] > 0, "plus", "minus").reshape(-1, 1)
    return (x[:40], y[:40]), (x[40:], y[40:])
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, mnist_file: Path, server: Server) -> Project:
    """A project with all three beside their configurations."""
    folder = tmp_path_factory.mktemp("forms")
    studies = folder / "studies"
    studies.mkdir()
    forms: dict[str, dict[str, Any]] = {
        # By another metric than accuracy, and with rates to choose from, as far as the report.
        "table": {
            "dataset": "my.csv",
            "target": "kind",
            "validation": {"holdout": 10},
            "metric": "log_loss",
            "learning_rates": [0.01, 0.1],
            "learning_rate_seeds": 1,
        },
        "pictures": {"dataset": "pictures/"},
        "function": {"dataset": "my_data.py:load"},
    }
    for name, keys in forms.items():
        (studies / f"{name}.yaml").write_text(yaml.safe_dump({"study": name, **STUDY, **keys}))
    generator = np.random.default_rng(0)
    rows = [
        f"{1_700_000_000 + 40 * (n % 2) + generator.integers(30)},{'ab'[n % 3 > 0]},"
        f"{'even' if n % 2 else 'odd'}"
        for n in range(90)
    ]
    (studies / "my.csv").write_text("\n".join(["time,letter,kind", *rows]))
    for part, count in (("train", 20), ("test", 5)):
        for kind in ("dark", "light"):
            place = studies / "pictures" / part / kind
            place.mkdir(parents=True)
            for number in range(count):
                noise = generator.integers(0, 128, (6, 5), dtype=np.uint8)
                picture = noise + np.uint8(128 * (kind == "light"))
                Image.fromarray(picture).save(place / f"{number}.png")
    (studies / "my_data.py").write_text(CODE)
    return copy_project(folder, mnist_file, server)


@pytest.mark.parametrize(
    ("name", "target", "note"),
    [
        ("table", "results/table/report.html", "my.csv: kind, the target, is one of 2 classes"),
        pytest.param(
            *(
                "pictures",
                "results/pictures/tests.csv",
                "studies/pictures/: 2 classes: dark, light.",
            ),
            marks=pytest.mark.thorough,
        ),
        ("function", FUNCTION, "my_data.py:load was called once."),
    ],
)
def test_each_is_trained_on(project: Project, name: str, target: str, note: str) -> None:
    outcome = project.run(target, "--configfile", f"studies/{name}.yaml")
    assert note in outcome.text
    assert (project / target).exists()
    assert project.plan(target, "--configfile", f"studies/{name}.yaml").jobs.get("train", 0) == 0


def test_a_function_is_called_once_and_prints_into_no_graph(project: Project) -> None:
    project.plan("--configfile", "studies/function.yaml")
    assert (project / "calls").read_text() == "called\n"
    (project / "studies/my_data.py").write_text(CODE + "\n")
    graph = project.run("--configfile", "studies/function.yaml", "--dag").text
    assert (project / "calls").read_text() == "called\n" * 2
    assert graph.index("digraph of nothing") < graph.index("digraph snakemake_dag")
    # Other code, but the same arrays: nothing is trained again.
    plan = project.plan(FUNCTION, "--configfile", "studies/function.yaml")
    assert plan.jobs.get("train", 0) == 0


def test_another_table_is_other_data(project: Project) -> None:
    table = project / "studies/my.csv"
    table.write_text(table.read_text().replace(",a,", ",c,", 1))
    plan = project.plan("--configfile", "studies/table.yaml")
    assert plan.jobs["train"] > 0
    plan = project.plan(FUNCTION, "--configfile", "studies/function.yaml")
    assert plan.jobs.get("train", 0) == 0
    table.write_text(table.read_text().replace(",c,", ",,", 1))
    outcome = project.snakemake("--configfile", "studies/table.yaml", "--dry-run")
    assert outcome.code != 0
    assert "studies/my.csv, line 2, column letter: there is no value." in outcome.text
    assert "Traceback" not in outcome.text
