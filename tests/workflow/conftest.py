"""A small study that has been run once, for all tests that only look at it or plan a rerun."""

import shutil
from pathlib import Path

import pytest
from helpers import SMALL, Project, configure, copy_project


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, mnist_file: Path) -> Project:
    """Run on two cores; not to be changed."""
    project = copy_project(tmp_path_factory.mktemp("finished"), mnist_file)
    configure(project, **SMALL)
    project.run()
    return project


@pytest.fixture
def rerun(finished: Project, tmp_path: Path) -> Project:
    """A copy of it, to change."""
    folder = tmp_path / "project"
    shutil.copytree(finished.folder, folder, symlinks=True)
    return Project(folder)
