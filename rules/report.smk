rule write_report:
    input:
        template="report/report.html.jinja",
        page="report/page.html.jinja",
        verdict="results/{study}/verdict.md",
        table="results/{study}/summary.md",
        figures=[study_file(f"figures/{figure}.svg") for figure in ALL_FIGURES],
        explorer="results/{study}/explorer.html",
        timings="results/{study}/timings.csv",
    output:
        "results/{study}/report.html",
    log:
        "logs/{study}/write_report.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        job=dict(
            code=code_version("write_report.py"),
            configuration=STUDY.plain(),
            figures=ALL_FIGURES,
        ),
    message:
        "Writing the report: {output}"
    script:
        "../scripts/write_report.py"
