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

DESKTOP = 1280


@pytest.fixture(
    params=[DESKTOP, pytest.param(768, marks=pytest.mark.thorough), 390],
    ids=["desktop", "tablet", "phone"],
)
def page(browser: Browser, finished: Project, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The report; whatever it asks of a network or complains of is an error."""
    with opened(browser, finished / "results/notebook/report.html", request.param) as page:
        yield page


def open_all(page: Page) -> None:
    """Open what is collapsed, but for the explorer."""
    page.evaluate(
        "document.querySelectorAll('details:not(#explorer)').forEach((one) => { one.open = true; })"
    )


def test_the_answer_is_seen_first_and_the_page_is_short(page: Page) -> None:
    width = page.viewport_size["width"]
    card, plot = (page.locator(place).bounding_box() for place in ("#answer", "#forest-figure"))
    assert card["y"] < 200
    if width == DESKTOP:
        # Beside each other, on the first screen.
        assert plot["x"] > card["x"] + card["width"]
        assert max(one["y"] + one["height"] for one in (card, plot)) < 800
    else:
        assert card["y"] + card["height"] <= plot["y"]
    if width == 390:
        assert plot["y"] + plot["height"] < 1.5 * 844
    assert page.evaluate("document.documentElement.scrollHeight") <= 4500
    assert fits(page)


def test_every_figure_is_there_in_the_form_for_the_screen(page: Page, finished: Project) -> None:
    open_all(page)
    figures = figures_of(load(finished / "results/notebook").study)
    assert len(figures) == 7
    for figure in figures:
        image = page.locator(f"#{figure.name}-figure img")
        image.scroll_into_view_if_needed()
        assert image.evaluate("image => image.complete && image.naturalWidth > 300")
        if figure.narrow:
            source = image.evaluate("image => image.currentSrc === image.src ? 'wide' : 'narrow'")
            assert source == ("wide" if page.viewport_size["width"] > 640 else "narrow")
    assert fits(page)


def test_it_can_be_read_by_all_and_used_by_keys_alone(page: Page) -> None:
    """By the rules of axe: contrast, names, order, reach of what scrolls, sizes of targets."""
    page.locator(".results button").first.click()
    open_all(page)
    options = {"iframes": False, "rules": {"target-size": {"enabled": True}}}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page, options=options).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    link = page.locator("nav a").first
    link.focus()
    page.keyboard.press("Enter")
    # The browser is through with the key before it has gone there.
    page.wait_for_url("**/report.html#answer")


def test_its_numbers_are_those_of_the_summary(page: Page, finished: Project) -> None:
    summary = pd.read_csv(finished / "results/notebook/summary.csv").set_index("variant")
    rows = page.locator("#results .results tbody tr:not(.more)")
    assert rows.count() == len(summary)
    for row in rows.all():
        name = row.locator("button").inner_text().strip()
        decision, difference, _, value, *_ = row.locator("td").all_text_contents()
        expected = summary.loc[name]
        assert float(value.split()[0]) == pytest.approx(100 * expected["accuracy_mean"], abs=0.051)
        if name != "baseline":
            assert decision == expected["decision"]
            shown = float(re.match(r"[-+.\d]+", difference)[0])
            assert shown == pytest.approx(100 * expected["difference"], abs=0.051)
    assert "This is a trial: 2 seeds cannot decide anything" in page.locator("#answer").inner_text()
    open_all(page)
    assert "random_normal" in page.locator("#configuration").inner_text()
    made = page.locator("#made").inner_text()
    for word in ["git commit", "tensorflow", "processor", "of CPU time in all"]:
        assert word in made


def test_a_row_opens_to_its_curve_and_its_diagnosis(page: Page) -> None:
    button = page.get_by_role("button", name="kernel-ones")
    row = page.locator("#row-kernel-ones")
    assert not row.is_visible()
    button.press("Enter")
    assert row.is_visible()
    assert button.get_attribute("aria-expanded") == "true"
    assert "ones kernels with zeros biases" in row.inner_text()
    image = row.locator("img")
    image.scroll_into_view_if_needed()
    page.wait_for_function(
        "() => document.querySelector('#row-kernel-ones img').naturalWidth > 200"
    )
    button.press("Enter")
    assert not row.is_visible()


def test_an_anchor_and_a_printer_open_what_is_collapsed(page: Page) -> None:
    assert not page.locator("#methods-text").is_visible()
    page.goto(f"{page.url}#methods-text")
    page.wait_for_function("() => document.getElementById('methods').open")
    assert page.locator("#methods-text").is_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("[...document.querySelectorAll('details')].every((one) => one.open)")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not page.locator("#configuration pre").is_visible()


def test_the_explorer_is_made_when_it_is_opened(page: Page) -> None:
    assert page.locator("iframe").count() == 0
    page.locator("#explorer summary").click()
    if page.viewport_size["width"] <= 640:
        # On a phone it opens by its link.
        assert page.locator("iframe").count() == 0
        with page.context.expect_page() as opening:
            page.locator("#explorer-link").click()
        opening.value.locator("g.mark-line path").first.wait_for(state="attached")
        return
    frame = page.frame_locator("#explorer iframe")
    lines = frame.locator("g.mark-line path")
    lines.first.wait_for(state="attached")

    def faint() -> int:
        opacities = lines.evaluate_all(
            "paths => paths.map(path => Number(path.getAttribute('opacity') ?? 1))"
        )
        return sum(opacity < 0.5 for opacity in opacities)

    # Four names are selected at first.
    assert lines.count() == 5
    assert faint() == 1
    assert frame.get_by_text("validation accuracy, %", exact=True).count() == 1
    controls = frame.locator(".vega-bindings").bounding_box()
    assert controls["y"] < frame.locator("svg.marks").bounding_box()["y"]
    before = lines.first.get_attribute("d")
    frame.locator("select").select_option("training loss")
    frame.get_by_text("training loss", exact=True).first.wait_for()
    page.wait_for_timeout(500)
    assert lines.first.get_attribute("d") != before
    frame.get_by_label("single seeds").check()
    page.wait_for_timeout(500)
    # Of the baseline those that all are compared on, of best its own.
    assert lines.count() == 5 * 2


def test_a_notebook_shows_the_card(finished: Project) -> None:
    shown = load(finished / "results/notebook")._repr_html_()
    assert shown == (finished / "results/notebook/card.html").read_text()
    assert "This is a trial" in shown
    assert "http" not in shown
