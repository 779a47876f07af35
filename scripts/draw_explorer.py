"""Makes the interactive learning curves."""

from initstudy.drawing.explorer import explorer
from initstudy.logs import job_log
from initstudy.results import histories
from initstudy.results.files import replacing

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        table = histories.read(snakemake.input.histories, snakemake.params.job["epochs"])
        with replacing(snakemake.output[0]) as path:
            path.write_text(explorer(snakemake.wildcards.study, table), encoding="utf-8")
