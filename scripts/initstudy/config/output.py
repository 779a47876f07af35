"""Keys of the output and of the performance, which change at most the last bits of a result."""

from typing import Annotated, Literal

from pydantic import Field

from initstudy.config.forms import Keys, Whole, optional

StudyName = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=64)]


class OutputKeys(Keys):
    """What is kept, and where."""

    name: StudyName = optional(
        "notebook",
        "Name of the study; its files go to results/<study>/. Letters, digits, - and _.",
        when="for each question. Studies share their runs.",
        alias="study",
    )
    keep_weights: bool = optional(
        False,
        "Whether weights and optimizer state are kept at the end of each run, so that more epochs "
        "go on from there. It costs about 4 bytes times (weights + optimizer slots), e.g. 3 times "
        "the weights with adam, for each run.",
        when="if more epochs may follow.",
    )


class PerformanceKeys(Keys):
    """How the work is divided, and how fast it is."""

    compile: Literal["auto", "xla", "graph"] = optional(
        "auto",
        "How the network is compiled: by xla, which is fastest for dense layers; as a graph of "
        "TensorFlow's own kernels, which is for convolutions and attention; or auto, by its "
        "layers. The last bits of the results depend on it.",
        when="if a custom network is faster otherwise.",
    )
    threads: Whole = optional(
        1,
        "Cores of each job. The last bits of the results depend on it.",
        when="if one run takes hours. Several jobs at a time use cores better.",
        ge=1,
        le=1024,
    )
    seeds_per_job: Whole = optional(
        10,
        "Seeds that one job runs, one after the other.",
        when="to fewer, if cores are idle, or to more, since each job starts TensorFlow (4 s).",
        ge=1,
        le=100_000,
    )
    checkpoint_minutes: float = optional(
        5,
        "Minutes between two checkpoints of a run at work. A job that is cut off goes on from the "
        "last one.",
        when="if machines are taken away often.",
        gt=0,
        le=100_000,
    )
