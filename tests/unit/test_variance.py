"""The sources of scatter are told apart, as far as so many replicates can."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from initstudy.analysis import variance
from initstudy.analysis.measures import ACCURACY
from initstudy.analysis.variance import by_examples, sources, table
from initstudy.drawing.variance import MOST_ROWS, draw_variance

Draw = Callable[[int], np.ndarray]
SIMULATIONS = 50


def replicates(
    draw: Draw, n: int, of_weights: float, of_order: float, together: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Accuracies with effects of these standard deviations: varied by both, weights, order."""
    weights, order, rest = of_weights * draw(n), of_order * draw(n), together * draw(n)
    first = weights[0] + order[0] + rest[0]
    alone = [
        effect + other[0] + together * draw(n)
        for effect, other in ((weights, order), (order, weights))
    ]
    for values in alone:
        values[0] = first
    return weights + order + rest, *alone


def normal(seed: int) -> Draw:
    return np.random.default_rng(seed).standard_normal


def skewed(seed: int) -> Draw:
    """As accuracies are: with a tail of bad ones."""
    generator = np.random.default_rng(seed)
    return lambda n: (3 - generator.gamma(3, 1, n)) / np.sqrt(3)


@pytest.mark.parametrize(
    "effects", [(0.02, 0.01, 0.005), (0.005, 0.02, 0.01), (0.0, 0.0, 0.02), (0.01, 0.0, 0.0)]
)
def test_of_many_replicates_the_shares_are_those_that_were_made(
    effects: tuple[float, float, float],
) -> None:
    found = sources(*replicates(normal(0), 20_000, *effects))
    whole = sum(effect**2 for effect in effects)
    assert found["sd_both"] == pytest.approx(np.sqrt(whole), rel=0.02)
    for name, effect in zip(("weights", "order", "together"), effects, strict=True):
        assert found[f"share_{name}"] == pytest.approx(effect**2 / whole, abs=0.05)
    assert sum(found[f"share_{name}"] for name in ("weights", "order", "together")) == 1


def test_replicates_that_draw_nothing_differ_by_their_order() -> None:
    order = 0.01 * normal(0)(20)
    found = sources(order, np.full(20, order[0]), order)
    assert found["sd_weights"] == found["sd_weights_ci_high"] == 0
    for name, share in (("weights", 0), ("order", 1), ("together", 0)):
        assert {found[f"share_{name}{end}"] for end in ("", "_ci_low", "_ci_high")} == {share}


def test_without_scatter_there_is_nothing_to_share() -> None:
    same = np.full(10, 0.1)
    found = table({"a": same}, {"a": same}, {"a": same}, {"a": np.ones((10, 20), bool)})
    assert list(found.columns) == variance.COLUMNS
    assert found.loc[0, "sd_both"] == 0
    assert found.filter(like="share").isna().all(axis=None)


@pytest.mark.simulation
@pytest.mark.parametrize("draw", [normal, skewed], ids=["normal", "skewed"])
@pytest.mark.parametrize("effects", [(1, 1, 0), (0.3, 0.3, 1), (1, 0.2, 0.5), (0, 0, 1)])
def test_intervals_cover_the_shares(
    draw: Callable[[int], Draw], effects: tuple[float, float, float], times: int
) -> None:
    studies, whole = SIMULATIONS * times, sum(effect**2 for effect in effects)
    truth = {"sd_both": np.sqrt(whole)} | {
        f"share_{name}": effect**2 / whole
        for name, effect in zip(("weights", "order", "together"), effects, strict=True)
    }
    covered = dict.fromkeys(truth, 0)
    for seed in range(studies):
        found = sources(*replicates(draw(seed), 20, *effects))
        for name, value in truth.items():
            covered[name] += found[f"{name}_ci_low"] <= value <= found[f"{name}_ci_high"]
    rates = {name: number / studies for name, number in covered.items()}
    told = ", ".join(f"{name} {rate:.1%}" for name, rate in rates.items())
    print(f"\nSources of variance, effects {effects}, {draw.__name__}: covered in {told}")
    assert min(rates.values()) > 0.92 - 3 * np.sqrt(0.95 * 0.05 / studies)


def test_luck_with_the_images_is_told_from_what_networks_are_worth() -> None:
    generator = np.random.default_rng(0)
    chance = generator.uniform(0.5, 1, 2000)
    lucky = generator.random((200, 2000)) < chance
    assert by_examples(lucky) == pytest.approx(1, abs=0.25)
    worth = generator.normal(0, 0.1, (200, 1))
    assert by_examples(generator.random((200, 2000)) < chance + worth) < 0.05
    assert np.isnan(by_examples(np.ones((5, 20), bool)))


def test_the_figure_shows_those_that_scatter_most() -> None:
    generator = np.random.default_rng(0)
    names = [f"kernel-{number}" for number in range(MOST_ROWS + 5)]
    values = [
        {name: generator.normal(0.9, 0.001 * (i + 1), 10) for i, name in enumerate(names)}
        for _ in range(3)
    ]
    hits = {name: generator.random((10, 50)) < 0.9 for name in names}
    whole: pd.DataFrame = table(*values, hits)
    left, right = draw_variance("Variance", whole, ACCURACY).axes
    labels = [label.get_text() for label in left.get_yticklabels()]
    assert len(labels) == MOST_ROWS
    assert labels[-1] == whole.loc[whole["sd_both"].idxmax(), "variant"]
    for line in right.get_lines():
        assert ((line.get_xdata() >= 0) & (line.get_xdata() <= 100)).all()
