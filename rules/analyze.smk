# The name of the file holds the digest of its content, and there is one at a time: so whatever is
# changed, back and forth, makes it again, and what depends on it.
rule describe:
    output:
        "results/{study}/study-{described}.json",
    log:
        "logs/{study}/describe/{described}.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        text=flow.text,
    message:
        "Describing the study {wildcards.study}"
    script:
        "../scripts/describe.py"


# What is run next depends on it: learning rates, the best pair, and, after interim analyses, what
# goes on to more seeds.
checkpoint choose:
    input:
        study=flow.study,
        histories=flow.outputs("basis", "history"),
        tests=flow.outputs("basis", "tests"),
        examples=flow.outputs("basis", "examples"),
        interims=flow.interims,
        choices=flow.chosen("basis"),
    output:
        "results/{study}/{choice}.yaml",
    log:
        "logs/{study}/choose/{choice}.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        runs=flow.runs("basis"),
        code=layer_id("analysis", "choose"),
    message:
        "Choosing {wildcards.choice} of {wildcards.study}: {output}"
    script:
        "../scripts/choose.py"


rule collect:
    input:
        study=flow.study,
        histories=flow.outputs("compared", "history"),
        diagnostics=flow.outputs("compared", "diagnostics"),
        tests=flow.outputs("compared", "tests"),
        timings=flow.outputs("compared", "timings"),
        examples=flow.outputs("compared", "examples"),
        choices=flow.chosen("compared"),
        accepted=flow.answer,
    output:
        histories="results/{study}/histories.csv",
        runs="results/{study}/runs.csv",
        diagnostics="results/{study}/diagnostics.csv",
        tests="results/{study}/tests.csv",
        timings="results/{study}/timings.csv",
        examples="results/{study}/examples.npz",
        weights="results/{study}/weights.csv",
    log:
        "logs/{study}/collect.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        runs=flow.runs("compared"),
        code=layer_id("results", "collect"),
    message:
        "Collecting the histories: {output.histories}"
    script:
        "../scripts/collect.py"


# One variant, as a target by itself.
rule collect_variant:
    input:
        study=flow.study,
        histories=flow.outputs("of_variant", "history"),
        choices=flow.chosen("of_variant"),
    output:
        "results/{study}/runs/{variant}.csv",
    log:
        "logs/{study}/collect_variant/{variant}.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        code=layer_id("results", "collect_variant"),
    message:
        "Collecting the history of {wildcards.variant}: {output}"
    script:
        "../scripts/collect_variant.py"


# The tables that only some studies have.
rule analyze:
    input:
        study=flow.study,
        histories="results/{study}/histories.csv",
        tests="results/{study}/tests.csv",
        examples="results/{study}/examples.npz",
        interims=flow.interims,
        runs=flow.outputs("of_table", "history"),
        runs_tests=flow.outputs("of_table", "tests"),
        choices=flow.chosen("of_table"),
    output:
        "results/{study}/{table}.csv",
    log:
        "logs/{study}/analyze/{table}.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        runs=flow.runs("of_table", "runs"),
        code=layer_id("analysis", "analyze"),
    message:
        "Analysing {wildcards.table} of {wildcards.study}: {output}"
    script:
        "../scripts/analyze.py"


rule conclude:
    input:
        study=flow.study,
        histories="results/{study}/histories.csv",
        tests="results/{study}/tests.csv",
        best="results/{study}/best.yaml",
        timings="results/{study}/timings.csv",
        examples="results/{study}/examples.npz",
        diagnostics="results/{study}/diagnostics.csv",
        interims=flow.interims,
        published=flow.published,
        interaction=flow.table("interaction"),
        learning_rates=flow.table("learning_rates"),
        variance=flow.table("variance"),
    output:
        summary="results/{study}/summary.csv",
        pairs="results/{study}/pairs.csv",
        table="results/{study}/summary.md",
        findings="results/{study}/findings.json",
        verdict="results/{study}/verdict.md",
        card="results/{study}/card.html",
        plan="results/{study}/plan.md",
    log:
        "logs/{study}/conclude.log",
    # It takes longest of these, and most others wait for it.
    priority: 1
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        code=layer_id("report", "conclude"),
    message:
        "Drawing conclusions: {output.verdict}"
    script:
        "../scripts/conclude.py"
