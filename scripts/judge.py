"""Says in words what the summary and the diagnostics support."""

from pathlib import Path

from initstudy.analysis import evidence, learning_rates
from initstudy.analysis.explanation import explanation
from initstudy.analysis.looks import all_looks
from initstudy.analysis.measures import measure_of
from initstudy.analysis.verdict import verdict
from initstudy.logs import job_log
from initstudy.results.files import replacing
from initstudy.results.study import StudyResults

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        files = snakemake.input
        results = StudyResults(Path(files.study).parent)
        measure = measure_of(results.description)
        tried = learning_rates.read(files.rates) if files.rates else None
        text = verdict(
            snakemake.wildcards.study,
            results.summary,
            explanation(results.summary, results.diagnostics, results.final),
            results.interaction if files.interaction else None,
            None if tried is None else learning_rates.means(tried, measure),
            results.description.held_out,
            results.description.margin,
            results.description.scope,
            all_looks(results) if len(results.description.looks) > 1 else (),
            results.description.looks[-1],
            results.variance if files.variance else None,
            () if tried is None else learning_rates.by_chance(tried, measure),
            evidence.of(results).nothing,
        )
        with replacing(snakemake.output[0]) as path:
            path.write_text(text)
