"""What the sections of a configuration are made of: keys, the forms that values have, numbers."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ValidationInfo,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from initstudy.config.names import CUSTOM, NAME
from initstudy.config.problems import show
from initstudy.config.user_files import source_of
from initstudy.engine.spec import is_custom
from initstudy.errors import suggest

# Where custom files are looked for if nothing else is given: this folder. And what is given for a
# configuration that was checked before: none is looked for, since it may be gone.
HERE = (Path(),)
NOWHERE: tuple[Path, ...] = ()


class Keys(BaseModel):
    """A mapping with the keys that its class names, and no other."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def optional(default: Any, description: str, when: str = "", **how: Any) -> Any:
    """Return a key that may be left out, with its default as a configuration has it.

    Args:
        default: of the key.
        description: what it does, and its values; error messages have the first sentence.
        when: to change it, as what follows "Change it".
        **how: bounds, and the alias if the attribute has another name than the key.
    """
    extra: Any = {"when": when} if when else None
    return Field(
        default, description=description, validate_default=True, json_schema_extra=extra, **how
    )


@dataclass(frozen=True)
class Written:
    """Says that a value is written in another form than the one in which the program has it.

    Attributes:
        form: the type of what is written.
        make: makes the value of it.
        write: writes a value again, in one of the forms.
    """

    form: Any
    make: Callable[[Any, ValidationInfo], Any]
    write: Callable[[Any], Any]

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.with_info_after_validator_function(
            self.make,
            handler.generate_schema(self.form),
            serialization=core_schema.plain_serializer_function_ser_schema(self.write),
        )


def wrong(message: str) -> PydanticCustomError:
    """Return the error of a validator, whose message is for people."""
    return PydanticCustomError("refused", "{message}", {"message": message})


def folders_of(info: ValidationInfo) -> Sequence[Path]:
    """Where custom files are looked for: what pydantic was given as its context."""
    return HERE if info.context is None else info.context


def find(file: str, folders: Sequence[Path]) -> Path:
    """Return the path of a custom file, in the first folder that has it; as it is if none has."""
    path = Path(file).expanduser()
    return next((folder / path for folder in folders if (folder / path).is_file()), path)


def existing_folder(folder: str, info: ValidationInfo) -> str | None:
    """Return the path of a folder with a slash at its end; None if there is none."""
    path = Path(folder).expanduser()
    found = [place / path for place in folders_of(info) if path.name and (place / path).is_dir()]
    return f"{found[0]}/" if found else None


def existing(file: str, info: ValidationInfo) -> str:
    """Return the path of a file that must be there, unless NOWHERE is given.

    Raises:
        PydanticCustomError: if no folder has it.
    """
    folders = folders_of(info)
    path = find(file, folders)
    if folders and not path.is_file():
        where = " or ".join("this folder" if one == Path() else str(one) for one in folders)
        beside = (one.name for folder in folders for one in folder.glob(f"*{path.suffix}"))
        raise wrong(f"there is no file {file!r} in {where}{suggest(path.name, beside)}")
    return str(path)


def custom_code(name: str, info: ValidationInfo) -> tuple[str, dict[str, str]]:
    """Return `file.py:name` with the file's path, and the digest of its code as {source: ...}.

    If NOWHERE is given, the name stays, without a digest.
    """
    if not folders_of(info):
        return name, {}
    if not re.fullmatch(CUSTOM, name):
        raise wrong(f"{show(name)} is not of the form file.py:name")
    file, _, attribute = name.rpartition(":")
    path = existing(file, info)
    return f"{path}:{attribute}", {"source": source_of(path)}


# The forms of a value, by what YAML makes of it. No key of a configuration begins with "(".
TEXT, LIST, MAPPING, NUMBER = "(text)", "(list)", "(mapping)", "(number)"
CLASS, LAYERS, ROLES, PATHS = "(class)", "(layers)", "(roles)", "(paths)"
FORMS = (TEXT, LIST, MAPPING, NUMBER, CLASS, LAYERS, ROLES, PATHS)


def form_of(value: Any) -> str | None:
    """Return the form of a value, by what YAML has made of it."""
    kinds = ((str, TEXT), (list, LIST), (Mapping, MAPPING), (int | float, NUMBER))
    return next((form for kind, form in kinds if isinstance(value, kind)), None)


def whole(value: Any) -> Any:
    """Return 3 for 3.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def numbers(value: Any) -> Any:
    """Take text as a number where only numbers make sense.

    YAML reads 1e-3 as text, and so does Snakemake everything inside of a mapping on the command
    line.
    """
    if isinstance(value, Mapping):
        return {key: numbers(part) for key, part in value.items()}
    if isinstance(value, list):
        return [numbers(part) for part in value]
    if isinstance(value, str):
        if re.fullmatch(r"[+-]?\d+", value):
            return int(value)
        if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", value):
            return float(value)
    return value


def _storable(value: dict[Any, Any]) -> dict[Any, Any]:
    try:
        json.dumps(value, sort_keys=True)
    except (TypeError, ValueError):
        raise wrong(
            f"{show(value)} must hold names and plain values (numbers, text, true, false, null, "
            "lists and mappings of them)"
        ) from None
    return value


ANSWERS = ("true", "false", "yes", "no", "on", "off", "y", "n")


def _no_words(value: dict[Any, Any]) -> dict[Any, Any]:
    """Refuses text such as 'false', which Keras would take as true."""
    for key, part in value.items():
        if isinstance(part, Mapping):
            _no_words(dict(part))
        elif isinstance(part, str) and part.lower() in ANSWERS:
            raise wrong(
                f"{key}: {part!r} is text here, which Keras takes as true; write true or false, "
                "without quotes"
            )
    return value


Whole = Annotated[int, BeforeValidator(whole)]
Parameters = Annotated[
    dict[Any, Any],
    BeforeValidator(numbers),
    AfterValidator(_storable),
    AfterValidator(_no_words),
]


def _class_name(name: str, info: ValidationInfo) -> str:
    if is_custom(name):
        custom_code(name, info)
    elif not re.fullmatch(NAME, name):
        raise wrong(
            f"{show(name)} is not the name of an initializer (letters, digits and _, since it "
            "becomes part of file names), nor file.py:name"
        )
    return name


ClassName = Annotated[str, Field(max_length=200), AfterValidator(_class_name)]
Name = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9_]*$", max_length=64)]


ExistingFile = Annotated[str, AfterValidator(existing)]
