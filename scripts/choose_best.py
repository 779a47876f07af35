"""Chooses the kernel and the bias initializer with the best mean final validation accuracy."""

import yaml

from initstudy.analysis import statistics
from initstudy.logs import job_log
from initstudy.results import histories
from initstudy.results.files import replacing
from initstudy.study.description import Description

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        study = Description.read(snakemake.input.study)
        jobs = list(zip(snakemake.params.variants, snakemake.input.histories, strict=True))
        final = histories.final(histories.collect(jobs, study.epochs).frame)
        choice = statistics.choose_pair(final, study.variants)
        with replacing(snakemake.output[0]) as path:
            path.write_text(yaml.safe_dump(choice, sort_keys=False))
