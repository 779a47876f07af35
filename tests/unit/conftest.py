import pytest

from initstudy.backend import set_threads


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    set_threads(1)
