"""The report shows every figure of the catalog, and says what the files say."""

import base64
import html
import re
import shutil
from pathlib import Path

import pytest
from made_up import configured, made_up_study

from initstudy.drawing import catalog
from initstudy.drawing.catalog import Figure, figures_of
from initstudy.report import words
from initstudy.report.pages import costs, pictures, report
from initstudy.report.words import TEMPLATES, captions
from initstudy.results.study import StudyResults


def with_figures(results: StudyResults) -> StudyResults:
    folder = Path(results.folder) / "figures"
    folder.mkdir()
    for figure in figures_of(results.study):
        for name in [figure.name, *[f"{figure.name}.narrow"] * figure.narrow]:
            (folder / f"{name}.svg").write_text(f"<svg>{name}</svg>")
    return results


@pytest.mark.parametrize("rich", [False, True])
def test_every_figure_of_the_catalog_is_in_the_report(tmp_path: Path, rich: bool) -> None:
    results = with_figures(made_up_study(tmp_path / "s", factorial=rich, tuned=rich))
    page = report(results)
    figures = figures_of(results.study)
    texts = captions(figures, results.study)
    shown = re.findall(r'<figure id="(\w+)-figure">', page)
    assert shown == [figure.name for figure in figures]
    for figure in figures:
        part = page.split(f'id="{figure.name}-figure"')[1].split("</figure>")[0]
        picture = base64.b64encode(f"<svg>{figure.name}</svg>".encode()).decode()
        assert f'src="data:image/svg+xml;base64,{picture}"' in part
        for_phones = base64.b64encode(f"<svg>{figure.name}.narrow</svg>".encode()).decode()
        assert (f'srcset="data:image/svg+xml;base64,{for_phones}"' in part) == figure.narrow
        text = html.unescape(part)
        assert f'alt="{texts[figure.name].alt}"' in text
        # What is said beside these two says how to read them.
        beside = figure.name in ("forest", "confirmation")
        assert (f"<figcaption>{texts[figure.name].text}</figcaption>" in text) != beside
    ids = re.findall(r'<(?:section|details)[^>]* id="([\w-]+)"', page)
    assert len(set(ids)) == len(ids)
    assert {*re.findall(r'<a [^>]*href="#([\w-]+)"', page)} <= {*ids}
    assert ("factorial" in ids, "learning-rates" in ids) == (rich, rich)


def test_a_new_figure_is_shown_without_more_ado(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line of the catalog and a caption, beside the function that draws it."""
    templates = tmp_path / "templates"
    shutil.copytree(TEMPLATES, templates)
    (templates / "captions/drawing/new_one.md.jinja").write_text("What is new\n\nHow to read it.\n")
    monkeypatch.setattr(words, "TEMPLATES", templates)
    new = Figure("new_one", "drawing.new_one:new_one", "Very new")
    monkeypatch.setattr(catalog, "FIGURES", (*catalog.FIGURES, new))
    page = report(with_figures(made_up_study(tmp_path / "s")))
    assert '<details id="very-new"><summary>Very new</summary>' in page
    assert 'id="new_one-figure"' in page
    assert "<figcaption>How to read it.</figcaption>" in page


def test_curves_of_which_there_is_only_the_baseline_s_are_not_shown(tmp_path: Path) -> None:
    results = with_figures(made_up_study(tmp_path / "s"))
    figures, folder = figures_of(results.study), Path(results.folder) / "figures"
    shown = pictures(figures, folder, configured(bias_initializers=[]))
    assert list(shown) == [figure.name for figure in figures if figure.name != "bias"]


def test_it_says_what_the_files_say_and_what_it_took(tmp_path: Path) -> None:
    results = with_figures(made_up_study(tmp_path / "s", held_out=7))
    page = report(results)
    assert "<p>Nothing is decided.</p>" in page
    assert "The p-value is adjusted for 3 comparisons." in page
    assert "holdout: 7" in page
    assert 'id="explorer-source"><p>an explorer</p></script>' in page
    # Four variants with four seeds, three more of the baseline and three of best, a minute each.
    assert "22 minutes of CPU time in all" in page
    found = costs(results.timings).set_index("variant")
    assert found.loc["baseline"].tolist() == [7, 420.0, 900.0]
    assert found.loc["best"].tolist() == [3, 180.0, 900.0]
