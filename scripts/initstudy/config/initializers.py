"""Initializers as a configuration writes them: the same for all layers, by layer, role or path."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Discriminator, Field, Strict, Tag, TypeAdapter, ValidationInfo

from initstudy.config.forms import (
    CLASS,
    HERE,
    LAYERS,
    LIST,
    MAPPING,
    PATHS,
    ROLES,
    TEXT,
    ClassName,
    Keys,
    Name,
    Parameters,
    Written,
    custom_code,
    form_of,
    optional,
    wrong,
)
from initstudy.config.names import NAME
from initstudy.config.problems import show
from initstudy.engine.spec import PER_LAYER, is_custom


@dataclass(frozen=True)
class Initializer:
    """An initializer by the name it has in this study.

    Attributes:
        name: what file names, tables and figures call it.
        class_name: a name of `initializers.known_initializers`, `file.py:name` of a custom one,
            or PER_LAYER.
        config: its parameters, without the seed; of PER_LAYER {layers: [...]}, {hidden: ...,
            output: ...} or {paths: [[pattern, ...], ...], others: ...}, for each layer a mapping
            with class_name, config and perhaps source.
        source: SHA-256 of a custom file.
    """

    name: str
    class_name: str
    config: Mapping[str, Any]
    source: str | None = None

    @classmethod
    def parse(cls, entry: Any, folders: Sequence[Path] = HERE) -> "Initializer":
        """Return the initializer of a configuration's entry, whose custom file is in a folder."""
        made: Initializer = TypeAdapter(AnInitializer).validate_python(entry, context=folders)
        return made

    def plain(self) -> dict[str, Any]:
        """As a plain mapping, which YAML, JSON and Snakemake's params can hold."""
        made = {"name": self.name, "class_name": self.class_name, "config": dict(self.config)}
        return made if self.source is None else {**made, "source": self.source}

    def entry(self) -> str | dict[str, Any]:
        """As an entry of a configuration."""
        if self.class_name == PER_LAYER:
            return {"name": self.name, **{key: _entry(part) for key, part in self.config.items()}}
        if self.name == self.class_name and not self.config:
            return self.name
        return {"name": self.name, "class_name": self.class_name, "config": dict(self.config)}


def _entry(part: Any) -> Any:
    if isinstance(part, list):
        # Of patterns, which are pairs in their order, a mapping.
        if all(isinstance(one, list) for one in part):
            return {pattern: _entry(one) for pattern, one in part}
        return [_entry(one) for one in part]
    return part and {key: part[key] for key in ("class_name", "config")}


@dataclass(frozen=True)
class Variant:
    """A kernel and a bias initializer to train with."""

    name: str
    kernel: Initializer
    bias: Initializer


def _initializer_form(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return form_of(value)
    forms = {"class_name": CLASS, "layers": LAYERS, "hidden": ROLES, "output": ROLES}
    found = [form for key, form in {**forms, "paths": PATHS}.items() if key in value]
    return found[0] if found in ([CLASS], [LAYERS], [ROLES, ROLES], [PATHS]) else None


class Layer(Keys):
    """The initializer of one layer, with its parameters."""

    class_name: ClassName = Field(
        description=(
            "A class of keras.initializers or of the literature, or a custom one, file.py:name."
        )
    )
    config: Parameters = optional({}, "Its parameters, without the seed.")


def _layer(form: str | Layer, info: ValidationInfo) -> dict[str, Any]:
    name, config = (form, {}) if isinstance(form, str) else (form.class_name, form.config)
    if not is_custom(name):
        return {"class_name": name, "config": config}
    found, source = custom_code(name, info)
    return {"class_name": found, "config": config, **source}


LayerForm = Annotated[
    Annotated[ClassName, Tag(TEXT)] | Annotated[Layer, Tag(MAPPING)], Discriminator(form_of)
]
OfLayer = Annotated[
    dict[str, Any],
    Written(LayerForm, _layer, lambda made: made),
    Field(
        description="The initializer of one layer: an identifier, or {class_name: ..., "
        "config: {...}}."
    ),
]
OfLayers = Annotated[list[OfLayer], Field(min_length=1, max_length=1001)]
Pattern = Annotated[str, Field(min_length=1, max_length=200)]
ByPattern = Annotated[dict[Pattern, OfLayer], Field(min_length=1, max_length=1000)]

CALLED = "What it is called in file names, tables and figures"


class Named(Layer):
    """The same initializer in all layers, with its parameters."""

    name: Name = Field(description=f"{CALLED}.")


def _without_default(node: dict[str, Any]) -> None:
    del node["default"]


# If left out, it is made of the layers' own; and "" is no name that could be written.
NAMED: Any = Field(
    "",
    description=f"{CALLED}; if left out, made of the names of its parts.",
    json_schema_extra=_without_default,
)


class ByLayer(Keys):
    """An initializer for each layer with weights."""

    name: Name = NAMED
    layers: OfLayers = Field(description="One for each layer, from the input on.")


class ByRole(Keys):
    """An initializer for all hidden layers, and one for the output."""

    name: Name = NAMED
    hidden: OfLayer = Field(description="Of each hidden layer.")
    output: OfLayer = Field(description="Of the output layer.")


class ByPath(Keys):
    """An initializer for each pattern that the paths of weights are like."""

    name: Name = NAMED
    paths: ByPattern = Field(
        description=(
            "By patterns of the paths in weights.csv, such as '*/recurrent_kernel': the first one "
            "that fits a path decides. A weight that is neither a kernel nor a bias is drawn only "
            "if a pattern names it."
        )
    )
    others: OfLayer | None = optional(
        None, ("The initializer of all kernels, or biases, that no pattern names.")
    )


def _initializer(form: Any, info: ValidationInfo) -> Initializer:
    if isinstance(form, Named):
        return Initializer(form.name, **_layer(form, info))
    if isinstance(form, str):
        spec = _layer(form, info)
        parts = [spec]
    elif isinstance(form, ByRole):
        parts = [form.hidden, form.output]
        spec = {"class_name": PER_LAYER, "config": {"hidden": form.hidden, "output": form.output}}
    elif isinstance(form, ByPath):
        parts = [*form.paths.values(), *filter(None, [form.others])]
        pairs = [[pattern, part] for pattern, part in form.paths.items()]
        spec = {"class_name": PER_LAYER, "config": {"paths": pairs, "others": form.others}}
    else:
        parts = form.layers if isinstance(form, ByLayer) else form
        spec = {"class_name": PER_LAYER, "config": {"layers": parts}}
    labels = [part["class_name"].rpartition(":")[2] for part in parts]
    name = getattr(form, "name", "") or "_then_".join(labels)
    if not re.fullmatch(NAME, name):
        raise wrong(
            f"{show(name)} cannot become part of a file name, of at most 64 letters, digits and _; "
            "give it a name: {name: ..., layers: [...]}"
        )
    return Initializer(name, **spec)


InitializerForm = Annotated[
    Annotated[ClassName, Tag(TEXT)]
    | Annotated[OfLayers, Tag(LIST)]
    | Annotated[Named, Tag(CLASS)]
    | Annotated[ByLayer, Tag(LAYERS)]
    | Annotated[ByRole, Tag(ROLES)]
    | Annotated[ByPath, Tag(PATHS)],
    Discriminator(_initializer_form),
]
AnInitializer = Annotated[
    Initializer,
    Written(InitializerForm, _initializer, Initializer.entry),
    Field(
        description="An identifier, a mapping {name: ..., class_name: ..., config: {...}}, a list "
        "with one for each layer, {hidden: ..., output: ...}, or {paths: {pattern: ...}, "
        "others: ...}."
    ),
]
Initializers = Annotated[tuple[AnInitializer, ...], Strict(False), Field(max_length=10_000)]


class Baseline(Keys):
    """A kernel and a bias initializer."""

    kernel: AnInitializer = optional(
        "glorot_uniform", "Draws the kernels.", alias="kernel_initializer"
    )
    bias: AnInitializer = optional("zeros", "Draws the biases.", alias="bias_initializer")
