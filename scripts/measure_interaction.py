"""Measures how far the worth of a kernel initializer depends on the bias initializer."""

from pathlib import Path

from initstudy.analysis import interaction
from initstudy.logs import job_log
from initstudy.results import histories
from initstudy.results.study import StudyResults

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        results = StudyResults(Path(snakemake.input.study).parent)
        study = results.description
        layout = interaction.layout(results.final, study.initializers, study.selection)
        histories.write(interaction.components(layout.accuracies), snakemake.output[0])
