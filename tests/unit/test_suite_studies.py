"""The studies of a suite: what they share, and that only results of their own are taken."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers import REPOSITORY

from initstudy.errors import StudyError
from initstudy.results import histories
from initstudy.results.files import write_sum
from initstudy.suite.studies import Member, final_accuracies, read_suite, shared_variants

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
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text(yaml.safe_dump(BASE))
    return tmp_path


def members(*studies: dict, **settings: object) -> list[Member]:
    """The default study, and others."""
    files = ["config.yaml"]
    for number, study in enumerate(studies):
        files.append(f"{number}.yaml")
        Path(files[-1]).write_text(yaml.safe_dump({"study": f"s{number}", **study}))
    Path("suite.yaml").write_text(yaml.safe_dump({"studies": files}))
    return read_suite("suite.yaml", settings)


def written(member: Member) -> None:
    """Results of a study: seed s of variant v ends with an accuracy of v.s, in tenths."""
    study, rows, initializers = member.study, [], []
    for number, variant in enumerate(study.variants):
        fresh = study.confirmation if variant.name == "baseline" else ()
        for seed in (*study.selection, *fresh):
            accuracy = 0.1 * number + 0.01 * seed
            for epoch in range(1, study.epochs + 1):
                last = accuracy if epoch == study.epochs else 0.9
                rows.append((variant.name, seed, epoch, 1.0, 0.9, 1.0, last))
        initializers.append((variant.name, variant.kernel.name, variant.bias.name))
    path = member.folder / "histories.csv"
    histories.write(pd.DataFrame(rows, columns=histories.COLUMNS), path)
    write_sum(path)
    columns = ["variant", "kernel_initializer", "bias_initializer"]
    histories.write(pd.DataFrame(initializers, columns=columns), member.folder / "summary.csv")


def test_a_study_is_its_file_over_the_defaults_under_the_command_line(folder: Path) -> None:
    first, second = members({"model": {"activation": "tanh"}, "epochs": 7}, seeds=5)
    assert (first.study.name, first.study.epochs, first.study.seeds) == ("notebook", 2, 5)
    assert (second.study.name, second.study.epochs, second.study.seeds) == ("s0", 7, 5)
    assert second.study.model == {"activation": "tanh", "hidden_units": [16, 16]}
    assert second.folder == Path("results/s0")
    assert second.facts["network"] == "16, 16; tanh"


@pytest.mark.parametrize(
    ("suite", "message"),
    [
        ("studies: config.yaml", "must hold one key, studies"),
        ("studies: [config.yaml]\nseeds: 3", "must hold one key, studies"),
        ("studies: []", "must hold one key, studies"),
        ("- config.yaml", "must hold keys and values"),
        ("studies: [config.yaml, none.yaml]", "none.yaml cannot be read"),
        ("studies: [config.yaml, config.yaml]", "config.yaml would go to results/notebook/"),
        ("studies: [config.yaml, same.yaml]", "same.yaml would go to results/notebook/, as those"),
        ("studies: [named.yaml]", "named.yaml would go to results/suite/, as those of suite.yaml"),
        ("studies: [wrong.yaml]", "wrong.yaml:1: epochz: there is no such key"),
    ],
)
def test_a_mistake_in_the_suite_is_told(folder: Path, suite: str, message: str) -> None:
    Path("same.yaml").write_text("seeds: 4\n")
    Path("named.yaml").write_text("study: suite\n")
    Path("wrong.yaml").write_text("epochz: 4\n")
    Path("suite.yaml").write_text(suite)
    with pytest.raises(StudyError, match="yaml") as error:
        read_suite("suite.yaml", {})
    assert message in str(error.value)


def test_compared_is_what_all_have_with_the_same_meaning(folder: Path) -> None:
    own = {"name": "he_normal", "class_name": "HeNormal", "config": {}}
    names, left_out = shared_variants(members({"kernel_initializers": ["zeros", own, "ones"]}))
    assert names == ["baseline", "kernel-ones"]
    assert left_out == {
        "kernel-he_normal": "not the same initializers in all studies",
        "kernel-zeros": "not in notebook",
    }


def test_studies_with_nothing_in_common_are_refused(folder: Path) -> None:
    with pytest.raises(StudyError, match=r"no variant besides the baseline: kernel-ones is not in"):
        shared_variants(members({"kernel_initializers": ["zeros"]}))
    with pytest.raises(StudyError, match=r"different baselines.*0\.yaml has zeros kernels"):
        shared_variants(members({"baseline": {"kernel_initializer": "zeros"}}))


def test_accuracies_are_those_of_the_last_epoch_by_seed_and_variant(folder: Path) -> None:
    (member,) = members()
    written(member)
    values = final_accuracies(member, ["kernel-he_normal", "baseline"])
    np.testing.assert_allclose(values, [[0.2, 0.0], [0.21, 0.01], [0.22, 0.02]])


@pytest.mark.parametrize(
    ("now", "message"),
    [
        ({"epochs": 3}, "the study has 3 epochs"),
        ({"epochs": 1}, "the study has 1 epochs"),
        ({"seeds": 5}, "baseline lacks the seeds 4"),
        ({"seeds": 5, "confirmation_seeds": 2}, "baseline lacks the seeds 4 to 6"),
        ({"seeds": 2, "confirmation_seeds": 2}, "kernel-ones has besides its own the seeds 2"),
        ({"confirmation_seeds": 2}, "baseline lacks the seeds 4"),
        ({"kernel_initializers": ["zeros"]}, "kernel-zeros lacks the seeds 0 to 2"),
        ({"baseline": {"kernel_initializer": "zeros"}}, "baseline is not of the initializers"),
    ],
)
def test_results_of_another_configuration_are_refused(
    folder: Path, now: dict, message: str
) -> None:
    (member,) = members()
    written(member)
    Path("config.yaml").write_text(yaml.safe_dump({**BASE, **now}))
    (member,) = members()
    with pytest.raises(StudyError) as error:
        final_accuracies(member, [variant.name for variant in member.study.variants])
    assert message in str(error.value)
    assert "snakemake --cores all --configfile config.yaml" in str(error.value)


def test_missing_and_changed_results_are_refused(folder: Path) -> None:
    first, second = members({})
    written(first)
    with pytest.raises(StudyError, match=r"There is no results/s0/histories.csv.\n.*0.yaml") as e:
        final_accuracies(second, ["baseline"])
    assert "`make suite`" in str(e.value)
    path = first.folder / "histories.csv"
    path.write_text(path.read_text().replace("kernel-ones,1,1", "kernel-ones,7,1"))
    with pytest.raises(StudyError, match="epoch that follows"):
        final_accuracies(first, ["baseline"])
    written(first)
    path.write_text(path.read_text().replace(",0.02\n", ",0.92\n"))
    with pytest.raises(StudyError, match="it was changed since it was written"):
        final_accuracies(first, ["baseline"])


def test_the_suite_of_the_project_can_be_read_and_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    studies = read_suite("suite.yaml", {})
    assert {"notebook", "normalized", "deep_relu", "deep_tanh"} <= {m.study.name for m in studies}
    names, _ = shared_variants(studies)
    assert len(names) == 7
