"""Measures the networks of one variant, layer by layer, at the start and after chosen epochs."""

import os

from initstudy.analysis import learning_rates
from initstudy.logs import job_log
from initstudy.results import histories
from initstudy.training.backend import set_threads
from initstudy.training.diagnosing import diagnose
from initstudy.training.jobs import make_trainer
from initstudy.training.processes import end_with

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        end_with(int(os.environ["INITSTUDY_SNAKEMAKE"]))
        set_threads(snakemake.threads)
        job = snakemake.params.job
        trainer = make_trainer(job, snakemake.input.dataset)
        trainer.learning_rate = learning_rates.chosen(snakemake.input.rate)
        variant, seeds = snakemake.wildcards.variant, range(job["seeds"])
        histories.write(diagnose(trainer, variant, seeds, job["after"]), snakemake.output[0])
