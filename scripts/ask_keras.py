"""Asks Keras about a configuration, where the environment that starts Snakemake has no Keras."""

import json
from pathlib import Path

from initstudy.config.origin import Origin
from initstudy.logs import job_log
from initstudy.studies import write_answer
from initstudy.training.checks import answer

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        asked = json.loads(Path(snakemake.input[0]).read_text(encoding="utf-8"))
        found = answer(asked["question"])
        write_answer(found, Origin(**asked["origin"]), snakemake.output[0])
