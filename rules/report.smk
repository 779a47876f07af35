# The figures of every study, in one job: most of its time is for importing what draws.
rule draw:
    input:
        study=flow.study,
        histories="results/{study}/histories.csv",
        tests="results/{study}/tests.csv",
        summary="results/{study}/summary.csv",
        findings="results/{study}/findings.json",
        diagnostics="results/{study}/diagnostics.csv",
        best="results/{study}/best.yaml",
        interims=flow.interims,
    output:
        [shown(figure, figure) for figure in always(FIGURES)],
        expand("results/{{study}}/figures/{figure}.png", figure=always(FIGURES)),
        expand("results/{{study}}/figures/{figure}.narrow.svg", figure=narrow(FIGURES)),
    log:
        "logs/{study}/draw.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        captions=flow.captions,
        code=layer_id("drawing", "draw"),
    message:
        "Drawing the figures of {wildcards.study}"
    script:
        "../scripts/draw.py"


# Those that only some studies have.
use rule draw as draw_more with:
    input:
        study=flow.study,
        histories="results/{study}/histories.csv",
        tests="results/{study}/tests.csv",
        summary="results/{study}/summary.csv",
        findings="results/{study}/findings.json",
        diagnostics="results/{study}/diagnostics.csv",
        best="results/{study}/best.yaml",
        interims=flow.interims,
        pairs="results/{study}/pairs.csv",
        learning_rates=flow.table("learning_rates"),
        variance=flow.table("variance"),
    output:
        shown("{figure}", "any"),
        "results/{study}/figures/{figure}.png",
    log:
        "logs/{study}/draw/{figure}.log",
    wildcard_constraints:
        figure="|".join({figure.name for figure in FIGURES}.difference(always(FIGURES))),
    # Not taken over from the rule that it is made of.
    localrule: True
    message:
        "Drawing {wildcards.figure} of {wildcards.study}"


rule write_report:
    input:
        study=flow.study,
        verdict="results/{study}/verdict.md",
        findings="results/{study}/findings.json",
        card="results/{study}/card.html",
        pairs="results/{study}/pairs.csv",
        diagnostics="results/{study}/diagnostics.csv",
        table="results/{study}/summary.md",
        figures=flow.figures,
        histories="results/{study}/histories.csv",
        tests="results/{study}/tests.csv",
        best="results/{study}/best.yaml",
        timings="results/{study}/timings.csv",
        weights="results/{study}/weights.csv",
        interims=flow.interims,
    output:
        html=report(
            "results/{study}/report.html",
            category="{study}",
            labels={"what": "the whole report"},
        ),
        explorer="results/{study}/explorer.html",
    log:
        "logs/{study}/write_report.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        code=layer_id("report", "write_report"),
    message:
        "Writing the report: {output.html}"
    script:
        "../scripts/write_report.py"
