"""Draws the final accuracies of all pairs of a factorial design, and their interactions."""

from initstudy.analysis import interaction
from initstudy.drawing.figures import save
from initstudy.drawing.heatmap import pairs
from initstudy.logs import job_log
from initstudy.results import histories

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        job, files = snakemake.params.job, snakemake.input
        final = histories.read_final(files.histories, job["epochs"], files.tests)
        layout = interaction.layout(final, job["initializers"], range(job["seeds"]))
        images = "test" if files.tests else "validation"
        save(pairs("Every kernel with every bias initializer", layout, images), *snakemake.output)
