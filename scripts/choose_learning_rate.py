"""Chooses the learning rate at which one variant does best on the validation images."""

import logging
import os

import yaml

from initstudy.analysis import learning_rates
from initstudy.logs import job_log
from initstudy.results import histories
from initstudy.results.files import replacing
from initstudy.training.backend import set_threads
from initstudy.training.engine import train_replicates
from initstudy.training.jobs import make_trainer
from initstudy.training.processes import end_with

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        end_with(int(os.environ["INITSTUDY_SNAKEMAKE"]))
        set_threads(snakemake.threads)
        job, variant = snakemake.params.job, snakemake.wildcards.variant
        trainer = make_trainer(job, snakemake.input.dataset)
        trainer.compile()
        seeds = range(job["learning_rate_seeds"])
        ends = {}
        for rate in job["learning_rates"]:
            logging.info("Learning rate %g.", rate)
            trainer.learning_rate = rate
            replicates = train_replicates(trainer, seeds, job["epochs"], test=False)
            ends[rate] = {seed: done.epochs[-1] for seed, done in replicates.items()}
        table = learning_rates.from_ends(variant, ends)
        choice = learning_rates.choose(table)
        logging.info("Chose the learning rate %g.", choice["learning_rate"])
        histories.write(table, snakemake.output.table)
        with replacing(snakemake.output.choice) as path:
            path.write_text(yaml.safe_dump(choice, sort_keys=False))
