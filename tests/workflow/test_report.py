"""The report opens from disk in a real browser, without a network, and can be used."""

import re
from collections.abc import Iterator

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from helpers import Project, fits, opened
from playwright.sync_api import Browser, Page

from initstudy.drawing.catalog import figures_of
from initstudy.results.study import load


@pytest.fixture(params=[1280, 390], ids=["desktop", "phone"])
def page(browser: Browser, finished: Project, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The report; whatever it asks of a network or complains of is an error."""
    with opened(browser, finished / "results/notebook/report.html", request.param) as page:
        yield page


def test_every_part_is_visible_and_fits(page: Page, finished: Project) -> None:
    sections = ["verdict", "ranking", "curves", "signals", "explorer", "table", "configuration"]
    for section in [*sections, "made"]:
        assert page.locator(f"#{section}").is_visible()
        assert page.locator(f"nav a[href='#{section}']").count() == 1
    figures = figures_of(load(finished / "results/notebook").study)
    assert len(figures) == 7
    for figure in figures:
        image = page.locator(f"#{figure.name}-figure img")
        image.scroll_into_view_if_needed()
        assert image.evaluate("image => image.complete && image.naturalWidth > 300")
        # A phone is shown the form that is for it, which need not be scrolled.
        if figure.narrow:
            source = image.evaluate("image => image.currentSrc === image.src ? 'wide' : 'narrow'")
            assert source == ("wide" if page.viewport_size["width"] > 640 else "narrow")
        assert len(page.locator(f"#{figure.name}-figure figcaption").inner_text()) > 80
    assert fits(page)


def test_it_can_be_read_by_all_and_used_by_keys_alone(page: Page) -> None:
    """By the rules of axe: contrast, names, order, what scrolls can be reached."""
    found = Axe().run(page, options={"iframes": False}).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#verdict"
    page.keyboard.press("Enter")
    # The browser is through with the key before it has gone there.
    page.wait_for_url("**/report.html#verdict")


def test_its_numbers_are_those_of_the_summary(page: Page, finished: Project) -> None:
    summary = pd.read_csv(finished / "results/notebook/summary.csv").set_index("variant")
    rows = page.locator("#table tbody tr").all_inner_texts()
    assert len(rows) == len(summary)
    for row in rows:
        name, *cells = re.split(r"\s*\t\s*", row)
        shown = float(cells[3].split()[0])
        assert shown == pytest.approx(100 * summary.loc[name, "accuracy_mean"], abs=0.051)
    text = page.locator("#verdict").inner_text()
    assert "This is a trial: 2 seeds are too few" in text
    assert "random_normal" in page.locator("#configuration").inner_text()
    made = page.locator("#made").inner_text()
    for word in ["git commit", "tensorflow", "processor", "of CPU time in all"]:
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
    # Of the baseline those that all are compared on, of best its own.
    assert lines.count() == 5 * 2
