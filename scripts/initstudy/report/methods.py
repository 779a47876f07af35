"""What was done, as a paragraph for a paper, and what it cites, as BibTeX."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from initstudy import __version__
from initstudy.engine.spec import PER_LAYER, is_custom
from initstudy.study.description import Description, hidden_layers, optimizer_in_words
from initstudy.study.problems import count

REFERENCES = Path(__file__).parents[3] / "templates" / "references.bib"
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
    "accuracy": "final accuracy on the test images",
    "loss": "final loss on the test images",
    "epochs_to_target": "number of epochs until a validation accuracy of {target:g} %",
    "area_under_curve": "area under the curve of validation accuracy",
}
INPUTS = {
    "raw": "as they are",
    "unit": "scaled from 0 to 1",
    "standardized": "standardized by the mean and deviation of all numbers of all training images",
    "features": "standardized each by itself",
}


def methods(
    study: Description, versions: Mapping[str, str], confirmed: bool = True, nothing: str = ""
) -> tuple[str, str]:
    """What was done in a study, fit to paste into a paper.

    Args:
        study: what was asked.
        versions: of the packages that computed, by their names.
        confirmed: whether there is a best pair, which was trained again; the baseline is not.
        nothing: why nothing is concluded, see `Evidence.reason`; empty if something is.

    Returns:
        The paragraph, with citations as [key], and BibTeX of exactly what it cites.
    """
    sentences = [
        _compared(study),
        _trained(study),
        *([_tuned(study)] if study.tuned else []),
        _replicated(study, confirmed),
        _judged(study),
        f"Nothing was concluded: {nothing}." if nothing else "",
        f"Computed with initstudy {__version__} [initstudy] on "
        f"Snakemake {versions.get('snakemake', '')} [molder2021], TensorFlow "
        f"{versions.get('tensorflow', '')} [tensorflow2015] and Keras "
        f"{versions.get('keras', '')} [keras2015].",
    ]
    text = " ".join(sentence for sentence in sentences if sentence)

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


def _compared(study: Description) -> str:
    pairs = list(study.variants.values())
    (kernel, bias), *others = pairs
    kernels = [one for one, other in others if other == bias]
    biases = [other for one, other in others if one == kernel and other != bias]
    text = (
        f"We compared {count(len(pairs), 'pair')} of a kernel and a bias initializer: "
        f"{_named(kernel)} kernels with {_named(bias)} biases, the baseline"
    )
    if kernels:
        text += f"; with these biases, {_listed(kernels)} kernels"
    if biases:
        text += f"; with these kernels, {_listed(biases)} biases"
    if study.factorial:
        text += "; and all other pairs of them"
    return f"{text}."


def _trained(study: Description) -> str:
    asked = study.configuration
    data, model, optimizer = asked["dataset"], asked["model"], asked["optimizer"]
    name = Path(data).name
    cited = f" [{DATASETS[data]}]" if data in DATASETS else ""
    network = f"a network of our own ({Path(str(model)).name})"
    if isinstance(model, Mapping):
        units = hidden_layers(model["hidden_units"])
        network = f"a multilayer perceptron with {units} hidden units ({model['activation']})"
    optimizer = optimizer_in_words(optimizer)
    text = (
        f"Each pair started {network} with a softmax, trained on {name}{cited} (inputs "
        f"{INPUTS[asked['inputs']]}) by {optimizer} for {count(asked['epochs'], 'epoch')} in "
        f"batches of {asked['batch_size']}."
    )
    if asked["training_images"]:
        text += f" It learned from {asked['training_images']} images, the same for all."
    if study.held_out:
        text += (
            f" {study.held_out} training images were held out: on them all choices were made, and "
            "the test images were read once, after the last epoch."
        )
    else:
        text += " Validation images are the test images."
    return text


def _tuned(study: Description) -> str:
    asked = study.configuration
    rates = asked["learning_rates"]
    return (
        f"Each pair had the best of the learning rates {', '.join(f'{rate:g}' for rate in rates)}, "
        f"by the mean over {count(asked['learning_rate_seeds'], 'replicate')} that served for "
        "nothing else [choi2019]."
    )


def _replicated(study: Description, confirmed: bool) -> str:
    looks = study.looks
    several = f"{looks[-1]} replicates"
    if len(looks) > 1:
        listed = ", ".join(str(look) for look in looks[:-1])
        several = (
            f"up to {looks[-1]} replicates, with looks after {listed}, at which the error is spent "
            "by a power of the share of replicates [kim1987]"
        )
    differ = " and ".join(
        {"weights": "first weights", "order": "the order of the images"}[source]
        for source in study.configuration["vary"]
    )
    text = (
        f"Of each pair there were {several}, which differ by {differ}; replicates of one number "
        "share their random numbers over all pairs, so that pairs are compared replicate by "
        "replicate [law2015]."
    )
    if confirmed:
        fresh = count(len(study.confirmation), "fresh replicate")
        text += f" The pair that did best was trained again on {fresh}, beside the baseline."
    return text


def _judged(study: Description) -> str:
    asked = study.configuration
    measured = MEASURED[study.judge_by].format(target=100 * study.target_accuracy)
    if study.ranked:
        text = (
            f"They are judged by the {measured}: medians, and Hodges-Lehmann estimates of the "
            "differences [hodges1963], by exact signed-rank tests [wilcoxon1945]"
        )
    else:
        text = (
            f"They are judged by the {measured}: means with 95 % bootstrap-t intervals "
            "[efron1993], and two-sided exact sign-flip tests of the differences [fisher1935]"
        )
    if study.all_pairs:
        text += ", corrected for all pairs by joint sign flips [westfall1993]."
    else:
        comparisons = count(len(study.variants) - 1, "comparison")
        text += f", with Holm's correction for {comparisons} with the baseline [holm1979]."
    if asked["margin"] is not None:
        text += (
            f" That a difference is smaller than {asked['margin']:g}"
            f"{' (accuracies as fractions of 1)' * (study.judge_by == 'accuracy')} is told by two "
            "one-sided tests [schuirmann1987]."
        )
    return f"{text} Which pairs are not the best is told by comparisons with the best [hsu1984]."


def _listed(initializers: Iterable[Mapping[str, Any]]) -> str:
    return ", ".join(_named(initializer) for initializer in initializers)


def _named(initializer: Mapping[str, Any]) -> str:
    """An initializer with its parameters, and who it is of."""
    name, config = initializer["name"], initializer["config"]
    if initializer["class_name"] == PER_LAYER:
        return f"{name} (by layer)"
    told = ", ".join(f"{key} {value}" for key, value in config.items())
    cited = ""
    if not is_custom(initializer["class_name"]):
        plain = initializer["class_name"].lower().replace("_", "")
        cited = f" [{INITIALIZERS[plain]}]" if plain in INITIALIZERS else ""
    return f"{name}{f' ({told})' if told else ''}{cited}"
