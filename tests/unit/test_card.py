"""The card has the answer of the findings, its gravest caveat, and code that Keras takes."""

import html
import re
from typing import Any

import in_memory
import keras
import numpy as np
import pytest
from made_up import configured

from initstudy.analysis.findings import find
from initstudy.report.card import card, keras_code
from initstudy.report.verdict import warnings
from initstudy.results.findings import Findings
from initstudy.results.study import StudyResults

GENERATOR = np.random.default_rng(0)


def runs(mean: float, seeds: int = 10) -> np.ndarray:
    return mean + GENERATOR.normal(0, 0.002, seeds)


def shown(results: StudyResults) -> tuple[Findings, str]:
    """What was found, and the card's text."""
    findings = find(results)
    text = re.sub(r"<style>.*?</style>", "", card(findings, results.study), flags=re.S)
    return findings, " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def test_a_gain_on_new_seeds_is_the_answer_with_its_numbers() -> None:
    new = ("kernel-he_normal", runs(0.93), runs(0.90))
    accuracies = {"baseline": runs(0.9), "kernel-he_normal": runs(0.93), "kernel-ones": runs(0.5)}
    findings, text = shown(in_memory.study(accuracies, new=new))
    assert findings.confirmation is not None
    found = findings.confirmation.comparison
    ends = f"[95 % CI {100 * found.low:.1f}, {100 * found.high:.1f}]"
    assert text.startswith("Start from he_normal kernels with b0 biases")
    assert f"{100 * found.difference:.1f} pp {ends}" in text
    assert "on 10 new seeds; p < 0.001" in text
    assert "Ruled out 2 of 3 variants" in text
    assert "Catch The variants were chosen and compared on the same validation set." in text


def test_new_seeds_that_do_not_confirm_it_are_the_catch() -> None:
    doubtful = runs(0.90) + np.resize([-0.02, 0.025], 10)
    new = ("kernel-he_normal", doubtful, runs(0.90))
    findings, text = shown(
        in_memory.study({"baseline": runs(0.9), "kernel-he_normal": runs(0.93)}, new=new)
    )
    assert findings.advice.action == "start"
    assert "Catch 10 new seeds do not confirm it:" in text
    assert len(warnings(findings)) >= 2


def test_failed_runs_of_what_is_advised_come_before_other_limits() -> None:
    failing = runs(0.95)
    failing[0] = np.nan
    new = ("kernel-he_normal", runs(0.95), runs(0.80))
    accuracies = {"baseline": runs(0.8), "kernel-he_normal": failing}
    findings = find(in_memory.study(accuracies, new=new))
    if findings.advice.variant == "kernel-he_normal":
        assert warnings(findings)[0].startswith("1 of 10 runs of he_normal kernels")


@pytest.mark.parametrize(
    ("accuracies", "says"),
    [
        ({"baseline": runs(0.9, 2), "kernel-ones": runs(0.5, 2)}, "This is a trial: 2 seeds"),
        ({"baseline": runs(0.9), "kernel-k1": runs(0.9)}, "Stay with the baseline"),
        (
            {"baseline": np.full(5, np.nan), "kernel-k1": np.full(5, np.nan)},
            "Nothing is concluded: all 10 runs diverged",
        ),
    ],
)
def test_what_is_no_gain_says_so(accuracies: dict[str, np.ndarray], says: str) -> None:
    _, text = shown(in_memory.study(accuracies))
    assert text.startswith(says)
    assert "ahead of the baseline" not in text


def test_one_name_in_both_roles_is_two_initializers() -> None:
    def small(deviation: float) -> dict[str, Any]:
        config = {"stddev": deviation}
        return {"name": "small", "class_name": "RandomNormal", "config": config}

    study = configured(kernel_initializers=[small(0.01)], bias_initializers=[small(0.5)])
    results = in_memory.study({"baseline": runs(0.9), "kernel-k1": runs(0.95)})
    findings = find(results)
    for role in ("kernel", "bias"):
        object.__setattr__(findings.variants[1], role, "small")
    line = keras_code(findings, study)
    assert "kernel_initializer=keras.initializers.RandomNormal(stddev=0.01)" in line
    assert "bias_initializer=keras.initializers.RandomNormal(stddev=0.5)" in line


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("he_normal", '"he_normal"'),
        (
            {"name": "small", "class_name": "RandomNormal", "config": {"stddev": 0.01}},
            "keras.initializers.RandomNormal(stddev=0.01)",
        ),
        (
            {"name": "wide", "class_name": "variance_scaling", "config": {"scale": 2.0}},
            "keras.initializers.VarianceScaling(scale=2.0)",
        ),
        # Not Keras', or not one for all layers: there is no such line.
        ("lsuv", ""),
        ({"name": "two", "layers": ["he_normal", "ones", "ones"]}, ""),
    ],
)
def test_the_line_of_code_is_what_keras_takes(entry: Any, code: str) -> None:
    study = configured(kernel_initializers=[entry], bias_initializers=[])
    (variant,) = (one for name, one in study.variants.items() if name != "baseline")
    results = in_memory.study({"baseline": runs(0.9), "kernel-k1": runs(0.95)})
    findings = find(results)
    object.__setattr__(findings.variants[1], "kernel", variant.kernel.name)
    object.__setattr__(findings.variants[1], "bias", variant.bias.name)
    line = keras_code(findings, study)
    if not code:
        assert line == ""
        return
    expected = f'kernel_initializer={code}, bias_initializer="zeros")'
    assert line == f"keras.layers.Dense(units, {expected}"
    assert eval(line, {"keras": keras, "units": 3}).units == 3
