"""Chooses the kernel and the bias initializer that do best on the validation images."""

import yaml

from initstudy.analysis.choice import choose_pair
from initstudy.analysis.measures import measure_of
from initstudy.config.description import Description
from initstudy.logs import job_log
from initstudy.results import histories
from initstudy.results.files import replacing
from initstudy.results.outputs import jobs_of
from initstudy.results.scores import scored

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        study = Description.read(snakemake.input.study)
        jobs = jobs_of(snakemake.params.variants, snakemake.input.histories)
        table = histories.collect(jobs, study.epochs).frame
        judged = study.judge_by, study.target_accuracy, study.epochs
        final = scored(histories.final(table), table, *judged)
        choice = choose_pair(final, study.variants, measure=measure_of(study))
        with replacing(snakemake.output[0]) as path:
            path.write_text(yaml.safe_dump(choice, sort_keys=False))
