"""Which pair of initializers is chosen, to be run again on new seeds."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from initstudy.analysis.measures import ACCURACY, Measure
from initstudy.config.initializers import Variant
from initstudy.results import histories


def choose_pair(
    final: pd.DataFrame,
    variants: Mapping[str, Variant],
    seeds: range | None = None,
    measure: Measure = ACCURACY,
) -> dict[str, Any]:
    """Return the kernel and the bias initializer with the best mean of what they are judged by.

    First the two are chosen apart: the kernel initializer among the variants that differ from the
    baseline in it alone, the bias initializer in the same way, the baseline's own among the
    candidates of both. In a one-factor design, which has not tried them together, that is the
    choice. But if they were, all pairs that were are compared, and the best of them is chosen. Of
    equal ones the first wins, and the baseline's is the first.

    Args:
        final: see `scores.scored`, of the validation images.
        variants: by name; the first is `baseline`.
        seeds: the replicates to choose on; None for all, among the variants that have most of them,
            since those that did not go on to the last look are not the best.
        measure: of which the scores are.

    Returns:
        What best.yaml holds: the two initializers, the seeds, and the mean (or median) of every
        candidate.

    Raises:
        StudyError: if a replicate is missing.
    """
    pairs = {name: (one.kernel, one.bias) for name, one in variants.items()}
    kernel, bias = pairs["baseline"]
    finals = histories.by_variant(final)
    tried = list(pairs.values())
    if seeds is None:
        seeds = range(max(len(rows) for rows in finals.values()))
        pairs = {name: pair for name, pair in pairs.items() if len(finals[name]) == len(seeds)}
    means = {
        name: round(measure.center(histories.accuracies(finals, name, seeds, "score")), 9)
        for name in pairs
    }
    kernels = {name: means[name] for name, pair in pairs.items() if pair[1] == bias}
    biases = {name: means[name] for name, pair in pairs.items() if pair[0] == kernel}
    others = {name: means[name] for name in pairs if name not in kernels and name not in biases}

    def shown(score: float) -> float:
        return measure.shown(score)[0]

    chosen = pairs[_highest(kernels)][0], pairs[_highest(biases)][1]
    if chosen in tried:
        chosen = pairs[_highest(means)]
    return {
        "kernel_initializer": chosen[0].plain(),
        "bias_initializer": chosen[1].plain(),
        "chosen_on": {
            "seeds": [seeds[0], seeds[-1]],
            f"{measure.middle}_{measure.file_key}": {
                "kernel": {pairs[name][0].name: shown(mean) for name, mean in kernels.items()},
                "bias": {pairs[name][1].name: shown(mean) for name, mean in biases.items()},
                **({"other_pairs": {n: shown(m) for n, m in others.items()}} if others else {}),
            },
        },
    }


def _highest(means: Mapping[str, float]) -> str:
    return max(means, key=means.__getitem__)
