"""Trains the seeds of one run that belong to one job, as far as they are not trained."""

import os

from initstudy.logs import job_log
from initstudy.store import read
from initstudy.training.jobs import run_job
from initstudy.training.processes import end_with

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        end_with(int(os.environ.get("INITSTUDY_SNAKEMAKE", os.getppid())))
        planned, named = read(snakemake.input.spec), snakemake.wildcards
        seeds = range(int(named.first), int(named.last) + 1)
        outputs = dict(snakemake.output.items())
        run_job(planned, snakemake.input.dataset, outputs, seeds, int(named.epochs))
