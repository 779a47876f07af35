"""Finds what a study shows, and writes it down as tables, as data and in words."""

from pathlib import Path

import pandas as pd

from initstudy.analysis.findings import all_pairs, find
from initstudy.analysis.summary import pairs, summarize
from initstudy.logs import job_log
from initstudy.report.card import card
from initstudy.report.plan import seeds_page
from initstudy.report.verdict import summary_table, verdict
from initstudy.results.files import replacing
from initstudy.results.findings import dump
from initstudy.results.study import StudyResults
from initstudy.results.tables import write

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        files, output = snakemake.input, snakemake.output
        results = StudyResults(Path(files.study).parent)
        findings = find(results, pd.read_csv(files.published) if files.published else None)
        write(summarize(results, findings), output.summary)
        write(pairs(all_pairs(results)), output.pairs)
        texts = {
            output.table: summary_table(findings),
            output.findings: dump(findings),
            output.verdict: verdict(findings),
            output.plan: seeds_page(findings),
            output.card: card(findings, results.study),
        }
        for name, text in texts.items():
            with replacing(name) as path:
                path.write_text(text, encoding="utf-8")
