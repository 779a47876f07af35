"""Puts the histories of all training jobs into one table."""

import pandas as pd

from initstudy import histories
from initstudy.files import write_sum
from initstudy.logs import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        epochs = snakemake.params.job["epochs"]
        frames = [histories.read_run(path, epochs) for path in snakemake.input.histories]
        histories.write(pd.concat(frames), snakemake.output.histories)
        write_sum(snakemake.output.histories)
