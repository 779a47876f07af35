"""The report opens from disk in a real browser, without a network, and can be used."""

import re
import shutil
from collections.abc import Iterator

import pandas as pd
import pytest
from helpers import ALL_TESTS, Project
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FIGURES = ["differences", "ranking", "kernel", "bias", "best_vs_baseline", "signals"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None and not ALL_TESTS:
        pytest.skip("no chromium here; on Debian tests/install-debian-packages installs it")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
            ],
        )
        yield running
        running.close()


@pytest.fixture(params=[1280, 390], ids=["desktop", "phone"])
def page(browser: Browser, finished: Project, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The report; whatever it asks of a network or complains of is an error."""
    opened = browser.new_page(viewport={"width": request.param, "height": 900})
    trouble: list[str] = []
    opened.on("console", lambda message: trouble.append(message.text))
    opened.on("pageerror", lambda error: trouble.append(str(error)))
    opened.on(
        "request",
        lambda asked: (
            None
            if asked.url.startswith(("file:", "data:", "about:", "blob:"))
            else trouble.append(asked.url)
        ),
    )
    opened.goto(f"file://{finished / 'results/notebook/report.html'}")
    yield opened
    assert trouble == []
    opened.close()


def test_every_part_is_visible_and_fits(page: Page) -> None:
    sections = ["verdict", "ranking", "curves", "signals", "explorer", "table", "configuration"]
    for section in [*sections, "made"]:
        assert page.locator(f"#{section}").is_visible()
        assert page.locator(f"nav a[href='#{section}']").count() == 1
    for figure in FIGURES:
        image = page.locator(f"#{figure}-figure img")
        image.scroll_into_view_if_needed()
        assert image.evaluate("image => image.complete && image.naturalWidth > 300")
        assert len(page.locator(f"#{figure}-figure figcaption").inner_text()) > 80
    width, window = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert width == window  # the page itself never scrolls sideways


def test_its_numbers_are_those_of_the_summary(page: Page, finished: Project) -> None:
    summary = pd.read_csv(finished / "results/notebook/summary.csv").set_index("variant")
    rows = page.locator("#table tbody tr").all_inner_texts()
    assert len(rows) == len(summary)
    for row in rows:
        name, *cells = re.split(r"\s*\t\s*", row)
        shown = float(cells[3].split()[0])
        assert shown == pytest.approx(100 * summary.loc[name, "accuracy_mean"], abs=0.051)
    text = page.locator("#verdict").inner_text()
    assert "no difference could have been told" in text
    assert "random_normal" in page.locator("#configuration").inner_text()
    made = page.locator("#made").inner_text()
    for word in ["git commit", "tensorflow", "processor", "minutes of CPU time in all"]:
        assert word in made


def test_a_click_in_the_legend_highlights_one_variant(page: Page) -> None:
    frame = page.frame_locator("#explorer iframe")
    lines = frame.locator("g.mark-line path")
    lines.first.wait_for(state="attached")

    def faint() -> int:
        opacities = lines.evaluate_all(
            "paths => paths.map(path => Number(path.getAttribute('opacity') ?? 1))"
        )
        return sum(opacity < 0.5 for opacity in opacities)

    assert lines.count() == 5
    assert faint() == 0
    frame.get_by_text("kernel-ones", exact=True).click()
    page.wait_for_function(
        "() => [...document.querySelector('#explorer iframe').contentDocument"
        ".querySelectorAll('g.mark-line path')]"
        ".some(path => Number(path.getAttribute('opacity')) < 0.5)"
    )
    assert faint() == 4


def test_the_explorer_shows_other_metrics_and_single_seeds(page: Page) -> None:
    frame = page.frame_locator("#explorer iframe")
    lines = frame.locator("g.mark-line path")
    lines.first.wait_for(state="attached")
    before = lines.first.get_attribute("d")
    frame.locator("select").select_option("training loss")
    page.wait_for_timeout(500)
    assert lines.first.get_attribute("d") != before
    frame.get_by_label("single seeds").check()
    page.wait_for_timeout(500)
    assert lines.count() == 3 * 2 + 4 + 2  # the baseline has four seeds, best two
