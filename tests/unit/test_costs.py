"""A cluster is asked for enough, and for more if there is more to do."""

import pytest
import yaml
from helpers import REPOSITORY

from initstudy.config.origin import Origin
from initstudy.costs import CLASSIFIED, Cost, Size, dense
from initstudy.engine.trainer import EVALUATION_BATCH
from initstudy.studies import read

# Hidden layers, images per update, seconds of an epoch and megabytes, as measured (see costs.py).
MEASURED = [
    ([16, 16], 128, 0.065, 866),
    ([256, 256], 128, 0.89, 879),
    ([64] * 30, 128, 0.81, 1002),
    ([2000, 2000], 128, 23.2, 1126),
]


@pytest.mark.parametrize(("hidden_units", "batch_size", "seconds", "memory"), MEASURED)
def test_what_was_measured_fits_and_leaves_room(
    hidden_units: list[int], batch_size: int, seconds: float, memory: float
) -> None:
    cost = Cost(dense(784, hidden_units, 10), 70000 * 784, 60000, batch_size, epochs=100, seeds=10)
    took = 1000 * seconds
    assert 0.8 * took < cost.seconds < 1.4 * took + 10
    assert 4 * took / 60 < cost.minutes < 7 * took / 60 + 6
    assert 0.8 * memory < cost.peak < 1.3 * memory
    assert 1.4 * memory < cost.memory < 3 * memory


def test_time_is_by_operations_and_memory_by_weights() -> None:
    """A convolution's few weights are used at many places."""
    few, many, heavy = (
        Cost(Size(weights, multiplications, 100, "graph"), 0, 1000, 10, 5, 2)
        for weights, multiplications in ((100, 100), (100, 10**9), (10**8, 100))
    )
    assert many.seconds > 10 * few.seconds
    assert many.memory == few.memory
    assert heavy.memory > 2 * few.memory


def test_weights_are_those_of_dense_layers() -> None:
    assert dense(784, [16, 16], 10).weights == 784 * 16 + 16 * 16 + 16 * 10
    assert dense(784, [], 10).weights == 7840


def test_the_default_study_asks_for_what_the_documentation_says() -> None:
    file = REPOSITORY / "config.yaml"
    member = read(Origin("config.yaml", yaml.safe_load(file.read_text()), [str(file)]))
    job = member.plan.selection(lambda name: None)[0]
    assert (member.cost(job, 10).memory, member.cost(job, 10).minutes) == (1862, 11)


def test_the_images_that_are_classified_at_once_are_the_engines() -> None:
    assert CLASSIFIED == EVALUATION_BATCH
