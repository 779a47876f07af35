rule draw_learning_curves:
    input:
        histories="results/{study}/histories.csv",
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
