"""Why variants lose, as far as the diagnostics show it: what sets their networks apart."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from initstudy.analysis.levels import ALPHA
from initstudy.results.findings import (
    ACTIVATIONS,
    COPIES,
    DEAD_UNITS,
    GRADIENTS,
    NAN,
    OVERFLOW,
    Reason,
    Why,
)

# The epoch that is looked at besides the start: most units that die do so in the first.
EPOCH = 1
# How many of those that lose are explained, from the worst on, with how many reasons at most.
VARIANTS, REASONS = 3, 2
# A share of the hidden units from which on copies are reported.
MANY_COPIES = 0.25
# A signal that grows or shrinks over the depth so many times more than the baseline's is reported.
MANY_TIMES = 10


def explain(
    losing: Sequence[str],
    diagnostics: pd.DataFrame,
    accuracies: Mapping[str, "pd.Series[float]"],
) -> list[Why]:
    """Find what sets the worst of the variants that lose apart from the baseline.

    For each: units that only repeat others; significantly more dead units than the baseline has on
    the same seeds; a signal that grows or shrinks ten times as much over the depth.

    Args:
        losing: variants that are worse than the baseline, the worst first.
        diagnostics: `contracts.DIAGNOSTICS`.
        accuracies: final ones of each variant, by seed.
    """
    early = diagnostics[diagnostics["epoch"] <= EPOCH]
    measured = dict(tuple(early.groupby("variant")))
    found = []
    for variant in losing[:VARIANTS]:
        own, base = measured[variant], measured["baseline"]
        # The baseline's new seeds are for `best`.
        base = base[base["seed"].isin(own["seed"])]
        gains = accuracies[variant] - accuracies["baseline"]
        found.append(Why(variant, list(_reasons(own, base, gains))[:REASONS]))
    return found


def _reasons(own: pd.DataFrame, base: pd.DataFrame, gains: "pd.Series[float]") -> Iterator[Reason]:
    """Find all that is different in the diagnostics of a variant and of the baseline, the plainest
    first; gains are the final accuracies of the former less those of the latter, by seed.
    """
    if own.loc[own["epoch"] == 0, "activation_sd"].isna().any():
        yield Reason(OVERFLOW)
    elif own["layer"].max() > 1:
        yield from _copies(own, base)
        yield from _dead_units(own, base, gains)
        yield from _change_over_depth(own, base)


def _copies(own: pd.DataFrame, base: pd.DataFrame) -> Iterator[Reason]:
    epoch = int(own["epoch"].max())
    mine, others = (_hidden(rows, epoch, "repeated_units").mean() for rows in (own, base))
    if mine - others > MANY_COPIES:
        yield Reason(COPIES, epoch, float(mine), float(others))


def _dead_units(
    own: pd.DataFrame, base: pd.DataFrame, gains: "pd.Series[float]"
) -> Iterator[Reason]:
    epoch = int(own["epoch"].max())
    mine, others = (_hidden(rows, epoch, "dead_units") for rows in (own, base))
    more = (mine - others).dropna()
    if not _more(more):
        return
    lost = gains.loc[more.index]
    rank, p_value = NAN, NAN
    if np.ptp(more) > 0 and np.ptp(lost) > 0:
        rank, p_value = map(float, stats.spearmanr(more, lost))
    depth = int(own["layer"].max())
    spreads = [_spread(rows, "activation_sd", depth) for rows in (own, base)]
    wider = (spreads[0] - spreads[1]).dropna()
    yield Reason(
        DEAD_UNITS,
        epoch,
        own=float(mine.mean()),
        base=float(others.mean()),
        own_at_start=float(_hidden(own, 0, "dead_units").mean()),
        base_at_start=float(_hidden(base, 0, "dead_units").mean()),
        rank=rank,
        p_value=p_value,
        seeds=len(more),
        wider=float(10 ** wider.mean()) if _more(wider) else NAN,
    )


def _change_over_depth(own: pd.DataFrame, base: pd.DataFrame) -> Iterator[Reason]:
    """How the signals at the start change from layer to layer, forwards and backwards."""
    depth = int(own["layer"].max())
    for kind, signal, first, last in [
        (ACTIVATIONS, "activation_sd", 1, depth),
        (GRADIENTS, "gradient_sd", depth, 1),
    ]:
        mine, others = (
            float((_spread(rows, signal, last) - _spread(rows, signal, first)).mean())
            for rows in (own, base)
        )
        if mine == -np.inf or abs(mine - others) >= np.log10(MANY_TIMES):
            yield Reason(kind, 0, mine, others, depth=depth)


def _hidden(rows: pd.DataFrame, epoch: int, share: str) -> "pd.Series[float]":
    """Return a share of all hidden units after an epoch, by seed."""
    rows = rows[(rows["epoch"] == epoch) & (rows["layer"] < rows["layer"].max())]
    counts = (rows[share] * rows["units"]).groupby(rows["seed"]).sum(min_count=1)
    return counts / rows.groupby("seed")["units"].sum()


def _spread(rows: pd.DataFrame, measure: str, layer: int) -> "pd.Series[float]":
    """Return the decimal logarithm of a standard deviation at the start, by seed; -inf for zero."""
    rows = rows[(rows["epoch"] == 0) & (rows["layer"] == layer)].set_index("seed")
    with np.errstate(divide="ignore"):
        logs: pd.Series[float] = np.log10(rows[measure])
    return logs


def _more(differences: "pd.Series[float]") -> bool:
    """Whether paired differences are above zero, by Student's t at 5 %."""
    values = np.sort(np.array(differences, dtype=np.float64))
    if len(values) < 2 or not values.mean() > 0:
        return False
    return bool(np.ptp(values) == 0 or stats.ttest_1samp(values, 0.0).pvalue < ALPHA)
