"""The studies of a suite: the variants that they share, and what each of them is."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from initstudy.analysis import evidence, learning_rates
from initstudy.analysis.evidence import ONE_RUN, Evidence
from initstudy.analysis.levels import Floats
from initstudy.config.initializers import Variant
from initstudy.errors import StudyError
from initstudy.results import histories
from initstudy.results.scores import SIGNS, scored
from initstudy.results.study import StudyResults
from initstudy.results.suite import TRAININGS
from initstudy.study import Study, hidden_layers
from initstudy.suite.entry import Entry, Workload


def shared_variants(
    studies: Sequence[Study],
) -> tuple[list[str], dict[str, Sequence[str]]]:
    """Find the variants that can be compared over all studies.

    Returns:
        The names of those that all studies have, with the same initializers, in the order of the
        first; and of each other one the studies that lack it, of which there is none if only the
        initializers differ. `best` is none of either: it is another pair in each study.

    Raises:
        StudyError: if the baselines differ, or nothing besides them is shared.
    """
    shared: list[str] = []
    left_out: dict[str, Sequence[str]] = {}
    for name in dict.fromkeys(name for study in studies for name in study.variants):
        without = [study.name for study in studies if name not in study.variants]
        same = {_meaning(study.variants[name]) for study in studies if name in study.variants}
        if without or len(same) > 1:
            left_out[name] = without
        else:
            shared.append(name)
    if "baseline" not in shared:
        raise StudyError(
            "The studies have different baselines, so differences from them cannot be compared: "
            + "; ".join(
                "{} has {} kernels and {} biases".format(s.name, *s.initializers["baseline"])
                for s in studies
            )
            + "."
        )
    if shared == ["baseline"]:
        lacking = (
            f"{name} is not in {', '.join(without)}"
            if without
            else f"{name} has other initializers in each"
            for name, without in left_out.items()
        )
        raise StudyError(
            f"The studies share no variant besides the baseline: {'; '.join(lacking)}."
        )
    return shared, left_out


def entry(results: StudyResults, variants: Sequence[str], kinds: Sequence[str] = ()) -> Entry:
    """Read what a study brings to a suite.

    If all of its runs are one and the same but for the variant, it has one seed.

    Args:
        results: of the study.
        variants: those that are compared, some of its.
        kinds: words by which it is grouped with others.

    Raises:
        StudyError: if results are missing.
    """
    study, final = results.study, results.final
    known = evidence.of(results)
    # All seeds are read, so that none is missing.
    counted = 1 if known.reason == ONE_RUN else len(study.selection)

    def of_each(judge_by: str) -> Floats:
        target = study.target_accuracy
        scores = scored(final, results.histories, judge_by, target, study.epochs)
        by_name = histories.by_variant(scores)
        columns = {
            name: histories.accuracies(by_name, name, study.selection, "score") for name in variants
        }
        return SIGNS[judge_by] * pd.DataFrame(columns).to_numpy()[:counted]

    return Entry(
        workload=workload(study, kinds),
        accuracies=of_each("accuracy"),
        epochs_to_target=of_each("epochs_to_target"),
        rates=learning_rates.read(results.learning_rates_file) if study.tuned else None,
        one_run=frozenset(variants) & frozenset(known.one_run),
        correct={name: results.correct[name][:counted] for name in variants},
    )


def workload(study: Study, kinds: Sequence[str] = ()) -> Workload:
    """Describe a study as a workload.

    Args:
        study: its description.
        kinds: words by which it is grouped with others.
    """
    asked = study.plain()
    optimizer = asked["optimizer"]
    return Workload(
        study=study.name,
        dataset=asked["dataset"],
        training=str(asked["training_images"] or "all"),
        validation=study.held_out,
        inputs=asked["inputs"],
        network=network(asked["model"]),
        optimizer=optimizer if isinstance(optimizer, str) else optimizer["class_name"],
        learning_rates=asked["learning_rates"] if study.tuned else [],
        epochs=study.epochs,
        judge_by=study.judge_by,
        margin=study.margin if study.judge_by == "accuracy" else None,
        chance=study.data.majority_accuracy,
        target=study.target_accuracy,
        kinds=list(kinds),
    )


def without_evidence(known: Mapping[str, Evidence]) -> dict[str, str]:
    """Find the studies that are left out, since nothing was learned in them.

    Those of which all seeds are one run stay: each is one observation over the workloads.

    Args:
        known: of each study, by its name.

    Returns:
        The reasons (`evidence.REASONS`), by the names of the studies.

    Raises:
        StudyError: if nothing is left.
    """
    found = {name: one.reason for name, one in known.items() if one.reason not in ("", ONE_RUN)}
    if len(found) == len(known):
        listed = ", ".join(f"{name} ({reason.replace('_', ' ')})" for name, reason in found.items())
        raise StudyError(
            f"Nothing can be concluded from any of the studies: {listed}. The report of each "
            "study names the keys to change."
        )
    return found


def trainings(
    studies: Sequence[StudyResults], variants: Sequence[str], entries: Sequence[Entry]
) -> pd.DataFrame:
    """TRAININGS: which training the compared runs of each study's variants are of.

    Args:
        studies: of the suite.
        variants: those that were trained for it.
        entries: of the same studies.
    """
    rows = []
    for results, own_entry in zip(studies, entries, strict=True):
        study = results.study
        table = results.runs
        own = table[table["variant"].isin(variants) & (table["first_seed"] < study.selection.stop)]
        digests = own["history"].str.split("/").str[-3]
        rows += [
            (study.name, variant, digest, study.epochs, variant in own_entry.one_run)
            for variant, digest in zip(own["variant"], digests, strict=True)
        ]
    return pd.DataFrame(rows, columns=TRAININGS).drop_duplicates(ignore_index=True)


def curves(studies: Sequence[StudyResults], variants: Sequence[str]) -> pd.DataFrame:
    """The histories of the compared replicates: study, and `columns.HISTORY`."""
    tables = []
    for results in studies:
        study, table = results.study, results.histories
        own = table["variant"].isin(variants) & table["seed"].isin(study.selection)
        tables.append(table[own].assign(study=study.name))
    return pd.concat(tables, ignore_index=True)


def network(model: str | Mapping[str, Any]) -> str:
    """Describe a network in a few words, for a table."""
    if isinstance(model, str):
        return model
    return f"{hidden_layers(model['hidden_units'])} {model['activation']}"


def _meaning(variant: Variant) -> str:
    pair = variant.kernel.plain(), variant.bias.plain()
    return json.dumps([{**initializer, "name": None} for initializer in pair], sort_keys=True)
