"""Puts what all training jobs wrote into one table of histories, of tests and of what they took."""

from initstudy.logs import job_log
from initstudy.results import histories
from initstudy.results.files import replacing, write_sum

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        files = snakemake.input
        histories.read_runs(files.histories, snakemake.params.job["epochs"])
        with replacing(snakemake.output.histories) as path:
            path.write_bytes(histories.join(files.histories))
        write_sum(snakemake.output.histories)
        for kind in ("timings", "tests"):
            if files.get(kind):
                with replacing(snakemake.output.get(kind)) as path:
                    path.write_bytes(histories.join(files.get(kind)))
