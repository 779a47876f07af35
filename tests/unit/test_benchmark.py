"""The workloads that are drawn, and the page of the benchmark."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers import REPOSITORY

from initstudy.results import hits
from initstudy.study.config import parse_study
from initstudy.suite import drawn, leaderboard


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
        study, problems = parse_study({**settings, **one})
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
    command = [sys.executable, "-m", "initstudy.suite.drawn", "--seed", "7", "--count", "2"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert text.startswith("# Drawn by python -m initstudy.suite.drawn --seed 7\n")
    content = yaml.safe_load(text)
    assert content["studies"] == drawn.draw(7, 2)
    assert (
        content["settings"] == yaml.safe_load((REPOSITORY / "suite.yaml").read_text())["settings"]
    )


def test_the_leaderboard_has_a_row_for_each_method_in_the_order_of_the_table() -> None:
    folder = REPOSITORY / "docs/benchmark"
    page, summary = (folder / "README.md").read_text(), pd.read_csv(folder / "summary.csv")
    assert leaderboard.leaderboard(summary) in page
    names = re.findall(r"\| `(\w+)` +\|", leaderboard.leaderboard(summary))
    assert names == [name.removeprefix("kernel-") for name in summary["variant"]]
    scores = pd.read_csv(folder / "scores.csv")
    assert set(scores["variant"]) == set(summary["variant"])
    # What suite.yaml lists is what was run.
    listed = [
        one["study"] for one in yaml.safe_load((REPOSITORY / "suite.yaml").read_text())["studies"]
    ]
    assert list(dict.fromkeys(scores["study"])) == listed
    # And which images each replicate gets right is what its accuracy says.
    for (study, variant), rows in scores.groupby(["study", "variant"]):
        right = hits.read(folder / f"hits/{study}.npz")[variant][: len(rows)]
        assert right.mean(axis=1) == pytest.approx(rows["accuracy"].to_numpy(), abs=1e-6)
    for file in re.findall(r"\]\(([\w./-]+)\)", page):
        assert Path(folder, file).exists(), file


def test_hits_are_kept_of_what_is_judged_and_no_more(tmp_path: Path) -> None:
    """The best pair is another one in each study, and a method may have been taken out."""

    def written(name: str, **values: int) -> Path:
        arrays = {f"{variant}/hits": np.array([value]) for variant, value in values.items()}
        np.savez(tmp_path / name, images=np.array(8), **arrays)
        return tmp_path / name

    own = written("own.npz", baseline=1, best=2, new=3)
    kept = written("kept.npz", baseline=4, gone=5, old=6)
    found = leaderboard.hits(own, kept, ["baseline", "new", "old"])
    assert {name: int(values.squeeze()) for name, values in found.items()} == {
        "images": 8,
        "baseline/hits": 1,
        "new/hits": 3,
        "old/hits": 6,
    }
    assert "gone/hits" not in leaderboard.hits(own, tmp_path / "none.npz", ["baseline", "gone"])
