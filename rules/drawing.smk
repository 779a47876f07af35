rule draw:
    input:
        study=described,
        histories="results/{study}/histories.csv",
        sum="results/{study}/histories.csv.sha256",
        tests="results/{study}/tests.csv",
        summary="results/{study}/summary.csv",
        diagnostics="results/{study}/diagnostics.csv",
        best="results/{study}/best.yaml",
        rates=learning_rates,
    output:
        svg="results/{study}/figures/{figure}.svg",
        png="results/{study}/figures/{figure}.png",
    log:
        "logs/{study}/draw/{figure}.log",
    wildcard_constraints:
        figure="|".join(figure.name for figure in FIGURES),
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        code=code_digest(SCRIPTS / "draw.py"),
    message:
        "Drawing {wildcards.figure}"
    script:
        "../scripts/draw.py"


rule draw_explorer:
    input:
        study=described,
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
        code=code_digest(SCRIPTS / "draw_explorer.py"),
    message:
        "Making the explorer: {output}"
    script:
        "../scripts/draw_explorer.py"
