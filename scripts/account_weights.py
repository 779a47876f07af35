"""Lists the weights of a study's network, and where each comes from."""

import json
from pathlib import Path

from initstudy.logs import job_log
from initstudy.results.weights import write

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        accepted = json.loads(Path(snakemake.input.accepted).read_text(encoding="utf-8"))
        write(accepted["table"], snakemake.output[0])
