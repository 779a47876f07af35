"""Compares a user's network with Keras' own training, before it is trained."""

import json
from dataclasses import asdict

from initstudy.data import datasets
from initstudy.engine.backend import set_threads
from initstudy.errors import StudyError
from initstudy.logs import job_log
from initstudy.results.files import replacing
from initstudy.store import check, read
from initstudy.training.comparison import compare, in_words

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        spec = read(snakemake.input.spec).spec
        check(spec)
        set_threads(spec.threads)
        arrays = datasets.read(
            snakemake.input.dataset, spec.dataset.name, spec.dataset.sha256, spec.metric
        )
        found = compare(spec, arrays)
        if found.problems:
            raise StudyError(in_words(spec, found.problems))
        with replacing(snakemake.output[0]) as path:
            path.write_text(json.dumps(asdict(found), indent=1))
