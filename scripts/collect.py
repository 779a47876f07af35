"""Puts what all jobs of a study made into its tables, and where its weights come from."""

import json
from pathlib import Path

from initstudy.logs import job_log
from initstudy.results import diagnostics, histories, hits, weights
from initstudy.results.files import replacing, write_arrays
from initstudy.results.outputs import Runs, table_of_runs
from initstudy.study import Study

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        files, output = snakemake.input, snakemake.output
        epochs = Study.load(files.study).epochs
        jobs = Runs(snakemake.params.runs, files.histories).jobs
        for path, table in (
            (output.histories, histories.collect(jobs, epochs).text),
            (output.diagnostics, diagnostics.collect(jobs, epochs).text),
            (output.tests, histories.collect_tests(jobs).text),
            (output.timings, histories.collect_timings(jobs).text),
            (output.runs, table_of_runs(jobs)),
        ):
            with replacing(path) as temporary:
                temporary.write_bytes(table)
        write_arrays(hits.collect(jobs), output.hits)
        accepted = json.loads(Path(files.accepted).read_text(encoding="utf-8"))
        weights.write(accepted["table"], output.weights)
