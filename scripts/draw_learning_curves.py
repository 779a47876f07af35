"""Draws the learning curves of some variants."""

from pathlib import Path

import yaml

from initstudy.drawing.figures import Curves, learning_curves, save
from initstudy.logs import job_log
from initstudy.results import histories

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        job, files = snakemake.params.job, snakemake.input
        tables = histories.by_variant(histories.read(files.histories, job["epochs"]))
        best = yaml.safe_load(Path(files.best).read_text())
        kernel, bias = (best[f"{role}_initializer"]["name"] for role in ("kernel", "bias"))
        seeds = range(*job["seeds"])
        figure = learning_curves(
            job["title"].format(kernel=kernel, bias=bias),
            [
                Curves(
                    variant.removeprefix(job["prefix"]),
                    histories.curves(tables, variant, seeds, job["epochs"], "accuracy"),
                    histories.curves(tables, variant, seeds, job["epochs"], "val_accuracy"),
                )
                for variant in job["variants"]
            ],
        )
        save(figure, *snakemake.output)
