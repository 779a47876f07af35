"""Sums up each variant in one row."""

from pathlib import Path

import pandas as pd

from initstudy.analysis import evidence, looks, statistics
from initstudy.analysis.measures import measure_of
from initstudy.analysis.verdict import summary_table
from initstudy.logs import job_log
from initstudy.results import histories
from initstudy.results.files import replacing
from initstudy.results.study import StudyResults

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        files = snakemake.input
        results = StudyResults(Path(files.study).parent)
        study = results.description
        measure = measure_of(study)
        pairs = statistics.compare_all(
            {name: results.scores(name, study.selection) for name in study.variants},
            study.margin,
            measure,
            evidence.of(results),
        )
        settled = looks.settled(looks.all_looks(results)) if len(study.looks) > 1 else None
        summary = statistics.summarize(
            results.histories,
            results.timings,
            [
                {
                    "variant": variant,
                    "kernel_initializer": kernel,
                    "bias_initializer": bias,
                    "seeds": results.judged_on(variant),
                }
                for variant, (kernel, bias) in results.initializers.items()
            ],
            study.epochs,
            study.target_accuracy,
            study.chance,
            pd.read_csv(files.published) if files.published else None,
            results.tests,
            study.margin,
            pairs if study.all_pairs else None,
            settled,
            results.hits,
            results.draw_nothing,
            measure,
        )
        histories.write(summary, snakemake.output.csv)
        histories.write(pairs, snakemake.output.pairs)
        with replacing(snakemake.output.markdown) as path:
            path.write_text(summary_table(summary))
