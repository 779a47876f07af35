"""Puts what all training jobs of a study made into its tables."""

import numpy as np

from initstudy.logs import job_log
from initstudy.results import diagnostics, histories, hits
from initstudy.results.files import replacing, write_sum
from initstudy.study.description import Description

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        files, outputs, variants = snakemake.input, snakemake.output, snakemake.params.variants
        epochs = Description.read(files.study).epochs
        print(files, outputs, variants, epochs)
