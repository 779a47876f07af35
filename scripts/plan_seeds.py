"""Tells from a pilot study how many seeds a larger one needs, for differences of several sizes."""

from pathlib import Path

from initstudy.analysis import evidence, power
from initstudy.analysis.measures import differences, measure_of
from initstudy.errors import StudyError
from initstudy.logs import job_log
from initstudy.results.files import replacing
from initstudy.results.study import StudyResults

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        results = StudyResults(Path(snakemake.input.study).parent)
        study = results.description
        found = evidence.of(results)
        if found.reason:
            raise StudyError(
                f"{study.name}: no number of seeds can be planned from it, since {found.reason}. "
                f"{found.advice}"
            )
        base = results.scores("baseline", study.selection)
        compared = {
            name: differences(results.scores(name, study.selection), base)
            for name in study.variants
            if name != "baseline" and found.compares(name, "baseline")
        }
        with replacing(snakemake.output[0]) as path:
            path.write_text(power.plan_page(study.name, compared, study.margin, measure_of(study)))
