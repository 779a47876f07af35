"""Draws the differences of the variants from the baseline on the same seeds."""

import pandas as pd

from initstudy.drawing.figures import Estimate, differences, save
from initstudy.logs import job_log
from initstudy.results import histories

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        job, files = snakemake.params.job, snakemake.input
        finals = histories.by_variant(
            histories.read_final(files.histories, job["epochs"], files.tests)
        )
        estimates = []
        for row in pd.read_csv(files.summary).itertuples():
            if row.variant != "baseline":
                seeds = range(*job["seeds"][row.variant])
                own, base = (
                    histories.accuracies(finals, name, seeds) for name in (row.variant, "baseline")
                )
                estimates.append(
                    Estimate(
                        row.variant,
                        row.difference,
                        row.difference_ci_low,
                        row.difference_ci_high,
                        own - base,
                    )
                )
        save(
            differences("Differences from the baseline, seed by seed", estimates), *snakemake.output
        )
