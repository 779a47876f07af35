"""How far the effect of a kernel initializer depends on the bias initializer: pure functions.

The pairs of a factorial design are a two-way layout of fixed effects, with the seeds as blocks.
Within each seed, the value of a pair is the mean of all pairs, an effect of its kernel, one of
its bias, and the rest, which is their interaction. An effect is then the mean over the seeds, and
its error what it varies by over them.

References:
    Montgomery, 2017, Design and Analysis of Experiments, 9th edition, chapter 5, sections 5.3 (the
    two-factor factorial design) and 5.6 (with blocks).
    Searle, Casella and McCulloch, 1992, Variance Components, chapter 4 (the estimators).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from initstudy.analysis.levels import LEVEL, Floats
from initstudy.results.dictionary import STUDY_TABLES
from initstudy.results.study import StudyResults

# With fewer values a bootstrap has too few different samples to draw.
FEWEST_FOR_BOOTSTRAP, RESAMPLES = 5, 10_000
# Up to here all sign flips are counted, above they are sampled, so many.
MOST_FOR_EXACT, SAMPLES = 20, 100_000
COLUMNS = STUDY_TABLES["interaction.csv"].names


@dataclass(frozen=True)
class Layout:
    """How all pairs ended, by the metric.

    Attributes:
        kernels, biases: the initializers' names, the baseline's first.
        ends: float64 (seeds, kernels, biases).
    """

    kernels: Sequence[str]
    biases: Sequence[str]
    ends: Floats


def layout(results: StudyResults, seeds: range) -> Layout:
    """Arrange how the runs of a factorial design ended, by seed, kernel and bias initializer.

    Args:
        results: of the study; each pair of initializers is one of its variants.
        seeds: of the runs.

    Raises:
        StudyError: if a seed is missing.
    """
    pairs = results.study.initializers
    variants = {(kernel, bias): name for name, (kernel, bias) in pairs.items()}
    kernels, biases = (list(dict.fromkeys(pair[role] for pair in variants)) for role in (0, 1))
    values = [
        [results.ends(variants[kernel, bias], seeds) for bias in biases] for kernel in kernels
    ]
    return Layout(kernels, biases, np.moveaxis(np.array(values), 2, 0))


def effects(values: Floats) -> dict[str, Floats]:
    """Return the effects of kernel, bias and interaction on each pair with each seed.

    Args:
        values: float64 (seeds, kernels, biases).

    Returns:
        `kernel`, `bias` and `interaction`, each float64 (seeds, kernels, biases), which sum up to
        the values less the mean of their seed.

    Reference:
        Montgomery, 2017, equation 5.3 and the estimates below it, in each block.
    """
    by_kernel = values.mean(axis=2, keepdims=True)
    by_bias = values.mean(axis=1, keepdims=True)
    grand = values.mean(axis=(1, 2), keepdims=True)
    parts = {
        "kernel": by_kernel - grand,
        "bias": by_bias - grand,
        "interaction": values - by_kernel - by_bias + grand,
    }
    # What rounding leaves of no effect at all must not look like one.
    return {name: np.broadcast_to(np.round(part, 12), values.shape) for name, part in parts.items()}


def variance(effects: Floats) -> float:
    """Return the variance between pairs that effects account for, without bias, in squared units.

    That is the mean square of their means over the seeds, less what the differences between seeds
    add to it: the usual estimator from the analysis of variance, (MS - MS_error) divided by the
    number of values and times the degrees of freedom, where MS_error is the interaction of this
    effect with the blocks. So it may be negative. The initializers are not a sample of others, and
    the variances of kernel, bias and interaction sum to that between the pairs.

    Args:
        effects: one of `effects`, float64 (seeds, kernels, biases).

    Returns:
        The variance; nan for a single seed, which does not show its error.

    Reference:
        Searle, Casella and McCulloch, 1992, section 4.4.
    """
    seeds = len(effects)
    if seeds < 2:
        return float("nan")
    # The mean product of two different seeds: their errors are independent, so it has no bias.
    products = _products(effects)
    return float((products.sum() - products.trace()) / (seeds * (seeds - 1)))


def variance_interval(effects: Floats) -> tuple[float, float]:
    """Return a 95 % confidence interval of `variance`: bootstrap-t over the seeds.

    Whole seeds are drawn, since the pairs of one share its random numbers. Each resample gives a t
    statistic about the mean square of the observed effects, which is the truth where the resamples
    come from; its standard error is the jackknife's.

    Args:
        effects: one of `effects`, float64 (seeds, kernels, biases).

    Returns:
        The lower and the upper bound, neither below 0; nan for fewer than five seeds. The resamples
        are drawn from a fixed seed.

    Reference:
        Efron and Tibshirani, 1993, An Introduction to the Bootstrap, section 12.5. For the
        jackknife of a mean over pairs of replicates: Arvesen, 1969, Jackknifing U-statistics,
        Annals of Mathematical Statistics 40 (6).
    """
    seeds = len(effects)
    if seeds < FEWEST_FOR_BOOTSTRAP:
        return float("nan"), float("nan")
    products = _products(effects)
    alone = products.diagonal()

    def estimate(counts: Floats) -> tuple[Floats, Floats]:
        """Variance and standard error, (n,), if seeds are drawn this often, (n, seeds)."""
        # Of a drawn seed with all others that were drawn.
        partners = (counts @ products - alone) / (seeds - 1)
        values = np.sum(counts * partners, axis=1) / seeds
        spread = np.sum(counts * (partners - values[:, None]) ** 2, axis=1)
        return values, 2 * np.sqrt((seeds - 1) / seeds * spread) / (seeds - 2)

    (value,), (error,) = estimate(np.ones((1, seeds)))
    counts = np.random.default_rng(0).multinomial(seeds, np.full(seeds, 1 / seeds), RESAMPLES)
    values, errors = estimate(counts.astype(np.float64))
    usable = errors > 1e-9 * np.abs(products).max()
    if not usable.any():
        return max(0.0, float(value)), max(0.0, float(value))
    t = (values[usable] - products.mean()) / errors[usable]
    lower, upper = np.quantile(t, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return max(0.0, float(value - upper * error)), max(0.0, float(value - lower * error))


def components(values: Floats) -> pd.DataFrame:
    """How much of what the pairs differ by comes from the kernel, the bias and their interaction.

    Args:
        values: float64 (seeds, kernels, biases).

    Returns:
        COLUMNS, a row for each of `effects`: the standard deviation between pairs that it accounts
        for with its interval (the roots of `variance` and `variance_interval`; 0 where the variance
        comes out below), its share of the three variances together (nan if they are all 0), and the
        p-value of `sign_flip_p_value`. Of a single seed all is nan but the p-value, which is 1.
    """
    parts = effects(values)
    variances = {name: np.maximum(0.0, variance(part)) for name, part in parts.items()}
    total = sum(variances.values())
    rows = [
        (
            name,
            *np.sqrt([variances[name], *variance_interval(part)]),
            variances[name] / total if total > 0 else np.nan,
            sign_flip_p_value(part.reshape(len(part), -1)),
        )
        for name, part in parts.items()
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def sign_flip_p_value(effects: Floats) -> float:
    """Test that effects are symmetric about zero, all of a seed at once.

    Without an effect, all that a seed shows of it might as well have had the other sign. The
    p-value is the share of all 2^n ways to give signs whose mean is at least as far from zero as
    the observed one: exact up to n = 20, above from 100,000 sampled ones and the observed one. Mean
    squares order the flips as the F of the analysis of variance does, since no flip changes the sum
    of squares that effect and error share.

    Args:
        effects: float64 (n, m), of n seeds.

    Reference:
        Fisher, 1935, The Design of Experiments, section 21. For the sampled one: Phipson and Smyth,
        2010, Permutation P-values Should Never Be Zero, equation 2.
    """
    n, vectors = len(effects), _in_order(effects)
    observed = float(np.sum(vectors.sum(axis=0) ** 2))
    # Squared distances that are equal but for rounding must count as equal.
    furthest = float(np.linalg.norm(vectors, axis=1).sum()) ** 2
    bound = observed - 1e-12 * max(furthest, 1e-300)
    if n <= MOST_FOR_EXACT:
        # The sums over all signs are those over one half plus those over the other.
        one, other = (_signed_sums(half) for half in (vectors[: n // 2], vectors[n // 2 :]))
        squares = np.sum(one**2, axis=1)[:, None] + np.sum(other**2, axis=1) + 2 * one @ other.T
        return float(np.mean(squares >= bound))
    generator, extreme = np.random.default_rng(0), 0
    for _ in range(10):
        signs = generator.choice(np.array([-1.0, 1.0]), (SAMPLES // 10, n))
        extreme += int(np.sum(np.sum((signs @ vectors) ** 2, axis=1) >= bound))
    return (extreme + 1) / (SAMPLES + 1)


def _in_order(effects: Floats) -> Floats:
    """Sort seeds by what they show, so that their order changes no digit."""
    return effects[np.lexsort(effects.T[::-1])]


def _signed_sums(values: Floats) -> Floats:
    """Return the sums of all 2^n ways to give signs to n vectors, float64 (n, m), as (2^n, m)."""
    sums = np.zeros((1, values.shape[1]))
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return sums


def _products(effects: Floats) -> Floats:
    """Return the products of any two runs' effects, mean over pairs; float64 (seeds, seeds)."""
    flat = _in_order(effects.reshape(len(effects), -1))
    products: Floats = flat @ flat.T / flat.shape[1]
    return products
