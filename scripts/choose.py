"""Chooses what is run next: learning rates, what goes on after an interim analysis, or the best."""

from pathlib import Path

import yaml

from initstudy.analysis.choices import choose
from initstudy.logs import job_log
from initstudy.results.files import replacing
from initstudy.results.jobs import Runs
from initstudy.study import Study

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        files = snakemake.input
        earlier = (yaml.safe_load(Path(file).read_text()) for file in files.interims)
        choice = choose(
            snakemake.wildcards.choice,
            Study.load(files.study),
            Runs(snakemake.params.runs, files.histories),
            {one["seeds"]: one["goes_on"] for one in earlier},
        )
        with replacing(snakemake.output[0]) as path:
            path.write_text(yaml.safe_dump(dict(choice), sort_keys=False))
