"""Writes down a study, in the place of what it was before."""

from pathlib import Path

from initstudy.logs import job_log
from initstudy.results.files import replacing
from initstudy.study import FILE

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        output = Path(snakemake.output[0])
        for earlier in output.parent.glob(FILE.format(digest="*")):
            earlier.unlink()
        with replacing(output) as path:
            path.write_text(snakemake.params.text, encoding="utf-8")
