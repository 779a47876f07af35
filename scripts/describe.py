"""Writes down what a study asks, in the place of what it asked before."""

from pathlib import Path

from initstudy.config.description import NAME
from initstudy.logs import job_log
from initstudy.results.files import replacing

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        output = Path(snakemake.output[0])
        for earlier in output.parent.glob(NAME.format(digest="*")):
            earlier.unlink()
        with replacing(output) as path:
            path.write_text(snakemake.params.text, encoding="utf-8")
