"""What a notebook imports is there and light; pyproject.toml has what may import what."""

import ast
import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import REPOSITORY
from made_up import made_up_study

import initstudy
from initstudy.analysis.comparison import compare
from initstudy.analysis.findings import find
from initstudy.analysis.summary import PAIR_COLUMNS, SUMMARY_COLUMNS
from initstudy.errors import StudyError
from initstudy.results.files import write_arrays
from initstudy.results.findings import DECISIONS, dump
from initstudy.results.study import StudyResults

LIBRARY = Path(initstudy.__file__).parent
MODULES = sorted(LIBRARY.rglob("*.py"))


def fresh(code: str) -> list[str]:
    """What a new process prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", code],
        env={"PYTHONPATH": str(LIBRARY.parent)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_results_can_be_looked_at_without_tensorflow() -> None:
    names = [
        ".".join(path.relative_to(LIBRARY.parent).with_suffix("").parts)
        for path in MODULES
        if path.parent.name in ("results", "analysis", "drawing", "report", "suite")
    ]
    assert "initstudy.drawing.catalog" in names
    code = f"import sys, importlib\nfor name in {names}: importlib.import_module(name)\n"
    assert fresh(f"{code}print(*({{'tensorflow', 'keras', 'snakemake'}} & {{*sys.modules}}))") == []


def test_the_package_itself_imports_nothing_until_it_is_asked() -> None:
    code = "import sys, initstudy, initstudy.config\n"
    assert fresh(f"{code}print(*({{'numpy', 'pandas', 'scipy', 'yaml'}} & {{*sys.modules}}))") == []
    assert fresh("from initstudy import *\nprint(load.__name__, compare.__name__)") == [
        "load",
        "compare",
    ]


def test_what_it_exports_is_what_it_promises(tmp_path: Path) -> None:
    names = ["StudyError", "check_initializer", "compare", "draw", "explorer", "load"]
    assert sorted(initstudy.__all__) == names
    assert {*initstudy.__all__} <= {*dir(initstudy)}
    assert initstudy.StudyError is StudyError
    assert initstudy.compare is compare
    with pytest.raises(AttributeError, match="no attribute 'laod'"):
        initstudy.laod  # noqa: B018
    made_up_study(tmp_path / "s")
    results = initstudy.load(str(tmp_path / "s"))
    assert isinstance(results, StudyResults)
    assert results.configuration["epochs"] == 5
    assert results.summary["variant"].tolist() == list(results.initializers)


def test_a_folder_without_a_study_is_told_when_it_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"there is no file study-<digest>\.json"):
        initstudy.load(tmp_path)
    made_up_study(tmp_path / "s")
    (tmp_path / "s" / "study-0123456789ab.json").write_text("{}")
    with pytest.raises(StudyError, match="2 files describe the study"):
        initstudy.load(tmp_path / "s")


def test_correct_predictions_of_a_study_are_those_that_were_written(tmp_path: Path) -> None:
    right = np.random.default_rng(0).random((4, 13)) < 0.5
    old = {"images": np.array(13), "baseline/hits": np.packbits(right, axis=1)}
    for name, arrays in {"examples": {"baseline/correct": right}, "hits": old}.items():
        study = made_up_study(tmp_path / name)
        (tmp_path / name / "examples.npz").unlink()
        write_arrays({**arrays, "baseline/seeds": np.arange(4)}, tmp_path / name / f"{name}.npz")
        assert list(study.by_example) == ["baseline"]
        np.testing.assert_array_equal(study.by_example["baseline"], right)
        (tmp_path / name / f"{name}.npz").write_bytes(b"PK")
        with pytest.raises(StudyError, match=rf"{name}\.npz: it cannot be read"):
            _ = StudyResults(tmp_path / name).by_example


def test_the_findings_of_a_study_are_those_that_were_written(tmp_path: Path) -> None:
    """Also what is not a number, or infinite, of which JSON has none."""
    made_up_study(tmp_path / "study", judge_by="epochs_to_target", factorial=True, tuned=True)
    study = initstudy.load(tmp_path / "study")
    assert isinstance(study, StudyResults)
    found = find(study)
    written = json.loads((tmp_path / "study/findings.json").read_text())
    assert "Infinity" in json.dumps(written)
    assert written == json.loads(dump(study.findings)) == json.loads(dump(found))
    assert study.findings.variant("kernel-ones").value == found.variant("kernel-ones").value
    assert study.findings.variant("kernel-ones").decision in DECISIONS
    with pytest.raises(KeyError):
        study.findings.variant("kernel-one")
    for wrong in ("{}", "[", '{"study": 1}'):
        (tmp_path / "study/findings.json").write_text(wrong)
        with pytest.raises(StudyError, match=r"findings\.json cannot be read .*; run the"):
            _ = StudyResults(tmp_path / "study").findings


def test_results_of_0_2_0_are_read_under_the_new_names() -> None:
    folder = REPOSITORY / "tests/releases/0.2.0/results/release"
    study = initstudy.load(folder)
    assert isinstance(study, StudyResults)
    old = pd.read_csv(folder / "summary.csv"), pd.read_csv(folder / "pairs.csv")
    new = study.summary, study.pairs
    names = {"p_value_holm": "p_value_adjusted", "judged": "metric_value", "judged_by": "metric"}
    names |= {"told_of_seeds": "decision_seeds", "collapsed": "failed_runs"}
    names |= {"draws_nothing": "deterministic", "notebook_loss": "published_loss"}
    for name, renamed in names.items():
        assert name not in new[0]
        pd.testing.assert_series_equal(old[0][name], new[0][renamed], check_names=False)
    pd.testing.assert_series_equal(
        old[1]["p_value_joint"], new[1]["p_value_adjusted"], check_names=False
    )
    assert (new[0]["may_be_best"] == (old[0]["p_value_best"] >= 0.05)).all()
    assert not new[0]["one_run"].any()
    known = {*SUMMARY_COLUMNS, "p_value_best"}
    assert {*new[0].columns} <= known
    assert {*new[1].columns} <= {*PAIR_COLUMNS}
    assert new[0].columns.is_unique
    for table in new:
        assert {*table["decision"].dropna()} <= {*DECISIONS}
    assert "no difference that matters" in {*old[0]["decision"]}
    assert len(study.runs) == len(pd.read_csv(folder / "trainings.csv"))


def test_the_notebook_of_the_documentation_says_what_it_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its cells, run again without Jupyter, print what stands below them, and the page has them."""
    docs = REPOSITORY / "docs"
    cells = json.loads((docs / "in_a_notebook.ipynb").read_text())["cells"]
    page = (docs / "in_a_notebook.md").read_text()
    (tmp_path / "docs").mkdir()
    (tmp_path / "tests").symlink_to(REPOSITORY / "tests")
    monkeypatch.chdir(tmp_path / "docs")
    names: dict[str, object] = {}
    for cell in (cell for cell in cells if cell["cell_type"] == "code"):
        source = "".join(cell["source"])
        assert source in page
        if "IPython" in source:  # which shows a page, and is not a package of ours
            source = source[: source.index("from IPython")] + source[source.index("Path(") :]
            source = source[: source.index("IFrame")]
        tree = ast.parse(source.replace("%matplotlib inline\n", ""))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(tree, "cell", "exec"), names)
            value = last and eval(compile(ast.Expression(last.value), "cell", "eval"), names)
        for output in cell["outputs"]:
            if "text" in output:
                assert "".join(output["text"]) == printed.getvalue()
            elif "text/html" in output["data"] and "IPython" not in "".join(cell["source"]):
                assert value._repr_html_() == "".join(output["data"]["text/html"])
    assert (tmp_path / "docs/explorer.html").stat().st_size > 10**5
