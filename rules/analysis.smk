# Checkpoints, since what is chosen decides what is trained next.
checkpoint choose_learning_rates:
    input:
        study=described,
        histories=files(trials, "history"),
        choices=chosen(trials),
    output:
        table="results/{study}/learning_rates/{group}.csv",
        choice="results/{study}/learning_rates/{group}.yaml",
    log:
        "logs/{study}/choose_learning_rates/{group}.log",
    wildcard_constraints:
        group=f"{VARIANTS}|{BEST}",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        rates=each(trials, "learning_rate"),
        variants=each(trials, "variant"),
        code=code("choose_learning_rates", ANALYSIS),
    message:
        "Choosing the learning rates by the mean final validation accuracy: {output.choice}"
    script:
        "../scripts/choose_learning_rates.py"


checkpoint take_look:
    input:
        study=described,
        histories=files(of_look, "history"),
        choices=chosen(of_look),
        tests=files(of_look, "tests"),
        hits=files(of_look, "hits"),
        earlier=looks,
    output:
        "results/{study}/looks/{look}.yaml",
    log:
        "logs/{study}/take_look/{look}.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        variants=each(of_look, "variant"),
        code=code("take_look", ANALYSIS),
    message:
        "Analysing {wildcards.study} with {wildcards.look} seeds"
    script:
        "../scripts/take_look.py"


checkpoint choose_best:
    input:
        study=described,
        histories=files(selection, "history"),
        choices=chosen(selection),
    output:
        "results/{study}/best.yaml",
    log:
        "logs/{study}/choose_best.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        variants=each(selection, "variant"),
        code=code("choose_best", ANALYSIS),
    message:
        "Choosing the best pair by its mean final validation accuracy"
    script:
        "../scripts/choose_best.py"


rule collect_learning_rates:
    input:
        rates=rates_of,
        best="results/{study}/best.yaml",
    output:
        "results/{study}/learning_rates.csv",
    log:
        "logs/{study}/collect_learning_rates.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        code=code("collect_learning_rates", ANALYSIS),
    message:
        "Collecting the learning rates: {output}"
    script:
        "../scripts/collect_learning_rates.py"


# For who asks for it, before a larger study is run.
rule plan_seeds:
    input:
        findings="results/{study}/findings.json",
    output:
        "results/{study}/plan.md",
    log:
        "logs/{study}/plan_seeds.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        code=code("plan_seeds", [*VERDICT, "report/plan.py"], "verdict", "plan.md.jinja"),
    message:
        "Planning seeds from {wildcards.study}: {output}"
    script:
        "../scripts/plan_seeds.py"


rule measure_interaction:
    input:
        study=described,
        histories="results/{study}/histories.csv",
        tests="results/{study}/tests.csv",
    output:
        "results/{study}/interaction.csv",
    log:
        "logs/{study}/measure_interaction.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        code=code("measure_interaction", ANALYSIS),
    message:
        "Measuring the interaction of kernel and bias: {output}"
    script:
        "../scripts/measure_interaction.py"


rule measure_variance:
    input:
        study=described,
        histories="results/{study}/histories.csv",
        tests="results/{study}/tests.csv",
        hits="results/{study}/hits.npz",
        looks=looks,
        alone=files(sources, "history"),
        alone_tests=files(sources, "tests"),
        choices=chosen(sources),
    output:
        "results/{study}/variance.csv",
    log:
        "logs/{study}/measure_variance.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        variants=each(sources, "variant", "alone"),
        varied=each(sources, "varied", "alone"),
        code=code("measure_variance", ANALYSIS),
    message:
        "Measuring the sources of variance: {output}"
    script:
        "../scripts/measure_variance.py"


rule conclude:
    input:
        study=described,
        histories="results/{study}/histories.csv",
        tests="results/{study}/tests.csv",
        best="results/{study}/best.yaml",
        timings="results/{study}/timings.csv",
        hits="results/{study}/hits.npz",
        diagnostics="results/{study}/diagnostics.csv",
        looks=looks,
        published=published,
        interaction=interaction,
        rates=learning_rates,
        variance=variance,
    output:
        summary="results/{study}/summary.csv",
        pairs="results/{study}/pairs.csv",
        table="results/{study}/summary.md",
        findings="results/{study}/findings.json",
        verdict="results/{study}/verdict.md",
    log:
        "logs/{study}/conclude.log",
    # It takes longest of these, and most others wait for it.
    priority: 1
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        code=code("conclude", VERDICT, "verdict"),
    message:
        "Drawing conclusions: {output.verdict}"
    script:
        "../scripts/conclude.py"
