"""The fixtures that all tests share: the real MNIST, and a project to run."""

import logging
from pathlib import Path

import pytest
from helpers import REPOSITORY, Project, copy_project

from initstudy.datasets import SPECS, Dataset, load
from initstudy.downloads import default_sources, download


@pytest.fixture(scope="session")
def mnist_file() -> Path:
    path = REPOSITORY / "resources" / "datasets" / "mnist.npz"
    if not path.exists():
        logging.basicConfig(level=logging.INFO)
        download(SPECS["mnist"], default_sources(SPECS["mnist"], "mnist", None), path)
    return path


@pytest.fixture(scope="session")
def mnist(mnist_file: Path) -> Dataset:
    return load(mnist_file, SPECS["mnist"])


@pytest.fixture
def project(tmp_path: Path, mnist_file: Path) -> Project:
    """A project in which nothing has been run."""
    folder = tmp_path / "project"
    folder.mkdir()
    return copy_project(folder, mnist_file)
