"""From what a training job is described by to the trainer that does it."""

from collections.abc import Mapping
from typing import Any

from initstudy.data.datasets import SPECS, hold_out, load
from initstudy.training.engine import Trainer
from initstudy.training.models import adapt, build_model, build_optimizer, build_own_model


def make_trainer(job: Mapping[str, Any], dataset_file: str) -> Trainer:
    """The trainer of a job.

    Args:
        job: the params of a training rule, see `training_job` in rules/common.smk.
        dataset_file: what `downloads.download` has written, or a person's own .npz.

    Raises:
        StudyError: if the data set cannot be read.
    """
    dataset = load(dataset_file, SPECS.get(job["dataset"]))
    if job["held_out"]:
        dataset = hold_out(dataset, job["held_out"])
    features, classes, model = dataset.x_train.shape[1], dataset.classes, job["model"]
    initializers = job["kernel_initializer"], job["bias_initializer"]

    def make_model(replicate: int) -> Any:
        if "build" in model:
            return build_own_model(model["build"], dataset.shape, classes, *initializers, replicate)
        return build_model(
            features,
            model["hidden_units"],
            model["activation"],
            classes,
            *initializers,
            replicate,
        )

    return Trainer(
        dataset,
        make_model,
        lambda variables: build_optimizer(job["optimizer"], variables),
        job["batch_size"],
        job["inputs"],
        adapt,
    )
