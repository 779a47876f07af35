"""Trains the replicates of one training that belong to one job, as far as they are not trained."""

import os
from pathlib import Path

from initstudy.logs import job_log
from initstudy.results.files import replacing
from initstudy.results.replicates import write_job
from initstudy.study.trainings import Training, check, describe
from initstudy.training.jobs import train
from initstudy.training.processes import end_with

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        end_with(int(os.environ["INITSTUDY_SNAKEMAKE"]))
        job = snakemake.params.job
        training = Training(job["what"])
        check(training)
        with replacing(Path(job["folder"], "job.yaml")) as path:
            path.write_text(describe(training), encoding="utf-8")
        first, last = job["replicates"]
        records = train(
            training.what,
            snakemake.input.dataset,
            job["folder"],
            range(first, last + 1),
            job["epochs"],
            job["keep_weights"],
            job["checkpoint_minutes"],
        )
        write_job(records, job["epochs"], dict(snakemake.output.items()))
