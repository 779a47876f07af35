"""The answer of a study as a card: the first of its report, and what a notebook shows of it."""

from collections.abc import Mapping
from typing import Any

from initstudy.engine.literature import PLACES
from initstudy.engine.spec import PER_LAYER, is_custom
from initstudy.report.methods import installed, methods
from initstudy.report.verdict import filled, headline, warnings
from initstudy.report.words import inline
from initstudy.results.findings import Findings
from initstudy.study import Study


def card(findings: Findings, study: Study) -> str:
    """Return the answer as HTML, with its style inside."""
    made = installed(("snakemake", "tensorflow", "keras"))
    paragraph, citations = methods(study, made, bool(findings.confirmation), findings.advice.reason)
    return filled(
        "card.html.jinja",
        findings,
        methods=paragraph,
        bibtex=citations,
        code=keras_code(findings, study),
        headline=[inline(part) for part in headline(findings).partition(". ")[::2]],
        warnings=warnings(findings),
    )


def keras_code(findings: Findings, study: Study) -> str:
    """Return the line of Keras code that starts a layer as advised.

    It is empty if there is no advice, or if an initializer is one for each layer or is not Keras'
    and no user's.
    """
    advised = findings.advice.variant
    if not advised:
        return ""
    # By role: a kernel and a bias initializer may have one name, and other parameters.
    kernels = {one.kernel.name: one.kernel.plain() for one in study.variants.values()}
    biases = {one.bias.name: one.bias.plain() for one in study.variants.values()}
    chosen = findings.variant(advised)
    kernel, bias = _call(kernels[chosen.kernel]), _call(biases[chosen.bias])
    if not kernel or not bias:
        return ""
    return f"keras.layers.Dense(units, kernel_initializer={kernel}, bias_initializer={bias})"


def _call(initializer: Mapping[str, Any]) -> str:
    name, config = str(initializer["class_name"]), initializer["config"]
    if name == PER_LAYER or name in PLACES:
        return ""
    arguments = ", ".join(f"{key}={value!r}" for key, value in config.items())
    if is_custom(name):
        return f"{name.partition('.py:')[2]}({arguments})"
    if not config:
        return f'"{name}"'
    words = name.split("_") if name.islower() else [name]
    return f"keras.initializers.{''.join(f'{w[0].upper()}{w[1:]}' for w in words)}({arguments})"
