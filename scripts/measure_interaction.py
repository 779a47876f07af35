"""Measures how far the worth of a kernel initializer depends on the bias initializer."""

from pathlib import Path

import numpy as np

from initstudy.analysis import evidence, interaction
from initstudy.logs import job_log
from initstudy.results import histories
from initstudy.results.study import StudyResults

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        results = StudyResults(Path(snakemake.input.study).parent)
        study = results.study
        layout = interaction.layout(results.final, study.initializers, study.selection)
        table = interaction.components(layout.accuracies)
        if evidence.of(results).reason:
            table[["sd_ci_low", "sd_ci_high", "p_value"]] = np.nan
        histories.write(table, snakemake.output[0])
