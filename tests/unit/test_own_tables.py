"""Tables of users, as they are read."""

from pathlib import Path

import numpy as np
import pytest

from initstudy import studies
from initstudy.config.origin import Origin
from initstudy.data.datasets import DatasetInfo, Reading, dataset_info, file_of, read
from initstudy.data.targets import Arrays
from initstudy.errors import StudyError

ROWS = "".join(
    f"{age},{'red' if age % 3 else 'blue'},{'yes' if age % 2 else 'no'},{age / 7:.3f}\n"
    for age in range(20, 60)
)
HEADER = "age,colour,smoker,price\n"
PRICE = {"columns": ("price",), "metric": "mean_absolute_error"}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def known(text: str, name: str = "my.csv", **reading: object) -> DatasetInfo:
    Path(name).write_text(text, encoding="utf-8")
    return dataset_info(name, Reading(**{"columns": ("smoker",), **reading}))  # type: ignore[arg-type]


def arrays(info: DatasetInfo, name: str = "my.csv") -> Arrays:
    return read(file_of(name, info.sha256), name, info.sha256)


def refused(text: str, **reading: object) -> str:
    with pytest.raises(StudyError) as error:
        known(text, **reading)
    return str(error.value)


def test_columns_are_numbers_or_one_hot() -> None:
    info = known(HEADER + ROWS)
    assert (info.target.kind, info.target.names) == ("classes", ("no", "yes"))
    assert (info.examples, info.shape) == (32, (4,))
    found = arrays(info)
    x = np.concatenate([found["x_train"], found["x_test"]])
    y = np.concatenate([found["y_train"], found["y_test"]])
    x = x[order := np.argsort(x[:, 0])]
    ages = np.arange(20, 60)
    np.testing.assert_array_equal(x[:, 0], ages)
    np.testing.assert_array_equal(x[:, 1], ages % 3 == 0)
    np.testing.assert_array_equal(x[:, 2], ages % 3 > 0)
    np.testing.assert_allclose(x[:, 3], ages / 7, atol=0.001)
    np.testing.assert_array_equal(y[order], ages % 2)
    # Each class has its share.
    assert np.bincount(found["y_test"]).tolist() == [4, 4]
    assert info.notes[:3] == (
        "my.csv: smoker, the target, is one of 2 classes: no, yes.",
        "my.csv: one-hot, an input for each value: colour (2 values: blue, red).",
        "my.csv: age numbers the rows and is an input. If it means nothing, remove it.",
    )
    assert "8 of its 40 examples are the test set, chosen at random within each" in info.notes[3]


def test_the_test_set_is_that_of_its_keys() -> None:
    first = known(HEADER + ROWS)
    assert known(HEADER + ROWS) == first
    assert known(HEADER + ROWS, split_seed=1).sha256 != first.sha256
    half = known(HEADER + ROWS, test_share=0.5)
    assert half.examples == 20
    assert "test_share: 0.1 leaves none to test on" in refused(
        "a,smoker\n1,no\n2,yes\n3,no\n4,yes\n", test_share=0.1
    )


def test_a_target_of_numbers_is_learned_as_numbers_by_an_error() -> None:
    info = known(HEADER + ROWS, **PRICE)
    assert (info.target.kind, info.target.shape, info.target.names) == ("numbers", (), ("price",))
    assert arrays(info)["y_train"].dtype == np.float32
    both = known(HEADER + ROWS, **{**PRICE, "columns": ("price", "age")})
    assert (both.target.shape, both.target.names) == ((2,), ("price", "age"))
    assert both.shape == (4,)


def test_several_columns_are_labels_and_whole_numbers_classes() -> None:
    info = known(HEADER + ROWS, columns=("smoker", "colour"))
    assert (info.target.kind, info.target.names) == ("labels", ("smoker", "colour"))
    assert "my.csv: smoker counts as 1 where it is yes." in info.notes
    text = "a,b\n" + "".join(f"{n / 3:.2f},{(n % 3 + 1) * 5}\n" for n in range(30))
    info = known(text, columns=("b",))
    assert (info.target.count, info.target.names) == (3, ("5", "10", "15"))
    assert "metric: mean" not in info.notes[0]
    text = "a,b\n" + "".join(f"{n / 3:.2f},{n % 62}\n" for n in range(200))
    (note, *_) = known(text, columns=("b",)).notes
    assert "one of 62 classes" in note
    assert ". If it is a number to predict, set metric: mean_absolute_error and loss:" in note
    truth = "a,b\n" + "".join(f"{n / 3:.2f},{n % 3 == 0}\n" for n in range(30))
    assert known(truth, columns=("b",)).target.names == ("False", "True")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_marks_and_quotes_are_those_of_other_programs(separator: str) -> None:
    first = known(HEADER + ROWS)
    other = "\ufeff" + (HEADER + ROWS).replace(",", separator).replace("\n", "\r\n")
    name = "my.tsv" if separator == "\t" else "other.csv"
    assert known(other, name).sha256 == first.sha256
    quoted = (HEADER + ROWS).replace("red", '"red"').replace(",", ", ")
    assert known(quoted).sha256 == first.sha256


def test_what_teaches_nothing_is_left_out_and_said() -> None:
    lines = (HEADER + ROWS).splitlines()
    more = [f"{',' if not n else f'{n - 1},'}{line}" for n, line in enumerate(lines)]
    more = [
        f"{line},{'name' if not n else f'n{n}'},{'k' if not n else 7}"
        for n, line in enumerate(more)
    ]
    info = known("\n".join(more))
    assert info.sha256 == known(HEADER + ROWS).sha256
    text = (
        "left out: the first column (numbers the rows, and has no name), name (40 texts in 40 rows "
        "name them), k (always 7)."
    )
    assert any(note.endswith(text) for note in known("\n".join(more)).notes)
    assert "no column is left to learn smoker from" in refused("k,smoker\n7,no\n7,yes\n7,no\n7,yes")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "my.csv is empty"),
        (HEADER, "has a header, but no row below it"),
        (ROWS, "its first line must name the columns, but holds 20"),
        ("age,age,smoker\n1,2,no\n", "'age' is the name of two columns"),
        (HEADER.replace("age", "").replace("colour", ""), "columns have no name (line 1)"),
        ("smoker\nno\nyes\n", "has one column, 'smoker'"),
        (HEADER + ROWS + "1,red,yes\n", "my.csv, line 42: 3 values for 4 columns (separator ,)"),
        (HEADER + ROWS + "1,red,yes,\n", "line 42, column price: there is no value. Fill it in"),
        (HEADER + "NA,red,yes,1\n" + ROWS, "line 2, column age: 'NA' is a missing value. Fill it"),
        (
            HEADER + "1,,yes,1\n2,?,no,2\n" + ROWS,
            "line 2, column colour: there is no value, as in 1",
        ),
        (HEADER + "1,?,yes,1\n" + ROWS, "if it is a value, write another word, such as unknown"),
        (HEADER + "1,red,,1\n" + ROWS, "line 2, column smoker: there is no value"),
        (HEADER + ROWS + '1,red,yes,"1,5"\n', "line 42, column price: 1,5 must be written 1.5."),
        (HEADER + ROWS + '1,red,yes,"1,500"\n', "must be written 1.500, or 1500 if the comma div"),
        (
            HEADER + '1,"a\nb",yes,1\n' + ROWS + "1,red,no,x\n",
            "line 44, column price: 'x' is not a",
        ),
        (HEADER + ROWS + "1,red,no,inf\n", "line 42, column price: inf must be finite"),
        (HEADER + "x,red,no,1\n\n" + ROWS, "line 2, column age: 'x' is not a number"),
        (HEADER.replace("age", "") + ROWS.replace("20,", "21,"), "a column has no name (line 1)"),
        (HEADER + ROWS.replace("yes", "no"), "smoker, the target, is no in all rows"),
        (
            HEADER + ROWS + "1,red,maybe,1e39\n2,red,maybe,1\n",
            "the column price holds 1e+39; float32",
        ),
        (HEADER + '1,"red,yes,1\n' + ROWS, "my.csv"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(text: str, message: str) -> None:
    assert message in refused(text)


def test_a_target_that_the_table_lacks_or_the_metric_cannot_take_is_refused() -> None:
    text = HEADER + ROWS
    assert "must name the column to predict: age, colour, smoker, price." in refused(
        text, columns=()
    )
    assert "no column 'Price'; did you mean 'price'?" in refused(text, columns=("Price",))
    assert "no column 'mass'; known are age, colour," in refused(text, columns=("mass",))
    assert "such as 'no', and mean_absolute_error is" in refused(text, metric="mean_absolute_error")
    found = refused(text, columns=("price",))
    assert "line 2, column price: 2.857 is not a class" in found
    assert "set metric: mean_absolute_error" in found
    assert "has 40 different values in 40 rows, which are too many" in refused(
        text, columns=("age",)
    )
    assert "colour" in refused(text.replace("red", "green", 3), columns=("smoker", "colour"))


def test_a_column_far_from_zero_needs_inputs_that_are_scaled() -> None:
    text = "time,smoker\n" + "".join(
        f"{1_700_000_000 + 30 * (n % 2) + n % 7},{'yes' if n % 2 else 'no'}\n" for n in range(40)
    )
    assert "the column time lies between" in refused(text)
    assert "Set inputs: features" in refused(text)
    info = known(text, inputs="features")
    assert info.wide
    assert arrays(info)["x_train"].dtype == np.float64


def test_text_that_is_not_utf_8_is_refused() -> None:
    Path("my.csv").write_bytes((HEADER + ROWS).replace("blue", "blaü").encode("latin-1"))
    with pytest.raises(StudyError, match="not text in UTF-8"):
        dataset_info("my.csv", Reading(columns=("smoker",)))
    Path("my.csv").write_bytes((HEADER + ROWS).encode("utf-16"))
    with pytest.raises(StudyError, match="not text in UTF-8"):
        dataset_info("my.csv", Reading(columns=("smoker",)))


def test_a_code_that_begins_with_0_is_text_and_not_a_number() -> None:
    codes = ["01000", "1000", "20099"]
    rows = [f"{n},{codes[n % 3]},{n / 3:.2f},{'0' if n % 4 else '00'},{n % 2}\n" for n in range(60)]
    info = known(f"age,zip,height,box,smoker\n{''.join(rows)}")
    found = arrays(info)
    assert found["x_train"].shape[1] == 2 + 3 + 2  # 01000 and 1000 are two places
    assert info.notes[1:3] == (
        "my.csv: text, since a number does not begin with 0: zip (as 01000), box (as 00). If they "
        "are numbers, write them without it.",
        "my.csv: one-hot, an input for each value: zip (3 values: 01000, 1000, 20099), box (2 "
        "values: 0, 00).",
    )
    places = "".join(f"{n},{codes[n % 3]}\n" for n in range(60))
    as_target = known("age,zip\n" + places, columns=("zip",))
    assert as_target.target.names == ("01000", "1000", "20099")
    assert "text such as '01000'" in refused(
        "age,zip\n" + places, columns=("zip",), metric="mean_absolute_error"
    )


def test_a_wrong_target_is_a_mistake_of_its_key() -> None:
    Path("my.csv").write_text(HEADER + ROWS)
    keys = {"dataset": "my.csv", "target": "smokes", "published": None}
    with pytest.raises(StudyError, match=r"target: my\.csv has no column 'smokes'; did you mean"):
        studies.read(Origin("it", keys))
    with pytest.raises(StudyError, match=r"dataset: my\.csv is a table, of which the key target"):
        studies.read(Origin("it", keys | {"target": None}))
