"""The studies of a suite: the variants that they share, and what each of them is."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from initstudy.analysis import learning_rates
from initstudy.analysis.evidence import COPIES, Evidence
from initstudy.analysis.levels import Floats
from initstudy.analysis.measures import measure_of
from initstudy.errors import StudyError
from initstudy.results import histories
from initstudy.results.scores import SIGNS, scored
from initstudy.results.study import StudyResults
from initstudy.results.suite import TRAININGS
from initstudy.study.description import Description, hidden_layers
from initstudy.suite.findings import Entry


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


def entry(results: StudyResults, variants: Sequence[str], kinds: Sequence[str] = ()) -> Entry:
    """What a study brings to a suite.

    Args:
        results: of the study.
        variants: those that are compared, some of its.
        kinds: words by which it is told with others.

    Raises:
        StudyError: if results are missing.
    """
    study = results.description
    seeds, target = study.selection, study.target_accuracy
    final = results.final

    def of_each(judge_by: str) -> Floats:
        scores = scored(final, results.histories, judge_by, target, study.epochs)
        by_name = histories.by_variant(scores)
        columns = {name: histories.accuracies(by_name, name, seeds, "score") for name in variants}
        return SIGNS[judge_by] * pd.DataFrame(columns).to_numpy()

    rates = learning_rates.read(results.learning_rates_file) if study.tuned else None
    return Entry(
        study=study.name,
        accuracies=of_each("accuracy"),
        epochs_to_target=of_each("epochs_to_target"),
        epochs=study.epochs,
        chance=study.chance,
        target=target,
        kinds=kinds,
        rates=rates,
        measure=measure_of(study),
    )


def apart(entry: Entry, evidence: Evidence) -> Entry:
    """What a study brings, with one seed if all of its seeds are one and the same run."""
    if evidence.reason != COPIES:
        return entry
    first = entry.accuracies[:1], entry.epochs_to_target[:1]
    return replace(entry, accuracies=first[0], epochs_to_target=first[1])


def lacking(evidence: Mapping[str, Evidence]) -> str:
    """The studies of which by themselves nothing can be concluded, in words.

    Args:
        evidence: of each study, by its name.
    """
    return "\n".join(
        f"- Nothing is concluded from **{name}** by itself: {one.reason}. {one.advice}"
        for name, one in evidence.items()
        if one.reason
    )


def trainings(studies: Sequence[StudyResults], variants: Sequence[str]) -> pd.DataFrame:
    """TRAININGS: which training the compared replicates of each study's variants are of."""
    rows = []
    for results in studies:
        study = results.description
        table = results.runs
        own = table[table["variant"].isin(variants) & (table["first_seed"] < study.selection.stop)]
        digests = own["history"].str.split("/").str[-3]
        rows += [
            (study.name, variant, digest, study.epochs)
            for variant, digest in zip(own["variant"], digests, strict=True)
        ]
    return pd.DataFrame(rows, columns=TRAININGS).drop_duplicates(ignore_index=True)


def curves(studies: Sequence[StudyResults], variants: Sequence[str]) -> pd.DataFrame:
    """The histories of the compared replicates: study, and `columns.HISTORY`."""
    tables = []
    for results in studies:
        study, table = results.description, results.histories
        own = table["variant"].isin(variants) & table["seed"].isin(study.selection)
        tables.append(table[own].assign(study=study.name))
    return pd.concat(tables, ignore_index=True)


def facts(study: Description) -> dict[str, str]:
    """What a study is, for the suite's report, and where its own report is from there."""
    configuration = study.configuration
    return {
        "name": study.name,
        "report": f"../{study.name}/report.html",
        "dataset": configuration["dataset"],
        "inputs": configuration["inputs"],
        "network": network(configuration["model"]),
        "epochs": str(study.epochs),
        "seeds": str(len(study.selection)),
    }


def network(model: str | Mapping[str, Any]) -> str:
    """In words, for a table."""
    if isinstance(model, str):
        return model
    return f"{hidden_layers(model['hidden_units'])} {model['activation']}"


def _meaning(pair: tuple[Mapping[str, Any], Mapping[str, Any]]) -> str:
    return json.dumps([{**initializer, "name": None} for initializer in pair], sort_keys=True)
