"""Aggregates over the studies of a suite; with --run, after running each of them.

`make suite` calls it; by hand: python scripts/write_suite.py suite.yaml
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from snakemake.cli import get_argument_parser, parse_config

from initstudy.data.datasets import facts
from initstudy.drawing.figures import save
from initstudy.errors import StudyError
from initstudy.results import histories
from initstudy.results.files import replacing
from initstudy.suite import figures as suite_figures
from initstudy.suite import findings as suite
from initstudy.suite import pages as suite_report
from initstudy.suite import studies as suite_studies
from initstudy.suite.studies import Member

PROJECT = Path(__file__).parent.parent


def run(members: Sequence[Member], arguments: Sequence[str]) -> None:
    """Runs the studies one after the other.

    Raises:
        StudyError: at the first that fails; Snakemake has said why.
    """
    for number, member in enumerate(members, 1):
        print(f"Study {number} of {len(members)}: {member.file}", flush=True)
        command = ["snakemake", "--cores", "all", "--configfile", member.file, *arguments]
        if subprocess.run([sys.executable, "-m", *command]).returncode != 0:
            raise StudyError(
                f"The suite ends here: {member.file} failed, for the reason above. Once it is "
                "mended, the same command goes on with it."
            )


def write(name: str, members: Sequence[Member]) -> Path:
    """Writes all that the studies tell together, and returns the report's path.

    Raises:
        StudyError: if results are missing or are not of these configurations.
    """
    variants, left_out = suite_studies.shared_variants(members)
    findings = suite.find(
        variants,
        {m.study.name: suite_studies.final_accuracies(m, variants) for m in members},
        {m.study.name: facts(m.study.dataset).chance for m in members},
        left_out,
    )
    folder = suite_studies.RESULTS / name
    histories.write(suite.score_table(findings), folder / "scores.csv")
    histories.write(findings.summary, folder / "summary.csv")
    figures = {}
    for figure_name, figure in suite_figures.draw(findings).items():
        figures[figure_name] = folder / "figures" / f"{figure_name}.svg"
        save(figure, figures[figure_name], figures[figure_name].with_suffix(".png"))
    words = suite_report.verdict(name, findings) + "\n" + suite_report.table(findings)
    html = suite_report.report(
        PROJECT / "report" / "suite.html.jinja", name, findings, [m.facts for m in members], figures
    )
    for path, text in ((folder / "suite.md", words), (folder / "suite.html", html)):
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", type=Path, help="a file with the key studies, a list of files")
    parser.add_argument("--run", action="store_true", help="run each study first")
    own, rest = parser.parse_known_args()
    # Those of Snakemake, such as --config epochs=2, which the results must then be of.
    options = get_argument_parser().parse_args(rest)
    try:
        members = suite_studies.read_suite(own.suite, parse_config(options.config))
        if own.run:
            run(members, rest)
        if not options.dryrun:
            print(f"The suite's report: {write(own.suite.stem, members)}")
    except StudyError as error:
        sys.exit(str(error))
