"""Plans from a pilot study how many seeds a larger one needs, for differences of several sizes."""

from initstudy.errors import StudyError
from initstudy.logs import job_log
from initstudy.report.plan import plan_page
from initstudy.report.verdict import headline
from initstudy.results.files import replacing
from initstudy.results.findings import NOTHING, read

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        findings = read(snakemake.input.findings)
        if findings.advice.action == NOTHING:
            raise StudyError(f"{findings.study}: no seeds can be planned. {headline(findings)}")
        with replacing(snakemake.output[0]) as path:
            path.write_text(plan_page(findings), encoding="utf-8")
