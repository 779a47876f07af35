"""Says in words what the summary and the diagnostics support."""

import pandas as pd

from initstudy.analysis import learning_rates
from initstudy.analysis.explanation import explanation
from initstudy.analysis.verdict import verdict
from initstudy.logs import job_log
from initstudy.results import diagnostics, histories
from initstudy.results.files import replacing

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        job, files = snakemake.params.job, snakemake.input
        summary = pd.read_csv(files.summary)
        finals = histories.read_final(files.histories, job["epochs"], files.tests)
        measured = diagnostics.read(
            files.diagnostics, job["after"], job["variants"], range(job["seeds"])
        )
        text = verdict(
            snakemake.wildcards.study,
            summary,
            explanation(summary, measured, finals),
            pd.read_csv(files.interaction) if files.interaction else None,
            learning_rates.means(learning_rates.read(files.rates)) if files.rates else None,
            job["held_out"],
        )
        with replacing(snakemake.output[0]) as path:
            path.write_text(text)
