"""Where a study's configuration comes from: its layers, and what a message says of a key."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from initstudy.config.problems import Problem, describe
from initstudy.errors import StudyError

PROJECT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Origin:
    """Where the configuration of a study comes from.

    Attributes:
        label: what a message calls it.
        raw: what all layers together hold.
        files: that it was read from; later ones override earlier ones.
        command_line: keys that were set there, which override all files.
        located: whether the files have these keys at their top, so that a line can be named; not so
            where another workflow passes a part of its own configuration.
        entry: where the keys are that a list of studies sets for this one, by key.
        tags: those of its entry in a list, by which its studies are grouped.
    """

    label: str
    raw: Mapping[str, Any]
    files: Sequence[str] = ()
    command_line: Mapping[str, Any] = field(default_factory=dict)
    located: bool = True
    entry: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[str] = ()

    @property
    def folders(self) -> list[Path]:
        """Where files that the configuration names are looked for, the first ones first."""
        own = [Path(os.path.relpath(file)).parent for file in reversed(self.files)]
        project = Path(os.path.relpath(PROJECT))
        return list(dict.fromkeys([*(one for one in own if one != project), Path(), project]))

    def refuse(self, problems: Sequence[Problem]) -> StudyError:
        """Return the error that names what is wrong with it."""
        elsewhere = {**self.entry, **dict.fromkeys(self.command_line, "--config")}
        return StudyError(describe(problems, self.files if self.located else [], elsewhere))


def merged(*layers: Any) -> dict[str, Any]:
    """Merge layers: mappings key by key, as Snakemake does; of all else the last one counts."""
    made: dict[str, Any] = {}
    for layer in layers:
        for key, value in (layer or {}).items():
            old = made.get(key)
            both = isinstance(value, Mapping) and isinstance(old, Mapping)
            made[key] = merged(old, value) if both else value
    return made


def from_command_line(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was set by `--config`, as a file would hold it.

    Args:
        settings: as Snakemake has read them: of a key itself it has taken off quotes, and made
            numbers; all that a list or a mapping holds is text, and `key=` is None, or the text
            `None` for the jobs that it starts.
    """
    return {key: None if value == "None" else typed(value) for key, value in settings.items()}


def typed(value: Any) -> Any:
    """Return what text means where it is without quotes in a YAML file; but a date stays text."""
    if isinstance(value, Mapping):
        return {key: typed(part) for key, part in value.items()}
    if isinstance(value, list):
        return [typed(part) for part in value]
    if not isinstance(value, str):
        return value
    yaml_1_1: Any = yaml.SafeLoader("")
    tag = yaml_1_1.resolve(yaml.ScalarNode, value, (True, False))
    if tag.rpartition(":")[2] not in ("bool", "float", "int", "null"):
        return value
    try:
        return yaml_1_1.construct_object(yaml.ScalarNode(tag, value))
    except ValueError:  # Of `0x_`, which a file could not hold, either.
        return value
