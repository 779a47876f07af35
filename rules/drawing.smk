# What every study has, in one job: most of its time is for importing what draws.
rule draw:
    input:
        study=described,
        histories="results/{study}/histories.csv",
        tests="results/{study}/tests.csv",
        summary="results/{study}/summary.csv",
        diagnostics="results/{study}/diagnostics.csv",
        best="results/{study}/best.yaml",
    output:
        [shown("{study}", figure) for figure in FIGURES if figure.when is None],
        expand("results/{{study}}/figures/{figure}.png", figure=always(FIGURES)),
        expand("results/{{study}}/figures/{figure}.narrow.svg", figure=narrow(FIGURES)),
    log:
        "logs/{study}/draw.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        captions=captions,
        code=code("draw", DRAWING),
    message:
        "Drawing the figures of {wildcards.study}"
    script:
        "../scripts/draw.py"


# What only some studies have. Spelled out, since `use rule draw` would not keep it local.
rule draw_more:
    input:
        study=described,
        histories="results/{study}/histories.csv",
        tests="results/{study}/tests.csv",
        summary="results/{study}/summary.csv",
        pairs="results/{study}/pairs.csv",
        rates=learning_rates,
        variance=variance,
    output:
        report(
            "results/{study}/figures/{figure}.svg",
            caption="../templates/captions/any.rst",
            category="{study}",
            subcategory="Figures",
            labels={"what": "{figure}"},
        ),
        "results/{study}/figures/{figure}.png",
    log:
        "logs/{study}/draw/{figure}.log",
    wildcard_constraints:
        figure="|".join({figure.name for figure in FIGURES}.difference(always(FIGURES))),
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        captions=captions,
        code=code("draw", DRAWING),
    message:
        "Drawing {wildcards.figure} of {wildcards.study}"
    script:
        "../scripts/draw.py"


rule draw_explorer:
    input:
        study=described,
        histories="results/{study}/histories.csv",
    output:
        "results/{study}/explorer.html",
    log:
        "logs/{study}/draw_explorer.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        code=code("draw_explorer", DRAWING),
    message:
        "Making the explorer: {output}"
    script:
        "../scripts/draw_explorer.py"
