"""Make the interactive learning curves."""

from pathlib import Path

from initstudy.drawing.explorer import explorer
from initstudy.logs import job_log
from initstudy.results.files import replacing
from initstudy.results.study import StudyResults

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        results = StudyResults(Path(snakemake.input.study).parent)
        with replacing(snakemake.output[0]) as path:
            path.write_text(explorer(results.study.name, results.judged), encoding="utf-8")
