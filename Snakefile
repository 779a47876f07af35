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


# The studies that suite.yaml lists, compared with each other.
rule suite:
    input:
        "results/suite/suite.html",
        told(lambda wildcards: [file for m in STUDIES.listed("suite") for file in files_of(m)]),
    localrule: True
    message:
        "Everything is there; open {input[0]}"


# The studies of published findings, and the figures of docs/replications.md.
rule replications:
    input:
        rules.draw_replications.output,
        told(lambda wildcards: [file for m in listed(wildcards) for file in files_of(m)]),
    localrule: True
    message:
        "Everything is there; see {input[0]}"
