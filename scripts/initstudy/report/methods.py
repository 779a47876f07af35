"""What was done, as a paragraph for a paper, and what it cites, as BibTeX."""

import contextlib
import functools
import importlib.metadata
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from initstudy import __version__
from initstudy.config.names import MEASURES
from initstudy.engine.spec import LOSS, OF_MODEL, PER_LAYER, is_custom, last_layer
from initstudy.report.words import TEMPLATES, fill
from initstudy.study import Study, hidden_layers, optimizer_in_words

# An entry a line. Its field cited_for has the names of initializers or data sets.
REFERENCES = TEMPLATES / "references.bib"


def methods(
    study: Study, versions: Mapping[str, str], confirmed: bool = True, nothing: str = ""
) -> tuple[str, str]:
    """Say what was done in a study, fit to paste into a paper.

    Args:
        study: its configuration.
        versions: of the packages that computed, by their names.
        confirmed: whether there is a best pair, which was run again; the baseline is not.
        nothing: why nothing is concluded, one of `evidence.REASONS`; empty if something is.

    Returns:
        The paragraph, with citations as [key], and BibTeX of exactly what it cites.
    """
    asked = study.plain()
    pairs = [(one.kernel.plain(), one.bias.plain()) for one in study.variants.values()]
    (kernel, bias), *others = pairs
    text = fill(
        "methods.md.jinja",
        FILTERS,
        study=study,
        asked=asked,
        pairs=len(pairs),
        kernel=_named(kernel),
        bias=_named(bias),
        kernels=[_named(one) for one, other in others if other == bias],
        biases=[_named(other) for one, other in others if one == kernel and other != bias],
        rates=", ".join(f"{rate:g}" for rate in study.learning_rates),
        confirmed=confirmed,
        comparisons=len(pairs) - 1,
        metric=MEASURES[study.metric],
        target=f"{100 * study.target:g} %" if study.perfect else f"{study.target:.4g}",
        loss=_in_words(study.loss),
        usual_loss=study.loss["class_name"] == LOSS,
        last=_last_layer(study),
        nothing=nothing,
        version=__version__,
        versions={name: versions.get(name, "") for name in ("snakemake", "tensorflow", "keras")},
    )
    text = " ".join(text.split())
    return text, bibtex(re.findall(r"\[(\w+)\]", text))


def installed(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of packages, of those that are there: an environment may not have all."""
    versions = {}
    for package in packages:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(package)
    return versions


def bibtex(keys: Iterable[str]) -> str:
    """Return the entries of these keys, in the order in which they are cited first.

    Raises:
        KeyError: if templates/references.bib lacks one.
    """
    found = "\n".join(f"{_entries()[key]}\n" for key in dict.fromkeys(keys))
    found = re.sub(r", cited_for = \{[^}]*\}", "", found)
    found = re.sub(r", (\w+) = \{", r",\n  \1 = {", found)
    return found.replace("VERSION", __version__)


@functools.cache
def sources() -> Mapping[str, str]:
    """Return the keys of REFERENCES by the initializers and data sets that they are cited for.

    Names are without `_` and capitals.
    """
    found: dict[str, str] = {}
    for key, entry in _entries().items():
        for names in re.findall(r"cited_for = \{(.*?)\}", entry):
            found |= {_plain(name): key for name in names.split(", ")}
    return found


@functools.cache
def _entries() -> Mapping[str, str]:
    text = REFERENCES.read_text(encoding="utf-8")
    return {key: entry for entry, key in re.findall(r"^(@\w+\{(\w+),.*\})$", text, re.M)}


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


def _cited(text: str, name: str = "") -> str:
    """Put its citation behind a name, if it has one."""
    key = sources().get(_plain(name or text))
    return f"{text} [{key}]" if key else text


def _named(initializer: Mapping[str, Any]) -> str:
    """Name an initializer with its parameters, and its paper."""
    name, class_name = initializer["name"], initializer["class_name"]
    if class_name == PER_LAYER:
        return f"{name} (by layer)"
    config = ", ".join(f"{key} {value}" for key, value in initializer["config"].items())
    text = f"{name} ({config})" if config else str(name)
    return text if is_custom(class_name) else _cited(text, class_name)


def _in_words(loss: Mapping[str, Any]) -> str:
    if loss["class_name"] == OF_MODEL:
        return "the loss of the model's compile()"
    return optimizer_in_words(loss).replace("_", " ")


def _last_layer(study: Study) -> str:
    """Name what follows the hidden layers of a multilayer perceptron."""
    target = study.data.target
    units, activation = last_layer(study.loss, study.metric, target.count, target.kind == "classes")
    if activation is None:
        return f"{units} linear {'unit' if units == 1 else 'units'}"
    return "a softmax" if activation == "softmax" else f"{units} sigmoid units"


def _file_name(path: str) -> str:
    return Path(path).name


FILTERS: Mapping[str, Callable[..., Any]] = {
    "hidden_layers": hidden_layers,
    "optimizer_in_words": optimizer_in_words,
    "file_name": _file_name,
    "cited": _cited,
}
