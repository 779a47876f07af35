"""Puts what all variants reached at all learning rates into one table."""

import pandas as pd

from initstudy.analysis import learning_rates
from initstudy.logs import job_log
from initstudy.results import histories

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        tables = [learning_rates.read(file) for file in snakemake.input.rates]
        histories.write(pd.concat(tables, ignore_index=True), snakemake.output[0])
