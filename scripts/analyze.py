"""Makes one of the tables that only some studies have."""

from pathlib import Path

from initstudy.analysis.tables import MAKERS
from initstudy.logs import job_log
from initstudy.results.jobs import Runs
from initstudy.results.study import StudyResults
from initstudy.results.tables import write

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        results = StudyResults(Path(snakemake.input.study).parent)
        runs = Runs(snakemake.params.runs, snakemake.input.runs)
        write(MAKERS[snakemake.wildcards.table](results, runs), snakemake.output[0])
