"""Studies are run one after the other and compared, in one report."""

import subprocess
import sys

import pandas as pd
import pytest
import yaml
from helpers import SMALL, Project, configure, copy_project, fits, opened
from playwright.sync_api import Browser

from initstudy.suite.catalog import figures_of

STUDIES = ["notebook", "tanh"]


def write_suite(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "scripts/write_suite.py", "suite.yaml", *arguments],
        cwd=project.folder,
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory, mnist_file: object) -> Project:
    """Two studies that were run and compared; not to be changed."""
    project = copy_project(tmp_path_factory.mktemp("suite"), mnist_file)
    configure(project, **{**SMALL, "kernel_initializers": ["ones"], "published": None})
    tanh = {"study": "tanh", "model": {"activation": "tanh"}, "bias_initializers": []}
    (project / "studies/tanh.yaml").write_text(yaml.safe_dump(tanh))
    (project / "suite.yaml").write_text("studies: [config.yaml, studies/tanh.yaml]\n")
    outcome = write_suite(project, "--run", "--config", "epochs=1", "confirmation_seeds=1")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "The suite's report: results/suite/suite.html" in outcome.stdout
    return project


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
        best = rows.groupby("variant")["accuracy"].mean().max()
        expected = (rows["accuracy"] - 0.1135) / (best - 0.1135)
        assert rows["score"].tolist() == pytest.approx(expected.tolist())


@pytest.mark.parametrize("width", [1280, 390], ids=["desktop", "phone"])
def test_the_report_opens_and_has_the_facts(suite: Project, browser: Browser, width: int) -> None:
    folder = suite / "results/suite"
    summary = pd.read_csv(folder / "summary.csv")
    with opened(browser, folder / "suite.html", width) as page:
        for section in ["verdict", "studies", "scores", "profiles", "table", "made"]:
            assert page.locator(f"#{section}").is_visible()
            assert page.locator(f"nav a[href='#{section}']").count() == 1
        for figure in (figure.name for figure in figures_of(studies=2, variants=2)):
            image = page.locator(f"#{figure}-figure img")
            image.scroll_into_view_if_needed()
            assert image.evaluate("image => image.complete && image.naturalWidth > 300")
            assert len(page.locator(f"#{figure}-figure figcaption").inner_text()) > 80
            assert (folder / f"figures/{figure}.png").stat().st_size > 5000
        # Two studies are too few for it; the verdict says so.
        assert page.locator("#ranks").count() == 0
        assert "Ranks are not tested" in page.locator("#verdict").inner_text()
        assert fits(page)
        rows = page.locator("#table tbody tr").all_inner_texts()
        for row, expected in zip(rows, summary.itertuples(), strict=True):
            name, iqm, _, rank, *means = row.split("\t")
            assert name.strip() == expected.variant
            assert float(iqm.split()[0]) == pytest.approx(expected.iqm, abs=0.00051)
            assert float(rank) == pytest.approx(expected.mean_rank, abs=0.051)
            assert len(means) == len(STUDIES)
        links = page.locator("#studies tbody a").evaluate_all("all => all.map(a => a.href)")
        assert links == [f"file://{suite / f'results/{name}/report.html'}" for name in STUDIES]
        for name in STUDIES:
            assert (suite / f"results/{name}/report.html").exists()
        words = page.locator("#verdict").inner_text()
        assert f"{summary['variant'][0]} has the highest interquartile mean" in words
        assert "not in tanh: bias-ones" in words
        assert "Ranks are not tested" in words


def test_results_of_other_settings_are_refused_and_nothing_is_written(suite: Project) -> None:
    before = (suite / "results/suite/suite.html").stat().st_mtime_ns
    outcome = write_suite(suite)
    assert outcome.returncode == 1
    assert "the study has 2 epochs" in outcome.stderr
    assert "snakemake --cores all --configfile config.yaml" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    outcome = write_suite(suite, "--config", "study=quick")
    assert "studies/tanh.yaml would go to results/quick/, as those of config.yaml" in outcome.stderr
    assert (suite / "results/suite/suite.html").stat().st_mtime_ns == before


def test_the_suite_ends_at_the_first_study_that_fails(project: Project) -> None:
    configure(project, optimizer="adamm")
    (project / "studies/other.yaml").write_text("study: other\n")
    (project / "suite.yaml").write_text("studies: [config.yaml, studies/other.yaml]\n")
    outcome = write_suite(project, "--run")
    assert outcome.returncode == 1
    assert "The suite ends here: config.yaml failed" in outcome.stderr
    assert "optimizer: 'adamm'" in outcome.stdout + outcome.stderr
    assert "Study 2 of 2" not in outcome.stdout
    assert not (project / "results").exists()
