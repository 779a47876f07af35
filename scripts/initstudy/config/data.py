"""Keys of the data: what is learned from, what the network sees, what is validated on."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, ValidationInfo

from initstudy.config.forms import (
    MAPPING,
    TEXT,
    ExistingFile,
    Keys,
    Whole,
    Written,
    existing,
    folders_of,
    form_of,
    numbers,
    optional,
    wrong,
)
from initstudy.config.names import DATASETS, GONE_DATASETS
from initstudy.config.problems import show, suggest
from initstudy.engine.spec import OWN_VALIDATION


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


def _dataset(name: str, info: ValidationInfo) -> str:
    if name.endswith(".npz"):
        return existing(name, info)
    if folders_of(info) and name in GONE_DATASETS:
        raise wrong(f"there is no data set {name!r} any more; {GONE_DATASETS[name]}")
    if folders_of(info) and name not in DATASETS:
        hint = suggest(name, DATASETS)
        raise wrong(f"{show(name)} is not a data set, nor a .npz file{hint}")
    return name


DatasetName = Annotated[str, Field(max_length=1000), AfterValidator(_dataset)]
StudyName = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=64)]


class DataKeys(Keys):
    """What a study is called, and what it learns from."""

    name: StudyName = optional(
        "notebook",
        "Name of the study; its files go to results/<study>/. Letters, digits, - and _.",
        alias="study",
    )
    dataset: DatasetName = optional(
        "mnist",
        "The data set: mnist, fashion_mnist, digits, another name of docs/datasets.md, or a custom "
        ".npz file beside the configuration, with x_train and x_test (n, ...), y_train and y_test "
        "(n,): labels from 0.",
    )
    dataset_file: ExistingFile | None = optional(
        None,
        "A local copy of a named data set as .npz, tried before any download; null for none.",
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
        "notebook; {holdout: 10000}, so many training examples that are held out; or x_val, the "
        "x_val and y_val of the data. The test set is then read once, after the last epoch, for "
        "the final comparisons.",
        alias="validation",
    )
    training_images: Whole | None = optional(
        None,
        "Number of examples in training, of those that are not held out: chosen at random, the "
        "same for all runs. null for all of them.",
        ge=1,
        le=100_000_000,
    )
