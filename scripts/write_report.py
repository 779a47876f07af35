"""Write the report: one HTML file with all that a study found, and how."""

from pathlib import Path

from initstudy.logs import job_log
from initstudy.report.pages import report
from initstudy.results.files import replacing
from initstudy.results.study import StudyResults

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        html = report(StudyResults(Path(snakemake.input.study).parent))
        with replacing(snakemake.output[0]) as path:
            path.write_text(html, encoding="utf-8")
