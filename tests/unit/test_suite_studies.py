"""The studies of lists such as suite.yaml: how they are read, and what they share."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers import REPOSITORY, drawn

from initstudy import studies
from initstudy.analysis.evidence import ALL_DIVERGED, NOTHING_LEARNED, ONE_RUN, Evidence
from initstudy.config.configuration import json_schema
from initstudy.config.origin import Origin
from initstudy.errors import StudyError
from initstudy.plan import Choices
from initstudy.results.contracts import HISTORIES, RUNS, TESTS
from initstudy.results.files import write_arrays
from initstudy.results.jobs import blocks, write_rows
from initstudy.results.study import StudyResults
from initstudy.results.tables import write
from initstudy.studies import Studies
from initstudy.study import HOW, Study, file_name
from initstudy.suite.comparison import without_evidence
from initstudy.suite.entry import of_study
from initstudy.suite.shared import shared_variants

BASE = {
    "published": None,
    "epochs": 2,
    "seeds": 3,
    "confirmation_seeds": 1,
    "kernel_initializers": ["ones", "he_normal"],
    "bias_initializers": [],
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run in, where Keras is not asked."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(studies, "keras_is_here", lambda: False)
    Path("config.yaml").write_text(yaml.safe_dump(BASE))
    return tmp_path


def configured(**settings: object) -> Studies:
    """The studies of a run in this folder, with keys set on the command line."""
    raw = {**yaml.safe_load(Path("config.yaml").read_text()), **settings}
    main = Origin("the configuration", raw, ["config.yaml"], settings)
    return Studies(main, ["config.yaml"])


def listed(*members: dict, **settings: object) -> Studies:
    """Those of a list of the configured study and others, each in a file."""
    files = ["config.yaml"]
    for number, member in enumerate(members):
        files.append(f"{number}.yaml")
        Path(files[-1]).write_text(yaml.safe_dump({"study": f"s{number}", **member}))
    Path("suite.yaml").write_text(yaml.safe_dump({"studies": files}))
    return configured(**settings)


def studies_of(*members: dict) -> list[Study]:
    return [member.study for member in listed(*members).listed("suite")]


def test_a_study_is_its_file_over_the_defaults_under_the_command_line(folder: Path) -> None:
    found = listed({"model": {"activation": "tanh"}, "epochs": 7}, seeds=5)
    first, second = found.listed("suite")
    assert (first.study.name, first.study.epochs, first.study.analyses) == ("notebook", 2, (5,))
    assert (second.study.name, second.study.epochs, second.study.analyses) == ("s0", 7, (5,))
    assert second.study.model == {"activation": "tanh", "hidden_units": [16, 16]}
    assert second.study.folder == "results/s0"
    # By their names they are the same; the configured one is not made again.
    assert found["s0"] is second
    assert found["notebook"] is first is found.main


def test_an_entry_may_set_keys_of_its_own(folder: Path) -> None:
    Path("more").mkdir()
    Path("more/one.yaml").write_text("study: one\nmodel: {activation: tanh}\nepochs: 7\n")
    entry = {"file": "one.yaml", "study": "two", "model": {"hidden_units": [3]}, "seeds": 8}
    Path("more/list.yaml").write_text(yaml.safe_dump({"studies": ["one.yaml", entry]}))
    Path("list.yaml").symlink_to("more/list.yaml")
    # The files of a list are looked for beside it, in this folder, and in the project.
    Path("one.yaml").symlink_to("more/one.yaml")
    one, two = configured(seeds=5).listed("list")
    assert one.study.name == "one"
    assert two.study.name == "two"
    assert two.study.model == {"activation": "tanh", "hidden_units": [3]}
    assert two.study.epochs == 7
    # The command line has the last word.
    assert (one.study.analyses, two.study.analyses) == ((5,), (5,))


def test_a_list_may_hold_studies_and_what_all_of_them_have(folder: Path) -> None:
    Path("own.py").write_text("def build(shape, classes): ...")
    Path("one.yaml").write_text("study: one\nepochs: 7\n")
    settings = {"epochs": 5, "batch_size": 32, "kernel_initializers": ["he_normal"]}
    second = {"study": "two", "model": "own.py:build", "batch_size": 64}
    content = {"settings": settings, "studies": ["one.yaml", second]}
    Path("list.yaml").write_text(yaml.safe_dump(content))
    one, two = (member.study for member in configured(seeds=5).listed("list"))
    # What is said of one alone overrides what is said of all.
    assert (one.epochs, one.batch_size, one.analyses) == (7, 32, (5,))
    assert (two.name, two.epochs, two.batch_size) == ("two", 5, 64)
    assert [k.name for k in two.kernel_initializers] == ["he_normal"]
    assert two.model["build"].endswith("own.py:build")


def test_what_studies_share_has_one_path(folder: Path) -> None:
    found = listed({"kernel_initializers": ["ones", "zeros"]}, {"epochs": 3}, {"inputs": "unit"})
    jobs = {
        member.study.name: {job.variant: job.file() for job in member.plan.selection(Choices())}
        for member in found.listed("suite")
    }
    assert jobs["s0"]["baseline"] == jobs["notebook"]["baseline"]
    assert jobs["s0"]["kernel-ones"] == jobs["notebook"]["kernel-ones"]
    assert jobs["s0"]["kernel-zeros"] not in jobs["notebook"].values()
    # Of other epochs it is the same training in another file, of other inputs another training.
    longer = jobs["notebook"]["baseline"].replace("epochs-2", "epochs-3")
    assert jobs["s1"]["baseline"] == longer != jobs["notebook"]["baseline"]
    assert not set(jobs["s2"].values()) & set(jobs["notebook"].values())


@pytest.mark.parametrize(
    ("suite", "message"),
    [
        ("studies: config.yaml", "must hold the key studies"),
        ("studies: [config.yaml]\nseeds: 3", "must hold the key studies"),
        ("studies: []", "must hold the key studies"),
        ("studies: [config.yaml, 3]", "suite.yaml: 3 is neither the file of a study, nor a mapp"),
        (
            "studies: [{epochs: 3}]",
            "neither the file of a study, nor a mapping with the key file or",
        ),
        ("settings: {epochz: 3}\nstudies: [{study: x}]", "suite.yaml, settings: epochz: there is"),
        ("studies: [config.yaml, none.yaml]", "suite.yaml: there is no file 'none.yaml'"),
        ("studies: [config.yaml, config.yaml]", "config.yaml would go to results/notebook/"),
        ("studies: [config.yaml, same.yaml]", "same.yaml would go to results/notebook/, as those"),
        ("studies: [same.yaml]", "same.yaml and the configuration are different studies of the n"),
        ("studies: [named.yaml]", "named.yaml would go to results/suite/, as those of the list s"),
        ("studies: [wrong.yaml]", "wrong.yaml:1: epochz: there is no such key"),
        (
            "studies: [{file: config.yaml, study: x, epochz: 1}]",
            "suite.yaml, the entry of config.yaml: epochz: there is no such key",
        ),
        ("studies: [config.yaml\n", "suite.yaml:2: this is not YAML"),
    ],
)
def test_a_mistake_in_the_suite_is_told(folder: Path, suite: str, message: str) -> None:
    Path("same.yaml").write_text("seeds: 4\n")
    Path("named.yaml").write_text("study: suite\n")
    Path("wrong.yaml").write_text("epochz: 4\n")
    Path("suite.yaml").write_text(suite)
    found = configured()
    with pytest.raises(StudyError, match="yaml") as error:
        found.listed("suite")
    assert message in str(error.value)
    # It does not concern who asks for the configured study alone.
    assert found["notebook"].study.analyses == (3,)


def test_a_target_that_would_leave_no_scale_of_scores_is_refused(folder: Path) -> None:
    """Before anything of the list is trained."""
    found = listed({"dataset": "magic", "target_accuracy": 0.64})
    with pytest.raises(StudyError, match=r"target_accuracy: 0.64 is not better than .* 0.6490"):
        found.listed("suite")


def test_a_study_may_not_have_the_name_of_a_list(folder: Path) -> None:
    with pytest.raises(StudyError, match=r"study: 'suite' is the name of .*suite\.yaml"):
        listed(study="suite")["suite"]


def test_an_unknown_study_is_told_with_the_nearest(folder: Path) -> None:
    Path("normalized.yaml").write_text("study: normalized\n")
    Path("suite.yaml").write_text("studies: [config.yaml, normalized.yaml]\n")
    with pytest.raises(StudyError, match="no study 'normalised'; did you mean 'normalized'"):
        configured()["normalised"]


def test_compared_is_what_all_have_with_the_same_meaning(folder: Path) -> None:
    own = {"name": "he_normal", "class_name": "HeNormal", "config": {}}
    names, left_out = shared_variants(studies_of({"kernel_initializers": ["zeros", own, "ones"]}))
    assert names == ["baseline", "kernel-ones"]
    assert left_out == {
        "kernel-he_normal": [],
        "kernel-zeros": ["notebook"],
    }


def test_studies_with_nothing_in_common_are_refused(folder: Path) -> None:
    with pytest.raises(StudyError, match=r"no variant besides the baseline: kernel-ones is not in"):
        shared_variants(studies_of({"kernel_initializers": ["zeros"]}))
    with pytest.raises(StudyError, match=r"different baselines.*s0 has zeros kernels"):
        shared_variants(studies_of({"baseline": {"kernel_initializer": "zeros"}}))


@pytest.fixture
def results(folder: Path) -> Iterator[StudyResults]:
    """Of a study: seed s of variant v ends with a test accuracy of v.s, in tenths."""
    (study,) = studies_of()
    place = Path("results/notebook")
    place.mkdir(parents=True)
    (place / file_name(study.text())).write_text(study.text())
    rows, ends = [], []
    for number, variant in enumerate(study.variants):
        for seed in study.selection:
            rows += [(variant, seed, n, 1.0, 0.9 - seed / 100, 1.0, 0.9) for n in (1, 2)]
            ends.append((variant, seed, 1.0, 0.1 * number + 0.01 * seed))
    write(pd.DataFrame(rows, columns=HISTORIES.names), place / "histories.csv")
    write(pd.DataFrame(ends, columns=TESTS.names), place / "tests.csv")
    places = [(name, f"results/runs/{name}/epochs-2/seeds-0-2.csv") for name in study.variants]
    write_rows(RUNS.names, blocks(places), place / "runs.csv")
    right = {
        f"{name}/correct": np.zeros((len(study.selection), 10), bool) for name in study.variants
    }
    seeds = {f"{name}/seeds": np.array(study.selection) for name in study.variants}
    write_arrays({**right, **seeds}, place / "examples.npz")
    return StudyResults(place)


def test_an_entry_has_what_the_test_images_say_by_seed_and_variant(results: StudyResults) -> None:
    found = of_study(results, ["kernel-he_normal", "baseline"], ["deep"])
    np.testing.assert_allclose(found.ends, [[0.2, 0.0], [0.21, 0.01], [0.22, 0.02]])
    # On validation images all reach 0.9 in the first epoch.
    np.testing.assert_array_equal(found.times, np.full((3, 2), 0.5))
    own = found.workload
    assert (own.study, own.epochs, own.target) == ("notebook", 2, 0.9)
    assert (own.kinds, len(found.trials), own.chance) == (["deep"], 0, 0.1135)
    assert (own.dataset, own.training, own.network) == ("mnist", "all", "16-16 relu")
    assert found.trainings["digest"].tolist() == ["baseline", "kernel-he_normal"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kernel-ones,1,1", "kernel-ones,7,1", "epoch that follows"),
        ("ones,1,2,1,0.89,1,0.9", "ones,1,2,1,0.89,1,1.9", "has val_accuracy outside 0..1"),
    ],
)
def test_changed_results_are_refused(
    results: StudyResults, old: str, new: str, message: str
) -> None:
    path = Path(results.folder, "histories.csv")
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(StudyError, match=message):
        of_study(results, ["baseline"])


def test_results_of_another_configuration_are_refused(results: StudyResults) -> None:
    """As if one of its files were of another time; a run would make it anew."""
    path = Path(results.folder, file_name(results.study.text()))
    text = path.read_text()
    for old, new, message in [
        ('"epochs": 2', '"epochs": 3', "epochs"),
        ('"seeds": 3', '"seeds": 4', r"the seeds \[3\]"),
    ]:
        assert old in text
        path.write_text(text.replace(old, new))
        with pytest.raises(StudyError, match=message):
            of_study(StudyResults(results.folder), ["baseline", "kernel-ones"])


def test_the_lists_of_the_project_can_be_read_and_compared(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    found = configured()
    members = found.listed("suite")
    names, left_out = shared_variants([member.study for member in members])
    assert len(names) >= 10
    assert not left_out
    # Nothing that decides a number is left to config.yaml, which everybody edits.
    asked = yaml.safe_load(Path("suite.yaml").read_text())
    for one in asked["studies"]:
        keys = {*one, *asked["settings"], *HOW, "training_images"}
        keys |= {"target", "test_share", "split_seed"}  # of custom data
        assert keys >= {*json_schema()["properties"]}
    tagged = [one for one in asked["studies"] if "drawn" in one["kinds"]]
    assert tagged == drawn.draw(20261126)
    first = found.listed("first_look")
    by_what = {m.study.name: m for m in members}
    for member in first:
        # The same trainings: a first look is a part of the benchmark.
        whole = by_what[member.study.name.removeprefix("first_")]
        parts, all_of_them = (
            {job.spec.digest for job in one.plan.tuning("variants", Choices())}
            for one in (member, whole)
        )
        assert parts < all_of_them
        assert member.study.target_accuracy == whole.study.target_accuracy
    published = found.listed("replications")
    assert len({member.study.name for member in published}) == 9
    depths = [m for m in published if m.study.name.startswith("saxe_2014_depth_32")]
    normal, fast = (m.study.optimizer["config"]["learning_rate"] for m in depths)
    assert normal < fast
    for one, other in itertools.combinations([*members, *published], 2):
        assert one.study.folder != other.study.folder


def test_a_study_whose_seeds_are_one_run_is_one_observation(results: StudyResults) -> None:
    path = Path(results.folder, "histories.csv")
    table = pd.read_csv(path)
    table["accuracy"] = 0.9
    write(table, path)
    found = of_study(StudyResults(results.folder), ["baseline", "kernel-ones"])
    assert found.ends.shape == found.times.shape == (1, 2)
    assert found.evidence.one_run == {"baseline", "kernel-ones"}


def test_a_study_in_which_nothing_is_learned_is_left_out_by_name() -> None:
    known = {
        "good": Evidence(),
        "fixed": Evidence(reason=ONE_RUN),
        "flat": Evidence(reason=NOTHING_LEARNED),
        "dead": Evidence(reason=ALL_DIVERGED),
    }
    assert without_evidence(known) == {"flat": NOTHING_LEARNED, "dead": ALL_DIVERGED}
    bad = {name: known[name] for name in ("flat", "dead")}
    with pytest.raises(StudyError, match=r"flat \(nothing learned\), dead \(all diverged\)"):
        without_evidence(bad)
