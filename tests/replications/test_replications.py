"""Published findings come out, with the networks of studies/replications on the real MNIST.

Seeds and epochs are fewer than in the studies, see docs/replications.md.
"""

import numpy as np
import pytest
from replications.published import Run, read_study, signals, start

from initstudy.engine.data import Dataset

CHANCE = 0.1135  # the share of the most frequent digit


def pixels(mnist: Dataset, images: int = 300) -> np.ndarray:
    """Between 0 and 1."""
    return mnist.x_train[:images].astype("float32") / 255


@pytest.mark.thorough
def test_thirty_relu_layers_learn_from_he_and_stall_from_xavier(mnist: Dataset) -> None:
    """He et al., 2015, figure 3."""
    study = read_study("he_2015")
    assert len(study.model["hidden_units"]) + 1 == 30
    run = Run(study, mnist)
    for replicate in range(2):
        assert run.accuracies("he", replicate, epochs=3)[-1] > 0.85
        assert max(run.accuracies("xavier", replicate, epochs=2)) < CHANCE + 0.02


def test_xavier_signals_of_thirty_relu_layers_are_two_to_the_fifteenth_smaller(
    mnist: Dataset,
) -> None:
    """He et al., 2015, section 2.2, "Comparisons": 1 / sqrt(2)^L of theirs."""
    study = read_study("he_2015")
    he, xavier = (
        signals(start(study, kernels, 0).model, pixels(mnist), mnist.y_train[:300])[0][-1]
        for kernels in ("he", "xavier")
    )
    np.testing.assert_allclose(xavier, he / 2**15, rtol=1e-3, atol=1e-4 * np.abs(he).max() / 2**15)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("kernels", "shrinkage", "gain", "singular_value"),
    [
        # Variances times 1/3 in each layer (equation 15), and "around 0.8", "down to 0.5".
        pytest.param("standard", 3**-0.5, (0.54, 0.59), 0.5, id="standard"),
        pytest.param("normalized", 1.0, (0.88, 1.0), 0.8, id="normalized"),
    ],
)
def test_signals_shrink_from_the_standard_but_not_from_the_normalized_initialization(
    mnist: Dataset,
    kernels: str,
    shrinkage: float,
    gain: tuple[float, float],
    singular_value: float,
) -> None:
    """Glorot and Bengio, 2010, figures 6 and 7, and section 4.2.2 for the singular values."""
    study = read_study("glorot_2010")
    assert (study.inputs, study.model) == (
        "unit",
        {"hidden_units": [500] * 5, "activation": "tanh"},
    )
    singular_values = []
    for replicate in range(3):
        model = start(study, kernels, replicate).model
        _, activations, gradients = signals(model, pixels(mnist), mnist.y_train[:300])
        forward = np.array([values.std() for values in activations[:-1]])
        backward = np.array([values.std() for values in gradients[:-1]])
        for ratios in (forward[1:] / forward[:-1], backward[:-1] / backward[1:]):
            assert gain[0] * 0.95 < ratios.min()
            assert ratios.max() < gain[1] * 1.05
            assert ratios.mean() == pytest.approx(shrinkage, rel=0.12)
        # z^{i+1} = tanh(W z^i): the Jacobian of equation 17, at one image.
        singular_values += [
            np.linalg.svd(
                (1 - activations[layer][0] ** 2)[:, None] * model.layers[layer].kernel.numpy().T,
                compute_uv=False,
            ).mean()
            for layer in range(1, 5)
        ]
        print(kernels, replicate, forward.round(3), (backward / backward[-1]).round(3))
    print(kernels, "mean singular value", np.mean(singular_values).round(3))
    assert np.mean(singular_values) == pytest.approx(singular_value, abs=0.03)


@pytest.mark.thorough
def test_learning_time_grows_with_depth_from_gaussian_but_not_from_orthogonal_kernels(
    mnist: Dataset,
) -> None:
    """Saxe, McClelland and Ganguli, 2014, figure 6A.

    Each at its best rate (scan_rates.py); the studies' own is that of the Gaussian kernels.
    """
    shallow, deep = (Run(read_study(f"saxe_2014_depth_{depth}"), mnist) for depth in (4, 32))
    for replicate in range(2):
        orthogonal = [
            shallow.learning_time("orthogonal", replicate, 8, rate=0.08),
            deep.learning_time("orthogonal", replicate, 8, rate=0.04),
        ]
        # Twice its best rate is too much for the Gaussian kernels.
        assert shallow.learning_time("gaussian", replicate, 8, rate=0.08) == float("inf")
        gaussian = [
            shallow.learning_time("gaussian", replicate, 10),
            deep.learning_time("gaussian", replicate, 15),
        ]
        # Eight times the depth.
        assert orthogonal[1] - orthogonal[0] <= 3
        assert gaussian[1] > 2 * gaussian[0]
        assert gaussian[1] > 2.5 * orthogonal[1]


@pytest.mark.thorough
def test_lsuv_trains_where_its_base_does_not(mnist: Dataset) -> None:
    """Mishkin and Matas, 2016."""
    study = read_study("lsuv_2016")
    run = Run(study, mnist)
    for replicate in range(2):
        assert run.accuracies("lsuv", replicate, epochs=2)[-1] > 0.85
        assert max(run.accuracies("orthogonal", replicate, epochs=2)) < CHANCE + 0.02
        assert max(run.accuracies("normal_sd_001", replicate, epochs=2)) < CHANCE + 0.02
