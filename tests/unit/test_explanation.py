"""What sets variants that lose apart is what constructed diagnostics show, and no more."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from initstudy.analysis.explanation import REASONS, VARIANTS, explain
from initstudy.results.contracts import DIAGNOSTICS
from initstudy.results.findings import (
    ACTIVATIONS,
    COPIES,
    DEAD_UNITS,
    GRADIENTS,
    OVERFLOW,
    Reason,
)

SEEDS = 10


def diagnosed(
    variant: str,
    dead: np.ndarray | float = 0.0,
    repeated: float = 0.0,
    activations: tuple[float, ...] = (1.0, 1.0, 1.0),
    gradients: tuple[float, ...] = (1.0, 1.0, 1.0),
) -> pd.DataFrame:
    """Three layers at the start and after epoch 1, when the first has these dead units."""
    dead = np.broadcast_to(dead, SEEDS)
    rows = [
        {
            "variant": variant,
            "seed": seed,
            "epoch": epoch,
            "layer": layer,
            "units": 8,
            "activation_sd": activations[layer - 1] * (1 + 0.01 * seed),
            "gradient_sd": gradients[layer - 1],
            "dead_units": dead[seed] if (epoch, layer) == (1, 1) else 0.0,
            "repeated_units": repeated if layer < 3 else 0.0,
        }
        for seed in range(SEEDS)
        for epoch in (0, 1)
        for layer in (1, 2, 3)
    ]
    return pd.DataFrame(rows, columns=DIAGNOSTICS.names)


def reasons(own: pd.DataFrame, losses: np.ndarray | float = 0.1) -> list[Reason]:
    """Of one variant beside a baseline whose signals neither grow nor shrink."""
    name = own["variant"].iloc[0]
    losses = np.broadcast_to(losses, SEEDS)
    # The baseline has new seeds besides, which are no part of it.
    base = pd.Series(0.9, index=range(2 * SEEDS))
    accuracies = {"baseline": base, name: pd.Series(0.9 - losses, index=range(SEEDS))}
    (why,) = explain([name], pd.concat([diagnosed("baseline"), own]), accuracies)
    assert why.variant == name
    return list(why.reasons)


def test_what_is_like_the_baseline_is_not_made_a_reason() -> None:
    assert reasons(diagnosed("bias-x", activations=(1, 2, 8), gradients=(0.2, 1, 1))) == []


def test_dead_units_are_reported_with_how_they_go_with_the_losses() -> None:
    dead = np.arange(SEEDS) / 20 + 0.1
    (found,) = reasons(diagnosed("kernel-x", dead=dead), losses=dead / 10)
    assert (found.kind, found.epoch) == (DEAD_UNITS, 1)
    # Of 16 hidden units, on average 0.325 of 8.
    assert found.own == pytest.approx(0.325 / 2)
    assert (found.base, found.own_at_start, found.base_at_start) == (0, 0, 0)
    assert found.rank == pytest.approx(-1)
    assert found.p_value < 0.05
    assert found.seeds == SEEDS
    wiggles = 0.1 + 0.01 * np.sin(np.arange(SEEDS))
    (mixed,) = reasons(diagnosed("kernel-x", dead=dead), losses=wiggles)
    expected = stats.spearmanr(dead, -wiggles)
    assert (mixed.rank, mixed.p_value) == pytest.approx((expected.statistic, expected.pvalue))
    (opposite,) = reasons(diagnosed("kernel-x", dead=dead), losses=0.5 - dead / 10)
    assert opposite.rank == pytest.approx(1)
    # Where all lose the same, there is no correlation.
    (same,) = reasons(diagnosed("kernel-x", dead=dead), losses=0.1)
    assert np.isnan([same.rank, same.p_value]).all()


def test_dead_units_on_a_few_seeds_are_not_a_reason() -> None:
    few = np.where(np.arange(SEEDS) < 3, 0.5, 0.0)
    assert reasons(diagnosed("kernel-x", dead=few)) == []


@pytest.mark.filterwarnings("ignore:Precision loss occurred")  # of runs that are all alike
def test_dead_units_come_with_how_much_wider_the_last_inputs_are_spread() -> None:
    own = diagnosed("kernel-x", dead=0.5, activations=(1.0, 1.0, 4.0))
    (found,) = reasons(own)
    assert found.wider == pytest.approx(4)
    (other,) = reasons(diagnosed("kernel-x", dead=0.5))
    assert np.isnan(other.wider)


def test_copies_are_reported() -> None:
    (found,) = reasons(diagnosed("kernel-x", repeated=0.875))
    assert (found.kind, found.epoch, found.own, found.base) == (COPIES, 1, 0.875, 0)
    assert reasons(diagnosed("kernel-x", repeated=0.2)) == []


@pytest.mark.parametrize(
    ("signals", "kind", "log"),
    [
        ({"activations": (1.0, 1e-2, 1e-4)}, ACTIVATIONS, -4),
        ({"activations": (1.0, 5.0, 25.0)}, ACTIVATIONS, np.log10(25)),
        ({"gradients": (1e-3, 1.0, 1.0)}, GRADIENTS, -3),
        ({"gradients": (0.0, 0.0, 1.0)}, GRADIENTS, -np.inf),
        ({"activations": (np.nan,) * 3}, OVERFLOW, np.nan),
    ],
)
def test_signals_that_vanish_or_explode_are_reported(
    signals: dict[str, tuple[float, ...]], kind: str, log: float
) -> None:
    (found,) = reasons(diagnosed("kernel-x", **signals))
    assert (found.kind, found.epoch) == (kind, 0)
    assert found.own == pytest.approx(log, nan_ok=True)
    if kind != OVERFLOW:
        assert found.base == pytest.approx(0)
        assert found.depth == 3


def test_a_run_that_diverged_does_not_hide_the_others() -> None:
    own = diagnosed("kernel-x", dead=0.5)
    (found,) = reasons(own[(own["seed"] != 3) | (own["epoch"] == 0)])
    assert found.own == pytest.approx(0.25)
    assert np.isfinite(found.own_at_start)


@pytest.mark.filterwarnings("ignore:Precision loss occurred")  # of runs that are all alike
def test_the_worst_few_are_explained_by_the_plainest_reasons() -> None:
    names = [f"kernel-{number}" for number in range(VARIANTS + 2)]
    all_wrong = {"repeated": 0.5, "dead": 0.5, "activations": (1, 10, 100.0)}
    tables = [diagnosed(name, **all_wrong) for name in names]
    accuracies = {name: pd.Series(0.5, index=range(SEEDS)) for name in ["baseline", *names]}
    found = explain(names, pd.concat([diagnosed("baseline"), *tables]), accuracies)
    assert [why.variant for why in found] == names[:VARIANTS]
    for why in found:
        assert [reason.kind for reason in why.reasons] == [COPIES, DEAD_UNITS][:REASONS]
    assert explain([], diagnosed("baseline"), accuracies) == []
