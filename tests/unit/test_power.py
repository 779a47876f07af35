"""The seeds that it takes, against what is known for normal differences."""

import numpy as np
import pytest
from scipy import stats

from initstudy.analysis.power import MOST_SEEDS, level_of, plan, plan_page, power, seeds_to_tell
from initstudy.errors import StudyError

NORMAL = stats.norm.ppf((np.arange(200) + 0.5) / 200)


def known(size: float, seeds: int, level: float) -> float:
    """The power of Student's test, by its noncentral distribution."""
    bound = stats.t.ppf(1 - level / 2, seeds - 1)
    shift = size * np.sqrt(seeds)
    return float(stats.nct.sf(bound, seeds - 1, shift) + stats.nct.cdf(-bound, seeds - 1, shift))


@pytest.mark.parametrize(("size", "seeds"), [(1.0, 10), (0.5, 40), (0.0, 20)])
def test_the_power_is_that_of_students_test(size: float, seeds: int) -> None:
    assert power(NORMAL, size, seeds, 0.05) == pytest.approx(known(size, seeds, 0.05), abs=0.035)


def test_few_seeds_have_none_however_large_the_difference() -> None:
    assert power(NORMAL, 100.0, 5, 0.05) == 0
    assert power(NORMAL, 100.0, 6, 0.05) == 1
    assert power(NORMAL, 100.0, 9, level_of(12)) == 1
    assert power(NORMAL, 100.0, 8, level_of(12)) == 0


def test_the_seeds_needed_have_the_power_and_one_less_has_not() -> None:
    found = seeds_to_tell(NORMAL, 0.5, 0.05)
    assert found.seeds is not None
    assert known(0.5, found.seeds, 0.05) == pytest.approx(0.8, abs=0.03)
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.seeds < found.high
    # Of ten seeds the scatter is hardly known.
    few = seeds_to_tell(NORMAL[5::20], 0.5, 0.05)
    assert few.low is not None
    assert few.high is not None
    assert few.high > 3 * few.low
    assert str(found) == f"{found.seeds} seeds ({found.low} to {found.high})"


def test_what_nobody_trains_is_said() -> None:
    found = seeds_to_tell(NORMAL, 0.001, 0.05)
    assert found.seeds is None
    assert str(found) == f"more than {MOST_SEEDS} seeds"


def test_the_page_of_a_plan_says_what_a_pilot_of_few_seeds_cannot() -> None:
    page = plan_page("pilot", {"kernel-a": NORMAL[::20] / 100}, margin=0.01)
    assert "| kernel-a  | 1 " in page
    assert "of the 10 seeds of the pilot, corrected for 1 comparisons" in page.replace("\n", " ")
    with pytest.raises(StudyError, match="pilot has 4 seeds for each comparison"):
        plan_page("pilot", {"kernel-a": NORMAL[:4]}, margin=None)


def test_a_plan_has_a_row_for_each_variant_and_size() -> None:
    table = plan({"a": NORMAL, "b": 2 * NORMAL}, [0.5, 1.0], [10, 20], 0.05)
    assert list(table.columns) == ["variant", "size", "10", "20"]
    assert len(table) == 4
    assert (table["20"] >= table["10"]).all()
    assert table.loc[3, "20"] == pytest.approx(table.loc[0, "20"], abs=0.02)
