"""A history that breaks its contract is told with file and line."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from initstudy.errors import StudyError
from initstudy.results import columns, histories
from initstudy.results.outputs import Job, beside

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
    frame = histories.read(written(tmp_path, GOOD), epochs=2)
    assert list(frame.columns) == columns.HISTORY
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
        histories.read(path, epochs=2)
    message = str(error.value)
    assert str(path) in message
    assert where in message
    for part in parts:
        assert part in message


def test_a_truncated_history_is_told(tmp_path: Path) -> None:
    text = "\n".join(GOOD[:3])
    for cut in range(len(text)):
        path = tmp_path / f"{cut}.csv"
        path.write_text(text[:cut])
        with pytest.raises(StudyError, match=str(path)):
            histories.read(path, 2, ["a"], [0])


def test_missing_and_foreign_replicates_are_told(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD[:3])
    with pytest.raises(StudyError, match=r"a has the seeds \[0\], not \[0, 1\]"):
        histories.read(path, 2, ["a"], [0, 1])
    with pytest.raises(StudyError, match=r"line 2: .* not expected here \(b\)"):
        histories.read(path, 2, ["b"])
    with pytest.raises(StudyError, match="no such file"):
        histories.read(tmp_path / "none.csv", 2)


def job(tmp_path: Path, name: str, kind: str, text: str) -> Path:
    """A table of a job, by the path of its history."""
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    beside(path, kind).write_text(text)
    return path


def test_the_tables_of_many_jobs_are_joined_and_the_broken_one_is_named(tmp_path: Path) -> None:
    heads = {"history": columns.HISTORY, "tests": columns.TESTS}
    for kind, collect in {
        "history": lambda jobs: histories.collect(jobs, epochs=1),
        "tests": histories.collect_tests,
    }.items():
        epoch, rest = (",1", ",1,0.5") if kind == "history" else ("", "")
        head = ",".join(heads[kind][1:]) + "\n"
        rows = [
            f"0{epoch},1,0.5{rest}\n1{epoch},1,0.5{rest}\n",
            f"2{epoch},1,0.75{rest}\n",
        ]
        paths = [
            job(tmp_path, f"{kind}-{name}", kind, head + text)
            for name, text in zip(["x/seeds-0-1.csv", "y/seeds-2-2.csv"], rows, strict=True)
        ]
        jobs: list[Job] = [("a", paths[0]), ("b", paths[1]), ("c", paths[0])]
        found = collect(jobs)
        first, second = ([f"{n},{r}" for r in rows[0].splitlines()] for n in "ac")
        expected = [f"variant,{head[:-1]}", *first, f"b,{rows[1][:-1]}", *second]
        assert found.text.decode() == "".join(f"{line}\n" for line in expected)
        assert found.frame["variant"].tolist() == ["a", "a", "b", "c", "c"]
        file = beside(paths[1], kind)
        for broken, told in {
            rows[1].replace("2", "3", 1): "line 2: it has seed 3 where seed 2 must stand",
            rows[1].replace("0.75", "many"): "line 2: .* is 'many'",
            rows[1].replace("0.75", "1.75"): "line 2: .* outside 0..1",
            rows[1] + rows[1]: "line 3",
            rows[1][:-1]: "the middle of a line",
            "": "has 0 replicates, not 1",
        }.items():
            file.write_text(head + broken)
            with pytest.raises(StudyError, match=f"{re.escape(str(file))}.*{told}"):
                collect(jobs)
        file.write_text("seed\n2\n")
        with pytest.raises(StudyError, match=rf"{re.escape(str(file))}, line 1: the columns"):
            collect(jobs)
        file.write_text(head + rows[1])
        collect(jobs)
        file.unlink()
        with pytest.raises(StudyError, match=f"{re.escape(str(file))}: there is no such file"):
            collect(jobs)


def test_jobs_that_share_a_replicate_are_not_joined(tmp_path: Path) -> None:
    text = ",".join(columns.HISTORY[1:]) + "\n0,1,1,0.5,1,0.5\n"
    path = job(tmp_path, "x/seeds-0-0.csv", "history", text)
    with pytest.raises(StudyError, match="the same seeds of the same variant"):
        histories.collect([("a", path), ("a", path)], epochs=1)


def test_timings_of_many_jobs_are_joined(tmp_path: Path) -> None:
    text = ",".join(columns.TIMINGS[1:]) + "\n4,2,18.0,20.25,900\n"
    path = job(tmp_path, "x/seeds-4-4.csv", "timings", text)
    found = histories.collect_timings([("a", path), ("b", path)])
    (tmp_path / "t.csv").write_bytes(found.text)
    read = histories.read_timings(tmp_path / "t.csv")
    pd.testing.assert_frame_equal(read, found.frame)
    assert read["cpu_seconds"].tolist() == [20.25, 20.25]


def test_a_diverged_replicate_counts_as_one_that_gets_nothing_right(tmp_path: Path) -> None:
    frame = histories.read(written(tmp_path, GOOD), epochs=2)
    final = histories.final(frame)
    assert final["diverged"].tolist() == [False, True, True]
    assert final["accuracy"].tolist() == [0.75, 0.0, 0.0]
    np.testing.assert_array_equal(final["loss"], [1.25, np.nan, np.nan])


def test_curves_are_by_seed_and_epoch_and_as_long_as_the_study(tmp_path: Path) -> None:
    rows = histories.by_variant(histories.read(written(tmp_path, GOOD), epochs=2))
    np.testing.assert_array_equal(
        histories.curves(rows, "a", range(2), 2, "val_accuracy"), [[0.5, 0.75], [0.5, 0.0]]
    )
    np.testing.assert_array_equal(histories.curves(rows, "b", range(1), 2, "accuracy"), [[0, 0]])
    np.testing.assert_array_equal(
        histories.curves(rows, "a", range(1, 2), 2, "loss"), [[2.5, np.nan]]
    )


def test_tests_take_the_place_of_the_validation(tmp_path: Path) -> None:
    rows = ["a,0,1,1.5,0.5,1.25,0.5", "a,1,1,nan,nan,nan,nan", "b,0,1,1.5,0.5,1.25,0.25"]
    path = tmp_path / "h.csv"
    path.write_text("\n".join([",".join(columns.HISTORY), *rows]) + "\n")
    tests = pd.DataFrame(
        [("a", 1, np.nan, np.nan), ("a", 0, 2.0, 0.75), ("b", 0, 3.0, 0.125)],
        columns=columns.TESTS,
    )
    histories.write(tests, tmp_path / "t.csv")
    final = histories.final(histories.read(path, 1), histories.read_tests(tmp_path / "t.csv"))
    assert final["accuracy"].tolist() == [0.75, 0, 0.125]
    np.testing.assert_array_equal(final["loss"], [2, np.nan, 3])
    assert final["diverged"].tolist() == [False, True, False]
    histories.write(tests[:-1], tmp_path / "t.csv")
    with pytest.raises(StudyError, match="b has no test results for the seed 0"):
        histories.final(histories.read(path, 1), histories.read_tests(tmp_path / "t.csv"))
    histories.write(pd.concat([tests, tests]), tmp_path / "t.csv")
    with pytest.raises(StudyError, match="line 5: this row repeats a seed"):
        histories.read_tests(tmp_path / "t.csv")
