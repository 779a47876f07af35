"""What the scatter of replicates is made of: weights, order, both together, and the test images."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from initstudy.analysis.examples import mean_squares
from initstudy.analysis.levels import LEVEL, Floats
from initstudy.engine.spec import ORDER, WEIGHTS

BOTH, TOGETHER, IMAGES = "both", "together", "images"
# Standard deviations of the replicates, and shares of the variance of those that vary by both.
COLUMNS = [
    "variant",
    "replicates",
    "replicates_alone",
    *(f"sd_{what}{end}" for what in (BOTH, WEIGHTS, ORDER) for end in ("", "_ci_low", "_ci_high")),
    *(
        f"share_{what}{end}"
        for what in (WEIGHTS, ORDER, TOGETHER)
        for end in ("", "_ci_low", "_ci_high")
    ),
    f"share_{IMAGES}",
]
DRAWS = 10_000


@dataclass(frozen=True)
class Variance:
    """A variance, and how far it is known.

    Attributes:
        value: unbiased.
        log: its logarithm, corrected for small samples; -inf if all values are the same.
        error: standard error of the logarithm.
    """

    value: float
    log: float
    error: float

    def sd_interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the standard deviation."""
        if not self.value:
            return 0.0, 0.0
        bound = _normal() * self.error
        return float(np.exp((self.log - bound) / 2)), float(np.exp((self.log + bound) / 2))


def variance(values: Floats) -> Variance:
    """Return the variance of what values are a sample of, which need not be normal.

    Args:
        values: float64 (n,), of at least 5.

    Reference:
        Bonett, 2006, Approximate Confidence Interval for Standard Deviation of Nonnormal
        Distributions, Computational Statistics & Data Analysis 50 (3), equation 3.
    """
    n, found = len(values), float(np.var(values, ddof=1))
    if np.ptp(values) < 1e-12:
        return Variance(0.0, -np.inf, 0.0)
    middle = stats.trim_mean(values, 1 / (2 * np.sqrt(n - 4)))
    kurtosis = n * np.sum((values - middle) ** 4) / np.sum((values - values.mean()) ** 2) ** 2
    correction = n / (n - _normal())
    error = correction * np.sqrt(max(0.0, kurtosis - (n - 3) / n) / (n - 1))
    return Variance(found, float(np.log(correction * found)), float(error))


def sources(both: Floats, weights: Floats, order: Floats) -> dict[str, float]:
    """How much of the variance between replicates is due to weights, order, and both together.

    Replicates that vary by weights alone have the variance of the weights' effect and of what both
    do together, those that vary by the order alone that of the order's effect and of the same. So
    what both do together is what the two have in sum beyond that of replicates that vary by both,
    and the rest of that is the effect of one for every state of the other.

    Args:
        both: final accuracies of replicates that vary by both, float64 (n,).
        weights: of some that vary by their weights alone, float64 (m,).
        order: of some that vary by the order of the images alone, float64 (m,).

    Returns:
        COLUMNS from `sd_both` to `share_together_ci_high`. Shares are unbiased but for the ratio,
        and so may be below 0 or above 1 by chance; nan if there is no scatter. Their intervals are
        of independent log-normal variances, and lie within 0 and 1.

    Reference:
        Searle, Casella and McCulloch, 1992, Variance Components, section 4.3 (two-way crossed,
        random model), of which the second and the third sample are a single column and row.
    """
    parts = dict(zip((BOTH, WEIGHTS, ORDER), map(variance, (both, weights, order)), strict=True))
    found: dict[str, float] = {}
    for name, part in parts.items():
        low, high = part.sd_interval()
        found |= {
            f"sd_{name}": float(np.sqrt(part.value)),
            f"sd_{name}_ci_low": low,
            f"sd_{name}_ci_high": high,
        }
    generator = np.random.default_rng(0)
    drawn = {
        name: np.exp(part.log + part.error * generator.standard_normal(DRAWS))
        for name, part in parts.items()
    }
    if not parts[BOTH].value:
        return found
    # Where one alone makes no difference at all, the other one makes all of it.
    for one, other in ((WEIGHTS, ORDER), (ORDER, WEIGHTS)):
        if not parts[one].value:
            parts[other], drawn[other] = parts[BOTH], drawn[BOTH]
    ends = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    samples = _shares(*(drawn[name] for name in (BOTH, WEIGHTS, ORDER)))
    values = _shares(*(np.array(parts[name].value) for name in (BOTH, WEIGHTS, ORDER)))
    for name, sample in samples.items():
        low, high = np.clip(np.quantile(sample, ends), 0, 1).tolist()
        found |= {
            f"share_{name}": float(values[name]),
            f"share_{name}_ci_low": low,
            f"share_{name}_ci_high": high,
        }
    return found


def by_images(hits: npt.NDArray[np.bool_]) -> float:
    """Return the share of the variance between runs that more test examples would remove.

    A network that is right about one image more than another need not be the better one: it may
    be lucky with these. On unlimited images only the rest of the variance would be left.

    Args:
        hits: which images each replicate gets right, bool (replicates, images), at least two each.

    Returns:
        It is unbiased but for the ratio, and so may be above 1 by chance; nan if there is no
        scatter.

    Reference:
        Jordan, 2023, On the Variance of Neural Network Training with Respect to Test Sets and
        Distributions: the variance on a test set, and that on the distribution it is drawn from.
    """
    of_replicates, _, rest = mean_squares(hits.astype(np.int8))
    return rest / of_replicates if of_replicates > 0 else float("nan")


def table(
    both: Mapping[str, Floats],
    weights: Mapping[str, Floats],
    order: Mapping[str, Floats],
    hits: Mapping[str, npt.NDArray[np.bool_]],
) -> pd.DataFrame:
    """Return what the scatter of each variant is made of: COLUMNS, a row for each.

    Args:
        both: final accuracies by variant, see `sources`.
        weights: see `sources`.
        order: see `sources`.
        hits: of the replicates that vary by both, see `by_images`.
    """
    rows: list[dict[str, Any]] = [
        {
            "variant": name,
            "replicates": len(values),
            "replicates_alone": len(weights[name]),
            **sources(values, weights[name], order[name]),
            f"share_{IMAGES}": by_images(hits[name]),
        }
        for name, values in both.items()
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _shares(both: Floats, weights: Floats, order: Floats) -> dict[str, Floats]:
    of_weights, of_order = (both - order) / both, (both - weights) / both
    return {WEIGHTS: of_weights, ORDER: of_order, TOGETHER: 1 - of_weights - of_order}


def _normal() -> float:
    return float(stats.norm.ppf((1 + LEVEL) / 2))
