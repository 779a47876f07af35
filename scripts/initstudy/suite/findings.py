"""What several studies say together: pure functions over the scores of their replicates.

The scores of a suite are a list with an array for each study, float64 (seeds, variants). Studies
may have different numbers of seeds; the variants are the same in all, and a row is one seed, which
its variants share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import scikit_posthocs
from scipy import stats

from initstudy.analysis.levels import ALPHA, LEVEL, Floats
from initstudy.analysis.measures import RESAMPLES
from initstudy.errors import StudyError
from initstudy.suite.catalog import FEWEST_FOR_RANKS

SUMMARY_COLUMNS = [
    "variant",
    "iqm",
    "iqm_ci_low",
    "iqm_ci_high",
    "difference",
    "difference_ci_low",
    "difference_ci_high",
    "mean_rank",
]


def normalized(accuracies: Floats, chance: float) -> Floats:
    """Accuracies of one study as scores: 0 is chance, 1 the best mean of any of its variants.

    So studies count alike, whether their accuracies lie between 90 and 95 % or between 10 and 50 %.
    What it costs: the score of a variant depends on which others it is compared with, single
    replicates may score above 1 (better than the best mean) or below 0 (diverged, or worse than
    chance), and where all variants do equally well a small difference stays small.

    Args:
        accuracies: final ones, float64 (seeds, variants).
        chance: share of the most frequent class.

    Returns:
        float64 (seeds, variants).

    Raises:
        StudyError: if no variant's mean is above chance.
    """
    best = float(accuracies.mean(axis=0).max())
    if best <= chance:
        raise StudyError(
            f"no variant has a mean final accuracy above chance ({100 * chance:.2f} %; the best "
            f"has {100 * best:.2f} %), so there is nothing to compare"
        )
    return (accuracies - chance) / (best - chance)


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
    # Means of the same numbers must tie, whatever their last digits.
    ranks: Floats = stats.rankdata(-means.round(9), axis=1).mean(axis=0)
    return ranks


def critical_difference(studies: int, variants: int) -> float:
    """How far the mean ranks of two variants must be apart to be told apart, by Nemenyi's test.

    Reference:
        Demsar, 2006, Statistical Comparisons of Classifiers over Multiple Data Sets, Journal of
        Machine Learning Research 7, section 3.2.2: CD = q sqrt(k (k + 1) / (6 N)), with the q of
        its table 5, which are quantiles of the Studentized range divided by the root of 2.
    """
    q = float(stats.studentized_range.ppf(1 - ALPHA, variants, np.inf)) / np.sqrt(2)
    return float(q * np.sqrt(variants * (variants + 1) / (6 * studies)))


@dataclass(frozen=True)
class RankTests:
    """What ranks tell of variants over studies.

    Attributes:
        friedman: p-value of the hypothesis that all variants rank the same.
        nemenyi: p-value for each pair of variants, float64 (variants, variants).
        critical_difference: see the function of that name.
    """

    friedman: float
    nemenyi: Floats
    critical_difference: float


def rank_tests(means: Floats) -> RankTests | None:
    """Friedman's test of all variants, and Nemenyi's of each pair.

    Args:
        means: mean score by study and variant, float64 (studies, variants).

    Returns:
        The tests, or None with fewer than FEWEST_FOR_RANKS studies or variants.

    Reference:
        Demsar, 2006, section 3.2.2.
    """
    studies, variants = means.shape
    if min(studies, variants) < FEWEST_FOR_RANKS:
        return None
    tied = means.round(9)
    # Where all tie everywhere there is nothing to divide by, and no difference.
    differ = bool(np.ptp(tied, axis=1).any())
    return RankTests(
        friedman=float(stats.friedmanchisquare(*tied.T).pvalue) if differ else 1.0,
        nemenyi=scikit_posthocs.posthoc_nemenyi_friedman(tied).to_numpy(dtype=np.float64),
        critical_difference=critical_difference(studies, variants),
    )


def study_means(scores: Sequence[Floats]) -> Floats:
    """Mean scores, float64 (studies, variants)."""
    return np.array([study.mean(axis=0) for study in scores])


def summarize(variants: Sequence[str], scores: Sequence[Floats]) -> pd.DataFrame:
    """A row for each variant, from the best interquartile mean to the worst.

    Args:
        variants: their names, `baseline` among them.
        scores: of the suite.

    Returns:
        SUMMARY_COLUMNS. The difference is that of the interquartile means from the baseline's, nan
        for the baseline itself.
    """
    base = list(variants).index("baseline")
    means, resampled = iqm(scores), resampled_iqms(scores)
    low, high = interval(resampled, scores)
    difference_low, difference_high = interval(resampled - resampled[:, [base]], scores)
    summary = pd.DataFrame(
        {
            "variant": list(variants),
            "iqm": means,
            "iqm_ci_low": low,
            "iqm_ci_high": high,
            "difference": means - means[base],
            "difference_ci_low": difference_low,
            "difference_ci_high": difference_high,
            "mean_rank": mean_ranks(study_means(scores)),
        },
        columns=SUMMARY_COLUMNS,
    )
    summary.loc[base, ["difference", "difference_ci_low", "difference_ci_high"]] = np.nan
    return summary.sort_values("iqm", ascending=False, kind="stable", ignore_index=True)


@dataclass(frozen=True)
class Findings:
    """What a suite found.

    Attributes:
        studies: their names.
        accuracies: final ones of each study, float64 (seeds, variants).
        scores: what `normalized` makes of them.
        summary: see `summarize`; its order is that of the variants everywhere in here.
        tests: see `rank_tests`.
        left_out: why variants are not compared, by name.
    """

    studies: Sequence[str]
    accuracies: Sequence[Floats]
    scores: Sequence[Floats]
    summary: pd.DataFrame
    tests: RankTests | None
    left_out: Mapping[str, str]

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
    variants: Sequence[str],
    accuracies: Mapping[str, Floats],
    chances: Mapping[str, float],
    left_out: Mapping[str, str],
) -> Findings:
    """Everything that the accuracies of a suite's studies tell.

    Args:
        variants: names of those that are compared, `baseline` among them.
        accuracies: final ones of each study, by its name, float64 (seeds, variants).
        chances: share of the most frequent class in each study.
        left_out: why others are not compared, by name.

    Raises:
        StudyError: if in one of the studies no variant learned.
    """
    scores = []
    for study, values in accuracies.items():
        try:
            scores.append(normalized(values, chances[study]))
        except StudyError as error:
            raise StudyError(f"{study}: {error}.") from None
    summary = summarize(variants, scores)
    order = [list(variants).index(name) for name in summary["variant"]]
    ordered = [study[:, order] for study in scores]
    return Findings(
        studies=list(accuracies),
        accuracies=[study[:, order] for study in accuracies.values()],
        scores=ordered,
        summary=summary,
        tests=rank_tests(study_means(ordered)),
        left_out=left_out,
    )


def score_table(findings: Findings) -> pd.DataFrame:
    """The accuracy and the score of each replicate: study, variant, seed, accuracy, score."""
    return pd.DataFrame(
        [
            (study, variant, seed, accuracies[seed, column], scores[seed, column])
            for study, accuracies, scores in zip(
                findings.studies, findings.accuracies, findings.scores, strict=True
            )
            for column, variant in enumerate(findings.variants)
            for seed in range(len(scores))
        ],
        columns=["study", "variant", "seed", "accuracy", "score"],
    )


def _drawn(scores: Sequence[Floats]) -> npt.NDArray[np.intp]:
    """Rows of the pooled scores, (RESAMPLES, replicates): as many of each study as it has."""
    generator = np.random.default_rng(0)
    drawn, start = [], 0
    for study in scores:
        drawn.append(start + generator.integers(len(study), size=(RESAMPLES, len(study))))
        start += len(study)
    return np.concatenate(drawn, axis=1)
