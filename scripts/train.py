"""Trains the replicates of one variant that belong to one job."""

import os
from collections.abc import Mapping
from typing import Any

import yaml

from initstudy import histories
from initstudy.backend import set_threads
from initstudy.datasets import SPECS, load
from initstudy.files import replacing, write_sum
from initstudy.logs import job_log
from initstudy.models import build_model, build_optimizer
from initstudy.processes import end_with, spent
from initstudy.training import Trainer, train_replicates


def make_trainer(job: Mapping[str, Any], dataset_file: str) -> Trainer:
    """The trainer that the rule's params describe."""
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
    )


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        end_with(int(os.environ["INITSTUDY_SNAKEMAKE"]))
        set_threads(snakemake.threads)
        job, wildcards = snakemake.params.job, snakemake.wildcards
        trainer = make_trainer(job, snakemake.input.dataset)
        seeds = range(int(wildcards.first), int(wildcards.last) + 1)
        replicates = train_replicates(trainer, seeds, job["epochs"])
        history, timings = histories.from_epochs(wildcards.variant, replicates, spent())
        histories.write(history, snakemake.output.history)
        write_sum(snakemake.output.history)
        histories.write(timings, snakemake.output.timings)
        # The last, so that it says that the others are there, too.
        with replacing(snakemake.output.job) as path:
            path.write_text(yaml.safe_dump(job))
