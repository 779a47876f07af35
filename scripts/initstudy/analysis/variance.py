"""What the variance of runs is made of: weights, order, both together, and the test examples."""

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
DRAWS = 10_000
PARTS = [f"sd_{what}" for what in (BOTH, WEIGHTS, ORDER)]
PARTS += [f"share_{what}" for what in (WEIGHTS, ORDER, TOGETHER)]
# Standard deviations of the runs, and shares of the variance of those that vary by both.
COLUMNS = ["variant", "replicates", "replicates_alone"]
COLUMNS += [f"{part}{end}" for part in PARTS for end in ("", "_ci_low", "_ci_high")]
COLUMNS += [f"share_{IMAGES}"]


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
    """How much of the variance between runs is due to weights, order, and both together.

    Runs that vary by weights alone have the variance of the weights' effect and of what both do
    together, those that vary by the order alone that of the order's effect and of the same. So what
    both do together is what the two have in sum beyond that of runs that vary by both.

    Args:
        both: final values of runs that vary by both, float64 (n,).
        weights: of some that vary by their weights alone, float64 (m,).
        order: of some that vary by the order of the examples alone, float64 (m,).

    Returns:
        COLUMNS from `sd_both` to `share_together_ci_high`. Shares are unbiased but for the ratio,
        and so may be estimated below 0 or above 1; nan if runs do not vary. Their intervals are of
        independent log-normal variances, and lie within 0 and 1.

    Reference:
        Searle, Casella and McCulloch, 1992, Variance Components, section 4.3 (two-way crossed,
        random model), of which the second and the third sample are a single column and row.
    """
    parts = dict(zip((BOTH, WEIGHTS, ORDER), map(variance, (both, weights, order)), strict=True))
    found: dict[str, float] = {}
    for name, part in parts.items():
        found |= _with_interval(f"sd_{name}", float(np.sqrt(part.value)), *part.sd_interval())
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
        found |= _with_interval(f"share_{name}", float(values[name]), low, high)
    return found


def by_examples(ours: npt.NDArray[Any]) -> float:
    """Return the share of the variance between runs that more test examples would remove.

    A network that is right about one example more than another may be lucky with these. On
    unlimited examples only the rest of the variance would be left.

    Args:
        ours: what each run makes of each example, (runs, examples), at least two each, see
            `examples.linear`.

    Returns:
        It is unbiased but for the ratio, and so may be above 1; nan if runs do not vary.

    Reference:
        Jordan, 2023, On the Variance of Neural Network Training with Respect to Test Sets and
        Distributions: the variance on a test set, and that on the distribution it is drawn from.
    """
    of_runs, _, rest = mean_squares(ours.astype(np.int8) if ours.dtype == np.bool_ else ours)
    return rest / of_runs if of_runs > 0 else float("nan")


def table(
    both: Mapping[str, Floats],
    weights: Mapping[str, Floats],
    order: Mapping[str, Floats],
    examples: Mapping[str, npt.NDArray[Any]],
) -> pd.DataFrame:
    """Return what the variance of each variant is made of: COLUMNS, a row for each.

    All are by variant; see `sources`, and for those that vary by both `by_examples`.
    """
    rows: list[dict[str, Any]] = [
        {
            "variant": name,
            "replicates": len(values),
            "replicates_alone": len(weights[name]),
            **sources(values, weights[name], order[name]),
            f"share_{IMAGES}": by_examples(examples[name]),
        }
        for name, values in both.items()
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _shares(both: Floats, weights: Floats, order: Floats) -> dict[str, Floats]:
    of_weights, of_order = (both - order) / both, (both - weights) / both
    return {WEIGHTS: of_weights, ORDER: of_order, TOGETHER: 1 - of_weights - of_order}


def _with_interval(name: str, value: float, low: float, high: float) -> dict[str, float]:
    return {name: value, f"{name}_ci_low": low, f"{name}_ci_high": high}


def _normal() -> float:
    return float(stats.norm.ppf((1 + LEVEL) / 2))
