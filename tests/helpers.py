"""What the tests share: the repository, and copies of it to run in."""

import os
import re
import runpy
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import yaml
from forks import Server, Task
from playwright.sync_api import Browser, Page

from initstudy.data.datasets import read
from initstudy.engine.data import Dataset, from_arrays

REPOSITORY = Path(__file__).parent.parent
LIBRARY = {**os.environ, "PYTHONPATH": str(REPOSITORY / "scripts")}
# What studies/drawn.py defines.
drawn = SimpleNamespace(**runpy.run_path(str(REPOSITORY / "studies/drawn.py")))
# Configurations that are tried each time, see tests/conftest.py.
EXAMPLES = 50
# Set by .ci/run: what cannot be tested here fails, instead of being left out by name.
ALL_TESTS = "INITSTUDY_ALL_TESTS" in os.environ
PARTS = [
    "Snakefile",
    "config.yaml",
    "suite.yaml",
    "rules",
    "schemas",
    "scripts",
    "envs",
    "profiles",
    "studies",
    "templates",
]

# The smallest study in which every rule has something to do. XLA, which dense layers are compiled
# by unless asked otherwise, needs longer to compile them than they are trained; what trains them as
# users do (test_elsewhere.py, test_study.py, test_like_fit.py) uses it.
SMALL = {
    "compile": "graph",
    "kernel_initializers": ["random_normal", "ones"],
    "bias_initializers": ["ones"],
    "training_images": 6000,
    "epochs": 2,
    "seeds": 2,
    "seeds_per_job": 2,
    "confirmation_seeds": 2,
}


@dataclass(frozen=True)
class Outcome:
    """What a run of Snakemake did or would do."""

    code: int
    text: str

    @property
    def jobs(self) -> Counter[str]:
        """How many jobs of each rule, by the first table of jobs."""
        found: Counter[str] = Counter()
        if "Job stats:" not in self.text:
            return found
        table = self.text.split("Job stats:")[1].split("total")[0]
        for rule, count in re.findall(r"^(\w+) +(\d+)$", table, flags=re.MULTILINE):
            found[rule] = int(count)
        return found

    @property
    def trained(self) -> list[tuple[str, int, int]]:
        """The training jobs: variant, first and last seed."""
        found = set(re.findall(r"Training (\S+) of [^,]+, seeds (\d+) to (\d+)", self.text))
        return sorted((variant, int(first), int(last)) for variant, first, last in found)

    @property
    def drawn(self) -> list[str]:
        """The figures that have a job of their own, since only some studies have them."""
        return sorted(set(re.findall(r"Drawing (\w+) of \S+", self.text)))


@dataclass(frozen=True)
class Project:
    """A copy of the project in a folder of its own.

    Attributes:
        folder: of the copy.
        server: runs its Snakemake; without one each run is a process of its own, as users start it.
    """

    folder: Path
    server: Server | None = None

    def __truediv__(self, path: str) -> Path:
        return self.folder / path

    def start(self, *arguments: str, cores: int = 2) -> tuple[Task, Any]:
        """Snakemake at work on the server, and the file of what it says."""
        assert self.server is not None
        return self.server.start(self.folder, "--cores", str(cores), *arguments)

    def snakemake(self, *arguments: str, cores: int = 2) -> Outcome:
        if self.server is not None:
            task, said = self.start(*arguments, cores=cores)
            code = task.wait()
            with said:
                said.seek(0)
                return Outcome(code, said.read())
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", "--cores", str(cores), *arguments],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=900,
            env={**os.environ, "COLUMNS": "200"},
        )
        return Outcome(done.returncode, done.stdout)

    def copy(self, folder: Path) -> "Project":
        """A copy of this one, to change."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Project(folder, self.server)

    def run(self, *arguments: str, cores: int = 2) -> Outcome:
        outcome = self.snakemake(*arguments, cores=cores)
        assert outcome.code == 0, outcome.text
        return outcome

    def plan(self, *arguments: str) -> Outcome:
        """What a run would do."""
        return self.run("--dry-run", *arguments)

    def edit(self, path: str, old: str, new: str) -> None:
        text = (self / path).read_text()
        assert old in text
        (self / path).write_text(text.replace(old, new))

    @property
    def trainings(self) -> dict[str, int]:
        """The finished training jobs, by the file that each writes last, and when it did (ns)."""
        return self._times("results/runs/*/epochs-*/*[0-9].csv")

    @property
    def records(self) -> dict[str, int]:
        """The records of replicates, and when each was written (ns)."""
        return self._times("results/runs/*/checkpoints/[0-9]*.npz")

    @property
    def results(self) -> dict[str, bytes]:
        """The bytes of all results that tell no times."""
        patterns = (
            "histories.csv",
            "diagnostics.csv",
            "tests.csv",
            "examples.npz",
            "trainings.csv",
        )
        patterns += ("best.yaml", "verdict.md", "figures/*", "study-*.json")
        patterns += ("*/epochs-*/*.csv", "*/epochs-*/*.npz", "*/spec.json")
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for pattern in patterns
            for path in self.folder.glob(f"results/*/{pattern}")
            if not path.name.endswith(".timings.csv")
        }

    def histories(self, study: str = "notebook") -> pd.DataFrame:
        return pd.read_csv(self / f"results/{study}/histories.csv")

    def history(self, variant: str, seed: int, study: str = "notebook") -> Path:
        """The file of the job that trained a replicate of a study's variant."""
        table = pd.read_csv(self / f"results/{study}/runs.csv")
        mine = table[(table["variant"] == variant) & (table["first_seed"] <= seed)]
        return self / mine[mine["last_seed"] >= seed]["history"].iloc[0]

    def _times(self, pattern: str) -> dict[str, int]:
        found = self.folder.glob(pattern)
        return {str(path.relative_to(self.folder)): path.stat().st_mtime_ns for path in found}


def copy_project(folder: Path, mnist_file: Path, server: Server | None = None) -> Project:
    for part in PARTS:
        source = REPOSITORY / part
        if source.is_dir():
            shutil.copytree(source, folder / part, dirs_exist_ok=True)
        elif source.exists():
            shutil.copy2(source, folder / part)
    (folder / "resources" / "datasets").mkdir(parents=True)
    shutil.copy2(REPOSITORY / "resources" / "notebook.csv", folder / "resources")
    (folder / "resources" / "datasets" / "mnist.npz").symlink_to(mnist_file)
    # Keras is asked once for each configuration that tests share, which takes seconds; its answers
    # are kept by what was asked, of which code and which version.
    (folder / ".initstudy").mkdir()
    for name in ("accepted", "compared"):
        kept = REPOSITORY / ".initstudy" / name
        kept.mkdir(parents=True, exist_ok=True)
        (folder / ".initstudy" / name).symlink_to(kept)
    return Project(folder, server)


def wait_until(condition: Callable[[], bool], seconds: float = 300) -> None:
    ends = time.time() + seconds
    while not condition():
        assert time.time() < ends, "what was waited for does not come"
        time.sleep(0.05)


def configure(project: Project, **changes: object) -> None:
    """Changes keys of the project's own config.yaml."""
    config = yaml.safe_load((project / "config.yaml").read_text())
    (project / "config.yaml").write_text(yaml.safe_dump({**config, **changes}))


@contextmanager
def opened(browser: Browser, path: Path, width: int) -> Iterator[Page]:
    """A page from disk; whatever it asks of a network or complains of is an error."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(message.text))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on(
        "request",
        lambda asked: (
            None
            if asked.url.startswith(("file:", "data:", "about:", "blob:"))
            else trouble.append(asked.url)
        ),
    )
    page.goto(f"file://{path}")
    yield page
    assert trouble == []
    page.close()


def fits(page: Page) -> bool:
    """Whether the page itself never scrolls sideways."""
    width, window = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    return bool(width == window)


def few_images(dataset: Dataset, training: int, testing: int) -> Dataset:
    """The first images of a data set, which is validated on its test images."""
    x_test, y_test = dataset.x_test[:testing], dataset.y_test[:testing]
    return replace(
        dataset,
        x_train=dataset.x_train[:training],
        y_train=dataset.y_train[:training],
        x_val=x_test,
        y_val=y_test,
        x_test=x_test,
        y_test=y_test,
    )


def load(path: Path | str, what: dict[str, str]) -> Dataset:
    """A data set as a run has it."""
    return from_arrays(read(path, what["name"], what["sha256"]))
