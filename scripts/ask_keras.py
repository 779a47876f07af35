"""Asks Keras about a configuration, where the environment that starts Snakemake has no Keras."""

import json
from dataclasses import asdict

from initstudy.logs import job_log
from initstudy.results.files import replacing
from initstudy.studies import Source
from initstudy.training.checks import examine

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        problems, size = examine(snakemake.params.question)
        if problems:
            raise Source(**snakemake.params.source).refuse(problems)
        with replacing(snakemake.output[0]) as path:
            path.write_text(json.dumps(asdict(size)))
