"""What is said of why variants lose is what constructed diagnostics show, and no more."""

import re

import numpy as np
import pandas as pd
import pytest

from initstudy.analysis.explanation import explanation
from initstudy.results.columns import DIAGNOSTICS

SEEDS = 10
NOTHING = "Nothing that was measured sets them apart."


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
    return pd.DataFrame(rows, columns=DIAGNOSTICS)


def said(own: pd.DataFrame, losses: np.ndarray | float = 0.1, p_value: float = 0.02) -> str:
    """Of one variant against a baseline whose signals neither grow nor shrink."""
    name = own["variant"].iloc[0]
    losses = np.broadcast_to(losses, SEEDS)
    finals = pd.DataFrame(
        [("baseline", seed, 0.9) for seed in range(SEEDS)]
        + [(name, seed, 0.9 - loss) for seed, loss in enumerate(losses)],
        columns=["variant", "seed", "accuracy"],
    )
    summary = pd.DataFrame(
        {
            "variant": ["baseline", name],
            "difference": [np.nan, -losses.mean()],
            "p_value_holm": [np.nan, p_value],
            "judged_by": ["accuracy", "accuracy"],
        }
    )
    return explanation(summary, pd.concat([diagnosed("baseline"), own]), finals)


def test_only_what_loses_is_explained() -> None:
    assert said(diagnosed("kernel-x", dead=0.5), p_value=0.06) == ""
    assert said(diagnosed("kernel-x", dead=0.5), losses=-0.1) == ""
    assert said(diagnosed("best", dead=0.5)) == ""


def test_what_is_like_the_baseline_is_not_made_a_reason() -> None:
    same = diagnosed("bias-x", activations=(1, 2, 8), gradients=(0.2, 1, 1))
    assert f"- **x** as bias initializer: {NOTHING}" in said(same)


def test_dead_units_are_told_with_how_they_go_with_the_losses() -> None:
    dead = np.arange(SEEDS) / 20 + 0.1
    text = said(diagnosed("kernel-x", dead=dead), losses=dead / 10)
    # Of 16 hidden units, in the mean 0.325 of 8.
    assert "After epoch 1, 16% of its hidden units are dead, and 0% of the baseline's" in text
    assert "(at the start 0% and 0%)" in text
    assert "the further it ends behind the baseline (Spearman's rank correlation -1.00" in text
    mixed = said(diagnosed("kernel-x", dead=dead), losses=0.1 + 0.01 * np.sin(np.arange(SEEDS)))
    assert "Whether seeds with more dead units lose more cannot be told" in mixed
    opposite = said(diagnosed("kernel-x", dead=dead), losses=0.5 - dead / 10)
    assert "cannot be told (Spearman's rank correlation 1.00" in opposite


def test_dead_units_on_a_few_seeds_are_no_reason() -> None:
    few = np.where(np.arange(SEEDS) < 4, 0.5, 0.0)
    assert NOTHING in said(diagnosed("kernel-x", dead=few))


def test_copies_are_told() -> None:
    text = said(diagnosed("kernel-x", repeated=0.875))
    assert "After epoch 1, 88% of its hidden units only repeat" in text
    assert "(the baseline's: 0%)" in text


@pytest.mark.parametrize(
    ("signals", "expected"),
    [
        (
            {"activations": (1.0, 1e-2, 1e-4)},
            r"its activations shrink 10,000 times from layer 1 to layer 3, the baseline's",
        ),
        (
            {"activations": (1.0, 5.0, 25.0)},
            r"its activations grow 25 times from layer 1 to layer 3",
        ),
        (
            {"gradients": (1e-3, 1.0, 1.0)},
            r"its gradients shrink 1,000 times from layer 3 to layer 1",
        ),
        ({"gradients": (0.0, 0.0, 1.0)}, r"At the start, no gradients get from layer 3 to layer 1"),
        ({"activations": (np.nan,) * 3}, r"its signals are too large for float32"),
    ],
)
def test_signals_that_vanish_or_explode_are_told(
    signals: dict[str, tuple[float, ...]], expected: str
) -> None:
    text = said(diagnosed("kernel-x", **signals))
    assert re.search(expected, text)
    assert "nan" not in text
    assert "inf" not in text


def test_a_replicate_that_diverged_does_not_hide_the_others() -> None:
    own = diagnosed("kernel-x", dead=0.5)
    own = own[(own["seed"] != 3) | (own["epoch"] == 0)]
    text = said(own)
    assert "After epoch 1, 25% of its hidden units are dead" in text
    assert "nan" not in text
