"""Writes the report, one HTML file with all that a study found and how; and the explorer."""

from pathlib import Path

from initstudy.analysis.measures import metric_of
from initstudy.drawing.explorer import explorer
from initstudy.logs import job_log
from initstudy.report.pages import report
from initstudy.results.files import replacing
from initstudy.results.study import StudyResults

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        results, output = StudyResults(Path(snakemake.input.study).parent), snakemake.output
        study = results.study
        with replacing(output.explorer) as path:
            page = explorer(study.name, results.judged, metric_of(study))
            path.write_text(page, encoding="utf-8")
        # The report holds the explorer.
        with replacing(output.html) as path:
            path.write_text(report(results), encoding="utf-8")
