"""Keys of the data: what is learned from, what the network sees, what is validated on."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, ValidationInfo

from initstudy.config.forms import (
    LIST,
    MAPPING,
    TEXT,
    ExistingFile,
    Keys,
    Whole,
    Written,
    custom_code,
    existing,
    existing_folder,
    folders_of,
    form_of,
    numbers,
    optional,
    wrong,
)
from initstudy.config.names import DATASETS, GONE_DATASETS
from initstudy.config.problems import show
from initstudy.engine.spec import OWN_VALIDATION, is_custom
from initstudy.errors import suggest


class Holdout(Keys):
    """Images that are kept from training."""

    holdout: Annotated[Whole, BeforeValidator(numbers)] = Field(
        ge=1,
        le=100_000_000,
        description="Number of training examples that are held out for validation.",
    )


ValidationForm = Annotated[
    Annotated[Literal["test", "x_val"], Tag(TEXT)] | Annotated[Holdout, Tag(MAPPING)],
    Discriminator(form_of),
]


def _held_out(form: str | Holdout, info: ValidationInfo) -> int | str:
    if isinstance(form, Holdout):
        return form.holdout
    return OWN_VALIDATION if form == OWN_VALIDATION else 0


def _write_held_out(held: int | str) -> Any:
    if isinstance(held, str):
        return held
    return {"holdout": held} if held else "test"


HeldOut = Annotated[int | str, Written(ValidationForm, _held_out, _write_held_out)]


# The files that hold data.
TABLES = (".csv", ".tsv")
FILES = (".npz", *TABLES)


def _dataset(name: str, info: ValidationInfo) -> str:
    if name in DATASETS or not folders_of(info):
        return name
    if name.endswith(".npz") or name.lower().endswith(TABLES):
        return existing(name, info)
    if is_custom(name):
        return custom_code(name, info)[0]
    if name in GONE_DATASETS:
        raise wrong(f"there is no data set {name!r} any more; {GONE_DATASETS[name]}")
    folder = existing_folder(name, info)
    if folder is None:
        raise wrong(
            f"{show(name)} is not a data set, nor a file ({', '.join(FILES)}), a folder or a "
            f"function (file.py:name){suggest(name, DATASETS)}"
        )
    return folder


Columns = Annotated[
    tuple[str, ...],
    Written(
        Annotated[
            Annotated[str, Field(max_length=1000), Tag(TEXT)]
            | Annotated[
                list[Annotated[str, Field(max_length=1000)]],
                Field(min_length=1, max_length=1000),
                Tag(LIST),
            ],
            Discriminator(form_of),
        ]
        | None,
        lambda form, info: () if form is None else (form,) if isinstance(form, str) else (*form,),
        lambda names: names[0] if len(names) == 1 else [*names] or None,
    ),
]
DatasetName = Annotated[str, Field(max_length=1000), AfterValidator(_dataset)]


class DataKeys(Keys):
    """What is learned from, and validated on."""

    dataset: DatasetName = optional(
        "mnist",
        "The data set: mnist, fashion_mnist, digits, another name of docs/datasets.md, or custom "
        "data beside the configuration: a .npz with x_train, y_train, x_test, y_test; a table "
        "(.csv or .tsv) with the key target; a folder of pictures, train/<class>/*.png; or a "
        "function that returns the arrays, as file.py:name.",
        when="to ask about your data.",
    )
    columns: Columns = optional(
        None,
        "The column of a table that is to be predicted, or a list of several: labels, each of two "
        "values, or numbers. All other columns are inputs. null for data that are not a table.",
        when="if the data are a table.",
        alias="target",
    )
    test_share: float = optional(
        0.2,
        "The share of the examples that are the test set, of data without one: a table, or a "
        "folder of pictures without test/. Each class has this share.",
        when="if your examples are few or many.",
        gt=0,
        le=0.9,
    )
    split_seed: Whole = optional(
        0,
        "The seed by which these examples are chosen. Another one makes another test set, and so "
        "new runs.",
        when="to see whether an answer depends on that choice.",
        ge=0,
        le=2**31 - 1,
    )
    dataset_file: ExistingFile | None = optional(
        None,
        "A local copy of a named data set as .npz, tried before any download; null for none.",
        when="on a machine without a network.",
    )
    inputs: Literal["raw", "unit", "standardized", "features"] = optional(
        "raw",
        "The scale of inputs: raw (0..255, as in the notebook), unit (0..1), standardized (mean 0 "
        "and variance 1 over all numbers of the training examples), or features (mean 0 and "
        "variance 1 of each pixel, or column of a table, by itself).",
        when="as your training scales its inputs. standardized suits most networks, features "
        "columns of different units.",
    )
    held_out: HeldOut = optional(
        "test",
        "The examples on which each epoch is validated, and choices are made: test, as in the "
        "notebook; {holdout: 10000}, so many training examples that are held out; or x_val, the "
        "x_val and y_val of the data. The test set is then read once, after the last epoch, for "
        "the final comparisons.",
        when="in every study of yours, to held-out examples: then a choice does not flatter its "
        "result.",
        alias="validation",
    )
    training_images: Whole | None = optional(
        None,
        "Number of examples in training, of those that are not held out: chosen at random, the "
        "same for all runs. null for all of them.",
        when="to ask about fewer examples, or to save time.",
        ge=1,
        le=100_000_000,
    )
