"""The documentation: its links, its way through the pages, and its site in a browser."""

import ast
import re
from pathlib import Path

import pytest
import yaml
from helpers import ALL_TESTS, REPOSITORY, fits, opened
from playwright.sync_api import Browser

from initstudy.config.configuration import parse

DOCS = REPOSITORY / "docs"
PAGES = [*DOCS.rglob("*.md")]
PAGES += [REPOSITORY / page for page in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES += [REPOSITORY / "results/README.md"]
SITE = REPOSITORY / "site"
# Beside the first page.
SHOWN = ["files", "configuration", "library", "rules", "benchmark/index", "tutorial"]
SHOWN += ["messages", "in_a_notebook", "statistics", "validation", "report", "comparisons"]
SHOWN += ["limitations", "contributing", "changelog"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_what_a_page_links_to_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target
    # What a page says that lies in the project does so, also in commands.
    inline = re.findall(r"`((?:scripts|tests|studies|rules|profiles|envs)/[\w./-]+\w)`", text)
    commands = re.findall(
        r"[ \"]((?:studies|tests|docs)/(?!NAME)[\w./-]+\.(?:yaml|py|html))\b", text
    )
    for path in [*inline, *commands]:
        assert (REPOSITORY / path).exists(), path


def texts() -> list[str]:
    """Every text in the program, a gap for what is put into it."""
    files = [*(REPOSITORY / "scripts").rglob("*.py"), *(REPOSITORY / "rules").glob("*.smk")]
    found = [(REPOSITORY / "Makefile").read_text()]
    for file in files:
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".smk":
            found.append(text)
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.JoinedStr):
                found.append(
                    "".join(
                        getattr(part, "value", "") if isinstance(part, ast.Constant) else "…"
                        for part in node.values
                    )
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return found


def test_what_the_page_of_messages_quotes_is_said() -> None:
    text = (DOCS / "messages.md").read_text(encoding="utf-8")
    ours = text[: text.index("## Messages of Snakemake")]
    quoted = [row.split(" | ")[0] for row in re.findall(r"^\| (.* \| .*) \|$", ours, re.M)]
    messages = [message for row in quoted for message in re.findall(r"`([^`]+)`", row)]
    assert len(messages) > 25
    known = texts()
    for message in messages:
        said = ".*".join(re.escape(part) for part in message.split("…"))
        assert any(re.search(said, one, re.S) for one in known), message


def test_the_readme_is_short() -> None:
    assert len((REPOSITORY / "README.md").read_text().splitlines()) <= 120


def menu() -> dict[str, tuple[str, str]]:
    """Each page of the site's menu with its part and its name there."""
    found = {}
    for one in yaml.safe_load((REPOSITORY / "mkdocs.yml").read_text())["nav"]:
        [(part, pages)] = one.items()
        for page in [{part: pages}] if isinstance(pages, str) else pages:
            [(name, path)] = page.items()
            found[path] = (part, name)
    return found


MENU = menu()
# Pages of the site that lie at the top level of the project (docs/top_level_pages.py).
TOP_LEVEL = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
READ = {"Get started", "Read your report", "How-to"}
# Nobody reads a glossary from end to end.
MOST_WORDS = {
    page: 900 for page, (part, _) in MENU.items() if part in READ and page != "glossary.md"
}


def quoted(path: str) -> list[str]:
    """The sentences of the first quotation of a page."""
    text = (REPOSITORY / path).read_text(encoding="utf-8")
    found = re.search(r"(?:^> .*\n)+", text, re.M)
    assert found
    return re.findall(r"\S.*?(?:\.\*\*|\.(?=\s))", found[0].replace("> ", ""))


def test_the_answers_of_the_first_pages_are_those_of_their_studies() -> None:
    case = " ".join((DOCS / "notebook.md").read_text(encoding="utf-8").replace("> ", "").split())
    sentences = quoted("README.md")
    assert len(sentences) == 4
    for sentence in sentences:
        assert " ".join(sentence.split()) in case


def test_the_question_of_the_readme_is_a_configuration() -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"^```yaml\n(.*?)^```$", text, re.M | re.S)
    study, problems = parse(yaml.safe_load(shown))
    assert not problems
    assert study
    assert study.kernel_initializers


def test_every_page_has_its_place_in_the_way_through() -> None:
    there = [str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")]
    assert sorted(MENU) == sorted([*there, *TOP_LEVEL.values()])


@pytest.mark.parametrize(("page", "most"), [*MOST_WORDS.items(), ("statistics.md", 1500)])
def test_a_page_is_read_in_one_sitting(page: str, most: int) -> None:
    assert len((DOCS / page).read_text(encoding="utf-8").split()) <= most


@pytest.mark.parametrize("page", sorted(MOST_WORDS))
def test_a_page_shows_before_it_explains(page: str) -> None:
    """Code, a picture, a table or a list of terms follows after at most 60 words."""
    text = (DOCS / page).read_text(encoding="utf-8")
    first = re.search(r"^\s*(```|!\[|\||### |\?\?\? |> \*\*)", text, re.M)
    assert first
    assert len(text[: first.start()].split()) <= 60


@pytest.mark.parametrize("page", sorted(MOST_WORDS))
def test_a_page_has_a_heading_every_200_words(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    text = re.sub(
        r"^ *```.*?^ *```$|^ *\|.*?$|<!--.*?-->|<style.*?</table>", "", text, flags=re.M | re.S
    )
    for part in re.split(r"^#+ ", text, flags=re.M):
        assert len(part.split()) <= 200, part[:40]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_what_belongs_to_a_point_of_a_list_is_shown_in_it(page: Path) -> None:
    """The site takes it for a paragraph of its own if it is indented by less than four spaces."""
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for spaces in re.findall(r"\n\n( +)\S", text):
        assert len(spaces) % 4 == 0, f"{len(spaces)} spaces"


# The first page has the project's name; the configuration is made from code.
@pytest.mark.parametrize("page", sorted({*MENU} - {*TOP_LEVEL.values(), "index.md"}))
def test_the_title_of_a_page_is_the_question_that_it_answers(page: str) -> None:
    title = (DOCS / page).read_text(encoding="utf-8").partition("\n")[0]
    assert re.fullmatch(r"# \w.*\?", title) or page == "configuration.md"


def name_of(text: str) -> str:
    return " ".join(text.split()).lower().removeprefix("the ")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_a_page_of_the_menu_has_one_name(page: Path) -> None:
    """A link to a part of a page has the name of that part instead."""
    for text, target in re.findall(r"\[([^\]]*)\]\(([^)#\s]+\.md)\)", page.read_text("utf-8")):
        path = (page.parent / target).resolve()
        own = TOP_LEVEL.get(path.name) if path.parent == REPOSITORY else None
        found = own or (str(path.relative_to(DOCS)) if path.is_relative_to(DOCS) else "")
        if found in MENU:
            assert name_of(text) == name_of(MENU[found][1]), (text, target)


@pytest.mark.parametrize("page", sorted(DOCS.glob("how-to-*.md")), ids=lambda page: page.stem)
def test_a_how_to_page_has_its_example_as_it_is(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert len(text.split()) <= 500
    command = re.search(r"^```sh\nsnakemake --cores 2 --configfile (studies/\S+)\n```$", text, re.M)
    assert command
    shown = re.search(r"^```yaml\n(study: .*?)^```$", text, re.M | re.S)
    assert shown
    assert yaml.safe_load(shown[1]) == yaml.safe_load((REPOSITORY / command[1]).read_text())
    assert "\n> **" in text


@pytest.fixture
def site() -> Path:
    """Built by `make docs`, which fails by itself if a link is broken."""
    if not SITE.exists() and not ALL_TESTS:
        pytest.skip("no site here; make docs builds it")
    return SITE


def test_no_point_of_a_list_is_shown_as_text(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = re.sub(r"<pre.*?</pre>", "", page.read_text(encoding="utf-8"), flags=re.S)
        for paragraph in re.findall(r"<p>(.*?)</p>", text, re.S):
            assert not re.search(r"\n(- |\d\. |\|)", paragraph), f"{page.name}: {paragraph[-200:]}"


def test_the_site_finds_from_disk_what_is_searched(browser: Browser, site: Path) -> None:
    with opened(browser, site / "index.html", 1280) as page:
        page.keyboard.press("f")
        page.wait_for_timeout(500)
        page.keyboard.type("learning_rate_seeds")
        found = page.locator(".md-search-result__item a")
        found.first.wait_for(state="attached", timeout=20_000)
        assert any(
            "configuration" in link for link in found.evaluate_all("l => l.map(a => a.href)")
        )


@pytest.mark.parametrize(
    "width", [390, *(pytest.param(n, marks=pytest.mark.thorough) for n in (768, 1280))]
)
def test_the_site_opens_from_disk(browser: Browser, site: Path, width: int) -> None:
    with opened(browser, site / "index.html", width) as page:
        assert page.locator("h1").inner_text().startswith("initstudy")
        assert fits(page)
    for name in SHOWN:
        with opened(browser, site / f"{name}.html", width) as page:
            assert fits(page)
            images = page.locator("article img")
            for image in images.all():
                image.scroll_into_view_if_needed()
                assert image.evaluate("image => image.complete && image.naturalWidth > 100")
                assert image.get_attribute("alt")
