"""Draw figures of a study."""

from pathlib import Path

from initstudy.drawing.style import save
from initstudy.logs import job_log
from initstudy.report.figures import draw
from initstudy.results.study import StudyResults

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        results = StudyResults(Path(snakemake.input.study).parent)
        for svg in (Path(file) for file in snakemake.output if file.endswith(".svg")):
            name, _, form = svg.stem.partition(".")
            if form:
                save(draw(name, results, narrow=True), svg)
            else:
                save(draw(name, results), svg, svg.with_suffix(".png"))
