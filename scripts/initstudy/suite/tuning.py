"""The learning rates of a suite: what was chosen, how surely, and what fewer tries are worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from initstudy.analysis import learning_rates
from initstudy.suite.entry import Entry, normalized


@dataclass(frozen=True)
class Rate:
    """The learning rate that was chosen for a variant in a study.

    Attributes:
        study: in which.
        variant: for which.
        learning_rate: that was chosen.
        lowest, highest: that were tried.
        within_two_errors: whether the next best one is within two standard errors of it, so that
            other seeds might have chosen another.
    """

    study: str
    variant: str
    learning_rate: float
    lowest: float
    highest: float
    within_two_errors: bool

    @property
    def at_edge(self) -> bool:
        """Whether it is the lowest or the highest one, so that one beyond might be better."""
        return self.learning_rate in (self.lowest, self.highest)


def chosen_rates(entries: Sequence[Entry], variants: Sequence[str]) -> list[Rate]:
    """Find the learning rate of each variant in each study that tuned it.

    Args:
        entries: of the studies; those without tuning are passed over.
        variants: their names.
    """
    found = []
    for entry in entries:
        if entry.rates is None:
            continue
        measure = entry.workload.measure
        chosen = learning_rates.choose(entry.rates, measure)
        unsure = learning_rates.within_two_errors(entry.rates, measure)
        tried = sorted(map(float, entry.rates["learning_rate"].unique()))
        found += [
            Rate(entry.workload.study, name, chosen[name], tried[0], tried[-1], name in unsure)
            for name in variants
        ]
    return found


def budgets(entries: Sequence[Entry], variants: Sequence[str]) -> Mapping[str, Sequence[float]]:
    """Find the mean score of each variant over studies by how many learning rates are tried.

    Args:
        entries: of the studies; those without budgets (`Entry.has_budgets`) are passed over.
        variants: their names.

    Returns:
        For each variant a score for each number of rates that all of these studies tried, from 1;
        nothing without such studies. The scores are of validation examples, see
        `learning_rates.by_budget`.
    """
    found = []
    for entry in entries:
        if entry.rates is None or not entry.has_budgets:
            continue
        # Whatever they are chosen by, scores are of accuracies; what diverged has none.
        table = entry.rates.assign(judged=entry.rates["val_accuracy"].fillna(0.0))
        accuracies = learning_rates.by_budget(table).loc[list(variants)].to_numpy()
        found.append(normalized(accuracies, entry.workload.chance, entry.workload.target))
    if not found:
        return {}
    fewest = min(table.shape[1] for table in found)
    means = np.mean([table[:, :fewest] for table in found], axis=0)
    return {name: row.tolist() for name, row in zip(variants, means, strict=True)}
