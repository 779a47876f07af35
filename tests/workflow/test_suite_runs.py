"""Studies are run and compared as one graph of jobs, in which what they share is one job."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from forks import Server
from helpers import SMALL, Outcome, Project, configure, copy_project, fits, opened
from playwright.sync_api import Browser

from initstudy.drawing.catalog import SUITE_FIGURES, always

STUDIES = ["notebook", "tanh"]
TANH = {"study": "tanh", "model": {"activation": "tanh"}, "bias_initializers": []}
# Some of the notebook's own trainings.
FEWER = {"file": "config.yaml", "study": "fewer", "bias_initializers": []}
# As one would have a first look.
SETTINGS = ("--config", "epochs=1", "confirmation_seeds=1")


def run_suite(project: Project, *arguments: str) -> Outcome:
    return project.run("suite", *SETTINGS, *arguments)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory, mnist_file: Path, server: Server) -> Project:
    """Two studies that were run and compared; not to be changed."""
    project = copy_project(tmp_path_factory.mktemp("suite"), mnist_file, server)
    configure(project, **{**SMALL, "kernel_initializers": ["ones"], "published": None})
    (project / "studies/tanh.yaml").write_text(yaml.safe_dump(TANH))
    (project / "suite.yaml").write_text("studies: [config.yaml, studies/tanh.yaml]\n")
    outcome = run_suite(project)
    # The studies are run beside each other: the first table of jobs has the jobs of both.
    assert outcome.jobs["train"] == 3 + 2
    assert outcome.jobs["collect"] == 2
    assert "Everything is there; open results/suite/suite.html" in outcome.text
    assert "Nothing to be done" in project.plan("suite", *SETTINGS).text
    return project


@pytest.fixture
def again(suite: Project, tmp_path: Path) -> Project:
    """A copy of it, to change."""
    return suite.copy(tmp_path / "project")


def test_the_scores_are_those_of_the_studies(suite: Project) -> None:
    scores = pd.read_csv(suite / "results/suite/scores.csv")
    assert list(dict.fromkeys(scores["study"])) == STUDIES
    assert set(scores["variant"]) == {"baseline", "kernel-ones"}
    for study, rows in scores.groupby("study"):
        table = pd.read_csv(suite / f"results/{study}/histories.csv")
        assert table["epoch"].max() == 1  # what the command line said
        table = table[table["seed"] < 2].set_index(["variant", "seed"])["val_accuracy"]
        for row in rows.itertuples():
            assert row.accuracy == table[row.variant, row.seed]
        # From chance to the target of config.yaml.
        expected = (rows["accuracy"] - 0.1135) / (0.9 - 0.1135)
        assert rows["score"].tolist() == pytest.approx(expected.tolist())


@pytest.mark.parametrize("width", [1280, 390], ids=["desktop", "phone"])
def test_the_report_opens_and_has_the_facts(suite: Project, browser: Browser, width: int) -> None:
    folder = suite / "results/suite"
    summary = pd.read_csv(folder / "summary.csv")
    found = json.loads((folder / "findings.json").read_text())
    decisions = pd.read_csv(folder / "decisions.csv").set_index(["study", "variant"])
    with opened(browser, folder / "suite.html", width) as page:
        card = page.locator("#answer")
        assert card.is_visible()
        # Two workloads are too few, and two seeds, too; the answer says so.
        assert "Stay with the baseline" in card.inner_text()
        wanted = "To decide over workloads takes 5 of them at least, and here are 2"
        assert wanted in card.inner_text()
        assert page.evaluate("document.documentElement.scrollHeight") <= 4500
        assert page.locator("iframe").count() == 0
        page.evaluate(
            "document.querySelectorAll('details:not(#explorer)').forEach((a) => { a.open = true; })"
        )
        for figure in always(SUITE_FIGURES):
            image = page.locator(f"#{figure}-figure img")
            image.scroll_into_view_if_needed()
            assert image.evaluate("image => image.complete && image.naturalWidth > 300")
            assert (folder / f"figures/{figure}.png").stat().st_size > 5000
        assert fits(page)
        rows = page.locator("#table tbody tr").all_inner_texts()
        assert summary["variant"].tolist() == [one["name"] for one in found["methods"]]
        for row, variant in zip(rows, summary["variant"], strict=True):
            name, *cells = row.split("\t")
            assert f"kernel-{name.strip()}" == variant
            for study, cell in zip(STUDIES, cells, strict=True):
                ratio, decision = cell.split()[:2]
                assert float(ratio) == pytest.approx(
                    decisions.loc[(study, variant), "ratio"], abs=0.0051
                )
                assert decision == decisions.loc[(study, variant), "decision"]
        links = page.locator("#workloads tbody a").evaluate_all("all => all.map(a => a.href)")
        assert links == [f"file://{suite / f'results/{name}/report.html'}" for name in STUDIES]
        for name in STUDIES:
            assert (suite / f"results/{name}/report.html").exists()
        words = page.locator("#verdict").inner_text()
        assert "bias-ones is not compared: tanh lacks it" in words
        assert Axe().run(page, options={"iframes": False}).response["violations"] == []
        if width < 640:
            return
        # The explorer shows one study at a time, all of which can be chosen.
        page.locator("#explorer summary").click()
        frame = page.frame_locator("#explorer iframe")
        choice = frame.locator("select").first
        assert choice.locator("option").all_inner_texts() == STUDIES
        choice.select_option(STUDIES[1])
        assert choice.input_value() == STUDIES[1]
        assert frame.locator("svg .mark-text.role-legend-label text").all_text_contents() == [
            *("baseline", "kernel-ones")
        ]


def test_what_studies_share_is_one_job(project: Project) -> None:
    configure(project, **SMALL)
    (project / "suite.yaml").write_text(yaml.safe_dump({"studies": ["config.yaml", FEWER]}))
    plan = project.plan("suite")
    variants = ["baseline", "bias-ones", "kernel-ones", "kernel-random_normal"]
    assert plan.trained == [(variant, 0, 1) for variant in variants]
    assert plan.jobs["train"] == 4


def test_a_changed_study_trains_its_own_alone(again: Project) -> None:
    (again / "studies/tanh.yaml").write_text(
        yaml.safe_dump({**TANH, "model": {"activation": "selu"}})
    )
    plan = again.plan("suite", *SETTINGS)
    assert plan.trained == [("baseline", 0, 1), ("kernel-ones", 0, 1)]
    assert set(re.findall(r"Training \S+ of (\S+),", plan.text)) == {"tanh"}
    assert plan.jobs["compare_studies"] == plan.jobs["choose"] == 1
    # A study of its own is run by its own name; the others stay as they are.
    plan = again.plan("--configfile", "studies/tanh.yaml", *SETTINGS)
    assert plan.trained == [("baseline", 0, 1), ("kernel-ones", 0, 1)]


def test_a_study_more_takes_the_trainings_that_are_there(again: Project) -> None:
    members = ["config.yaml", "studies/tanh.yaml", FEWER]
    (again / "suite.yaml").write_text(yaml.safe_dump({"studies": members}))
    target = "results/suite/scores.csv"
    before = again.trainings
    assert again.run(target, *SETTINGS).trained == []
    assert again.trainings == before
    scores = pd.read_csv(again / target)
    assert list(dict.fromkeys(scores["study"])) == [*STUDIES, "fewer"]
    accuracies = scores.set_index(["study", "variant"])["accuracy"]
    for variant in ("baseline", "kernel-ones"):
        first, other, same = (accuracies[study, variant].tolist() for study in [*STUDIES, "fewer"])
        assert first == same != other
    # And one study less.
    (again / "suite.yaml").write_text(yaml.safe_dump({"studies": members[:2]}))
    assert again.run(target, *SETTINGS).trained == []
    assert list(dict.fromkeys(pd.read_csv(again / target)["study"])) == STUDIES


@pytest.mark.thorough
def test_what_is_kept_is_not_trained_and_stands_beside_what_is_added(again: Project) -> None:
    settings = (*SETTINGS, "kept=kept")
    suite, kept = again / "results/suite", again / "kept"
    kept.mkdir()
    for table in ("learning_rates", "scores", "trainings", "trials"):
        (suite / f"{table}.csv").rename(kept / f"{table}.csv")
    shutil.rmtree(again / "results")
    # Nothing is added, so nothing were to be trained.
    outcome = again.snakemake("suite", *settings)
    assert outcome.code == 1
    assert "kept has all variants of suite.yaml, so nothing is to be trained" in outcome.text
    configure(again, **{**SMALL, "kernel_initializers": ["ones", "he_normal"], "published": None})
    outcome = again.run("results/suite/suite.html", *settings)
    assert "Taken from kept, not trained: kernel-ones of suite.yaml." in outcome.text
    # The baseline tells whether one can be put beside the other.
    assert outcome.trained == [("baseline", 0, 1), ("bias-ones", 0, 1), ("kernel-he_normal", 0, 1)]
    scores, old = pd.read_csv(suite / "scores.csv"), pd.read_csv(kept / "scores.csv")
    assert set(scores["variant"]) == {"baseline", "kernel-ones", "kernel-he_normal"}
    both = scores.merge(old, on=["study", "variant", "seed"], suffixes=("", "_old"))
    assert len(both) == len(old)
    assert (both["accuracy"] == both["accuracy_old"]).all()
    assert (both["score"] == both["score_old"]).all()
    words = (suite / "suite.md").read_text()
    assert "The results of **ones** are published results from `kept`" in words
    assert "2 of them have the same run spec by its digest, and 2 have the same acc" in words
    trainings = pd.read_csv(suite / "trainings.csv")
    assert set(map(tuple, pd.read_csv(kept / "trainings.csv").to_numpy())) < set(
        map(tuple, trainings.to_numpy())
    )
    # What it would train otherwise is not taken.
    outcome = again.snakemake("suite", *settings, "batch_size=64")
    assert outcome.code == 1
    assert "kept has no variant of suite.yaml as it would be trained here" in outcome.text
    outcome = again.snakemake("suite", *settings, "design=factorial")
    assert outcome.code == 1
    assert "design: with kept it must be one_factor" in outcome.text


def test_other_settings_hold_for_all_studies(again: Project) -> None:
    plan = again.plan("suite")
    epochs = re.findall(r"logs/runs/\w+/epochs-(\d+)/seeds-0-1\.log", plan.text)
    assert set(epochs) == {"2"}
    assert len(plan.trained) == 3
    assert plan.jobs["train"] == 5


@pytest.mark.parametrize(
    ("listed", "arguments", "parts"),
    [
        (
            ["config.yaml", "studies/tanh.yaml"],
            ["study=quick"],
            ["studies/tanh.yaml would go to results/quick/, as those of config.yaml do"],
        ),
        (["config.yaml", "studies/tahn.yaml"], [], ["suite.yaml: there is no file 'studies/tahn"]),
        ("config.yaml", [], ["suite.yaml: it must hold the key studies, with a list"]),
        (
            [3],
            [],
            ["suite.yaml: 3 is neither the file of a study, nor a mapping with the key file"],
        ),
        (
            ["config.yaml", {"file": "studies/tanh.yaml", "epoch": 3}],
            [],
            ["suite.yaml, the entry of studies/tanh.yaml: epoch: there is no such key; did you"],
        ),
        (
            ["config.yaml", "studies/wrong.yaml"],
            [],
            ["studies/wrong.yaml:2: optimizer: 'adamm'", "'adam'"],
        ),
        (
            ["studies/tanh.yaml", {"file": "studies/tanh.yaml", "study": "suite"}],
            [],
            ["results/suite/, as those of the list suite.yaml do"],
        ),
        (
            [
                {"file": "studies/tanh.yaml", "study": "one", "kernel_initializers": ["ones"]},
                {"file": "studies/tanh.yaml", "kernel_initializers": ["zeros"]},
            ],
            [],
            ["suite.yaml: The studies share no variant besides the baseline: kernel-ones is not"],
        ),
    ],
)
def test_what_is_wrong_is_told_in_one_message_before_anything_runs(
    project: Project, listed: object, arguments: list[str], parts: list[str]
) -> None:
    (project / "studies/tanh.yaml").write_text(yaml.safe_dump(TANH))
    (project / "studies/wrong.yaml").write_text("study: wrong\noptimizer: adamm\n")
    (project / "suite.yaml").write_text(yaml.safe_dump({"studies": listed}))
    outcome = project.snakemake("suite", "--config", "seeds=2", *arguments)
    assert outcome.code == 1
    for part in parts:
        assert part in outcome.text, outcome.text
    assert "Traceback" not in outcome.text
    assert not (project / "results").exists()


def test_a_wrong_list_does_not_concern_a_study_alone(project: Project) -> None:
    (project / "suite.yaml").write_text("studies: [config.yaml, studies/no.yaml]\n")
    assert len(project.plan().trained) == 13
