"""What replicates say of variants: pure functions over arrays, and the summary of a study."""

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from initstudy.analysis.evidence import Evidence, find
from initstudy.analysis.images import crossed
from initstudy.analysis.levels import ALPHA, Floats
from initstudy.analysis.measures import ACCURACY, Measure, differences, mean_interval
from initstudy.analysis.pairs import all_pairs, joint_p_values, may_be_best
from initstudy.analysis.power import FEWEST_FOR_SCATTER, level_of, seeds_to_tell
from initstudy.results import histories
from initstudy.results.scores import scored
from initstudy.study.description import MOST_COMPARED

# What may be said of two variants.
DECISIONS = BETTER, WORSE, EQUIVALENT, UNDECIDED = (
    "better",
    "worse",
    "no difference that matters",
    "undecided",
)
# Up to here all sign flips are counted, above they are sampled, so many in so many parts.
MOST_FOR_EXACT = 20
SAMPLES, PARTS = 100_000, 10
# Samples of more seeds take more memory than is worth keeping.
MOST_KEPT = 64

# Of how many seeds it would take, with the least and the largest likely scatter.
BOUNDS = ("_low", "_high")
PAIR_COLUMNS = [
    "variant",
    "other",
    "difference",
    "difference_ci_low",
    "difference_ci_high",
    "p_value",
    "p_value_joint",
    "p_value_equivalent",
    "p_value_equivalent_holm",
    "decision",
]
SUMMARY_COLUMNS = [
    "variant",
    "kernel_initializer",
    "bias_initializer",
    "seeds",
    "diverged",
    "not_learned",
    "accuracy_mean",
    "accuracy_ci_low",
    "accuracy_ci_high",
    "judged_by",
    "judged",
    "judged_ci_low",
    "judged_ci_high",
    "accuracy_sd",
    "accuracy_median",
    "accuracy_iqm",
    "accuracy_min",
    "accuracy_max",
    "area_under_curve",
    "epochs_to_target",
    "never_reached_target",
    "loss_mean",
    "seconds_per_epoch",
    "difference",
    "difference_ci_low",
    "difference_ci_high",
    "p_value",
    "p_value_holm",
    "probability_of_improvement",
    "ties",
    "selection_difference",
    "notebook_accuracy",
    "notebook_loss",
    "p_value_equivalent",
    "p_value_equivalent_holm",
    "decision",
    "told_of_seeds",
    "p_value_best",
    "collapsed",
    "collapsed_mean",
    "training_accuracy_mean",
    "draws_nothing",
    "difference_other_images_ci_low",
    "difference_other_images_ci_high",
    "difference_variance_by_seeds",
    "difference_variance_by_images",
    *(f"seeds_for_{what}{end}" for what in ("difference", "margin") for end in ("", *BOUNDS)),
]


def interquartile_mean(values: Floats) -> float:
    """The mean of the middle half of the values.

    A quarter of them, rounded down, is cut off at either end: more robust than the mean, more
    efficient than the median.

    Args:
        values: float64 (n,).

    Reference:
        Agarwal, Schwarzer, Castro, Courville and Bellemare, 2021, Deep Reinforcement Learning at
        the Edge of the Statistical Precipice, section 4.3.
    """
    return float(stats.trim_mean(values, 0.25))


def sign_flip_p_value(differences: Floats) -> float:
    """The two-sided p-value of the hypothesis that paired differences are symmetric about zero.

    If a variant and the baseline are exchangeable within each seed, each difference might as well
    have had the other sign. The p-value is the share of all 2^n ways to give signs whose mean is at
    least as far from zero as the observed one: exact up to n = 20, above from 100,000 sampled ones
    and the observed one itself, from a fixed seed. Of vectors it is the Euclidean distance.

    Args:
        differences: float64 (n,), or (n, m) for m differences of each seed that are tested at once.

    Reference:
        Fisher, 1935, The Design of Experiments, section 21. For the sampled one: Phipson and Smyth,
        2010, Permutation P-values Should Never Be Zero, equation 2.
    """
    n = len(differences)
    vectors = differences.reshape(n, -1)
    observed = float(np.sum(vectors.sum(axis=0) ** 2))
    # Squared distances that are equal but for rounding must count as equal.
    furthest = float(np.linalg.norm(vectors, axis=1).sum()) ** 2
    bound = observed - 1e-12 * max(furthest, 1e-300)
    if n <= MOST_FOR_EXACT:
        # The sums over all signs are those over one half plus those over the other.
        one, other = (_signed_sums(half) for half in (vectors[: n // 2], vectors[n // 2 :]))
        squares = np.sum(one**2, axis=1)[:, None] + np.sum(other**2, axis=1) + 2 * one @ other.T
        return float(np.mean(squares >= bound))
    extreme = sum(
        int(np.sum(np.sum((signs @ vectors) ** 2, axis=1) >= bound)) for signs in _sampled_signs(n)
    )
    return (extreme + 1) / (SAMPLES + 1)


def one_sided_p_value(differences: Floats) -> float:
    """The p-value of the hypothesis that paired differences are symmetric about zero or below.

    As `sign_flip_p_value`, but only sums as large as the observed one count as extreme.

    Args:
        differences: float64 (n,).
    """
    n, observed = len(differences), float(np.sum(differences))
    bound = observed - 1e-12 * max(float(np.abs(differences).sum()), 1e-300)
    if n <= MOST_FOR_EXACT:
        one, other = (
            _signed_sums(half.reshape(-1, 1))[:, 0]
            for half in (differences[: n // 2], differences[n // 2 :])
        )
        return float(np.mean(one[:, None] + other >= bound))
    extreme = sum(int(np.sum(signs @ differences >= bound)) for signs in _sampled_signs(n))
    return (extreme + 1) / (SAMPLES + 1)


def equivalence_p_value(differences: Floats, margin: float, measure: Measure = ACCURACY) -> float:
    """The p-value of the hypothesis that paired differences are at least a margin from zero.

    Two one-sided sign-flip tests, of the differences shifted by the margin up and down; both must
    reject, so the larger p-value counts.

    Args:
        differences: float64 (n,).
        margin: above 0.
        measure: of which they are differences.

    Reference:
        Schuirmann, 1987, A Comparison of the Two One-Sided Tests Procedure and the Power Approach
        for Assessing the Equivalence of Average Bioavailability, Journal of Pharmacokinetics and
        Biopharmaceutics 15 (6).
    """
    shifted = (measure.tested(margin + sign * differences) for sign in (1, -1))
    return max(one_sided_p_value(one) for one in shifted)


def decide(difference: float, p_value: float, p_value_equivalent: float) -> str:
    """One of DECISIONS, from adjusted p-values; what is within the margin is that first of all.

    Args:
        difference: observed.
        p_value: of there being none.
        p_value_equivalent: of its being a margin or more; nan if there is no margin.
    """
    if p_value_equivalent < ALPHA:
        return EQUIVALENT
    if p_value < ALPHA:
        return BETTER if difference > 0 else WORSE
    return UNDECIDED


def holm(p_values: Sequence[float], family: int | None = None) -> list[float]:
    """P-values adjusted for their number, so that 5 % bounds the family-wise error.

    Args:
        p_values: of one family of comparisons; nan of what was not tested, which counts as 1.
        family: how many it has, if these are not all of them.

    Returns:
        The adjusted p-values, in the same order.

    Reference:
        Holm, 1979, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of
        Statistics 6 (2).
    """
    adjusted, largest = [0.0] * len(p_values), 0.0
    total = len(p_values) if family is None else family
    for rank, index in enumerate(np.argsort(p_values, kind="stable")):
        largest = max(largest, min(1.0, (total - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def smallest_p_value(seeds: int, comparisons: int) -> float:
    """The smallest p-value that Holm's correction of exact sign-flip tests can reach.

    All differences must have the same sign for it: 2 of the 2^n ways are as extreme.
    """
    return min(1.0, comparisons * 2.0 ** (1 - seeds))


def seeds_needed(comparisons: int) -> int:
    """The smallest number of paired seeds with which a difference could be significant."""
    seeds = 1
    while smallest_p_value(seeds, comparisons) >= ALPHA:
        seeds += 1
    return seeds


def probability_of_improvement(values: Floats, baseline: Floats) -> float:
    """The share of seeds on which a variant beats the baseline; a tie counts half.

    Args:
        values: of the variant, float64 (n,).
        baseline: of the baseline on the same seeds, float64 (n,).

    Reference:
        The paired form of P(X > Y) in Agarwal et al., 2021, section 4.3.
    """
    return float(np.mean((values > baseline) + 0.5 * (values == baseline)))


def epochs_to_target(curves: Floats, target: float) -> Floats:
    """The first epoch, from 1, in which each replicate reached an accuracy; inf if it never did.

    Args:
        curves: validation accuracies, float64 (n, epochs).
        target: an accuracy.
    """
    reached = curves >= target
    return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, np.inf)


def area_under_curve(curves: Floats) -> Floats:
    """The mean height of each replicate's curve, by the trapezoidal rule.

    Args:
        curves: validation accuracies, float64 (n, epochs).
    """
    if curves.shape[1] == 1:
        return curves[:, 0]
    heights: Floats = np.trapezoid(curves, axis=1) / (curves.shape[1] - 1)
    return heights


def not_learned(accuracies: Floats, chance: float) -> npt.NDArray[np.bool_]:
    """Whether replicates diverged or never learned.

    That is: they got no further than 5 % of the way from what always naming the most frequent class
    would get to getting everything right. Diverged replicates have an accuracy of 0.

    Args:
        accuracies: final validation accuracies, float64 (n,).
        chance: share of the most frequent class.
    """
    return accuracies <= chance + 0.05 * (1 - chance)


def collapsed(accuracies: Floats) -> npt.NDArray[np.bool_]:
    """Which replicates of a variant end far below its others, as networks that failed do.

    That is: below their median by five points and by five times the spread of them, told by the
    median of the distances from the median, which up to half of the replicates cannot hide.

    Args:
        accuracies: final ones, float64 (n,).

    Reference:
        Rousseeuw and Croux, 1993, Alternatives to the Median Absolute Deviation, Journal of the
        American Statistical Association 88 (424), section 1, for the factor 1.4826.
    """
    median = np.median(accuracies)
    spread = 1.4826 * np.median(np.abs(accuracies - median))
    low: npt.NDArray[np.bool_] = accuracies < median - max(0.05, 5 * spread)
    return low


def choose_pair(
    final: pd.DataFrame,
    pairs: Mapping[str, Sequence[Mapping[str, Any]]],
    seeds: range | None = None,
    measure: Measure = ACCURACY,
) -> dict[str, Any]:
    """The kernel and the bias initializer with the best mean of what they are judged by.

    First the two are chosen apart: the kernel initializer among the variants that differ from the
    baseline in it alone, the bias initializer likewise, the baseline's own among the candidates of
    both. In a one-factor design, which has not tried them together, that is the choice. But if they
    were, all pairs that were are compared, and the best of them is chosen. Of equal ones the first
    wins, and the baseline's is the first.

    Args:
        final: see `scores.scored`, of the validation images.
        pairs: kernel and bias initializer of each variant, as {name, class_name, config}; the first
            is `baseline`.
        seeds: the replicates to choose on; None for all, among the variants that have most of them,
            since those that did not go on to the last look are not the best.
        measure: of which the scores are.

    Returns:
        What best.yaml holds: the two initializers, the seeds, and the mean (or median) of every
        candidate.

    Raises:
        StudyError: if a replicate is missing.
    """
    kernel, bias = pairs["baseline"]
    finals = histories.by_variant(final)
    tried = [list(pair) for pair in pairs.values()]
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

    chosen = [pairs[_highest(kernels)][0], pairs[_highest(biases)][1]]
    if chosen in tried:
        chosen = list(pairs[_highest(means)])
    return {
        "kernel_initializer": dict(chosen[0]),
        "bias_initializer": dict(chosen[1]),
        "chosen_on": {
            "seeds": [seeds[0], seeds[-1]],
            f"{measure.middle}_{measure.told}": {
                "kernel": {pairs[name][0]["name"]: shown(mean) for name, mean in kernels.items()},
                "bias": {pairs[name][1]["name"]: shown(mean) for name, mean in biases.items()},
                **({"other_pairs": {n: shown(m) for n, m in others.items()}} if others else {}),
            },
        },
    }


def summarize(
    table: pd.DataFrame,
    timings: pd.DataFrame,
    variants: Sequence[Mapping[str, Any]],
    epochs: int,
    target: float,
    chance: float,
    published: pd.DataFrame | None,
    tests: pd.DataFrame | None = None,
    margin: float | None = None,
    pairs: pd.DataFrame | None = None,
    settled: Mapping[str, tuple[Any, int, float]] | None = None,
    hits: Mapping[str, npt.NDArray[np.bool_]] | None = None,
    draw_nothing: Collection[str] = (),
    measure: Measure = ACCURACY,
) -> pd.DataFrame:
    """A row per variant, from the replicates that belong to it.

    The family of comparisons for Holm's correction is that of all variants which are compared with
    the baseline on the same seeds: `best`, on its fresh seeds, is a family of its own, since it is
    a single comparison that was fixed before these seeds were trained. Variants that are no
    evidence of a difference (`evidence.find`) are undecided, without interval and p-value; they
    count in the family all the same, since they were to be compared.

    Args:
        table: `columns.HISTORY`, all variants and seeds.
        timings: `columns.TIMINGS`.
        variants: in the order of the rows, `baseline` among them: {variant, kernel_initializer,
            bias_initializer, seeds}, the last a range. The baseline must have been trained on the
            seeds of all others too.
        epochs: of the study.
        target: the accuracy for epochs_to_target.
        chance: see `not_learned`.
        published: results to stand beside these: variant, kernel_initializer, bias_initializer,
            loss, accuracy. One of the same name but of other initializers is left out, except for
            `best`, which is a choice by its nature.
        tests: `columns.TESTS` of all replicates; None if the validation images are the
            test images.
        margin: the smallest difference that would matter; None if any would.
        pairs: see `compare_all`, if that is what the study was planned for: then the decisions are
            its, corrected for all pairs. None if they are those of comparisons with the baseline.
        settled: what the looks of a growing study tell, see `looks.settled`: the decisions and the
            adjusted p-values of all but `best` are these, of told_of_seeds seeds. None if there is
            one look.
        hits: see `hits.read`; None if what holds for other images is not asked.
        draw_nothing: variants whose replicates all start from the same weights.
        measure: that variants are judged by.

    Returns:
        SUMMARY_COLUMNS. Accuracies are fractions of 1, of the test images after the final epoch;
        area_under_curve and epochs_to_target are of the validation images. Accuracies of diverged
        replicates count (as `histories.final` has them), their losses cannot.
        judged is the mean (or median) of what they are judged by, see judged_by, and differences
        are of this. Differences are those to the baseline on the same seeds, and nan for the
        baseline itself;
        selection_difference is what the choice of `best` promised on the seeds it was made on: the
        pair's own difference there, or if it was not trained there, the sum of its two
        initializers' differences. p_value_best is that of `pairs.may_be_best`, among all variants
        but `best`. The seeds that it takes to tell a difference of the size seen, or of the margin
        (`power.seeds_to_tell`), are there for what is undecided; inf if more than
        `power.MOST_SEEDS`, nan if the scatter is not known or infinite.

    Raises:
        StudyError: if a replicate is missing.
    """
    tables, times = histories.by_variant(table), histories.by_variant(timings)
    final = histories.final(table, tests)
    finals = histories.by_variant(scored(final, table, measure.name, target, epochs))
    evidence = find(table, final, chance, measure.name)

    rows: list[dict[str, Any]] = []
    for variant in variants:
        name, seeds = variant["variant"], variant["seeds"]
        values = histories.accuracies(finals, name, seeds)
        scores = histories.accuracies(finals, name, seeds, "score")
        mine = finals[name][finals[name]["seed"].isin(seeds)]
        took = times[name][times[name]["seed"].isin(seeds)]
        curves = histories.curves(tables, name, seeds, epochs, "val_accuracy")
        reached = epochs_to_target(curves, target)
        # The mean of one run has no interval, however many seeds repeat it.
        alone = name in evidence.one_run
        low, high = (np.nan, np.nan) if alone else np.clip(mean_interval(values), 0, 1)
        interval = (np.nan, np.nan) if alone else measure.interval(scores)
        failed = collapsed(values) & (not alone)
        row = {
            "variant": name,
            "kernel_initializer": variant["kernel_initializer"],
            "bias_initializer": variant["bias_initializer"],
            "seeds": len(seeds),
            "diverged": int(mine["diverged"].sum()),
            "not_learned": float(not_learned(values, chance).mean()),
            "accuracy_mean": values.mean(),
            "accuracy_ci_low": low,
            "accuracy_ci_high": high,
            "judged_by": measure.name,
            **_shown(measure, "judged", measure.center(scores), interval),
            "accuracy_sd": values.std(ddof=1) if len(values) > 1 and not alone else np.nan,
            "accuracy_median": np.median(values),
            "accuracy_iqm": interquartile_mean(values),
            "accuracy_min": values.min(),
            "accuracy_max": values.max(),
            "area_under_curve": area_under_curve(curves).mean(),
            "epochs_to_target": _finite(float(np.median(reached))),
            "never_reached_target": int(np.isinf(reached).sum()),
            "loss_mean": mine["loss"].mean(),
            "seconds_per_epoch": took["seconds"].sum() / took["epochs"].sum(),
            "collapsed": int(failed.sum()),
            "collapsed_mean": values[failed].mean() if failed.any() else np.nan,
            "draws_nothing": name in draw_nothing,
            "training_accuracy_mean": _last(tables[name], seeds, "accuracy").mean(),
            **_published(variant, published),
        }
        if name != "baseline":
            base = histories.accuracies(finals, "baseline", seeds, "score")
            tested = evidence.compares(name, "baseline")
            row |= _compared(scores, base, margin, measure, tested)
            row["ties"] = int((scores == base).sum())
            if tested:
                row["probability_of_improvement"] = probability_of_improvement(scores, base)
            if tested and hits is not None and len(seeds) > 1 and measure is ACCURACY:
                row |= _on_other_images(hits, name, len(seeds))
        rows.append(row)

    for family in (
        [row for row in rows if row["variant"] not in ("baseline", "best")],
        [row for row in rows if row["variant"] == "best"],
    ):
        for column in ("p_value", "p_value_equivalent"):
            adjusted = holm([row[column] for row in family])
            for row, p_value in zip(family, adjusted, strict=True):
                tested = evidence.compares(row["variant"], "baseline")
                row[f"{column}_holm"] = p_value if tested else np.nan
        for row in family:
            row["decision"] = decide(
                measure.sign * row["difference"],
                row["p_value_holm"],
                row["p_value_equivalent_holm"],
            )
    if pairs is not None:
        _decide_by(pairs, rows)
    if settled is not None:
        for row in rows:
            if row["variant"] in settled:
                told, row["told_of_seeds"], row["p_value_best"] = settled[row["variant"]]
                if row["variant"] != "baseline":
                    row["decision"], row["p_value_holm"] = told.decision, told.p_value
                    row["p_value_equivalent_holm"] = told.p_value_equivalent
    compared = [row for row in rows if row["variant"] != "best"]
    if settled is None:
        shared = next(v["seeds"] for v in variants if v["variant"] == "baseline")
        columns = [histories.accuracies(finals, r["variant"], shared, "score") for r in compared]
        constant = evidence.constant([row["variant"] for row in compared])
        best = may_be_best(np.array(columns).T, measure, constant)
        for row, p_value in zip(compared, best, strict=True):
            row["p_value_best"] = p_value
    for row in rows:
        if evidence.reason:
            row["p_value_best"] = np.nan
        if row["variant"] == "best":
            row["selection_difference"] = _selection_difference(rows)
        elif (
            row.get("decision") == UNDECIDED
            and len(rows) <= MOST_COMPARED
            and evidence.compares(row["variant"], "baseline")
        ):
            seeds = next(v["seeds"] for v in variants if v["variant"] == row["variant"])
            own, base = (
                histories.accuracies(finals, name, seeds, "score")
                for name in (row["variant"], "baseline")
            )
            found = differences(own, base)
            row |= _seeds_for(found, margin, level_of(len(compared) - 1))
    return pd.DataFrame(rows, columns=SUMMARY_COLUMNS)


def compare_all(
    values: Mapping[str, Floats],
    margin: float | None,
    measure: Measure = ACCURACY,
    evidence: Evidence | None = None,
) -> pd.DataFrame:
    """Every two variants, the one with the higher mean first, from the best pair of them on.

    Args:
        values: scores of each variant on the same seeds, float64 (seeds,).
        margin: the smallest difference that would matter; None if any would.
        measure: of which the scores are.
        evidence: what the runs are evidence of; None if any two can be tested.

    Returns:
        PAIR_COLUMNS, nothing if there are more than MOST_COMPARED variants. p_value is of one
        comparison alone; p_value_joint (`pairs.joint_p_values`) and p_value_equivalent_holm are
        corrected for all of them, and the decision is made by these. What cannot be tested is
        undecided, without interval and p-values.
    """
    evidence = evidence or Evidence()
    if not 2 <= len(values) <= MOST_COMPARED:
        return pd.DataFrame([], columns=PAIR_COLUMNS)
    names = sorted(values, key=lambda name: -measure.center(values[name]))
    pairs = [(names[one], names[other]) for one, other in all_pairs(len(names))]
    rows: list[dict[str, Any]] = [
        {
            "variant": one,
            "other": other,
            **_compared(values[one], values[other], margin, measure, evidence.compares(one, other)),
        }
        for one, other in pairs
    ]
    tested = np.array([evidence.compares(one, other) for one, other in pairs])
    found = np.array([differences(values[one], values[other]) for one, other in pairs])
    joint = joint_p_values(measure.tested(np.where(tested[:, None], found, 0.0).T))
    equivalent = np.array(holm([row["p_value_equivalent"] for row in rows]))
    adjusted = (np.where(tested, p_values, np.nan) for p_values in (joint, equivalent))
    for row, p_value, p_value_equivalent in zip(rows, *adjusted, strict=True):
        row["p_value_joint"], row["p_value_equivalent_holm"] = p_value, p_value_equivalent
        better = measure.sign * row["difference"]
        row["decision"] = decide(better, p_value, p_value_equivalent)
    return pd.DataFrame(rows, columns=PAIR_COLUMNS)


def _compared(
    scores: Floats, base: Floats, margin: float | None, measure: Measure, tested: bool
) -> dict[str, float]:
    """The columns of PAIR_COLUMNS that one comparison by itself has."""
    found = differences(scores, base)
    interval = measure.shift_interval(found) if tested else (np.nan, np.nan)
    return {
        **_shown(measure, "difference", measure.shift(found), interval),
        "p_value": sign_flip_p_value(measure.tested(found)) if tested else np.nan,
        "p_value_equivalent": equivalence_p_value(found, margin, measure)
        if tested and margin is not None
        else np.nan,
    }


def _shown(
    measure: Measure, name: str, middle: float, interval: tuple[float, float]
) -> dict[str, float]:
    """A centre of scores with its interval as values, in columns of this name."""
    low, middle, high = measure.shown(interval[0], middle, interval[1])
    return {name: middle, f"{name}_ci_low": low, f"{name}_ci_high": high}


def _decide_by(pairs: pd.DataFrame, rows: Sequence[dict[str, Any]]) -> None:
    """Takes the decisions about variants and the baseline from those about all pairs."""
    opposite = {BETTER: WORSE, WORSE: BETTER}
    columns = (pairs[column] for column in ("variant", "other", "decision"))
    for variant, other, decision in zip(*columns, strict=True):
        for row in rows:
            if (row["variant"], "baseline") == (variant, other):
                row["decision"] = decision
            elif (row["variant"], "baseline") == (other, variant):
                row["decision"] = opposite.get(decision, decision)


def _selection_difference(rows: Sequence[Mapping[str, Any]]) -> float:
    pairs = {row["variant"]: (row["kernel_initializer"], row["bias_initializer"]) for row in rows}
    (kernel, bias), (own_kernel, own_bias) = pairs["best"], pairs["baseline"]
    differences: dict[tuple[str, str], float] = {
        pairs[row["variant"]]: row.get("difference", 0.0)
        for row in rows
        if row["variant"] != "best"
    }
    if (kernel, bias) in differences:
        return differences[kernel, bias]
    return differences[kernel, own_bias] + differences[own_kernel, bias]


def _on_other_images(
    hits: Mapping[str, npt.NDArray[np.bool_]], variant: str, seeds: int
) -> dict[str, float]:
    # The baseline's last ones are those that `best` is compared on.
    own = slice(-seeds, None) if variant == "best" else slice(seeds)
    found = crossed(hits[variant][:seeds], hits["baseline"][own])
    return {
        "difference_other_images_ci_low": max(-1.0, found.low),
        "difference_other_images_ci_high": min(1.0, found.high),
        "difference_variance_by_seeds": found.by_seeds,
        "difference_variance_by_images": found.by_images,
    }


def _seeds_for(differences: Floats, margin: float | None, level: float) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    if len(differences) < FEWEST_FOR_SCATTER or not np.isfinite(differences).all():
        return found
    if np.ptp(differences) < 1e-12:
        return found
    for what, size in (("difference", abs(float(differences.mean()))), ("margin", margin)):
        if size:
            needed = seeds_to_tell(differences, size, level)
            bounds = (np.inf if n is None else n for n in (needed.seeds, needed.low, needed.high))
            found |= {f"seeds_for_{what}{e}": n for e, n in zip(("", *BOUNDS), bounds, strict=True)}
    return found


def _last(rows: pd.DataFrame, seeds: range, metric: str) -> pd.Series:
    """A metric of each replicate in its last epoch."""
    return rows[rows["seed"].isin(seeds)].drop_duplicates("seed", keep="last")[metric]


def _highest(means: Mapping[str, float]) -> str:
    return max(means, key=means.__getitem__)


def _signed_sums(values: Floats) -> Floats:
    """The sums of all 2^n ways to give signs to n vectors, float64 (n, m), as (2^n, m)."""
    sums = np.zeros((1, values.shape[1]))
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return sums


def _sampled_signs(n: int) -> Iterable[Floats]:
    """Signs for n values, always the same, float64 (samples, n) in parts."""
    return _kept_signs(n) if n <= MOST_KEPT else _drawn_signs(n)


@functools.lru_cache(maxsize=1)
def _kept_signs(n: int) -> tuple[Floats, ...]:
    return tuple(_drawn_signs(n))


def _drawn_signs(n: int) -> Iterator[Floats]:
    generator = np.random.default_rng(0)
    for _ in range(PARTS):
        yield generator.choice(np.array([-1.0, 1.0]), (SAMPLES // PARTS, n))


def _finite(value: float) -> float:
    return value if np.isfinite(value) else float("nan")


def _published(variant: Mapping[str, Any], published: pd.DataFrame | None) -> dict[str, float]:
    if published is None:
        return {}
    row = published[published["variant"] == variant["variant"]]
    if variant["variant"] != "best":
        for role in ("kernel_initializer", "bias_initializer"):
            row = row[row[role] == variant[role]]
    if row.empty:
        return {}
    return {
        "notebook_accuracy": float(row["accuracy"].iloc[0]),
        "notebook_loss": float(row["loss"].iloc[0]),
    }
