"""The studies of a suite: the variants that they share, and what each of them is."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from initstudy.analysis.levels import Floats
from initstudy.errors import StudyError
from initstudy.results import histories
from initstudy.results.study import StudyResults
from initstudy.study.description import Description


def shared_variants(studies: Sequence[Description]) -> tuple[list[str], dict[str, str]]:
    """The variants that can be compared over all studies.

    Returns:
        The names of those that all studies have, with the same initializers, in the order of the
        first; and why each other one is left out, by its name. `best` is none of either: it is
        another pair in each study.

    Raises:
        StudyError: if the baselines differ, or nothing besides them is shared.
    """
    shared, left_out = [], {}
    for name in dict.fromkeys(name for study in studies for name in study.variants):
        without = [study.name for study in studies if name not in study.variants]
        same = {_meaning(study.variants[name]) for study in studies if name in study.variants}
        if without:
            left_out[name] = "not in " + ", ".join(without)
        elif len(same) > 1:
            left_out[name] = "not the same initializers in all studies"
        else:
            shared.append(name)
    if "baseline" not in shared:
        raise StudyError(
            "The studies have different baselines, so their differences from them cannot be "
            "compared: "
            + "; ".join(
                "{} has {} kernels and {} biases".format(s.name, *s.initializers["baseline"])
                for s in studies
            )
            + "."
        )
    if shared == ["baseline"]:
        raise StudyError(
            "The studies share no variant besides the baseline: "
            + "; ".join(f"{name} is {reason}" for name, reason in left_out.items())
            + "."
        )
    return shared, left_out


def final_accuracies(results: StudyResults, variants: Sequence[str]) -> Floats:
    """The final accuracies of a study's variants, of its test images.

    Args:
        results: of the study.
        variants: some of its.

    Returns:
        float64 (seeds, variants); a diverged replicate has `histories.ACCURACY_OF_DIVERGED`.

    Raises:
        StudyError: if results are missing.
    """
    finals, seeds = histories.by_variant(results.final), results.description.selection
    return pd.DataFrame(
        {name: histories.accuracies(finals, name, seeds) for name in variants}
    ).to_numpy()


def facts(study: Description) -> dict[str, str]:
    """What a study is, for the suite's report, and where its own report is from there."""
    configuration = study.configuration
    return {
        "name": study.name,
        "report": f"../{study.name}/report.html",
        "dataset": configuration["dataset"],
        "inputs": configuration["inputs"],
        "network": _network(configuration["model"]),
        "epochs": str(study.epochs),
        "seeds": str(len(study.selection)),
    }


def _network(model: str | Mapping[str, Any]) -> str:
    if isinstance(model, str):
        return model
    units = [str(units) for units in model["hidden_units"]]
    layers = ", ".join(units)
    if len(units) > 3 and len({*units}) == 1:
        layers = f"{len(units)} x {units[0]}"
    return f"{layers or 'no hidden layer'}; {model['activation']}"


def _meaning(pair: tuple[Mapping[str, Any], Mapping[str, Any]]) -> str:
    return json.dumps([{**initializer, "name": None} for initializer in pair], sort_keys=True)
