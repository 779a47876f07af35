"""Analyses a study while it grows: what is decided by now, and what goes on to more seeds."""

from pathlib import Path

import yaml

from initstudy.analysis.decisions import decide
from initstudy.config.description import Description
from initstudy.logs import job_log
from initstudy.results import histories, hits
from initstudy.results.files import replacing
from initstudy.results.outputs import jobs_of

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        files, now = snakemake.input, int(snakemake.wildcards.look)
        study = Description.read(files.study)
        jobs = jobs_of(snakemake.params.variants, files.histories)
        table = histories.collect(jobs, study.epochs).frame
        final = histories.final(table, histories.collect_tests(jobs).frame)
        # What is equivalent must be so for other test examples, too, as in the end.
        correct = hits.unpacked(hits.collect(jobs))
        earlier = [yaml.safe_load(Path(path).read_text()) for path in files.earlier]
        decisions = decide(study, table, final, correct, earlier, until=now)
        with replacing(snakemake.output[0]) as path:
            found = {"seeds": now, "goes_on": decisions.goes_on()}
            path.write_text(yaml.safe_dump(found, sort_keys=False))
