rule compare_studies:
    input:
        studies=flow.of_each(),
        histories=flow.of_each("histories.csv"),
        tests=flow.of_each("tests.csv"),
        best=flow.of_each("best.yaml"),
        runs=flow.of_each("runs.csv"),
        rates=flow.tuned,
        kept=flow.kept_tables,
    output:
        html=report(
            "results/{suite}/suite.html",
            category="{suite}",
            labels={"what": "the whole report"},
        ),
        words="results/{suite}/suite.md",
        explorer="results/{suite}/explorer.html",
        summary="results/{suite}/summary.csv",
        scores="results/{suite}/scores.csv",
        decisions="results/{suite}/decisions.csv",
        findings="results/{suite}/findings.json",
        workloads="results/{suite}/workloads.csv",
        trainings="results/{suite}/trainings.csv",
        rates="results/{suite}/learning_rates.csv",
        trials="results/{suite}/trials.csv",
        # There are more if learning rates are tried on seeds enough.
        figures=expand(
            "results/{{suite}}/figures/{figure}.{ending}",
            figure=always(SUITE_FIGURES),
            ending=["svg", "png"],
        ),
    log:
        "logs/{suite}/compare_studies.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        kept=flow.kept,
        tags=flow.tags,
        code=layer_id("suite", "compare_studies"),
    message:
        "Comparing the studies of {wildcards.suite}: {output.html}"
    script:
        "../scripts/compare_studies.py"
