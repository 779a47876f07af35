"""What several studies say together: pure functions over the scores of their replicates.

The scores of a suite are a list with an array for each study, float64 (seeds, variants). Studies
may have different numbers of seeds; the variants are the same in all, and a row is one seed, which
its variants share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from initstudy.analysis import learning_rates
from initstudy.analysis.levels import ALPHA, LEVEL, Floats
from initstudy.analysis.measures import ACCURACY, MEASURES, RESAMPLES, Measure
from initstudy.analysis.pairs import joint_p_values
from initstudy.analysis.statistics import holm, sign_flip_p_value
from initstudy.errors import StudyError
from initstudy.results.suite import RATES, SCORES, TRIALS
from initstudy.suite.catalog import FEWEST_FOR_RANKS

SUMMARY_COLUMNS = [
    "variant",
    "iqm",
    "iqm_ci_low",
    "iqm_ci_high",
    "difference",
    "difference_ci_low",
    "difference_ci_high",
    "p_value_joint",
    "studies_to_tell",
    "mean_rank",
    "first_place",
    "last_place",
    "reached",
    "median_time",
    "mean",
    "worst",
]
PAIR_COLUMNS = ["variant_1", "variant_2", "studies_better", "studies_worse", "p_value", "p_holm"]
KIND_COLUMNS = ["kind", "studies", "variant", "iqm", "difference", "difference_ci_low"]
KIND_COLUMNS += ["difference_ci_high"]
# How many studies it would take is one of these, with that power, by so many resamples.
ENOUGH, POWER, POWER_DRAWS = (5, 10, 15, 20, 30, 40, 60, 100, 200), 0.8, 500
# Means of the same numbers must tie, whatever their last digits, in tables with nine of them, too.
DIGITS = 7
# Of fewer studies of a kind nothing is told.
FEWEST_OF_A_KIND = 2


@dataclass(frozen=True)
class Entry:
    """What a study brings to a suite.

    Attributes:
        study: its name.
        accuracies: final ones, of test images, float64 (seeds, variants).
        epochs_to_target: of the same replicates, on validation images; inf if never.
        epochs: that each of them has.
        chance: share of the most frequent class.
        target: an accuracy that was fixed beforehand.
        kinds: words by which studies are told together.
        rates: of its tuning, `learning_rates.COLUMNS`; None if there was none.
        measure: that its learning rates are chosen by.
    """

    study: str
    accuracies: Floats
    epochs_to_target: Floats
    epochs: int
    chance: float
    target: float
    kinds: Sequence[str] = ()
    rates: pd.DataFrame | None = None
    measure: Measure = ACCURACY

    @property
    def scores(self) -> Floats:
        """See `normalized`.

        Raises:
            StudyError: names the study, if its target says nothing.
        """
        try:
            return normalized(self.accuracies, self.chance, self.target)
        except StudyError as error:
            raise StudyError(f"{self.study}: {error}.") from None

    @property
    def has_budgets(self) -> bool:
        """Whether its learning rates were tried on replicates enough to choose and to judge."""
        return self.rates is not None and len(set(self.rates["seed"])) > 1

    @property
    def times(self) -> Floats:
        """Shares of the epochs until the target was reached; inf where it never was."""
        return self.epochs_to_target / self.epochs


def normalized(accuracies: Floats, chance: float, target: float) -> Floats:
    """Accuracies of one study as scores: 0 is chance, 1 its target.

    So studies count alike, whether their accuracies lie between 90 and 95 % or between 10 and 50 %,
    and a variant's score does not depend on which others take part. Replicates may score above 1
    (better than the target) or below 0 (diverged, or worse than chance).

    Args:
        accuracies: final ones, float64 (seeds, variants).
        chance: share of the most frequent class.
        target: the study's `target_accuracy`, which was fixed beforehand.

    Returns:
        float64 (seeds, variants).

    Raises:
        StudyError: if the target is not above chance.
    """
    if target <= chance:
        raise StudyError(
            f"its target_accuracy of {100 * target:.2f} % is not above chance, {100 * chance:.2f} "
            "%, so that scores from the one to the other mean nothing"
        )
    return (accuracies - chance) / (target - chance)


def iqm(scores: Sequence[Floats]) -> Floats:
    """The interquartile mean of each variant over all replicates of all studies.

    The replicates are pooled, so a study with more seeds counts more.

    Returns:
        float64 (variants,).

    Reference:
        Agarwal, Schwarzer, Castro, Courville and Bellemare, 2021, Deep Reinforcement Learning at
        the Edge of the Statistical Precipice, section 4.3; `aggregate_iqm` of their rliable.
    """
    return np.asarray(stats.trim_mean(np.concatenate(scores), 0.25, axis=0))


def resampled_iqms(scores: Sequence[Floats]) -> Floats:
    """Interquartile means of resamples, from which intervals are read; see `interval`.

    The bootstrap is stratified: in each resample, each study has as many seeds as it has, drawn
    with replacement from its own. All variants have the same seeds in it, since they shared their
    random numbers, so differences between columns are paired.

    Returns:
        float64 (RESAMPLES, variants), always the same for the same scores.

    Reference:
        Agarwal et al., 2021, section 4.1. That seeds are drawn for all variants together is ours;
        theirs are independent.
    """
    pooled, drawn = np.concatenate(scores), _drawn(scores)
    return np.column_stack(
        [stats.trim_mean(column[drawn], 0.25, axis=1) for column in pooled.T]
    ).astype(np.float64)


def interval(resampled: Floats, scores: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Percentile intervals at LEVEL.

    Args:
        resampled: a statistic of the resamples, float64 (RESAMPLES, ...).
        scores: what it is of.

    Returns:
        The lower and the upper bounds, float64 (...); nan if a study has a single seed, whose
        scatter nobody knows. Of five studies with ten seeds, 92 % of the intervals cover the truth
        (tests/unit/test_suite.py), with five seeds 90 %.
    """
    low, high = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    if min(len(study) for study in scores) < 2:
        return np.full_like(low, np.nan), np.full_like(high, np.nan)
    return low, high


def profiles(scores: Sequence[Floats], taus: Floats) -> tuple[Floats, Floats, Floats]:
    """Performance profiles: the share of replicates with a score above tau.

    Args:
        scores: of the suite.
        taus: where to look, float64 (taus,).

    Returns:
        The shares and their pointwise interval, from the same resamples as in `resampled_iqms`,
        each float64 (taus, variants).

    Reference:
        Agarwal et al., 2021, equation 2, and their appendix on pointwise bands.
    """
    pooled, drawn = np.concatenate(scores), _drawn(scores)
    above = (pooled[:, None, :] > taus[:, None]).astype(np.float64)
    counts = np.zeros((len(drawn), len(pooled)))
    np.add.at(counts, (np.arange(len(drawn))[:, None], drawn), 1)
    bounds = [
        interval(counts @ above[:, :, variant] / len(pooled), scores)
        for variant in range(pooled.shape[1])
    ]
    low, high = (np.column_stack(side) for side in zip(*bounds, strict=True))
    return above.mean(axis=0), low, high


def mean_ranks(means: Floats) -> Floats:
    """The rank of each variant, averaged over studies; 1 is the best, ties share their average.

    Args:
        means: mean score by study and variant, float64 (studies, variants).

    Returns:
        float64 (variants,).
    """
    ranks: Floats = stats.rankdata(-means.round(DIGITS), axis=1).mean(axis=0)
    return ranks


@dataclass(frozen=True)
class OverStudies:
    """What the studies, each taken as one observation, tell of variants.

    Attributes:
        friedman: p-value of the hypothesis that all variants rank the same.
        pairs: p-value of each two variants, corrected for the number of pairs, float64 (variants,
            variants).
        table: PAIR_COLUMNS, a row for every two variants.
    """

    friedman: float
    pairs: Floats
    table: pd.DataFrame


def over_studies(variants: Sequence[str], means: Floats) -> OverStudies | None:
    """Friedman's test of all variants, and Wilcoxon's of each pair with Holm's correction.

    The pairs are tested by signed ranks and not, as Nemenyi does, by mean ranks: these need more
    studies, and whether two variants differ would depend on the others.

    Args:
        variants: their names.
        means: mean score by study and variant, float64 (studies, variants).

    Returns:
        The tests, or None with fewer than FEWEST_FOR_RANKS studies or variants.

    Reference:
        Demsar, 2006, Statistical Comparisons of Classifiers over Multiple Data Sets, Journal of
        Machine Learning Research 7, sections 3.1.3 and 3.2.2; Benavoli, Corani and Mangili, 2016,
        Should We Really Use Post-Hoc Tests Based on Mean-Ranks?, there 17.
    """
    studies, count = means.shape
    if min(studies, count) < FEWEST_FOR_RANKS:
        return None
    tied = means.round(DIGITS)
    places = [(i, j) for i in range(count) for j in range(i + 1, count)]
    signed_ranks = MEASURES["loss"].tested
    p_values = [sign_flip_p_value(signed_ranks(tied[:, i] - tied[:, j])) for i, j in places]
    corrected = holm(p_values)
    pairs = np.ones((count, count))
    for (i, j), p_value in zip(places, corrected, strict=True):
        pairs[i, j] = pairs[j, i] = p_value
    table = pd.DataFrame(
        [
            (
                *(variants[i], variants[j]),
                int((tied[:, i] > tied[:, j]).sum()),
                int((tied[:, i] < tied[:, j]).sum()),
                *(p_value, adjusted),
            )
            for (i, j), p_value, adjusted in zip(places, p_values, corrected, strict=True)
        ],
        columns=PAIR_COLUMNS,
    )
    # Where all tie everywhere there is nothing to divide by, and no difference.
    differ = bool(np.ptp(tied, axis=1).any())
    friedman = float(stats.friedmanchisquare(*tied.T).pvalue) if differ else 1.0
    return OverStudies(friedman, pairs, table)


def against_baseline(means: Floats, base: int) -> tuple[Floats, Floats]:
    """Each variant against the baseline, each study being one observation.

    This is what a suite is planned to compare. The signed ranks of all of them change their signs
    together, study by study, so that the correction for their number knows how they hang together
    (`pairs.joint_p_values`).

    Args:
        means: mean score by study and variant, float64 (studies, variants).
        base: which one is the baseline.

    Returns:
        The corrected p-value of each variant, and how many studies like these it would take to tell
        it from the baseline in 80 % of suites (of ENOUGH; inf if not by the last of them), by
        resamples of the studies and Wilcoxon's test with Bonferroni's correction; each float64
        (variants,), nan for the baseline.
    """
    others = [index for index in range(means.shape[1]) if index != base]
    found = (means[:, others] - means[:, [base]]).round(DIGITS)
    p_values, needed = np.full((2, means.shape[1]), np.nan)
    p_values[others] = joint_p_values(MEASURES["loss"].tested(found))
    generator = np.random.default_rng(0)
    for index, differences in zip(others, found.T, strict=True):
        needed[index] = np.inf
        for studies in ENOUGH if differences.any() else ():
            drawn = differences[generator.integers(len(differences), size=(POWER_DRAWS, studies))]
            tested = stats.wilcoxon(drawn, axis=1, method="approx", zero_method="zsplit")
            if np.mean(tested.pvalue < ALPHA / len(others)) >= POWER:
                needed[index] = studies
                break
    return p_values, needed


def places_without(scores: Sequence[Floats]) -> npt.NDArray[np.int64]:
    """The place of each variant by its interquartile mean, from 1, if one study is left out.

    Returns:
        int64 (studies, variants); of all studies, if there is only one.
    """
    if len(scores) == 1:
        return _places(scores)[None]
    return np.array(
        [_places([*scores[:left_out], *scores[left_out + 1 :]]) for left_out in range(len(scores))]
    )


def _places(scores: Sequence[Floats]) -> npt.NDArray[np.int64]:
    return np.asarray(stats.rankdata(-iqm(scores).round(DIGITS), method="min"), dtype=np.int64)


def study_means(scores: Sequence[Floats]) -> Floats:
    """Mean scores, float64 (studies, variants)."""
    return np.array([study.mean(axis=0) for study in scores])


def summarize(
    variants: Sequence[str], scores: Sequence[Floats], times: Sequence[Floats]
) -> pd.DataFrame:
    """A row for each variant, from the best interquartile mean to the worst.

    Args:
        variants: their names, `baseline` among them.
        scores: of the suite.
        times: likewise, see `Entry.times`.

    Returns:
        SUMMARY_COLUMNS. The difference is that of the interquartile means from the baseline's, nan
        for the baseline itself; for the p-values and the studies see `against_baseline`. The places
        are the first and the last that it has if one study is left out. `reached` is the mean over
        studies of the share of replicates that reach the target, `median_time` the median over
        studies of the median share of the epochs that they take, inf if most never do. `mean` and
        `worst` are those of its mean scores in the studies, of which the interquartile mean may
        leave out all of one.
    """
    base = list(variants).index("baseline")
    means, resampled = iqm(scores), resampled_iqms(scores)
    low, high = interval(resampled, scores)
    difference_low, difference_high = interval(resampled - resampled[:, [base]], scores)
    places = places_without(scores)
    p_values, needed = against_baseline(study_means(scores), base)
    # Of an even number the lower one of the two in the middle, since there is nothing between a
    # number and inf.
    middle = partial(np.quantile, q=0.5, axis=0, method="lower")
    summary = pd.DataFrame(
        {
            "variant": list(variants),
            "iqm": means,
            "iqm_ci_low": low,
            "iqm_ci_high": high,
            "difference": means - means[base],
            "difference_ci_low": difference_low,
            "difference_ci_high": difference_high,
            "p_value_joint": p_values,
            "studies_to_tell": needed,
            "mean_rank": mean_ranks(study_means(scores)),
            "first_place": places.min(axis=0),
            "last_place": places.max(axis=0),
            "reached": np.mean([np.isfinite(study).mean(axis=0) for study in times], axis=0),
            "median_time": middle(np.array([middle(study) for study in times])),
            "mean": study_means(scores).mean(axis=0),
            "worst": study_means(scores).min(axis=0),
        },
        columns=SUMMARY_COLUMNS,
    )
    summary.loc[base, ["difference", "difference_ci_low", "difference_ci_high"]] = np.nan
    return summary.sort_values("iqm", ascending=False, kind="stable", ignore_index=True)


def by_kind(
    variants: Sequence[str], scores: Sequence[Floats], kinds: Sequence[Sequence[str]]
) -> pd.DataFrame:
    """Interquartile means over the studies of each kind that FEWEST_OF_A_KIND or more are of.

    Args:
        variants: their names, `baseline` among them.
        scores: of the suite.
        kinds: of each study.

    Returns:
        KIND_COLUMNS, a row for each kind and variant; nan for the difference of the baseline.
    """
    base = list(variants).index("baseline")
    tables = []
    for kind in dict.fromkeys(word for words in kinds for word in words):
        own = [study for study, words in zip(scores, kinds, strict=True) if kind in words]
        if len(own) < FEWEST_OF_A_KIND or len(own) == len(scores):
            continue
        means, resampled = iqm(own), resampled_iqms(own)
        low, high = interval(resampled - resampled[:, [base]], own)
        columns = [[kind] * len(means), [len(own)] * len(means), list(variants), means]
        found = pd.DataFrame(
            dict(zip(KIND_COLUMNS, [*columns, means - means[base], low, high], strict=True))
        )
        found.loc[base, ["difference", "difference_ci_low", "difference_ci_high"]] = np.nan
        tables.append(found)
    if not tables:
        return pd.DataFrame(columns=KIND_COLUMNS)
    return pd.concat(tables, ignore_index=True)


def chosen_rates(entries: Sequence[Entry], variants: Sequence[str]) -> pd.DataFrame:
    """The learning rate that was chosen for each variant in each study that tuned it.

    Returns:
        RATES; at_edge tells that it is the lowest or the highest that was tried, so that one
        beyond might have been better.
    """
    rows = []
    for entry in entries:
        if entry.rates is None:
            continue
        chosen = learning_rates.choose(entry.rates, entry.measure)
        tried = sorted(entry.rates["learning_rate"].unique())
        rows += [
            (
                entry.study,
                name,
                chosen[name],
                tried[0],
                tried[-1],
                chosen[name] in tried[:: len(tried) - 1 or 1],
            )
            for name in variants
        ]
    return pd.DataFrame(rows, columns=RATES)


def budgets(entries: Sequence[Entry], variants: Sequence[str]) -> pd.DataFrame:
    """The mean score of each variant over studies, by how many learning rates are tried.

    Args:
        entries: of the studies; those without budgets (`Entry.has_budgets`) are passed over.
        variants: their names.

    Returns:
        A row per variant and a column for each number of rates that all of these studies tried, or
        no column. The scores are of validation images, see `learning_rates.by_budget`.
    """
    found = []
    for entry in entries:
        if entry.rates is None or not entry.has_budgets:
            continue
        # Whatever they are chosen by, scores are of accuracies; who diverged has none.
        table = entry.rates.assign(judged=entry.rates["val_accuracy"].fillna(0.0))
        accuracies = learning_rates.by_budget(table).loc[list(variants)]
        found.append(
            pd.DataFrame(
                normalized(accuracies.to_numpy(), entry.chance, entry.target),
                accuracies.index,
                accuracies.columns,
            )
        )
    if not found:
        return pd.DataFrame(index=list(variants))
    fewest = min(table.shape[1] for table in found)
    stacked = np.array([table.to_numpy()[:, :fewest] for table in found])
    return pd.DataFrame(stacked.mean(axis=0), list(variants), range(1, fewest + 1))


@dataclass(frozen=True)
class Findings:
    """What a suite found.

    Attributes:
        entries: what its studies brought to it, their variants in the order of the summary.
        scores: what `normalized` makes of their accuracies.
        summary: see `summarize`; its order is that of the variants everywhere in here.
        tests: see `over_studies`.
        kinds: see `by_kind`.
        rates: see `chosen_rates`.
        budgets: see `budgets`.
        left_out: why variants are not compared, by name.
    """

    entries: Sequence[Entry]
    scores: Sequence[Floats]
    summary: pd.DataFrame
    tests: OverStudies | None
    kinds: pd.DataFrame
    rates: pd.DataFrame
    budgets: pd.DataFrame
    left_out: Mapping[str, str]

    @property
    def studies(self) -> list[str]:
        """Their names."""
        return [entry.study for entry in self.entries]

    @property
    def times(self) -> list[Floats]:
        """See `Entry.times`."""
        return [entry.times for entry in self.entries]

    @property
    def pairs(self) -> pd.DataFrame:
        """PAIR_COLUMNS, a row for every two variants; none if there are no tests."""
        return pd.DataFrame(columns=PAIR_COLUMNS) if self.tests is None else self.tests.table

    @property
    def tuned(self) -> list[str]:
        """The studies whose learning rates were chosen."""
        return list(dict.fromkeys(self.rates["study"]))

    @property
    def size(self) -> tuple[int, int, int]:
        """How many studies and variants there are, and of how many studies the budgets are."""
        budgeted = sum(entry.has_budgets for entry in self.entries)
        return len(self.entries), len(self.variants), budgeted

    @property
    def variants(self) -> list[str]:
        """Their names, from the best to the worst."""
        return list(self.summary["variant"])

    @property
    def means(self) -> Floats:
        """Mean scores, float64 (studies, variants)."""
        return study_means(self.scores)

    @property
    def counts(self) -> str:
        """How much there is of everything, for the axes of figures."""
        replicates = sum(len(study) for study in self.scores)
        number = len(self.studies)
        return f"n = {replicates} replicates of {number} {'study' if number == 1 else 'studies'}"


def find(
    variants: Sequence[str], entries: Sequence[Entry], left_out: Mapping[str, str]
) -> Findings:
    """Everything that the replicates of a suite's studies tell.

    Args:
        variants: names of those that are compared, `baseline` among them.
        entries: of the studies.
        left_out: why others are not compared, by name.

    Raises:
        StudyError: if the target of a study is not above chance.
    """
    scores = [entry.scores for entry in entries]
    summary = summarize(variants, scores, [entry.times for entry in entries])
    names = list(summary["variant"])
    order = [list(variants).index(name) for name in names]
    ordered = [study[:, order] for study in scores]
    sorted_entries = [
        replace(
            entry,
            accuracies=entry.accuracies[:, order],
            epochs_to_target=entry.epochs_to_target[:, order],
        )
        for entry in entries
    ]
    return Findings(
        entries=sorted_entries,
        scores=ordered,
        summary=summary,
        tests=over_studies(names, study_means(ordered)),
        kinds=by_kind(names, ordered, [entry.kinds for entry in entries]),
        rates=chosen_rates(entries, names),
        budgets=budgets(entries, names),
        left_out=left_out,
    )


def score_table(findings: Findings) -> pd.DataFrame:
    """SCORES: a row for each replicate."""
    return pd.DataFrame(
        [
            (
                *(entry.study, variant, seed, entry.accuracies[seed, column]),
                *(scores[seed, column], entry.epochs_to_target[seed, column]),
            )
            for entry, scores in zip(findings.entries, findings.scores, strict=True)
            for column, variant in enumerate(findings.variants)
            for seed in range(len(scores))
        ],
        columns=SCORES,
    )


def trials_table(findings: Findings) -> pd.DataFrame:
    """TRIALS: a row for each replicate that a learning rate was tried on."""
    tables = [
        entry.rates[entry.rates["variant"].isin(findings.variants)].assign(study=entry.study)
        for entry in findings.entries
        if entry.rates is not None
    ]
    return pd.concat([pd.DataFrame(columns=TRIALS), *tables])[TRIALS]


def _drawn(scores: Sequence[Floats]) -> npt.NDArray[np.intp]:
    """Rows of the pooled scores, (RESAMPLES, replicates): as many of each study as it has."""
    generator = np.random.default_rng(0)
    drawn, start = [], 0
    for study in scores:
        drawn.append(start + generator.integers(len(study), size=(RESAMPLES, len(study))))
        start += len(study)
    return np.concatenate(drawn, axis=1)
