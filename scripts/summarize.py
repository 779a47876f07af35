"""Sums up each variant in one row."""

from pathlib import Path

import pandas as pd
import yaml

from initstudy.analysis import statistics
from initstudy.analysis.verdict import summary_table
from initstudy.logs import job_log
from initstudy.results import histories
from initstudy.results.files import replacing

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        job, files = snakemake.params.job, snakemake.input
        best = yaml.safe_load(Path(files.best).read_text())
        names = {
            **job["initializers"],
            "best": [best["kernel_initializer"]["name"], best["bias_initializer"]["name"]],
        }
        summary = statistics.summarize(
            histories.read(files.histories, job["epochs"]),
            histories.read_timings(files.timings),
            [
                {
                    "variant": variant,
                    "kernel_initializer": kernel,
                    "bias_initializer": bias,
                    "seeds": range(*job["seeds"][variant]),
                }
                for variant, (kernel, bias) in names.items()
            ],
            job["epochs"],
            job["target"],
            job["chance"],
            pd.read_csv(files.published) if files.published else None,
            histories.read_tests(files.tests) if files.tests else None,
        )
        histories.write(summary, snakemake.output.csv)
        with replacing(snakemake.output.markdown) as path:
            path.write_text(summary_table(summary))
