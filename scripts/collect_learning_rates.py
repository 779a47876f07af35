"""Puts what all variants reached at all learning rates into one table."""

from initstudy.logs import job_log
from initstudy.results import histories
from initstudy.results.files import replacing

if __name__ == "__main__":
    with job_log(snakemake.log[0]), replacing(snakemake.output[0]) as path:
        path.write_bytes(histories.join(snakemake.input))
