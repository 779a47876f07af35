# The name of the file holds the digest of what it says, and there is one at a time: so whatever
# is changed, back and forth, makes it anew, and what depends on it.
rule describe:
    output:
        "results/{study}/study-{described}.json",
    log:
        "logs/{study}/describe/{described}.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        text=lambda wildcards, output: STUDIES[wildcards.study].description.text,
    message:
        "Describing the study {wildcards.study}"
    script:
        "../scripts/describe.py"


rule collect:
    input:
        study=described,
        histories=files(trainings, "history"),
        diagnostics=files(trainings, "diagnostics"),
        tests=files(trainings, "tests"),
        timings=files(trainings, "timings"),
        hits=files(trainings, "hits"),
        choices=chosen(trainings),
    output:
        histories="results/{study}/histories.csv",
        runs="results/{study}/runs.csv",
        diagnostics="results/{study}/diagnostics.csv",
        tests="results/{study}/tests.csv",
        timings="results/{study}/timings.csv",
        hits="results/{study}/hits.npz",
    log:
        "logs/{study}/collect.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        variants=each(trainings, "variant"),
        code=code("collect", RESULTS),
    message:
        "Collecting the histories: {output.histories}"
    script:
        "../scripts/collect.py"


# Where the weights of the network come from: Keras was asked before the study was planned.
rule account_weights:
    input:
        study=described,
        accepted=accepted_of,
    output:
        "results/{study}/weights.csv",
    log:
        "logs/{study}/account_weights.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        code=code("account_weights", RESULTS),
    message:
        "Listing the weights of the network: {output}"
    script:
        "../scripts/account_weights.py"


# One variant by its name, for who asks for it alone.
rule collect_variant:
    input:
        study=described,
        histories=files(trainings_of_variant, "history"),
        choices=chosen(trainings_of_variant),
    output:
        "results/{study}/runs/{variant}.csv",
    log:
        "logs/{study}/collect_variant/{variant}.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        code=code("collect_variant", RESULTS),
    message:
        "Collecting the history of {wildcards.variant}: {output}"
    script:
        "../scripts/collect_variant.py"
