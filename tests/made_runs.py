"""Results of studies that nobody ran, without files: thousands of them in a minute."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from initstudy.analysis.decisions import Decisions, Rules, analyse, shares
from initstudy.analysis.evidence import find
from initstudy.analysis.measures import measure_of
from initstudy.results import columns, histories
from initstudy.results.scores import scored
from initstudy.results.study import StudyResults
from initstudy.study.config import parse_study
from initstudy.study.description import Description

Floats = npt.NDArray[np.float64]
EPOCHS = 2
CHANCE = 0.1


def described(
    variants: Mapping[str, tuple[str, str]], chance: float = CHANCE, **keys: Any
) -> Description:
    """A study of these kernel and bias initializers, by name; the baseline first."""
    study, problems = parse_study({"published": None})
    assert study is not None, problems
    asked = {
        **study.plain(),
        "study": "made",
        "epochs": EPOCHS,
        "target_accuracy": 0.5,
        "variance_seeds": 0,
        "learning_rates": [],
        **keys,
    }

    def plain(name: str) -> dict[str, Any]:
        return {"name": name, "class_name": name, "config": {}}

    pairs = {name: (plain(kernel), plain(bias)) for name, (kernel, bias) in variants.items()}
    return Description(asked, chance, pairs)


def results(
    study: Description,
    accuracies: Mapping[str, Floats],
    best: tuple[str, str] | None = None,
    copies: tuple[str, ...] = (),
    examples: int = 200,
) -> StudyResults:
    """A study that ended with these accuracies.

    Args:
        study: what was asked.
        accuracies: final ones of each variant on all seeds of the study and, of the baseline, on
            the new seeds after them; of `best` on these alone. nan has diverged.
        best: the pair that was chosen; None for the baseline's own.
        copies: variants all of whose seeds are one run.
        examples: of the test set; accuracies are rounded to what so many allow.
    """
    rows, tests, right = [], [], {}
    for name, values in accuracies.items():
        first = study.looks[-1] if name == "best" else 0
        found = np.zeros((len(values), examples), bool)
        for number, value in enumerate(values):
            if np.isfinite(value):
                count = round(float(value) * examples)
                # Which ones depends on the seed, but most are the same for all.
                found[number, :count] = True
                found[number] = np.roll(found[number], number % 3)
            end = found[number].mean()
            loss = 1 - end + (0 if name in copies else 1e-4 * number)
            metrics = (loss, end) * 2
            epochs = [metrics] * EPOCHS if np.isfinite(value) else [metrics, (np.nan,) * 4]
            for epoch, row in enumerate(epochs, 1):
                rows.append((name, first + number, epoch, row[0], row[1], row[2], row[3]))
            tests.append((name, first + number, loss, end))
        right[name] = found
    made = StudyResults("made")
    pairs = [list(pair) for pair in study.variants.values()]
    chosen = best or study.initializers["baseline"]
    made.__dict__.update(
        description=study,
        histories=pd.DataFrame(rows, columns=columns.HISTORY),
        tests=pd.DataFrame(tests, columns=columns.TESTS),
        hits=right,
        diagnostics=_diagnostics(accuracies),
        draw_nothing=set(),
        best={"kernel_initializer": {"name": chosen[0]}, "bias_initializer": {"name": chosen[1]}},
        timings=pd.DataFrame(
            [(name, seed, EPOCHS, 1.0, 1.0, 1.0) for name, seed, *_ in tests],
            columns=columns.TIMINGS,
        ),
    )
    assert pairs
    made.__dict__["looks"] = _looks(made)
    return made


def _diagnostics(accuracies: Mapping[str, Floats]) -> pd.DataFrame:
    """Of networks that are all alike."""
    rows = [
        (name, seed, epoch, layer, "Dense", 8, *[0.5] * len(columns.MEASURES))
        for (name, values), epoch, layer in itertools.product(accuracies.items(), (0, 1), (1, 2))
        for seed in range(len(values))
    ]
    return pd.DataFrame(rows, columns=columns.DIAGNOSTICS)


def _looks(made: StudyResults) -> list[dict[str, Any]]:
    """What went on after each interim analysis, as the rule finds it."""
    study, names, found = made.description, list(made.description.variants), []
    measure, analyses = measure_of(study), []
    rules = Rules(measure, study.margin, study.all_pairs, len(names))
    judged = study.judge_by, study.target_accuracy, study.epochs
    finals = histories.by_variant(scored(made.final, made.histories, *judged))
    for seeds, share in zip(study.looks[:-1], shares(study.looks), strict=False):
        runs = [
            table[table["variant"].isin(names) & (table["seed"] < seeds)]
            for table in (made.histories, made.final)
        ]
        known = find(runs[0], runs[1], study.chance, study.judge_by)
        scores = {n: histories.accuracies(finals, n, range(seeds), "score") for n in names}
        analyses.append(analyse(scores, known, rules, share))
        names = [] if known.reason else Decisions(analyses, known.never_learned).goes_on()
        found.append({"seeds": seeds, "goes_on": names})
        if not names:
            break
    return found
