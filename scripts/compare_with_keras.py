"""Compares a user's network with Keras' own training, before it is trained."""

import json
from dataclasses import asdict

from initstudy.data import datasets
from initstudy.engine.backend import set_threads, tf
from initstudy.errors import StudyError, reason
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
        try:
            found = compare(spec, arrays)
        except tf.errors.InvalidArgumentError as error:
            raise StudyError(
                f"{spec.model['build']}: its network cannot be trained on {spec.dataset.name}: "
                f"{reason(error)}. An Embedding(n) takes whole numbers from 0 to n - 1; x_train "
                f"holds {arrays['x_train'].min():g} to {arrays['x_train'].max():g}."
            ) from None
        if found.problems:
            raise StudyError(in_words(spec, found.problems))
        with replacing(snakemake.output[0]) as path:
            path.write_text(json.dumps(asdict(found), indent=1))
