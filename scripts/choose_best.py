"""Chooses the kernel and the bias initializer with the best mean final validation accuracy."""

import yaml

from initstudy.analysis import statistics
from initstudy.logs import job_log
from initstudy.results import histories
from initstudy.results.files import replacing

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        job = snakemake.params.job
        final = histories.final(histories.read_runs(snakemake.input.histories, job["epochs"]))
        choice = statistics.choose_pair(final, job["pairs"], range(job["seeds"]))
        with replacing(snakemake.output[0]) as path:
            path.write_text(yaml.safe_dump(choice, sort_keys=False))
