"""A history that breaks its contract is told with file and line."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up import configured

from initstudy.errors import StudyError
from initstudy.results import histories
from initstudy.results.contracts import HISTORIES, TESTS, TIMINGS
from initstudy.results.jobs import Job, beside
from initstudy.results.tables import collect, read, write

GOOD = [
    "variant,seed,epoch,loss,accuracy,val_loss,val_accuracy",
    "a,0,1,2.5,0.25,2.25,0.5",
    "a,0,2,1.5,0.5,1.25,0.75",
    "a,1,1,2.5,0.25,2.25,0.5",
    "a,1,2,nan,nan,nan,nan",
    "b,0,1,nan,nan,nan,nan",
]


def written(tmp_path: Path, lines: list[str]) -> Path:
    path = tmp_path / "history.csv"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_a_good_history_is_read(tmp_path: Path) -> None:
    frame = read(written(tmp_path, GOOD), HISTORIES, 2)
    assert list(frame.columns) == HISTORIES.names
    assert frame["seed"].dtype == frame["epoch"].dtype == np.int64
    assert frame["val_accuracy"].tolist()[:3] == [0.5, 0.75, 0.5]


@pytest.mark.parametrize(
    ("line", "text", "where", "parts"),
    [
        (0, "variant,seed,epoch,loss,accuracy,val_loss", "line 1", ["columns"]),
        (2, "a,0,2,x,0.5,1.25,0.75", "line 3", ["loss", "'x'"]),
        (2, "a,0,2,,0.5,1.25,0.75", "line 3", ["loss", "''"]),
        (2, "a,0,2.5,1.5,0.5,1.25,0.75", "line 3", ["epoch", "'2.5'"]),
        (2, "a,0,2,1.5,0.5,1.25", "line 3", ["val_accuracy"]),
        (2, "a,0,2,1.5,0.5,1.25,0.75,9", "line 3", ["7 fields"]),
        (2, "", "line 3", ["seed"]),
        (2, "a,0,2,inf,0.5,1.25,0.75", "line 3", ["infinite"]),
        (2, "a,0,2,1.5,1.5,1.25,0.75", "line 3", ["outside 0..1"]),
        (2, "a,0,2,nan,0.5,1.25,0.75", "line 3", ["some of its metrics"]),
        (2, "a,0,3,1.5,0.5,1.25,0.75", "line 3", ["epoch that follows"]),
        (2, "a,0,1,1.5,0.5,1.25,0.75", "line 3", ["epoch that follows"]),
        (2, "c,0,2,1.5,0.5,1.25,0.75", "line 3", ["epoch that follows"]),
        (1, "a,0,1,nan,nan,nan,nan", "line 2", ["diverged", "goes on"]),
        (5, "a,0,1,2.5,0.25,2.25,0.5", "line 6", ["repeats a seed"]),
        (4, "b,1,1,2.5,0.25,2.25,0.5", "line 4", ["last of its seed", "2 epochs"]),
    ],
)
def test_a_broken_history_is_told(
    tmp_path: Path, line: int, text: str, where: str, parts: list[str]
) -> None:
    path = written(tmp_path, [*GOOD[:line], text, *GOOD[line + 1 :]])
    with pytest.raises(StudyError) as error:
        read(path, HISTORIES, 2)
    message = str(error.value)
    assert str(path) in message
    assert where in message
    for part in parts:
        assert part in message


def job(tmp_path: Path, name: str, kind: str, text: str) -> Path:
    """A table of a job, by the path of its history."""
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    beside(path, kind).write_text(text)
    return path


def test_a_truncated_history_is_told(tmp_path: Path) -> None:
    text = "\n".join(line.partition(",")[2] for line in GOOD[:3])
    for cut in range(len(text)):
        path = job(tmp_path, f"{cut}/seeds-0-0.csv", "history", text[:cut])
        with pytest.raises(StudyError, match=str(path)):
            collect([("a", path)], HISTORIES, 2)


def test_the_tables_of_many_jobs_are_joined_and_the_broken_one_is_named(tmp_path: Path) -> None:
    for table in (HISTORIES, TESTS):
        kind = table.output
        epoch, rest = (",1", ",1,0.5") if kind == "history" else ("", "")
        head = ",".join(table.names[1:]) + "\n"
        rows = [
            f"0{epoch},1,0.5{rest}\n1{epoch},1,0.5{rest}\n",
            f"2{epoch},1,0.75{rest}\n",
        ]
        paths = [
            job(tmp_path, f"{kind}-{name}", kind, head + text)
            for name, text in zip(["x/seeds-0-1.csv", "y/seeds-2-2.csv"], rows, strict=True)
        ]
        jobs: list[Job] = [("a", paths[0]), ("b", paths[1]), ("c", paths[0])]
        found = collect(jobs, table, 1)
        first, second = ([f"{n},{r}" for r in rows[0].splitlines()] for n in "ac")
        expected = [f"variant,{head[:-1]}", *first, f"b,{rows[1][:-1]}", *second]
        assert found.text.decode() == "".join(f"{line}\n" for line in expected)
        assert found.frame["variant"].tolist() == ["a", "a", "b", "c", "c"]
        file = beside(paths[1], kind)
        for broken, told in {
            rows[1].replace("2", "3", 1): "line 2: it has seed 3 where seed 2 must be",
            rows[1].replace("0.75", "many"): "line 2: .* is 'many'",
            rows[1].replace("0.75", "1.75"): "line 2: .* outside 0..1",
            rows[1] + rows[1]: "line 3",
            rows[1][:-1]: "the middle of a line",
            "": "has 0 runs, not 1",
        }.items():
            file.write_text(head + broken)
            with pytest.raises(StudyError, match=f"{re.escape(str(file))}.*{told}"):
                collect(jobs, table, 1)
        file.write_text("seed\n2\n")
        with pytest.raises(StudyError, match=rf"{re.escape(str(file))}, line 1: the columns"):
            collect(jobs, table, 1)
        file.write_text(head + rows[1])
        collect(jobs, table, 1)
        file.unlink()
        with pytest.raises(StudyError, match=f"{re.escape(str(file))}: there is no such file"):
            collect(jobs, table, 1)


def test_jobs_that_share_a_replicate_are_not_joined(tmp_path: Path) -> None:
    text = ",".join(HISTORIES.names[1:]) + "\n0,1,1,0.5,1,0.5\n"
    path = job(tmp_path, "x/seeds-0-0.csv", "history", text)
    with pytest.raises(StudyError, match="the same seeds of the same variant"):
        collect([("a", path), ("a", path)], HISTORIES, 1)


def test_timings_of_many_jobs_are_joined(tmp_path: Path) -> None:
    text = ",".join(TIMINGS.names[1:]) + "\n4,2,18.0,20.25,900\n"
    path = job(tmp_path, "x/seeds-4-4.csv", "timings", text)
    found = collect([("a", path), ("b", path)], TIMINGS, 2)
    (tmp_path / "t.csv").write_bytes(found.text)
    again = read(tmp_path / "t.csv", TIMINGS)
    pd.testing.assert_frame_equal(again, found.frame)
    assert again["cpu_seconds"].tolist() == [20.25, 20.25]


def test_a_diverged_replicate_counts_as_one_that_gets_nothing_right(tmp_path: Path) -> None:
    frame = read(written(tmp_path, GOOD), HISTORIES, 2)
    final = histories.final(frame, configured())
    assert final["diverged"].tolist() == [False, True, True]
    assert final["accuracy"].tolist() == [0.75, 0.0, 0.0]
    np.testing.assert_array_equal(final["loss"], [1.25, np.nan, np.nan])


def test_curves_are_by_seed_and_epoch_and_as_long_as_the_study(tmp_path: Path) -> None:
    rows, two = (
        histories.by_variant(read(written(tmp_path, GOOD), HISTORIES, 2)),
        configured(epochs=2),
    )
    np.testing.assert_array_equal(
        histories.curves(rows, "a", range(2), two, "val_accuracy"),
        [[0.5, 0.75], [0.5, 0.0]],
    )
    np.testing.assert_array_equal(histories.curves(rows, "b", range(1), two, "accuracy"), [[0, 0]])
    np.testing.assert_array_equal(
        histories.curves(rows, "a", range(1, 2), two, "loss"), [[2.5, np.nan]]
    )


def test_tests_take_the_place_of_the_validation(tmp_path: Path) -> None:
    rows = ["a,0,1,1.5,0.5,1.25,0.5", "a,1,1,nan,nan,nan,nan", "b,0,1,1.5,0.5,1.25,0.25"]
    path = tmp_path / "h.csv"
    path.write_text("\n".join([",".join(HISTORIES.names), *rows]) + "\n")
    tests = pd.DataFrame(
        [("a", 1, np.nan, np.nan), ("a", 0, 2.0, 0.75), ("b", 0, 3.0, 0.125)],
        columns=TESTS.names,
    )
    write(tests, tmp_path / "t.csv")
    final = histories.final(read(path, HISTORIES, 1), configured(), read(tmp_path / "t.csv", TESTS))
    assert final["accuracy"].tolist() == [0.75, 0, 0.125]
    np.testing.assert_array_equal(final["loss"], [2, np.nan, 3])
    assert final["diverged"].tolist() == [False, True, False]
    write(tests[:-1], tmp_path / "t.csv")
    with pytest.raises(StudyError, match="b has no test results for the seed 0"):
        histories.final(read(path, HISTORIES, 1), configured(), read(tmp_path / "t.csv", TESTS))
    write(pd.concat([tests, tests]), tmp_path / "t.csv")
    with pytest.raises(StudyError, match="line 5: this row repeats a seed"):
        read(tmp_path / "t.csv", TESTS)
