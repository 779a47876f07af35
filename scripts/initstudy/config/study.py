"""The configuration of a study: every key with its type, bounds, default and description.

The schema, config.yaml and docs/configuration.md are made of these classes: see
`initstudy.report.reference`.
"""

import csv
import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    Strict,
    Tag,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
)
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError, core_schema

from initstudy.config import schema
from initstudy.config.names import DATASETS, NAME, OWN
from initstudy.config.problems import KeyPath, Problem, describe, show, suggest
from initstudy.config.user_files import source_of
from initstudy.engine.spec import ORDER, PER_LAYER, SOURCES, WEIGHTS, is_custom, rate_of

__all__ = [
    "Initializer",
    "KeyPath",
    "Problem",
    "Study",
    "Variant",
    "describe",
    "find",
    "own_code",
    "parse_study",
    "suggest",
]

# Learning rates are chosen on replicates from this number on, which no study judges or confirms.
FIRST_TUNED = 1_000_000
# From so many a variance has an interval.
FEWEST_FOR_VARIANCE = 5
# Of a factorial design, as many as the longest lists of a one-factor design make.
MOST_PAIRS = 20_001

# Keys that there were, and why there are no more.
GONE = {
    "diagnose_after": (
        "every run is measured at the start, after epochs 1, 2, 5, 10, 20, 50, 100, ... and after "
        "the last; remove this key"
    )
}

HERE = (Path(),)


@dataclass(frozen=True)
class Initializer:
    """An initializer by the name it has in this study.

    Attributes:
        name: what file names, tables and figures call it.
        class_name: a name of `initializers.known_initializers`, `file.py:name` of a person's own,
            or PER_LAYER.
        config: its parameters, without the seed; of PER_LAYER {layers: [...]}, {hidden: ...,
            output: ...} or {paths: [[pattern, ...], ...], others: ...}, for each layer a mapping
            with class_name, config and perhaps source.
        source: SHA-256 of a person's own file.
    """

    name: str
    class_name: str
    config: Mapping[str, Any]
    source: str | None = None

    @classmethod
    def parse(cls, entry: Any, folders: Sequence[Path] = HERE) -> "Initializer":
        """From a configuration's entry, in one of its forms.

        Args:
            entry: an identifier, {name, class_name, config}, a list with one for each layer,
                {name, layers: that list}, {hidden, output}, or {paths, others}.
            folders: where a person's own files are looked for, in this order.
        """
        made: Initializer = TypeAdapter(AnInitializer).validate_python(entry, context=folders)
        return made

    def plain(self) -> dict[str, Any]:
        """As a plain mapping, which YAML, JSON and Snakemake's params can hold."""
        source = {} if self.source is None else {"source": self.source}
        return {
            "name": self.name,
            "class_name": self.class_name,
            "config": dict(self.config),
        } | source

    def entry(self) -> str | dict[str, Any]:
        """As an entry of a configuration."""
        if self.class_name == PER_LAYER:

            def plain(part: Any) -> Any:
                if isinstance(part, list):
                    # Of patterns, which are pairs in their order, a mapping.
                    if all(isinstance(one, list) for one in part):
                        return {pattern: plain(one) for pattern, one in part}
                    return [plain(one) for one in part]
                if part is None:
                    return None
                return {"class_name": part["class_name"], "config": part["config"]}

            return {"name": self.name, **{key: plain(part) for key, part in self.config.items()}}
        if self.name == self.class_name and not self.config:
            return self.name
        return {"name": self.name, "class_name": self.class_name, "config": dict(self.config)}


def find(file: str, folders: Sequence[Path]) -> Path:
    """The path of a person's own file, in the first folder that has it; as it is if none has."""
    path = Path(file).expanduser()
    return next((folder / path for folder in folders if (folder / path).is_file()), path)


def own_code(name: str, folders: Sequence[Path]) -> tuple[str, str]:
    """What stands for `file.py:name` in a job: with the file's path, and the digest of its code."""
    file, _, attribute = name.rpartition(":")
    path = find(file, folders)
    return f"{path}:{attribute}", source_of(path)


@dataclass(frozen=True)
class Variant:
    """A kernel and a bias initializer to train with."""

    name: str
    kernel: Initializer
    bias: Initializer


class Keys(BaseModel):
    """A mapping with the keys that its class names, and no other."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def optional(default: Any, description: str, **how: Any) -> Any:
    """A key that may be left out.

    Args:
        default: as it is written in a configuration.
        description: what the key means. Error messages tell the first sentence.
        how: bounds, and the alias if the attribute has another name than the key.
    """
    return Field(default, description=description, validate_default=True, **how)


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


# Columns of a table of published results.
PUBLISHED = ("kernel_initializer", "bias_initializer", "loss", "accuracy")


def _wrong(message: str) -> PydanticCustomError:
    return PydanticCustomError("told", "{message}", {"message": message})


def _folders(info: ValidationInfo) -> Sequence[Path]:
    """Where a person's own files are looked for: what pydantic was given as its context."""
    return HERE if info.context is None else info.context


# The forms of a value, by what YAML makes of it. No key of a configuration begins with "(".
TEXT, LIST, MAPPING, NUMBER = "(text)", "(list)", "(mapping)", "(number)"
CLASS, LAYERS, ROLES, PATHS = "(class)", "(layers)", "(roles)", "(paths)"
FORMS = (TEXT, LIST, MAPPING, NUMBER, CLASS, LAYERS, ROLES, PATHS)


def _form(value: Any) -> str | None:
    kinds = ((str, TEXT), (list, LIST), (Mapping, MAPPING), (int | float, NUMBER))
    return next((form for kind, form in kinds if isinstance(value, kind)), None)


def _initializer_form(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return _form(value)
    forms = {"class_name": CLASS, "layers": LAYERS, "hidden": ROLES, "output": ROLES}
    found = [form for key, form in {**forms, "paths": PATHS}.items() if key in value]
    return found[0] if found in ([CLASS], [LAYERS], [ROLES, ROLES], [PATHS]) else None


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _numbers(value: Any) -> Any:
    """Takes text as a number where only numbers make sense.

    YAML reads 1e-3 as text, and so does Snakemake everything inside of a mapping on the command
    line.
    """
    if isinstance(value, Mapping):
        return {key: _numbers(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_numbers(part) for part in value]
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
        raise _wrong(
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
            raise _wrong(
                f"{key}: {part!r} is text here, which Keras takes as true; write true or false, "
                "without quotes"
            )
    return value


Whole = Annotated[int, BeforeValidator(_whole)]
Parameters = Annotated[
    dict[Any, Any],
    BeforeValidator(_numbers),
    AfterValidator(_storable),
    AfterValidator(_no_words),
]


def _own_problem(name: str, folders: Sequence[Path]) -> str | None:
    """What is wrong with the name of a person's own code; None if it is not, or nothing is."""
    if not is_custom(name):
        return None
    if not re.fullmatch(OWN, name):
        return f"{show(name)} is not of the form file.py:name"
    file = find(name.rpartition(":")[0], folders)
    if not file.is_file():
        where = " or ".join("this folder" if str(one) == "." else str(one) for one in folders)
        beside = [path.name for folder in folders for path in folder.glob("*.py")]
        near = difflib.get_close_matches(file.name, beside, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"there is no file {str(file)!r} in {where}{hint}"
    return None


def _class_name(name: str, info: ValidationInfo) -> str:
    problem = _own_problem(name, _folders(info))
    if not is_custom(name) and not re.fullmatch(NAME, name):
        problem = (
            f"{show(name)} is not the name of an initializer (letters, digits and _, since it "
            "becomes part of file names), nor file.py:name"
        )
    if problem:
        raise _wrong(problem)
    return name


ClassName = Annotated[str, Field(max_length=200), AfterValidator(_class_name)]
Name = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9_]*$", max_length=64)]


Count = Annotated[int, Field(ge=1, le=100_000), BeforeValidator(_whole)]
SeedsForm = Annotated[
    Annotated[Count, Tag(NUMBER)]
    | Annotated[list[Count], Field(min_length=1, max_length=20), Tag(LIST)],
    Discriminator(_form),
]


def _looks(form: int | list[int], info: ValidationInfo) -> tuple[int, ...]:
    looks = tuple(form) if isinstance(form, list) else (form,)
    if list(looks) != sorted(set(looks)):
        raise _wrong(f"{show(form)} must grow from each analysis to the next, as in [10, 20, 40]")
    return looks


def _written_looks(looks: tuple[int, ...]) -> int | list[int]:
    return looks[0] if len(looks) == 1 else list(looks)


Looks = Annotated[tuple[int, ...], Written(SeedsForm, _looks, _written_looks)]


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
    found, source = own_code(name, _folders(info))
    return {"class_name": found, "config": config, "source": source}


LayerForm = Annotated[
    Annotated[ClassName, Tag(TEXT)] | Annotated[Layer, Tag(MAPPING)], Discriminator(_form)
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
        raise _wrong(
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

    kernel_initializer: AnInitializer = optional("glorot_uniform", "Draws the kernels.")
    bias_initializer: AnInitializer = optional("zeros", "Draws the biases.")


def _baseline(form: Baseline, info: ValidationInfo) -> Variant:
    return Variant("baseline", form.kernel_initializer, form.bias_initializer)


def _written_baseline(variant: Variant) -> dict[str, Any]:
    kernel, bias = variant.kernel.entry(), variant.bias.entry()
    return {"kernel_initializer": kernel, "bias_initializer": bias}


ABaseline = Annotated[Variant, Written(Baseline, _baseline, _written_baseline)]


class Holdout(Keys):
    """Images that are kept from training."""

    holdout: Annotated[Whole, BeforeValidator(_numbers)] = Field(
        ge=1,
        le=100_000_000,
        description=("Number of training examples that are held out for validation."),
    )


ValidationForm = Annotated[
    Annotated[Literal["test"], Tag(TEXT)] | Annotated[Holdout, Tag(MAPPING)], Discriminator(_form)
]


def _held_out(form: str | Holdout, info: ValidationInfo) -> int:
    return form.holdout if isinstance(form, Holdout) else 0


def _written_validation(held_out: int) -> str | dict[str, int]:
    return {"holdout": held_out} if held_out else "test"


HeldOut = Annotated[int, Written(ValidationForm, _held_out, _written_validation)]


# The bounds come before the validator: pydantic does not tell them in the schema otherwise.
Unit = Annotated[int, Field(ge=1, le=65_536), BeforeValidator(_whole)]
Units = Annotated[list[Unit], BeforeValidator(_numbers)]


class Network(Keys):
    """Layers of units, one after the other."""

    hidden_units: Units = optional(
        [16, 16], "Units of each hidden layer, from the input on; [] for none.", max_length=1000
    )
    activation: str = optional(
        "relu", "Activation of the hidden layers, a Keras identifier: relu, tanh, selu, ..."
    )


def _build(name: str, info: ValidationInfo) -> str:
    problem = _own_problem(name, _folders(info))
    if not is_custom(name):
        problem = f"{show(name)} is not of the form file.py:name, a custom function"
    if problem:
        raise _wrong(problem)
    return name


ModelForm = Annotated[
    Annotated[str, Field(max_length=200), AfterValidator(_build), Tag(TEXT)]
    | Annotated[Network, Tag(MAPPING)],
    Discriminator(_form),
]


def _model(form: str | Network, info: ValidationInfo) -> dict[str, Any]:
    if isinstance(form, Network):
        return {"hidden_units": form.hidden_units, "activation": form.activation}
    build, source = own_code(form, _folders(info))
    return {"build": build, "source": source}


def _written_model(model: Mapping[str, Any]) -> Any:
    return model.get("build", model)


Model = Annotated[Mapping[str, Any], Written(ModelForm, _model, _written_model)]


class Optimizer(Keys):
    """An optimizer with its parameters."""

    class_name: str = Field(description="Class of the optimizer in keras.optimizers.")
    config: Parameters = optional({}, "Its parameters.")


OptimizerForm = Annotated[
    Annotated[str, Tag(TEXT)] | Annotated[Optimizer, Tag(MAPPING)], Discriminator(_form)
]


def _optimizer(form: str | Optimizer, info: ValidationInfo) -> dict[str, Any]:
    if isinstance(form, Optimizer):
        return {"class_name": form.class_name, "config": form.config}
    return {"class_name": form, "config": {}}


def _written_optimizer(optimizer: Mapping[str, Any]) -> Any:
    return optimizer if optimizer["config"] else optimizer["class_name"]


AnOptimizer = Annotated[Mapping[str, Any], Written(OptimizerForm, _optimizer, _written_optimizer)]


def _dataset(name: str, info: ValidationInfo) -> str:
    if not name.endswith(".npz"):
        if name not in DATASETS:
            hint = suggest(name, DATASETS)
            raise _wrong(f"{show(name)} is not a data set, nor a .npz file{hint}")
        return name
    file = find(name, _folders(info))
    if not file.is_file():
        folders = _folders(info)
        hint = suggest(name, (path.name for folder in folders for path in folder.glob("*.npz")))
        raise _wrong(f"there is no file {name!r} in {' or '.join(map(str, folders))}{hint}")
    return str(file)


DatasetName = Annotated[str, Field(max_length=1000), AfterValidator(_dataset)]


def _existing(name: str, info: ValidationInfo) -> str:
    if not find(name, _folders(info)).is_file():
        raise _wrong(f"there is no file {name!r}; give its path, or null")
    return name


def _published(name: str, info: ValidationInfo) -> str:
    """Read the table now, since its mistakes would be found after all runs."""
    with find(name, _folders(info)).open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        lacking = [column for column in PUBLISHED if column not in (rows.fieldnames or ())]
        if lacking:
            raise _wrong(
                f"{show(name)} lacks the column {lacking[0]}; it needs {', '.join(PUBLISHED)}"
            )
        for row in rows:
            try:
                right = 0 <= float(row["accuracy"]) <= 1 and float(row["loss"]) >= 0
            except (TypeError, ValueError):
                right = False
            if not right:
                raise _wrong(
                    f"{show(name)}, line {rows.line_num}: accuracy must be a fraction from 0 to 1 "
                    f"and loss a number, got {row['accuracy']} and {row['loss']}"
                )
    return name


ExistingFile = Annotated[str, AfterValidator(_existing)]
PublishedFile = Annotated[ExistingFile, AfterValidator(_published)]
Rate = Annotated[float, Field(ge=1e-12, le=1000)]


def _sources(names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    if len(names) != len(set(names)):
        raise _wrong(f"{show(list(names))} has one twice")
    if not names:
        raise _wrong("[] makes all runs of a variant the same; name weights, order or both")
    return tuple(name for name in SOURCES if name in names)


Source = Literal["weights", "order"]
SourcesForm = Annotated[tuple[Source, ...], Strict(False)]
Sources = Annotated[tuple[str, ...], Written(SourcesForm, _sources, list)]
Rates = Annotated[tuple[Rate, ...], Strict(False), BeforeValidator(_numbers)]
StudyName = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=64)]
SIX = ["glorot_normal", "ones", "random_uniform", "random_normal", "he_uniform", "he_normal"]


class Study(Keys):
    """One network, one data set, and the initializers to compare on them."""

    name: StudyName = optional(
        "notebook",
        "Name of the study; its files go to results/<study>/. Letters, digits, - and _.",
        alias="study",
    )
    dataset: DatasetName = optional(
        "mnist",
        "The data set: mnist, fashion_mnist, digits, letters, satellite, shuttle, or a custom "
        ".npz file beside the configuration, with x_train and x_test (n, ...), y_train and y_test "
        "(n,): labels from 0.",
    )
    dataset_file: ExistingFile | None = optional(
        None,
        "A local copy of mnist or fashion_mnist as .npz, tried before any download; null for none.",
    )
    inputs: Literal["raw", "unit", "standardized", "features"] = optional(
        "raw",
        "The scale of inputs: raw (0..255, as in the notebook), unit (0..1), standardized (mean 0 "
        "and variance 1 over all numbers of the training examples), or features (mean 0 and "
        "variance 1 of each pixel, or column of a table, by itself).",
    )
    held_out: HeldOut = optional(
        "test",
        "The examples on which each epoch is validated, and choices are made: test, as in the "
        "notebook, or {holdout: 10000}, so many training examples that are held out. The test set "
        "is then read once, after the last epoch, for the final comparisons.",
        alias="validation",
    )
    training_images: Whole | None = optional(
        None,
        "Number of examples in training, of those that are not held out: chosen at random, the "
        "same for all runs. null for all of them.",
        ge=1,
        le=100_000_000,
    )
    model: Model = optional(
        {},
        "The network: hidden layers as below, with a softmax over the classes at the end, or a "
        "custom function that returns a Keras model, my_model.py:build.",
    )
    optimizer: AnOptimizer = optional(
        "adam",
        "A Keras identifier (adam, sgd, ...), or with parameters: "
        "{class_name: SGD, config: {learning_rate: 0.01, momentum: 0.9}}.",
    )
    learning_rates: Rates = optional(
        [],
        "Learning rates to choose from, such as [0.0001, 0.001, 0.01]. Each variant runs at the "
        "rate with the best mean on the validation set (which must be held out), over "
        "learning_rate_seeds tuning runs. [] for the optimizer's own rate.",
        max_length=100,
    )
    learning_rate_seeds: Whole = optional(
        3,
        "Number of tuning runs for each learning rate. Their seeds are not those of the "
        "comparisons, so a choice does not flatter its result.",
        ge=1,
        le=100_000,
    )
    batch_size: Whole = optional(128, "Examples per update.", ge=1, le=1_000_000)
    compile: Literal["auto", "xla", "graph"] = optional(
        "auto",
        "How the network is compiled: by xla, which is fastest for dense layers; as a graph of "
        "TensorFlow's own kernels, which is for convolutions and attention; or auto, by its "
        "layers. The last bits of the results depend on it.",
    )
    threads: Whole = optional(
        1,
        "Cores of each job. Several jobs at a time use cores better, unless one run takes hours. "
        "The last bits of the results depend on it.",
        ge=1,
        le=1024,
    )
    epochs: Whole = optional(100, "Passes over the training examples.", ge=1, le=100_000)
    looks: Looks = optional(
        10,
        "Runs of every variant, with the seeds 0 .. seeds-1; or several numbers, as in "
        "[10, 20, 40]: interim analyses, after each of which only those variants get more seeds "
        "that are inconclusive or may be the best. Five are the fewest that decide anything. "
        "Losses and epochs, which are compared by ranks, need six for one comparison, nine for the "
        "twelve below, and eleven for the 48 of their factorial design.",
        alias="seeds",
    )
    vary: Sources = optional(
        ["weights", "order"],
        "The sources by which the runs of a variant differ: weights (all that a network draws; "
        "with dropout, its noise, too), order (that of the training examples), or both. With one "
        "source, the other one is that of seed 0.",
    )
    variance_seeds: Whole = optional(
        0,
        "Runs of each variant that differ by their weights alone, and as many that differ by the "
        "order alone. They divide the variance of the others into these sources. 0 for none; 20 "
        "give a rough answer.",
        ge=0,
        le=100_000,
    )
    seeds_per_job: Whole = optional(
        10,
        "Seeds that one job runs, one after the other. Fewer: more jobs run side by side. More: "
        "less time for the start of TensorFlow, about 4 s a job.",
        ge=1,
        le=100_000,
    )
    keep_weights: bool = optional(
        False,
        "Whether weights and optimizer state are kept at the end of each run, so that more epochs "
        "go on from there. It costs about 4 bytes times (weights + optimizer slots), e.g. 3 times "
        "the weights with adam, for each run.",
    )
    checkpoint_minutes: float = optional(
        5,
        "Minutes between two checkpoints of a run at work. A job that is cut off goes on from the "
        "last one.",
        gt=0,
        le=100_000,
    )
    baseline: ABaseline = optional(
        {},
        "The pair with which every other one is compared.\n\nAn initializer is a Keras identifier "
        "(he_normal); one of the literature (lsuv, autoinit, fixup, metainit, sparse, "
        "gain_corrected, ZerO, IDInit, sinusoidal, tanh_fixed_point, delta_orthogonal); a custom "
        "one, my_file.py:name, in a file beside the configuration; or a mapping whose name "
        "becomes part of file names: {name: he_fan_out, class_name: VarianceScaling, config: "
        "{scale: 2.0, mode: fan_out}}. Different ones for the layers: a list, [he_normal, "
        "he_normal, zeros], {name: ..., layers: [...]}, or {hidden: he_normal, output: zeros}.",
    )
    kernel_initializers: Initializers = optional(
        SIX, "Kernel initializers to compare, each with the baseline's bias initializer."
    )
    bias_initializers: Initializers = optional(
        SIX, "Bias initializers to compare, each with the baseline's kernel initializer."
    )
    design: Literal["one_factor", "factorial"] = optional(
        "one_factor",
        "The pairs that run: one_factor, each initializer above with the baseline's other one; or "
        "factorial, every kernel with every bias initializer (49 pairs here), which also shows "
        "their interaction. It adds to the runs of one_factor.",
    )
    confirmation_seeds: Whole = optional(
        10,
        "New seeds on which the best pair is compared with the baseline, as one comparison. Five "
        "are the fewest that decide anything.",
        ge=1,
        le=100_000,
    )
    target_accuracy: float = optional(
        0.9,
        "A validation accuracy, as a fraction of 1. The summary has the number of epochs until a "
        "run reaches it.",
        ge=0,
        le=1,
    )
    judge_by: Literal["accuracy", "loss", "epochs_to_target", "area_under_curve"] = optional(
        "accuracy",
        "The primary metric, by which variants are chosen and compared: accuracy or loss after "
        "the last epoch, on the test set (for choices on the validation set); or, on the "
        "validation set, the epochs to target_accuracy, infinite for runs that never reach it, or "
        "the area under the learning curve. Losses and epochs are compared by ranks, and their "
        "medians are reported.",
    )
    margin: float | None = optional(
        0.005,
        "The equivalence margin, the smallest difference that matters, of the metric that "
        "judge_by names: of accuracies and areas as a fraction of 1. A variant is equivalent if "
        "the interval that decides lies within it; of accuracies, for other test examples, too. "
        "null for none: any difference matters.",
        gt=0,
        le=100_000,
    )
    comparisons: Literal["baseline", "all_pairs"] = optional(
        "baseline",
        "The comparisons that share 5 % of error: those of each variant with the baseline (all "
        "other pairs have another 5 %), or all_pairs of variants. Set it before the first run.",
    )
    published: PublishedFile | None = optional(
        "resources/notebook.csv",
        "A CSV file of published results for comparison, with the columns variant, "
        "kernel_initializer, bias_initializer, loss, accuracy; null for none.",
    )

    @cached_property
    def kernel_variants(self) -> tuple[Variant, ...]:
        """Each kernel initializer with the baseline's bias initializer."""
        bias = self.baseline.bias
        return tuple(Variant(f"kernel-{k.name}", k, bias) for k in self.kernel_initializers)

    @cached_property
    def bias_variants(self) -> tuple[Variant, ...]:
        """Each bias initializer with the baseline's kernel initializer."""
        kernel = self.baseline.kernel
        return tuple(Variant(f"bias-{b.name}", kernel, b) for b in self.bias_initializers)

    @property
    def variants(self) -> tuple[Variant, ...]:
        """All but `best`, which is known only when these are trained."""
        one_factor = (self.baseline, *self.kernel_variants, *self.bias_variants)
        return (*one_factor, *self.pair_variants)

    @property
    def pair_variants(self) -> tuple[Variant, ...]:
        """What a factorial design adds: the pairs that differ from the baseline in both."""
        if self.design == "one_factor":
            return ()
        # Names of initializers have no "-", so these are unambiguous.
        return tuple(
            Variant(f"{kernel.name}-{bias.name}", kernel.kernel, bias.bias)
            for kernel in self.kernel_variants
            for bias in self.bias_variants
        )

    @property
    def selection(self) -> range:
        """The seeds that every variant is trained on."""
        return range(self.looks[0])

    @property
    def confirmation(self) -> range:
        """The fresh seeds that `best` and the baseline are compared on."""
        return range(self.looks[-1], self.looks[-1] + self.confirmation_seeds)

    @property
    def tuning(self) -> range:
        """The seeds that learning rates are chosen on."""
        return range(FIRST_TUNED, FIRST_TUNED + self.learning_rate_seeds)

    def blocks(self, seeds: range) -> list[range]:
        """The seeds as the jobs train them: `seeds_per_job` at a time.

        Examples:
            With seeds_per_job = 10, `range(0, 15)` gives `[range(0, 10), range(10, 15)]`.
        """
        starts = range(seeds.start, seeds.stop, self.seeds_per_job)
        return [range(start, min(start + self.seeds_per_job, seeds.stop)) for start in starts]

    def plain(self) -> dict[str, Any]:
        """All keys of the configuration, defaults and all, as YAML can hold them."""
        return self.model_dump(mode="json", by_alias=True)

    def for_keras(self) -> dict[str, Any]:
        """What `initstudy.training.checks` looks at, as plain values, with the keys."""

        def entries(role: str, first: Initializer, listed: Sequence[Initializer]) -> list[Any]:
            paths: list[KeyPath] = [("baseline", f"{role}_initializer")]
            paths += [(f"{role}_initializers", index) for index in range(len(listed))]
            return [
                {"path": list(path), **initializer.plain()}
                for path, initializer in zip(paths, (first, *listed), strict=True)
            ]

        return {
            "model": self.model,
            "optimizer": self.optimizer,
            "learning_rates": list(self.learning_rates),
            "vary": list(self.vary),
            "kernel": entries("kernel", self.baseline.kernel, self.kernel_initializers),
            "bias": entries("bias", self.baseline.bias, self.bias_initializers),
        }


class Schema(GenerateJsonSchema):
    """JSON Schema without titles, which would only say the keys again."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never."""
        return False


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a configuration, draft 2020-12."""
    return Study.model_json_schema(schema_generator=Schema)


def parse_study(
    raw: Mapping[str, Any], folders: Sequence[Path] = HERE
) -> tuple[Study | None, list[Problem]]:
    """Checks a configuration and makes a study of it.

    Args:
        raw: the configuration as read from YAML, merged from all its files.
        folders: where a person's own files are looked for.

    Returns:
        The study and an empty list, or None and all that is wrong. That Keras knows the names and
        takes the parameters is not looked at here: see `initstudy.training.checks`.
    """
    try:
        study = Study.model_validate(dict(raw), context=folders)
    except ValidationError as error:
        whole = json_schema()
        return None, [told for one in error.errors() for told in _explain(one, whole)]
    problems = [
        *_duplicates("kernel_initializers", study.kernel_initializers, study.baseline.kernel),
        *_duplicates("bias_initializers", study.bias_initializers, study.baseline.bias),
        *_miscounted_layers(study),
        *_too_many_pairs(study),
        *_looks_at_all_pairs(study),
        *_learning_rate_problems(study),
        *_variance_problems(study),
        *_margin_problems(study),
    ]
    return (None, problems) if problems else (study, [])


def _explain(error: ErrorDetails, whole: Mapping[str, Any]) -> Iterator[Problem]:
    """One of pydantic's errors in the words of a configuration, by its schema."""
    kind, loc, value = error["type"], error["loc"], error["input"]
    path = tuple(part for part in loc[:-1] if part not in FORMS)
    if kind in ("extra_forbidden", "invalid_key"):
        # As a person wrote it, be it like one of FORMS.
        yield _unknown(path, str(loc[-1]), schema.properties(whole, schema.at(whole, path)))
        return
    path = (*path, *(part for part in loc[-1:] if part not in FORMS))
    node = schema.at(whole, path)
    if kind == "told":
        message = error["ctx"]["message"]
    elif kind == "missing":
        hint = schema.first_sentence(node["description"])
        path, message = path[:-1], f"{show(value)} lacks the key {path[-1]!r}: {hint}"
    elif kind == "union_tag_not_found" and isinstance(value, Mapping):
        known = schema.properties(whole, node)
        unknown = [_unknown(path, str(name), known) for name in value if name not in known]
        if unknown:
            yield from unknown
            return
        message = (
            f"{show(value)} must have either class_name, or layers, or hidden and output, or paths"
        )
    elif kind == "literal_error" and "enum" in node:
        message = f"{show(value)} is not one of its values{suggest(value, node['enum'])}"
    elif kind == "string_pattern_mismatch":
        marks = "_ or -" if "-]" in node["pattern"] else "_"
        message = (
            f"{show(value)} cannot become part of a file name; use letters, digits and {marks}, "
            "beginning with a letter or digit"
        )
    else:
        message = f"{show(value)} must be {schema.in_words(whole, node)}"
        if "description" in node:
            message += f" ({schema.first_sentence(node['description'])})"
    yield Problem(path, message)


def _unknown(path: KeyPath, name: str, known: Mapping[str, Any]) -> Problem:
    message = f"there is no such key{suggest(name, known)}"
    if not path and name in GONE:
        message = GONE[name]
    elif name in known:  # In another form, to which it belongs.
        message = "it belongs to the initializer of a layer"
    return Problem((*path, name), message)


def _duplicates(
    name: str, entries: Sequence[Initializer], baseline: Initializer
) -> Iterator[Problem]:
    # Two names that differ in case only are one file on some file systems.
    seen: dict[str, str] = {}
    for index, entry in enumerate(entries):
        first = seen.setdefault(entry.name.lower(), f"{name}[{index}]")
        if first != f"{name}[{index}]":
            yield Problem((name, index), f"{entry.name!r} is at {first} already; remove one")
        if entry == baseline:
            yield Problem((name, index), f"{entry.name!r} is the baseline's own; remove it here")
        elif entry.name.lower() == baseline.name.lower():
            yield Problem(
                (name, index),
                f"{entry.name!r} is the name of the baseline's, which is another; rename one",
            )


def _miscounted_layers(study: Study) -> Iterator[Problem]:
    if "build" in study.model:
        return  # How many layers it has is known when it is built.
    layers = len(study.model["hidden_units"]) + 1
    for role in ("kernel", "bias"):
        for entry in study.for_keras()[role]:
            listed = entry["config"].get("layers") if entry["class_name"] == PER_LAYER else None
            if listed is not None and len(listed) != layers:
                yield Problem(
                    tuple(entry["path"]),
                    f"it has {len(listed)} entries, the network {layers} layers with weights "
                    f"({layers - 1} hidden ones and the output)",
                )


def _looks_at_all_pairs(study: Study) -> Iterator[Problem]:
    if study.comparisons == "all_pairs" and len(study.looks) > 1:
        yield Problem(
            ("comparisons",),
            "interim analyses are for comparisons with the baseline; for all pairs seeds must be "
            "one number",
        )


def _margin_problems(study: Study) -> Iterator[Problem]:
    if study.margin is None:
        return
    if study.judge_by == "epochs_to_target" and study.margin < 1:
        yield Problem(
            ("margin",),
            f"{show(study.margin)} is less than an epoch, and judge_by is epochs_to_target; give "
            "a number of epochs, such as 2, or null for none",
        )
    if study.judge_by in ("accuracy", "area_under_curve") and study.margin > 0.5:
        yield Problem(
            ("margin",),
            f"{show(study.margin)} must be a fraction of 1 that is at most 0.5, such as 0.005 for "
            "half a percentage point",
        )


def _variance_problems(study: Study) -> Iterator[Problem]:
    if not study.variance_seeds:
        return
    if study.variance_seeds < FEWEST_FOR_VARIANCE:
        yield Problem(
            ("variance_seeds",),
            f"{study.variance_seeds} runs are too few for a variance; {FEWEST_FOR_VARIANCE} are "
            "the fewest, or 0 for none",
        )
    if study.looks[0] < FEWEST_FOR_VARIANCE:
        yield Problem(
            ("seeds",),
            f"{study.looks[0]} are too few for a variance, which variance_seeds asks for; "
            f"{FEWEST_FOR_VARIANCE} are the fewest",
        )
    if study.vary != SOURCES:
        yield Problem(
            ("vary",),
            f"with variance_seeds the runs vary by both, [{WEIGHTS}, {ORDER}], and each alone is "
            "added",
        )


def _too_many_pairs(study: Study) -> Iterator[Problem]:
    kernels, biases = len(study.kernel_initializers), len(study.bias_initializers)
    pairs = (kernels + 1) * (biases + 1)
    if study.design == "factorial" and pairs > MOST_PAIRS:
        yield Problem(
            ("design",),
            f"{kernels} kernel and {biases} bias initializers beside the baseline's make {pairs} "
            f"pairs, more than {MOST_PAIRS}; list fewer, or use 'one_factor'",
        )


def _learning_rate_problems(study: Study) -> Iterator[Problem]:
    rates = list(study.learning_rates)
    if not rates:
        return
    if len(rates) != len(set(rates)):
        yield Problem(("learning_rates",), f"one is twice in {show(rates)}")
    if not study.held_out:
        yield Problem(
            ("learning_rates",),
            "rates that were chosen on the test set would flatter all variants, and some more "
            "than others; hold out examples for the choice with validation: {holdout: 10000}",
        )
    if isinstance(rate_of(study.optimizer), int | float):
        yield Problem(
            ("optimizer", "config", "learning_rate"), "learning_rates has it already; remove one"
        )
