"""Puts what all training jobs of a study made into its tables."""

from initstudy.config.description import Description
from initstudy.logs import job_log
from initstudy.results import diagnostics, histories, hits
from initstudy.results.files import replacing, write_arrays
from initstudy.results.outputs import jobs_of, table_of_runs

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        files, output = snakemake.input, snakemake.output
        epochs = Description.read(files.study).epochs
        jobs = jobs_of(snakemake.params.variants, files.histories)
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
