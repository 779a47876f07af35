import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.0")

SCRIPTS = Path(workflow.basedir, "scripts")
sys.path.append(str(SCRIPTS))

from initstudy.study.problems import file_problems

# Before Snakemake reads it; the others it has read.
if message := file_problems(filter(Path.is_file, [Path("config.yaml"), *workflow.configfiles])):
    sys.exit(message)


configfile: "config.yaml"


include: "rules/common.smk"
include: "rules/data.smk"
include: "rules/training.smk"
include: "rules/diagnostics.smk"
include: "rules/analysis.smk"
include: "rules/figures.smk"
include: "rules/report.smk"


rule all:
    input:
        study_file("report.html"),
        study_file("histories.csv"),
        study_file("diagnostics.csv"),
        study_file("best.yaml"),
        study_file("summary.csv"),
        study_file("summary.md"),
        INTERACTION,
        study_file("verdict.md"),
        study_file("explorer.html"),
        expand(study_file("figures/{figure}.{format}"), figure=ALL_FIGURES, format=["svg", "png"]),
    localrule: True
    message:
        "Everything is there; open {input[0]}"
