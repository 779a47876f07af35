"""The interaction is measured without bias, and called one no more often than promised."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from made_up import configured, initializer
from scipy import stats

from initstudy.analysis import interaction
from initstudy.analysis.interaction import (
    effects,
    sign_flip_p_value,
    variance,
    variance_interval,
)
from initstudy.analysis.levels import ALPHA
from initstudy.config.initializers import Variant
from initstudy.errors import StudyError
from initstudy.results.histories import by_variant
from initstudy.results.study import StudyResults

# Simulated studies for each rate; the bounds below are 3 standard errors.
SIMULATIONS = 100
# A layout with effects that are known: of kernels, of biases, and of both together.
KERNEL = np.array([0.03, 0.0, -0.03])[:, None]
BIAS = np.array([0.01, 0.01, -0.01, -0.01])[None, :]
BOTH = 0.02 * np.array([[1, -1, 1, -1], [-1, 1, -1, 1], [0, 0, 0, 0]])

Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def normal(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """With a part that all pairs of a seed share, and one that those of a kernel share."""
    seeds, kernels, _ = shape
    shared = generator.normal(0, 0.02, (seeds, 1, 1)) + generator.normal(
        0, 0.01, (seeds, kernels, 1)
    )
    return shared + generator.normal(0, 0.01, shape)


def skewed(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """A long tail towards low accuracies; the last kernel scatters ten times as much."""
    scale = np.array([*[0.01] * (shape[1] - 1), 0.1])[:, None]
    return scale * (1 - generator.exponential(size=shape))


def test_effects_take_the_accuracies_apart() -> None:
    accuracies = 0.9 + KERNEL + BIAS + BOTH + np.array([-0.1, 0.0, 0.05])[:, None, None]
    parts = effects(accuracies)
    for name, truth in {"kernel": KERNEL, "bias": BIAS, "interaction": BOTH}.items():
        np.testing.assert_allclose(parts[name], np.broadcast_to(truth, (3, 3, 4)), atol=1e-12)
    mean = accuracies.mean(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(sum(parts.values()) + mean, accuracies)


@pytest.mark.simulation
@pytest.mark.parametrize("draw", [normal, skewed])
@pytest.mark.parametrize("truth", [BOTH, 0 * BOTH], ids=["interaction", "additive"])
def test_variances_have_no_bias(draw: Draw, truth: np.ndarray, times: int) -> None:
    generator = np.random.default_rng(20261122)
    found: dict[str, list[float]] = {"kernel": [], "bias": [], "interaction": []}
    for _ in range(SIMULATIONS * times):
        for name, part in effects(KERNEL + BIAS + truth + draw(generator, (5, 3, 4))).items():
            found[name].append(variance(part))
    known = {"kernel": KERNEL, "bias": BIAS, "interaction": truth}
    for name, values in found.items():
        error = stats.sem(values)
        assert np.mean(values) == pytest.approx(np.mean(known[name] ** 2), abs=3 * error), name


def test_variances_are_those_of_the_analysis_of_variance() -> None:
    """Against sums of squares by least squares; the seeds are blocks (Montgomery, section 5.6)."""
    values = KERNEL + BIAS + BOTH + normal(np.random.default_rng(1), (6, 3, 4))
    seed, kernel, bias = (index.ravel() for index in np.indices(values.shape))

    def residual(*terms: tuple[np.ndarray, ...]) -> tuple[float, int]:
        """The squares, and the degrees of freedom, that a model of these terms leaves."""
        columns = [np.ones((values.size, 1))]
        for term in terms:
            cells = np.unique(np.column_stack(term), axis=0, return_inverse=True)[1].ravel()
            columns.append(np.eye(cells.max() + 1)[cells])
        design = np.hstack(columns)
        left = values.ravel() - design @ np.linalg.lstsq(design, values.ravel())[0]
        return float(left @ left), values.size - int(np.linalg.matrix_rank(design))

    def mean_square(*models: tuple[float, int]) -> tuple[float, int]:
        """What the second model leaves less than the first, by degree of freedom; and these."""
        (more, high), (less, low) = models
        return (more - less) / (high - low), high - low

    nothing, two_way = residual(), ((kernel, bias), (seed, kernel), (seed, bias))
    found = {
        "kernel": (
            mean_square(nothing, residual((kernel,))),
            mean_square(residual((seed,), (kernel,)), residual((seed, kernel))),
        ),
        "bias": (
            mean_square(nothing, residual((bias,))),
            mean_square(residual((seed,), (bias,)), residual((seed, bias))),
        ),
        "interaction": (
            mean_square(residual((kernel,), (bias,)), residual((kernel, bias))),
            mean_square(residual(*two_way), (0.0, 0)),
        ),
    }
    for name, ((effect, degrees), (error, _)) in found.items():
        expected = degrees * (effect - error) / values.size
        assert variance(effects(values)[name]) == pytest.approx(expected)


def test_the_p_value_orders_flips_as_f_does() -> None:
    """Against the F of each of the 2^6 flips, from its definition."""
    values = BOTH / 8 + normal(np.random.default_rng(3), (6, 3, 4))
    part = effects(values)["interaction"]

    def f(flipped: np.ndarray) -> float:
        mean = flipped.mean(axis=0)
        return float(6 * np.sum(mean**2) / (np.sum((flipped - mean) ** 2) / 5))

    signs = np.array(np.meshgrid(*[[1, -1]] * 6)).reshape(6, -1).T
    share = np.mean([f(part * sign[:, None, None]) >= f(part) * (1 - 1e-9) for sign in signs])
    assert 2 / 2**6 < share < 1
    assert interaction.components(values)["p_value"].iloc[2] == pytest.approx(share)


@pytest.mark.simulation
@pytest.mark.parametrize("draw", [normal, skewed])
def test_chance_is_called_an_interaction_in_five_percent(draw: Draw, times: int) -> None:
    generator = np.random.default_rng(20261122)
    wrong, studies = 0, SIMULATIONS * times
    for _ in range(studies):
        part = effects(KERNEL + BIAS + draw(generator, (10, 3, 4)))["interaction"]
        wrong += sign_flip_p_value(part.reshape(10, -1)) < ALPHA
    rate = wrong / studies
    print(f"\nInteraction, {draw.__name__}: called one by chance in {rate:.1%}")
    assert rate == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / studies))


@pytest.mark.simulation
@pytest.mark.parametrize(
    ("draw", "truth"), [(normal, BOTH), (normal, BOTH / 4), (skewed, BOTH), (skewed, 0 * BOTH)]
)
def test_intervals_cover_the_size(draw: Draw, truth: np.ndarray, times: int) -> None:
    generator = np.random.default_rng(20261122)
    studies, covered = 25 * times, 0
    for _ in range(studies):
        part = effects(KERNEL + BIAS + truth + draw(generator, (10, 3, 4)))["interaction"]
        low, high = variance_interval(part)
        covered += low <= np.mean(truth**2) <= high
    size, rate = np.abs(truth).max(), covered / studies
    print(f"\nInteraction of {size:.3f}, {draw.__name__}: covered in {rate:.1%}")
    assert rate > 0.95 - 3 * np.sqrt(0.05 * 0.95 / studies)


def test_additive_accuracies_have_no_interaction() -> None:
    table = interaction.components(0.9 + KERNEL + BIAS + np.linspace(0, 0.1, 10)[:, None, None])
    table = table.set_index("component")
    assert table.loc["kernel", "sd"] == pytest.approx(np.sqrt(np.mean(KERNEL**2)))
    assert table.loc["bias", "sd"] == pytest.approx(0.01)
    assert table.loc["interaction"].tolist() == [0, 0, 0, 0, 1]
    assert table.loc["kernel", "share"] == pytest.approx(6 / 7)
    assert table.loc["kernel", "p_value"] == 2 / 2**10


def test_a_clear_interaction_is_told() -> None:
    values = KERNEL + BIAS + BOTH + normal(np.random.default_rng(2), (10, 3, 4))
    table = interaction.components(values)
    assert list(table.columns) == interaction.COLUMNS
    row = table.set_index("component").loc["interaction"]
    assert row["sd_ci_low"] < np.sqrt(np.mean(BOTH**2)) < row["sd_ci_high"]
    assert row["p_value"] == 2 / 2**10
    assert table["share"].sum() == pytest.approx(1)


@pytest.mark.parametrize("shape", [(10, 1, 4), (10, 3, 1), (10, 1, 1)])
def test_a_single_row_or_column_has_no_interaction(shape: tuple[int, int, int]) -> None:
    values = np.random.default_rng(0).uniform(0.8, 0.9, shape)
    row = interaction.components(values).set_index("component").loc["interaction"]
    assert (row["sd"], row["p_value"]) == (0, 1)


def test_few_seeds_tell_less() -> None:
    values = KERNEL + BIAS + BOTH + normal(np.random.default_rng(2), (4, 3, 4))
    four = interaction.components(values)
    assert four["sd_ci_low"].isna().all()
    assert four["sd"].notna().all()
    one = interaction.components(values[:1])
    assert one["sd"].isna().all()
    assert one["share"].isna().all()
    assert (one["p_value"] == 1).all()


def ended(final: pd.DataFrame, names: dict[str, list[str]]) -> StudyResults:
    """A study of these pairs, whose runs have ended so."""
    results = StudyResults("made up")
    asked = configured()
    asked.__dict__["variants"] = {
        name: Variant(name, *(initializer(part) for part in pair)) for name, pair in names.items()
    }
    results.__dict__.update(study=asked, _finals=by_variant(final))
    return results


def test_the_layout_is_by_seed_kernel_and_bias() -> None:
    names = {"baseline": ["k0", "b0"], "kernel-k": ["k", "b0"], "bias-b": ["k0", "b"]}
    names["kernel-k-bias-b"] = ["k", "b"]
    final = pd.DataFrame(
        [(name, seed, (i + 10 * seed) / 100) for i, name in enumerate(names) for seed in (1, 0)],
        columns=["variant", "seed", "accuracy"],
    )
    found = interaction.layout(ended(final, names), range(2))
    assert (found.kernels, found.biases) == (["k0", "k"], ["b0", "b"])
    np.testing.assert_allclose(found.ends[0], [[0, 0.02], [0.01, 0.03]])
    np.testing.assert_allclose(found.ends[1], found.ends[0] + 0.1)
    with pytest.raises(StudyError, match="kernel-k-bias-b has no results"):
        interaction.layout(ended(final[final["variant"] != "kernel-k-bias-b"], names), range(2))


@pytest.mark.parametrize("n", [2, 3, 7, 10])
def test_the_exact_p_value_is_that_of_scipy(n: int) -> None:
    differences = np.random.default_rng(n).normal(0.5, 1, size=n)
    expected = stats.permutation_test(
        (differences,),
        lambda x, axis: np.abs(np.sum(x, axis=axis)),
        permutation_type="samples",
        alternative="greater",
        n_resamples=np.inf,
        vectorized=True,
    ).pvalue
    assert sign_flip_p_value(differences[:, None]) == pytest.approx(expected)


def test_the_p_value_of_darwins_plants() -> None:
    """Fisher, 1935, section 21: 863 of the 32768 sign flips reach the observed sum of 314, to each
    side; he counts 1726 of 32768, 5.267 %.
    """
    differences = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48.0])
    assert sign_flip_p_value(differences[:, None]) == pytest.approx(1726 / 32768)


def test_extreme_p_values() -> None:
    assert sign_flip_p_value(np.full((10, 1), 0.1)) == 2 / 2**10
    assert sign_flip_p_value(np.full((20, 1), 0.1)) == 2 / 2**20
    assert sign_flip_p_value(np.zeros((10, 1))) == 1
    assert sign_flip_p_value(np.full((30, 1), 0.1)) == pytest.approx(1 / 100_001)
    values = np.random.default_rng(5).normal(0.3, 1, (20, 1))
    # Of 21 flips are sampled; one of zero changes nothing.
    more = sign_flip_p_value(np.concatenate([values, [[0.0]]]))
    assert more == pytest.approx(sign_flip_p_value(values), abs=0.005)


@pytest.mark.parametrize("n", [1, 5, 10, 30])
def test_the_p_value_of_vectors_is_of_the_length_of_their_mean(n: int) -> None:
    vectors = np.random.default_rng(n).normal(0.3, 1, size=(n, 3))
    found = sign_flip_p_value(vectors)
    # In other coordinates it is the same, and of one coordinate the scalar one.
    turned = vectors @ stats.ortho_group.rvs(3, random_state=0)
    # Of more than 20 seeds, other flips are sampled then.
    assert sign_flip_p_value(turned) == pytest.approx(found, abs=0.002 if n > 20 else 0)
    along = sign_flip_p_value(vectors[:, :1] * np.array([[0.6, 0.8]]))
    assert along == sign_flip_p_value(vectors[:, :1])
    if n == 5:
        signs = np.array(np.meshgrid(*[[1, -1]] * n)).reshape(n, -1).T
        lengths = np.linalg.norm(signs @ vectors, axis=1)
        assert found == np.mean(lengths >= np.linalg.norm(vectors.sum(axis=0)) - 1e-9)
