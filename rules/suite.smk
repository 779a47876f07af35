SUITE_TEMPLATES = [
    "suite.html.jinja",
    "page.html.jinja",
    "captions/suite",
    "suite.md.jinja",
    *(
        f"suite_{part}.md.jinja"
        for part in ("answer", "kinds", "limits", "methods", "rates", "ratios", "without")
    ),
]


rule compare_studies:
    input:
        studies=descriptions,
        histories=of_each("histories.csv"),
        tests=of_each("tests.csv"),
        best=of_each("best.yaml"),
        runs=of_each("runs.csv"),
        rates=told(
            lambda wildcards: [
                f"{m.folder}/learning_rates.csv" for m in listed(wildcards) if m.description.tuned
            ]
        ),
        kept=kept_tables,
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
        kept=lambda wildcards: STUDIES.kept.get(wildcards.suite, []),
        kinds=lambda wildcards: [list(member.source.kinds) for member in listed(wildcards)],
        code=code("compare_studies", SUITE, *SUITE_TEMPLATES),
    message:
        "Comparing the studies of {wildcards.suite}: {output.html}"
    script:
        "../scripts/compare_studies.py"
