"""Keys of training: how long, on which seeds, in which jobs."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Strict, Tag, ValidationInfo

from initstudy.config.forms import (
    LIST,
    NUMBER,
    Keys,
    Whole,
    Written,
    form_of,
    optional,
    whole,
    wrong,
)
from initstudy.config.problems import show
from initstudy.engine.spec import SOURCES

Count = Annotated[int, Field(ge=1, le=100_000), BeforeValidator(whole)]
SeedsForm = Annotated[
    Annotated[Count, Tag(NUMBER)]
    | Annotated[list[Count], Field(min_length=1, max_length=20), Tag(LIST)],
    Discriminator(form_of),
]


def _analyses(form: int | list[int], info: ValidationInfo) -> tuple[int, ...]:
    analyses = tuple(form) if isinstance(form, list) else (form,)
    if list(analyses) != sorted(set(analyses)):
        raise wrong(f"{show(form)} must grow from each analysis to the next, as in [10, 20, 40]")
    return analyses


Analyses = Annotated[
    tuple[int, ...],
    Written(SeedsForm, _analyses, lambda made: made[0] if len(made) == 1 else list(made)),
]


def _sources(names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    if len(names) != len(set(names)):
        raise wrong(f"{show(list(names))} has one twice")
    if not names:
        raise wrong("[] makes all runs of a variant the same; name weights, order or both")
    return tuple(name for name in SOURCES if name in names)


Source = Literal["weights", "order"]
SourcesForm = Annotated[tuple[Source, ...], Strict(False)]
Sources = Annotated[tuple[str, ...], Written(SourcesForm, _sources, list)]


class TrainingKeys(Keys):
    """How each variant is trained."""

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
    analyses: Analyses = optional(
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
