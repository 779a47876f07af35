"""The fixtures that all tests share: the real MNIST, projects to run, and one that was run."""

import fcntl
import logging
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from forks import Server
from helpers import (
    ALL_TESTS,
    EXAMPLES,
    REPOSITORY,
    SMALL,
    Project,
    configure,
    copy_project,
    load,
)
from playwright.sync_api import Browser, sync_playwright

from initstudy.data.catalog import SPECS
from initstudy.data.downloads import download
from initstudy.engine.backend import set_threads
from initstudy.engine.data import Dataset

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--examples",
        type=int,
        default=EXAMPLES,
        help=f"how many configurations are tried ({EXAMPLES}, always the same; others if not)",
    )
    parser.addoption(
        "--simulations", type=int, default=1, help="so many times as many simulated studies (1)"
    )
    parser.addoption("--thorough", action="store_true", help="what needs too long for every time")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--thorough"):
        thorough = [item for item in items if item.get_closest_marker("thorough")]
        config.hook.pytest_deselected(items=thorough)
        items[:] = [item for item in items if item not in thorough]
    # The files whose tests are short come last, so that all workers end at about the same time.
    items.sort(key=lambda item: "unit" in item.path.parts)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Before anything in this process computes with TensorFlow, which would be too late."""
    set_threads(1)


@pytest.fixture(scope="session")
def mnist_file() -> Path:
    path = REPOSITORY / "resources" / "datasets" / "mnist.npz"
    if not path.exists():
        logging.basicConfig(level=logging.INFO)
        download(SPECS["mnist"], path)
    return path


@pytest.fixture(scope="session")
def mnist(mnist_file: Path) -> Dataset:
    return load(mnist_file, {"name": "mnist", "sha256": SPECS["mnist"].sha256})


@pytest.fixture(scope="session")
def times(pytestconfig: pytest.Config) -> int:
    """How many times as many studies are simulated as usual; twice as many with `--thorough`."""
    found: int = pytestconfig.getoption("--simulations")
    return found * (2 if pytestconfig.getoption("--thorough") else 1)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder of all workers."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def server(shared: Path) -> Iterator[Server]:
    """Runs Snakemake, and what it starts, with everything imported."""
    with Server(shared, real=True) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, mnist_file: Path, server: Server) -> Project:
    """A project in which nothing has been run."""
    folder = tmp_path / "project"
    folder.mkdir()
    return copy_project(folder, mnist_file, server)


@pytest.fixture(scope="session")
def finished(shared: Path, mnist_file: Path, server: Server) -> Project:
    """Run on two cores, by the first worker that needs it; not to be changed."""
    folder, done = shared / "finished", shared / "finished.done"
    with (shared / "finished.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            folder.mkdir()
            project = copy_project(folder, mnist_file, server)
            configure(project, **SMALL)
            project.run()
            done.touch()
    return Project(folder)


@pytest.fixture
def rerun(finished: Project, server: Server, tmp_path: Path) -> Project:
    """A copy of it, to change."""
    return replace(finished, server=server).copy(tmp_path / "project")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None and not ALL_TESTS:
        pytest.skip("no chromium here; on Debian tests/install-debian-packages installs it")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
            ],
        )
        yield running
        running.close()
