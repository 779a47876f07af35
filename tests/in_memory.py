"""Results of studies that nobody ran and that are in no folder, by the accuracies they end with."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from made_up import CONSTANT, configured, initializer

from initstudy.analysis.findings import BEST, decide
from initstudy.config.initializers import Variant
from initstudy.results.contracts import DIAGNOSTICS, HISTORIES, MEASURES, measurement_epochs
from initstudy.results.study import StudyResults

Floats = npt.NDArray[np.float64]
CHANCE = 0.1
LAYERS, UNITS = 3, 10


def study(
    accuracies: Mapping[str, Floats],
    new: tuple[str, Floats, Floats] | None = None,
    curves: Mapping[str, Floats] | None = None,
    losses: Mapping[str, Floats] | None = None,
    training: Mapping[str, Floats] | None = None,
    dead: Mapping[str, Floats] | None = None,
    alike: Sequence[str] = (),
    examples: int = 10_000,
    luck: float = 0.02,
    **keys: Any,
) -> StudyResults:
    """A study with these final accuracies, as multiples of one over the number of test examples.

    The one with interim analyses (`seeds: [...]`) has the accuracies of all seeds, of which are
    taken those that each variant goes on to.

    Args:
        accuracies: of each variant, the baseline first, by seed; nan if it diverged. Names have
            the parts kernel-<name> and bias-<name>; those of the baseline are k0 and b0.
        new: name of the variant that was chosen, or `kernel-<name>-bias-<name>`, with its
            accuracies on new seeds, and the baseline's.
        curves: by how much to multiply the final accuracy in each epoch; float64 (epochs,).
        losses: final ones by variant and seed; those that are not given follow from accuracies.
        training: final accuracies of the training examples, if others than those of the test.
        dead: shares of dead units after epoch 1 by variant and seed; none if not given.
        alike: variants whose runs start from the same weights.
        examples: how many test examples there are.
        luck: how far the difficulty of an example differs by run, beside a range of 1.
        keys: of the configuration. With another metric than accuracy, errors take the place of
            accuracies: that of CHANCE is the constant answer's, and of 1 there is none.
    """
    base_seeds = len(next(iter(accuracies.values())))
    usual = {"epochs": 5, "seeds": base_seeds, "confirmation_seeds": len(new[1]) if new else 10}
    asked = configured(CHANCE, **{**usual, **keys})
    # Not those of its configuration.
    asked.__dict__["variants"] = {
        name: Variant(name, *(initializer(_part(name, role)) for role in ("kernel", "bias")))
        for name in accuracies
    }
    results = StudyResults("made up")
    chosen = new[0] if new else "baseline"
    given: dict[str, Floats] = {name: np.asarray(one) for name, one in accuracies.items()}
    seeds = {name: np.arange(len(one)) for name, one in given.items()}
    if new:
        fresh = np.array(asked.confirmation)
        given |= {BEST: new[1], "baseline": np.concatenate([given["baseline"], new[2]])}
        seeds |= {BEST: fresh, "baseline": np.concatenate([seeds["baseline"], fresh])}
    given = {name: np.round(one * examples) / examples for name, one in given.items()}
    growth = {name: (curves or {}).get(name, _rise(asked.epochs)) for name in given}
    histories = _histories(given, seeds, growth, training or {}, losses or {})
    if not asked.perfect:
        for name in (asked.metric, asked.val_metric):
            old = name.replace(asked.metric, "accuracy")
            histories[old] = error(histories[old])
        histories = histories.rename(columns=lambda name: name.replace("accuracy", asked.metric))
    last = histories.drop_duplicates(["variant", "seed"], keep="last")
    results.__dict__.update(
        study=asked,
        best={
            f"{role}_initializer": initializer(_part(chosen, role)).plain()
            for role in ("kernel", "bias")
        },
        histories=histories,
        tests=last[["variant", "seed"]].assign(
            **{"test_loss": last["val_loss"], f"test_{asked.metric}": last[asked.val_metric]}
        ),
        timings=last[["variant", "seed"]].assign(epochs=asked.epochs, seconds=1.0),
        by_example={
            name: (correct if asked.perfect else errors)(one, examples, luck, number)
            for number, (name, one) in enumerate(given.items())
        },
        diagnostics=_diagnostics(seeds, asked.epochs, dead or {}, alike),
        interims={},
    )
    if len(asked.analyses) > 1:
        _grow(results)
    return results


def correct(accuracies: Floats, examples: int, luck: float, number: int) -> npt.NDArray[np.bool_]:
    """Which examples are classified correctly: the easiest, but for luck; bool (runs, examples)."""
    generator = np.random.default_rng(number)
    difficulty = np.linspace(0, 1, examples) + generator.normal(
        0, luck, (len(accuracies), examples)
    )
    places = difficulty.argsort(axis=1).argsort(axis=1)
    return places < np.round(np.nan_to_num(accuracies) * examples)[:, None]


def error(accuracies: Any) -> Any:
    """The error that takes the place of an accuracy."""
    return CONSTANT * (1 - accuracies) / (1 - CHANCE)


def errors(accuracies: Floats, examples: int, luck: float, number: int) -> Floats:
    """The error of each example, whose mean is that of the run; float32 (runs, examples)."""
    generator = np.random.default_rng(number)
    own = generator.gamma(1 / luck, luck, (len(accuracies), examples))
    hard = np.random.default_rng(1).exponential(size=examples)
    values = hard * own
    means = error(accuracies)[:, None] / values.mean(axis=1, keepdims=True)
    return (values * means).astype(np.float32)


def _part(name: str, role: str) -> str:
    parts = name.split("-")
    own = dict(zip(parts[::2], parts[1::2], strict=False))
    return own.get(role, {"kernel": "k0", "bias": "b0"}[role])


def _rise(epochs: int) -> Floats:
    """Halves what is missing in each epoch."""
    rise = 1 - 0.5 ** np.arange(1.0, epochs + 1)
    return rise / rise[-1]


def _histories(
    given: Mapping[str, Floats],
    seeds: Mapping[str, npt.NDArray[np.int64]],
    growth: Mapping[str, Floats],
    training: Mapping[str, Floats],
    losses: Mapping[str, Floats],
) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for name, finals in given.items():
        learned = training.get(name, finals)
        lost = losses.get(name, 1.1 - finals)
        for seed, final, seen, loss in zip(seeds[name], finals, learned, lost, strict=True):
            if np.isnan(final):
                rows.append((name, seed, 1, *[np.nan] * 4))
                continue
            for epoch, share in enumerate(growth[name], 1):
                values = (loss + 1 - share, seen * share, loss + 1 - share, final * share)
                rows.append((name, seed, epoch, *values))
    return pd.DataFrame(rows, columns=HISTORIES.names)


def _diagnostics(
    seeds: Mapping[str, npt.NDArray[np.int64]],
    epochs: int,
    dead: Mapping[str, Floats],
    alike: Sequence[str],
) -> pd.DataFrame:
    generator = np.random.default_rng(0)
    rows: list[tuple[Any, ...]] = []
    for name, mine in seeds.items():
        shares = dead.get(name, np.zeros(len(mine)))
        for place, seed in enumerate(mine):
            for epoch in measurement_epochs(epochs):
                for layer in range(1, LAYERS + 1):
                    if name in alike and epoch == 0:
                        values = dict.fromkeys(MEASURES, 0.5)
                    else:
                        drawn = generator.uniform(0.4, 0.6, len(MEASURES))
                        values = dict(zip(MEASURES, drawn, strict=True))
                    late = epoch > 0 and layer < LAYERS and place < len(shares)
                    values |= {"dead_units": shares[place] if late else 0.0, "repeated_units": 0.0}
                    rows.append((name, seed, epoch, layer, "dense", UNITS, *values.values()))
    return pd.DataFrame(rows, columns=DIAGNOSTICS.names)


def _grow(results: StudyResults) -> None:
    """Analyse it, as `scripts/choose.py` does, and drop the runs that were not to be."""
    for seeds in results.study.analyses[:-1]:
        goes_on = decide(results).goes_on()
        results.interims[seeds] = goes_on
        if not goes_on:
            break
    own = {name: results.judged_on(name) for name in results.study.variants}
    new = results.study.confirmation
    for table in ("histories", "tests", "timings", "diagnostics"):
        rows = results.__dict__[table]
        kept = [
            seed in own.get(name, ()) or seed in new
            for name, seed in zip(rows["variant"], rows["seed"], strict=True)
        ]
        results.__dict__[table] = rows[kept].reset_index(drop=True)
    for name, seeds_of in own.items():
        right = results.by_example[name]
        fresh = right[results.study.analyses[-1] :]
        results.by_example[name] = np.concatenate([right[: len(seeds_of)], fresh])
    for derived in ("final", "_finals", "_curves"):
        results.__dict__.pop(derived, None)
