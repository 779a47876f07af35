"""What is wrong with a person's own initializer is said in words; ours have nothing wrong."""

import re
from pathlib import Path

import pytest

from initstudy import StudyError, check_initializer
from initstudy.engine.literature import PLACES


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(
        """
import numpy as np


def good(shape, dtype, seed, width=0.1):
    return np.random.default_rng(seed).uniform(-width, width, shape)


def unseeded(shape, dtype, seed):
    return np.random.default_rng().normal(size=shape)


def flat(shape, dtype, seed):
    return np.zeros(7)


def dense_only(shape, dtype, seed):
    fan_in, units = shape
    return np.random.default_rng(seed).normal(0, fan_in ** -0.5, (fan_in, units))


def infinite(shape, dtype, seed):
    return np.full(shape, np.inf)


def copies(shape, dtype, seed):
    return np.ones(shape)
"""
    )
    return path


@pytest.mark.parametrize("name", sorted({*PLACES, "he_normal", "glorot_uniform", "orthogonal"}))
def test_ours_pass(name: str) -> None:
    found = check_initializer(name)
    assert found.problems == []
    assert str(found).startswith(f"{name} can be used.")
    deterministic = any("deterministic" in note for note in found.notes)
    assert deterministic == (name.lower() in ("zero", "idinit", "sinusoidal"))


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("unseeded", "with the same seed it gives other values each time"),
        (
            "flat",
            "It makes no kernel of shape (784, 16), (16, 16), (16, 10), (64, 256), (256, 64), (",
        ),
        ("infinite", "are not finite"),
    ],
)
def test_what_is_wrong_is_said(own: Path, name: str, problem: str) -> None:
    found = check_initializer(f"{own}:{name}")
    assert any(problem in text for text in found.problems)
    assert "cannot be used as it is" in str(found)


def test_what_is_worth_knowing_is_said(own: Path) -> None:
    good = check_initializer(f"{own}:good", config={"width": 0.2})
    assert good.problems == []
    # Uniform from -0.2 to 0.2: 0.2 / sqrt(3) times the root of the inputs.
    factor = re.search(r"([\d.]+) for \(784, 16\)", str(good))
    assert factor is not None
    assert float(factor[1]) == pytest.approx(0.2 / 3**0.5 * 28, rel=0.02)
    dense = str(check_initializer(f"{own}:dense_only"))
    assert "For dense layers only: it makes no kernel of shape (5, 5, 1, 6)" in dense
    assert "1.0 times as large (relu)" not in dense
    copies = str(check_initializer(f"{own}:copies"))
    assert "deterministic initializer" in copies
    assert "15 of 16 units of shape (784, 16)" in copies
    assert check_initializer(f"{own}:good", role="bias").problems == []


def test_a_signal_is_followed_through_many_layers() -> None:
    he, small = (str(check_initializer(name)) for name in ("he_normal", "random_normal"))
    assert "e-" not in he.split("enters the last one")[1]
    assert "e-" in small.split("enters the last one")[1]


def test_a_name_that_there_is_not_is_told() -> None:
    with pytest.raises(StudyError, match="did you mean 'he_normal'"):
        check_initializer("he_norml")
