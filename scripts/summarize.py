"""Sums up each variant in one row."""

from pathlib import Path

import pandas as pd
import yaml

from initstudy import histories, statistics
from initstudy.logs import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        job, files = snakemake.params.job, snakemake.input
        best = yaml.safe_load(Path(files.best).read_text())
        names = {
            **job["initializers"],
            "best": [best["kernel_initializer"]["name"], best["bias_initializer"]["name"]],
        }
        seeds, confirmation = job["seeds"]
        summary = statistics.summarize(
            histories.final(histories.read(files.histories, job["epochs"])),
            pd.concat([histories.read_timings(path) for path in files.timings]),
            [
                {
                    "variant": variant,
                    "kernel_initializer": kernel,
                    "bias_initializer": bias,
                    "seeds": (
                        range(seeds, seeds + confirmation) if variant == "best" else range(seeds)
                    ),
                }
                for variant, (kernel, bias) in names.items()
            ],
            pd.read_csv(files.published) if files.published else None,
        )
        histories.write(summary, snakemake.output[0])
