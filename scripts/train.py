"""Trains the seeds of one run that belong to one job, as far as they are not trained."""

import os
from pathlib import Path

from initstudy.logs import job_log
from initstudy.results.jobs import write_job
from initstudy.store import check, read, write_copy
from initstudy.training.jobs import train
from initstudy.training.processes import end_with

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        end_with(int(os.environ.get("INITSTUDY_SNAKEMAKE", os.getppid())))
        planned, named = read(snakemake.input.spec), snakemake.wildcards
        check(planned.spec)
        folder, epochs = Path(snakemake.output.history).parents[1], int(named.epochs)
        write_copy(planned.spec, folder)
        seeds = range(int(named.first), int(named.last) + 1)
        checkpoints = train(planned, snakemake.input.dataset, folder, seeds, epochs)
        write_job(checkpoints, epochs, dict(snakemake.output.items()), planned.spec.metric)
