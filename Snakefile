from snakemake.utils import min_version

min_version("9.27")


include: "rules/common.smk"
include: "rules/train.smk"
include: "rules/analyze.smk"
include: "rules/report.smk"
include: "rules/suite.smk"


# The configured study.
rule all:
    default_target: True
    input:
        flow.everything,
    localrule: True
    message:
        "Everything is there; open {input[0]}"


# The studies that suite.yaml lists, compared with each other.
rule suite:
    input:
        "results/suite/suite.html",
        flow.everything_listed("suite"),
    localrule: True
    message:
        "Everything is there; open {input[0]}"


# The studies of published findings; studies/replications/draw.py draws what they show.
rule replications:
    input:
        flow.everything_listed("replications"),
    localrule: True
    message:
        "Everything is there; to draw the figures: python studies/replications/draw.py"
