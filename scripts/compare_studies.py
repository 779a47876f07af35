"""Says what the studies of a suite tell together."""

from pathlib import Path

import pandas as pd

from initstudy.analysis import evidence
from initstudy.drawing.explorer import explorer
from initstudy.drawing.figures import save
from initstudy.logs import job_log
from initstudy.results import histories
from initstudy.results.files import replacing
from initstudy.results.study import StudyResults
from initstudy.results.suite import SuiteResults
from initstudy.suite import figures, findings, kept, members, pages

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        output, name = snakemake.output, snakemake.wildcards.suite
        studies = [StudyResults(Path(file).parent) for file in snakemake.input.studies]
        descriptions = [study.description for study in studies]
        variants, left_out = members.shared_variants(descriptions)
        entries = [
            members.entry(study, variants, kinds)
            for study, kinds in zip(studies, snakemake.params.kinds, strict=True)
        ]
        trainings, trust = members.trainings(studies, variants), ""
        own, others = variants, snakemake.params.kept
        if others:
            tables = SuiteResults(Path(snakemake.input.kept[0]).parent)
            entries = [kept.beside(entry, tables, others) for entry in entries]
            taken = tables.trainings[tables.trainings["variant"].isin(others)]
            trainings, variants = pd.concat([trainings, taken]), [*own, *others]
        known = {study.description.name: evidence.of(study) for study in studies}
        entries = [members.apart(entry, known[entry.study]) for entry in entries]
        found = findings.find(variants, entries, left_out)
        histories.write(findings.score_table(found), output.scores)
        histories.write(found.summary, output.summary)
        histories.write(found.rates, output.rates)
        histories.write(found.pairs, output.pairs)
        histories.write(findings.trials_table(found), output.trials)
        histories.write(trainings, output.trainings)
        if others:
            trust = kept.trust(SuiteResults(Path(output.scores).parent), tables, others)
        drawn = Path(output.html).parent / "figures"
        for figure_name, figure in figures.draw(found).items():
            save(figure, *(drawn / f"{figure_name}.{ending}" for ending in ("svg", "png")))
        shown = explorer(name, members.curves(studies, own))
        facts = [members.facts(description) for description in descriptions]
        said = [text for text in (members.lacking(known), trust) if text]
        words = pages.verdict(name, found, "\n\n".join(said))
        for path, text in (
            (output.words, words + "\n" + pages.table(found)),
            (output.explorer, shown),
            (output.html, pages.report(name, found, words, facts, drawn, shown)),
        ):
            with replacing(path) as temporary:
                temporary.write_text(text, encoding="utf-8")
