"""Compare the studies of a suite."""

from pathlib import Path

from initstudy.logs import job_log
from initstudy.results.study import StudyResults
from initstudy.results.suite import SuiteResults
from initstudy.suite.comparison import compare_studies

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        folder = Path(snakemake.output.html).parent
        studies = [StudyResults(Path(file).parent) for file in snakemake.input.studies]
        kept, taken = None, snakemake.params.kept
        if taken:
            kept = SuiteResults(Path(snakemake.input.kept[0]).parent)
        compare_studies(folder, studies, snakemake.params.tags, kept, taken)
