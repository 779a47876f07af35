"""Pictures of users: a folder for each class."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.data.made import Made
from initstudy.data.targets import listed
from initstudy.errors import StudyError

# Folders that divide the pictures, and the part of the data that each is.
PARTS = {"train": "train", "test": "test", "val": "val", "validation": "val"}
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm")
# What systems leave in folders, beside files whose names begin with a dot.
LEFT = {"thumbs.db", "desktop.ini"}
# The modes that pillow has for pictures of one channel, and what they become.
GREY = {"1": "L", "L": "L", "I;16": "I;16", "I;16B": "I;16", "I": "I", "F": "F"}
TRANSPARENT = ("LA", "PA", "La", "RGBA", "RGBa")


@dataclass(frozen=True)
class Layout:
    """The pictures of a folder, by what their places say of them.

    Attributes:
        folder: that they lie in.
        classes: in the order of their numbers.
        parts: for training, testing and validation: the paths, with the number of the class.
        notes: what of the folder is not read, a sentence each.
    """

    folder: str
    classes: tuple[str, ...]
    parts: Mapping[str, Sequence[tuple[Path, int]]]
    notes: tuple[str, ...]

    @property
    def files(self) -> list[Path]:
        """All pictures, in the order in which they are read."""
        return [path for pictures in self.parts.values() for path, _ in pictures]

    @property
    def bytes(self) -> int:
        """What they take in memory if all are as large as the first."""
        return len(self.files) * _decoded(self.files[0]).nbytes


def layout(folder: str) -> Layout:
    """Find the pictures of a folder: `train/<class>/*`, and `test/` and `val/` if they are there.

    Without `train/` it holds the folders of the classes itself. No picture is opened.

    Raises:
        StudyError: names the file or the folder that lies where it cannot be.
    """
    inside = _inside(Path(folder))
    names = {path.name for path in inside if path.is_dir()}
    notes = []
    if "train" not in names:
        if names and names <= set(PARTS):
            raise StudyError(f"{folder} has {', '.join(sorted(names))}, but no train/.")
        places = {"train": Path(folder)}
    else:
        if {"val", "validation"} <= names:
            raise StudyError(f"{folder} has val/ and validation/; join them.")
        places = {PARTS[name]: Path(folder, name) for name in sorted(names & set(PARTS))}
        if unread := [path.name for path in inside if path.name not in PARTS]:
            notes.append(f"{folder}: {listed(unread, 'entries')} beside train/ are not read.")
    classes = _classes(places["train"])
    parts = {part: list(_placed(place, classes)) for part, place in places.items()}
    return Layout(folder, tuple(classes), parts, tuple(notes))


def read_pictures(found: Layout) -> Made:
    """Read the pictures of a folder, whose folders are their classes.

    Raises:
        StudyError: names the file that is not a picture, or not like the others.
    """
    arrays: dict[str, npt.NDArray[Any]] = {}
    notes = [*found.notes]
    stack = _Stack()
    for part, pictures in found.parts.items():
        arrays[f"x_{part}"] = stack.read([path for path, _ in pictures])
        arrays[f"y_{part}"] = np.array([number for _, number in pictures], np.int64)
    if stack.colour:
        arrays = {name: _in_colour(name, array) for name, array in arrays.items()}
        if stack.grey:
            notes.append(
                f"{found.folder}: {stack.grey} grey pictures among those in colour, such as "
                f"{stack.first_grey}, are taken as coloured ones."
            )
    notes.append(f"{found.folder}: {listed(found.classes)}.")
    return Made(arrays, tuple(notes), found.classes)


def _meant(path: Path) -> bool:
    """Whether a file or folder is the user's, and not one that a system has left."""
    return not path.name.startswith(".") and path.name.lower() not in LEFT


def _inside(place: Path) -> list[Path]:
    """Return what a folder has, in the order of the names."""
    try:
        return [path for path in sorted(place.iterdir()) if _meant(path)]
    except OSError as error:
        raise StudyError(f"{place} cannot be read ({error.strerror}).") from None


def _classes(place: Path) -> list[str]:
    """Return the names of the folders of a folder, which are those of the classes."""
    found = _inside(place)
    for path in found:
        if not path.is_dir():
            raise StudyError(
                f"{path} does not lie in the folder of a class. Move it to {place}/<class>/, or "
                "elsewhere."
            )
    if len(found) < 2:
        has = f"has the folder {found[0].name}/ alone" if found else "is empty"
        raise StudyError(f"{place} {has}; it needs a folder for each of two classes or more.")
    return [path.name for path in found]


def _placed(place: Path, classes: Sequence[str]) -> Iterator[tuple[Path, int]]:
    """Yield each picture below a folder, with the number of its class."""
    for folder in _inside(place):
        if folder.name not in classes:
            raise StudyError(f"{folder} is not one of the classes in train/: {listed(classes)}.")
        pictures = _inside(folder)
        if not pictures:
            raise StudyError(f"{folder} has no picture. Add some, or remove the folder.")
        for path in pictures:
            if path.is_symlink() and not path.exists():
                raise StudyError(f"{path} is a link to a file that is not there. Remove it.")
            if path.is_dir():
                raise StudyError(
                    f"{path} is a folder, and {folder} holds the pictures of a class. Move its "
                    f"pictures to {folder}, or elsewhere. The folders train/, test/ and val/ have "
                    "these names in small letters."
                )
            if path.suffix.lower() not in ENDINGS:
                raise StudyError(
                    f"{path} is not a picture ({', '.join(ENDINGS)}). Move it elsewhere."
                )
            yield path, classes.index(folder.name)


class _Stack:
    """Pictures of one size, read one after the other.

    Attributes:
        grey, colour: how many there were of each kind.
        first_grey: the path of the first grey one.
    """

    def __init__(self) -> None:
        self.grey = self.colour = 0
        self.first_grey: Path | None = None
        self._first: tuple[Path, npt.NDArray[Any]] | None = None

    def read(self, paths: Sequence[Path]) -> npt.NDArray[Any]:
        """Return the pictures, (pictures, rows, columns) or, with one in colour, (..., 3)."""
        found = [self._one(path) for path in paths]
        if self.colour:
            found = [_in_colour("x", picture[None])[0] for picture in found]
        return np.stack(found)

    def _one(self, path: Path) -> npt.NDArray[Any]:
        picture = _decoded(path)
        first_path, first = self._first = self._first or (path, picture)
        if picture.shape[:2] != first.shape[:2] or picture.dtype != first.dtype:
            alike = "size" if picture.dtype == first.dtype else "size and depth"
            raise StudyError(
                f"{path} has {_size(picture)}, {first_path} {_size(first)}. Give all pictures one "
                f"{alike}."
            )
        if picture.ndim == 2:
            self.grey += 1
            self.first_grey = self.first_grey or path
        else:
            self.colour += 1
        return picture


def _size(picture: npt.NDArray[Any]) -> str:
    rows, columns = picture.shape[:2]
    return f"{columns} x {rows} pixels of {picture.dtype}"


def _decoded(path: Path) -> npt.NDArray[Any]:
    """Return a picture, (rows, columns) if it is grey, or (rows, columns, 3)."""
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as opened:
            if getattr(opened, "n_frames", 1) > 1:
                raise StudyError(f"{path} has several pictures; keep one.")
            # Cameras write how a picture is to be turned beside its pixels.
            picture = ImageOps.exif_transpose(opened)
            if picture.mode in TRANSPARENT or "transparency" in picture.info:
                alpha = np.asarray(picture.convert("RGBA"))[..., 3]
                if alpha.min() < 255:
                    raise StudyError(f"{path} is transparent in parts; save it without that.")
            grey = GREY.get(picture.mode, "L" if picture.mode in ("LA", "La") else None)
            return np.asarray(picture.convert(grey or "RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise StudyError(f"{path} cannot be read as a picture ({error}).") from None


def _in_colour(name: str, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return grey pictures, (pictures, rows, columns), with the same in three channels."""
    if not name.startswith("x") or array.ndim == 4:
        return array
    return np.repeat(array[..., None], 3, axis=-1)
