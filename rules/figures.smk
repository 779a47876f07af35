rule draw_learning_curves:
    input:
        histories="results/{study}/histories.csv",
        sum="results/{study}/histories.csv.sha256",
        best="results/{study}/best.yaml",
    output:
        svg="results/{study}/figures/{figure}.svg",
        png="results/{study}/figures/{figure}.png",
    log:
        "logs/{study}/draw_learning_curves/{figure}.log",
    wildcard_constraints:
        figure="|".join(FIGURES),
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        job=lambda wildcards: dict(
            FIGURES[wildcards.figure],
            code=code_version("draw_learning_curves.py"),
            epochs=STUDY.epochs,
        ),
    message:
        "Drawing {wildcards.figure}"
    script:
        "../scripts/draw_learning_curves.py"


rule draw_ranking:
    input:
        histories="results/{study}/histories.csv",
        sum="results/{study}/histories.csv.sha256",
        summary="results/{study}/summary.csv",
        tests=TESTS,
    output:
        svg="results/{study}/figures/ranking.svg",
        png="results/{study}/figures/ranking.png",
    log:
        "logs/{study}/draw_ranking.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        job=dict(code=code_version("draw_ranking.py"), epochs=STUDY.epochs, seeds=JUDGED_ON),
    message:
        "Drawing ranking"
    script:
        "../scripts/draw_ranking.py"


rule draw_differences:
    input:
        histories="results/{study}/histories.csv",
        sum="results/{study}/histories.csv.sha256",
        summary="results/{study}/summary.csv",
        tests=TESTS,
    output:
        svg="results/{study}/figures/differences.svg",
        png="results/{study}/figures/differences.png",
    log:
        "logs/{study}/draw_differences.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        job=dict(code=code_version("draw_differences.py"), epochs=STUDY.epochs, seeds=JUDGED_ON),
    message:
        "Drawing differences"
    script:
        "../scripts/draw_differences.py"


rule draw_learning_rates:
    input:
        "results/{study}/learning_rates.csv",
    output:
        svg="results/{study}/figures/learning_rates.svg",
        png="results/{study}/figures/learning_rates.png",
    log:
        "logs/{study}/draw_learning_rates.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        job=dict(code=code_version("draw_learning_rates.py")),
    message:
        "Drawing learning_rates"
    script:
        "../scripts/draw_learning_rates.py"


rule draw_pairs:
    input:
        histories="results/{study}/histories.csv",
        sum="results/{study}/histories.csv.sha256",
        tests=TESTS,
    output:
        svg="results/{study}/figures/pairs.svg",
        png="results/{study}/figures/pairs.png",
    log:
        "logs/{study}/draw_pairs.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        job=dict(
            code=code_version("draw_pairs.py"),
            epochs=STUDY.epochs,
            initializers=INITIALIZERS,
            seeds=STUDY.seeds,
        ),
    message:
        "Drawing pairs"
    script:
        "../scripts/draw_pairs.py"


rule draw_signals:
    input:
        diagnostics="results/{study}/diagnostics.csv",
        summary="results/{study}/summary.csv",
    output:
        svg="results/{study}/figures/signals.svg",
        png="results/{study}/figures/signals.png",
    log:
        "logs/{study}/draw_signals.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        job=dict(
            drawn=SIGNALS["variants"],
            prefix=SIGNALS["prefix"],
            after=DIAGNOSED_AFTER,
            all=list(VARIANTS),
            code=code_version("draw_signals.py"),
            seeds=STUDY.seeds,
            title=f"Signals by depth. {SIGNALS['title']}",
        ),
    message:
        "Drawing signals"
    script:
        "../scripts/draw_signals.py"


rule draw_explorer:
    input:
        histories="results/{study}/histories.csv",
        sum="results/{study}/histories.csv.sha256",
    output:
        "results/{study}/explorer.html",
    log:
        "logs/{study}/draw_explorer.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        job=dict(code=code_version("draw_explorer.py"), epochs=STUDY.epochs),
    message:
        "Making the explorer: {output}"
    script:
        "../scripts/draw_explorer.py"
