"""Pictures, functions and tokens as data; and that all are prepared once."""

import os
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from initstudy.config.origin import Origin
from initstudy.config.user_files import source_of
from initstudy.data import own_functions, own_pictures, own_tables, prepared
from initstudy.data.datasets import DatasetInfo, Reading, dataset_info, digest, file_of, read
from initstudy.data.targets import Arrays
from initstudy.engine.data import from_arrays
from initstudy.errors import StudyError
from initstudy.studies import read as read_study

GENERATOR = np.random.default_rng(1)
USUAL = Reading()


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def picture(path: str, array: Any = None, **how: Any) -> None:
    """Draw a picture; noise unless an array is given."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    if array is None:
        array = GENERATOR.integers(0, 256, (5, 4), dtype=np.uint8)
    Image.fromarray(array, **how).save(path)


def drawn(folder: str, count: int, channels: tuple[int, ...] = ()) -> None:
    for name in ("cat", "dog"):
        for number in range(count):
            array = GENERATOR.integers(0, 256, (5, 4, *channels), dtype=np.uint8)
            picture(f"{folder}/{name}/{number}.png", array)


def arrays_of(dataset: str, reading: Reading = USUAL) -> tuple[DatasetInfo, Arrays]:
    info = dataset_info(dataset, reading)
    return info, read(file_of(dataset, info.sha256), dataset, info.sha256)


def refused(dataset: str, reading: Reading = USUAL) -> str:
    with pytest.raises(StudyError) as error:
        dataset_info(dataset, reading)
    return str(error.value)


# Pictures.


def test_grey_pictures_keep_one_channel_and_coloured_ones_three() -> None:
    drawn("grey/train", 4)
    drawn("grey/test", 2)
    info, found = arrays_of("grey/")
    assert (info.shape, info.examples, info.target.names) == ((5, 4, 1), 8, ("cat", "dog"))
    np.testing.assert_array_equal(found["y_train"], [0] * 4 + [1] * 4)
    assert found["x_train"].dtype == np.uint8
    with Image.open("grey/train/dog/2.png") as one:
        np.testing.assert_array_equal(found["x_train"][6, ..., 0], np.asarray(one))
    assert info.notes == ("grey/: 2 classes: cat, dog.",)
    drawn("colour/train", 4, (3,))
    drawn("colour/validation", 2, (3,))
    drawn("colour/test", 3, (3,))
    info, found = arrays_of("colour/")
    assert (info.shape, info.validation, len(found["y_test"])) == ((5, 4, 3), 4, 6)
    picture("colour/test/dog/0.png")
    info = dataset_info("colour/")
    assert "1 grey pictures among those in colour, such as colour/test/dog/0.png" in info.notes[0]


def test_pictures_without_a_test_set_are_divided_by_class() -> None:
    drawn("pictures", 10)
    info, found = arrays_of("pictures/")
    assert (info.examples, np.bincount(found["y_test"]).tolist()) == (16, [2, 2])
    drawn("others/train", 10)
    assert dataset_info("others/", Reading(test_share=0.5)).examples == 10


def test_other_forms_of_pictures_are_read_as_they_look() -> None:
    square = GENERATOR.integers(0, 256, (5, 4, 3), dtype=np.uint8)
    for kind in ("a", "b"):
        for number in range(5):
            picture(f"p/{kind}/{number}.bmp", GENERATOR.integers(0, 256, (5, 4, 3), dtype=np.uint8))
        opaque = np.dstack([square, np.full((5, 4), 255, np.uint8)])
        picture(f"p/{kind}/6.png", opaque)
        Image.fromarray(square).quantize(200).save(f"p/{kind}/7.png")
    assert dataset_info("p/").shape == (5, 4, 3)
    deep = GENERATOR.integers(0, 65536, (2, 10, 5, 4), dtype=np.uint16)
    for kind, arrays in zip("ab", deep, strict=True):
        for number, array in enumerate(arrays):
            picture(f"deep/{kind}/{number}.png", array)
    _, found = arrays_of("deep/")
    assert found["x_train"].max() > 255
    assert set(found["x_train"].ravel().tolist()) <= set(deep.ravel().tolist())


def test_what_is_wrong_with_pictures_is_refused_by_name() -> None:
    drawn("p/train", 5)
    for name in (".DS_Store", "train/.hidden", "train/cat/Thumbs.db", "train/cat/.x.png"):
        Path("p", name).write_bytes(b"left")
    assert dataset_info("p/").examples == 8
    for path, content, message in [
        ("p/train/cat/x.txt", b"a", "p/train/cat/x.txt is not a picture (.png, .jpg"),
        ("p/train/cat/x.png", b"a", "p/train/cat/x.png cannot be read as a picture"),
        ("p/train/readme.md", b"a", "p/train/readme.md does not lie in the folder of a class"),
    ]:
        Path(path).write_bytes(content)
        assert message in refused("p/")
        Path(path).unlink()
    whole = Path("p/train/cat/0.png").read_bytes()
    Path("p/train/cat/0.png").write_bytes(whole[: len(whole) * 2 // 3])
    assert "p/train/cat/0.png cannot be read" in refused("p/")
    Path("p/train/cat/0.png").write_bytes(whole)
    picture("p/train/dog/9.png", np.zeros((4, 5), np.uint8))
    assert (
        "p/train/dog/9.png has 5 x 4 pixels of uint8, p/train/cat/0.png 4 x 5 pixels of uint8"
        in refused("p/")
    )
    picture("p/train/dog/9.png", np.zeros((5, 4, 4), np.uint8))
    assert "p/train/dog/9.png is transparent in parts" in refused("p/")
    picture("p/train/dog/9.png")
    drawn("p/test", 1)
    picture("p/test/bird/0.png")
    assert "p/test/bird is not one of the classes in train/: 2 classes: cat, dog" in refused("p/")
    Path("p/test/bird/0.png").unlink()
    Path("p/test/bird").rename("p/train/bird")
    assert "p/train/bird has no picture" in refused("p/")
    Path("one/cat").mkdir(parents=True)
    assert "one has the folder cat/ alone; it needs a folder for each" in refused("one/")
    Path("none").mkdir()
    assert "none is empty" in refused("none/")
    drawn("both/train", 2)
    drawn("both/val", 1)
    drawn("both/validation", 1)
    assert "both/ has val/ and validation/; join them." in refused("both/")
    drawn("test_alone/test", 2)
    picture("test_alone/val/cat/0.png")
    assert "test_alone/ has test, val, but no train/." in refused("test_alone/")


def test_a_picture_is_turned_as_its_camera_says() -> None:
    drawn("p", 5, (3,))
    turned = Image.Exif()
    turned[0x0112] = 6
    with Image.open("p/cat/0.png") as one:
        upright = np.asarray(one)
    sideways = Image.fromarray(np.rot90(upright))
    sideways.save("p/cat/0.png", exif=turned)
    found = own_pictures.read_pictures(own_pictures.layout("p/")).arrays["x_train"]
    np.testing.assert_array_equal(found[0], upright)


def test_links_folders_and_depths_of_pictures_are_refused_by_name() -> None:
    drawn("p", 5)
    Path("p/cat/x.png").symlink_to("not_there.png")
    assert "p/cat/x.png is a link to a file that is not there" in refused("p/")
    Path("p/cat/x.png").unlink()
    Path("p/cat/more").mkdir()
    assert "p/cat/more is a folder, and p/cat holds the pictures of a class" in refused("p/")
    Path("p/cat/more").rmdir()
    picture("p/dog/9.png", np.zeros((5, 4), np.uint16))
    assert "Give all pictures one size and depth." in refused("p/")


def test_what_lies_beside_train_is_said() -> None:
    drawn("p/train", 5)
    Path("p/labels.csv").write_text("a")
    Path("p/extra").mkdir()
    note = "p/: 2 entries: extra, labels.csv beside train/ are not read."
    assert dataset_info("p/").notes[0] == note


def test_more_than_the_memory_of_the_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn("p/train", 5)
    monkeypatch.setattr(prepared, "memory", lambda: 100)
    assert "p/ takes about 4e-07 GB of memory to be read, and this machine has" in refused("p/")


# Functions.

CODE = """import numpy as np
from pathlib import Path

print("a line at the top")
generator = np.random.default_rng(0)
x = generator.integers(0, 256, (40, 4, 4, 3), dtype=np.uint8)
y = np.arange(40).reshape(-1, 1) % 2


def pairs():
    with Path("calls").open("a") as file:
        file.write("called\\n")
    print("a line of the function")
    return (x[:30], y[:30]), (x[30:], y[30:])


def names():
    words = np.array(["no", "yes"], dtype=object)[y[:, 0]]
    return {"x_train": x[:30], "y_train": words[:30], "x_test": x[30:], "y_test": words[30:],
            "extra": 3}


def alone():
    return {"x_train": x.tolist(), "y_train": y}


def fails():
    return open("nowhere.bin")


def needs(argument):
    return argument


def three():
    return x, y, x


def nothing():
    pass


def untested():
    return {"x_train": x, "y_train": y, "x_test": x}


def unfed():
    return {"x_train": x, "y_train": y, "y_test": y}


def ragged():
    return {"x_train": [[1], [1, 2]], "y_train": y}


def ends():
    raise SystemExit(3)


value = 3
"""


def function(name: str) -> tuple[str, Reading]:
    Path("data.py").write_text(CODE)
    return f"data.py:{name}", Reading(source=source_of("data.py"))


def test_a_function_is_called_once(capfd: pytest.CaptureFixture[str]) -> None:
    info, found = arrays_of(*function("pairs"))
    assert (info.examples, info.shape, info.target.count) == (30, (4, 4, 3), 2)
    np.testing.assert_array_equal(found["y_test"], np.arange(30, 40) % 2)
    said = capfd.readouterr()
    # What Snakemake prints may be for programs, as with --dag.
    assert said.out == ""
    assert "Calling data.py:pairs for the data; its arrays are kept.\n" in said.err
    assert "a line at the top\na line of the function\n" in said.err
    assert dataset_info(*function("pairs")) == info
    assert Path("calls").read_text() == "called\n"
    assert "was called once. If files that it reads have changed, remove" in info.notes[0]
    # Of another code, or without what was kept, it is called again.
    Path(file_of("data.py:pairs", info.sha256)).unlink()
    assert dataset_info(*function("pairs")) == info
    Path("data.py").write_text(CODE + "\n")
    again = dataset_info("data.py:pairs", Reading(source=source_of("data.py")))
    assert again.sha256 == info.sha256
    assert Path("calls").read_text() == "called\n" * 3


def test_what_a_function_returns_may_have_several_forms() -> None:
    info, found = arrays_of(*function("names"))
    assert info.target.names == ("no", "yes")
    np.testing.assert_array_equal(found["y_train"], np.arange(30) % 2)
    assert "data.py:names also returns extra, which initstudy does not read." in info.notes
    info, found = arrays_of(*function("alone"))
    assert (info.examples, len(found["y_test"])) == (32, 8)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fails", "data.py:fails: FileNotFoundError in data.py, line 28: [Errno 2] No such file"),
        ("needs", "data.py:needs: TypeError in data.py: needs() missing 1 required positional"),
        ("three", "data.py:three returns a tuple of 3; it must return a dict of x_train"),
        ("nothing", "data.py:nothing returns nothing; it must return a dict"),
        ("untested", "data.py:untested has x_test, but no y_test."),
        ("unfed", "data.py:unfed has y_test, but no x_test."),
        ("ragged", "data.py:ragged: x_train is a list of 2, which is not an array"),
        ("ends", "data.py:ends has called exit (3)."),
        ("value", "data.py:value: TypeError in data.py: 'int' object is not callable"),
        ("other", "data.py:other: NameError in data.py: there is no 'other' in it, but pairs"),
    ],
)
def test_what_is_wrong_with_a_function_is_said_with_the_users_line(name: str, message: str) -> None:
    found = refused(*function(name))
    assert message in found
    assert "Traceback" not in found


def test_a_function_that_is_killed_is_said() -> None:
    Path("data.py").write_text("import os\n\n\ndef load():\n    os.kill(os.getpid(), 9)\n")
    assert "data.py:load has ended its process (exit code -9)" in refused("data.py:load")
    Path("data.py").write_text("def load(:\n")
    assert "SyntaxError in data.py, line 1" in refused("data.py:load")


# What all have in common.


def test_nothing_is_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("my.csv").write_text("a,b\n" + "".join(f"{n},{n % 2}\n" for n in range(0, 40, 3)))
    drawn("p", 5)
    reading = Reading(columns=("b",))
    np.savez(
        "own.npz", x_train=np.eye(4), y_train=[0, 1, 0, 1], x_test=np.eye(4), y_test=[0, 1] * 2
    )
    first = [dataset_info(name, reading) for name in ("my.csv", "p/", "own.npz")]
    for module, name in (
        (own_tables, "read_table"),
        (own_pictures, "read_pictures"),
        (own_functions, "call"),
    ):
        monkeypatch.setattr(module, name, None)
    monkeypatch.setattr("initstudy.data.datasets.read_targets", None)
    assert [dataset_info(name, reading) for name in ("my.csv", "p/", "own.npz")] == first
    # A file that is another one is read again, whatever its time.
    times = Path("my.csv").stat()
    Path("my.csv").write_text("a,b\n" + "".join(f"{n},{n % 2}\n" for n in range(0, 40, 3))[::-1])
    os.utime("my.csv", ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(TypeError):
        dataset_info("my.csv", reading)


def test_the_kept_file_is_that_of_its_digest() -> None:
    drawn("p", 5)
    info = dataset_info("p/")
    file = Path(file_of("p/", info.sha256))
    shutil.rmtree("p")  # Jobs, on another machine perhaps, read this file alone.
    assert len(read(file, "p/", info.sha256)["x_train"]) == 8
    assert file == Path(".initstudy/data", f"{info.sha256}.npz")
    with np.load(file) as arrays:
        assert digest(dict(arrays)) == info.sha256
        np.savez(file, **{**arrays, "y_test": arrays["y_test"][::-1]})
    with pytest.raises(StudyError, match="does not hold the right arrays; delete it"):
        read(file, "p/", info.sha256)


def test_examples_that_are_in_training_and_test_are_counted() -> None:
    x = GENERATOR.normal(size=(30, 3))
    y = np.arange(30) % 2
    np.savez("own.npz", x_train=x[:20], y_train=y[:20], x_test=x[17:], y_test=y[17:])
    assert dataset_info("own.npz").notes == (
        "own.npz: 3 of the 13 examples of x_test have the same inputs as one of x_train. Unless "
        "inputs have few different values, remove them from one of the two.",
    )


def test_tokens_stay_whole_numbers() -> None:
    tokens = GENERATOR.integers(0, 50_000, (20, 12))
    y = np.arange(20) % 2
    np.savez("own.npz", x_train=tokens[:14], y_train=y[:14], x_test=tokens[14:], y_test=y[14:])
    info, found = arrays_of("own.npz")
    assert info.shape == (12,)
    dataset = from_arrays(found)
    np.testing.assert_array_equal(np.asarray(dataset.x_train).astype(np.int64), tokens[:14])
    assert (dataset.scale, dataset.offset) == (1.0, 0.0)


def test_constant_inputs_are_said_or_refused() -> None:
    x = GENERATOR.normal(size=(20, 3))
    x[:, 1] = 2
    y = np.arange(20) % 2
    np.savez("own.npz", x_train=x, y_train=y, x_test=-x[:9], y_test=y[:9])
    assert dataset_info("own.npz").notes == ("own.npz: x_train[:, 1] is the same in all examples.",)
    np.savez("own.npz", x_train=x * 0, y_train=y, x_test=x, y_test=y)
    assert "all examples of x_train have the same inputs" in refused("own.npz")


def test_keys_that_divide_are_said_to_be_unused_where_there_is_a_test_set() -> None:
    reading = Reading(test_share=0.3)
    drawn("p/train", 4)
    drawn("p/test", 2)
    note = "{} has a test set, so test_share and split_seed are not used."
    assert note.format("p/") in dataset_info("p/", reading).notes
    assert note.format("mnist") in dataset_info("mnist", reading).notes
    assert dataset_info("mnist").notes == ()
    for folder in ("p/", "p/train/"):
        note = f"{folder} is not a table, so target is not used."
        assert note in dataset_info(folder, Reading(columns=("a",))).notes


# As a configuration names them.


def problem(**keys: Any) -> str:
    with pytest.raises(StudyError) as error:
        read_study(Origin("mine.yaml", {"published": None, **keys}))
    return str(error.value)


def test_a_configuration_names_them_beside_it() -> None:
    drawn("studies/p", 5)
    Path("studies/mine.yaml").write_text("study: mine\n")
    origin = Origin("it", {"dataset": "p", "published": None}, ["studies/mine.yaml"])
    study = read_study(origin).study
    assert study.dataset == "studies/p/"
    assert type(study).load(_written(study)) == study
    assert "'q' is not a data set, nor a file (.npz, .csv, .tsv), a folder" in problem(dataset="q")
    assert "there is no file 'q.csv'" in problem(dataset="q.csv")
    for name in ("", ".", "..", "/", "~"):
        assert "dataset: " in problem(dataset=name)
    assert "target: one is twice in ['a', 'a']" in problem(target=["a", "a"])


def _written(study: Any) -> str:
    Path("study.json").write_text(study.text())
    return "study.json"


def test_what_is_held_out_of_labels_and_numbers_must_vary(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.ones((40, 2), int)
    order = np.random.default_rng(np.random.SeedSequence(0, spawn_key=(2,))).permutation(40)
    rows[order[30:], 0] = 0
    x = GENERATOR.normal(size=(40, 3))
    keys: dict[str, Any] = {"dataset": "own.npz", "validation": {"holdout": 10}}
    np.savez("own.npz", x_train=x, y_train=rows, x_test=-x, y_test=rows)
    assert "10 holds out examples with the labels [1.0, 1.0] alone" in problem(**keys)
    assert read_study(Origin("it", {"published": None, "dataset": "own.npz"})).study.data.target
    rows[order[:30]], rows[order[30:]] = 1, 0
    rows[order[0]] = 0
    keys["validation"] = {"holdout": 30}
    assert "30 leaves 10 examples for training, and all have one target" in problem(**keys)


def test_a_second_look_at_many_pictures_is_fast() -> None:
    drawn("p", 200)
    dataset_info("p/")
    begin = time.perf_counter()
    dataset_info("p/")
    assert time.perf_counter() - begin < 1
