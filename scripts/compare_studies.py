"""Says what the studies of a suite tell together."""

from pathlib import Path

from initstudy.drawing.explorer import explorer
from initstudy.drawing.figures import save
from initstudy.logs import job_log
from initstudy.results import histories
from initstudy.results.files import replacing
from initstudy.results.study import StudyResults
from initstudy.suite import figures, findings, members, pages

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
        found = findings.find(variants, entries, left_out)
        histories.write(findings.score_table(found), output.scores)
        histories.write(found.summary, output.summary)
        histories.write(found.rates, output.rates)
        histories.write(found.pairs, output.pairs)
        histories.write(members.trainings(studies, variants), output.trainings)
        drawn = Path(output.html).parent / "figures"
        for figure_name, figure in figures.draw(found).items():
            save(figure, *(drawn / f"{figure_name}.{ending}" for ending in ("svg", "png")))
        curves = members.curves(studies, variants)
        shown = explorer(name, curves)
        facts = [members.facts(description) for description in descriptions]
        for path, text in (
            (output.words, pages.verdict(name, found) + "\n" + pages.table(found)),
            (output.explorer, shown),
            (output.html, pages.report(name, found, facts, drawn, shown)),
        ):
            with replacing(path) as temporary:
                temporary.write_text(text, encoding="utf-8")
