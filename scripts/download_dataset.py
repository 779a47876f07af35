"""Fetches a data set from the first source that has it."""

from initstudy.data.catalog import SPECS
from initstudy.data.downloads import download
from initstudy.logs import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        name = snakemake.wildcards.dataset
        local_copy = snakemake.input[0] if snakemake.input else None
        download(SPECS[name], snakemake.output[0], local=local_copy)
