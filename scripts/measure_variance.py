"""Tells what the scatter of each variant's replicates is made of."""

from pathlib import Path

from initstudy.analysis import variance
from initstudy.engine.spec import SOURCES
from initstudy.logs import job_log
from initstudy.results import histories
from initstudy.results.study import StudyResults

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        files, params = snakemake.input, snakemake.params
        results = StudyResults(Path(files.study).parent)
        study = results.study
        alone = []
        for source in SOURCES:
            trained = zip(params.varied, params.variants, files.alone, strict=True)
            jobs = [(variant, path) for varied, variant, path in trained if varied == source]
            tables = histories.collect(jobs, study.epochs), histories.collect_tests(jobs)
            final = histories.by_variant(histories.final(*(table.frame for table in tables)))
            alone.append(
                {
                    name: histories.accuracies(final, name, study.variance_seeds)
                    for name in study.variants
                }
            )
        both = {name: results.accuracies(name) for name in study.variants}
        hits = {name: results.hits[name][: len(values)] for name, values in both.items()}
        histories.write(variance.table(both, *alone, hits), snakemake.output[0])
