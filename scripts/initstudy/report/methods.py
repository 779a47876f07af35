"""What was done, as a paragraph for a paper, and what it cites, as BibTeX."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from initstudy import __version__
from initstudy.analysis.evidence import ALL_DIVERGED, NOTHING_LEARNED, ONE_CLASS, ONE_RUN
from initstudy.engine.spec import PER_LAYER, is_custom
from initstudy.report.words import TEMPLATES, fill
from initstudy.study import Study, hidden_layers, optimizer_in_words

REFERENCES = TEMPLATES / "references.bib"
# Keys of REFERENCES, by the names of initializers without `_` and capitals.
INITIALIZERS: Mapping[str, str] = {
    **dict.fromkeys(("glorotuniform", "glorotnormal"), "glorot2010"),
    **dict.fromkeys(("heuniform", "henormal", "gaincorrected"), "he2015"),
    **dict.fromkeys(("lecununiform", "lecunnormal"), "lecun1998efficient"),
    "orthogonal": "saxe2014",
    "sparse": "martens2010",
    "lsuv": "mishkin2016",
    "deltaorthogonal": "xiao2018",
    "fixup": "zhang2019",
    "metainit": "dauphin2019",
    "zero": "zhao2022",
    "autoinit": "bingham2023",
    "idinit": "pan2025",
    "sinusoidal": "fernandez2025",
    "tanhfixedpoint": "lee2025",
}
DATASETS: Mapping[str, str] = {
    "mnist": "lecun1998",
    "fashion_mnist": "xiao2017",
    "digits": "alpaydin1998",
    "letters": "frey1991",
    "satellite": "michie1994",
    "shuttle": "michie1994",
}
MEASURED = {
    "accuracy": "final accuracy on the test set",
    "loss": "final loss on the test set",
    "epochs_to_target": "number of epochs until a validation accuracy of {target:g} %",
    "area_under_curve": "area under the curve of validation accuracy",
}
# Why nothing is concluded, by `evidence.REASONS`.
NOTHING = {
    "": "",
    ALL_DIVERGED: "all runs diverged",
    NOTHING_LEARNED: "no run learned anything",
    ONE_RUN: "all seeds of a variant are one and the same run",
    ONE_CLASS: "all test examples are of one class",
}
VARIED = {"weights": "first weights", "order": "the order of the examples"}
INPUTS = {
    "raw": "as they are",
    "unit": "scaled from 0 to 1",
    "standardized": (
        "standardized by mean and standard deviation of all numbers of the training examples"
    ),
    "features": "each standardized by itself",
}


def methods(
    study: Study, versions: Mapping[str, str], confirmed: bool = True, nothing: str = ""
) -> tuple[str, str]:
    """Say what was done in a study, fit to paste into a paper.

    Args:
        study: what was asked.
        versions: of the packages that computed, by their names.
        confirmed: whether there is a best pair, which was trained again; the baseline is not.
        nothing: why nothing is concluded, one of `evidence.REASONS`; empty if something is.

    Returns:
        The paragraph, with citations as [key], and BibTeX of exactly what it cites.
    """
    asked = study.plain()
    pairs = [(one.kernel.plain(), one.bias.plain()) for one in study.variants.values()]
    (kernel, bias), *others = pairs
    data, model = asked["dataset"], asked["model"]
    own = not isinstance(model, Mapping)
    text = fill(
        "methods.md.jinja",
        study=study,
        asked=asked,
        pairs=len(study.variants),
        kernel=_named(kernel),
        bias=_named(bias),
        kernels=[_named(one) for one, other in others if other == bias],
        biases=[_named(other) for one, other in others if one == kernel and other != bias],
        units="" if own else hidden_layers(model["hidden_units"]),
        model=Path(str(model)).name,
        dataset=f"{Path(data).name} [{DATASETS[data]}]" if data in DATASETS else Path(data).name,
        inputs=INPUTS[asked["inputs"]],
        optimizer=optimizer_in_words(asked["optimizer"]),
        rates=[f"{rate:g}" for rate in asked["learning_rates"]],
        differ=[VARIED[source] for source in asked["vary"]],
        confirmed=confirmed,
        measured=MEASURED[study.judge_by].format(target=100 * study.target_accuracy),
        comparisons=len(study.variants) - 1,
        nothing=NOTHING[nothing],
        version=__version__,
        versions={name: versions.get(name, "") for name in ("snakemake", "tensorflow", "keras")},
    )
    text = " ".join(text.split())
    return text, bibtex(re.findall(r"\[(\w+)\]", text))


def bibtex(keys: Iterable[str]) -> str:
    """The entries of these keys, in the order in which they are cited first.

    Raises:
        KeyError: if templates/references.bib lacks one.
    """
    entries = {
        key: f"{entry.strip()}\n"
        for entry, key in re.findall(
            r"^(@\w+\{(\w+),.*\})$", REFERENCES.read_text(encoding="utf-8"), re.M
        )
    }
    found = "\n".join(entries[key] for key in dict.fromkeys(keys))
    found = re.sub(r", (\w+) = \{", r",\n  \1 = {", found)
    return found.replace("VERSION", __version__)


def _named(initializer: Mapping[str, Any]) -> str:
    """An initializer with its parameters, and who it is of."""
    name, config = initializer["name"], initializer["config"]
    if initializer["class_name"] == PER_LAYER:
        return f"{name} (by layer)"
    with_config = ", ".join(f"{key} {value}" for key, value in config.items())
    cited = ""
    if not is_custom(initializer["class_name"]):
        plain = initializer["class_name"].lower().replace("_", "")
        cited = f" [{INITIALIZERS[plain]}]" if plain in INITIALIZERS else ""
    return f"{name}{f' ({with_config})' if with_config else ''}{cited}"
