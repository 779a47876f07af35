"""The workloads that are drawn, and the page of the benchmark."""

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers import LIBRARY, REPOSITORY, drawn
from scipy import stats

from initstudy import __version__
from initstudy.config.configuration import parse
from initstudy.config.names import GONE_DATASETS
from initstudy.data.catalog import SPECS
from initstudy.results import examples
from initstudy.results.suite import SuiteResults
from initstudy.suite import leaderboard
from initstudy.suite.entry import of_suite
from initstudy.suite.find import find, in_workload
from initstudy.suite.findings import Findings

BENCHMARK = REPOSITORY / "docs/benchmark"
# Workloads of 0.2.0 on data sets that later versions lack, and those in their place.
REPLACED = {
    "letters_selu": "letter_selu",
    "letters_layernorm": "letter_layernorm",
    "satellite_batchnorm": "satimage_batchnorm",
    "shuttle_tanh": "magic_tanh",
}


def test_a_seed_draws_the_same_workloads_and_more_after_fewer() -> None:
    assert drawn.draw(7, 2) == drawn.draw(7, 5)[:2]
    assert drawn.draw(7)[0] != drawn.draw(8)[0] | {"study": "drawn_7_0"}


def test_each_alternative_is_as_probable_as_any_other() -> None:
    found = drawn.draw(0, 6000)
    counts = {
        "dataset": Counter(one["dataset"] for one in found),
        "depth": Counter(len(one["model"]["hidden_units"]) for one in found),
        "width": Counter(one["model"]["hidden_units"][0] for one in found),
        "activation": Counter(one["model"]["activation"] for one in found),
        "optimizer": Counter(str(one["optimizer"]) for one in found),
    }
    for choices, of_each in zip(
        (drawn.DATASETS, drawn.DEPTHS, drawn.WIDTHS, drawn.ACTIVATIONS, drawn.OPTIMIZERS),
        counts.values(),
        strict=True,
    ):
        assert len(of_each) == len(choices)
        expected = 6000 / len(choices)
        assert all(abs(count - expected) < 5 * expected**0.5 for count in of_each.values())


def test_what_is_drawn_can_be_trained() -> None:
    settings = yaml.safe_load((REPOSITORY / "suite.yaml").read_text())["settings"]
    for one in drawn.draw(3, 60):
        kinds = one.pop("kinds")
        study, problems = parse({**settings, **one})
        assert not problems
        deep = len(one["model"]["hidden_units"]) >= 8
        assert ("deep" in kinds) == deep
        assert study is not None
        assert len(study.learning_rates) == 5
        # Deep networks begin one learning rate lower, the few images of digits one higher.
        place = drawn.RATES.index(0.003 if "momentum" in str(one["optimizer"]) else 0.0003)
        place += (one["dataset"] == "digits") - deep
        assert study.learning_rates[0] == drawn.RATES[place]


def test_the_command_writes_a_list_of_studies() -> None:
    command = [sys.executable, REPOSITORY / "studies/drawn.py", "--seed", "7", "--count", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=LIBRARY)
    text = done.stdout
    assert text.startswith("# Drawn by python studies/drawn.py --seed 7\n")
    content = yaml.safe_load(text)
    assert content["studies"] == drawn.draw(7, 2)
    assert (
        content["settings"] == yaml.safe_load((REPOSITORY / "suite.yaml").read_text())["settings"]
    )


@pytest.fixture(scope="module")
def found() -> Findings:
    """Of the benchmark, from its tables."""
    return find(of_suite(SuiteResults(BENCHMARK)))


def test_the_tables_of_the_benchmark_are_complete_and_of_one_run() -> None:
    scores = pd.read_csv(BENCHMARK / "scores.csv")
    # What suite.yaml lists is what was run, but for the data sets that only 0.2.0 had.
    listed = yaml.safe_load((REPOSITORY / "suite.yaml").read_text())
    names = [one["study"] for one in listed["studies"]]
    workloads = SuiteResults(BENCHMARK).workloads
    assert [REPLACED.get(name, name) for name in workloads["study"]] == names
    assert list(dict.fromkeys(scores["study"])) == workloads["study"].tolist()
    for one, (_, row) in zip(listed["studies"], workloads.iterrows(), strict=True):
        if row["study"] in REPLACED:
            assert row["dataset"] in GONE_DATASETS
            continue
        asked = {**listed["settings"], **one}
        assert row["dataset"] == asked["dataset"]
        assert row["chance"] == pytest.approx(SPECS[asked["dataset"]].target.constant["accuracy"])
        assert (row["target"], row["epochs"]) == (asked["target_accuracy"], asked["epochs"])
        assert [*map(float, row["learning_rates"].split())] == asked["learning_rates"]
        assert row["kinds"] == "; ".join(asked["kinds"])
    ends = workloads.set_index("study").loc[scores["study"], ["chance", "target"]].to_numpy()
    expected = (scores["accuracy"] - ends[:, 0]) / (ends[:, 1] - ends[:, 0])
    np.testing.assert_allclose(scores["score"], expected, atol=1e-7)
    # And which examples each run gets right is what its accuracy is.
    for (study, variant), rows in scores.groupby(["study", "variant"]):
        right = examples.read(BENCHMARK / f"hits/{study}.npz")[f"{variant}/correct"][: len(rows)]
        assert right.mean(axis=1) == pytest.approx(rows["accuracy"].to_numpy(), abs=1e-6)


def test_the_pages_are_those_of_their_tables(tmp_path: Path) -> None:
    """`make leaderboard` without a run makes the pages and the tables that are there."""
    for name in [*(f"{table}.csv" for table in leaderboard.TABLES), leaderboard.RUN]:
        shutil.copyfile(BENCHMARK / name, tmp_path / name)
    shutil.copytree(BENCHMARK / "hits", tmp_path / "hits")
    leaderboard.make(tmp_path)
    made = {path.name for path in tmp_path.iterdir()}
    assert made == {path.name for path in BENCHMARK.iterdir()} - {"claims.md", "extend.md"}
    for name in made - {"hits"}:
        if name.endswith(".csv"):  # Another SciPy may have another last digit.
            tables = (pd.read_csv(folder / name) for folder in (tmp_path, BENCHMARK))
            pd.testing.assert_frame_equal(*tables, rtol=1e-7)
        elif not name.endswith(".png"):
            assert (tmp_path / name).read_text() == (BENCHMARK / name).read_text(), name
    text = "".join((BENCHMARK / page).read_text() for page in leaderboard.PAGES)
    for file in re.findall(r"\]\(([\w./-]+)\)", text):
        assert Path(BENCHMARK, file).exists(), file


def test_a_run_replaces_the_tables_and_the_page_follows(tmp_path: Path) -> None:
    suite, to = tmp_path / "results/suite", tmp_path / "benchmark"
    suite.mkdir(parents=True)
    for table in leaderboard.TABLES:
        shutil.copyfile(BENCHMARK / f"{table}.csv", suite / f"{table}.csv")
    for file in (BENCHMARK / "hits").iterdir():
        (suite.parent / file.stem).mkdir()
        shutil.copyfile(file, suite.parent / file.stem / "examples.npz")
    to.mkdir()
    leaderboard.take(suite, to)
    assert {path.name for path in (to / "hits").iterdir()} == {
        path.name for path in (BENCHMARK / "hits").iterdir()
    }
    run = yaml.safe_load((to / leaderboard.RUN).read_text())
    assert run["initstudy"] == __version__
    published = yaml.safe_load((BENCHMARK / leaderboard.RUN).read_text())
    assert run["datasets"]["digits"] == published["datasets"]["digits"]
    for table in leaderboard.TABLES:
        assert (to / f"{table}.csv").read_text() == (BENCHMARK / f"{table}.csv").read_text()


def sign_flip(differences: np.ndarray) -> float:
    """The exact two-sided p-value of the mean."""
    return float(
        stats.permutation_test(
            (differences,), np.mean, permutation_type="samples", n_resamples=np.inf
        ).pvalue
    )


def test_the_counts_without_correction_are_those_of_exact_sign_flips(found: Findings) -> None:
    """Recomputed by pandas and SciPy alone: better, worse at p < 0.05 uncorrected, and fails."""
    scores = pd.read_csv(BENCHMARK / "scores.csv")
    table = scores.pivot_table(index=["study", "seed"], columns="variant", values="accuracy")
    expected = {"lsuv": (6, 1, 0), "sinusoidal": (5, 4, 2), "pytorch": (1, 6, 3), "ZerO": (1, 8, 2)}
    for name, counts in expected.items():
        better = worse = fails = 0
        for study, rows in table.groupby("study"):
            differences = (rows[f"kernel-{name}"] - rows["baseline"]).to_numpy()
            if sign_flip(differences) < 0.05:
                better, worse = better + (differences.mean() > 0), worse + (differences.mean() < 0)
            own = scores[(scores["study"] == study) & (scores["variant"] == f"kernel-{name}")]
            fails += (own["score"] < 0.5).mean() >= 0.5
        assert (better, worse, fails) == counts
        method = found.method(f"kernel-{name}")
        assert method.counts.fails == fails
        # What is decided after correction is so without.
        assert method.counts.better <= better
        assert method.counts.worse <= worse


def test_the_geometric_means_are_those_of_the_tables(found: Findings) -> None:
    scores = pd.read_csv(BENCHMARK / "scores.csv")
    errors = 1 - scores.pivot_table(index="study", columns="variant", values="accuracy")
    logs = np.log(errors.div(errors["baseline"], axis=0))
    for name, ratio in (("lsuv", 0.87), ("pytorch", 1.43), ("ZerO", 1.42)):
        values = logs[f"kernel-{name}"].to_numpy()
        over = found.method(f"kernel-{name}").over
        assert over.ratio == pytest.approx(stats.gmean(np.exp(values)))
        assert over.ratio == pytest.approx(ratio, abs=0.005)
        # Moderation makes no interval narrower than its own variance would with as much freedom.
        own = stats.ttest_1samp(values, 0)
        low, high = np.exp(own.confidence_interval(0.95))
        assert (over.low, over.high) == pytest.approx((low, high), rel=0.03)
    rates = found.rates
    assert sum(rate.at_edge for rate in rates) == 13
    assert len(rates) == 165


def claimed(first: str, study: str, second: str = "baseline") -> str:
    """A difference as claims.md has it."""
    entries = of_suite(SuiteResults(BENCHMARK))
    entry = next(one for one in entries if one.workload.study == study)
    other = second if second == "baseline" else f"kernel-{second}"
    found = in_workload(entry).comparison(f"kernel-{first}", other)
    numbers = (f"{100 * value:+.1f}" for value in (found.difference, found.low, found.high))
    return "{} [{}, {}]".format(*numbers)


CLAIMS = [
    ("fixup", "digits_plain_residual", "he_normal"),
    ("fixup", "digits_plain_residual", "baseline"),
    ("metainit", "fashion_deep_relu", "he_normal"),
    ("metainit", "fashion_deep_relu", "baseline"),
    ("ZerO", "fashion_deep_relu", "he_normal"),
    ("ZerO", "drawn_20261126_0", "baseline"),
    ("autoinit", "digits_gelu", "baseline"),
    ("autoinit", "letters_selu", "baseline"),
    ("IDInit", "digits_transformer", "he_normal"),
    ("IDInit", "digits_plain_residual", "he_normal"),
    ("IDInit", "fashion_lenet", "baseline"),
    ("sinusoidal", "mnist_deep_tanh", "baseline"),
    ("sinusoidal", "digits_plain_residual", "baseline"),
    ("tanh_fixed_point", "mnist_deep_tanh", "baseline"),
    ("tanh_fixed_point", "shuttle_tanh", "baseline"),
    ("tanh_fixed_point", "drawn_20261126_2", "baseline"),
]


def test_every_difference_of_the_audited_claims_is_recomputed() -> None:
    page = (BENCHMARK / "claims.md").read_text()
    assert sorted(re.findall(r"[+-][\d.]+ \[[+-][\d.]+, [+-][\d.]+\]", page)) == sorted(
        claimed(*claim) for claim in CLAIMS
    )


def test_correct_predictions_are_kept_of_what_is_judged_and_no_more(tmp_path: Path) -> None:
    """The best pair is another one in each study, and a method may have been taken out."""

    def written(name: str, **values: int) -> Path:
        arrays = {f"{variant}/correct": np.array([value]) for variant, value in values.items()}
        np.savez(tmp_path / name, **arrays)
        return tmp_path / name

    own = written("own.npz", baseline=1, best=2, new=3)
    kept = written("kept.npz", baseline=4, gone=5, old=6)
    found = leaderboard.correct(own, kept, ["baseline", "new", "old"])
    assert {name: int(values.squeeze()) for name, values in found.items()} == {
        "baseline/correct": 1,
        "new/correct": 3,
        "old/correct": 6,
    }
    assert "gone/correct" not in leaderboard.correct(
        own, tmp_path / "none.npz", ["baseline", "gone"]
    )
