"""A history that breaks its contract is told with file and line."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from initstudy.errors import StudyError
from initstudy.results import histories
from initstudy.results.files import write_sum

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
    assert list(frame.columns) == histories.COLUMNS
    assert frame["seed"].dtype == frame["epoch"].dtype == np.int64
    assert frame["val_accuracy"].tolist()[:3] == [0.5, 0.75, 0.5]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    epochs = [(0.1 + 0.2, 1 / 3, 1e-7, 1.0, 9.0), (2.0, 0.5, float("inf"), 0.1, 7.0)]
    history, timings = histories.from_epochs(
        "a", {4: epochs[:1] * 2, 5: epochs}, {"cpu_seconds": 40.5, "peak_memory_mb": 900}
    )
    path = tmp_path / "history.csv"
    histories.write(history, path)
    read = histories.read(path, 2, ["a"], [4, 5])
    pd.testing.assert_frame_equal(read, history, rtol=1e-8)
    assert path.read_text().endswith("\na,5,2,nan,nan,nan,nan\n")
    histories.write(timings, path)
    read = histories.read_timings(path)
    assert read["seconds"].tolist() == [18.0, 16.0]
    assert read["cpu_seconds"].tolist() == [20.25, 20.25]
    assert read["peak_memory_mb"].tolist() == [900, 900]


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


def test_a_run_must_be_of_the_variant_and_the_seeds_that_its_path_says(tmp_path: Path) -> None:
    good = tmp_path / "a" / "seeds-0-0.csv"
    good.parent.mkdir()
    good.write_text("".join(f"{line}\n" for line in GOOD[:3]))
    assert len(histories.read_run(good, 2)) == 2
    for path in (tmp_path / "b" / "seeds-0-0.csv", tmp_path / "a" / "seeds-0-1.csv"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(good.read_text())
        with pytest.raises(StudyError, match=str(path)):
            histories.read_run(path, 2)


def test_many_runs_are_read_as_one_table_and_the_broken_one_is_named(tmp_path: Path) -> None:
    header = ",".join(histories.COLUMNS) + "\n"
    files = {
        "a/seeds-0-1.csv": "a,0,1,1,0.5,1,0.5\na,1,1,1,0.5,1,0.25\n",
        "b/seeds-2-2.csv": "b,2,1,1,0.5,1,0.75\n",
    }
    paths = [tmp_path / name for name in files]
    for path, rows in zip(paths, files.values(), strict=True):
        path.parent.mkdir()
        path.write_text(header + rows)
        write_sum(path)
    table = histories.read_runs(paths, epochs=1)
    assert table["val_accuracy"].tolist() == [0.5, 0.25, 0.75]
    assert histories.join(paths).decode() == header + "".join(files.values())
    for broken in (
        files["b/seeds-2-2.csv"].replace("0.75", "0.76"),  # changed
        files["b/seeds-2-2.csv"].replace("b,2", "b,3"),  # of another seed
        files["b/seeds-2-2.csv"].replace("0.75", "many"),
        files["b/seeds-2-2.csv"][:-1],
        "",
    ):
        paths[1].write_text(header + broken)
        with pytest.raises(StudyError, match=r"b/seeds-2-2\.csv"):
            histories.read_runs(paths, epochs=1)


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
    path.write_text("\n".join([",".join(histories.COLUMNS), *rows]) + "\n")
    write_sum(path)
    tests = pd.concat(
        [
            histories.from_tests("a", {1: (float("nan"), float("nan")), 0: (2.0, 0.75)}),
            histories.from_tests("b", {0: (3.0, 0.125)}),
        ]
    )
    histories.write(tests, tmp_path / "t.csv")
    final = histories.read_final(path, 1, tmp_path / "t.csv")
    assert final["accuracy"].tolist() == [0.75, 0, 0.125]
    np.testing.assert_array_equal(final["loss"], [2, np.nan, 3])
    assert final["diverged"].tolist() == [False, True, False]
    histories.write(tests[:-1], tmp_path / "t.csv")
    with pytest.raises(StudyError, match="b has no test results for the seed 0"):
        histories.read_final(path, 1, tmp_path / "t.csv")
    histories.write(pd.concat([tests, tests]), tmp_path / "t.csv")
    with pytest.raises(StudyError, match="line 5: this row repeats a seed"):
        histories.read_tests(tmp_path / "t.csv")
