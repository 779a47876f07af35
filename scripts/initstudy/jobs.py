"""From what a training job is described by to the trainer that does it."""

from collections.abc import Mapping
from typing import Any

from initstudy.datasets import SPECS, load
from initstudy.models import adapt, build_model, build_optimizer
from initstudy.training import Trainer


def make_trainer(job: Mapping[str, Any], dataset_file: str) -> Trainer:
    """The trainer of a job.

    Args:
        job: the params of a training rule, see `training_job` in rules/common.smk.
        dataset_file: what `downloads.download` has written.

    Raises:
        StudyError: if the data set cannot be read.
    """
    dataset = load(dataset_file, SPECS[job["dataset"]])
    features, classes = dataset.x_train.shape[1], dataset.classes
    return Trainer(
        dataset,
        lambda replicate: build_model(
            features,
            job["hidden_units"],
            job["activation"],
            classes,
            job["kernel_initializer"],
            job["bias_initializer"],
            replicate,
        ),
        lambda variables: build_optimizer(job["optimizer"], variables),
        job["batch_size"],
        job["inputs"],
        adapt,
    )
