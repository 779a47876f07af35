"""Measures how far the worth of a kernel initializer depends on the bias initializer."""

from initstudy.analysis import interaction
from initstudy.logs import job_log
from initstudy.results import histories

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        job, files = snakemake.params.job, snakemake.input
        final = histories.read_final(files.histories, job["epochs"], files.tests)
        layout = interaction.layout(final, job["initializers"], range(job["seeds"]))
        histories.write(interaction.components(layout.accuracies), snakemake.output[0])
