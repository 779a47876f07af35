"""One list names a study's figures, and each of them shows what the study's tables say."""

import itertools
import pkgutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import REPOSITORY
from made_up import SEEDS, describe, made_up_study
from matplotlib.text import Text

from initstudy.analysis.measures import measure as measure_called
from initstudy.drawing.catalog import FIGURES, SUITE_FIGURES, figures_of
from initstudy.drawing.style import save
from initstudy.errors import StudyError
from initstudy.report.figures import draw
from initstudy.report.words import TEMPLATES, captions
from initstudy.results.study import StudyResults

PLAIN = ["forest", "confirmation", "kernel", "bias", "best_vs_baseline", "signals", "comparisons"]


def test_what_the_catalog_names_is_what_can_be_drawn() -> None:
    for figures in (FIGURES, SUITE_FIGURES):
        names = [figure.name for figure in figures]
        assert len(set(names)) == len(names)
        for figure in figures:
            assert callable(pkgutil.resolve_name(f"initstudy.{figure.place}"))


def test_figures_of_one_section_stand_together_and_all_say_how_to_read_them() -> None:
    made = {path.relative_to(TEMPLATES) for path in TEMPLATES.glob("captions/*/*.jinja")}
    assert made == {Path(figure.caption) for figure in (*FIGURES, *SUITE_FIGURES)}
    for figures, study in ((FIGURES, describe()), (SUITE_FIGURES, None)):
        runs = [section for section, _ in itertools.groupby(figures, lambda f: f.section)]
        assert len(set(runs)) == len(runs)
        for alt, text in captions(figures, study).values():
            assert len(alt) > 30
            assert len(text) > 80


def test_a_study_has_the_figures_of_its_design() -> None:
    assert [f.name for f in figures_of(describe())] == PLAIN
    factorial = [f.name for f in figures_of(describe(factorial=True))]
    assert sorted({*factorial} - {*PLAIN}) == ["pairs"]
    tuned = [f.name for f in figures_of(describe(tuned=True))]
    assert sorted({*tuned} - {*PLAIN}) == ["budgets", "learning_rates"]
    infinite = [f.name for f in figures_of(describe(tuned=True, judge_by="loss"))]
    assert sorted({*infinite} - {*PLAIN}) == ["learning_rates"]
    by_source = [f.name for f in figures_of(describe(by_source=True))]
    assert sorted({*by_source} - {*PLAIN}) == ["variance"]
    untuned = figures_of(SimpleNamespace(budgets={}), SUITE_FIGURES)
    assert [f.name for f in untuned] == ["intervals", "heat_map", "profiles", "times"]
    tuned = figures_of(SimpleNamespace(budgets={"baseline": [1.0]}), SUITE_FIGURES)
    assert tuned[-1].name == "budgets"


@pytest.mark.parametrize(("held_out", "judged"), [(0, "validation"), (100, "test")])
def test_captions_and_axes_name_the_set_that_the_study_is_judged_on(
    tmp_path: Path, held_out: int, judged: str
) -> None:
    results = made_up_study(tmp_path / "s", held_out=held_out, factorial=True)
    texts = captions(figures_of(results.study), results.study)
    assert f"of both is on the {judged} set." in texts["confirmation"].text
    again = draw("confirmation", results).axes[0]
    assert again.get_ylabel() == f"{judged} accuracy"
    # The numbers are those of the test images, which are others where images are held out.
    for line, name in zip(again.lines, ["baseline", "best"], strict=True):
        expected = 100 * results.ends(name, results.study.confirmation)
        np.testing.assert_allclose(sorted(line.get_ydata()), sorted(expected))
    assert f"Final {judged} accuracy" in draw("pairs", results).axes[0].get_title("left")


def test_rules_can_read_the_list_without_what_draws() -> None:
    code = (
        "import sys, initstudy.drawing.catalog, initstudy.report.words\n"
        "print(*({'matplotlib', 'pandas', 'numpy', 'scipy'} & {*sys.modules}))"
    )
    path = str(REPOSITORY / "scripts")
    output = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": path}, capture_output=True, text=True
    )
    assert output.returncode == 0, output.stderr
    assert output.stdout.split() == []


@pytest.mark.parametrize("rich", [False, True])
def test_every_figure_can_be_drawn(tmp_path: Path, rich: bool) -> None:
    results = made_up_study(tmp_path / "s", factorial=rich, tuned=rich, by_source=rich)
    figures = figures_of(results.study)
    assert len(figures) == len(PLAIN) + 4 * rich
    for figure in figures:
        save(draw(figure.name, results), tmp_path / f"{figure.name}.svg")


def test_what_is_for_phones_is_narrow_and_has_every_name(tmp_path: Path) -> None:
    results = made_up_study(tmp_path / "s")
    for figure in (figure for figure in figures_of(results.study) if figure.narrow):
        wide, narrow = (draw(figure.name, results, form) for form in (False, True))
        assert narrow.get_figwidth() < 5 < wide.get_figwidth()
        narrow.draw_without_rendering()
        box = narrow.get_tightbbox()
        assert box.x0 >= 0
        assert box.x1 <= narrow.get_figwidth() + 0.05
        said = " ".join(text.get_text() for text in narrow.findobj(Text))
        if figure.name == "forest":
            assert all(name in said for name in ("ones", "he_normal", "he_uniform"))


@pytest.mark.parametrize(
    "judge_by",
    [
        *("accuracy", "epochs_to_target"),
        *(pytest.param(n, marks=pytest.mark.thorough) for n in ("loss", "area_under_curve")),
    ],
)
def test_figures_show_what_is_judged_by(tmp_path: Path, judge_by: str) -> None:
    results = made_up_study(tmp_path / "s", tuned=True, judge_by=judge_by)
    measure = measure_called(judge_by)
    for figure in figures_of(results.study):
        save(draw(figure.name, results), tmp_path / f"{figure.name}.svg")
    forest = draw("forest", results).axes[0]
    assert ("accuracy" if judge_by == "accuracy" else measure.words) in forest.get_xlabel()
    said = {text.get_text() for text in forest.texts}
    assert said >= ({"◄ worse", "better ►"} if measure.sign > 0 else {"◄ better", "worse ►"})


def test_curves_are_those_of_the_histories_on_the_seeds_they_belong_to(tmp_path: Path) -> None:
    results = made_up_study(tmp_path / "s")
    table = results.histories

    def mean(variant: str, low: int, high: int) -> np.ndarray:
        rows = table[(table["variant"] == variant) & table["seed"].between(low, high)]
        return rows.groupby("epoch")["accuracy"].mean().to_numpy()

    training = draw("kernel", results).axes[0]
    for line, name in zip(
        training.lines, ["baseline", "kernel-ones", "kernel-he_normal"], strict=True
    ):
        np.testing.assert_allclose(line.get_ydata(), mean(name, 0, SEEDS - 1))
    labels = [text.get_text().split()[0] for text in draw("bias", results).axes[1].texts]
    assert labels == ["baseline", "he_uniform"]
    both = draw("best_vs_baseline", results)
    for line, name in zip(both.axes[0].lines, ["baseline", "best"], strict=True):
        np.testing.assert_allclose(line.get_ydata(), mean(name, SEEDS, 99))
    assert "he_normal kernels with he_uniform biases" in both.get_suptitle()


def test_signals_are_those_of_the_seeds_that_all_variants_share(tmp_path: Path) -> None:
    results = made_up_study(tmp_path / "s")
    table = results.diagnostics
    table = table[table["seed"] < SEEDS]
    figure = draw("signals", results)
    assert [axes.get_ylabel().strip() for axes in figure.axes[::3]] == [
        "at the start",
        "after epoch 5",
        "by epoch",
    ]
    for line, name in zip(
        figure.axes[0].lines, ["baseline", "kernel-ones", "kernel-he_normal"], strict=True
    ):
        rows = table[(table["variant"] == name) & (table["epoch"] == 0)]
        means = rows.groupby("layer")["dead_units"].mean()
        np.testing.assert_allclose(line.get_ydata(), means)
    assert figure.get_supxlabel().endswith("1 Dense (10), 2 Dense (20), 3 Dense (30)")


def test_a_choice_of_the_baseline_is_drawn_as_what_it_is(tmp_path: Path) -> None:
    results = made_up_study(tmp_path / "s", best=("glorot_uniform", "zeros"))
    assert "best" not in results.initializers
    figure = draw("best_vs_baseline", results)
    assert "the baseline, glorot_uniform kernels with zeros biases" in figure.get_suptitle()
    (line,) = figure.axes[1].lines
    expected = results.curves("baseline", range(SEEDS), "val_accuracy").mean(axis=0)
    np.testing.assert_allclose(line.get_ydata(), expected)
    labels = [text.get_text() for text in draw("forest", results).axes[0].get_yticklabels()]
    assert sorted(labels) == ["he_normal", "he_uniform", "ones"]


def test_what_is_missing_is_told_by_its_name(tmp_path: Path) -> None:
    results = made_up_study(tmp_path / "s")
    path = tmp_path / "s" / "diagnostics.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("kernel-ones")))
    with pytest.raises(StudyError, match=r"no diagnostics of kernel-ones\."):
        draw("signals", results)
    with pytest.raises(StudyError, match=r"'signals' has no narrow form; forest, .* have one"):
        draw("signals", results, narrow=True)
    with pytest.raises(StudyError, match=r"kernel-ones has no results for the seeds \[4\]"):
        results.curves("kernel-ones", range(5), "accuracy")
    (tmp_path / "s" / "findings.json").write_text("{")
    with pytest.raises(StudyError, match=r"findings\.json cannot be read"):
        draw("forest", StudyResults(tmp_path / "s"))
