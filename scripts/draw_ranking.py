"""Draws the variants by their final accuracy."""

import pandas as pd

from initstudy.drawing.figures import Estimate, ranking, save
from initstudy.logs import job_log
from initstudy.results import histories

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        job, files = snakemake.params.job, snakemake.input
        finals = histories.by_variant(
            histories.read_final(files.histories, job["epochs"], files.tests)
        )
        estimates = [
            Estimate(
                row.variant,
                row.accuracy_mean,
                row.accuracy_ci_low,
                row.accuracy_ci_high,
                histories.accuracies(finals, row.variant, range(*job["seeds"][row.variant])),
                row.notebook_accuracy,
            )
            for row in pd.read_csv(files.summary).itertuples()
        ]
        title = "Final accuracy of every variant"
        save(ranking(title, estimates, "test" if files.tests else "validation"), *snakemake.output)
