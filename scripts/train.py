"""Trains the replicates of one variant that belong to one job."""

import os

import yaml

from initstudy.analysis import learning_rates
from initstudy.logs import job_log
from initstudy.results import histories
from initstudy.results.files import replacing, write_sum
from initstudy.training.backend import set_threads
from initstudy.training.engine import train_replicates
from initstudy.training.jobs import make_trainer
from initstudy.training.processes import end_with, spent

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        end_with(int(os.environ["INITSTUDY_SNAKEMAKE"]))
        set_threads(snakemake.threads)
        job, wildcards = snakemake.params.job, snakemake.wildcards
        trainer = make_trainer(job, snakemake.input.dataset)
        seeds = range(int(wildcards.first), int(wildcards.last) + 1)
        trainer.learning_rate = learning_rates.chosen(snakemake.input.rate)
        trainer.compile()
        replicates = train_replicates(trainer, seeds, job["epochs"])
        history, timings = histories.from_epochs(
            wildcards.variant, {seed: done.epochs for seed, done in replicates.items()}, spent()
        )
        histories.write(history, snakemake.output.history)
        write_sum(snakemake.output.history)
        histories.write(timings, snakemake.output.timings)
        if job["held_out"]:
            tests = {seed: done.test for seed, done in replicates.items()}
            histories.write(histories.from_tests(wildcards.variant, tests), snakemake.output.tests)
        # The last, so that it says that the others are there, too.
        with replacing(snakemake.output.job) as path:
            path.write_text(yaml.safe_dump(job))
