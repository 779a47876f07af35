"""Puts what the jobs of one variant made into one table."""

from initstudy.logs import job_log
from initstudy.results.contracts import HISTORIES
from initstudy.results.files import replacing
from initstudy.results.tables import collect
from initstudy.study import Study

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        files = snakemake.input
        study = Study.load(files.study)
        jobs = [(snakemake.wildcards.variant, file) for file in files.histories]
        with replacing(snakemake.output[0]) as path:
            path.write_bytes(collect(jobs, HISTORIES.measured(study.metric), study.epochs).text)
