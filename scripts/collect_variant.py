"""Puts what the training jobs of one variant made into one table."""

from initstudy.config.description import Description
from initstudy.logs import job_log
from initstudy.results import histories
from initstudy.results.files import replacing

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        files, epochs = snakemake.input, Description.read(snakemake.input.study).epochs
        jobs = [(snakemake.wildcards.variant, file) for file in files.histories]
        with replacing(snakemake.output[0]) as path:
            path.write_bytes(histories.collect(jobs, epochs).text)
