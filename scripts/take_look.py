"""Takes a look at a study while it grows: what is settled, and what goes on."""

from pathlib import Path

import yaml

from initstudy.analysis.evidence import find
from initstudy.analysis.looks import Look, take
from initstudy.analysis.measures import measure_of
from initstudy.logs import job_log
from initstudy.results import histories
from initstudy.results.files import replacing
from initstudy.results.outputs import jobs_of
from initstudy.results.scores import scored
from initstudy.study.description import Description

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        files = snakemake.input
        study = Description.read(files.study)
        jobs = jobs_of(snakemake.params.variants, files.histories)
        table = histories.collect(jobs, study.epochs).frame
        final = histories.final(table, histories.collect_tests(jobs).frame)
        judged = study.judge_by, study.target_accuracy, study.epochs
        finals = histories.by_variant(scored(final, table, *judged))
        earlier = [Look.read(yaml.safe_load(Path(path).read_text())) for path in files.earlier]
        here = earlier[-1].goes_on if earlier else list(study.variants)
        seeds = range(int(snakemake.wildcards.look))
        values = {name: histories.accuracies(finals, name, seeds, "score") for name in here}
        evidence = find(table, final, study.chance, study.judge_by)
        asked = study.margin, measure_of(study), evidence
        look = take(values, list(study.variants), study.looks, earlier, *asked)
        with replacing(snakemake.output[0]) as path:
            path.write_text(yaml.safe_dump(look.plain(), sort_keys=False))
