"""Makes the interactive learning curves."""

from pathlib import Path

from initstudy.drawing.explorer import explorer
from initstudy.logs import job_log
from initstudy.results.files import replacing
from initstudy.results.study import StudyResults

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        results = StudyResults(Path(snakemake.input.study).parent)
        study, table = results.description, results.histories
        seeds = {variant: results.judged_on(variant) for variant in table["variant"].unique()}
        replicates = zip(table["variant"], table["seed"], strict=True)
        judged = [seed in seeds[variant] for variant, seed in replicates]
        page = explorer(study.name, table[judged])
        with replacing(snakemake.output[0]) as path:
            path.write_text(page, encoding="utf-8")
