"""Shared by the tests that need no network to be trained."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from forks import Server
from helpers import Project
from stand_in import project_of_no_work


@pytest.fixture(scope="session")
def server(shared: Path) -> Iterator[Server]:
    with Server(shared, real=False) as running:
        yield running


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Project:
    """A study of no work that has been run; not to be changed."""
    project = project_of_no_work(tmp_path_factory.mktemp("done") / "project", server)
    project.run()
    return project


@pytest.fixture
def again(done: Project, tmp_path: Path) -> Project:
    """A copy of it, to change."""
    return done.copy(tmp_path / "project")
