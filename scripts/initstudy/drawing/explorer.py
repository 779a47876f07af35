"""Interactive learning curves, as one HTML file that needs no network."""

import altair as alt
import pandas as pd

from initstudy.drawing.figures import BASELINE, COLORS, MANY_LINES
from initstudy.results import histories as tables

LABELS = {
    "val_accuracy": "validation accuracy",
    "accuracy": "training accuracy",
    "val_loss": "validation loss",
    "loss": "training loss",
}

# Ticks of fewer epochs stand at each, where Vega would put some between.
FEW_EPOCHS = 10
# What differs from the baseline, and how its lines are drawn.
DASHES = {"kernel": [1, 0], "bias": [3, 2], "kernel-bias": [8, 2, 2, 2]}


def explorer(name: str, histories: pd.DataFrame) -> str:
    """A page on which variants are highlighted by clicking on them, and values read by hovering.

    A choice lists training or validation, accuracy or loss; another one shows the mean with the
    standard deviation of the seeds, or each seed for itself. Of more than MANY_LINES variants, only
    the best and the worst are there. Of several studies a choice lists which one is shown.

    Args:
        name: of the study, or of the suite.
        histories: `columns.HISTORY`, of the seeds that the variants are judged on; of several
            studies with the column study, too.

    Returns:
        HTML with data and JavaScript inside.
    """
    alt.data_transformers.disable_max_rows()
    total = histories["variant"].nunique()
    if total > MANY_LINES:
        final = tables.final(histories).groupby("variant")["accuracy"].mean()
        ranked = final.drop([BASELINE, "best"], errors="ignore").sort_values().index
        ends = [*ranked[: MANY_LINES // 2 - 1], *ranked[1 - MANY_LINES // 2 :]]
        histories = histories[histories["variant"].isin([BASELINE, "best", *ends])]
    epochs = sorted(histories["epoch"].unique().tolist())
    wide = histories.rename(columns=LABELS).round(5)
    fresh = ["best: of its new seeds"] * ("best" in set(histories["variant"]))
    variants = list(dict.fromkeys(histories["variant"]))
    styles = [_style(variant, variants) for variant in variants]
    legend = alt.Legend(
        title=None,
        orient="bottom",
        # On a phone names would be cut off.
        columns=alt.ExprRef("width < 400 ? 1 : 2"),
        labelLimit=240,
        labelFontSize=12,
        symbolType="stroke",
        symbolOpacity=1,
    )
    color = alt.Color(
        "variant:N",
        sort=variants,
        scale=alt.Scale(domain=variants, range=[color for color, _ in styles]),
        legend=legend,
    )
    dash = alt.StrokeDash(
        "variant:N",
        sort=variants,
        scale=alt.Scale(domain=variants, range=[pattern for _, pattern in styles]),
        legend=legend,
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
    studies = list(dict.fromkeys(histories["study"])) if "study" in histories else []
    study = [
        alt.param(name="study", value=one, bind=alt.binding_select(options=studies, name="Study "))
        for one in studies[:1]
    ]
    opacity = alt.condition(chosen, alt.value(1), alt.value(0.08))
    faint = alt.condition(chosen, alt.value(0.15), alt.value(0.01))
    x = alt.X(
        "epoch:Q",
        title="epoch",
        axis=alt.Axis(format="d", **({"values": epochs} if len(epochs) <= FEW_EPOCHS else {})),
        scale=alt.Scale(zero=False),
    )

    base = (
        alt.Chart(wide)
        .transform_fold(list(LABELS.values()), as_=["shown", "value"])
        .transform_filter("datum.shown == metric && isValid(datum.value)")
    )
    if study:
        base = base.transform_filter("datum.study == study")
    summary = (
        base.transform_filter("view != 'single seeds'")
        .transform_aggregate(
            mean="mean(value)", sd="stdev(value)", n="count()", groupby=["variant", "epoch"]
        )
        .transform_calculate(
            low="datum.mean - (datum.sd || 0)", high="datum.mean + (datum.sd || 0)"
        )
    )
    bands = summary.mark_area().encode(
        x=x,
        y=alt.Y("low:Q", title="accuracy or loss", scale=alt.Scale(zero=False)),
        y2="high:Q",
        color=color,
        opacity=faint,
    )
    lines = summary.mark_line(strokeWidth=2).encode(
        x=x,
        y=alt.Y("mean:Q", title="accuracy or loss", scale=alt.Scale(zero=False)),
        color=color,
        strokeDash=dash,
        opacity=opacity,
        tooltip=[
            "variant:N",
            "epoch:Q",
            alt.Tooltip("mean:Q", format=".4f"),
            alt.Tooltip("sd:Q", format=".4f", title="standard deviation"),
            alt.Tooltip("n:Q", title="seeds"),
        ],
    )
    seeds = (
        base.transform_filter("view == 'single seeds'")
        .mark_line(strokeWidth=1)
        .encode(
            x=x,
            y=alt.Y("value:Q", title="accuracy or loss", scale=alt.Scale(zero=False)),
            color=color,
            strokeDash=dash,
            opacity=opacity,
            detail="seed:N",
            tooltip=["variant:N", "seed:N", "epoch:Q", alt.Tooltip("value:Q", format=".4f")],
        )
    )
    chart = (
        alt.layer(bands, lines, seeds)
        .add_params(
            *study, metric, view, chosen, alt.selection_interval(bind="scales", name="zoom")
        )
        .properties(
            width="container",
            height=430,
            title=alt.Title(
                f"Learning curves of the {'suite' if study else 'study'} {name}",
                subtitle=[
                    *(
                        [f"the best and the worst of {total} variants"]
                        if total > MANY_LINES
                        else []
                    ),
                    "means of the seeds, ±1 standard deviation",
                    *fresh,
                    "scroll: zoom, drag: move, double click: all",
                ],
                anchor="start",
            ),
        )
    )
    options = {
        # The editor would need a network, and empty layers are no reason to warn.
        "actions": {"export": True, "source": False, "compiled": False, "editor": False},
        "logLevel": 1,
        "renderer": "svg",
    }
    return str(chart.to_html(inline=True, embed_options=options))


def _style(variant: str, variants: list[str]) -> tuple[str, list[int]]:
    """Colour and dashes: black for what is compared, else the place among those of its kind."""
    if variant in (BASELINE, "best"):
        return "black", [1, 0] if variant == BASELINE else [7, 3]
    kind = _kind(variant)
    place = [other for other in variants if _kind(other) == kind].index(variant)
    return COLORS[place % len(COLORS)], DASHES[kind]


def _kind(variant: str) -> str:
    """What of it differs from the baseline: `kernel`, `bias`, or `kernel-bias`."""
    return "-".join(variant.split("-")[::2])
