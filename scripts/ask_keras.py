"""Asks Keras about a configuration, where the environment that starts Snakemake has no Keras."""

import json

from initstudy.logs import job_log
from initstudy.results.files import replacing
from initstudy.studies import Source, refuse
from initstudy.training.checks import answer

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        size = refuse(Source(**snakemake.params.source), answer(snakemake.params.question))
        with replacing(snakemake.output[0]) as path:
            path.write_text(json.dumps(size))
