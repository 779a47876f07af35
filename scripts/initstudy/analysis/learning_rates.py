"""The learning rate of each variant: what it reached at which, and the best.

An initializer that is compared at another's best learning rate is not compared: Choi, Shallue,
Nado, Lee, Maddison and Dahl, 2019, On Empirical Comparisons of Optimizers for Deep Learning;
Schmidt, Schneider and Hennig, 2021, Descending through a Crowded Valley.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import special

from initstudy.analysis.comparisons import moderate
from initstudy.analysis.levels import Floats
from initstudy.analysis.measures import Measure, differences, mean
from initstudy.results import histories, tables
from initstudy.results.contracts import HISTORIES
from initstudy.results.dictionary import STUDY_TABLES
from initstudy.results.jobs import Runs
from initstudy.results.scores import scored, sign_of
from initstudy.study import Study

TABLE = STUDY_TABLES["learning_rates.csv"]
COLUMNS = TABLE.names


def collect(study: Study, runs: Runs) -> pd.DataFrame:
    """Collect the runs that learning rates are chosen on.

    Args:
        study: that they belong to.
        runs: their histories, with their variants and learning rates.

    Returns:
        COLUMNS, a row per run, by variant, learning rate and seed in the order in which these are
        given; a diverged run has nan for loss and accuracy. `judged` is the primary metric on the
        validation examples.

    Raises:
        StudyError: see `results.tables.collect`.
    """
    parts = []
    for rate, mine in runs.by("learning_rate"):
        contract = HISTORIES.measured(study.metric)
        table = tables.collect(mine.jobs, contract, study.epochs).frame
        last = table.drop_duplicates(["variant", "seed"], keep="last").reset_index(drop=True)
        scores = scored(histories.final(table, study), table, study)["score"]
        found = last.assign(learning_rate=rate, judged=sign_of(study) * scores)
        parts.append(found[TABLE.measured(study.metric).names])
    place = {name: number for number, name in enumerate(dict.fromkeys(one for one, _ in runs.jobs))}
    return pd.concat(parts).sort_values(
        "variant", key=lambda names: names.map(place), kind="stable", ignore_index=True
    )


def read(path: str | Path, metric: str) -> pd.DataFrame:
    """Read the table of one or many variants: COLUMNS, with the metric in the place of accuracy.

    Raises:
        StudyError: names the file, the line and what is wrong there.
    """
    return tables.read(path, TABLE.measured(metric))


def means(table: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """Return the mean, or median, of the primary metric at each learning rate.

    Args:
        table: COLUMNS.
        measure: the primary metric.

    Returns:
        A row per variant and a column per learning rate, both in the table's order.
    """

    def middle(values: pd.Series) -> float:
        return measure.sign * measure.center(measure.sign * values.to_numpy())

    return table.pivot_table(
        index="variant", columns="learning_rate", values="judged", aggfunc=middle, sort=False
    )


def chosen(means: pd.DataFrame, measure: Measure) -> pd.Series:
    """Return the best learning rate of each variant, the first of equal ones; see `means`."""
    scores = measure.sign * means.round(9)
    # Pandas would pass over infinite ones.
    return pd.Series(means.columns.to_numpy()[scores.to_numpy().argmax(axis=1)], means.index)


def choose(table: pd.DataFrame, measure: Measure) -> dict[str, float]:
    """Return the learning rate at which each variant does best; see `means` and `chosen`."""
    best = chosen(means(table, measure), measure)
    return {str(variant): float(rate) for variant, rate in best.items()}


def _scores(table: pd.DataFrame, measure: Measure) -> Iterator[tuple[str, Floats]]:
    """Return the scores of each variant by learning rate and seed: float64 (rates, seeds)."""
    for variant, mine in table.groupby("variant", sort=False):
        values = mine.pivot_table(
            index="learning_rate", columns="seed", values="judged", sort=False, dropna=False
        )
        yield str(variant), measure.sign * values.to_numpy()


def within_two_errors(table: pd.DataFrame, measure: Measure) -> list[str]:
    """Name the variants whose best rate leads the next best by less than two standard errors.

    They are compared seed by seed. The variance of a variant's comparison is moderated by that of
    all others (`comparisons.moderate`), but not below its own, which the others must not hide.
    Where scores are infinite, the best rate leads if it is ahead on every seed.

    Args:
        table: COLUMNS.
        measure: the primary metric.
    """
    leads: dict[str, Floats] = {}
    for variant, scores in _scores(table, measure):
        centers = np.array([measure.center(row) for row in scores]).round(9)
        best, *others = np.argsort(-centers, kind="stable")
        if others:
            leads[variant] = differences(scores[best], scores[others[0]])
    seeds = min((len(lead) for lead in leads.values()), default=0)
    if seeds < 2:
        return []
    finite = [name for name, lead in leads.items() if np.isfinite(lead).all()]
    variances = np.array([np.sort(leads[name]).var(ddof=1) for name in finite])
    moderated, _ = moderate(variances, seeds - 1, len(finite))
    errors = dict(zip(finite, np.sqrt(np.maximum(moderated, variances) / seeds), strict=True))
    return [
        name
        for name, lead in leads.items()
        if (mean(lead) <= 2 * errors[name] if name in errors else not (lead > 0).all())
    ]


def by_budget(table: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """Return what each variant reaches if only so many of the learning rates are tried.

    So many are drawn from those of the table, and the best of them is taken; the mean is over all
    ways to draw them. The rate is chosen on all seeds but one and judged on that one, in the mean
    over the seeds: so nothing is judged on what it was chosen by.

    Args:
        table: COLUMNS, of two seeds or more.
        measure: the primary metric, whose values are finite.

    Returns:
        A row per variant in the table's order, and a column for each number of rates, from 1 to
        all of them.

    Reference:
        Dodge, Gururangan, Card, Schwartz and Smith, 2019, Show Your Work: Improved Reporting of
        Experimental Results, section 3, without replacement. That rankings turn over with the
        budget: Choi et al., 2019; Schmidt et al., 2021.
    """
    rows = {}
    for variant, scores in _scores(table, measure):
        rates, seeds = scores.shape
        left_out = []
        for seed in range(seeds):
            others = np.delete(scores, seed, axis=1).mean(axis=1)
            order = np.argsort(-others, kind="stable")
            left_out.append(_best_of(rates) @ scores[order, seed])
        rows[variant] = measure.sign * np.mean(left_out, axis=0)
    return pd.DataFrame.from_dict(rows, orient="index", columns=range(1, rates + 1))


def _best_of(rates: int) -> Floats:
    """How probable it is that the n-th best of all is the best of so many that are drawn.

    Returns:
        float64 (numbers that are drawn, from 1; rates from the best).
    """
    places, drawn = np.arange(rates), np.arange(1, rates + 1)[:, None]
    return np.asarray(special.comb(rates - 1 - places, drawn - 1) / special.comb(rates, drawn))
