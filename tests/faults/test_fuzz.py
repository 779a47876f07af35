"""Any configuration is planned or refused with its keys; none makes a file where none belongs."""

import atexit
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers import EXAMPLES, REPOSITORY, Project
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, OutputSettings, Quietness, ResourceSettings

from initstudy.training import checks

CONFIG = yaml.safe_load((REPOSITORY / "config.yaml").read_text())

# What people mistype, what YAML makes of it, and what somebody would try who means no good.
KNOWN = [
    "ones",
    "zeros",
    "he_normal",
    "glorot_uniform",
    "orthogonal",
    "identity",
    "constant",
    "stft",
]
WORDS = [*KNOWN, "adam", "relu", "mnist", "raw", "1e-3", "../x", "/etc/passwd", "{study}", "best"]
WORDS += ["baseline", "$(id)", "a\nb", "~", "results", ""]
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, 1, 2, -1])
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(WORDS)
)
names = st.text(max_size=8) | st.sampled_from(
    ["name", "class_name", "config", "seed", "scale", "value", "hidden_units", "activation", 1]
)
anything = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
initializers = st.sampled_from(KNOWN) | st.fixed_dictionaries(
    {
        "name": st.text(max_size=8) | st.sampled_from(["a", "b", "../a", "A"]),
        "class_name": st.sampled_from(
            ["VarianceScaling", "RandomNormal", "constant", "Orthogonal", "TruncatedNormal", "STFT"]
        ),
    },
    optional={
        "config": st.dictionaries(
            st.sampled_from(["scale", "mode", "mean", "stddev", "value", "gain", "distribution"]),
            leaves | st.sampled_from(["fan_in", "uniform", 0.5]),
            max_size=2,
        )
    },
)
optimizers = st.sampled_from(["adam", "sgd", "lion", "Muon", "nadam"]) | st.fixed_dictionaries(
    {"class_name": st.sampled_from(["SGD", "adam", "Ftrl", "MultiOptimizer"])},
    optional={
        "config": st.dictionaries(
            st.sampled_from(["learning_rate", "momentum", "beta_1", "name", "clipnorm"]),
            leaves | st.sampled_from([0.1, 0.9]),
            max_size=2,
        )
    },
)
models = st.fixed_dictionaries(
    {},
    optional={
        "activation": st.sampled_from(["relu", "tanh", "glu", "softmax", "get", "threshold"]),
        "hidden_units": st.lists(st.integers(-1, 20), max_size=3),
    },
)
small = st.integers(-1, 12)
near_misses = st.fixed_dictionaries(
    {},
    optional={
        "study": st.sampled_from(["a", "a-b", "a/b", "..", "A" * 70, "é"]),
        "kernel_initializers": st.lists(initializers, max_size=3),
        "bias_initializers": st.lists(initializers, max_size=3),
        "design": st.sampled_from(["one_factor", "factorial", "full"]),
        "optimizer": optimizers,
        "model": models,
        "epochs": small,
        "seeds": small,
        "seeds_per_job": small,
        "confirmation_seeds": small,
        "inputs": st.sampled_from(["raw", "unit", "standardized", "normalised"]),
    },
)
far_misses = st.dictionaries(
    st.sampled_from(sorted(CONFIG)) | st.text(max_size=8), anything, max_size=4
)


@pytest.fixture
def keras_asked_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras is imported once, instead of in a process for each question: the same code answers."""
    run = subprocess.run

    def answer(command: list[str], **kinds: Any) -> subprocess.CompletedProcess[str]:
        if command[-1] != "initstudy.training.checks":
            return run(command, **kinds)
        return subprocess.CompletedProcess(command, 0, checks.main(kinds["input"]), "")

    monkeypatch.setattr(subprocess, "run", answer)
    # What a dry run tells at its end would all be told at the end of this process.
    monkeypatch.setattr(atexit, "register", lambda function, *_, **__: function)


def test_any_configuration_is_planned_or_refused(
    project: Project, keras_asked_here: None, pytestconfig: pytest.Config
) -> None:
    examples = pytestconfig.getoption("--examples")
    (project / ".initstudy/accepted").unlink()  # what tests share is not to grow by all of these
    before = everything(project.folder)
    seen: dict[str, int] = {"planned": 0, "refused": 0}

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=examples == EXAMPLES,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(near_misses | far_misses)
    def fuzz(changes: dict[str, Any]) -> None:
        outcome = plan(project, {**CONFIG, **changes})
        event(outcome)
        seen[outcome] += 1

    fuzz()
    assert everything(project.folder) == before
    # Both are tested; how often depends on what was imported, where Hypothesis finds constants.
    assert min(seen.values()) > examples / 25, seen
    print(seen)


def plan(project: Project, config: dict[str, Any]) -> str:
    """Builds the DAG in this process, and looks at each file that it would make."""
    study = config["study"]
    try:
        with SnakemakeApi(OutputSettings(dryrun=True, quiet={Quietness.ALL})) as api:
            workflow = api.workflow(
                resource_settings=ResourceSettings(cores=1),
                config_settings=ConfigSettings(config=config),
                snakefile=project / "Snakefile",
                workdir=project.folder,
            )
            workflow.dag().execute_workflow(executor="dryrun")
            jobs = list(workflow._workflow_store.dag.jobs)
    except SystemExit as refusal:
        told = str(refusal.code)
        assert re.match(r"The configuration has (a problem|\d+ problems):\n", told), told
        for line in told.split("\n  ")[1:]:
            keys = [*CONFIG, *map(str, config)]
            begins = [rf"(--config: )?{re.escape(key)}[.\[:]" for key in keys]
            assert any(re.match(begin, line) for begin in begins), told
        return "refused"
    assert len(jobs) > 10
    folders = tuple(f"{top}/{name}/" for top in ("results", "logs") for name in (study, "runs"))
    folders += ("resources/datasets/", "logs/download_dataset/")
    for job in jobs:
        for path in [*job.output, *job.log]:
            assert path.startswith(folders), path
            assert ".." not in Path(path).parts
    return "planned"


def everything(folder: Path) -> dict[str, int]:
    """All files with their sizes, but for what Snakemake keeps for itself, and Keras' answers."""
    kept = {".snakemake", ".initstudy", "__pycache__"}
    return {
        str(path): 0 if path.is_dir() else path.stat().st_size
        for path in folder.rglob("*")
        if not kept & set(path.parts)
    }
