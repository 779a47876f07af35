"""Draws the final accuracies of all pairs of a factorial design, and their interactions."""

from initstudy import histories, interaction
from initstudy.figures import save
from initstudy.heatmap import pairs
from initstudy.logs import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        job = snakemake.params.job
        final = histories.final(histories.read(snakemake.input.histories, job["epochs"]))
        layout = interaction.layout(final, job["initializers"], range(job["seeds"]))
        save(pairs("Every kernel with every bias initializer", layout), *snakemake.output)
