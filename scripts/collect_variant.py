"""Puts what the training jobs of one variant made into one table."""

from initstudy.logs import job_log
from initstudy.results import histories
from initstudy.results.files import replacing

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        variant, files = snakemake.wildcards.variant, snakemake.input.histories
        with replacing(snakemake.output[0]) as path:
            path.write_bytes(histories.join([(variant, file) for file in files]))
