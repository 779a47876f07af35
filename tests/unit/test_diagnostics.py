"""Diagnostics that break their contract are told with file and line."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from initstudy.errors import StudyError
from initstudy.results import histories, tables
from initstudy.results.contracts import DIAGNOSTICS, measurement_epochs
from initstudy.results.jobs import Job, beside

EPOCHS = 5
MEASURED = "1.5,0.5,0,0.1,0.25,0,5,0.1"
GOOD = [
    ",".join(DIAGNOSTICS.names),
    *(
        f"{variant},{seed},{epoch},{layer},Dense,16,{MEASURED}"
        for variant in ("a", "b")
        for seed in (0, 1)
        for epoch in (0, 1, 2, 5)
        for layer in (1, 2)
        if (variant, seed, epoch) != ("b", 1, 5)  # it diverged
    ),
]


def read(tmp_path: Path, lines: list[str]) -> object:
    path = tmp_path / "diagnostics.csv"
    path.write_text("".join(f"{line}\n" for line in lines))
    return tables.read(path, DIAGNOSTICS, EPOCHS)


def test_good_diagnostics_are_read(tmp_path: Path) -> None:
    frame = read(tmp_path, GOOD)
    assert list(frame.columns) == DIAGNOSTICS.names
    assert len(frame) == len(GOOD) - 1
    assert frame["layer"].dtype == np.int64
    gone = GOOD[2].replace(MEASURED, "nan,nan,nan,nan,nan,nan,5,0.1")
    assert read(tmp_path, [*GOOD[:2], gone, *GOOD[3:]])["activation_sd"].isna().sum() == 1


@pytest.mark.parametrize(
    ("line", "text", "where", "parts"),
    [
        (0, "variant,seed,epoch", "line 1", ["columns"]),
        (2, f"a,0,0,two,Dense,16,{MEASURED}", "line 3", ["layer", "'two'"]),
        (2, f"a,0,0,2,Dense,16,{MEASURED.replace('1.5', 'inf')}", "line 3", ["infinite"]),
        (2, f"a,0,0,2,Dense,16,{MEASURED.replace('0.25', '1.25')}", "line 3", ["outside 0..1"]),
        (2, f"a,0,0,3,Dense,16,{MEASURED}", "line 3", ["layer that follows"]),
        (1, f"a,0,0,2,Dense,16,{MEASURED}", "line 2", ["layer that follows"]),
        (2, None, "line 2", ["2 layers"]),
        (12, None, "line 12", ["2 layers"]),
        (3, f"a,0,3,1,Dense,16,{MEASURED}\na,0,3,2,Dense,16,{MEASURED}", "line 4", ["0, 1, 2, 5"]),
    ],
)
def test_broken_diagnostics_are_told(
    tmp_path: Path, line: int, text: str | None, where: str, parts: list[str]
) -> None:
    new = [] if text is None else text.split("\n")
    with pytest.raises(StudyError) as error:
        read(tmp_path, [*GOOD[:line], *new, *GOOD[line + max(1, len(new)) :]])
    assert where in str(error.value)
    assert all(part in str(error.value) for part in parts)


def test_an_epoch_that_is_missing_is_told(tmp_path: Path) -> None:
    for first, where in [(1, "line 2"), (3, "line 4"), (9, "line 10")]:
        with pytest.raises(StudyError, match=f"{where}: .* epoch that follows"):
            read(tmp_path, [*GOOD[:first], *GOOD[first + 2 :]])


def test_measuring_gets_rarer_as_training_goes_on() -> None:
    assert measurement_epochs(1) == [0, 1]
    assert measurement_epochs(3) == [0, 1, 2, 3]
    assert measurement_epochs(10) == [0, 1, 2, 5, 10]
    assert measurement_epochs(120) == [0, 1, 2, 5, 10, 20, 50, 100, 120]


def written(tmp_path: Path, name: str, lines: list[str]) -> Path:
    """The diagnostics of a job, by the path of its history."""
    path = tmp_path / name / "seeds-0-1.csv"
    path.parent.mkdir()
    beside(path, "diagnostics").write_text("".join(f"{line}\n" for line in lines))
    return path


def test_the_diagnostics_of_many_jobs_are_joined(tmp_path: Path) -> None:
    lines = {name: [line.partition(",")[2] for line in GOOD if line[0] == name] for name in "ab"}
    head = GOOD[0].partition(",")[2]
    jobs: list[Job] = [(name, written(tmp_path, name, [head, *lines[name]])) for name in "ab"]
    found = tables.collect(jobs, DIAGNOSTICS, EPOCHS)
    assert found.text.decode() == "".join(f"{line}\n" for line in GOOD)
    path = tmp_path / "diagnostics.csv"
    path.write_bytes(found.text)
    assert found.frame.equals(tables.read(path, DIAGNOSTICS, EPOCHS))
    with pytest.raises(StudyError, match=r"a/seeds-0-1\.diagnostics\.csv, line 8: .* 0, 1, 2, 3"):
        tables.collect(jobs, DIAGNOSTICS, 3)
    beside(jobs[1][1], "diagnostics").write_text("\n".join([head, *lines["b"][:-1], ""]))
    with pytest.raises(StudyError, match=r"b/seeds-0-1\.diagnostics\.csv, line 14: .* 2 layers"):
        tables.collect(jobs, DIAGNOSTICS, EPOCHS)


@pytest.mark.parametrize("layers", [["LSTM", "Dense"], ["Embedding", "LSTM", "Dense"]])
def test_of_variants_that_draw_other_weights_the_shared_layers_are_kept(
    tmp_path: Path, layers: list[str]
) -> None:
    """Whether their layers are as many, or not."""
    jobs: list[Job] = []
    for variant, names in {
        "a": layers,
        "b": ["LSTM/kernel", "LSTM/recurrent_kernel", "Dense"],
    }.items():
        rows = [
            f"{seed},{epoch},{layer},{name},16,{names[layer - 1][0] == 'D':d},0.5,0,0.1,0,0,5,0.1"
            for seed in (0, 1)
            for epoch in (0, 1, 2, 5)
            for layer, name in enumerate(names, 1)
        ]
        head = GOOD[0].partition(",")[2]
        jobs.append((variant, written(tmp_path, variant, [head, *rows])))
    found = tables.collect(jobs, DIAGNOSTICS, EPOCHS).frame
    assert len(found) == 2 * 2 * 4 * 2
    for _, rows in found.groupby(["variant", "seed", "epoch"]):
        assert rows["name"].tolist() == ["LSTM", "Dense"]
        assert rows["layer"].tolist() == [1, 2]
        assert rows["activation_mean"].tolist() == [0, 1]


def test_what_another_version_did_not_measure_is_nan(tmp_path: Path) -> None:
    """So that a new measure trains nothing again."""
    rows = [line.partition(",")[2] for line in GOOD if line[0] == "a"]
    head = GOOD[0].partition(",")[2]
    shorter = [line.rpartition(",")[0] for line in [head, *rows]]
    found = tables.collect(
        [("a", written(tmp_path, "a", [head, *rows])), ("b", written(tmp_path, "b", shorter))],
        DIAGNOSTICS,
        EPOCHS,
    )
    assert found.frame["update_norm"].isna().tolist() == [False] * 16 + [True] * 16
    assert (found.frame["weight_norm"] == 5).all()
    other = [line.partition(",")[2] for line in [head, *rows]]
    with pytest.raises(StudyError, match=r"c/seeds-0-1\.diagnostics\.csv, line 1: the columns"):
        tables.collect([("c", written(tmp_path, "c", other))], DIAGNOSTICS, EPOCHS)


def test_layers_that_another_version_gave_no_names_have_none(tmp_path: Path) -> None:
    lines = [line.partition(",")[2] for line in GOOD if line[0] == "a"]
    head = GOOD[0].partition(",")[2]
    unnamed = [line.replace("Dense,", "").replace("name,", "") for line in [head, *lines]]
    jobs: list[Job] = [
        ("a", written(tmp_path, "a", [head, *lines])),
        ("b", written(tmp_path, "b", unnamed)),
    ]
    found = tables.collect(jobs, DIAGNOSTICS, EPOCHS)
    assert found.frame["name"].tolist() == ["Dense"] * 16 + [""] * 16
    (tmp_path / "diagnostics.csv").write_bytes(found.text)
    assert found.frame.equals(tables.read(tmp_path / "diagnostics.csv", DIAGNOSTICS, EPOCHS))


def test_replicates_that_are_missing_or_do_not_belong_are_told(tmp_path: Path) -> None:
    lines = [line.partition(",")[2] for line in GOOD if line[0] != "b"]

    def collect(name: str, lines: list[str]) -> None:
        tables.collect([("a", written(tmp_path, name, lines))], DIAGNOSTICS, EPOCHS)

    collect("right", lines)
    with pytest.raises(StudyError, match="it has 1 runs, not 2"):
        collect("short", lines[:9])
    with pytest.raises(StudyError, match="line 2: it has seed 1 where seed 0 must be"):
        collect("other", [lines[0], *lines[9:], *(f"2{line[1:]}" for line in lines[9:])])


def test_who_starts_from_the_same_weights_is_told() -> None:
    rows = [
        (variant, seed, epoch, layer, "Dense", 16, *(float(n) for n in MEASURED.split(",")))
        for variant in ("same", "other", "later", "alone")
        for seed in range(1 if variant == "alone" else 3)
        for epoch in (0, 1)
        for layer in (1, 2)
    ]
    table = pd.DataFrame(rows, columns=DIAGNOSTICS.names)
    last = (table["seed"] == 2) & (table["layer"] == 2)
    table.loc[last & (table["variant"] == "other") & (table["epoch"] == 0), "weight_norm"] = 5.01
    table.loc[last & (table["variant"] == "later") & (table["epoch"] == 1), "weight_norm"] = 5.01
    table.loc[table["variant"] == "same", "activation_mean"] = np.nan
    assert histories.start_alike(table) == {"same", "later"}
