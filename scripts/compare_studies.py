"""Compare the studies of a suite."""

import json
from pathlib import Path

import pandas as pd

from initstudy.analysis import evidence
from initstudy.drawing.explorer import explorer
from initstudy.drawing.figures import save
from initstudy.logs import job_log
from initstudy.results.files import replacing
from initstudy.results.study import StudyResults
from initstudy.results.suite import SuiteResults
from initstudy.results.tables import write
from initstudy.suite import figures, findings, kept, members, pages, tables

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        output, name = snakemake.output, snakemake.wildcards.suite
        studies = [StudyResults(Path(file).parent) for file in snakemake.input.studies]
        names = [study.study.name for study in studies]
        kinds = dict(zip(names, snakemake.params.tags, strict=True))
        own, left_out = members.shared_variants([study.study for study in studies])
        nothing = members.without_evidence(dict(zip(names, map(evidence.of, studies), strict=True)))
        studies = [study for study in studies if study.study.name not in nothing]
        entries = [members.entry(study, own, kinds[study.study.name]) for study in studies]
        trainings = members.trainings(studies, own, entries)
        variants, others, trust = own, snakemake.params.kept, None
        if others:
            tabled = SuiteResults(Path(snakemake.input.kept[0]).parent)
            entries = [kept.beside(entry, tabled, others) for entry in entries]
            taken = tabled.trainings[tabled.trainings["variant"].isin(others)]
            trainings, variants = pd.concat([trainings, taken]), [*own, *others]
        found = findings.find(variants, entries, left_out, nothing)
        entries = [entry.ordered(variants, found.variants) for entry in entries]
        write(tables.scores(found, entries), output.scores)
        write(tables.summary(found), output.summary)
        write(tables.decisions(found), output.decisions)
        write(tables.workloads(found.workloads), output.workloads)
        write(tables.rates(found), output.rates)
        write(tables.trials(found, entries), output.trials)
        write(trainings, output.trainings)
        if others:
            trust = kept.trust(SuiteResults(Path(output.scores).parent), tabled, others)
        drawn = Path(output.html).parent / "figures"
        for figure_name, figure in figures.draw(found, entries).items():
            save(figure, *(drawn / f"{figure_name}.{ending}" for ending in ("svg", "png")))
        shown = explorer(name, members.curves(studies, own))
        said = pages.verdict(name, found, trust)
        budgets = sum(entry.has_budgets for entry in entries)
        for path, text in (
            (output.words, said),
            (output.findings, json.dumps(found.plain(), indent=1) + "\n"),
            (output.explorer, shown),
            (output.html, pages.report(name, found, said, drawn, shown, budgets)),
        ):
            with replacing(path) as temporary:
                temporary.write_text(text, encoding="utf-8")
