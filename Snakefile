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


# The configured study.
rule all:
    default_target: True
    input:
        told(lambda wildcards: files_of(STUDIES.main)),
    localrule: True
    message:
        "Everything is there; open {input[0]}"


# The studies that suite.yaml lists, and what they say together.
rule suite:
    input:
        "results/suite/suite.html",
        told(lambda wildcards: [file for m in STUDIES.listed("suite") for file in files_of(m)]),
    localrule: True
    message:
        "Everything is there; open {input[0]}"


# The studies of published findings.
rule replications:
    input:
        told(
            lambda wildcards: [
                file for m in STUDIES.listed("replications") for file in files_of(m)
            ]
        ),
    localrule: True
    message:
        "Everything is there; to draw the figures: python studies/replications/draw.py"
