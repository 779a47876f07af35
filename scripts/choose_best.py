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
        # Among those that went on to the end, if not all of them did.
        seeds = final.groupby("variant")["seed"].size()
        furthest = {name: p for name, p in study.variants.items() if seeds[name] == seeds.max()}
        choice = statistics.choose_pair(final, furthest, range(seeds.max()))
        with replacing(snakemake.output[0]) as path:
            path.write_text(yaml.safe_dump(choice, sort_keys=False))
