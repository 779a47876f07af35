"""Puts the diagnostics of all variants into one table."""

from pathlib import Path

from initstudy.logs import job_log
from initstudy.results import diagnostics, histories
from initstudy.results.files import replacing

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        job, files = snakemake.params.job, snakemake.input
        for file in files:
            diagnostics.read(file, job["after"], [Path(file).stem], range(job["seeds"]))
        with replacing(snakemake.output[0]) as path:
            path.write_bytes(histories.join(files))
