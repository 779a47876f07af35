"""The seeds that it takes, against the power that the test turns out to have."""

from dataclasses import replace

import numpy as np
import pytest
from in_memory import study
from scipy import stats

from initstudy.analysis import power
from initstudy.analysis.decisions import Rules, analyse
from initstudy.analysis.evidence import Evidence
from initstudy.analysis.findings import find
from initstudy.analysis.measures import ACCURACY, Measure, measure
from initstudy.errors import StudyError
from initstudy.report.plan import SEEDS, plan_page
from initstudy.results.findings import Comparison, Findings

STUDIES = 20_000


def known(size: float, seeds: int, level: float) -> float:
    """How often Student's test rejects, counted."""
    drawn = np.random.default_rng(seeds).normal(size, 1, (STUDIES, seeds))
    return float(np.mean(stats.ttest_1samp(drawn, 0, axis=1).pvalue < level))


def compared(
    seed: int, seeds: int, size: float = 0.0, variants: int = 1, measure: Measure = ACCURACY
) -> Comparison:
    """A variant that differs from the baseline so much, where runs have a standard deviation of 1.

    It is compared among others that do not differ.
    """
    generator = np.random.default_rng(seed)
    names = ["baseline", *(f"kernel-{number}" for number in range(variants))]
    scores = {name: generator.normal(size=seeds) for name in names}
    scores["kernel-0"] += size
    rules = Rules(measure, None, all_pairs=False, variants=len(names))
    return analyse(scores, Evidence(), rules).comparison("kernel-0", "baseline")


@pytest.mark.parametrize(
    ("size", "seeds", "level"),
    [(1.0, 10, 0.05), (0.5, 40, 0.05), (0.0, 20, 0.05), (1.5, 10, 0.05 / 12), (0.2, 250, 0.05)],
)
def test_the_power_is_that_of_students_test(size: float, seeds: int, level: float) -> None:
    error = 4 * np.sqrt(0.25 / STUDIES)
    assert power.power(size, 1, seeds, level) == pytest.approx(known(size, seeds, level), abs=error)
    # In whatever unit.
    other = power.power(-100 * size, 100, seeds, level)
    assert other == pytest.approx(power.power(size, 1, seeds, level))


def test_far_in_the_tail_the_power_is_one() -> None:
    assert power.power(1000.0, 1.0, 10, 0.05) == 1
    assert power.power(0.1, 1e-9, 200, 0.05) == 1


@pytest.mark.parametrize("efficiency", [1.0, power.EFFICIENCY_OF_RANKS])
@pytest.mark.parametrize("size", [0.2, 0.5, 1.0, 3.0])
def test_the_smallest_number_has_the_power_and_one_less_has_not(
    size: float, efficiency: float
) -> None:
    found = int(power.smallest(size, 1, 0.05 / 12, 5, efficiency))
    assert power.power(size, 1, found, 0.05 / 12, efficiency) >= power.POWER
    if found > 5:
        assert power.power(size, 1, found - 1, 0.05 / 12, efficiency) < power.POWER
    assert power.smallest(size, 1, 0.05 / 12, 100, efficiency) >= 100


def test_what_nobody_runs_is_infinite() -> None:
    assert power.smallest(0.0, 1, 0.05, 5) == np.inf
    assert power.smallest(0.001, 1, 0.05, 5) == np.inf
    assert power.smallest(0.03, 1, 0.05, 5) == pytest.approx(
        (1.96 + 0.8416) ** 2 / 0.0009, rel=0.01
    )


def test_the_spread_of_a_pilot_is_known_as_its_interval_says() -> None:
    """Also with few seeds, where that of other pairs counts as well."""
    for seeds in (5, 10):
        found = [compared(seed, seeds, variants=12) for seed in range(200)]
        seen = np.array([power.plan([one], [1.0], [20], False)["20"][0] for one in found])
        right = power.power(1.0, np.sqrt(2), 20, 0.05 / 12)
        assert np.median(seen) == pytest.approx(right, abs=0.06)


@pytest.mark.parametrize("ranked", [False, True])
def test_seeds_that_decide_what_was_seen(ranked: bool) -> None:
    judged = measure("loss") if ranked else ACCURACY
    found = compared(3, 12, 0.7, measure=judged)
    # Its sign is that of a loss.
    difference = abs(found.difference)
    sd = (found.high - found.low) / 2 / stats.t.isf(0.025, 11) * np.sqrt(12)
    efficiency = 3 / np.pi if ranked else 1
    needed = power.needed(found, None, 5, ranked)
    assert needed.seeds == power.smallest(difference, sd, 0.05, 5, efficiency)
    # The ends of the interval: the further one takes the fewest, and of none there is no number.
    far = max(abs(found.low), abs(found.high))
    assert needed.low == power.smallest(far, sd, 0.05, 5, efficiency)
    assert found.low < 0 < found.high
    assert needed.high == np.inf
    assert needed.low < needed.seeds < needed.high
    # Beside others a difference may be inconclusive though its own interval leaves 0 out.
    apart = replace(found, low=0.3, difference=0.5, high=0.7, confidence=0.99)
    ends = power.needed(apart, None, 5, ranked)
    assert ends.low < ends.seeds < ends.high < np.inf
    assert power.needed(replace(found, low=0.5, high=0.5), None, 5, ranked).seeds != ends.seeds
    same = power.needed(replace(found, low=0.5, high=0.5), None, 5, ranked)
    assert np.isnan([same.seeds, same.low, same.high]).all()


def test_seeds_that_decide_the_margin_cover_what_it_truly_takes() -> None:
    """In 95 % of pilots, whose spread is known as that of a sample is."""
    truly = power.smallest(0.5, np.sqrt(2), 0.05, 5)
    covered, ratios = 0, []
    for seed in range(400):
        needed = power.needed(compared(seed, 10), 0.5, 5, False)
        assert needed.low <= needed.seeds <= needed.high
        covered += needed.low <= truly <= needed.high
        ratios.append(needed.high / needed.low)
    assert covered / 400 == pytest.approx(0.95, abs=3 * np.sqrt(0.05 * 0.95 / 400))
    # The variance of ten differences is known within a factor of seven.
    assert np.median(ratios) == pytest.approx(19.02 / 2.70, rel=0.1)


def pilot(seeds: int, margin: float | None = 0.01, **keys: object) -> Findings:
    base = 0.9 + np.random.default_rng(0).normal(0, 0.01, seeds)
    other = 0.9 + np.random.default_rng(1).normal(0, 0.01, seeds)
    return find(study({"baseline": base, "kernel-a": other}, study="pilot", margin=margin, **keys))


def test_a_plan_has_a_row_for_each_variant_and_size() -> None:
    found = [compared(seed, 10) for seed in (1, 2)]
    table = power.plan(found, [0.5, 1.0], [10, 20], False)
    assert list(table.columns) == ["variant", "size", "10", "20"]
    assert len(table) == 4
    assert (table["20"] >= table["10"]).all()
    sd = (found[1].high - found[1].low) / 2 / stats.t.isf(0.025, 9) * np.sqrt(10)
    assert table.loc[3, "20"] == pytest.approx(power.power(1.0, sd, 20, 0.05))


def test_the_page_of_a_plan_has_the_powers() -> None:
    findings = pilot(10)
    page = plan_page(findings)
    rows = [line.split("|")[1:-1] for line in page.splitlines() if line.startswith("| kernel-a")]
    assert [row[1].strip() for row in rows] == ["1", "2", "4"]
    found = findings.variant("kernel-a").comparison
    assert found is not None
    table = power.plan([found], [0.01, 0.02, 0.04], SEEDS, False)
    for row, (_, values) in zip(rows, table.iterrows(), strict=True):
        shown = [f"{100 * values[str(count)]:.0f} %" for count in SEEDS]
        assert [cell.strip() for cell in row[2:]] == shown
    assert "the 10 seeds of the pilot" in page
    assert "corrected for 1 comparison." in page


def test_a_pilot_that_says_too_little_is_refused() -> None:
    with pytest.raises(StudyError, match=r"pilot has 4 seeds, too few .* Plan from 5 or more"):
        plan_page(pilot(4))
    with pytest.raises(StudyError, match=r"pilot has 5 seeds, too few .* Plan from 6 or more"):
        plan_page(pilot(5, judge_by="loss"))
    with pytest.raises(StudyError, match="pilot has no equivalence margin"):
        plan_page(pilot(10, None, judge_by="loss"))
    # Half a point, without a margin.
    rows = [line for line in plan_page(pilot(10, None)).splitlines() if "kernel-a" in line]
    assert [row.split("|")[2].strip() for row in rows] == ["0.5", "1", "2"]
    base = np.linspace(0.9, 0.92, 10)
    for other, wrong in (
        (np.where(np.arange(10) < 5, np.nan, base), r"kernel-a: the .* of some seeds is infinite"),
        (base, "are the same on all seeds"),
    ):
        findings = find(study({"baseline": base, "kernel-a": other}, judge_by="loss", margin=0.01))
        with pytest.raises(StudyError, match=wrong):
            plan_page(findings)
