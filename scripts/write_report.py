"""Writes the report: one HTML file with all that a study found, and how."""

from pathlib import Path

from initstudy.logs import job_log
from initstudy.report.pages import costs, report
from initstudy.results.files import replacing

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        job, files = snakemake.params.job, snakemake.input
        html = report(
            files.template,
            snakemake.wildcards.study,
            Path(files.verdict).read_text(encoding="utf-8"),
            Path(files.table).read_text(encoding="utf-8"),
            dict(zip(job["figures"], files.figures, strict=True)),
            Path(files.explorer).read_text(encoding="utf-8"),
            job["configuration"],
            costs(files.timings),
        )
        with replacing(snakemake.output[0]) as path:
            path.write_text(html, encoding="utf-8")
