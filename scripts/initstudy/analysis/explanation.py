"""Why variants lose, as far as the diagnostics tell: what sets their networks apart."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from initstudy.analysis.levels import ALPHA
from initstudy.analysis.statistics import sign_flip_p_value
from initstudy.results.scores import SIGNS

# The epoch that is looked at besides the start: most units that die do so in the first.
EPOCH = 1
# How many losing variants are explained, from the worst on, with how many reasons at most.
VARIANTS, REASONS = 3, 2
# A share of the hidden units from which on copies are told.
MANY_COPIES = 0.25
# A signal that grows or shrinks over the depth so many times more than the baseline's is told.
MANY_TIMES = 10


def explanation(summary: pd.DataFrame, diagnostics: pd.DataFrame, finals: pd.DataFrame) -> str:
    """What sets the worst of the losing variants apart from the baseline, as Markdown.

    Of each is told: units that only repeat others; units that are dead, if it has significantly
    more of them than the baseline has on the same seeds; a signal that grows or shrinks over the
    depth of the network ten times as much as the baseline's. Whether dead units and lost accuracy
    go together, seed by seed, is looked at by Spearman's rank correlation of the two differences
    from the baseline.

    Args:
        summary: see `statistics.summarize`. A variant loses if it is significantly worse.
        diagnostics: see `diagnostics.read`.
        finals: see `histories.final`.

    Returns:
        A section, or nothing if nothing loses.
    """
    ahead = summary["difference"] * SIGNS[summary["judged_by"].iloc[0]]
    losing = summary[(summary["p_value_holm"] < ALPHA) & (ahead < 0)]
    losing = losing[losing["variant"] != "best"]
    losing = losing.loc[ahead[losing.index].sort_values().index]
    if losing.empty:
        return ""
    accuracies = finals.set_index(["variant", "seed"])["accuracy"]
    early = diagnostics[diagnostics["epoch"] <= EPOCH]
    measured = dict(tuple(early.groupby("variant")))
    lines = []
    for variant in losing["variant"].head(VARIANTS):
        gains = accuracies[variant] - accuracies["baseline"]
        own, base = measured[variant], measured["baseline"]
        # The baseline's fresh seeds are for `best`.
        base = base[base["seed"].isin(own["seed"])]
        told = list(_reasons(own, base, gains))[:REASONS]
        role, _, name = variant.partition("-")
        text = " ".join(told) or "Nothing that was measured sets them apart."
        # Of a factorial design, both may differ.
        who = f"**{variant}**" if "-" in name else f"**{name}** as {role} initializer"
        lines.append(f"- {who}: {text}")
    return (
        "## Why some lose\n\nWhat sets their networks apart from the baseline's, from the worst "
        "on. A unit is called dead if it says the same about every image of a fixed batch.\n\n"
        + "\n".join(lines)
    )


def _reasons(own: pd.DataFrame, base: pd.DataFrame, gains: "pd.Series[float]") -> Iterator[str]:
    """All that stands out, the plainest first.

    Args:
        own: the diagnostics of the variant.
        base: those of the baseline.
        gains: the variant's final accuracies minus the baseline's, by seed.
    """
    if own.loc[own["epoch"] == 0, "activation_sd"].isna().any():
        yield "From the start, its signals are too large for float32."
    elif own["layer"].max() > 1:
        yield from _copies(own, base)
        yield from _dead_units(own, base, gains)
        yield from _change_over_depth(own, base)


def _copies(own: pd.DataFrame, base: pd.DataFrame) -> Iterator[str]:
    epoch = int(own["epoch"].max())
    mine, others = (_hidden(rows, epoch, "repeated_units").mean() for rows in (own, base))
    if mine - others > MANY_COPIES:
        yield (
            f"{_when(epoch)}, {mine:.0%} of its hidden units only repeat what another unit of "
            f"their layer puts out (the baseline's: {others:.0%}), so its layers can do no more "
            "than narrower ones could."
        )


def _dead_units(own: pd.DataFrame, base: pd.DataFrame, gains: "pd.Series[float]") -> Iterator[str]:
    epoch = int(own["epoch"].max())
    mine, others = (_hidden(rows, epoch, "dead_units") for rows in (own, base))
    more = (mine - others).dropna()
    if not _more(more):
        return
    yield (
        f"{_when(epoch)}, {mine.mean():.0%} of its hidden units are dead, and "
        f"{others.mean():.0%} of the baseline's{_at_first(own, base, epoch)}. "
        + _together(more, gains.loc[more.index])
        + _wider(own, base)
    )


def _at_first(own: pd.DataFrame, base: pd.DataFrame, epoch: int) -> str:
    if epoch == 0:
        return ""
    mine, others = (_hidden(rows, 0, "dead_units").mean() for rows in (own, base))
    return f" (at the start {mine:.0%} and {others:.0%})"


def _together(more: "pd.Series[float]", gains: "pd.Series[float]") -> str:
    if np.ptp(more) == 0 or np.ptp(gains) == 0:
        return "The seeds are all alike in that."
    rank, p_value = spearmanr(more, gains)
    numbers = f"Spearman's rank correlation {rank:.2f}, p = {p_value:.2g}, {len(more)} seeds"
    if rank < 0 and p_value < ALPHA:
        return (
            "The more units of a seed are dead beyond the baseline's, the further it ends behind "
            f"the baseline ({numbers})."
        )
    return f"Whether seeds with more dead units lose more cannot be told ({numbers})."


def _wider(own: pd.DataFrame, base: pd.DataFrame) -> str:
    mine, others = (_spread(rows, "activation_sd", int(own["layer"].max())) for rows in (own, base))
    wider = (mine - others).dropna()
    if not _more(wider):
        return ""
    return (
        f" At the start, what enters its softmax is spread {10 ** wider.mean():.2g} times as "
        "widely as the baseline's."
    )


def _change_over_depth(own: pd.DataFrame, base: pd.DataFrame) -> Iterator[str]:
    """How the signals at the start change from layer to layer, forwards and backwards."""
    depth = int(own["layer"].max())
    for name, measure, first, last in [
        ("activations", "activation_sd", 1, depth),
        ("gradients", "gradient_sd", depth, 1),
    ]:
        mine, others = (
            (_spread(rows, measure, last) - _spread(rows, measure, first)).mean()
            for rows in (own, base)
        )
        if mine == -np.inf:
            yield f"At the start, no {name} get from layer {first} to layer {last}."
        elif abs(mine - others) >= np.log10(MANY_TIMES):
            yield (
                f"At the start, its {name} {_times(mine)} from layer {first} to layer {last}, the "
                f"baseline's {_times(others)}."
            )


def _hidden(rows: pd.DataFrame, epoch: int, share: str) -> "pd.Series[float]":
    """A share of all hidden units after an epoch, by seed."""
    rows = rows[(rows["epoch"] == epoch) & (rows["layer"] < rows["layer"].max())]
    counts = (rows[share] * rows["units"]).groupby(rows["seed"]).sum(min_count=1)
    return counts / rows.groupby("seed")["units"].sum()


def _spread(rows: pd.DataFrame, measure: str, layer: int) -> "pd.Series[float]":
    """The decimal logarithm of a standard deviation at the start, by seed; -inf for zero."""
    rows = rows[(rows["epoch"] == 0) & (rows["layer"] == layer)].set_index("seed")
    with np.errstate(divide="ignore"):
        logs: pd.Series[float] = np.log10(rows[measure])
    return logs


def _more(differences: "pd.Series[float]") -> bool:
    values = np.array(differences, dtype=np.float64)
    return len(values) > 0 and values.mean() > 0 and sign_flip_p_value(values) < ALPHA


def _when(epoch: int) -> str:
    return f"After epoch {epoch}" if epoch else "At the start"


def _times(log: float) -> str:
    factor = 10 ** abs(log)
    number = (
        f"{factor:.1f}" if factor < 10 else f"{factor:,.0f}" if factor < 1e5 else f"{factor:.0e}"
    )
    return f"{'grow' if log > 0 else 'shrink'} {number} times"
