"""Trains the replicates of one training that belong to one job, as far as they are not trained."""

import os
from pathlib import Path

from initstudy.errors import StudyError
from initstudy.logs import job_log
from initstudy.results.files import replacing
from initstudy.results.replicates import write_job
from initstudy.study.trainings import Training, describe
from initstudy.training.jobs import train
from initstudy.training.processes import end_with, spent

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        end_with(int(os.environ["INITSTUDY_SNAKEMAKE"]))
