"""Interactive learning curves, as one HTML file that needs no network."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from initstudy.analysis.decisions import BASELINE
from initstudy.drawing.style import COLORS, MANY_LINES, best_and_worst
from initstudy.results.histories import final

LABELS = {
    "val_accuracy": "validation accuracy",
    "accuracy": "training accuracy",
    "val_loss": "validation loss",
    "loss": "training loss",
}
MEANS, SINGLE = "mean and spread", "single seeds"
# So few epochs have a tick each, where Vega would put some between.
FEW_EPOCHS = 10
# What differs from the baseline, and how its lines are drawn.
DASHES = {"kernel": [1, 0], "bias": [3, 2], "kernel-bias": [8, 2, 2, 2]}
# The editor would need a network, and empty layers are no reason to warn.
OPTIONS = {
    "actions": {"export": True, "source": False, "compiled": False, "editor": False},
    "logLevel": 1,
    "renderer": "svg",
}


def explorer(name: str, histories: pd.DataFrame) -> str:
    """Return a page on which a click highlights a variant, and hovering shows values.

    A choice lists training or validation, accuracy or loss; another one shows the mean with the
    standard deviation of the seeds, or each seed for itself. Of more than MANY_LINES variants, only
    the best and the worst are there. Of several studies a choice lists which one is shown.

    Args:
        name: of the study, or of the suite.
        histories: `HISTORIES`, of the seeds that the variants are judged on; of several
            studies with the column study, too.

    Returns:
        HTML with data and JavaScript inside.
    """
    alt.data_transformers.disable_max_rows()
    total = histories["variant"].nunique()
    if total > MANY_LINES:
        means = final(histories).groupby("variant")["accuracy"].mean()
        places = best_and_worst(list(means.index), means.tolist(), MANY_LINES // 2 - 1)
        histories = histories[histories["variant"].isin(means.index[places])]
    studies = list(dict.fromkeys(histories["study"])) if "study" in histories else []
    notes = ["means of the seeds, ±1 standard deviation"]
    if total > MANY_LINES:
        notes.insert(0, f"the best and the worst of {total} variants")
    if "best" in set(histories["variant"]):
        notes.append("best: of its new seeds")
    title = alt.Title(
        f"Learning curves of the {'suite' if studies else 'study'} {name}",
        subtitle=[*notes, "scroll: zoom, drag: move, double click: all"],
        anchor="start",
    )
    chosen = alt.selection_point(name="chosen", fields=["variant"], bind="legend", on="click")
    chart = (
        alt.layer(*_layers(histories, studies, chosen))
        .add_params(*_choices(studies), chosen, alt.selection_interval(bind="scales", name="zoom"))
        .properties(width="container", height=430, title=title)
    )
    return str(chart.to_html(inline=True, embed_options=OPTIONS))


def _choices(studies: Sequence[str]) -> list[alt.Parameter]:
    """Make what is chosen above the chart: the study if there are several, metric and view."""
    metrics = alt.binding_select(options=list(LABELS.values()), name="Show ")
    views = alt.binding_radio(options=[MEANS, SINGLE], name="of the seeds ")
    choices = [
        alt.param(name="metric", value=LABELS["val_accuracy"], bind=metrics),
        alt.param(name="view", value=MEANS, bind=views),
    ]
    if studies:
        listed = alt.binding_select(options=list(studies), name="Study ")
        choices.insert(0, alt.param(name="study", value=studies[0], bind=listed))
    return choices


def _layers(
    histories: pd.DataFrame, studies: Sequence[str], chosen: alt.Parameter
) -> list[alt.Chart]:
    """Make bands and lines of the means, and the lines of single seeds."""
    shown = (
        alt.Chart(histories.rename(columns=LABELS).round(5))
        .transform_fold(list(LABELS.values()), as_=["shown", "value"])
        .transform_filter("datum.shown == metric && isValid(datum.value)")
    )
    if studies:
        shown = shown.transform_filter("datum.study == study")
    means = (
        shown.transform_filter(f"view != '{SINGLE}'")
        .transform_aggregate(
            mean="mean(value)", sd="stdev(value)", n="count()", groupby=["variant", "epoch"]
        )
        .transform_calculate(
            low="datum.mean - (datum.sd || 0)", high="datum.mean + (datum.sd || 0)"
        )
    )
    style = _encodings(list(dict.fromkeys(histories["variant"])))
    x = _epochs(sorted(histories["epoch"].unique().tolist()))
    strong = alt.condition(chosen, alt.value(1), alt.value(0.08))
    faint = alt.condition(chosen, alt.value(0.15), alt.value(0.01))

    def y(field: str) -> alt.Y:
        return alt.Y(f"{field}:Q", title="accuracy or loss", scale=alt.Scale(zero=False))

    def number(field: str, **title: str) -> alt.Tooltip:
        return alt.Tooltip(f"{field}:Q", format=".4f", **title)

    sizes = [number("mean"), number("sd", title="standard deviation")]
    seeds = alt.Tooltip("n:Q", title="seeds")
    return [
        means.mark_area().encode(x=x, y=y("low"), y2="high:Q", color=style["color"], opacity=faint),
        means.mark_line(strokeWidth=2).encode(
            x=x,
            y=y("mean"),
            **style,
            opacity=strong,
            tooltip=["variant:N", "epoch:Q", *sizes, seeds],
        ),
        shown.transform_filter(f"view == '{SINGLE}'")
        .mark_line(strokeWidth=1)
        .encode(
            x=x,
            y=y("value"),
            **style,
            opacity=strong,
            detail="seed:N",
            tooltip=["variant:N", "seed:N", "epoch:Q", number("value")],
        ),
    ]


def _epochs(epochs: Sequence[int]) -> alt.X:
    values: Any = {"values": epochs} if len(epochs) <= FEW_EPOCHS else {}
    axis = alt.Axis(format="d", **values)
    return alt.X("epoch:Q", title="epoch", axis=axis, scale=alt.Scale(zero=False))


def _encodings(variants: Sequence[str]) -> dict[str, Any]:
    """Give each variant its colour and dashes, with one legend for both."""
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
    channels = {"color": alt.Color, "strokeDash": alt.StrokeDash}
    return {
        name: channel(
            "variant:N",
            sort=variants,
            scale=alt.Scale(domain=variants, range=[style[place] for style in styles]),
            legend=legend,
        )
        for place, (name, channel) in enumerate(channels.items())
    }


def _style(variant: str, variants: Sequence[str]) -> tuple[str, list[int]]:
    """Choose black for what is compared, else a colour by the place among those of its role."""
    if variant in (BASELINE, "best"):
        return "black", [1, 0] if variant == BASELINE else [7, 3]
    role = _role(variant)
    place = [other for other in variants if _role(other) == role].index(variant)
    return COLORS[place % len(COLORS)], DASHES[role]


def _role(variant: str) -> str:
    """Say what of it differs from the baseline: `kernel`, `bias`, or `kernel-bias`."""
    return "-".join(variant.split("-")[::2])
