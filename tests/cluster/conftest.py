"""The cluster that the tests share; it is the project's own, on this machine."""

from collections.abc import Iterator

import pytest
from helpers import ALL_TESTS
from slurm import Slurm, obstacle


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    reason = obstacle()
    if reason is not None:
        assert not ALL_TESTS, reason
        pytest.skip(reason)
    cluster = Slurm(tmp_path_factory.mktemp("slurm"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
