"""Draws what the studies of published findings show."""

from pathlib import Path

from initstudy.drawing.figures import save
from initstudy.logs import job_log
from initstudy.results.study import StudyResults
from initstudy.suite import replications

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        studies = [StudyResults(Path(file).parent) for file in snakemake.input.studies]
        figures = replications.draw({study.study.name: study for study in studies})
        for file in snakemake.output:
            save(figures[Path(file).stem], file)
