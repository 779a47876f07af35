"""Says what the studies of a suite tell together."""

from pathlib import Path

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
        found = findings.find(
            variants,
            {s.description.name: members.final_accuracies(s, variants) for s in studies},
            {description.name: description.chance for description in descriptions},
            left_out,
        )
        histories.write(findings.score_table(found), output.scores)
        histories.write(found.summary, output.summary)
        drawn = Path(output.html).parent / "figures"
        for figure_name, figure in figures.draw(found).items():
            save(figure, *(drawn / f"{figure_name}.{ending}" for ending in ("svg", "png")))
        facts = [members.facts(description) for description in descriptions]
        for path, text in (
            (output.words, pages.verdict(name, found) + "\n" + pages.table(found)),
            (output.html, pages.report(name, found, facts, drawn)),
        ):
            with replacing(path) as temporary:
                temporary.write_text(text, encoding="utf-8")
