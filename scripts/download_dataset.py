"""Fetches a data set from the first source that has it."""

from initstudy.data.catalog import SPECS
from initstudy.data.downloads import default_sources, download
from initstudy.logs import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        name = snakemake.wildcards.dataset
        local_copy = snakemake.input[0] if snakemake.input else None
        sources = default_sources(SPECS[name], name, local_copy)
        download(SPECS[name], sources, snakemake.output[0])
