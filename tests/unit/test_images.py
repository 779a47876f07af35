"""Intervals for other seeds and other images cover what they should."""

import numpy as np
import pytest
from scipy import stats

from initstudy.analysis.images import crossed

SIMULATIONS = 75


def draw(
    generator: np.random.Generator, by_seed: float, by_image: float, seeds: int, images: int
) -> tuple[np.ndarray, np.ndarray]:
    """Hits of two variants whose chances of each image and seed differ, in the mean by nothing."""
    seed = generator.normal(0, by_seed, (seeds, 1))
    image = generator.normal(0, by_image, (1, images))
    common = generator.uniform(0.3, 0.9, (1, images))
    chance = (
        np.clip(common + 0.5 * (seed + image), 0, 1),
        np.clip(common - 0.5 * (seed + image), 0, 1),
    )
    hits, base = (generator.random((seeds, images)) < one for one in chance)
    return hits, base


@pytest.mark.simulation
@pytest.mark.parametrize(
    ("by_seed", "by_image"), [(0.02, 0.0), (0.02, 0.1), (0.005, 0.1), (0.0, 0.0)]
)
def test_the_interval_for_other_seeds_and_images_covers(
    by_seed: float, by_image: float, times: int
) -> None:
    generator = np.random.default_rng(0)
    covered, studies = 0, SIMULATIONS * times
    for _ in range(studies):
        found = crossed(*draw(generator, by_seed, by_image, 10, 400))
        covered += found.low <= 0 <= found.high
    rate = covered / studies
    print(f"\nOther seeds and images, sd {by_seed} and {by_image}: covered in {rate:.1%}")
    assert rate >= 0.93 - 3 * np.sqrt(0.95 * 0.05 / studies)


def test_it_is_the_analysis_of_variance_of_definition() -> None:
    hits, base = draw(np.random.default_rng(1), 0.2, 0.8, 4, 40)
    found = crossed(hits, base)
    d = hits.astype(float) - base
    a, b, m = d.mean(axis=1, keepdims=True), d.mean(axis=0, keepdims=True), d.mean()
    seeds, images = 40 * a.var(ddof=1), 4 * b.var(ddof=1)
    rest = ((d - a - b + m) ** 2).sum() / (3 * 39)
    assert found.difference == pytest.approx(m)
    assert found.by_seeds == pytest.approx(seeds / 160)
    assert found.by_images == pytest.approx(images / 160)
    variance = (seeds + images - rest) / 160
    assert seeds + images - rest > seeds
    parts = np.array([seeds, images, rest]) / 160
    freedom = variance**2 / np.sum(parts**2 / [3, 39, 117])
    half = stats.t.ppf(0.975, freedom) * np.sqrt(variance)
    assert (found.low, found.high) == pytest.approx((m - half, m + half))


def test_what_is_the_same_has_no_width() -> None:
    hits = np.ones((3, 5), bool)
    found = crossed(hits, hits)
    assert (found.low, found.difference, found.high) == (0, 0, 0)
