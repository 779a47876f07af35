from snakemake.utils import min_version

min_version("9.12")


include: "rules/common.smk"
include: "rules/data.smk"
include: "rules/training.smk"
include: "rules/results.smk"
include: "rules/analysis.smk"
include: "rules/drawing.smk"
include: "rules/report.smk"
include: "rules/suite.smk"


rule all:
    default_target: True
    input:
        files_of(STUDIES.main),
    localrule: True
    message:
        "Everything is there; open {input[0]}"


rule suite:
    input:
        "results/suite/suite.html",
        [files_of(member) for member in []],
    localrule: True
    message:
        "The suite is there; open {input[0]}"
