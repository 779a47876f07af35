"""Puts what all jobs of a study made into its tables, and where its weights come from."""

import json
from pathlib import Path

from initstudy.logs import job_log
from initstudy.results import examples
from initstudy.results.contracts import DIAGNOSTICS, HISTORIES, RUNS, TESTS, TIMINGS, WEIGHTS
from initstudy.results.files import replacing, write_arrays
from initstudy.results.jobs import Runs, blocks, write_rows
from initstudy.results.tables import collect
from initstudy.study import Study

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        files, output = snakemake.input, snakemake.output
        study = Study.load(files.study)
        jobs = Runs(snakemake.params.runs, files.histories).jobs
        for path, table in (
            (output.histories, HISTORIES),
            (output.diagnostics, DIAGNOSTICS),
            (output.tests, TESTS),
            (output.timings, TIMINGS),
        ):
            text = collect(jobs, table.measured(study.metric), study.epochs).text
            with replacing(path) as temporary:
                temporary.write_bytes(text)
        write_rows(RUNS.names, blocks(jobs), output.runs)
        write_arrays(examples.collect(jobs), output.examples)
        weights = json.loads(Path(files.accepted).read_text(encoding="utf-8"))["table"]
        rows = ([row[name] for name in WEIGHTS.names] for row in weights)
        write_rows(WEIGHTS.names, rows, output.weights)
