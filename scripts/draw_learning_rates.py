"""Draws what each variant reaches at each learning rate."""

from initstudy.analysis import learning_rates
from initstudy.drawing.figures import rate_curves, save
from initstudy.logs import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        means = learning_rates.means(learning_rates.read(snakemake.input[0]))
        figure = rate_curves(
            "Accuracy by learning rate",
            list(means.index),
            means.columns.to_numpy(dtype=float),
            means.to_numpy(),
        )
        save(figure, *snakemake.output)
