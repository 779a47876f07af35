"""Interactive learning curves, as one HTML file that needs no network."""

import altair as alt
import pandas as pd

from initstudy.figures import BASELINE, COLORS
from initstudy.histories import METRICS

LABELS = {
    "val_accuracy": "validation accuracy",
    "accuracy": "training accuracy",
    "val_loss": "validation loss",
    "loss": "training loss",
}


def explorer(study: str, histories: pd.DataFrame) -> str:
    """A page on which variants are highlighted by clicking on them, and values read by hovering.

    A choice lists training or validation, accuracy or loss; another one shows the mean with the
    standard deviation of the seeds, or each seed for itself.

    Args:
        study: its name.
        histories: `histories.COLUMNS`.

    Returns:
        HTML with data and JavaScript inside.
    """
    alt.data_transformers.disable_max_rows()
    long = histories.melt(
        id_vars=["variant", "seed", "epoch"], value_vars=METRICS, var_name="metric"
    ).dropna()
    long["metric"] = long["metric"].map(LABELS)
    long["value"] = long["value"].round(5)
    means = (
        long.groupby(["variant", "metric", "epoch"], sort=False)["value"]
        .agg(mean="mean", sd="std", n="count")
        .reset_index()
    )
    means["low"] = means["mean"] - means["sd"].fillna(0)
    means["high"] = means["mean"] + means["sd"].fillna(0)
    means = means.round(5)

    variants = list(dict.fromkeys(histories["variant"]))
    colors = [
        "black" if variant == BASELINE else COLORS[index % len(COLORS)]
        for index, variant in enumerate(variants, -1)
    ]
    color = alt.Color(
        "variant:N",
        sort=variants,
        scale=alt.Scale(domain=variants, range=colors),
        legend=alt.Legend(title="click to highlight (shift: several)", labelLimit=300),
    )
    chosen = alt.selection_point(
        name="chosen", fields=["variant"], bind="legend", on="click", empty=True
    )
    metric = alt.param(
        name="metric",
        value="validation accuracy",
        bind=alt.binding_select(options=list(LABELS.values()), name="Show "),
    )
    view = alt.param(
        name="view",
        value="mean and spread",
        bind=alt.binding_radio(options=["mean and spread", "single seeds"], name="of the seeds "),
    )
    opacity = alt.condition(chosen, alt.value(1), alt.value(0.08))
    faint = alt.condition(chosen, alt.value(0.15), alt.value(0.01))
    x = alt.X("epoch:Q", title="epoch", axis=alt.Axis(tickMinStep=1))

    summary = alt.Chart(means).transform_filter("datum.metric == metric && view != 'single seeds'")
    bands = summary.mark_area().encode(
        x=x,
        y=alt.Y("low:Q", title=None, scale=alt.Scale(zero=False)),
        y2="high:Q",
        color=color,
        opacity=faint,
    )
    lines = summary.mark_line(strokeWidth=2).encode(
        x=x,
        y=alt.Y("mean:Q", title="mean over seeds, band: ±1 standard deviation; or single seeds"),
        color=color,
        opacity=opacity,
        tooltip=["variant", "epoch", alt.Tooltip("mean", format=".4f"), "sd", "n"],
    )
    seeds = (
        alt.Chart(long)
        .transform_filter("datum.metric == metric && view == 'single seeds'")
        .mark_line(strokeWidth=1)
        .encode(
            x=x,
            y="value:Q",
            color=color,
            opacity=opacity,
            detail="seed:N",
            tooltip=["variant", "seed", "epoch", alt.Tooltip("value", format=".4f")],
        )
    )
    chart = (
        alt.layer(bands, lines, seeds)
        .add_params(metric, view, chosen)
        .properties(width="container", height=430, title=f"Learning curves of the study {study}")
    )
    return str(chart.to_html(inline=True))
