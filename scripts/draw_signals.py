"""Draws dead units, gradients and activations by layer."""

import pandas as pd

from initstudy.drawing.figures import save
from initstudy.drawing.signals import Signals, by_layer, signals_by_depth
from initstudy.logs import job_log
from initstudy.results import diagnostics, histories

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        job, files = snakemake.params.job, snakemake.input
        seeds, epochs = range(job["seeds"]), [0, *job["after"]]
        tables = histories.by_variant(
            diagnostics.read(files.diagnostics, job["after"], job["all"], seeds)
        )
        accuracy = pd.read_csv(files.summary).set_index("variant")["accuracy_mean"]
        figure = signals_by_depth(
            job["title"],
            epochs,
            [
                Signals(
                    variant.removeprefix(job["prefix"]),
                    accuracy[variant],
                    by_layer(tables[variant], epochs, seeds),
                )
                for variant in job["drawn"]
            ],
        )
        save(figure, *snakemake.output)
