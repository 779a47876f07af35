"""Interactive learning curves, as one HTML file that needs no network."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from initstudy.analysis.decisions import BASELINE
from initstudy.analysis.measures import ACCURACY, Measure
from initstudy.drawing.style import COLORS, MANY_LINES, best_and_worst

# The columns of a history that are shown, the first at first; {} is the metric.
LABELS = {
    "val_{}": "validation {}",
    "{}": "training {}",
    "val_loss": "validation loss",
    "loss": "training loss",
}
# So many names are highlighted at first: the baseline, the best pair, and those that end best.
SELECTED = 4
# What is chosen stands above the chart.
ABOVE = """
  body { font-family: system-ui, sans-serif; }
  :has(> .vega-bindings) { display: flex !important; flex-direction: column; }
  .vega-bindings { order: -1 !important; padding: 0 0 .8rem; }
  .vega-bind { display: inline-block; margin-right: 1.5rem; }
"""
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


def explorer(name: str, histories: pd.DataFrame, metric: Measure = ACCURACY) -> str:
    """Return a page on which a click highlights a variant, and hovering shows values.

    A choice lists training or validation, metric or loss; another one shows the mean with the
    standard deviation of the seeds, or each seed for itself. Of more than MANY_LINES variants, only
    the best and the worst are there. Of several studies a choice lists which one is shown.

    Args:
        name: of the study, or of the suite.
        histories: `HISTORIES`, of the seeds that the variants are judged on; of several
            studies with the column study, too.
        metric: of all of them.

    Returns:
        HTML with data and JavaScript inside.
    """
    alt.data_transformers.disable_max_rows()
    total = histories["variant"].nunique()
    if total > MANY_LINES:
        means = _ends(histories, metric)
        places = best_and_worst(list(means.index), means.tolist(), MANY_LINES // 2 - 1)
        histories = histories[histories["variant"].isin(means.index[places])]
    studies = list(dict.fromkeys(histories["study"])) if "study" in histories else []
    known = list(dict.fromkeys(histories["variant"]))
    ends = _ends(histories, metric).sort_values(ascending=False)
    first = [name for name in (BASELINE, "best") if name in known]
    first += [name for name in ends.index if name not in first][: SELECTED - len(first)]
    notes = [name, "means of the seeds, ±1 standard deviation"]
    if total > MANY_LINES:
        notes.insert(1, f"the best and the worst of {total} variants")
    if "best" in known:
        notes.append("best: of its new seeds")
    unit = ", %" if metric.share else ""
    title = alt.Title(
        # Above the axis, and of what is chosen; an axis' own title cannot change.
        alt.ExprRef(f"metric + (indexof(metric, '{metric.words}') < 0 ? '' : '{unit}')"),
        subtitle=[", ".join(notes), "scroll: zoom, drag: move, double click: all"],
        anchor="start",
    )
    chosen = alt.selection_point(
        name="chosen",
        fields=["variant"],
        bind="legend",
        on="click",
        value=[{"variant": name} for name in first],
    )
    zoom = alt.selection_interval(bind="scales", name="zoom")
    chart = (
        alt.layer(*_layers(histories, studies, chosen, metric))
        .add_params(*_choices(studies, metric), chosen, zoom)
        .properties(width="container", height=430, title=title)
    )
    page = str(chart.to_html(inline=True, embed_options=OPTIONS))
    return page.replace("<head>", f"<head>\n<style>{ABOVE}</style>", 1)


def _labels(metric: Measure) -> dict[str, str]:
    """Return the columns that are shown, by their names for people."""
    return {key.format(metric.name): text.format(metric.words) for key, text in LABELS.items()}


def _ends(histories: pd.DataFrame, metric: Measure) -> "pd.Series[float]":
    """Return how each variant ended in the mean; the largest is the best."""
    keys = [key for key in ("study", "variant", "seed") if key in histories]
    last = histories.drop_duplicates(keys, keep="last").set_index("variant")
    ends = metric.sign * last[f"val_{metric.name}"]
    return ends.fillna(-np.inf).groupby("variant", sort=False).mean()


def _rounded(histories: pd.DataFrame, share: bool) -> pd.DataFrame:
    """Round to five digits, so that the page is not larger than it must be."""
    if share:
        return histories.round(5)
    numbers = histories.select_dtypes("float").map(lambda value: float(f"{value:.5g}"))
    return histories.assign(**numbers)


def _choices(studies: Sequence[str], metric: Measure) -> list[alt.Parameter]:
    """Make what is chosen above the chart: the study if there are several, metric and view."""
    options = list(_labels(metric).values())
    metrics = alt.binding_select(options=options, name="Show ")
    views = alt.binding_radio(options=[MEANS, SINGLE], name="of the seeds ")
    choices = [
        alt.param(name="metric", value=options[0], bind=metrics),
        alt.param(name="view", value=MEANS, bind=views),
    ]
    if studies:
        listed = alt.binding_select(options=list(studies), name="Study ")
        choices.insert(0, alt.param(name="study", value=studies[0], bind=listed))
    return choices


def _layers(
    histories: pd.DataFrame, studies: Sequence[str], chosen: alt.Parameter, metric: Measure
) -> list[alt.Chart]:
    """Make bands and lines of the means, and the lines of single seeds."""
    labels = _labels(metric)
    scaled = f"datum.value * (indexof(metric, '{metric.words}') < 0 ? 1 : {metric.scale})"
    shown = (
        alt.Chart(_rounded(histories.rename(columns=labels), metric.share))
        .transform_fold(list(labels.values()), as_=["shown", "value"])
        .transform_filter("datum.shown == metric && isValid(datum.value)")
        .transform_calculate(value=scaled)
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
        return alt.Y(f"{field}:Q", title=None, scale=alt.Scale(zero=False))

    def number(field: str, **title: str) -> alt.Tooltip:
        return alt.Tooltip(f"{field}:Q", format=".4~g", **title)

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
    """Choose black for the baseline and the best, else the colour of its initializer."""
    if variant in (BASELINE, "best"):
        return "black", [1, 0] if variant == BASELINE else [7, 3]
    # As in the figures: one colour for one initializer.
    names = list(dict.fromkeys(_initializer(other) for other in variants if "-" in other))
    return COLORS[names.index(_initializer(variant)) % len(COLORS)], DASHES[_role(variant)]


def _initializer(variant: str) -> str:
    """Name its initializer that is not the baseline's; of two, that of its kernels."""
    return variant.split("-")[1]


def _role(variant: str) -> str:
    """Say what of it differs from the baseline: `kernel`, `bias`, or `kernel-bias`."""
    return "-".join(variant.split("-")[::2])
